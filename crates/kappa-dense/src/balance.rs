//! A matrix made easier for eigenvalues: rows and columns in another order, and scaled against each other.
//!
//! Parlett and Reinsch, Numer. Math. 13 (1969) 293–304. Eigenvalues that stand apart come to the ends in an exact order, and rows
//! and columns of one index get about the same size by a power of two, so that rounding errors are as small as A allows.

use crate::power::scale_by_power;
use crate::{Matrix, Scalar};

/// B = D⁻¹PᵀAPD.
pub(crate) struct Balance {
    /// Row and column i of B are row and column `order[i]` of A.
    order: Vec<usize>,
    /// D = diag(2^e).
    exponents: Vec<i32>,
}

/// Passes over all rows and columns at most; a few are usual.
const PASSES: usize = 60;
/// Exponents stay within this, so that no entry leaves the range.
const MOST: i32 = 400;

impl Balance {
    /// A becomes B; D = I without `scaling`.
    pub(crate) fn of<W: Scalar<Wide = W>>(a: &mut Matrix<W>, scaling: bool) -> Self {
        let n = a.rows();
        let (order, active) = order(a);
        if order.iter().enumerate().any(|(i, &k)| i != k) {
            *a = Matrix::from_fn(n, n, |i, j| a[(order[i], order[j])]);
        }
        let mut balance = Self { order, exponents: vec![0; n] };
        if scaling {
            balance.scale(a, active);
        }
        balance
    }

    fn scale<W: Scalar<Wide = W>>(&mut self, a: &mut Matrix<W>, active: std::ops::Range<usize>) {
        let size = |x: W| x.re().abs() + x.im().abs();
        for _ in 0..PASSES {
            let mut is_done = true;
            for i in active.clone() {
                let others = || active.clone().filter(|&j| j != i);
                let column: f64 = others().map(|j| size(a[(j, i)])).sum();
                let row: f64 = others().map(|j| size(a[(i, j)])).sum();
                if column == 0.0 || row == 0.0 {
                    continue;
                }
                // The power of two nearest to √(row/column).
                let e = ((row / column).log2() / 2.0).round() as i32;
                let e = (self.exponents[i] + e).clamp(-MOST, MOST) - self.exponents[i];
                let factor = scale_by_power(1.0, e);
                if e == 0 || column * factor + row / factor >= 0.95 * (column + row) {
                    continue;
                }
                is_done = false;
                self.exponents[i] += e;
                (0..a.rows()).for_each(|j| a[(j, i)] = a[(j, i)].scale(factor));
                (0..a.rows()).for_each(|j| a[(i, j)] = a[(i, j)].scale(1.0 / factor));
            }
            if is_done {
                break;
            }
        }
    }

    /// PDX, or PD⁻¹X for left eigenvectors.
    pub(crate) fn undo<W: Scalar<Wide = W>>(&self, x: &Matrix<W>, left: bool) -> Matrix<W> {
        let mut out = Matrix::zeros(x.rows(), x.columns());
        for j in 0..x.columns() {
            for (i, &k) in self.order.iter().enumerate() {
                let e = if left { -self.exponents[i] } else { self.exponents[i] };
                out[(k, j)] = x[(i, j)].scale(scale_by_power(1.0, e));
            }
        }
        out
    }
}

/// An order in which what is triangular already stands at both ends, and what is left between.
fn order<W: Scalar>(a: &Matrix<W>) -> (Vec<usize>, std::ops::Range<usize>) {
    let n = a.rows();
    let is_entry = |i: usize, j: usize| i != j && a[(i, j)] != W::default();
    let mut in_row: Vec<usize> = (0..n).map(|i| (0..n).filter(|&j| is_entry(i, j)).count()).collect();
    let mut in_column: Vec<usize> = (0..n).map(|j| (0..n).filter(|&i| is_entry(i, j)).count()).collect();
    let mut left: Vec<usize> = (0..n).collect();
    let (mut first, mut last) = (Vec::new(), Vec::new());
    loop {
        // A row without entries to the rest is the last one; a column without them the first.
        let row = left.iter().rposition(|&i| in_row[i] == 0);
        let Some(at) = row.or_else(|| left.iter().position(|&j| in_column[j] == 0)) else { break };
        let k = left.remove(at);
        if row.is_some() {
            last.push(k)
        } else {
            first.push(k)
        }
        for &i in &left {
            in_row[i] -= usize::from(is_entry(i, k));
            in_column[i] -= usize::from(is_entry(k, i));
        }
    }
    let active = first.len()..first.len() + left.len();
    (first.into_iter().chain(left).chain(last.into_iter().rev()).collect(), active)
}
