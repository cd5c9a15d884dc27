//! Reads tensors from files: models (safetensors, GGUF, PyTorch, ONNX, Keras), data (NumPy, SciPy, MATLAB, HDF5, Matrix
//! Market, Harwell–Boeing, tables) and images. Contains no mathematics.
//!
//! Text and integers of 64 bits become doubles; [`Source::rounded`] says what was lost.
//!
//! [`open`] detects the format of a file or folder by its content, not its name, and returns a [`Source`]. Files are
//! untrusted input: every length is checked before it is used, every limit has a name in [`limits`], and nothing in a
//! file is executed.
//!
//! # Examples
//!
//! ```
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("w.npy");
//! use kappa_tensors::{Opening, npy, open};
//!
//! std::fs::write(&path, npy::encode_f64(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))?;
//! let source = open(&path, &Opening::default())?;
//! assert_eq!(source.info("w").unwrap().shape, [2, 3]);
//! assert_eq!(source.read("w")?.numbers.len(), 6);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod archive;
mod blocks;
mod bytes;
mod contents;
mod cursor;
mod dtype;
mod encode;
mod error;
mod file;
mod folder;
mod gguf;
mod graph;
mod gzip;
mod harwell_boeing;
mod hdf5;
pub mod limits;
mod matlab;
mod matrix_market;
pub mod npy;
pub mod npz;
mod number;
mod onnx;
mod open;
mod opening;
mod packed;
mod pickle;
mod picture;
mod protobuf;
mod quantised;
mod rounded;
mod safetensors;
mod scipy_sparse;
mod sharded;
mod source;
mod sparse_matrix;
mod strangers;
mod table;
mod tensor;
mod torch;
mod triplets;
pub mod write;

pub use dtype::DType;
pub use encode::encoded;
pub use error::{Error, ErrorKind, Result, printable};
pub use graph::{Attribute, Graph, Node};
pub use number::number;
pub use open::{beside, open};
pub use opening::Opening;
pub use packed::Packed;
pub use rounded::Rounded;
pub use source::{Metadata, Skipped, Source, Stored, Triplets};
pub use table::{Dialect, Encoding, Entry, Frame};
pub use tensor::{Numbers, Order, Tensor, TensorInfo};

/// Parsers of bytes in memory, for fuzzing and tests.
pub mod parse {
    pub use crate::gguf::parse as gguf;
    pub use crate::harwell_boeing::parse as harwell_boeing;
    pub use crate::hdf5::parse as hdf5;
    pub use crate::matlab::parse as matlab;
    pub use crate::matrix_market::parse as matrix_market;
    pub use crate::npy::parse as npy;
    pub use crate::npz::parse as npz;
    pub use crate::onnx::parse as onnx;
    pub use crate::picture::parse as picture;
    pub use crate::quantised::parse as quantised;
    pub use crate::safetensors::parse as safetensors;
    pub use crate::table::matrix::parse as table;
    pub use crate::torch::parse as torch;
}
