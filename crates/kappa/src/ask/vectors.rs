//! Norms and inner products of columns whose type of entries is known at run time only.

use crate::Enclosure;
use crate::error::Result;
use crate::norm::{self, Inequality, InnerProduct, VectorNorm};
use crate::operator::{AnyMatrix, both};

/// The same question for two columns: both real, or both complex.
macro_rules! columns {
    ($x:expr, $y:expr, ($a:ident, $b:ident) => $body:expr) => {
        match ($x, $y) {
            (AnyMatrix::Real(x), AnyMatrix::Real(y)) => {
                let ($a, $b) = (x.as_slice(), y.as_slice());
                $body
            }
            (x, y) => {
                let (x, y) = (x.to_complex(), y.to_complex());
                let ($a, $b) = (x.as_slice(), y.as_slice());
                $body
            }
        }
    };
}

impl AnyMatrix {
    /// [`inner_product`](crate::norm::inner_product) of two columns.
    ///
    /// # Errors
    ///
    /// As [`inner_product`](crate::norm::inner_product).
    pub fn inner_product(&self, y: &Self) -> Result<InnerProduct> {
        columns!(self, y, (x, y) => norm::inner_product(x, y))
    }

    /// [`holder`](crate::norm::holder) for two columns.
    ///
    /// # Errors
    ///
    /// As [`holder`](crate::norm::holder).
    pub fn holder(&self, y: &Self, norm: &VectorNorm) -> Result<Inequality> {
        columns!(self, y, (x, y) => norm::holder(x, y, norm))
    }

    /// [`parallelogram`](crate::norm::parallelogram) for two columns.
    ///
    /// # Errors
    ///
    /// As [`parallelogram`](crate::norm::parallelogram).
    pub fn parallelogram(&self, y: &Self, norm: &VectorNorm) -> Result<Inequality> {
        columns!(self, y, (x, y) => norm::parallelogram(x, y, norm))
    }

    /// [`bessel`](crate::norm::bessel) for a column and orthonormal columns.
    ///
    /// # Errors
    ///
    /// As [`bessel`](crate::norm::bessel).
    pub fn bessel(&self, e: &Self) -> Result<Inequality> {
        match (self, e) {
            (Self::Real(x), Self::Real(e)) => norm::bessel(x.as_slice(), e),
            (x, e) => norm::bessel(x.to_complex().as_slice(), &e.to_complex()),
        }
    }
}

impl VectorNorm {
    /// [`VectorNorm::of`] a column whose type is known at run time only.
    ///
    /// # Errors
    ///
    /// As [`VectorNorm::of`].
    pub fn of_any(&self, x: &AnyMatrix) -> Result<Enclosure> {
        both!(x, x => self.of(x.as_slice()))
    }

    /// [`VectorNorm::dual_vector`] of a column whose type is known at run time only.
    ///
    /// # Errors
    ///
    /// As [`VectorNorm::dual_vector`].
    pub fn dual_vector_any(&self, x: &AnyMatrix) -> Result<AnyMatrix> {
        both!(x, x => Ok(AnyMatrix::column(&self.dual_vector(x.as_slice())?)))
    }
}
