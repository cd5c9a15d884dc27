//! A file, a folder, or a checkpoint in several files.

use std::io::Read;
use std::path::Path;

use crate::bytes::Bytes;
use crate::error::Result;
use crate::source::Metadata;
use crate::{Opening, Source, file, folder, limits, quantised, sharded};

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
    Ok(quantised::decoded(stored(path, opening)?, &beside(path, &["quantize_config.json", "config.json"])))
}

/// The first of these files of JSON beside the weights; empty where there is none.
pub fn beside(path: &Path, names: &[&str]) -> Metadata {
    let folder = if path.is_dir() { Some(path) } else { path.parent().filter(|_| path.is_file()) };
    let read = |name: &str| -> Option<Metadata> {
        let file = std::fs::File::open(folder?.join(name)).ok()?;
        let mut text = Vec::new();
        file.take(limits::CONFIG).read_to_end(&mut text).ok()?;
        serde_json::from_slice(&text).ok()
    };
    names.iter().find_map(|name| read(name)).unwrap_or_default()
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
    file::open(bytes, path, opening)
}
