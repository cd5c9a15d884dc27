use kappa_dense::{Scalar, c64};

use super::{Nearest, square};
use crate::error::Result;
use crate::operator::{AnyOperator, LinearOperator, RealOrComplex, wide};
use crate::{Norm, distance_to_singularity};

/// The singular matrix nearest to A, in the spectral, Frobenius, largest-column-sum or largest-row-sum norm; its distance is
/// 1/‖A⁻¹‖ (Gastinel and Kahan).
///
/// As [`distance_to_singularity`], whose enclosure it returns. Fails as that does.
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
