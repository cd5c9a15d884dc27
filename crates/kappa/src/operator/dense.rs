//! A matrix in memory.

use kappa_dense::{Matrix, MatrixRef, Scalar, adjoint_times, multiply};

use super::LinearOperator;
use crate::error::Result;

impl<T: Scalar> LinearOperator<T> for MatrixRef<'_, T> {
    fn shape(&self) -> (usize, usize) {
        (self.rows(), self.columns())
    }

    fn apply(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        Ok(multiply(*self, x.as_ref())?)
    }

    fn apply_adjoint(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        Ok(adjoint_times(*self, x.as_ref())?)
    }

    fn as_dense(&self) -> Option<MatrixRef<'_, T>> {
        Some(*self)
    }

    fn to_dense(&self) -> Result<Matrix<T>> {
        Ok(self.to_owned())
    }
}

impl<T: Scalar> LinearOperator<T> for Matrix<T> {
    fn shape(&self) -> (usize, usize) {
        (self.rows(), self.columns())
    }

    fn apply(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        self.as_ref().apply(x)
    }

    fn apply_adjoint(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        self.as_ref().apply_adjoint(x)
    }

    fn as_dense(&self) -> Option<MatrixRef<'_, T>> {
        Some(self.as_ref())
    }

    fn to_dense(&self) -> Result<Matrix<T>> {
        Ok(self.clone())
    }
}
