//! The sum of two operators.

use kappa_dense::{Matrix, Scalar};

use super::LinearOperator;
use crate::error::{Error, Result};

/// The sum A + B of two operators.
#[derive(Clone, Debug)]
pub struct Sum<A, B> {
    left: A,
    right: B,
}

impl<A, B> Sum<A, B> {
    /// The sum `left` + `right`.
    ///
    /// # Errors
    ///
    /// When the shapes differ.
    pub fn new<T: Scalar>(left: A, right: B) -> Result<Self>
    where
        A: LinearOperator<T>,
        B: LinearOperator<T>,
    {
        let ((m, n), (k, l)) = (left.shape(), right.shape());
        if (m, n) != (k, l) {
            return Err(Error::shape(format!("the operators {m}×{n} and {k}×{l} have no sum: their shapes differ")));
        }
        Ok(Self { left, right })
    }
}

fn add<T: Scalar>(mut x: Matrix<T>, y: &Matrix<T>) -> Matrix<T> {
    x.as_mut_slice().iter_mut().zip(y.as_slice()).for_each(|(x, &y)| *x += y);
    x
}

impl<T: Scalar, A: LinearOperator<T>, B: LinearOperator<T>> LinearOperator<T> for Sum<A, B> {
    fn shape(&self) -> (usize, usize) {
        self.left.shape()
    }

    fn apply(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        Ok(add(self.left.apply(x)?, &self.right.apply(x)?))
    }

    fn apply_adjoint(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        Ok(add(self.left.apply_adjoint(x)?, &self.right.apply_adjoint(x)?))
    }
}
