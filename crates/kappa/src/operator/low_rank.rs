//! The product of a tall and a wide matrix, kept as two factors: a LoRA pair, a truncated decomposition.

use kappa_dense::{Matrix, Scalar, multiply};

use super::{LinearOperator, check_rows};
use crate::error::{Error, Result};

/// The product B·A of an m×r matrix B and an r×n matrix A.
#[derive(Clone, Debug, PartialEq)]
pub struct LowRank<T: Scalar> {
    left: Matrix<T>,
    right: Matrix<T>,
}

impl<T: Scalar> LowRank<T> {
    /// The product `left`·`right`.
    ///
    /// # Errors
    ///
    /// When the inner dimensions differ.
    pub fn new(left: Matrix<T>, right: Matrix<T>) -> Result<Self> {
        if left.columns() != right.rows() {
            let (m, r) = (left.rows(), left.columns());
            let (s, n) = (right.rows(), right.columns());
            return Err(Error::shape(format!("the inner dimensions of the factors {m}×{r} and {s}×{n} differ")));
        }
        Ok(Self { left, right })
    }

    /// The inner dimension r, an upper bound of the rank.
    pub fn inner_dimension(&self) -> usize {
        self.right.rows()
    }
}

impl<T: Scalar> LinearOperator<T> for LowRank<T> {
    fn shape(&self) -> (usize, usize) {
        (self.left.rows(), self.right.columns())
    }

    fn apply(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        check_rows("a low-rank product", self.right.columns(), x.rows())?;
        Ok(multiply(self.left.as_ref(), multiply(self.right.as_ref(), x.as_ref())?.as_ref())?)
    }

    fn apply_adjoint(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        check_rows("the adjoint of a low-rank product", self.left.rows(), x.rows())?;
        let inner = multiply(self.left.adjoint().as_ref(), x.as_ref())?;
        Ok(multiply(self.right.adjoint().as_ref(), inner.as_ref())?)
    }
}
