//! Writers: a file of named tensors, one tensor in memory at a time.

mod archive;
mod matlab;
mod picture;
mod safetensors;
mod text;

use std::borrow::Cow;
use std::io::{Seek, Write};
use std::path::Path;

use crate::error::{Error, Result, printable};
use crate::source::Metadata;
use crate::{DType, TensorInfo, Triplets};

/// A format that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Any number of tensors, and metadata.
    Safetensors,
    /// One array.
    Npy,
    /// Any number of arrays; one sparse matrix as SciPy stores it.
    Npz,
    /// One matrix, dense or sparse.
    MatrixMarket,
    /// One real matrix as a table.
    Table {
        /// The character between cells.
        separator: char,
    },
    /// Any number of variables of version 5.
    Matlab,
    /// One matrix of whole numbers, or one for each channel.
    Png,
}

/// A tensor on its way into a file.
#[derive(Debug)]
pub enum Payload<'a> {
    /// The numbers as little-endian bytes, the last index fastest.
    Dense(Cow<'a, [u8]>),
    /// The entries of a sparse matrix.
    Sparse(Triplets<'a>),
}

/// What gives the tensors to a writer, by their numbers.
pub type Next<'a> = dyn FnMut(usize) -> Result<Payload<'a>> + 'a;

impl Format {
    /// The format that the ending of a file name stands for.
    ///
    /// # Errors
    ///
    /// When the ending is not that of a format.
    pub fn of(path: &Path) -> Result<Self> {
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
        Ok(match ending.as_str() {
            "safetensors" => Self::Safetensors,
            "npy" => Self::Npy,
            "npz" => Self::Npz,
            "mtx" => Self::MatrixMarket,
            "csv" => Self::Table { separator: ',' },
            "tsv" => Self::Table { separator: '\t' },
            "txt" => Self::Table { separator: ' ' },
            "mat" => Self::Matlab,
            "png" => Self::Png,
            other => {
                return Err(Error::unsupported(format!(
                    "`.{}` is the ending of no format that is written",
                    printable(other)
                ))
                .with_hint("written are .safetensors, .npy, .npz, .mtx, .csv, .tsv, .txt, .mat and .png"));
            }
        })
    }

    /// Whether the format holds numbers of this type.
    pub fn holds(self, dtype: DType) -> bool {
        let is_narrow = matches!(dtype, DType::BF16 | DType::F8E4M3 | DType::F8E5M2);
        match self {
            _ if matches!(dtype, DType::Packed(_)) => false,
            Self::Safetensors => dtype != DType::C64,
            Self::Npy | Self::Npz => !is_narrow,
            Self::Matlab => !is_narrow && dtype != DType::F16,
            // As decimals of doubles, or whole numbers of any size.
            Self::MatrixMarket => true,
            Self::Table { .. } => !dtype.is_complex(),
            Self::Png => matches!(dtype, DType::U8 | DType::U16 | DType::Bool),
        }
    }

    /// Whether a file holds one tensor only.
    pub fn is_single(self) -> bool {
        matches!(self, Self::Npy | Self::MatrixMarket | Self::Table { .. })
    }

    /// Whether a sparse matrix keeps its entries.
    pub fn is_sparse(self) -> bool {
        matches!(self, Self::Npz | Self::MatrixMarket | Self::Matlab)
    }

    fn check(self, infos: &[TensorInfo]) -> Result<()> {
        if let Some(info) = infos.iter().find(|info| !self.holds(info.dtype)) {
            return Err(Error::unsupported(format!("is of the type {}, which the format does not hold", info.dtype))
                .of_tensor(&info.name)
                .with_hint("convert the numbers: `--dtype f32` holds f16, bf16 and f8 exactly"));
        }
        if self.is_single() && infos.len() != 1 {
            return Err(Error::unsupported(format!("the format holds one tensor, and {} are given", infos.len()))
                .with_hint("choose one with `--tensors NAME`, or write .safetensors or .npz"));
        }
        let is_matrix = !matches!(self, Self::Safetensors | Self::Npy | Self::Npz | Self::Matlab);
        if let Some(info) = infos.iter().find(|info| is_matrix && info.shape.len() > 2) {
            return Err(Error::unsupported(format!("has shape {:?}, and the format holds matrices", info.shape))
                .of_tensor(&info.name));
        }
        Ok(())
    }

    /// Writes these tensors, in their order, into an empty file.
    ///
    /// # Errors
    ///
    /// When the format does not hold a type, a shape, a name or several tensors, and when writing fails.
    pub fn write<W: Write + Seek>(
        self,
        to: W,
        infos: &[TensorInfo],
        metadata: &Metadata,
        next: &mut Next<'_>,
    ) -> Result<()> {
        self.check(infos)?;
        let mut to = std::io::BufWriter::with_capacity(1 << 20, to);
        match self {
            Self::Safetensors => safetensors::write(&mut to, infos, metadata, next)?,
            Self::Npy => archive::write_npy(&mut to, &infos[0], next)?,
            Self::Npz => archive::write(&mut to, infos, next)?,
            Self::MatrixMarket => text::write_matrix_market(&mut to, &infos[0], next)?,
            Self::Table { separator } => text::write_table(&mut to, &infos[0], separator, next)?,
            Self::Matlab => matlab::write(&mut to, infos, next)?,
            Self::Png => picture::write(&mut to, infos, next)?,
        }
        to.flush().map_err(|e| io(&e))
    }
}

pub use safetensors::index;

fn io(error: &std::io::Error) -> Error {
    Error::io(error)
}

/// The bytes of a dense tensor.
fn dense<'a>(payload: Payload<'a>, info: &TensorInfo) -> Result<Cow<'a, [u8]>> {
    match payload {
        Payload::Dense(bytes) if bytes.len() == info.len() * info.dtype.size() => Ok(bytes),
        Payload::Dense(bytes) => {
            let (shape, length) = (&info.shape, bytes.len());
            Err(Error::format(format!("has shape {shape:?} and {length} bytes")).of_tensor(&info.name))
        }
        Payload::Sparse(_) => Err(Error::unsupported("is sparse, and the format is dense").of_tensor(&info.name)),
    }
}

/// Rows and columns: a vector is a column, a number a matrix of one entry.
fn sides(shape: &[usize]) -> (usize, usize) {
    match *shape {
        [] => (1, 1),
        [n] => (n, 1),
        [m, ref rest @ ..] => (m, rest.iter().product()),
    }
}

/// The bytes with the first index fastest, of numbers of `size` bytes with the last index fastest.
fn by_columns(bytes: &[u8], size: usize, shape: &[usize]) -> Vec<u8> {
    let reversed: Vec<usize> = shape.iter().rev().copied().collect();
    reordered(bytes, size, &reversed)
}

/// The bytes of an array with the first index fastest, put with the last index fastest.
pub fn reordered(bytes: &[u8], size: usize, shape: &[usize]) -> Vec<u8> {
    let mut strides = vec![size; shape.len()];
    for k in 1..shape.len() {
        strides[k] = strides[k - 1] * shape[k - 1];
    }
    let mut found = Vec::with_capacity(bytes.len());
    let mut index = vec![0; shape.len()];
    for _ in 0..shape.iter().product() {
        let at: usize = index.iter().zip(&strides).map(|(i, stride)| i * stride).sum();
        found.extend_from_slice(&bytes[at..at + size]);
        for (i, &n) in index.iter_mut().zip(shape).rev() {
            *i += 1;
            if *i < n {
                break;
            }
            *i = 0;
        }
    }
    found
}
