//! Limits on the resources that an untrusted file may request. The error that a limit causes states its value.

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
/// Ratio of unpacked to packed size; deflate reaches 1032.
pub const UNPACK_RATIO: u64 = 1100;
/// Number of entries of a dense matrix that is made from a sparse or text file: 2 GiB in double precision.
pub const DENSE_ENTRIES: usize = 1 << 28;
/// Number of rows and of columns of a sparse matrix.
pub const SPARSE_SIDE: usize = 1 << 27;
/// Number of columns of a table.
pub const TABLE_COLUMNS: usize = 100_000;
/// Size of the index of a sharded checkpoint in bytes.
pub const INDEX: u64 = 1 << 28;
/// Number of files in one folder.
pub const FOLDER_FILES: usize = 10_000;
