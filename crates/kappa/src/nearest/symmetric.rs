use kappa_dense::{Scalar, c64};

use super::{Nearest, half, square};
use crate::error::Result;
use crate::operator::{AnyOperator, LinearOperator, RealOrComplex, wide};

/// The Hermitian matrix nearest to A in every unitarily invariant norm, ½(A + Aᴴ) (Fan and Hoffman 1955).
///
/// A is n×n. Unique in the Frobenius norm, in which the distance is given. About n² flops.
///
/// # Errors
///
/// When the matrix is not square, or an entry is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, nearest};
/// let s = nearest::symmetric(&Matrix::from_row_major(2, 2, vec![1.0f64, 3.0, 1.0, 1.0])?)?;
/// assert!(s.matrix[(0, 1)] == 2.0 && s.matrix[(1, 0)] == 2.0);
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn symmetric<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Nearest<T::Wide>> {
    let a = square(a, "symmetric")?;
    Nearest::closed(&a, half(a.as_ref(), 1.0), Some(true))
}

/// The skew-Hermitian matrix nearest to A in every unitarily invariant norm, ½(A − Aᴴ). Otherwise as [`symmetric`].
///
/// # Errors
///
/// As [`symmetric`].
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, nearest};
/// let s = nearest::skew(&Matrix::from_row_major(2, 2, vec![1.0f64, 3.0, 1.0, 1.0])?)?;
/// assert!(s.matrix[(0, 0)] == 0.0 && s.matrix[(0, 1)] == 1.0 && s.matrix[(1, 0)] == -1.0);
/// # Ok::<(), kappa::Error>(())
/// ```
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
