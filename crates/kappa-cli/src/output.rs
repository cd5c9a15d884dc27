//! Standard output, and files that are whole or not there.

use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::failure::Failure;
use crate::{ANSWERED, interrupt};

/// Writes data to standard output.
pub(crate) fn data(text: &str) -> Result<u8, Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(ANSWERED),
        // `kappa … | head` is not an error.
        Err(e) if e.kind() == ErrorKind::BrokenPipe => Err(Failure::quiet()),
        Err(e) => Err(Failure::new(format!("cannot write to standard output: {e}"))),
    }
}

/// Writes one JSON object.
pub(crate) fn json(command: &str, inputs: serde_json::Value, result: serde_json::Value) -> Result<u8, Failure> {
    let object = kappa_report::envelope(command, inputs, result);
    let text = serde_json::to_string_pretty(&object).map_err(|e| Failure::new(format!("cannot write JSON: {e}")))?;
    data(&(text + "\n"))
}

/// Words for people, to standard error.
pub(crate) fn words(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}

/// Writes a file beside its place and renames it when it is whole, so that nobody ever sees half of it.
pub(crate) fn file(path: &Path, write: impl FnOnce(&mut std::fs::File) -> std::io::Result<()>) -> Result<(), Failure> {
    let failed = |e: std::io::Error| {
        Failure::new(format!("cannot write `{}`: {e}", path.display()))
            .with_hint("is there a folder of that name, and may you write there?")
    };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".kappa-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder).map_err(failed)?;
    let part = file.path().to_owned();
    interrupt::begin(&part);
    let written = write(file.as_file_mut()).and_then(|()| file.as_file().sync_all());
    interrupt::finish(&part, || match written {
        Ok(()) => file.persist(path).map(drop).map_err(|e| failed(e.error)),
        Err(e) => Err(failed(e)),
    })
}
