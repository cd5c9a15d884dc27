//! The product of two operators.

use kappa_dense::{Matrix, Scalar};

use super::LinearOperator;
use crate::error::{Error, Result};

/// The product A·B: B is applied first, then A.
#[derive(Clone, Debug)]
pub struct Product<A, B> {
    left: A,
    right: B,
}

impl<A, B> Product<A, B> {
    /// The product `left`·`right`.
    ///
    /// # Errors
    ///
    /// When the inner dimensions differ.
    pub fn new<T: Scalar>(left: A, right: B) -> Result<Self>
    where
        A: LinearOperator<T>,
        B: LinearOperator<T>,
    {
        let ((m, k), (l, n)) = (left.shape(), right.shape());
        if k != l {
            return Err(Error::shape(format!("the inner dimensions of the operators {m}×{k} and {l}×{n} differ")));
        }
        Ok(Self { left, right })
    }
}

impl<T: Scalar, A: LinearOperator<T>, B: LinearOperator<T>> LinearOperator<T> for Product<A, B> {
    fn shape(&self) -> (usize, usize) {
        (self.left.shape().0, self.right.shape().1)
    }

    fn apply(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        self.left.apply(&self.right.apply(x)?)
    }

    fn apply_adjoint(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        self.right.apply_adjoint(&self.left.apply_adjoint(x)?)
    }
}
