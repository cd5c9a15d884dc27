//! Matrices of integers times powers of two, for elimination without rounding. Every matrix of doubles has this form.

use kappa_dense::{MatrixRef, Scalar};

use super::modular::Prime;
use crate::error::{Error, Result};

/// Row, column and number, as parts.
type Entry = (usize, usize, (bool, u64, i32));

/// The matrix of integers mᵢⱼ·2^eᵢⱼ, eᵢⱼ ≥ 0, that results from dividing rows and columns of A by powers of two.
pub(crate) struct Whole {
    columns: usize,
    /// The sum of the exponents of these powers of two: det A = det(self)·2^shift for a square matrix.
    pub(crate) shift: i64,
    /// Rows of entries: (is negative, mantissa, exponent).
    entries: Vec<Vec<(bool, u64, u32)>>,
    /// Row, column, and a number to be added there, of the same form.
    rest: Vec<(usize, usize, (bool, u64, u32))>,
}

impl Whole {
    /// Scales A to integers. Fails when an exponent stays negative.
    pub(crate) fn new<P: Scalar>(a: MatrixRef<'_, P>) -> Result<Self> {
        Self::with_rest(a, &[])
    }

    /// The same for A + R, where R has these entries: what doubles cannot hold of the entries of A.
    pub(crate) fn with_rest<P: Scalar>(a: MatrixRef<'_, P>, rest: &[(usize, usize, f64)]) -> Result<Self> {
        let (m, n) = (a.rows(), a.columns());
        let mut rest: Vec<Entry> = rest.iter().filter(|x| x.2 != 0.0).map(|&(i, j, x)| (i, j, parts(x))).collect();
        let mut entries: Vec<Vec<(bool, u64, i32)>> =
            (0..m).map(|i| (0..n).map(|j| parts(a.get(i, j).re())).collect()).collect();
        let lowest = |count: usize, parts: &mut dyn Iterator<Item = (usize, (bool, u64, i32))>| {
            let mut found = vec![None; count];
            for (k, (_, _, e)) in parts.filter(|(_, x)| x.1 != 0) {
                found[k] = Some(found[k].map_or(e, |least: i32| least.min(e)));
            }
            found.into_iter().map(|e| e.unwrap_or(0)).collect::<Vec<i32>>()
        };
        let of_entries = entries.iter().enumerate().flat_map(|(i, row)| row.iter().map(move |x| (i, *x)));
        let by_row = lowest(m, &mut of_entries.chain(rest.iter().map(|x| (x.0, x.2))));
        for (row, e) in entries.iter_mut().zip(&by_row) {
            row.iter_mut().for_each(|x| x.2 -= e);
        }
        rest.iter_mut().for_each(|x| x.2.2 -= by_row[x.0]);
        let of_entries = entries.iter().flat_map(|row| row.iter().copied().enumerate());
        let by_column = lowest(n, &mut of_entries.chain(rest.iter().map(|x| (x.1, x.2))));
        for row in &mut entries {
            row.iter_mut().zip(&by_column).for_each(|(x, e)| x.2 -= e);
        }
        rest.iter_mut().for_each(|x| x.2.2 -= by_column[x.1]);
        let shift = by_row.iter().chain(&by_column).map(|&e| i64::from(e)).sum();
        let one = |(s, m, e): (bool, u64, i32)| (s, m, if m == 0 { 0 } else { e.unsigned_abs() });
        let whole = |row: Vec<(bool, u64, i32)>| row.into_iter().map(one).collect();
        let rests = rest.iter().map(|x| x.2);
        if entries.iter().flatten().copied().chain(rests).any(|x| x.1 != 0 && x.2 < 0) {
            return Err(Error::unsupported(
                "powers of two in rows and columns do not scale the entries of the matrix to integers",
            ));
        }
        let rest = rest.into_iter().map(|(i, j, x)| (i, j, one(x))).collect();
        Ok(Self { columns: n, shift, entries: entries.into_iter().map(whole).collect(), rest })
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
        let mut sizes: Vec<Vec<f64>> = self.entries.iter().map(|row| row.iter().map(size).collect()).collect();
        for (i, j, x) in &self.rest {
            // |x + y| ≤ 2·max(|x|, |y|)
            sizes[*i][*j] = sizes[*i][*j].max(size(x)) + 1.0;
        }
        let rows = sizes.iter().map(|row| length(row)).collect();
        let columns =
            (0..self.columns).map(|j| length(&sizes.iter().map(|row| row[j]).collect::<Vec<f64>>())).collect();
        total(rows).min(total(columns)).max(1.0)
    }

    /// The entries modulo a prime.
    fn modulo(&self, p: Prime) -> Vec<Vec<u64>> {
        let to_field = |&(negative, m, e): &(bool, u64, u32)| {
            let x = p.times(p.reduce(m), p.power(2, u64::from(e)));
            if negative && x != 0 { p.value() - x } else { x }
        };
        let mut rows: Vec<Vec<u64>> = self.entries.iter().map(|row| row.iter().map(to_field).collect()).collect();
        for (i, j, x) in &self.rest {
            rows[*i][*j] = p.reduce(rows[*i][*j] + to_field(x));
        }
        rows
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
        rank_modulo(self.modulo(p), self.columns, p)
    }
}

/// The rank of a matrix of residues with this many columns.
pub(crate) fn rank_modulo(mut rows: Vec<Vec<u64>>, columns: usize, p: Prime) -> usize {
    let mut rank = 0;
    for j in 0..columns {
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
