//! Powers and roots with proved bounds: exp and ln in double-double, because `powf` has no specified accuracy.
//!
//! All errors below are relative unless said otherwise. An operation on pairs is within 16u² = 2⁻¹⁰² (see
//! [`Pair`](super::Pair); a quotient by two corrections is within 12u²).

use super::Pair;
use crate::enclosure::directed::{SMALLEST, add_down, add_up, mul_up, times_power};
use crate::{Enclosure, Evidence};

/// ln 2 to 2⁻¹⁰⁷.
const LN_2: Pair = Pair { high: std::f64::consts::LN_2, low: 2.319_046_813_846_299_6e-17 };

/// An exponent numerator/denominator of a power of x ≥ 0. Both are pairs, so that conjugate exponents and roots are
/// those of the exact number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Exponent {
    numerator: Pair,
    denominator: Pair,
}

impl Exponent {
    /// p itself.
    pub(crate) fn of(p: f64) -> Self {
        Self { numerator: Pair::from(p), denominator: Pair::from(1.0) }
    }

    /// 1/p.
    pub(crate) fn inverse_of(p: f64) -> Self {
        Self { numerator: Pair::from(brought_down(p)), denominator: Pair::from(p * brought_down(p)) }
    }

    /// q = p/(p − 1), exactly conjugate to p > 1.
    pub(crate) fn conjugate_to(p: f64) -> Self {
        let (high, low) = super::two_sum(p, -1.0);
        let factor = brought_down(p);
        Self { numerator: Pair::from(p * factor), denominator: Pair { high: high * factor, low: low * factor } }
    }

    /// p − 1 for p > 1.
    pub(crate) fn one_less(p: f64) -> Self {
        let (high, low) = super::two_sum(p, -1.0);
        Self { numerator: Pair { high, low }, denominator: Pair::from(1.0) }
    }

    /// p·q/(p − q) for p > q, both finite, or q for p = ∞: the r with 1/r = 1/q − 1/p.
    pub(crate) fn harmonic(p: f64, q: f64) -> Self {
        if p == f64::INFINITY {
            return Self::of(q);
        }
        let (high, low) = super::two_sum(p, -q);
        let scaled = |x: f64| x * brought_down(p) * brought_down(q);
        Self {
            numerator: Pair::from(p * brought_down(p)) * Pair::from(q * brought_down(q)),
            denominator: Pair { high: scaled(high), low: scaled(low) },
        }
    }

    /// This exponent times 1/p.
    pub(crate) fn over(self, p: f64) -> Self {
        Self { denominator: self.denominator * Pair::from(p), ..self }
    }

    /// The inverse of this exponent.
    pub(crate) fn inverse(self) -> Self {
        Self { numerator: self.denominator, denominator: self.numerator }
    }

    /// Lower and upper bound of x to this (positive) exponent, about two units in the last place apart.
    pub(crate) fn of_base(&self, x: f64) -> (f64, f64) {
        if x == 0.0 || x == 1.0 || x == f64::INFINITY {
            return (x, x);
        }
        if self.numerator == self.denominator {
            return (x, x);
        }
        // ln is within 2⁻⁹³ and two more operations follow.
        let t = logarithm(x) * self.numerator / self.denominator;
        if t.high.is_nan() || t.low.is_nan() {
            // The exponent overflows a pair: the trivial bounds hold.
            return (0.0, f64::INFINITY);
        }
        exponential(t, mul_up(t.high.abs(), 2f64.powi(-90)))
    }
}

/// The power of two that scales a huge exponent down, so that products of pairs, which split each factor into halves,
/// do not overflow.
fn brought_down(p: f64) -> f64 {
    if p > 2f64.powi(400) { 2f64.powi(-540) } else { 1.0 }
}

/// ln x for a positive number, with relative error at most 2⁻⁹³.
fn logarithm(x: f64) -> Pair {
    // x = m·2ᵉ with m in [√½, √2): for e ≠ 0, |e·ln 2 + ln m| is at least a third of |e·ln 2| + |ln m|.
    let (mut m, mut e) = (x, 0);
    if m < f64::MIN_POSITIVE {
        m *= 2f64.powi(60);
        e -= 60;
    }
    let biased = ((m.to_bits() >> 52) & 0x7ff) as i32;
    e += biased - 1023;
    m = f64::from_bits((m.to_bits() & !(0x7ff << 52)) | (1023 << 52));
    if m >= std::f64::consts::SQRT_2 {
        m *= 0.5;
        e += 1;
    }
    // ln m = 2·artanh s, s = (m − 1)/(m + 1), |s| ≤ 0.1716. m − 1 is exact; m + 1 is a pair exactly.
    let (sum, rest) = super::two_sum(m, 1.0);
    let s = Pair::from(m - 1.0) / Pair { high: sum, low: rest };
    let square = s * s;
    // Σ s²ᵏ/(2k + 1) to k = 23, the rest below 0.0295²⁴/49 < 2⁻¹²⁷. Positive terms: at most 3 errors for each step.
    let mut series = Pair::default();
    for k in (0..24).rev() {
        series = series * square + Pair::from(1.0) / Pair::from(f64::from(2 * k + 1));
    }
    let ln_m = s * series * Pair::from(2.0);
    if e == 0 { ln_m } else { Pair::from(f64::from(e)) * LN_2 + ln_m }
}

/// Lower and upper bound of eˢ over all s within `radius` of t.
fn exponential(t: Pair, radius: f64) -> (f64, f64) {
    if t.high > 709.9 {
        return (f64::MAX, f64::INFINITY);
    }
    if t.high < -746.0 {
        return (0.0, SMALLEST);
    }
    let k = (t.high / LN_2.high).round();
    // |r| ≤ 0.35; k·ln 2 is wrong by at most 746·2⁻¹⁰².
    let r = t - Pair::from(k) * LN_2;
    // 1 + r(1 + r/2(1 + r/3(…))) to r²⁶, the rest below 0.35²⁷/27! < 2⁻¹³⁰; every value lies in [½, 3/2].
    let mut p = Pair::from(1.0);
    for j in (1..27).rev() {
        p = Pair::from(1.0) + r * p / Pair::from(f64::from(j));
    }
    // Together: radius, 2⁻⁹² of the reduction, 2⁻⁹⁸ of the series; e^δ ≤ 1 + 2δ for small δ.
    let relative = add_up(mul_up(2.0, radius), 2f64.powi(-90));
    let slack = mul_up(p.high, relative);
    let (low, high) = (add_down(p.high, add_down(p.low, -slack)), add_up(p.high, add_up(p.low, slack)));
    (times_power(low, k as i32).0, times_power(high, k as i32).1)
}

/// The power xᵖ for x ≥ 0 and p > 0.
///
/// Every rounding error is counted. The ends are about two units in the last place apart. NaN or negative arguments
/// give an enclosure with both ends infinite.
///
/// # Examples
///
/// ```
/// # use kappa::arithmetic::power;
/// let e = power(2.0, 0.5);
/// assert!(e.contains(2f64.sqrt()) && e.width() < 1e-15);
/// ```
pub fn power(x: f64, p: f64) -> Enclosure {
    enclosed(x, p, Exponent::of(p))
}

/// The root x^(1/p) for x ≥ 0 and p > 0, for the exact quotient 1/p.
///
/// Guarantee and exceptional arguments: as [`power`].
///
/// # Examples
///
/// ```
/// # use kappa::arithmetic::root;
/// assert!(root(27.0, 3.0).contains(3.0));
/// ```
pub fn root(x: f64, p: f64) -> Enclosure {
    enclosed(x, p, Exponent::inverse_of(p))
}

fn enclosed(x: f64, p: f64, exponent: Exponent) -> Enclosure {
    let is_meant = x >= 0.0 && p > 0.0 && p.is_finite();
    if !is_meant {
        return Enclosure::new(f64::NEG_INFINITY, f64::NAN, f64::INFINITY, Evidence::Rounding);
    }
    let (lower, upper) = exponent.of_base(x);
    Enclosure::new(lower, 0.5 * (lower.min(f64::MAX) + upper), upper, super::environment::evidence(false))
}

/// Lower and upper bound of ln x for x > 0.
pub(crate) fn logarithm_ends(x: f64) -> (f64, f64) {
    if x == 1.0 {
        return (0.0, 0.0);
    }
    let ln = logarithm(x);
    let slack = mul_up(ln.high.abs(), 2f64.powi(-90));
    (add_down(ln.high, add_down(ln.low, -slack)), add_up(ln.high, add_up(ln.low, slack)))
}

/// Lower and upper bound of eˣ for any finite x.
pub(crate) fn exponential_ends(x: f64) -> (f64, f64) {
    if x == 0.0 { (1.0, 1.0) } else { exponential(Pair::from(x), 0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_that_are_known_lie_inside_and_the_ends_are_close() {
        for (x, p, expected) in [(3.0, 4.0, 81.0), (0.5, 10.0, 2f64.powi(-10)), (1e-3, 2.0, 1e-6), (7.0, 1.0, 7.0)] {
            let found = power(x, p);
            let slack = 4.0 * f64::EPSILON * expected;
            assert!(found.lower() <= expected + slack && expected - slack <= found.upper(), "{x}^{p}: {found:?}");
            assert!(found.width() <= 8.0 * f64::EPSILON * expected, "{x}^{p}: {found:?}");
        }
        assert!(power(3.0, 4.0).contains(81.0) && root(81.0, 4.0).contains(3.0));
        assert_eq!(power(0.0, 3.0), Enclosure::exact(0.0));
        assert_eq!(power(1e-200, 3.0).upper(), 5e-324);
        assert_eq!(power(1e200, 3.0).upper(), f64::INFINITY);
        assert!(power(-1.0, 2.0).upper() == f64::INFINITY);
    }

    #[test]
    fn the_constants_are_right() {
        // ln 2 by another series: Σ 1/(k·2ᵏ).
        let mut sum = Pair::default();
        for k in (1..120).rev() {
            sum = sum + Pair::from(2f64.powi(-k)) / Pair::from(f64::from(k));
        }
        let difference = sum - LN_2;
        assert!(difference.high.abs() < 2f64.powi(-103), "{difference:?}");
        // e by its own series.
        let (mut e, mut term) = (Pair::from(1.0), Pair::from(1.0));
        for k in 1..40 {
            term = term / Pair::from(f64::from(k));
            e = e + term;
        }
        let (low, high) = exponential_ends(1.0);
        assert!(low <= e.high && e.high <= high && high - low <= 4.0 * f64::EPSILON);
        let back = logarithm(e.high);
        let correction = e.low / e.high;
        assert!(((back.high - 1.0) + back.low + correction).abs() < 2f64.powi(-95));
    }

    #[test]
    fn exponential_and_logarithm_undo_each_other_over_the_whole_range() {
        for k in -1070..1020 {
            let x = 2f64.powi(k.max(-1022)) * 2f64.powi((k + 1022).min(0)) * 1.37;
            let (low, high) = exponential(logarithm(x), 0.0);
            assert!(low <= x && x <= high, "2^{k}: {low:e} {x:e} {high:e}");
            assert!(high - low <= 8.0 * f64::EPSILON * x + 1e-323, "2^{k}");
        }
    }
}
