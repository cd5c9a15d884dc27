//! Matrices of integers times powers of two, for elimination without rounding. Every matrix of doubles has this form.

use kappa_dense::{MatrixRef, Scalar};

use super::modular::Prime;
use crate::error::{Error, Result};

/// The matrix of integers mᵢⱼ·2^eᵢⱼ, eᵢⱼ ≥ 0, that results from dividing rows and columns of A by powers of two.
pub(crate) struct Whole {
    columns: usize,
    /// The sum of the exponents of these powers of two: det A = det(self)·2^shift for a square matrix.
    pub(crate) shift: i64,
    /// Rows of entries: (is negative, mantissa, exponent).
    entries: Vec<Vec<(bool, u64, u32)>>,
}

impl Whole {
    /// Scales A to integers. Fails when an exponent stays negative.
    pub(crate) fn new<P: Scalar>(a: MatrixRef<'_, P>) -> Result<Self> {
        let (m, n) = (a.rows(), a.columns());
        let mut entries: Vec<Vec<(bool, u64, i32)>> =
            (0..m).map(|i| (0..n).map(|j| parts(a.get(i, j).re())).collect()).collect();
        let least = |e: &mut dyn Iterator<Item = i32>| e.min().unwrap_or(0);
        let mut shift = 0;
        for row in &mut entries {
            let e = least(&mut row.iter().filter(|x| x.1 != 0).map(|x| x.2));
            row.iter_mut().for_each(|x| x.2 -= e);
            shift += i64::from(e);
        }
        for j in 0..n {
            let e = least(&mut entries.iter().map(|row| row[j]).filter(|x| x.1 != 0).map(|x| x.2));
            entries.iter_mut().for_each(|row| row[j].2 -= e);
            shift += i64::from(e);
        }
        let whole = |row: Vec<(bool, u64, i32)>| {
            row.into_iter().map(|(s, m, e)| (s, m, if m == 0 { 0 } else { e.unsigned_abs() })).collect()
        };
        if entries.iter().flatten().any(|x| x.1 != 0 && x.2 < 0) {
            return Err(Error::unsupported(
                "powers of two in rows and columns do not scale the entries of the matrix to integers",
            ));
        }
        Ok(Self { columns: n, shift, entries: entries.into_iter().map(whole).collect() })
    }

    /// An upper bound of the rank: the number of rows, or of columns, that are not zero.
    pub(crate) fn most(&self) -> usize {
        let rows = self.entries.iter().filter(|row| row.iter().any(|x| x.1 != 0)).count();
        let columns = (0..self.columns).filter(|&j| self.entries.iter().any(|row| row[j].1 != 0)).count();
        rows.min(columns)
    }

    /// log₂ of an upper bound of every minor of order k (Hadamard): the product of the 2-norms of the k longest rows,
    /// or of the k longest columns.
    pub(crate) fn minor_bits(&self, k: usize) -> f64 {
        let size =
            |x: &(bool, u64, u32)| if x.1 == 0 { f64::NEG_INFINITY } else { (x.1 as f64).log2() + f64::from(x.2) };
        // ‖x‖₂ ≤ √count·max|xᵢ|.
        let length = |sizes: &[f64]| {
            let count = sizes.iter().filter(|s| s.is_finite()).count() as f64;
            let top = sizes.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            if top.is_finite() { top + 0.5 * count.log2() + 1e-6 } else { 0.0 }
        };
        let total = |mut lengths: Vec<f64>| {
            lengths.sort_by(|x, y| y.total_cmp(x));
            lengths.iter().take(k).sum::<f64>() + 1.0
        };
        let rows = self.entries.iter().map(|row| length(&row.iter().map(size).collect::<Vec<f64>>())).collect();
        let columns = (0..self.columns)
            .map(|j| length(&self.entries.iter().map(|row| size(&row[j])).collect::<Vec<f64>>()))
            .collect();
        total(rows).min(total(columns)).max(1.0)
    }

    /// The entries modulo a prime.
    fn modulo(&self, p: Prime) -> Vec<Vec<u64>> {
        let to_field = |&(negative, m, e): &(bool, u64, u32)| {
            let x = p.times(p.reduce(m), p.power(2, u64::from(e)));
            if negative && x != 0 { p.value() - x } else { x }
        };
        self.entries.iter().map(|row| row.iter().map(to_field).collect()).collect()
    }

    /// The determinant of a square matrix modulo a prime.
    pub(crate) fn determinant(&self, p: Prime) -> u64 {
        let mut rows = self.modulo(p);
        let mut product = 1;
        for j in 0..self.columns {
            let Some(pivot) = (j..rows.len()).find(|&i| rows[i][j] != 0) else { return 0 };
            if pivot != j {
                rows.swap(j, pivot);
                product = p.value() - product;
            }
            product = p.times(product, rows[j][j]);
            eliminate(&mut rows, j, j, p);
        }
        product
    }

    /// The rank modulo a prime.
    pub(crate) fn rank(&self, p: Prime) -> usize {
        let mut rows = self.modulo(p);
        let mut rank = 0;
        for j in 0..self.columns {
            let Some(pivot) = (rank..rows.len()).find(|&i| rows[i][j] != 0) else { continue };
            rows.swap(rank, pivot);
            eliminate(&mut rows, rank, j, p);
            rank += 1;
            if rank == rows.len() {
                break;
            }
        }
        rank
    }
}

/// Subtracts multiples of row `pivot` from the rows below it, so that their entries in column `j` vanish.
fn eliminate(rows: &mut [Vec<u64>], pivot: usize, j: usize, p: Prime) {
    let inverse = p.inverse(rows[pivot][j]);
    let (above, below) = rows.split_at_mut(pivot + 1);
    let pivot = &above[pivot];
    for row in below.iter_mut().filter(|row| row[j] != 0) {
        let factor = p.value() - p.times(row[j], inverse);
        for (x, &y) in row[j..].iter_mut().zip(&pivot[j..]) {
            if y != 0 {
                *x = p.reduce(*x + factor * y);
            }
        }
    }
}

/// Whether x is negative, its integer mantissa and its exponent. The mantissa is odd, so that the exponent is largest.
pub(crate) fn parts(x: f64) -> (bool, u64, i32) {
    if x == 0.0 {
        return (false, 0, 0);
    }
    let bits = x.to_bits();
    let (biased, fraction) = ((bits >> 52 & 0x7ff) as i32, bits & ((1 << 52) - 1));
    let (m, e) = if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) };
    let zeros = m.trailing_zeros();
    (x < 0.0, m >> zeros, e + zeros as i32)
}
