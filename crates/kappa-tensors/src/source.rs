use num_complex::Complex64;

use crate::error::{Error, Result};
use crate::{Numbers, Order, Tensor, TensorInfo};

/// How a matrix, or a thousand, came in.
///
/// Sources are made of sources: a folder of files, a checkpoint in shards.
pub trait Source: Send + Sync {
    /// What is known of every tensor, in file order.
    fn infos(&self) -> &[TensorInfo];

    /// The numbers of a tensor; borrowed from the mapped file where possible.
    fn read(&self, name: &str) -> Result<Tensor<'_>>;

    /// So many of a tensor's numbers from this one on, in the order in which they are stored; `None` where the file does not keep them so that a
    /// part can be read without the rest.
    fn read_part(&self, name: &str, start: usize, count: usize) -> Option<Result<Numbers<'_>>> {
        let _ = (name, start, count);
        None
    }

    /// A hint that those numbers will not be read again soon.
    fn forget_part(&self, name: &str, start: usize, count: usize) {
        let _ = (name, start, count);
    }

    /// How the numbers of a tensor lie.
    fn order(&self, name: &str) -> Order {
        let _ = name;
        Order::RowMajor
    }

    /// What the file holds but cannot be read, with the reason.
    fn skipped(&self) -> &[Skipped] {
        &[]
    }

    /// Whether the file stands for one matrix, so that whole numbers in it are data and not codes.
    fn is_single_matrix(&self) -> bool {
        false
    }

    /// The entries that are stored, where the tensor is a sparse matrix in its file.
    fn triplets(&self, name: &str) -> Option<Triplets<'_>> {
        let _ = name;
        None
    }

    /// A hint that the numbers of this tensor will not be read again soon.
    fn forget(&self, name: &str) {
        let _ = name;
    }

    /// What is known of one tensor.
    fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.infos().iter().find(|info| info.name == name)
    }

    /// The names, in file order.
    fn names(&self) -> Vec<&str> {
        self.infos().iter().map(|info| info.name.as_str()).collect()
    }
}

/// A sparse matrix as it stands in a file.
#[derive(Clone, Copy, Debug)]
pub struct Triplets<'a> {
    /// Rows and columns.
    pub shape: (usize, usize),
    /// Row, column and entry, counted from 0; entries given twice are added.
    pub entries: &'a [(usize, usize, Complex64)],
    /// Whether the file holds complex numbers.
    pub is_complex: bool,
}

/// Something in a file that is not read, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Skipped {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Whether it is broken, rather than merely not for us.
    pub is_broken: bool,
}

pub(crate) fn no_such_tensor(name: &str) -> Error {
    Error::missing(format!("has no tensor `{}`", crate::printable(name)))
        .with_hint("`kappa survey` lists the tensors of a file")
}
