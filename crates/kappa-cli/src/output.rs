//! Standard output, and files that are whole or absent.

use std::io::{ErrorKind, Write};
use std::path::Path;

use kappa::{AnyMatrix, Matrix, Scalar};
use kappa_report::Picture;
use kappa_tensors::{npy, npz};

use crate::failure::Failure;
use crate::interrupt;

/// What goes into an output file.
#[derive(Debug)]
pub(crate) enum Contents {
    Bytes(Vec<u8>),
    /// Named arrays for `numpy.load`.
    Arrays(Vec<(&'static str, Vec<u8>)>),
}

impl Contents {
    /// A matrix for `numpy.load`.
    pub(crate) fn array(a: &AnyMatrix) -> Self {
        Self::Bytes(array(a))
    }

    /// One column for `numpy.load` as an array of one dimension.
    pub(crate) fn vector(a: &AnyMatrix) -> Self {
        match a {
            AnyMatrix::Real(x) if x.columns() == 1 => Self::Bytes(npy::encode_f64(&[x.rows()], &by_rows(x))),
            AnyMatrix::Complex(x) if x.columns() == 1 => Self::Bytes(npy::encode_c64(&[x.rows()], &by_rows(x))),
            _ => Self::array(a),
        }
    }

    /// All bytes of the file.
    fn bytes(&self) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.clone()),
            Self::Arrays(arrays) => Ok(npz::write(std::io::Cursor::new(Vec::new()), arrays)?.into_inner()),
        }
    }

    /// A picture in the format that the ending of its file names.
    pub(crate) fn picture(path: &Path, picture: &Picture) -> Self {
        let is_png = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("png"));
        Self::Bytes(if is_png { picture.png() } else { picture.svg().into_bytes() })
    }
}

/// The bytes of a `.npy` file.
pub(crate) fn array(a: &AnyMatrix) -> Vec<u8> {
    match a {
        AnyMatrix::Real(a) => npy::encode_f64(&[a.rows(), a.columns()], &by_rows(a)),
        AnyMatrix::Complex(a) => npy::encode_c64(&[a.rows(), a.columns()], &by_rows(a)),
    }
}

/// The entries row after row, as NumPy reads them.
fn by_rows<T: Scalar>(a: &Matrix<T>) -> Vec<T> {
    (0..a.rows()).flat_map(|i| (0..a.columns()).map(move |j| a[(i, j)])).collect()
}

/// Writes data to standard output.
pub(crate) fn data(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        // `kappa … | head` is not an error.
        Err(e) if e.kind() == ErrorKind::BrokenPipe => Err(Failure::quiet()),
        Err(e) => Err(Failure::new(format!("cannot write to standard output: {e}"))),
    }
}

/// Words for people, to standard error.
pub(crate) fn words(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}

/// The content of an output file, to which the ending of its name must correspond.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// One array for `numpy.load`.
    Array,
    /// A picture, `.svg` or `.png`.
    Picture,
    /// Anything else.
    Any,
}

/// Fails if the ending of a file name does not correspond to the content.
pub(crate) fn check_ending(path: &Path, kind: Kind) -> Result<(), Failure> {
    let endings = kind.endings();
    let is_one = |ending: &&str| path.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending));
    if endings.is_empty() || endings.iter().any(is_one) {
        return Ok(());
    }
    let (known, hint) = match kind {
        Kind::Array => {
            (".npy", "the output is an array for numpy.load; without --output the matrix is printed as text")
        }
        _ => (".svg or .png", "the ending selects the format of the picture"),
    };
    Err(Failure::new(format!("the name of the output `{}` does not end in {known}", path.display())).with_hint(hint))
}

/// Fails where a file cannot be written.
pub(crate) fn check_place(path: &Path) -> Result<(), Failure> {
    let refused = |why: &str| {
        Failure::new(format!("cannot write `{}`: {why}", path.display()))
            .with_hint("name a file in a folder that exists")
    };
    // `metadata` follows links: the permissions are those of the target.
    let is_read_only = path.metadata().is_ok_and(|about| about.is_file() && about.permissions().readonly());
    match path {
        _ if path.is_dir() => Err(refused("it is a folder")),
        _ if is_read_only => Err(refused("it is read-only")),
        _ if !folder_of(path).is_dir() => Err(refused("there is no such folder")),
        _ => Ok(()),
    }
}

/// Fails where the output is a file that is read.
pub(crate) fn check_not_lost(path: &Path, input: &Path) -> Result<(), Failure> {
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

/// Writes a temporary file in the same folder and renames it when it is whole, so that nobody ever sees half of it.
pub(crate) fn file(path: &Path, contents: &Contents) -> Result<(), Failure> {
    // Devices and named pipes are opened and written to.
    if path.metadata().is_ok_and(|about| !about.is_file()) {
        let opened = std::fs::OpenOptions::new().write(true).open(path);
        return opened.and_then(|mut device| device.write_all(&contents.bytes()?)).map_err(|e| failed(path, &e));
    }
    whole(path, |file| put(file, contents).map_err(|e| failed(path, &e)))
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot write `{}`: {error}", path.display()))
        .with_hint("name a file in a folder that exists and in which you may write")
}

/// Calls `write` with a temporary file, and renames it when it is whole.
pub(crate) fn whole<R>(
    path: &Path,
    write: impl FnOnce(&mut std::fs::File) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let failed = |e: std::io::Error| failed(path, &e);
    // The target of a link is replaced, not the link.
    let target = path.canonicalize();
    let path = target.as_deref().unwrap_or(path);
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
    let written = write(file.as_file_mut()).and_then(|found| {
        file.as_file().sync_all().map_err(failed)?;
        Ok(found)
    });
    interrupt::finish(&part, || match written {
        Ok(found) => file.persist(path).map(|_| found).map_err(|e| failed(e.error)),
        Err(e) => Err(e),
    })
}

fn put(file: &mut std::fs::File, contents: &Contents) -> std::io::Result<()> {
    match contents {
        Contents::Bytes(bytes) => file.write_all(bytes),
        Contents::Arrays(arrays) => npz::write(file, arrays).map(drop),
    }
}
