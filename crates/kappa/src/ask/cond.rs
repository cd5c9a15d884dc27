use kappa_dense::Scalar;

use crate::error::{Error, Result};
use crate::operator::LinearOperator;
use crate::values::SingularValues;
use crate::{Enclosure, Norm, singular_values};

/// The condition number κ(A) = σ₁/σₚ in the spectral norm: how much a relative error can grow.
///
/// Dimensionless, at least 1; for rectangular matrices ‖A‖₂·‖A⁺‖₂ at full rank. 1 exactly for multiples of a unitary
/// matrix, ∞ for the zero matrix and wherever σₚ cannot be told from 0. Evidence and cost as [`singular_values`].
/// Fails for an empty matrix and when an entry is not finite.
///
/// ```
/// # use kappa::{Matrix, cond};
/// let a = Matrix::from_row_major(2, 2, vec![1.0, 0.0, 0.0, 0.001])?;
/// assert!(cond(&a)?.contains(1000.0));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn cond<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Enclosure> {
    singular_values(a)?.cond()
}

/// The condition number ‖A‖·‖A⁺‖ in a unitarily invariant norm: spectral, Frobenius, nuclear, Schatten, Ky Fan.
///
/// As [`cond`]. Other norms need A⁺ itself: an error that says so.
pub fn cond_in<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), norm: Norm) -> Result<Enclosure> {
    singular_values(a)?.cond_in(norm)
}

impl SingularValues {
    /// The condition number ‖A‖·‖A⁺‖ in a unitarily invariant norm; another one needs A⁺ itself: an error that says so.
    pub fn cond_in(&self, norm: Norm) -> Result<Enclosure> {
        match norm.gauge() {
            Some(_) if norm == Norm::spectral() => self.cond(),
            Some(_) => in_gauge(self, norm),
            None => Err(Error::unsupported(format!("the condition number in the {norm} norm needs the inverse"))
                .with_hint("spectral, frobenius, nuclear, schatten:p and ky-fan:k can be answered")),
        }
    }
}

fn in_gauge(values: &SingularValues, norm: Norm) -> Result<Enclosure> {
    let spectral = values.cond()?;
    if spectral.upper() == f64::INFINITY {
        // ‖A‖·‖A⁺‖ ≥ σ₁/σₚ in every such norm, and nothing bounds it from above.
        let estimate = if spectral.estimate() == f64::INFINITY { f64::INFINITY } else { spectral.estimate() };
        return Ok(Enclosure::new(spectral.lower(), estimate, f64::INFINITY, spectral.evidence()));
    }
    // Singular values of A⁺: 1/σₚ ≥ … ≥ 1/σ₁.
    let one = Enclosure::exact(1.0);
    let inverse =
        SingularValues::from_enclosures((values.len(), values.len()), values.iter().map(|s| one.over(s)).collect());
    Ok(values.norm(norm)?.times(inverse.norm(norm)?))
}
