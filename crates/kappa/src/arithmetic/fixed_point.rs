//! Matrices of fixed-point numbers of any length: products without rounding, and an approximate inverse.

use kappa_dense::{MatrixRef, Scalar};
use num_bigint::{BigInt, Sign};
use rayon::prelude::*;

use super::whole_matrix::parts;

/// The matrix of the numbers xᵢⱼ·2⁻ᵇ with integers xᵢⱼ of any length.
#[derive(Clone, Debug)]
pub(crate) struct FixedPoint {
    rows: usize,
    columns: usize,
    /// Row by row.
    entries: Vec<BigInt>,
    /// b.
    bits: u32,
}

/// A pivot with fewer significant bits is rounding error: the elimination needs longer numbers.
const GUARD: u64 = 40;

impl FixedPoint {
    /// The real parts of A·diag(2^−columnⱼ) without rounding, with as few bits as that takes.
    pub(crate) fn scaled<P: Scalar>(a: MatrixRef<'_, P>, columns: &[i32]) -> Self {
        let entries: Vec<(bool, u64, i32)> = (0..a.rows())
            .flat_map(|i| (0..a.columns()).map(move |j| (i, j)))
            .map(|(i, j)| {
                let (negative, mantissa, exponent) = parts(a.get(i, j).re());
                (negative, mantissa, if mantissa == 0 { 0 } else { exponent - columns[j] })
            })
            .collect();
        let bits = entries.iter().map(|x| -x.2).max().unwrap_or(0).max(0);
        let whole = |&(negative, mantissa, exponent): &(bool, u64, i32)| {
            let x = BigInt::from(mantissa) << (exponent + bits).unsigned_abs();
            if negative { -x } else { x }
        };
        Self {
            rows: a.rows(),
            columns: a.columns(),
            entries: entries.iter().map(whole).collect(),
            bits: bits.unsigned_abs(),
        }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    fn get(&self, i: usize, j: usize) -> &BigInt {
        &self.entries[i * self.columns + j]
    }

    /// The number of bits of the longest entry.
    pub(crate) fn longest(&self) -> u64 {
        self.entries.iter().map(BigInt::bits).max().unwrap_or(0)
    }

    /// Entry (i, j) as m·2ᵉ with ½ ≤ |m| < 1 rounded to the nearest double, so that |m − exact| ≤ 2⁻⁵³·|m|; m = 0 for
    /// 0.
    pub(crate) fn entry(&self, i: usize, j: usize) -> (f64, i64) {
        let x = self.get(i, j);
        let length = x.bits();
        if length == 0 {
            return (0.0, 0);
        }
        // A sticky bit below the 63 leading ones keeps the one rounding to double a rounding of the exact number.
        let magnitude = x.magnitude();
        let cut = length.saturating_sub(63);
        let head = magnitude >> cut;
        let sticky = u64::from(cut > 0 && (&head << cut) != *magnitude);
        let digits = head.iter_u64_digits().next().unwrap_or(0) << 1 | sticky;
        let used = 64 - i32::try_from(digits.leading_zeros()).unwrap_or(0);
        let mantissa = digits as f64 * 2f64.powi(-used);
        let exponent = i64::try_from(length).unwrap_or(i64::MAX) - i64::from(self.bits);
        (if x.sign() == Sign::Minus { -mantissa } else { mantissa }, exponent)
    }

    /// Entry (i, j) as (high + low)·2ᵉ to about 106 bits: |(high + low)·2ᵉ − exact| ≤ 2^(e − 106), |high| ≤ 1.
    pub(crate) fn pair(&self, i: usize, j: usize) -> (f64, f64, i64) {
        let (high, e) = self.entry(i, j);
        // high·2⁵³ is an integer, worth 2^(e − 53 + bits) units of the last place of the number.
        let unit = e - 53 + i64::from(self.bits);
        if high == 0.0 || unit <= 0 {
            return (high, 0.0, e);
        }
        let head = BigInt::from((high * 2f64.powi(53)) as i64) << unit.unsigned_abs();
        let rest = Self { rows: 1, columns: 1, entries: vec![self.get(i, j) - head], bits: self.bits };
        let (low, f) = rest.entry(0, 0);
        let shift = (f - e).max(-1000) as i32;
        (high, if low == 0.0 { 0.0 } else { low * 2f64.powi(shift) }, e)
    }

    /// The sum, without rounding.
    pub(crate) fn plus(&self, other: &Self) -> Self {
        self.combined(other, |x, y| x + y)
    }

    /// The identity.
    pub(crate) fn identity(n: usize) -> Self {
        let entries = (0..n * n).map(|k| BigInt::from(u8::from(k / n == k % n))).collect();
        Self { rows: n, columns: n, entries, bits: 0 }
    }

    /// The product with a number, without rounding.
    pub(crate) fn times_number(&self, x: f64) -> Self {
        let (negative, mantissa, exponent) = parts(x);
        let factor = BigInt::from(mantissa) * if negative { -1 } else { 1 };
        let entries = self.entries.iter().map(|y| y * &factor).collect();
        Self { entries, ..*self }.times_power(exponent)
    }

    /// The product with 2ᵏ, without rounding.
    pub(crate) fn times_power(mut self, k: i32) -> Self {
        let bits = i64::from(self.bits) - i64::from(k);
        if bits < 0 {
            self.entries.iter_mut().for_each(|x| *x <<= bits.unsigned_abs());
        }
        Self { bits: u32::try_from(bits.max(0)).unwrap_or(u32::MAX), ..self }
    }

    /// k with 2ᵏ⁻¹ ≤ max|xᵢⱼ| < 2ᵏ; 0 for the zero matrix.
    pub(crate) fn exponent(&self) -> i32 {
        match self.longest() {
            0 => 0,
            longest => (longest as i64 - i64::from(self.bits)).clamp(-1 << 20, 1 << 20) as i32,
        }
    }

    /// The difference, without rounding.
    pub(crate) fn minus(&self, other: &Self) -> Self {
        self.combined(other, |x, y| x - y)
    }

    fn combined(&self, other: &Self, of: impl Fn(BigInt, BigInt) -> BigInt) -> Self {
        let bits = self.bits.max(other.bits);
        let entry = |x: &Self, k: usize| &x.entries[k] << (bits - x.bits);
        let entries = (0..self.entries.len()).map(|k| of(entry(self, k), entry(other, k))).collect();
        Self { entries, bits, ..*self }
    }

    pub(crate) fn transpose(&self) -> Self {
        let entries = (0..self.columns)
            .flat_map(|j| (0..self.rows).map(move |i| (i, j)))
            .map(|(i, j)| self.get(i, j).clone())
            .collect();
        Self { rows: self.columns, columns: self.rows, entries, bits: self.bits }
    }

    /// The product, without rounding.
    pub(crate) fn times(&self, other: &Self) -> Self {
        let columns = other.transpose();
        let n = other.columns;
        let entries = (0..self.rows * n).into_par_iter().map(|k| dot(self.row(k / n), columns.row(k % n))).collect();
        Self { rows: self.rows, columns: n, entries, bits: self.bits + other.bits }
    }

    /// I − self, for a square matrix, without rounding.
    pub(crate) fn subtracted_from_identity(mut self) -> Self {
        let one = BigInt::from(1) << self.bits;
        let n = self.columns;
        for (k, x) in self.entries.iter_mut().enumerate() {
            let old = std::mem::take(x);
            *x = if k / n == k % n { &one - old } else { -old };
        }
        self
    }

    fn row(&self, i: usize) -> &[BigInt] {
        &self.entries[i * self.columns..(i + 1) * self.columns]
    }

    /// An entry with `bits` bits after the point, rounded down.
    fn rounded(&self, i: usize, j: usize, bits: u32) -> BigInt {
        let x = self.get(i, j);
        if bits >= self.bits { x << (bits - self.bits) } else { x >> (self.bits - bits) }
    }

    /// An approximate inverse of a square matrix with entries of at most about 1, by elimination with `bits` bits after
    /// the point; its entries have `kept` of them. `None` where a pivot consists of rounding errors. The residual
    /// I − self·X is small, not the one from the left.
    pub(crate) fn approximate_inverse(&self, bits: u32, kept: u32) -> Option<Self> {
        let n = self.rows;
        let factors = self.eliminate(bits)?;
        let columns: Vec<Vec<BigInt>> = (0..n).into_par_iter().map(|j| factors.unit_solution(j, kept)).collect();
        let entries = (0..n).flat_map(|i| columns.iter().map(move |x| x[i].clone())).collect();
        Some(Self { rows: n, columns: n, entries, bits: kept })
    }

    /// P·self ≈ L·U by rows and columns in turn (Crout), each entry one inner product that is rounded once.
    fn eliminate(&self, bits: u32) -> Option<Factors> {
        let n = self.rows;
        let mut lu: Vec<Vec<BigInt>> = (0..n).map(|i| (0..n).map(|j| self.rounded(i, j, bits)).collect()).collect();
        let mut order: Vec<usize> = (0..n).collect();
        for k in 0..n {
            let above: Vec<BigInt> = (0..k).map(|t| lu[t][k].clone()).collect();
            let column: Vec<BigInt> =
                (k..n).into_par_iter().map(|i| &lu[i][k] - (dot(&lu[i][..k], &above) >> bits)).collect();
            let pivot = (0..column.len()).max_by(|&x, &y| column[x].magnitude().cmp(column[y].magnitude()))?;
            if column[pivot].bits() < GUARD {
                return None;
            }
            column.into_iter().enumerate().for_each(|(i, x)| lu[k + i][k] = x);
            lu.swap(k, k + pivot);
            order.swap(k, k + pivot);
            let left = lu[k][..k].to_vec();
            let row: Vec<BigInt> = (k + 1..n)
                .into_par_iter()
                .map(|j| {
                    let sum: BigInt = left.iter().enumerate().fold(BigInt::ZERO, |sum, (t, x)| sum + x * &lu[t][j]);
                    &lu[k][j] - (sum >> bits)
                })
                .collect();
            row.into_iter().enumerate().for_each(|(j, x)| lu[k][k + 1 + j] = x);
            let divisor = lu[k][k].clone();
            lu[k + 1..].par_iter_mut().for_each(|row| row[k] = (&row[k] << bits) / &divisor);
        }
        Some(Factors { lu, order, bits })
    }
}

/// L below the diagonal and U, with `bits` bits after the point; row i of P·A is row order[i] of A.
struct Factors {
    lu: Vec<Vec<BigInt>>,
    order: Vec<usize>,
    bits: u32,
}

impl Factors {
    /// x with A·x = eⱼ, with `kept` bits after the point.
    fn unit_solution(&self, j: usize, kept: u32) -> Vec<BigInt> {
        let n = self.order.len();
        let mut x = vec![BigInt::ZERO; n];
        let first = self.order.iter().position(|&row| row == j).unwrap_or(n);
        for i in first..n {
            let one = if i == first { BigInt::from(1) << kept } else { BigInt::ZERO };
            x[i] = one - (dot(&self.lu[i][first..i], &x[first..i]) >> self.bits);
        }
        for i in (0..n).rev() {
            let sum = dot(&self.lu[i][i + 1..], &x[i + 1..]);
            x[i] = ((&x[i] << self.bits) - sum) / &self.lu[i][i];
        }
        x
    }
}

fn dot(x: &[BigInt], y: &[BigInt]) -> BigInt {
    x.iter().zip(y).fold(BigInt::ZERO, |sum, (x, y)| sum + x * y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Matrix, gallery};

    #[test]
    fn entries_round_to_nearest() {
        for x in [0.0, 1.0, -0.1, 1.7e308, 5e-324, f64::MIN_POSITIVE, -3.5] {
            let a = Matrix::from_fn(1, 1, |_, _| x);
            let (m, e) = FixedPoint::scaled(a.as_ref(), &[0]).entry(0, 0);
            let half = i32::try_from(e).unwrap() / 2;
            assert_eq!(m * 2f64.powi(half) * 2f64.powi(i32::try_from(e).unwrap() - half), x);
        }
        // 2⁶⁴ + 2¹¹ + 1 lies just above the middle of two doubles.
        let x = (BigInt::from(1) << 64) + 2049;
        let one = FixedPoint { rows: 1, columns: 1, entries: vec![x], bits: 0 };
        assert_eq!(one.entry(0, 0), (0.5 + 2f64.powi(-53), 65));
    }

    #[test]
    fn the_inverse_of_an_ill_conditioned_matrix_has_a_small_residual() {
        let a = gallery::hilbert(30);
        let fixed = FixedPoint::scaled(a.as_ref(), &[0; 30]);
        // A condition number of about 2⁶⁰ leaves nothing of 60 bits.
        assert!(fixed.approximate_inverse(60, 60).is_none_or(|x| {
            let rest = fixed.times(&x).subtracted_from_identity();
            rest.longest() + 10 > u64::from(rest.bits)
        }));
        let x = fixed.approximate_inverse(400, 200).unwrap();
        let rest = fixed.times(&x).subtracted_from_identity();
        assert!(rest.longest() + 150 < u64::from(rest.bits), "{} of {}", rest.longest(), rest.bits);
    }
}
