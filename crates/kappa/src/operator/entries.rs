//! The entries of an operator as a dense view.

use kappa_dense::{Matrix, MatrixRef, Scalar};

use super::LinearOperator;
use crate::error::Result;

/// The entries of any operator: borrowed from a dense matrix, otherwise converted to one.
pub(crate) enum Entries<'a, T: Scalar> {
    Stored(MatrixRef<'a, T>),
    Written(Matrix<T>),
}

impl<'a, T: Scalar> Entries<'a, T> {
    pub(crate) fn of(a: &'a (impl LinearOperator<T> + ?Sized)) -> Result<Self> {
        match a.form().dense() {
            Some(view) => Ok(Self::Stored(view)),
            None => Ok(Self::Written(a.to_dense()?)),
        }
    }

    pub(crate) fn view(&self) -> MatrixRef<'_, T> {
        match self {
            Self::Stored(view) => *view,
            Self::Written(matrix) => matrix.as_ref(),
        }
    }
}
