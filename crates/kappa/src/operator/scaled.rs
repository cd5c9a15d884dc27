//! The product of a number and an operator.

use kappa_dense::{Matrix, Scalar};

use super::LinearOperator;
use crate::error::Result;

/// The operator c·A. The difference of two operators is `Sum::new(a, Scaled { factor: -1.0, operator: b })`.
#[derive(Clone, Debug)]
pub struct Scaled<T, A> {
    /// The number c.
    pub factor: T,
    /// The operator A.
    pub operator: A,
}

fn scale<T: Scalar>(mut x: Matrix<T>, factor: T) -> Matrix<T> {
    x.as_mut_slice().iter_mut().for_each(|x| *x = factor * *x);
    x
}

impl<T: Scalar, A: LinearOperator<T>> LinearOperator<T> for Scaled<T, A> {
    fn shape(&self) -> (usize, usize) {
        self.operator.shape()
    }

    fn apply(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        Ok(scale(self.operator.apply(x)?, self.factor))
    }

    fn apply_adjoint(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        Ok(scale(self.operator.apply_adjoint(x)?, self.factor.conj()))
    }

    fn epsilon(&self) -> f64 {
        self.operator.epsilon()
    }
}
