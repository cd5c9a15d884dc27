use std::borrow::Cow;
use std::collections::HashMap;

use num_complex::Complex64;

use crate::error::{Error, Result};
use crate::tensor::byte_length;
use crate::{Graph, Numbers, Order, Rounded, Tensor, TensorInfo};

/// A collection of named tensors: a file, a folder, or a checkpoint in shards.
///
/// Sources are composed of sources: a folder of its files, a sharded checkpoint of its shards.
pub trait Source: Send + Sync {
    /// Name, type and shape of every tensor, in file order.
    fn infos(&self) -> &[TensorInfo];

    /// The numbers of a tensor; borrowed from the mapped file if possible.
    ///
    /// # Errors
    ///
    /// When there is no tensor of this name, and when the data break the rules of their format.
    fn read(&self, name: &str) -> Result<Tensor<'_>>;

    /// The numbers of a tensor as little-endian bytes in its type; `None` where the file does not hold them so.
    ///
    /// # Errors
    ///
    /// As [`Source::read`].
    fn bytes(&self, name: &str) -> Result<Option<Stored<'_>>> {
        let _ = name;
        Ok(None)
    }

    /// `count` numbers of a tensor from position `start` on, in storage order; `None` if the format does not allow
    /// reading a part alone.
    fn read_part(&self, name: &str, start: usize, count: usize) -> Option<Result<Numbers<'_>>> {
        let _ = (name, start, count);
        None
    }

    /// Advises that these numbers will not be read again soon.
    fn forget_part(&self, name: &str, start: usize, count: usize) {
        let _ = (name, start, count);
    }

    /// The storage order of a tensor.
    fn order(&self, name: &str) -> Order {
        let _ = name;
        Order::RowMajor
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
        let _ = name;
        Ok(None)
    }

    /// What the file says about itself: the architecture of a model, for example; empty where it says nothing.
    fn metadata(&self) -> &Metadata {
        no_metadata()
    }

    /// How a tensor was read where that is not plain from its file, such as a line that was taken for titles.
    fn remarks(&self, name: &str) -> &[String] {
        let _ = name;
        &[]
    }

    /// The stored tensors that a tensor is decoded from, the codes first; empty for one that is stored as it is.
    fn parts(&self, name: &str) -> &[String] {
        let _ = name;
        &[]
    }

    /// The bytes of a tensor in its type, with those of its scales.
    fn stored_bytes(&self, name: &str) -> usize {
        self.info(name).and_then(|info| byte_length(info.dtype, &info.shape)).unwrap_or(0)
    }

    /// In words, how a tensor is decoded from its parts; `None` for one that is stored as it is.
    fn decoding(&self, name: &str) -> Option<String> {
        let _ = name;
        None
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
        let _ = name;
        None
    }

    /// Advises that the numbers of this tensor will not be read again soon.
    fn forget(&self, name: &str) {
        let _ = name;
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
    /// Whether it is damaged or contradicts the rest, as opposed to not supported.
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

/// The position of each name in a list of tensors; of the first one if a name occurs again. A linear search for every
/// name is quadratic in the number of tensors, which an untrusted file chooses.
pub(crate) fn positions(infos: &[TensorInfo]) -> HashMap<String, usize> {
    let mut found = HashMap::with_capacity(infos.len());
    for (k, info) in infos.iter().enumerate() {
        found.entry(info.name.clone()).or_insert(k);
    }
    found
}

pub(crate) fn no_such_tensor(name: &str) -> Error {
    Error::missing(format!("has no tensor `{}`", crate::printable(name)))
        .with_hint("`kappa survey` lists the tensors of a file")
}
