//! Limits on the resources that an untrusted file may request. The error that a limit causes states its value.

use crate::error::{Error, Result};

/// Size of a safetensors header in bytes; the format's own limit.
pub const SAFETENSORS_HEADER: u64 = 100_000_000;
/// Size of the header of a NumPy array in bytes.
pub const NPY_HEADER: usize = 1 << 16;
/// Number of tensors in one file.
pub const TENSORS: usize = 1_000_000;
/// Number of dimensions of a tensor.
pub const DIMENSIONS: usize = 16;
/// Number of entries in a zip archive.
pub const ZIP_ENTRIES: usize = 100_000;
/// Unpacked size of a compressed array or text in bytes: 16 GiB.
pub const UNPACKED: u64 = 1 << 34;
/// Bytes of a pipe or of standard input, which are held in memory: 16 GiB.
pub const PIPE: u64 = 1 << 34;
/// Ratio of unpacked to packed size; deflate reaches 1032.
pub const UNPACK_RATIO: u64 = 1100;
/// Number of entries of a dense matrix that is made from a sparse or text file: 2 GiB in double precision.
pub const DENSE_ENTRIES: usize = 1 << 28;
/// Number of rows and of columns of a sparse matrix.
pub const SPARSE_SIDE: usize = 1 << 27;
/// Number of rows and of columns of a sparse matrix without entries; each entry allows [`SIDES_AN_ENTRY`] more.
pub const EMPTY_SPARSE_SIDE: usize = 1 << 22;
/// Rows and columns for each entry of a sparse matrix, so that a few bytes cannot request gigabytes.
pub const SIDES_AN_ENTRY: usize = 1 << 10;
/// Entries of a dense copy for each entry of a sparse matrix.
pub const DENSE_AN_ENTRY: usize = 1 << 12;
/// The other dimensions of a tensor without entries, whose sizes its bytes do not confirm.
pub const EMPTY_SIDE: usize = 1 << 20;
/// Bytes in the name of a cell or struct, which its members repeat.
pub const NAME: usize = 1 << 10;
/// Number of columns of a table.
pub const TABLE_COLUMNS: usize = 100_000;
/// Size of the index of a sharded checkpoint in bytes.
pub const INDEX: u64 = 1 << 28;
/// Size of the configuration of a model in bytes; a longer one is not read.
pub const CONFIG: u64 = 1 << 24;
/// Number of values in a pickle, each of which may take a byte there and takes 32 in memory.
pub const PICKLE_VALUES: usize = 1 << 24;
/// Number of values of metadata that are kept, and of the names in the graph of a network.
pub const KEPT_VALUES: usize = 1 << 20;
/// Number of files in one folder.
pub const FOLDER_FILES: usize = 10_000;

/// Refuses a tensor without entries whose other dimensions are huge: nothing but its header says so.
pub(crate) fn check_empty(shape: &[usize]) -> Result<()> {
    if shape.contains(&0) && shape.iter().any(|&n| n > EMPTY_SIDE) {
        return Err(Error::limit(format!("has shape {shape:?} and no entries"))
            .with_hint(format!("the limit of the dimensions of an empty tensor is {EMPTY_SIDE}")));
    }
    Ok(())
}

/// Refuses a sparse matrix that is far larger than its entries need.
pub(crate) fn check_sparse(rows: usize, columns: usize, entries: usize) -> Result<()> {
    let most = entries.saturating_mul(SIDES_AN_ENTRY).saturating_add(EMPTY_SPARSE_SIDE).min(SPARSE_SIDE);
    if rows.max(columns) > most {
        return Err(Error::limit(format!("is a sparse {rows}×{columns} matrix with {entries} entries, too large"))
            .with_hint(format!(
                "the limit is {SPARSE_SIDE} rows and columns, and {EMPTY_SPARSE_SIDE} plus {SIDES_AN_ENTRY} an entry"
            )));
    }
    Ok(())
}
