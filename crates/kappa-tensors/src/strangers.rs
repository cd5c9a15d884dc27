//! Files that are none of the formats, and are recognised all the same.

use crate::error::{Error, printable};

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

/// What the bytes are instead of numbers, if that is known.
pub(crate) fn recognised(bytes: &[u8]) -> Option<Error> {
    placeholder(bytes).or_else(|| known_stranger(bytes))
}

/// What lies where a download should be: the pointer of Git LFS, or a page about an error.
pub(crate) fn placeholder(bytes: &[u8]) -> Option<Error> {
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

fn known_stranger(bytes: &[u8]) -> Option<Error> {
    // Pickles of protocols 2 to 5 begin with 0x80 and the protocol number.
    if matches!(bytes, [0x80, 2..=5, ..]) {
        return Some(Error::pickle("Python pickle"));
    }
    let (_, name) = STRANGERS.iter().find(|(magic, _)| bytes.starts_with(magic))?;
    Some(Error::unsupported(format!("is a {name}, a format that kappa does not support")).with_hint(FORMATS))
}
