//! What a file from a stranger may ask for. Each limit is named in the error that it causes.

/// Bytes of a safetensors header; the format's own limit.
pub const SAFETENSORS_HEADER: u64 = 100_000_000;
/// Bytes of the header of an array in NumPy's format.
pub const NPY_HEADER: usize = 1 << 16;
/// Tensors in one file.
pub const TENSORS: usize = 1_000_000;
/// Dimensions of a tensor.
pub const DIMENSIONS: usize = 16;
/// Entries in a zip archive.
pub const ZIP_ENTRIES: usize = 100_000;
/// Bytes that one compressed array or text may unpack to: 16 GiB.
pub const UNPACKED: u64 = 1 << 34;
/// Bytes of a pipe or of standard input, which are held in memory: 16 GiB.
pub const PIPE: u64 = 1 << 34;
/// How many times larger than its packed form data may become; deflate reaches 1032.
pub const UNPACK_RATIO: u64 = 1100;
/// Entries of a matrix that is written out from a sparse or text file: 2 GiB in double precision.
pub const DENSE_ENTRIES: usize = 1 << 28;
/// Rows and columns of a sparse matrix that stays sparse.
pub const SPARSE_SIDE: usize = 1 << 27;
/// Columns of a table.
pub const TABLE_COLUMNS: usize = 100_000;
/// Bytes of the index of a sharded checkpoint.
pub const INDEX: u64 = 1 << 28;
/// Files in one folder that are looked at.
pub const FOLDER_FILES: usize = 10_000;
