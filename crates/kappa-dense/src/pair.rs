//! Numbers of 106 bits as unevaluated sums of two doubles, and the singular values of a small matrix in them.
//!
//! Sums are the accurate ones (Joldeş, Muller, Popescu, TOMS 44 (2017), article 15): relative errors of a few 2⁻¹⁰⁶, also
//! under cancellation. Products are split by Dekker's method, because a fused multiply-add is a slow call on plain x86-64.

use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::{Matrix, Scalar};

/// A number of about 106 bits: the unevaluated sum of two doubles, the second at most half a unit in the last place of
/// the first.
///
/// Relative errors where nothing overflows or falls below 2⁻⁹⁶⁹, u = 2⁻⁵³: sums at most 3u²/(1 − 4u), products 5u²
/// (Joldeş, Muller, Popescu, theorems 3.1 and 5.3). Quotients and roots are as good, without a proof here.
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
    /// What is left.
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
    /// The square root; 0 for what is not positive.
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

/// Squared norm of a column that counts as zero.
const ZERO: f64 = 1e-250;
/// Cosine that cannot be told from zero, for each row.
const COSINE: f64 = 2.5e-32;
const SWEEPS: usize = 100;

/// All singular values of a small matrix with entries of at most 1, largest first, each rounded once to double.
///
/// One-sided Jacobi rotations in 106 bits: absolute errors of about 1e-30·σ₁ before that rounding. About 600·m·n² flops
/// a sweep. `None` when the columns are not orthogonal after 100 sweeps.
pub(crate) fn pair_singular_values<T: Scalar>(a: &Matrix<T>) -> Option<Vec<f64>> {
    let mut columns = real_columns(a);
    let mut converged = false;
    for _ in 0..SWEEPS {
        converged = !sweep(&mut columns);
        if converged {
            break;
        }
    }
    let mut values: Vec<f64> = columns.iter().map(|x| inner(x, x).sqrt().high).collect();
    values.sort_by(|x, y| y.total_cmp(x));
    // The real form of a complex matrix has each singular value twice.
    let step = if T::IS_COMPLEX { 2 } else { 1 };
    converged.then(|| values.into_iter().step_by(step).collect())
}

/// The columns of A, or of [[Re A, −Im A], [Im A, Re A]], on the side with fewer of them.
fn real_columns<T: Scalar>(a: &Matrix<T>) -> Vec<Vec<Pair>> {
    let (m, n) = (a.rows(), a.columns());
    let (rows, columns) = if T::IS_COMPLEX { (2 * m, 2 * n) } else { (m, n) };
    let entry = |i: usize, j: usize| {
        let x = a[(i % m, j % n)];
        let part = match (i >= m, j >= n) {
            (true, false) => x.im(),
            (false, true) => -x.im(),
            _ => x.re(),
        };
        Pair::from(part)
    };
    if rows >= columns {
        (0..columns).map(|j| (0..rows).map(|i| entry(i, j)).collect()).collect()
    } else {
        (0..rows).map(|i| (0..columns).map(|j| entry(i, j)).collect()).collect()
    }
}

/// One pass over all pairs of columns; whether any were still not orthogonal.
fn sweep(columns: &mut [Vec<Pair>]) -> bool {
    let mut rotated = false;
    for q in 1..columns.len() {
        let (left, right) = columns.split_at_mut(q);
        for p in left {
            rotated |= orthogonalise(p, &mut right[0]);
        }
    }
    rotated
}

fn inner(x: &[Pair], y: &[Pair]) -> Pair {
    x.iter().zip(y).fold(Pair::default(), |sum, (&x, &y)| sum + x * y)
}

/// The rotation that makes two columns orthogonal; whether one was needed.
fn orthogonalise(x: &mut [Pair], y: &mut [Pair]) -> bool {
    let (alpha, beta, gamma) = (inner(x, x), inner(y, y), inner(x, y));
    let least = alpha.high.min(beta.high);
    let cosine = COSINE * x.len().max(8) as f64;
    if least < ZERO || gamma.high.abs() <= cosine * alpha.high.sqrt() * beta.high.sqrt() {
        return false;
    }
    let one = Pair::from(1.0);
    let zeta = (beta - alpha) / (gamma + gamma);
    let root = (one + zeta * zeta).sqrt();
    let t = one / (zeta.abs() + root);
    let t = if zeta.high < 0.0 { -t } else { t };
    let c = one / (one + t * t).sqrt();
    let s = c * t;
    for (x, y) in x.iter_mut().zip(y) {
        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::c64;

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

    #[test]
    fn a_singular_matrix_is_seen_to_be_singular() {
        let a = Matrix::from_fn(3, 3, |i, j| (3 * i + j + 1) as f64 / 16.0);
        let values = pair_singular_values(&a).unwrap();
        assert!(values[2] < 1e-30, "{values:?}");
        let z = Matrix::from_fn(2, 3, |i, j| c64::new((i + j) as f64 / 8.0, i as f64 / 8.0));
        let real = Matrix::from_fn(4, 6, |i, j| match (i < 2, j < 3) {
            (true, true) | (false, false) => z[(i % 2, j % 3)].re,
            (true, false) => -z[(i % 2, j % 3)].im,
            (false, true) => z[(i % 2, j % 3)].im,
        });
        let (complex, doubled) = (pair_singular_values(&z).unwrap(), pair_singular_values(&real).unwrap());
        assert!((complex[0] - doubled[0]).abs() < 1e-16 && (complex[1] - doubled[2]).abs() < 1e-16);
    }
}
