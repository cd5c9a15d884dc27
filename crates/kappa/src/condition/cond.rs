use kappa_dense::Scalar;

use crate::ask::sparse::WRITTEN_OUT;
use crate::error::{Error, Result};
use crate::operator::{AnyOperator, DENSE_LIMIT, LinearOperator, Sparse, each};
use crate::values::SingularValues;
use crate::{Enclosure, Norm, certified_cond, singular_values};

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
    cond_in(a, Norm::spectral())
}

/// The condition number ‖A‖·‖A⁺‖ in any norm that can be evaluated.
///
/// In a unitarily invariant norm from the singular values, as [`cond`]; in another one from an enclosed inverse or
/// pseudoinverse, every rounding error counted, as [`certified_cond`](crate::certified_cond). A sparse square matrix of order
/// above 1000 is factored as it is, in the spectral norm, the largest column sum and the largest row sum (evidence: estimate).
/// ∞ above where the matrix cannot be told from a singular one.
///
/// ```
/// # use kappa::{Norm, cond_in, gallery};
/// assert!((cond_in(&gallery::hilbert(5), Norm::max_row_sum())?.estimate() / 943656.0 - 1.0).abs() < 1e-10);
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn cond_in<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), norm: Norm) -> Result<Enclosure> {
    cond_by(a, norm).map(|(value, _)| value)
}

/// [`cond_in`], and how it was found, in words.
pub fn cond_by<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), norm: Norm) -> Result<(Enclosure, String)> {
    let is_large = |s: &&Sparse<T>| !T::IS_COMPLEX && s.shape().0.min(s.shape().1) > WRITTEN_OUT;
    if let Some(sparse) = a.form().sparse().filter(is_large)
        && is_answered_sparse(sparse.shape(), norm)
    {
        return crate::ask::sparse_cond(&Sparse::widened(sparse), norm);
    }
    if norm.gauge().is_some() {
        let plan = crate::Plan::singular_values(a.shape()).to_string();
        return Ok((singular_values(a)?.cond_in(norm)?, plan));
    }
    let found = certified_cond(a, norm)?;
    Ok((found.value.enclosure(), found.algorithm.to_owned()))
}

/// Whether a sparse factorization answers: what it does not is answered by writing the matrix out, where that fits.
fn is_answered_sparse((m, n): (usize, usize), norm: Norm) -> bool {
    let known = [Norm::spectral(), Norm::max_column_sum(), Norm::max_row_sum()];
    m.saturating_mul(n) > DENSE_LIMIT || m == n && known.contains(&norm)
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
    Ok(values.norm(norm)?.times(values.inverted().norm(norm)?))
}

impl AnyOperator<'_> {
    /// [`cond`](crate::cond) of this operator.
    ///
    /// # Errors
    ///
    /// As [`cond`](crate::cond).
    pub fn cond(&self) -> Result<Enclosure> {
        each!(self, a => self::cond(a))
    }

    /// [`cond_by`](crate::cond_by) of this operator.
    ///
    /// # Errors
    ///
    /// As [`cond_by`](crate::cond_by).
    pub fn cond_by(&self, norm: Norm) -> Result<(Enclosure, String)> {
        each!(self, a => self::cond_by(a, norm))
    }
}
