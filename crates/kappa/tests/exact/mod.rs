//! Exact arithmetic for the tests: matrices of doubles as whole numbers times one power of two.
#![allow(dead_code, reason = "each test takes what it needs")]

use kappa::Matrix;
use num_bigint::{BigInt, Sign};

/// x = mantissa·2^exponent, exactly.
pub(crate) fn split(x: f64) -> (i64, i32) {
    if x == 0.0 {
        return (0, 0);
    }
    let bits = x.to_bits();
    let biased = ((bits >> 52) & 0x7ff) as i32;
    let fraction = (bits & ((1 << 52) - 1)) as i64;
    let (mantissa, exponent) = if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) };
    (if x < 0.0 { -mantissa } else { mantissa }, exponent)
}

/// x·2^shift as a whole number; panics when it is none.
pub(crate) fn whole(x: f64, shift: i32) -> BigInt {
    let (mantissa, exponent) = split(x);
    let e = exponent + shift;
    assert!(mantissa == 0 || e >= 0, "{x:e} times 2^{shift} is not whole");
    BigInt::from(mantissa) << e.max(0) as usize
}

/// The shift that makes every entry whole.
pub(crate) fn shift_of(entries: &[f64]) -> i32 {
    entries.iter().filter(|x| **x != 0.0).map(|&x| -split(x).1).max().unwrap_or(0)
}

/// A·2^shift, row after row.
pub(crate) fn wholes(a: &Matrix<f64>, shift: i32) -> Vec<Vec<BigInt>> {
    (0..a.rows()).map(|i| (0..a.columns()).map(|j| whole(a[(i, j)], shift)).collect()).collect()
}

/// Room beside a bound, in bits: the bound is tested at t(1 ∓ 2⁻⁸⁰), so that a value that is hit exactly is no zero pivot.
const ROOM: usize = 80;

/// AᵀA·2^(2·shift) on the shorter side.
pub(crate) struct Gram {
    entries: Vec<Vec<BigInt>>,
    shift: i32,
}

impl Gram {
    pub(crate) fn of(a: &Matrix<f64>) -> Self {
        let shift = shift_of(a.as_slice());
        let rows = wholes(a, shift);
        let (m, n) = (a.rows(), a.columns());
        let at = |i: usize, k: usize| if m >= n { &rows[k][i] } else { &rows[i][k] };
        let (order, inner) = (m.min(n), m.max(n));
        let entry = |i, j| (0..inner).map(|k| at(i, k) * at(j, k)).sum();
        Self { entries: (0..order).map(|i| (0..order).map(|j| entry(i, j)).collect()).collect(), shift }
    }

    /// How many singular values lie below t(1 − 2⁻⁸⁰) (`nudge` −1) or t(1 + 2⁻⁸⁰) (`nudge` 1), by the signs of the leading
    /// principal minors of AᵀA − t²I (Sylvester, Jacobi), found without fractions (Bareiss).
    pub(crate) fn below(&self, t: f64, nudge: i64) -> usize {
        // t² and the entries over one denominator: 2^(2·shift + 2·more).
        let more = (shift_of(&[t]) - self.shift).max(0);
        let t = whole(t, self.shift + more);
        let square = ((&t * &t) << (2 * ROOM)) + (((&t * &t) << (ROOM + 1)) * nudge);
        let n = self.entries.len();
        let mut m: Vec<Vec<BigInt>> =
            self.entries.iter().map(|row| row.iter().map(|x| x << (2 * more as usize + 2 * ROOM)).collect()).collect();
        (0..n).for_each(|i| m[i][i] -= &square);
        let (mut changes, mut last) = (0, BigInt::from(1));
        for k in 0..n {
            let pivot = m[k][k].clone();
            assert!(pivot.sign() != Sign::NoSign, "a leading minor is zero: nudge the bound");
            changes += usize::from(pivot.sign() != last.sign());
            for i in k + 1..n {
                for j in k + 1..n {
                    m[i][j] = (&m[i][j] * &pivot - &m[i][k] * &m[k][j]) / &last;
                }
            }
            last = pivot;
        }
        changes
    }

    /// Whether lower ≤ σₖ ≤ upper, k counted from 0, largest first.
    pub(crate) fn holds(&self, k: usize, lower: f64, upper: f64) -> bool {
        let n = self.entries.len();
        let not_below = |t: f64, nudge| n - self.below(t, nudge);
        (lower <= 0.0 || not_below(lower, -1) > k) && (upper.is_infinite() || upper > 0.0 && not_below(upper, 1) <= k)
    }
}

/// Σ xᵢ of doubles against a bound: −1, 0, 1 as the sum is below, at or above it.
pub(crate) fn compare_sum(x: &[f64], bound: f64) -> std::cmp::Ordering {
    let mut all = x.to_vec();
    all.push(bound);
    let shift = shift_of(&all);
    let sum: BigInt = x.iter().map(|&x| whole(x, shift)).sum();
    sum.cmp(&whole(bound, shift))
}
