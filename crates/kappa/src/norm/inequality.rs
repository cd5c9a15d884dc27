//! Inequalities of inner products, evaluated: both sides, and the slack between them.

use kappa_dense::pair::two_sum;
use kappa_dense::{Matrix, Scalar};

use super::vector_norm::fits;
use super::{VectorNorm, modulus};
use crate::arithmetic::dot;
use crate::enclosure::directed::{add_down, add_up, mul_up, norm_down, norm_up, sqrt_up};
use crate::error::{Error, Result};
use crate::{Enclosure, Evidence};

/// The two sides of an inequality and the slack between them, enclosed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inequality {
    /// The smaller side.
    pub left: Enclosure,
    /// The larger side.
    pub right: Enclosure,
    /// right − left; it contains 0 when the inequality may be an equality.
    pub slack: Enclosure,
}

impl Inequality {
    fn between(left: Enclosure, right: Enclosure) -> Self {
        let slack = Enclosure::new(
            add_down(right.lower(), -left.upper()),
            right.estimate() - left.estimate(),
            add_up(right.upper(), -left.lower()),
            left.evidence().and(right.evidence()),
        );
        Self { left, right, slack }
    }

    /// Whether the two sides may be equal.
    pub fn may_be_equality(&self) -> bool {
        self.slack.lower() <= 0.0
    }
}

/// An inner product ⟨x, y⟩ = Σ x̄ᵢyᵢ, enclosed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InnerProduct {
    /// The real part: the inner product of real vectors, with its sign.
    pub re: Enclosure,
    /// The imaginary part; exactly 0 for real vectors.
    pub im: Enclosure,
}

impl InnerProduct {
    /// |⟨x, y⟩|.
    pub fn modulus(&self) -> Enclosure {
        let ends = |e: Enclosure| (e.lower().max(-e.upper()).max(0.0), e.upper().max(-e.lower()));
        let ((a, b), (c, d)) = (ends(self.re), ends(self.im));
        if (c, d) == (0.0, 0.0) {
            return Enclosure::new(a, self.re.estimate().abs(), b, Evidence::Rounding);
        }
        let middle = self.re.estimate().hypot(self.im.estimate());
        Enclosure::new(norm_down(&[a, c]), middle, norm_up(&[b, d]), Evidence::Rounding)
    }
}

/// The inner product ⟨x, y⟩ = Σ x̄ᵢyᵢ of two vectors of one length.
///
/// Every rounding error is counted. Costs O(n).
///
/// # Errors
///
/// When the lengths differ or an entry is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::norm::inner_product;
/// let found = inner_product(&[1.0, 2.0], &[3.0, -4.0])?;
/// assert!(found.re.contains(-5.0) && found.modulus().contains(5.0));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn inner_product<T: Scalar>(x: &[T], y: &[T]) -> Result<InnerProduct> {
    let re = dot(x, y)?.value;
    if !T::IS_COMPLEX {
        return Ok(InnerProduct { re, im: Enclosure::exact(0.0) });
    }
    let turned: Vec<T> = y.iter().map(|y| T::from_parts(y.im(), -y.re())).collect();
    Ok(InnerProduct { re, im: dot(x, &turned)?.value })
}

/// Hölder's inequality |⟨x, y⟩| ≤ ‖x‖·‖y‖* for a norm and its dual norm; for p = 2 it is the Cauchy–Schwarz inequality.
///
/// Every rounding error of both sides is counted.
///
/// # Errors
///
/// When the lengths differ or an entry is not finite; when `norm` is a quasi-norm, which has no dual norm.
///
/// # Examples
///
/// ```
/// use kappa::norm::holder;
/// use kappa::VectorNorm;
/// let h = holder(&[1.0, 2.0], &[2.0, 4.0], &VectorNorm::p(2.0)?)?;
/// assert!(h.may_be_equality() && h.left.contains(10.0));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn holder<T: Scalar>(x: &[T], y: &[T], norm: &VectorNorm) -> Result<Inequality> {
    Ok(Inequality::between(inner_product(x, y)?.modulus(), norm.of(x)?.times(norm.dual()?.of(y)?)))
}

/// Bessel's inequality Σ|⟨eₖ, x⟩|² ≤ (1 + δ)‖x‖² for the columns eₖ of E, where δ bounds ‖EᴴE − I‖_F.
///
/// δ = 0 for orthonormal columns. Every rounding error is counted. For k columns of length m, it costs O(mk²).
///
/// # Errors
///
/// When the lengths differ, when an entry is not finite, and when δ ≥ ½: the columns are not nearly orthonormal.
///
/// # Examples
///
/// ```
/// # use kappa::norm::bessel;
/// # use kappa::Matrix;
/// let e = Matrix::from_row_major(2, 1, vec![1.0, 0.0])?;
/// let b = bessel(&[3.0, 4.0], &e)?;
/// assert!(b.left.contains(9.0) && b.right.contains(25.0));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn bessel<T: Scalar>(x: &[T], e: &Matrix<T>) -> Result<Inequality> {
    fits(x.len(), e.rows())?;
    Error::check_vector(x)?;
    let wide = e.as_ref().to_wide();
    let mut defect = 0.0;
    let mut left = Enclosure::exact(0.0);
    for j in 0..e.columns() {
        for i in 0..=j {
            let inner = inner_product(wide.column(i), wide.column(j))?.modulus();
            let off = if i == j { add_up(inner.upper(), -1.0).max(add_up(1.0, -inner.lower())) } else { inner.upper() };
            defect = add_up(defect, mul_up(if i == j { 1.0 } else { 2.0 }, mul_up(off, off)));
        }
        let along = inner_product(e.column(j), x)?.modulus();
        left = left.plus(along.times(along));
    }
    let defect = sqrt_up(defect);
    if defect >= 0.5 {
        return Err(Error::unsupported(format!("the columns are not orthonormal: EᴴE differs from I by {defect:.1e}"))
            .with_hint("use U or V of a singular value decomposition"));
    }
    let size = VectorNorm::p(2.0)?.of(x)?;
    let room = Enclosure::new(1.0, 1.0, add_up(1.0, defect), Evidence::Rounding);
    Ok(Inequality::between(left, size.times(size).times(room)))
}

/// The parallelogram law ‖x + y‖² + ‖x − y‖² = 2‖x‖² + 2‖y‖²: both sides in the given norm, and their difference.
///
/// The law holds for all x and y if and only if the norm comes from an inner product; in another norm the slack can
/// have either sign. Every rounding error is counted.
///
/// # Errors
///
/// When the lengths differ or do not fit the norm; when an entry is not finite, or so large that x ± y may overflow;
/// when `norm` is a quasi-norm.
///
/// # Examples
///
/// ```
/// use kappa::norm::parallelogram;
/// use kappa::VectorNorm;
/// let (x, y) = ([1.0, 0.0], [0.0, 1.0]);
/// assert!(parallelogram(&x, &y, &VectorNorm::p(2.0)?)?.may_be_equality());
/// // In the 1-norm: 4 + 4 against 2 + 2.
/// assert!(parallelogram(&x, &y, &VectorNorm::p(1.0)?)?.slack.contains(-4.0));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn parallelogram<T: Scalar>(x: &[T], y: &[T], norm: &VectorNorm) -> Result<Inequality> {
    fits(y.len(), x.len())?;
    Error::check_vector(x)?;
    Error::check_vector(y)?;
    if x.iter().chain(y).any(|&x| modulus(x) > 1e300) {
        return Err(Error::limit("the sum or difference of the vectors may overflow double precision")
            .with_hint("scale both vectors by the same number"));
    }
    if !norm.is_norm() {
        return Err(Error::unsupported("the parallelogram law needs a norm; a p-norm with p < 1 is not one")
            .with_hint("use p ≥ 1"));
    }
    let square = |e: Enclosure| e.times(e);
    // x ± y = s + r exactly, with the rounded sum s and the rounding error r: |‖x ± y‖ − ‖s‖| ≤ ‖r‖.
    let of = |sign: f64| -> Result<Enclosure> {
        let add = |(x, y): (&T, &T)| {
            let ((re, re_lost), (im, im_lost)) = (two_sum(x.re(), sign * y.re()), two_sum(x.im(), sign * y.im()));
            (T::Wide::from_parts(re, im), T::Wide::from_parts(re_lost, im_lost))
        };
        let (sum, lost): (Vec<T::Wide>, Vec<T::Wide>) = x.iter().zip(y).map(add).unzip();
        let (size, radius) = (norm.of(&sum)?, norm.of(&lost)?.upper());
        Ok(Enclosure::new(
            add_down(size.lower(), -radius).max(0.0),
            size.estimate(),
            add_up(size.upper(), radius),
            Evidence::Rounding,
        ))
    };
    let left = square(of(1.0)?).plus(square(of(-1.0)?));
    let right = square(norm.of(x)?).plus(square(norm.of(y)?)).times_exactly(2.0);
    Ok(Inequality::between(left, right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bessel_needs_orthonormal_columns() {
        let e = Matrix::from_fn(3, 2, |i, j| f64::from(i == j));
        let b = bessel(&[1.0, 2.0, 2.0], &e).unwrap();
        assert!(b.left.contains(5.0) && b.right.contains(9.0) && b.slack.contains(4.0) && !b.may_be_equality());
        assert!(bessel(&[1.0, 2.0, 2.0], &Matrix::from_fn(3, 2, |_, _| 1.0)).unwrap_err().is_unsupported());
    }
}
