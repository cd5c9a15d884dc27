//! Questions with a [`Guarantee`]. Certified answers count every rounding error.

use kappa_dense::{MatrixRef, Scalar};

use super::norm::norm_of_entries;
use super::refined::refined_values;
use super::{Profile, Question};
use crate::arithmetic::check_environment;
use crate::certificate::{Effort, SpectralCertificate, SpectralMethod, certified_values_of, spectral_bounds};
use crate::error::Result;
use crate::factor::singular_values;
use crate::operator::{AnyOperator, Entries, LinearOperator, each};
use crate::values::SingularValues;
use crate::{Enclosure, Guarantee, Norm};

/// [`norm`](fn@super::norm) with a guarantee: [`Guarantee::Certified`] counts every rounding error, in any norm.
///
/// Certified, the evidence is `rounding`, or a theorem whose hypotheses were checked. The spectral norm comes from
/// [`SpectralCertificate`](crate::certificate::SpectralCertificate), other norms of the singular values from
/// [`singular_values_by`](crate::singular_values_by) and the triangle inequality.
///
/// # Errors
///
/// As [`norm`](fn@super::norm). Certified, also when the floating-point environment violates the assumptions of the
/// proofs.
///
/// # Examples
///
/// ```
/// # use kappa::{Guarantee, Matrix, Norm, norm_by};
/// let a = Matrix::from_row_major(2, 2, vec![3.0, 0.0, 4.0, 5.0])?;
/// let x = norm_by(&a, Norm::nuclear(), Guarantee::Certified)?;
/// assert!(x.contains(80f64.sqrt()) && x.evidence().is_certified() && x.width() < 1e-13);
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn norm_by<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    norm: Norm,
    guarantee: Guarantee,
) -> Result<Enclosure> {
    match guarantee {
        Guarantee::Usual => super::norm(a, norm),
        Guarantee::Certified => certified_norm(a, norm),
    }
}

/// ‖A‖ with every rounding error counted, for any norm: the spectral norm by a certificate of its own, other norms of
/// the singular values through these and the triangle inequality.
pub(crate) fn certified_norm<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), norm: Norm) -> Result<Enclosure> {
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

impl SpectralCertificate {
    /// ‖A‖₂ with every rounding error counted, and the method that gave the upper end.
    ///
    /// The lower end is ‖Ax‖/‖x‖ for a vector x found by Lanczos. The upper end comes from one of the certificates of
    /// [`SpectralMethod`]: by default the cheapest that is narrow enough, and finally a Cholesky test of τI − AᵀA at
    /// m·n² + ⅔n³ flops (m ≥ n). Relative width about 1e-12 for orders up to a thousand. Memory for three matrices of
    /// order min(m, n).
    ///
    /// # Errors
    ///
    /// When an entry is not finite, and when the floating-point environment violates the assumptions of the proofs.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::Matrix;
    /// # use kappa::certificate::{SpectralCertificate, SpectralMethod};
    /// let a = Matrix::from_row_major(2, 2, vec![3.0, 0.0, 0.0, 1.0])?;
    /// let how = SpectralCertificate { method: Some(SpectralMethod::Entries), ..SpectralCertificate::default() };
    /// // The largest row sum and the largest column sum are both 3.
    /// let (x, method) = how.norm(&a)?;
    /// assert!(x.contains(3.0) && x.evidence().is_certified() && method == SpectralMethod::Entries);
    /// # Ok::<(), kappa::Error>(())
    /// ```
    pub fn norm<T: Scalar>(&self, a: &(impl LinearOperator<T> + ?Sized)) -> Result<(Enclosure, SpectralMethod)> {
        check_environment()?;
        let entries = Entries::of(a)?;
        let profile = Profile::of_entries(entries.view())?;
        spectral_of(entries.view(), &profile, self)
    }
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

/// [`singular_values`] with a guarantee: [`Guarantee::Certified`] counts every rounding error.
///
/// Certified: from an untrusted decomposition by faer, its residual and its orthogonality defects, with every rounding
/// error counted: absolute widths of about 1e-12·σ₁ at order 500. Where that leaves a small value relatively wide and
/// the matrix is of moderate size (m·n² ≤ 2²⁴), the columns of A·V are shown to be nearly orthogonal, which encloses
/// *every* value with a small relative width. One decomposition and about 3·m·n² flops.
///
/// # Errors
///
/// As [`singular_values`]. Certified, also when the floating-point environment violates the assumptions of the proofs,
/// and when two certificates contradict each other.
///
/// # Examples
///
/// ```
/// # use kappa::{Guarantee, Matrix, singular_values_by};
/// // Columns of size 1 and 1e-20: the small value has all its digits.
/// let a = Matrix::from_row_major(3, 2, vec![1.0, 1e-20, 2.0, -1e-20, 3.0, 1e-20])?;
/// let s = singular_values_by(&a, Guarantee::Certified)?;
/// assert!(s.last().width() < 1e-12 * s.last().upper() && s.last().evidence().is_certified());
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Rump, BIT 51 (2011) 367–384; Eisenstat and Ipsen, SINUM 32 (1995) 1972–1988.
pub fn singular_values_by<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    guarantee: Guarantee,
) -> Result<SingularValues> {
    match guarantee {
        Guarantee::Usual => singular_values(a),
        Guarantee::Certified => certified_singular_values(a),
    }
}

pub(crate) fn certified_singular_values<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<SingularValues> {
    check_environment()?;
    let entries = Entries::of(a)?;
    let found = refined_values(entries.view(), Profile::of_entries(entries.view())?.entries(), Effort::LARGE)?;
    Ok(found.stored_with(a.epsilon()))
}

/// [`measure`](crate::measure) with a guarantee: [`Guarantee::Certified`] counts every rounding error.
///
/// Certified, one set of proved singular values answers all questions.
///
/// # Errors
///
/// As [`measure`](crate::measure). Certified, also when the floating-point environment violates the assumptions of the
/// proofs.
///
/// # Examples
///
/// ```
/// # use kappa::{Guarantee, Matrix, measure_by};
/// let a = Matrix::from_row_major(2, 2, vec![2.0, 0.0, 0.0, 1.0])?;
/// let answers = measure_by(&a, &["cond".parse()?, "norm:nuclear".parse()?], Guarantee::Certified)?;
/// assert!(answers[0].contains(2.0) && answers[1].contains(3.0));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn measure_by<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    questions: &[Question],
    guarantee: Guarantee,
) -> Result<Vec<Enclosure>> {
    match guarantee {
        Guarantee::Usual => super::measure(a, questions),
        Guarantee::Certified => certified_measure(a, questions),
    }
}

/// One certified set of singular values answers all questions.
pub(crate) fn certified_measure<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    questions: &[Question],
) -> Result<Vec<Enclosure>> {
    check_environment()?;
    let entries = Entries::of(a)?;
    let mut profile = Profile::of_entries(entries.view())?;
    // The spectral norm alone has a cheaper certificate.
    let needs_values = |q: &Question| q.needs_singular_values() && *q != Question::Norm(Norm::spectral());
    if questions.iter().any(needs_values) {
        let values = refined_values(entries.view(), profile.entries(), Effort::LARGE)?;
        profile = profile.with(values.stored_with(a.epsilon()));
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
    /// [`SpectralCertificate::norm`] of this operator.
    ///
    /// # Errors
    ///
    /// As [`SpectralCertificate::norm`].
    pub fn spectral_certificate(&self, how: &SpectralCertificate) -> Result<(Enclosure, SpectralMethod)> {
        each!(self, a => how.norm(a))
    }

    /// [`singular_values_by`](crate::singular_values_by) of this operator.
    ///
    /// # Errors
    ///
    /// As [`singular_values_by`](crate::singular_values_by).
    pub fn singular_values_by(&self, guarantee: Guarantee) -> Result<SingularValues> {
        each!(self, a => self::singular_values_by(a, guarantee))
    }

    /// [`norm_by`](crate::norm_by) of this operator.
    ///
    /// # Errors
    ///
    /// As [`norm_by`](crate::norm_by).
    pub fn norm_by(&self, norm: Norm, guarantee: Guarantee) -> Result<Enclosure> {
        each!(self, a => self::norm_by(a, norm, guarantee))
    }

    /// [`measure_by`](crate::measure_by) of this operator.
    ///
    /// # Errors
    ///
    /// As [`measure_by`](crate::measure_by).
    pub fn measure_by(&self, questions: &[Question], guarantee: Guarantee) -> Result<Vec<Enclosure>> {
        each!(self, a => self::measure_by(a, questions, guarantee))
    }
}
