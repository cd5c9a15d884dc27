use kappa_dense::Scalar;

use super::certified::{Condition, certified_cond, certified_cond_within};
use crate::ask::sparse::WRITTEN_OUT;
use crate::certificate::Effort;
use crate::error::{Error, Result};
use crate::operator::{AnyOperator, DENSE_LIMIT, LinearOperator, Sparse, each};
use crate::values::SingularValues;
use crate::{Enclosure, Guarantee, Norm, singular_values};

/// The condition number κ(A) = σ₁/σₚ in the spectral norm: the largest growth of a relative error.
///
/// Dimensionless, at least 1; for rectangular matrices ‖A‖₂·‖A⁺‖₂ at full rank. 1 exactly for multiples of a unitary
/// matrix, ∞ for the zero matrix and wherever the enclosure of σₚ contains 0. Evidence and cost as [`singular_values`].
///
/// # Errors
///
/// When the matrix is empty, and when an entry is not finite.
///
/// # Examples
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
/// In a unitarily invariant norm from the singular values, as [`cond`]; in other norms, and where a matrix of order up
/// to about 100 is numerically singular, from an enclosed inverse or pseudoinverse, every rounding error counted, as
/// [`cond_by`] does with a guarantee. A sparse square matrix of order above 1000 is factored in sparse form, in the
/// spectral norm, the largest column sum and the largest row sum (evidence: estimate). ∞ above where the matrix is
/// numerically singular.
///
/// # Errors
///
/// As [`cond`], and for norms that cannot be evaluated.
///
/// # Examples
///
/// ```
/// # use kappa::{Norm, cond_in, gallery};
/// assert!((cond_in(&gallery::hilbert(5), Norm::max_row_sum())?.estimate() / 943656.0 - 1.0).abs() < 1e-10);
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn cond_in<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), norm: Norm) -> Result<Enclosure> {
    cond_by(a, norm, Guarantee::Usual).map(|found| found.value.enclosure())
}

/// [`cond_in`] with a guarantee, and the algorithm in words: [`Guarantee::Certified`] counts every rounding error.
///
/// Certified, a square matrix through an approximate inverse R and the residual I − RA, entry by entry, after scaling
/// rows and columns by powers of two: relative widths of 1e-12 to 1e-6, up to κ of about 1e15, and beyond where the
/// matrix is only badly scaled. A rectangular one through its singular values, or a pseudoinverse with two residuals;
/// it is defined with σₚ > 0, so that κ = ∞ where the rank is not full. Matrices whose rank is not full are proved to
/// be so by exact elimination, up to orders of some hundred: ∞. Where doubles do not suffice, the inverse is computed
/// with as many bits as κ takes, up to order 300 and κ of about 1e60, smaller orders and larger κ. In all other cases
/// the answer is wide and true. The flops of two inversions; with many bits, up to a minute.
///
/// # Errors
///
/// As [`cond_in`]. Certified, also when the floating-point environment violates the assumptions of the proofs.
///
/// # Examples
///
/// ```
/// # use kappa::{Guarantee, Norm, cond_by, gallery};
/// // The inverse of the Hilbert matrix of order 5 has integer entries: ‖A⁻¹‖₁ = 413280, and ‖A‖₁ = 137/60.
/// let k = cond_by(&gallery::hilbert(5), Norm::max_column_sum(), Guarantee::Certified)?;
/// assert!((k.value.enclosure().estimate() / 943656.0 - 1.0).abs() < 1e-10);
/// assert!(k.value.enclosure().evidence().is_certified());
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Rump, Acta Numerica 19 (2010) 287–449; Higham, *Accuracy and Stability*, 2nd ed., chapters 7 and 15.
pub fn cond_by<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    norm: Norm,
    guarantee: Guarantee,
) -> Result<Condition> {
    if guarantee == Guarantee::Certified {
        return certified_cond(a, norm);
    }
    let is_large = |s: &&Sparse<T>| !T::IS_COMPLEX && s.shape().0.min(s.shape().1) > WRITTEN_OUT;
    if let Some(sparse) = a.form().sparse().filter(is_large)
        && is_answered_sparse(sparse.shape(), norm)
    {
        let (value, algorithm) = crate::ask::sparse_cond(&Sparse::widened(sparse), norm)?;
        return Ok(Condition { value: value.into(), algorithm: algorithm.into() });
    }
    if norm.gauge().is_none() {
        return certified_cond_within(a, norm, Effort::SMALL);
    }
    let value = singular_values(a)?.cond_in(norm)?;
    let (m, n) = a.shape();
    if value.upper().is_infinite() && Effort::SMALL.suffices(m.max(n), m.min(n)) {
        return certified_cond_within(a, norm, Effort::SMALL);
    }
    Ok(Condition { value: value.into(), algorithm: crate::Plan::singular_values(a.shape()).to_string().into() })
}

/// Whether a sparse factorization gives the answer: otherwise the matrix is converted to a dense one, if it fits.
fn is_answered_sparse((m, n): (usize, usize), norm: Norm) -> bool {
    let known = [Norm::spectral(), Norm::max_column_sum(), Norm::max_row_sum()];
    m.saturating_mul(n) > DENSE_LIMIT || m == n && known.contains(&norm)
}

impl SingularValues {
    /// The condition number ‖A‖·‖A⁺‖ in a unitarily invariant norm.
    ///
    /// # Errors
    ///
    /// When the matrix is empty, and for any other norm, which needs A⁺ itself.
    pub fn cond_in(&self, norm: Norm) -> Result<Enclosure> {
        match norm.gauge() {
            Some(_) if norm == Norm::spectral() => self.cond(),
            Some(_) => in_gauge(self, norm),
            None => Err(Error::unsupported(format!("the condition number in the {norm} norm needs the inverse"))
                .with_hint("use spectral, frobenius, nuclear, schatten:p or ky-fan:k")),
        }
    }
}

fn in_gauge(values: &SingularValues, norm: Norm) -> Result<Enclosure> {
    let spectral = values.cond()?;
    if spectral.upper() == f64::INFINITY {
        // ‖A‖·‖A⁺‖ ≥ σ₁/σₚ in every such norm, and there is no upper bound.
        return Ok(spectral);
    }
    Ok(values.norm(norm)?.times(values.inverted().norm(norm)?))
}

impl AnyOperator<'_> {
    /// [`cond_by`](crate::cond_by) of this operator.
    ///
    /// # Errors
    ///
    /// As [`cond_by`](crate::cond_by).
    pub fn cond_by(&self, norm: Norm, guarantee: Guarantee) -> Result<Condition> {
        each!(self, a => self::cond_by(a, norm, guarantee))
    }
}
