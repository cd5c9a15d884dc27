use kappa_dense::{Scalar, c64};

use super::{Nearest, half, square};
use crate::error::Result;
use crate::operator::{AnyOperator, LinearOperator, RealOrComplex, wide};

/// The Hermitian matrix nearest to A in every unitarily invariant norm, ½(A + Aᴴ) (Fan and Hoffman 1955): unique in the Frobenius
/// norm.
///
/// Fails for a matrix that is not square, and when an entry is not finite.
pub fn symmetric<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Nearest<T::Wide>> {
    let a = square(a, "symmetric")?;
    Nearest::closed(&a, half(a.as_ref(), 1.0), Some(true))
}

/// The skew-Hermitian matrix nearest to A, ½(A − Aᴴ). As [`symmetric`].
pub fn skew<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Nearest<T::Wide>> {
    let a = square(a, "skew-symmetric")?;
    Nearest::closed(&a, half(a.as_ref(), -1.0), Some(true))
}

impl AnyOperator<'_> {
    /// [`nearest::symmetric`](crate::nearest::symmetric) of this operator.
    ///
    /// # Errors
    ///
    /// As [`nearest::symmetric`](crate::nearest::symmetric).
    pub fn nearest_symmetric(&self) -> Result<RealOrComplex<Nearest<f64>, Nearest<c64>>> {
        wide!(self, a => self::symmetric(a))
    }

    /// [`nearest::skew`](crate::nearest::skew) of this operator.
    ///
    /// # Errors
    ///
    /// As [`nearest::skew`](crate::nearest::skew).
    pub fn nearest_skew(&self) -> Result<RealOrComplex<Nearest<f64>, Nearest<c64>>> {
        wide!(self, a => self::skew(a))
    }
}
