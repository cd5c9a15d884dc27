//! Fan's dominance: one comparison for all unitarily invariant norms at once.

use kappa_dense::Scalar;

use crate::error::Result;
use crate::operator::{AnyOperator, LinearOperator};
use crate::singular_values;
use crate::values::Majorization;

/// Whether ‖A‖ ≤ ‖B‖ in every unitarily invariant norm: exactly if every Ky Fan norm of A is at most that of B (Fan
/// 1951).
///
/// `weak` is the answer, and `fails_at` the first k for which the Ky Fan norm of A is larger. The shapes may differ;
/// missing singular values count as 0. Evidence and cost as [`singular_values`].
///
/// # Errors
///
/// As [`singular_values`].
///
/// # Examples
///
/// ```
/// # use kappa::ask::fan_dominance;
/// # use kappa::Matrix;
/// let a = Matrix::from_row_major(2, 2, vec![2.0, 0.0, 0.0, 2.0])?;
/// let b = Matrix::from_row_major(2, 2, vec![3.0, 0.0, 0.0, 0.5])?;
/// assert_eq!(fan_dominance(&a, &b)?.fails_at, Some(2));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn fan_dominance<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    b: &(impl LinearOperator<T> + ?Sized),
) -> Result<Majorization> {
    Ok(singular_values(a)?.dominated_by(&singular_values(b)?))
}

impl AnyOperator<'_> {
    /// [`fan_dominance`](crate::ask::fan_dominance) of this operator.
    ///
    /// # Errors
    ///
    /// As [`fan_dominance`](crate::ask::fan_dominance).
    pub fn fan_dominance(&self, other: &AnyOperator<'_>) -> Result<Majorization> {
        Ok(self.singular_values()?.dominated_by(&other.singular_values()?))
    }
}
