//! One sparse matrix, whatever file it is from.

use crate::error::Result;
use crate::source::{Triplets, no_such_tensor};
use crate::triplets::List;
use crate::{DType, Order, Rounded, Source, Tensor, TensorInfo};

/// A file that holds one sparse matrix.
#[derive(Debug)]
pub(crate) struct SparseMatrix {
    infos: [TensorInfo; 1],
    entries: List,
    rounded: Option<Rounded>,
    remarks: Vec<String>,
}

impl SparseMatrix {
    /// The entries, with indices from 0 and no place twice, of a matrix of this shape.
    pub(crate) fn new(
        name: &str,
        dtype: DType,
        (rows, columns): (usize, usize),
        entries: List,
        rounded: Option<Rounded>,
    ) -> Self {
        let infos = [TensorInfo { name: name.to_owned(), dtype, shape: vec![rows, columns] }];
        Self { infos, entries, rounded, remarks: Vec::new() }
    }

    pub(crate) fn with_remarks(self, remarks: Vec<String>) -> Self {
        Self { remarks, ..self }
    }

    fn all(&self) -> Triplets<'_> {
        Triplets::of(&self.infos[0], &self.entries)
    }
}

impl Source for SparseMatrix {
    fn infos(&self) -> &[TensorInfo] {
        &self.infos
    }

    fn read(&self, name: &str) -> Result<Tensor<'_>> {
        if self.infos[0].name != name {
            return Err(no_such_tensor(name));
        }
        let numbers = self.all().columns().map_err(|e| e.of_tensor(name))?;
        Ok(Tensor { shape: self.infos[0].shape.clone(), order: Order::ColumnMajor, numbers })
    }

    fn order(&self, _: &str) -> Order {
        Order::ColumnMajor
    }

    fn rounded(&self, name: &str) -> Result<Option<Rounded>> {
        if self.infos[0].name != name {
            return Err(no_such_tensor(name));
        }
        Ok(self.rounded.clone())
    }

    fn remarks(&self, name: &str) -> &[String] {
        if self.infos[0].name == name { &self.remarks } else { &[] }
    }

    fn triplets(&self, name: &str) -> Option<Triplets<'_>> {
        (self.infos[0].name == name).then(|| self.all())
    }

    fn is_data(&self) -> bool {
        true
    }
}
