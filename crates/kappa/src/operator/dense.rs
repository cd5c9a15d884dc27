//! Dense matrices as operators.

use kappa_dense::{Matrix, MatrixRef, Scalar, adjoint_times, multiply};

use super::{Form, LinearOperator};
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

    fn form(&self) -> Form<'_, T> {
        Form::Dense(*self)
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

    fn form(&self) -> Form<'_, T> {
        Form::Dense(self.as_ref())
    }

    fn to_dense(&self) -> Result<Matrix<T>> {
        Ok(self.clone())
    }
}
