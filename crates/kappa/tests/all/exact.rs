//! Exact arithmetic for the tests: matrices of doubles as integers times one power of two.

use std::cmp::Ordering;

use kappa::{Enclosure, Matrix};
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

/// x·2^shift as an integer; panics when it is not an integer.
pub(crate) fn whole(x: f64, shift: i32) -> BigInt {
    let (mantissa, exponent) = split(x);
    let e = exponent + shift;
    assert!(mantissa == 0 || e >= 0, "{x:e} times 2^{shift} is not whole");
    BigInt::from(mantissa) << e.max(0) as usize
}

/// The shift for which x·2^shift is an integer for every entry x.
pub(crate) fn shift_of(entries: &[f64]) -> i32 {
    entries.iter().filter(|x| **x != 0.0).map(|&x| -split(x).1).max().unwrap_or(0)
}

/// The rows of A·2^shift.
pub(crate) fn wholes(a: &Matrix<f64>, shift: i32) -> Vec<Vec<BigInt>> {
    (0..a.rows()).map(|i| (0..a.columns()).map(|j| whole(a[(i, j)], shift)).collect()).collect()
}

/// Bounds are tested at t(1 ∓ 2⁻⁸⁰) in place of t, so that a bound that equals a singular value gives no zero pivot.
const ROOM: usize = 80;

/// The Gram matrix of the shorter side, AᵀA·2^(2·shift) or AAᵀ·2^(2·shift).
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

    /// The number of singular values below t(1 − 2⁻⁸⁰) (`nudge` −1) or t(1 + 2⁻⁸⁰) (`nudge` 1), from the signs of the
    /// leading principal minors of AᵀA − t²I (Sylvester, Jacobi), by fraction-free elimination (Bareiss).
    pub(crate) fn below(&self, t: f64, nudge: i64) -> usize {
        // t² and the entries have the common denominator 2^(2·shift + 2·more).
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
        // Every nonzero value of these matrices is above the smallest double.
        let least = f64::from_bits(1);
        (lower <= 0.0 || not_below(lower, -1) > k)
            && (upper.is_infinite() || not_below(if upper > 0.0 { upper } else { least }, 1) <= k)
    }
}

/// The exact comparison of Σ xᵢ with a bound.
pub(crate) fn compare_sum(x: &[f64], bound: f64) -> Ordering {
    let mut all = x.to_vec();
    all.push(bound);
    let shift = shift_of(&all);
    let sum: BigInt = x.iter().map(|&x| whole(x, shift)).sum();
    sum.cmp(&whole(bound, shift))
}

/// The exact solution of a square system of doubles, with integers over one determinant:
/// xᵢ = numerators[i]/determinant·2^shift.
pub(crate) struct Solved {
    pub(crate) numerators: Vec<BigInt>,
    pub(crate) determinant: BigInt,
    pub(crate) shift: i32,
}

/// The exact solution by fraction-free elimination (Bareiss) and back substitution over the last pivot; `None` when the
/// matrix is singular.
pub(crate) fn solve(a: &Matrix<f64>, b: &[f64]) -> Option<Solved> {
    let (sa, sb) = (shift_of(a.as_slice()), shift_of(b));
    let right: Vec<BigInt> = b.iter().map(|&x| whole(x, sb)).collect();
    let mut solved = solve_whole(wholes(a, sa), right)?;
    // A·2^sa·x = b·2^sb was solved for x·2^(sb − sa).
    solved.shift = sa - sb;
    Some(solved)
}

pub(crate) fn solve_whole(mut m: Vec<Vec<BigInt>>, b: Vec<BigInt>) -> Option<Solved> {
    let n = m.len();
    m.iter_mut().zip(b).for_each(|(row, b)| row.push(b));
    let mut last = BigInt::from(1);
    for k in 0..n {
        let pivot = (k..n).find(|&i| m[i][k].sign() != Sign::NoSign)?;
        if pivot != k {
            m.swap(k, pivot);
            // The sign of a swapped row changes, so that the determinant does not.
            m[k].iter_mut().for_each(|x| *x = -std::mem::take(x));
        }
        let row = m[k].clone();
        for below in m.iter_mut().skip(k + 1) {
            let factor = below[k].clone();
            for j in k..=n {
                below[j] = (&below[j] * &row[k] - &factor * &row[j]) / &last;
            }
        }
        last = row[k].clone();
    }
    let determinant = last;
    let mut numerators = vec![BigInt::from(0); n];
    for i in (0..n).rev() {
        let rest: BigInt = (i + 1..n).map(|j| &m[i][j] * &numerators[j]).sum();
        numerators[i] = (&m[i][n] * &determinant - rest) / &m[i][i];
    }
    Some(Solved { numerators, determinant, shift: 0 })
}

impl Solved {
    /// xᵢ.
    pub(crate) fn entry(&self, i: usize) -> Ratio {
        Ratio::new(self.numerators[i].clone(), self.determinant.clone(), self.shift)
    }

    /// Whether lower ≤ xᵢ ≤ upper.
    pub(crate) fn holds(&self, i: usize, lower: f64, upper: f64) -> bool {
        self.entry(i).is_within(lower, upper)
    }
}

/// p/q·2^shift for q > 0.
#[derive(Clone, Debug)]
pub(crate) struct Ratio {
    p: BigInt,
    q: BigInt,
    shift: i32,
}

impl Ratio {
    /// p/q·2^shift for q ≠ 0.
    pub(crate) fn new(p: BigInt, q: BigInt, shift: i32) -> Self {
        if q.sign() == Sign::Minus { Self { p: -p, q: -q, shift } } else { Self { p, q, shift } }
    }

    /// The order of m·2^e and this number.
    pub(crate) fn compare(&self, m: f64, e: i32) -> Ordering {
        if m.is_infinite() {
            return m.total_cmp(&0.0);
        }
        let (mantissa, exponent) = split(m);
        let shift = exponent + e - self.shift;
        let left = (BigInt::from(mantissa) * &self.q) << shift.max(0) as usize;
        left.cmp(&(&self.p << (-shift).max(0) as usize))
    }

    /// Whether lower ≤ this number ≤ upper.
    pub(crate) fn is_within(&self, lower: f64, upper: f64) -> bool {
        self.compare(lower, 0).is_le() && self.compare(upper, 0).is_ge()
    }

    pub(crate) fn is_in(&self, x: &Enclosure) -> bool {
        self.is_within(x.lower(), x.upper())
    }

    /// Whether the enclosure contains the square root of this number, which is not negative.
    pub(crate) fn root_is_in(&self, x: &Enclosure) -> bool {
        let compare = |t: f64| {
            if t < 0.0 || t.is_infinite() {
                return t.total_cmp(&0.0);
            }
            let (mantissa, exponent) = split(t);
            let shift = 2 * exponent - self.shift;
            let left = (BigInt::from(mantissa) * mantissa * &self.q) << shift.max(0) as usize;
            left.cmp(&(&self.p << (-shift).max(0) as usize))
        };
        compare(x.lower()).is_le() && compare(x.upper()).is_ge()
    }
}
