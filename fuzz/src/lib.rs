//! What the targets share.

use kappa_tensors::{Result, Source};

/// Asks a source every question about every tensor that it lists.
pub fn exercise(source: Result<impl Source>) {
    if let Ok(source) = source {
        ask(&source);
    }
}

/// As [`exercise`].
pub fn ask(source: &dyn Source) {
    (source.skipped(), source.metadata(), source.graph(), source.is_data());
    for name in source.names() {
        (source.info(name), source.order(name), source.stored_bytes(name));
        (source.parts(name), source.remarks(name), source.decoding(name), source.triplets(name));
        drop(source.read(name));
        drop(source.read_part(name, 1, 2));
        drop(source.bytes(name));
        drop(source.rounded(name));
        source.forget(name);
    }
}
