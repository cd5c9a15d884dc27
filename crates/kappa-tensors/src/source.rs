use std::borrow::Cow;

use num_complex::Complex64;

use crate::error::{Error, Result};
use crate::tensor::byte_length;
use crate::{Graph, Numbers, Order, Rounded, Tensor, TensorInfo};

/// A collection of named tensors: a file, a folder, or a checkpoint in shards.
///
/// Sources are composed of sources: a folder of its files, a sharded checkpoint of its shards. What such a source does
/// not answer itself, the [`holder`](Source::holder) of the tensor answers.
pub trait Source: Send + Sync {
    /// Name, type and shape of every tensor, in file order.
    fn infos(&self) -> &[TensorInfo];

    /// The source that holds a tensor, and its name there, where this one is composed of others.
    fn holder(&self, name: &str) -> Option<(&dyn Source, &str)> {
        let _ = name;
        None
    }

    /// The numbers of a tensor; borrowed from the mapped file if possible.
    ///
    /// # Errors
    ///
    /// When there is no tensor of this name, and when the data break the rules of their format.
    fn read(&self, name: &str) -> Result<Tensor<'_>> {
        match self.holder(name) {
            Some((source, name)) => source.read(name),
            None => Err(no_such_tensor(name)),
        }
    }

    /// The numbers of a tensor as little-endian bytes in its type; `None` where the file does not hold them so.
    ///
    /// # Errors
    ///
    /// As [`Source::read`].
    fn bytes(&self, name: &str) -> Result<Option<Stored<'_>>> {
        match self.holder(name) {
            Some((source, name)) => source.bytes(name),
            None => Ok(None),
        }
    }

    /// Writes what [`Source::bytes`] gives to memory of its length, and gives its order.
    ///
    /// # Errors
    ///
    /// As [`Source::read`], and when the lengths differ.
    fn copy(&self, name: &str, to: &mut [u8]) -> Result<Option<Order>> {
        if let Some((source, name)) = self.holder(name) {
            return source.copy(name, to);
        }
        let Some((bytes, order)) = self.bytes(name)? else { return Ok(None) };
        if bytes.len() != to.len() {
            let (here, there) = (to.len(), bytes.len());
            return Err(Error::format(format!("has {there} bytes, not {here}")).of_tensor(name));
        }
        to.copy_from_slice(&bytes);
        Ok(Some(order))
    }

    /// `count` numbers of a tensor from position `start` on, in storage order; `None` if the format does not allow
    /// reading a part alone.
    fn read_part(&self, name: &str, start: usize, count: usize) -> Option<Result<Numbers<'_>>> {
        match self.holder(name) {
            Some((source, name)) => source.read_part(name, start, count),
            None => None,
        }
    }

    /// Advises that these numbers will not be read again soon.
    fn forget_part(&self, name: &str, start: usize, count: usize) {
        if let Some((source, name)) = self.holder(name) {
            source.forget_part(name, start, count);
        }
    }

    /// The storage order of a tensor.
    fn order(&self, name: &str) -> Order {
        match self.holder(name) {
            Some((source, name)) => source.order(name),
            None => Order::RowMajor,
        }
    }

    /// The contents that cannot be read, with the reasons.
    fn skipped(&self) -> &[Skipped] {
        &[]
    }

    /// The entries of a tensor that its doubles do not hold; `None` if all are exact. Reads integers of 64 bits.
    ///
    /// # Errors
    ///
    /// As [`Source::read`].
    fn rounded(&self, name: &str) -> Result<Option<Rounded>> {
        match self.holder(name) {
            Some((source, name)) => source.rounded(name),
            None => Ok(None),
        }
    }

    /// What the file says about itself: the architecture of a model, for example; empty where it says nothing.
    fn metadata(&self) -> &Metadata {
        no_metadata()
    }

    /// How a tensor was read where that is not plain from its file, such as a line that was taken for titles.
    fn remarks(&self, name: &str) -> &[String] {
        match self.holder(name) {
            Some((source, name)) => source.remarks(name),
            None => &[],
        }
    }

    /// The stored tensors that a tensor is decoded from, the codes first; empty for one that is stored as it is.
    fn parts(&self, name: &str) -> &[String] {
        match self.holder(name) {
            Some((source, name)) => source.parts(name),
            None => &[],
        }
    }

    /// The bytes of a tensor in its type, with those of its scales.
    fn stored_bytes(&self, name: &str) -> usize {
        match self.holder(name) {
            Some((source, name)) => source.stored_bytes(name),
            None => self.info(name).and_then(|info| byte_length(info.dtype, &info.shape)).unwrap_or(0),
        }
    }

    /// In words, how a tensor is decoded from its parts; `None` for one that is stored as it is.
    fn decoding(&self, name: &str) -> Option<String> {
        match self.holder(name) {
            Some((source, name)) => source.decoding(name),
            None => None,
        }
    }

    /// The graph of the network, where the file says it.
    fn graph(&self) -> Option<&Graph> {
        None
    }

    /// Whether the file holds data and no network, so that its matrices have no roles and its integers are no codes.
    fn is_data(&self) -> bool {
        false
    }

    /// The stored entries if the file holds the tensor as a sparse matrix.
    fn triplets(&self, name: &str) -> Option<Triplets<'_>> {
        match self.holder(name) {
            Some((source, name)) => source.triplets(name),
            None => None,
        }
    }

    /// Advises that the numbers of this tensor will not be read again soon.
    fn forget(&self, name: &str) {
        if let Some((source, name)) = self.holder(name) {
            source.forget(name);
        }
    }

    /// Name, type and shape of one tensor.
    fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.infos().iter().find(|info| info.name == name)
    }

    /// The names of the tensors, in file order.
    fn names(&self) -> Vec<&str> {
        self.infos().iter().map(|info| info.name.as_str()).collect()
    }
}

/// Numbers as little-endian bytes, and their order.
pub type Stored<'a> = (Cow<'a, [u8]>, Order);

/// What a file says about itself, by key.
pub type Metadata = serde_json::Map<String, serde_json::Value>;

pub(crate) fn no_metadata() -> &'static Metadata {
    static EMPTY: std::sync::LazyLock<Metadata> = std::sync::LazyLock::new(Metadata::new);
    &EMPTY
}

/// The stored entries of a sparse matrix.
#[derive(Clone, Copy, Debug)]
pub struct Triplets<'a> {
    /// The numbers of rows and columns.
    pub shape: (usize, usize),
    /// Row, column and value of each entry, with indices from 0; duplicate entries are added.
    pub entries: &'a [(usize, usize, Complex64)],
    /// Whether the file holds complex numbers.
    pub is_complex: bool,
}

/// Content of a file that is not read, with the reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Skipped {
    /// Its name.
    pub name: String,
    /// The reason.
    pub reason: String,
    /// Whether it is a tensor that is damaged, contradicts the rest, or has a type that is not read; other things, such
    /// as texts, are left out as well.
    pub is_broken: bool,
}

/// How the reason of a content begins whose type is not read.
pub(crate) const UNSUPPORTED: &str = "has the unsupported";

impl Skipped {
    /// Whether it is well-formed, and of a type that is not read.
    pub fn is_unsupported(&self) -> bool {
        self.reason.starts_with(UNSUPPORTED)
    }
}

pub(crate) fn no_such_tensor(name: &str) -> Error {
    Error::missing(format!("has no tensor `{}`", crate::printable(name)))
        .with_hint("`kappa list` shows the tensors of a file")
}
