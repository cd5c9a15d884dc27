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

/// Fails early, before anything is computed, where a file cannot be written.
pub(crate) fn check_place(path: &Path) -> Result<(), Failure> {
    let refused = |why: &str| {
        Failure::new(format!("cannot write `{}`: {why}", path.display()))
            .with_hint("name a file in a folder that exists")
    };
    match path {
        _ if path.is_dir() => Err(refused("it is a folder")),
        _ if !folder_of(path).is_dir() => Err(refused("there is no such folder")),
        _ => Ok(()),
    }
}

/// [`check_place`], and that no file which is read would be lost.
pub(crate) fn check_place_beside(path: &Path, input: &Path) -> Result<(), Failure> {
    check_place(path)?;
    let whole = |path: &Path| path.canonicalize().ok();
    if whole(input).is_some_and(|input| whole(path) == Some(input)) {
        return Err(Failure::new(format!("`{}` is the file that is read, and would be lost", path.display()))
            .with_hint("name another file to write"));
    }
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes a file beside its place and renames it when it is whole, so that nobody ever sees half of it.
pub(crate) fn file(path: &Path, write: impl FnOnce(&mut std::fs::File) -> std::io::Result<()>) -> Result<(), Failure> {
    let failed = |e: std::io::Error| {
        Failure::new(format!("cannot write `{}`: {e}", path.display()))
            .with_hint("is there a folder of that name, and may you write there?")
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".kappa-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder_of(path)).map_err(failed)?;
    let part = file.path().to_owned();
    interrupt::begin(&part);
    let written = write(file.as_file_mut()).and_then(|()| file.as_file().sync_all());
    interrupt::finish(&part, || match written {
        Ok(()) => file.persist(path).map(drop).map_err(|e| failed(e.error)),
        Err(e) => Err(failed(e)),
    })
}
