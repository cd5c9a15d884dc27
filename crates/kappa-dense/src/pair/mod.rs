//! Double-double arithmetic: numbers of 106 bits as unevaluated sums of two doubles, and matrices of them.
//!
//! Sums are the accurate ones (Joldeş, Muller, Popescu, TOMS 44 (2017), article 15): relative errors of a few 2⁻¹⁰⁶,
//! also under cancellation. Products are split by Dekker's method, because a fused multiply-add is a slow call on
//! baseline x86-64.

mod jacobi;
mod matrix;

use std::ops::{Add, Div, Mul, Neg, Sub};

pub(crate) use jacobi::pair_singular_values;
pub use matrix::{PAIR_UNIT, PairMatrix};

/// A number of about 106 bits: the unevaluated sum of two doubles, the second at most half a unit in the last place of
/// the first.
///
/// Relative errors where nothing overflows or falls below 2⁻⁹⁶⁹, u = 2⁻⁵³: sums at most 3u²/(1 − 4u), products 5u²
/// (Joldeş, Muller, Popescu, theorems 3.1 and 5.3). Errors of quotients and roots are as small, which is not proved
/// here.
///
/// # Examples
///
/// ```
/// # use kappa_dense::pair::Pair;
/// let third = Pair::from(1.0) / Pair::from(3.0);
/// assert!((third * Pair::from(3.0) - Pair::from(1.0)).high.abs() < 1e-31);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pair {
    /// The sum rounded to a double.
    pub high: f64,
    /// The remainder: the number minus `high`.
    pub low: f64,
}

/// a + b = s + e exactly, for all finite a and b whose sum does not overflow (Knuth).
pub fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let s = a + b;
    let t = s - a;
    (s, (a - (s - t)) + (b - t))
}

/// As [`two_sum`], for |a| ≥ |b| (Dekker).
pub fn fast_two_sum(a: f64, b: f64) -> Pair {
    let high = a + b;
    Pair { high, low: b - (high - a) }
}

/// a·b = p + e exactly, where |a|, |b| and |a·b| lie below 2⁹⁹⁶ and the product is 0 or above 2⁻⁹⁶⁹ (Dekker, Veltkamp).
///
/// Below that, e is off by a few times 2⁻¹⁰⁷⁴.
pub fn two_product(a: f64, b: f64) -> (f64, f64) {
    let split = |x: f64| {
        let t = x * 134_217_729.0;
        let high = t - (t - x);
        (high, x - high)
    };
    let p = a * b;
    let ((a1, a2), (b1, b2)) = (split(a), split(b));
    (p, ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2)
}

impl From<f64> for Pair {
    fn from(high: f64) -> Self {
        Self { high, low: 0.0 }
    }
}

impl Add for Pair {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let (s, e) = two_sum(self.high, other.high);
        let (t, f) = two_sum(self.low, other.low);
        let v = fast_two_sum(s, e + t);
        fast_two_sum(v.high, f + v.low)
    }
}

impl Neg for Pair {
    type Output = Self;
    fn neg(self) -> Self {
        Self { high: -self.high, low: -self.low }
    }
}

impl Sub for Pair {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Pair {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let (p, e) = two_product(self.high, other.high);
        fast_two_sum(p, e + (self.high * other.low + self.low * other.high))
    }
}

impl Div for Pair {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let first = Self::from(self.high / other.high);
        let rest = self - first * other;
        let second = Self::from(rest.high / other.high);
        let rest = rest - second * other;
        first + second + Self::from(rest.high / other.high)
    }
}

impl Pair {
    /// The square root; 0 for numbers that are not positive.
    pub fn sqrt(self) -> Self {
        if self.high <= 0.0 {
            return Self::default();
        }
        // One Newton step from the rounded root: x + (a − x²)/(2x).
        let x = Self::from(self.high.sqrt());
        x + (self - x * x) / (x + x)
    }

    /// The modulus.
    pub fn abs(self) -> Self {
        if self.high < 0.0 { -self } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_keeps_106_bits() {
        let third = Pair::from(1.0) / Pair::from(3.0);
        let back = third + third + third - Pair::from(1.0);
        assert!(back.high.abs() < 1e-31);
        let root = Pair::from(2.0).sqrt();
        assert!((root * root - Pair::from(2.0)).high.abs() < 1e-31);
        let (p, e) = two_product(1.0 + f64::EPSILON, 1.0 - f64::EPSILON);
        assert_eq!((p, e), (1.0, -f64::EPSILON * f64::EPSILON));
    }
}
