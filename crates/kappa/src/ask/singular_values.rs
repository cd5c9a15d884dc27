use kappa_dense::{MatrixRef, Scalar, gram_singular_values};

use super::{Entries, Profile};
use crate::error::Result;
use crate::operator::LinearOperator;
use crate::plan::Algorithm;
use crate::values::SingularValues;
use crate::{Enclosure, Plan};

/// All singular values of A, largest first, each enclosed.
///
/// σᵢ = √λᵢ(AᴴA), p = min(m, n) of them, in the units of the entries. The ends come from the error model of the
/// algorithm in the plan (evidence: estimate). About 4·m·n² − 4/3·n³ flops for m ≥ n, or m·n² + 4/3·n³ where the matrix
/// is long and its σₘᵢₙ large enough for the Gram product; memory for two copies in double precision, or for n² numbers.
/// Fails when an entry is not finite and when nothing converges.
///
/// ```
/// # use kappa::{Matrix, singular_values};
/// let s = singular_values(&Matrix::<f64>::identity(3))?;
/// assert!(s.iter().all(|x| x.contains(1.0)));
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Golub and Van Loan, *Matrix Computations*, 4th ed., sections 2.4 and 8.6.
pub fn singular_values<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<SingularValues> {
    if let Some(known) = a.known_singular_values() {
        return Ok(known);
    }
    let entries = Entries::of(a)?;
    let profile = Profile::of_entries(entries.view())?;
    values_of(entries.view(), &profile)
}

/// Carries out the plan.
pub(super) fn values_of<T: Scalar>(a: MatrixRef<'_, T>, profile: &Profile) -> Result<SingularValues> {
    let shape = (a.rows(), a.columns());
    match Plan::singular_values(shape).algorithm {
        Algorithm::Known | Algorithm::Length => return Ok(profile.vector_values()),
        Algorithm::Gram => {
            if let Some(values) = gram_singular_values(a, profile.max_abs_value()) {
                return Ok(SingularValues::from_gram(shape, values));
            }
        }
        Algorithm::DoubleDouble | Algorithm::Bidiagonal | Algorithm::Certificate => {}
    }
    let found = kappa_dense::singular_values(a)?;
    Ok(SingularValues::from_svd(shape, found))
}

/// The singular values of a matrix with at most one row or column.
pub(super) fn length(shape: (usize, usize), frobenius: Enclosure) -> SingularValues {
    let count = shape.0.min(shape.1);
    SingularValues::from_enclosures(shape, vec![frobenius; count])
}
