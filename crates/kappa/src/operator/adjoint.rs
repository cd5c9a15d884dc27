//! The conjugate transpose of an operator.

use kappa_dense::{Matrix, Scalar};

use super::LinearOperator;
use crate::error::Result;
use crate::values::SingularValues;

/// The conjugate transpose Aᴴ of an operator A.
#[derive(Clone, Debug)]
pub struct Adjoint<A>(pub A);

impl<T: Scalar, A: LinearOperator<T>> LinearOperator<T> for Adjoint<A> {
    fn shape(&self) -> (usize, usize) {
        let (m, n) = self.0.shape();
        (n, m)
    }

    fn apply(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        self.0.apply_adjoint(x)
    }

    fn apply_adjoint(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        self.0.apply(x)
    }

    fn epsilon(&self) -> f64 {
        self.0.epsilon()
    }

    fn known_singular_values(&self) -> Option<SingularValues> {
        self.0.known_singular_values().map(SingularValues::transposed)
    }
}
