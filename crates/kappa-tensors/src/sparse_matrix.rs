//! One sparse matrix, whatever file it is from.

use crate::error::Result;
use crate::source::{Triplets, no_such_tensor};
use crate::triplets::Sparse;
use crate::{Order, Rounded, Source, Tensor, TensorInfo};

/// A file that holds one sparse matrix.
#[derive(Debug)]
pub(crate) struct SparseMatrix {
    infos: [TensorInfo; 1],
    matrix: Sparse,
    remarks: Vec<String>,
}

impl SparseMatrix {
    pub(crate) fn new(name: &str, matrix: Sparse, remarks: Vec<String>) -> Self {
        let infos = [TensorInfo { name: name.to_owned(), dtype: matrix.dtype(), shape: matrix.shape() }];
        Self { infos, matrix, remarks }
    }

    fn named(&self, name: &str) -> Result<&Sparse> {
        if self.infos[0].name == name { Ok(&self.matrix) } else { Err(no_such_tensor(name)) }
    }
}

impl Source for SparseMatrix {
    fn infos(&self) -> &[TensorInfo] {
        &self.infos
    }

    fn read(&self, name: &str) -> Result<Tensor<'_>> {
        self.named(name)?.read().map_err(|e| e.of_tensor(name))
    }

    fn order(&self, _: &str) -> Order {
        Order::ColumnMajor
    }

    fn rounded(&self, name: &str) -> Result<Option<Rounded>> {
        Ok(self.named(name)?.rounded())
    }

    fn remarks(&self, name: &str) -> &[String] {
        if self.named(name).is_ok() { &self.remarks } else { &[] }
    }

    fn triplets(&self, name: &str) -> Option<Triplets<'_>> {
        self.named(name).ok().map(Sparse::triplets)
    }

    fn is_data(&self) -> bool {
        true
    }
}
