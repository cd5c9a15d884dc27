use kappa_dense::{Matrix, Scalar, c64, multiply};

use super::{Nearest, wide};
use crate::error::Result;
use crate::operator::{AnyOperator, LinearOperator, RealOrComplex, wide};
use crate::{Tolerance, svd};

/// The matrix with orthonormal columns (rows, if there are fewer) nearest to A in every unitarily invariant norm.
///
/// UVᴴ of the thin singular value decomposition A = UΣVᴴ, the unitary factor of the polar decomposition (Fan and
/// Hoffman 1955). A is m×n. Unique if A has full rank at the default tolerance. About 6mn² + 20n³ flops.
///
/// # Errors
///
/// When an entry is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, nearest};
/// let q = nearest::orthogonal(&Matrix::from_row_major(2, 2, vec![0.0f64, -3.0, 5.0, 0.0])?)?;
/// assert!((q.matrix[(1, 0)] - 1.0).abs() < 1e-15 && q.is_unique == Some(true));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn orthogonal<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Nearest<T::Wide>> {
    let wide = wide(a)?;
    if wide.as_slice().is_empty() {
        return Nearest::closed(&wide, wide.clone(), Some(true));
    }
    let f = svd(&wide)?;
    let v: Matrix<T::Wide> = f.v().adjoint();
    let matrix = multiply(f.u().as_ref(), v.as_ref())?;
    let rank = f.rank(Tolerance::default()).estimate() as usize;
    Nearest::closed(&wide, matrix, Some(rank == wide.rows().min(wide.columns())))
}

impl AnyOperator<'_> {
    /// [`nearest::orthogonal`](crate::nearest::orthogonal) of this operator.
    ///
    /// # Errors
    ///
    /// As [`nearest::orthogonal`](crate::nearest::orthogonal).
    pub fn nearest_orthogonal(&self) -> Result<RealOrComplex<Nearest<f64>, Nearest<c64>>> {
        wide!(self, a => self::orthogonal(a))
    }
}
