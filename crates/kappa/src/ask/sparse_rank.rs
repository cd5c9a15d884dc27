//! The rank of a sparse matrix modulo a prime.

use kappa_dense::Scalar;

use crate::arithmetic::modular::Prime;
use crate::arithmetic::whole_matrix::parts;
use crate::operator::{LinearOperator, Sparse};

/// Rows of a matrix modulo a prime: columns in rising order, and entries that are not zero.
pub(super) struct SparseModulo {
    rows: Vec<Vec<(usize, u64)>>,
    columns: usize,
    p: Prime,
}

impl SparseModulo {
    /// An entry m·2ᵉ has a rest modulo an odd prime, as 2 has an inverse.
    pub(super) fn new<T: Scalar>(a: &Sparse<T>, p: Prime) -> Self {
        let (m, n) = a.shape();
        let half = p.inverse(2);
        let rest = |x: f64| {
            let (is_negative, mantissa, e) = parts(x);
            let power = if e < 0 { p.power(half, u64::from(e.unsigned_abs())) } else { p.power(2, e as u64) };
            let size = p.times(p.reduce(mantissa), power);
            if is_negative && size != 0 { p.value() - size } else { size }
        };
        let mut rows = vec![Vec::new(); m];
        for j in 0..n {
            for (i, x) in a.column(j) {
                let rest = rest(x.re());
                if rest != 0 {
                    rows[i].push((j, rest));
                }
            }
        }
        Self { rows, columns: n, p }
    }

    /// The rank, by elimination that takes the shortest row of each column as its pivot; `None` where more than `limit` entries fill.
    pub(super) fn rank(mut self, limit: usize) -> Option<usize> {
        // Rows by their first column: all that elimination of a column must look at.
        let mut starting: Vec<Vec<usize>> = vec![Vec::new(); self.columns];
        for (i, row) in self.rows.iter().enumerate() {
            if let Some(&(j, _)) = row.first() {
                starting[j].push(i);
            }
        }
        let mut stored: usize = self.rows.iter().map(Vec::len).sum();
        let mut rank = 0;
        for j in 0..self.columns {
            let here = std::mem::take(&mut starting[j]);
            let Some(&pivot) = here.iter().min_by_key(|&&i| self.rows[i].len()) else { continue };
            rank += 1;
            let top = std::mem::take(&mut self.rows[pivot]);
            stored -= top.len();
            let inverse = self.p.inverse(top[0].1);
            for i in here.into_iter().filter(|&i| i != pivot) {
                let row = std::mem::take(&mut self.rows[i]);
                stored -= row.len();
                let factor = self.p.value() - self.p.times(row[0].1, inverse);
                let row = combined(&row, &top, factor, self.p);
                stored += row.len();
                if let Some(&(next, _)) = row.first() {
                    starting[next].push(i);
                }
                self.rows[i] = row;
            }
            if stored > limit {
                return None;
            }
        }
        Some(rank)
    }
}

/// x + factor·y, of which the first entry vanishes.
fn combined(x: &[(usize, u64)], y: &[(usize, u64)], factor: u64, p: Prime) -> Vec<(usize, u64)> {
    let mut sum = Vec::with_capacity(x.len() + y.len());
    let (mut i, mut k) = (1, 1);
    while i < x.len() || k < y.len() {
        let (a, b) = (x.get(i).map_or(usize::MAX, |e| e.0), y.get(k).map_or(usize::MAX, |e| e.0));
        let column = a.min(b);
        let mut value = 0;
        if a == column {
            value += x[i].1;
            i += 1;
        }
        if b == column {
            value += p.times(factor, y[k].1);
            k += 1;
        }
        let value = p.reduce(value);
        if value != 0 {
            sum.push((column, value));
        }
    }
    sum
}
