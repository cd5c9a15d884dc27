//! Compensated sums and inner products: the rounding errors are summed too (Ogita, Rump, Oishi, SISC 26 (2005)
//! 1955–1988).

use kappa_dense::Scalar;

use super::{two_product, two_sum};
use crate::enclosure::directed::{SMALLEST, add_down, add_up, gamma_up, mul_up, sum_up, times_power};
use crate::error::{Error, Result};
use crate::{Enclosure, Evidence};

/// A sum with its bounds, the result of plain addition, and the condition number of the sum.
///
/// # Examples
///
/// ```
/// use kappa::arithmetic::sum;
/// let s = sum(&[1e16, 1.0, 1.0, -1e16])?;
/// assert_eq!((s.value.lower(), s.value.upper(), s.naive), (2.0, 2.0, 0.0));
/// assert!(s.condition.contains(1e16 + 1.0) && s.digits_lost() > 15.0);
/// # Ok::<(), kappa::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summed {
    /// The sum, every rounding error counted.
    pub value: Enclosure,
    /// The result of adding from left to right in double precision.
    pub naive: f64,
    /// The condition number Σ|terms| / |Σ terms|, which amplifies relative errors of the terms. The upper end is ∞ when
    /// the sum may be 0.
    pub condition: Enclosure,
}

impl Summed {
    /// The number of decimal digits lost to cancellation: log₁₀ of the condition number.
    pub fn digits_lost(&self) -> f64 {
        self.condition.estimate().log10().max(0.0)
    }

    /// The number of correct decimal digits of the plain sum, from 0 to 17.
    pub fn naive_digits(&self) -> f64 {
        let error = (self.naive - self.value.estimate()).abs();
        if error == 0.0 {
            return 17.0;
        }
        (self.value.estimate().abs() / error).log10().clamp(0.0, 17.0)
    }
}

/// An error-free accumulator: `high` is the running sum, `middle` sums the errors of `high`, `low` sums the errors of
/// `middle`.
#[derive(Default)]
struct Accumulator {
    high: f64,
    middle: f64,
    low: f64,
    /// Σ of the moduli of what was added to `low`.
    corrections: f64,
    moduli: f64,
    steps: usize,
}

impl Accumulator {
    fn add(&mut self, x: f64) {
        let (high, lost) = two_sum(self.high, x);
        let (middle, lost) = two_sum(self.middle, lost);
        (self.high, self.middle) = (high, middle);
        self.low += lost;
        self.corrections += lost.abs();
        self.moduli += x.abs();
        self.steps += 1;
    }

    /// The enclosure of the exact sum high + middle + Σ corrections, where |`low` − Σ corrections| ≤ γₙ·Σ|corrections|.
    /// `lost` bounds the additional error of the terms by underflow.
    fn value(&self, lost: f64) -> Enclosure {
        let (sum, rest) = two_sum(self.high, self.middle);
        let radius = add_up(mul_up(gamma_up(self.steps + 2), sum_up(self.corrections, self.steps)), lost);
        if rest == 0.0 && self.corrections == 0.0 && lost == 0.0 {
            return Enclosure::new(sum, sum, sum, Evidence::Rounding);
        }
        let (below, above) = (add_down(self.low, -radius), add_up(self.low, radius));
        Enclosure::new(
            add_down(sum, add_down(rest, below)),
            sum + (rest + self.low),
            add_up(sum, add_up(rest, above)),
            Evidence::Rounding,
        )
    }

    fn summed(&self, e: i32, naive: f64, lost: f64) -> Summed {
        let value = self.value(lost);
        let moduli = sum_up(self.moduli, self.steps + 2);
        let size = Enclosure::new(
            value.lower().max(-value.upper()).max(0.0),
            value.estimate().abs(),
            value.upper().max(-value.lower()),
            Evidence::Rounding,
        );
        let below = (self.moduli * (1.0 - 2.0 * gamma_up(self.steps + 2))).max(0.0);
        let total = Enclosure::new(below, self.moduli, add_up(moduli, lost), Evidence::Rounding);
        let condition = if total.upper() == 0.0 { Enclosure::exact(1.0) } else { total.over(size) };
        let condition = Enclosure::new(
            condition.lower().max(1.0),
            condition.estimate().max(1.0),
            condition.upper(),
            Evidence::Rounding,
        );
        let evidence = super::environment::evidence(false);
        Summed { value: scaled(value, e).with_evidence(evidence), naive, condition: condition.with_evidence(evidence) }
    }
}

/// x·2ᵉ for x of either sign.
fn scaled(x: Enclosure, e: i32) -> Enclosure {
    let end = |end: f64, up: bool| {
        let (low, high) = times_power(end.abs(), e);
        if up == (end >= 0.0) { high.copysign(end) } else { low.copysign(end) }
    };
    Enclosure::new(end(x.lower(), false), end(x.estimate(), true), end(x.upper(), true), x.evidence())
}

/// The exponent e for which 2⁻ᵉ·max|xᵢ| is near 1, or 0 where |e| ≤ `limit` and sums or products stay in range.
fn safe_exponent(x: &[f64], limit: i32) -> i32 {
    let largest = x.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    let e = if largest == 0.0 { 0 } else { (largest.log2().floor() as i32).clamp(-1000, 1000) };
    if e.abs() <= limit { 0 } else { e }
}

/// The sum Σ xᵢ with every rounding error counted, the plain sum, and the condition number.
///
/// The relative width is about 2u + n³u³·Σ|xᵢ|/|Σxᵢ|, as if summed in three times the working precision. Costs O(n).
///
/// # Errors
///
/// When an entry is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::arithmetic::sum;
/// let s = sum(&[1e16, 1.0, -1e16])?;
/// assert_eq!((s.value.lower(), s.value.upper(), s.naive), (1.0, 1.0, 0.0));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn sum(x: &[f64]) -> Result<Summed> {
    Error::check_vector(x)?;
    let e = safe_exponent(x, 900).max(0);
    let factor = 2f64.powi(-e);
    let mut sum = Accumulator::default();
    x.iter().for_each(|&x| sum.add(x * factor));
    // Scaling down can round a number by up to half of 2⁻¹⁰⁷⁴.
    let lost = if e == 0 { 0.0 } else { mul_up(x.len() as f64, SMALLEST) };
    // Adding +0 makes an empty sum +0, not −0.
    Ok(sum.summed(e, x.iter().sum::<f64>() + 0.0, lost))
}

/// The inner product Σ xᵢyᵢ of real vectors, with the guarantee of [`sum`].
///
/// For complex vectors, it is the real part of ⟨x, y⟩ = Σ x̄ᵢyᵢ. Each product is split into its rounded value and its
/// rounding error, and both are summed. Costs O(n).
///
/// # Errors
///
/// When the lengths differ or an entry is not finite.
///
/// # Examples
///
/// ```
/// use kappa::arithmetic::dot;
/// let s = dot(&[1e10, 1.0, -1e10], &[1e10, 1.0, 1e10])?;
/// assert!(s.value.contains(1.0) && s.naive == 0.0);
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn dot<T: Scalar>(x: &[T], y: &[T]) -> Result<Summed> {
    if x.len() != y.len() {
        let (m, n) = (x.len(), y.len());
        return Err(Error::shape(format!("vectors of {m} and {n} entries have no inner product")));
    }
    let parts = |x: &[T]| -> Vec<f64> {
        let im = x.iter().filter(|_| T::IS_COMPLEX).map(|x| x.im());
        x.iter().map(|x| x.re()).chain(im).collect()
    };
    let (x, y) = (parts(x), parts(y));
    Error::check_vector(&x)?;
    Error::check_vector(&y)?;
    let (ex, ey) = (safe_exponent(&x, 200), safe_exponent(&y, 200));
    let (fx, fy) = (2f64.powi(-ex), 2f64.powi(-ey));
    let mut sum = Accumulator::default();
    let (mut naive, mut inexact) = (0.0, 0usize);
    let is_scaled = (ex, ey) != (0, 0);
    for (&x, &y) in x.iter().zip(&y) {
        let (p, error) = two_product(x * fx, y * fy);
        inexact += usize::from(x != 0.0 && y != 0.0 && (is_scaled || p.abs() < 2f64.powi(-960)));
        sum.add(p);
        sum.add(error);
        naive += x * y;
    }
    // A product below 2⁻⁹⁶⁹ splits with an error of at most 5·2⁻¹⁰⁷⁴. Scaling down loses at most 2⁻¹⁰⁷⁴ of each factor,
    // times the other factor, which is below 2²⁰¹.
    let each = mul_up(SMALLEST, if is_scaled { 2f64.powi(203) } else { 5.0 });
    Ok(sum.summed(ex + ey, naive, mul_up(inexact as f64, each)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_zero_and_single_sums_are_exact() {
        assert_eq!(sum(&[]).unwrap().value, Enclosure::exact(0.0));
        assert_eq!(sum(&[0.0, -0.0]).unwrap().condition, Enclosure::exact(1.0));
        assert_eq!(sum(&[-3.5]).unwrap().value, Enclosure::exact(-3.5));
        assert_eq!(dot::<f64>(&[], &[]).unwrap().value, Enclosure::exact(0.0));
        assert!(sum(&[1.0, f64::NAN]).unwrap_err().is_not_finite());
        assert!(dot(&[1.0], &[1.0, 2.0]).unwrap_err().is_shape());
    }

    #[test]
    fn both_ends_of_the_range_are_summed() {
        let s = sum(&[f64::MAX, f64::MAX, -f64::MAX, -f64::MAX, 1.0]).unwrap();
        assert!(s.value.contains(1.0), "{s:?}");
        let s = sum(&[5e-324; 7]).unwrap();
        assert!(s.value.contains(7.0 * 5e-324) && s.value.width() == 0.0);
        let d = dot(&[1e200, 1e-200], &[1e200, 1e-200]).unwrap();
        assert!(d.value.lower() >= 1e307 && d.value.upper() == f64::INFINITY, "{d:?}");
        let d = dot(&[3e-200], &[4e-200]).unwrap();
        assert!(d.value.lower() <= 1.2e-399 && d.value.upper() < 1e-320);
    }

    #[test]
    fn a_zero_sum_has_no_condition() {
        let s = sum(&[1.0, -1.0]).unwrap();
        assert_eq!((s.value.upper(), s.condition.upper()), (0.0, f64::INFINITY));
    }
}
