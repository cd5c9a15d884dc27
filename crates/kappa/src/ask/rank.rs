use kappa_dense::Scalar;

use crate::error::Result;
use crate::operator::{AnyOperator, LinearOperator, each};
use crate::{Enclosure, Tolerance, singular_values};

/// The numerical rank of A: the number of singular values above the tolerance.
///
/// An integer between 0 and min(m, n), as an enclosure: its ends differ where a singular value is too close to the
/// tolerance to be compared with it. Evidence and cost as [`singular_values`].
///
/// # Errors
///
/// When an entry is not finite, and as [`singular_values`].
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, Tolerance, rank};
/// let ones = Matrix::from_fn(4, 3, |_, _| 1.0);
/// let r = rank(&ones, Tolerance::default())?;
/// assert_eq!((r.lower(), r.upper()), (1.0, 1.0));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn rank<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), tolerance: Tolerance) -> Result<Enclosure> {
    Ok(singular_values(a)?.rank(tolerance))
}

impl AnyOperator<'_> {
    /// [`rank`](crate::rank) of this operator.
    ///
    /// # Errors
    ///
    /// As [`rank`](crate::rank).
    pub fn rank(&self, tolerance: Tolerance) -> Result<Enclosure> {
        each!(self, a => self::rank(a, tolerance))
    }
}
