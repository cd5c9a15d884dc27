use kappa_dense::Scalar;

use super::{Entries, Profile};
use crate::error::Result;
use crate::norm::{Family, entrywise_value, induced_value};
use crate::operator::LinearOperator;
use crate::{Enclosure, Norm, singular_values};

/// The norm of A: how large it is.
///
/// In the units of the entries. Norms of the entries, and the induced norms with a closed form, are enclosed with every
/// rounding error counted (evidence: rounding; general powers: estimate). Norms of the singular values carry their
/// evidence. One pass over the entries, or the cost of [`singular_values`]. An empty matrix has norm 0. Fails when an
/// entry is not finite, and for induced norms without a closed form.
///
/// ```
/// # use kappa::{Matrix, Norm, norm};
/// let a = Matrix::from_row_major(2, 2, vec![1.0, -2.0, 3.0, 4.0])?;
/// assert!(norm(&a, Norm::max_row_sum())?.contains(7.0));
/// assert!(norm(&a, Norm::frobenius())?.contains(30f64.sqrt()));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn norm<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), norm: Norm) -> Result<Enclosure> {
    if norm.needs_singular_values() {
        return singular_values(a)?.norm(norm);
    }
    let entries = Entries::of(a)?;
    norm_of_entries(entries.view(), &Profile::of_entries(entries.view())?, norm)
}

/// A norm that needs no singular values.
pub(super) fn norm_of_entries<T: Scalar>(
    a: kappa_dense::MatrixRef<'_, T>,
    profile: &Profile,
    norm: Norm,
) -> Result<Enclosure> {
    match norm.0 {
        Family::Entrywise(p) if p != 1.0 => Ok(entrywise_value(a, p)),
        Family::Induced(p, q) if !(p == q && (p == 1.0 || p == f64::INFINITY)) => induced_value(a, p, q),
        _ => profile.norm(norm),
    }
}
