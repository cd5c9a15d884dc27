use kappa_dense::{Scalar, c64};

use super::{Nearest, square};
use crate::error::Result;
use crate::operator::{AnyOperator, LinearOperator, RealOrComplex, wide};
use crate::{Norm, distance_to_singularity};

/// The singular matrix nearest to A in the spectral, Frobenius, maximum column sum or maximum row sum norm.
///
/// Its distance is 1/‖A⁻¹‖ (Gastinel and Kahan). A is n×n. The enclosure and the cost are those of
/// [`distance_to_singularity`].
///
/// # Errors
///
/// When the matrix is not square, and as [`distance_to_singularity`].
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, Norm, nearest};
/// // The smallest singular value is 1/2.
/// let a = Matrix::from_row_major(2, 2, vec![3.0f64, 0.0, 0.0, 0.5])?;
/// let s = nearest::singular(&a, Norm::spectral())?;
/// assert!(s.distance.contains(0.5) && s.matrix[(1, 1)].abs() < 1e-16);
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn singular<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), norm: Norm) -> Result<Nearest<T::Wide>> {
    let wide = square(a, "singular")?;
    let found = distance_to_singularity(&wide, norm)?;
    Ok(Nearest { matrix: found.nearest, distance: found.value, norm, is_unique: None, steps: 0 })
}

impl AnyOperator<'_> {
    /// [`nearest::singular`](crate::nearest::singular) of this operator.
    ///
    /// # Errors
    ///
    /// As [`nearest::singular`](crate::nearest::singular).
    pub fn nearest_singular(&self, norm: Norm) -> Result<RealOrComplex<Nearest<f64>, Nearest<c64>>> {
        wide!(self, a => self::singular(a, norm))
    }
}
