//! Detection of file formats by content.

use std::io::Read;
use std::path::Path;

use crate::bytes::Bytes;
use crate::error::{Error, Result, printable};
use crate::gguf::{self, Gguf};
use crate::hdf5::{self, Hdf5};
use crate::matlab::{self, Matlab};
use crate::matrix_market::{BANNER, MatrixMarket};
use crate::npy::{self, Npy};
use crate::npz::Npz;
use crate::onnx::{self, Onnx};
use crate::picture::{self, Picture};
use crate::safetensors::{self, SafeTensors};
use crate::source::Metadata;
use crate::table::matrix::Table;
use crate::torch::{self, Torch};
use crate::{Dialect, Source, archive, folder, gzip, harwell_boeing, limits, quantised, scipy_sparse, sharded, table};

/// Options for opening files.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    /// Whether files are mapped into memory (the default) or read. If another process truncates a mapped file, the
    /// signal SIGBUS ends this process.
    pub map: bool,
    /// Whether a pickle that names classes other than those of tensors is refused; by default these are left out, and
    /// named.
    pub strict: bool,
    /// How tables as text are read.
    pub table: Dialect,
}

impl Default for Opening {
    fn default() -> Self {
        Self { map: true, strict: false, table: Dialect::default() }
    }
}

/// Opens a file, a folder, or the index of a sharded checkpoint; the content decides the format, not the name. `-` is
/// standard input; a pipe is read into memory.
///
/// Reads headers only, except for text, which is parsed whole.
///
/// # Errors
///
/// - When the file cannot be read.
/// - When it is not in a format that kappa reads; the message names the format it is recognised as.
/// - When it breaks the rules of its format, or exceeds a limit of [`limits`](crate::limits).
pub fn open(path: &Path, opening: &Opening) -> Result<Box<dyn Source>> {
    Ok(quantised::decoded(stored(path, opening)?, &config(path)))
}

/// The `config.json` or `quantize_config.json` beside the weights, or nothing.
fn config(path: &Path) -> Metadata {
    let folder = if path.is_dir() { Some(path) } else { path.parent().filter(|_| path.is_file()) };
    let read = |name: &str| -> Option<Metadata> {
        let file = std::fs::File::open(folder?.join(name)).ok()?;
        let mut text = Vec::new();
        file.take(limits::CONFIG).read_to_end(&mut text).ok()?;
        serde_json::from_slice(&text).ok()
    };
    ["quantize_config.json", "config.json"].into_iter().find_map(read).unwrap_or_default()
}

/// The tensors as they are stored.
fn stored(path: &Path, opening: &Opening) -> Result<Box<dyn Source>> {
    if path.is_dir() {
        return folder::open(path, opening);
    }
    if let Some(split) = sharded::open_split(path, opening)? {
        return Ok(split);
    }
    let bytes = Bytes::open(path, opening.map)?;
    // The shards of an index are named relative to its folder, which a pipe does not have.
    if path.is_file() && sharded::is_index(path, &bytes) {
        return sharded::open_index(path, &bytes, opening);
    }
    from_bytes(bytes, path, opening).map_err(|error| error.in_file(path))
}

/// Opens a file that is itself no folder and no index, such as a shard: an index that names itself has no end.
pub(crate) fn open_shard(path: &Path, opening: &Opening) -> Result<Box<dyn Source>> {
    let bytes = Bytes::open(path, opening.map)?;
    if sharded::is_index(path, &bytes) {
        return Err(Error::format("is an index of shards where a shard is needed")
            .in_file(path)
            .with_hint("an index assigns tensors to files that hold numbers"));
    }
    from_bytes(bytes, path, opening).map_err(|error| error.in_file(path))
}

/// The file's name up to its first dot: the name of the single matrix in it.
fn stem(path: &Path) -> String {
    if path.as_os_str() == "-" {
        return "stdin".into();
    }
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let short = name.split('.').find(|part| !part.is_empty());
    short.unwrap_or("matrix").to_owned()
}

fn from_bytes(bytes: Bytes, path: &Path, opening: &Opening) -> Result<Box<dyn Source>> {
    let name = &*stem(path);
    if bytes.is_empty() {
        return Err(Error::format("is empty").with_hint("the download or copy may have failed; fetch the file again"));
    }
    if bytes.starts_with(npy::MAGIC) {
        return Ok(Box::new(Npy::new(bytes, name)?));
    }
    if bytes.starts_with(archive::MAGIC) || bytes.starts_with(archive::EMPTY_MAGIC) {
        return from_archive(bytes, name, opening);
    }
    if bytes.starts_with(hdf5::MAGIC) || bytes.starts_with(hdf5::MATLAB) {
        return Ok(Box::new(Hdf5::new(bytes)?));
    }
    if picture::is_likely(&bytes) {
        return Ok(Box::new(Picture::new(bytes, name)?));
    }
    if bytes.starts_with(matlab::MAGIC) {
        return Ok(Box::new(Matlab::version5(bytes)?));
    }
    if matlab::is_version4(&bytes) {
        return Ok(Box::new(Matlab::version4(bytes)?));
    }
    if bytes.starts_with(torch::LEGACY_MAGIC) {
        return Ok(Box::new(Torch::legacy(bytes, name, opening.strict)?));
    }
    if bytes.starts_with(gguf::MAGIC) {
        return Ok(Box::new(Gguf::new(bytes)?));
    }
    if bytes.starts_with(gzip::ZSTANDARD) {
        return from_text(&gzip::unpack_zstandard(&bytes)?, name, &opening.table);
    }
    if bytes.starts_with(gzip::MAGIC) {
        return from_text(&gzip::unpack(&bytes)?, name, &opening.table);
    }
    if let Some(error) = placeholder(&bytes).or_else(|| known_stranger(&bytes)) {
        return Err(error);
    }
    if safetensors::is_likely(&bytes) {
        return Ok(Box::new(SafeTensors::new(bytes)?));
    }
    if onnx::is_likely(&bytes) {
        let folder = path.parent().filter(|_| path.is_file()).map(|folder| (folder, opening.map));
        return Ok(Box::new(Onnx::new(bytes, folder)?));
    }
    from_text(&bytes, name, &opening.table)
}

/// A zip archive: of PyTorch, of a sparse matrix of SciPy, or of arrays.
fn from_archive(bytes: Bytes, name: &str, opening: &Opening) -> Result<Box<dyn Source>> {
    let (archive, names) = archive::open(bytes.clone())?;
    if torch::is_archive(&names) {
        return Ok(Box::new(Torch::of_archive(bytes, archive, &names, (name, opening.strict))?));
    }
    // A model of Keras 3.
    if let Some(weights) = names.iter().position(|name| name == "model.weights.h5") {
        let mut archive = archive;
        return Ok(Box::new(Hdf5::new(Bytes::Owned(archive::unpacked(&mut archive, weights)?.into()))?));
    }
    let arrays = Npz::of(bytes, archive, names)?;
    Ok(match scipy_sparse::of(&arrays, name)? {
        Some(sparse) => Box::new(sparse),
        None => Box::new(arrays),
    })
}

fn from_text(bytes: &[u8], name: &str, dialect: &Dialect) -> Result<Box<dyn Source>> {
    let bytes = &*dialect.decoded(bytes)?;
    let banner = bytes.get(..BANNER.len()).unwrap_or_default();
    if banner.eq_ignore_ascii_case(BANNER.as_bytes()) {
        return Ok(Box::new(MatrixMarket::new(bytes, name)?));
    }
    // The banner with one `%`, or with none.
    let line = bytes.split(|&b| b == b'\n').next().unwrap_or_default().trim_ascii();
    let word = line.strip_prefix(b"%").unwrap_or(line);
    let is_banner = word.get(..BANNER.len() - 2).is_some_and(|w| w.eq_ignore_ascii_case(&BANNER.as_bytes()[2..]));
    if is_banner || line.starts_with(b"%") {
        let what = "looks like a Matrix Market file whose first line is not its banner";
        return Err(Error::format(format!("{what}: `{}`", printable(&String::from_utf8_lossy(line))))
            .with_hint("the first line reads, for example, `%%MatrixMarket matrix coordinate real general`"));
    }
    if harwell_boeing::is_likely(bytes) {
        return Ok(Box::new(harwell_boeing::read(bytes, name)?));
    }
    if table::is_likely(bytes) {
        return Ok(Box::new(Table::new(bytes, name, dialect)?));
    }
    Err(Error::unsupported("is not in a format that kappa recognises").with_hint(FORMATS))
}

/// What lies where a download should be: the pointer of Git LFS, or a page about an error.
fn placeholder(bytes: &[u8]) -> Option<Error> {
    let start = bytes[..bytes.len().min(256)].trim_ascii_start();
    if start.starts_with(b"version https://git-lfs") {
        let size = bytes.split(|&b| b == b'\n').find_map(|line| line.strip_prefix(b"size "));
        let size =
            size.map_or(String::new(), |size| format!(" of {} bytes", printable(&String::from_utf8_lossy(size))));
        return Some(
            Error::unsupported(format!("is a pointer of Git LFS to a file{size}, not the file itself"))
                .with_hint("fetch the file: `git lfs pull` in its repository"),
        );
    }
    let begins = |with: &[u8]| start.get(..with.len()).is_some_and(|s| s.eq_ignore_ascii_case(with));
    let is_page = begins(b"<!doctype html") || begins(b"<html") || begins(b"<?xml");
    is_page.then(|| {
        Error::unsupported("is a page of HTML or XML, not a file of numbers").with_hint(
            "the server answered with a page, perhaps about an error; open the file in an editor, and fetch it again",
        )
    })
}

/// The hint for a file in none of the formats.
pub(crate) const FORMATS: &str = "kappa reads safetensors, GGUF, PyTorch, ONNX, Keras and HDF5, .npy, .npz, MATLAB, \
                                  Matrix Market, Harwell-Boeing, images, and tables of numbers as text";

/// Recognised formats that are not supported, by their first bytes.
const STRANGERS: &[(&[u8], &str)] = &[
    (b"PAR1", "Parquet file"),
    (b"ARROW1", "Arrow file"),
    (b"%PDF", "PDF document"),
    (b"\xfd7zXZ", "xz archive"),
    (b"BZh", "bzip2 archive"),
];

fn known_stranger(bytes: &[u8]) -> Option<Error> {
    // Pickles of protocols 2 to 5 begin with 0x80 and the protocol number.
    if matches!(bytes, [0x80, 2..=5, ..]) {
        return Some(Error::pickle("Python pickle"));
    }
    let (_, name) = STRANGERS.iter().find(|(magic, _)| bytes.starts_with(magic))?;
    Some(Error::unsupported(format!("is a {name}, a format that kappa does not support")).with_hint(FORMATS))
}
