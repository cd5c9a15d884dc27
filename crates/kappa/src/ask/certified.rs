use kappa_dense::{MatrixRef, Scalar};

use super::norm::norm_of_entries;
use super::{Profile, Question};
use crate::arithmetic::check_environment;
use crate::certificate::{SpectralCertificate, SpectralMethod, certified_values_of, spectral_bounds};
use crate::error::Result;
use crate::operator::{AnyOperator, Entries, LinearOperator, each};
use crate::values::SingularValues;
use crate::{Enclosure, Norm};

/// The norm of A with every rounding error counted, for any norm.
///
/// As [`norm`](crate::norm), with a rigorous enclosure: evidence `rounding`, or a theorem whose hypotheses were
/// checked. The spectral norm through [`certified_spectral_norm`], other norms of the singular values through
/// [`certified_singular_values`] and the triangle inequality.
///
/// # Errors
///
/// As [`norm`](crate::norm), and when the floating-point environment violates the assumptions of the proofs.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, Norm, certified_norm};
/// let a = Matrix::from_row_major(2, 2, vec![3.0, 0.0, 4.0, 5.0])?;
/// let x = certified_norm(&a, Norm::nuclear())?;
/// assert!(x.contains(80f64.sqrt()) && x.evidence().is_certified() && x.width() < 1e-13);
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn certified_norm<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), norm: Norm) -> Result<Enclosure> {
    let entries = Entries::of(a)?;
    certified_norm_of(entries.view(), norm)
}

fn certified_norm_of<T: Scalar>(a: MatrixRef<'_, T>, norm: Norm) -> Result<Enclosure> {
    check_environment()?;
    let profile = Profile::of_entries(a)?;
    if norm == Norm::spectral() {
        return Ok(spectral_of(a, &profile, &SpectralCertificate::default())?.0);
    }
    if norm.needs_singular_values() {
        return certified_values_of(a, profile.entries())?.norm(norm);
    }
    norm_of_entries(a, &profile, norm)
}

/// ‖A‖₂ with every rounding error counted.
///
/// The lower end is ‖Ax‖/‖x‖ for a vector x found by Lanczos. The upper end comes from one of the certificates of
/// [`SpectralMethod`]: by default the cheapest that is narrow enough, and finally a Cholesky test of τI − AᵀA at m·n² +
/// ⅔n³ flops (m ≥ n). Relative width about 1e-12 for orders up to a thousand. Memory for three matrices of order min(m,
/// n).
///
/// # Errors
///
/// When an entry is not finite, and when the floating-point environment violates the assumptions of the proofs.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, SpectralCertificate, certified_spectral_norm};
/// let a = Matrix::from_row_major(2, 2, vec![3.0, 0.0, 0.0, 1.0])?;
/// let x = certified_spectral_norm(&a, &SpectralCertificate::default())?;
/// assert!(x.contains(3.0) && x.evidence().is_certified());
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn certified_spectral_norm<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    how: &SpectralCertificate,
) -> Result<Enclosure> {
    certified_spectral_norm_by(a, how).map(|found| found.0)
}

/// [`certified_spectral_norm`], with the certificate that gave the upper end.
///
/// # Errors
///
/// As [`certified_spectral_norm`].
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, SpectralCertificate, SpectralMethod, certified_spectral_norm_by};
/// let a = Matrix::from_row_major(2, 2, vec![3.0, 0.0, 0.0, 1.0])?;
/// let how = SpectralCertificate { method: Some(SpectralMethod::Entries), ..SpectralCertificate::default() };
/// // The largest row sum and the largest column sum are both 3.
/// let (x, method) = certified_spectral_norm_by(&a, &how)?;
/// assert!(x.contains(3.0) && method == SpectralMethod::Entries);
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn certified_spectral_norm_by<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    how: &SpectralCertificate,
) -> Result<(Enclosure, SpectralMethod)> {
    check_environment()?;
    let entries = Entries::of(a)?;
    let profile = Profile::of_entries(entries.view())?;
    spectral_of(entries.view(), &profile, how)
}

fn spectral_of<T: Scalar>(
    a: MatrixRef<'_, T>,
    profile: &Profile,
    how: &SpectralCertificate,
) -> Result<(Enclosure, SpectralMethod)> {
    if a.rows().min(a.columns()) <= 1 || profile.max_abs_value() == 0.0 {
        return Ok((profile.norm(Norm::frobenius())?, SpectralMethod::Entries));
    }
    let form = T::real_form(a);
    Ok(if form.is_doubled() {
        spectral_bounds(form.view(), Profile::of_entries(form.view())?.entries(), how)
    } else {
        spectral_bounds(form.view(), profile.entries(), how)
    })
}

/// All singular values of A, each enclosed with every rounding error counted.
///
/// From an untrusted decomposition by faer, its residual and its orthogonality defects, with every rounding error
/// counted: absolute widths of about 1e-12·σ₁ at order 500. Where that leaves a small value relatively wide and the
/// matrix is of moderate size (m·n² ≤ 2²⁴), the columns of A·V are shown to be nearly orthogonal, which encloses
/// *every* value with a small relative width. One decomposition and about 3·m·n² flops.
///
/// # Errors
///
/// As [`singular_values`](crate::singular_values), when the floating-point environment violates the assumptions of the
/// proofs, and when two certificates contradict each other.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, certified_singular_values};
/// // Columns of size 1 and 1e-20: the small value has all its digits.
/// let a = Matrix::from_row_major(3, 2, vec![1.0, 1e-20, 2.0, -1e-20, 3.0, 1e-20])?;
/// let s = certified_singular_values(&a)?;
/// assert!(s.last().width() < 1e-12 * s.last().upper() && s.last().evidence().is_certified());
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Rump, BIT 51 (2011) 367–384; Eisenstat and Ipsen, SINUM 32 (1995) 1972–1988.
pub fn certified_singular_values<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<SingularValues> {
    check_environment()?;
    let entries = Entries::of(a)?;
    certified_values_of(entries.view(), Profile::of_entries(entries.view())?.entries())
}

/// [`measure`](crate::measure) with every rounding error counted: one certified set of singular values answers all
/// questions.
///
/// # Errors
///
/// As [`measure`](crate::measure), and when the floating-point environment violates the assumptions of the proofs.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, certified_measure};
/// let a = Matrix::from_row_major(2, 2, vec![2.0, 0.0, 0.0, 1.0])?;
/// let answers = certified_measure(&a, &["cond".parse()?, "norm:nuclear".parse()?])?;
/// assert!(answers[0].contains(2.0) && answers[1].contains(3.0));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn certified_measure<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    questions: &[Question],
) -> Result<Vec<Enclosure>> {
    check_environment()?;
    let entries = Entries::of(a)?;
    let mut profile = Profile::of_entries(entries.view())?;
    // The spectral norm alone has a cheaper certificate.
    let needs_values = |q: &Question| q.needs_singular_values() && *q != Question::Norm(Norm::spectral());
    if questions.iter().any(needs_values) {
        let values = certified_values_of(entries.view(), profile.entries())?;
        profile = profile.with(values);
    }
    let answer = |question: &Question| match *question {
        Question::Norm(norm) if norm == Norm::spectral() && profile.singular_values().is_none() => {
            certified_norm_of(entries.view(), norm)
        }
        _ => super::measure::answer(entries.view(), &profile, question),
    };
    questions.iter().map(answer).collect()
}

impl AnyOperator<'_> {
    /// [`certified_norm`](crate::certified_norm) of this operator.
    ///
    /// # Errors
    ///
    /// As [`certified_norm`](crate::certified_norm).
    pub fn certified_norm(&self, norm: Norm) -> Result<Enclosure> {
        each!(self, a => self::certified_norm(a, norm))
    }

    /// [`certified_spectral_norm_by`](crate::certified_spectral_norm_by) of this operator.
    ///
    /// # Errors
    ///
    /// As [`certified_spectral_norm_by`](crate::certified_spectral_norm_by).
    pub fn certified_spectral_norm_by(&self, how: &SpectralCertificate) -> Result<(Enclosure, SpectralMethod)> {
        each!(self, a => self::certified_spectral_norm_by(a, how))
    }

    /// [`certified_singular_values`](crate::certified_singular_values) of this operator.
    ///
    /// # Errors
    ///
    /// As [`certified_singular_values`](crate::certified_singular_values).
    pub fn certified_singular_values(&self) -> Result<SingularValues> {
        each!(self, a => self::certified_singular_values(a))
    }

    /// [`certified_measure`](crate::certified_measure) of this operator.
    ///
    /// # Errors
    ///
    /// As [`certified_measure`](crate::certified_measure).
    pub fn certified_measure(&self, questions: &[Question]) -> Result<Vec<Enclosure>> {
        each!(self, a => self::certified_measure(a, questions))
    }
}
