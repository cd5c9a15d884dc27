//! Factorizations of sparse matrices, for solving systems.

use kappa_dense::{Columns, SparseCholesky, SparseLu};

use crate::error::Result;
use crate::operator::{LinearOperator, Sparse};

/// A sparse factorization; columns are reordered to keep the factors sparse.
#[derive(Debug)]
pub(crate) enum SparseFactor {
    Cholesky(SparseCholesky),
    Lu(SparseLu),
}

impl SparseFactor {
    /// Cholesky where the matrix is symmetric with a positive diagonal and positive definite; LU otherwise. `None` for
    /// a pivot of 0.
    pub(crate) fn new(a: &Sparse<f64>) -> Result<Option<Self>> {
        let columns: Columns<'_> = a.columns();
        if a.is_symmetric() && (0..a.shape().1).all(|j| a.entry(j, j) > 0.0) {
            let (starts, rows, entries) = a.lower_triangle();
            let lower = Columns { shape: a.shape(), starts: &starts, rows: &rows, entries: &entries };
            if let Some(factor) = SparseCholesky::new(&lower)? {
                return Ok(Some(Self::Cholesky(factor)));
            }
        }
        Ok(SparseLu::new(&columns)?.map(Self::Lu))
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Cholesky(_) => "sparse Cholesky factorization",
            Self::Lu(_) => "sparse LU factorization",
        }
    }

    pub(crate) fn solve(&self, b: &mut [f64], transposed: bool) {
        match self {
            Self::Cholesky(factor) => factor.solve(b),
            Self::Lu(factor) => factor.solve(b, transposed),
        }
    }
}
