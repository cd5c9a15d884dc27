//! Sums of moduli of a matrix, from above.

use kappa_dense::Matrix;
use rayon::prelude::*;

use crate::enclosure::directed::{max_or_nan, mul_up, norm_up, sqrt_up, sum_up};

/// Sums of moduli of a matrix, from above: what bounds its 2-norm and that of its modulus.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sums {
    /// √Σ|aᵢⱼ|².
    pub(crate) frobenius: f64,
    /// The largest Σᵢ|aᵢⱼ| of a column.
    pub(crate) column: f64,
    /// The largest Σⱼ|aᵢⱼ| of a row.
    pub(crate) row: f64,
}

/// Columns that one thread adds up at a time: a constant, so that digits do not depend on the number of threads.
const SHARE: usize = 64;

/// Sums of moduli over the lower triangle of a square matrix, as they were computed.
pub(crate) struct Lines {
    /// Of each row, up to the diagonal.
    rows: Vec<f64>,
    /// Of each column, below the diagonal.
    below: Vec<f64>,
    /// The largest whole column of the triangle, from above.
    pub(crate) column: f64,
}

impl Lines {
    pub(crate) fn of_lower(a: &Matrix<f64>) -> Self {
        let n = a.rows();
        let share = |start: usize| {
            let mut rows = vec![0.0; n];
            let mut below = Vec::with_capacity(SHARE);
            for j in start..n.min(start + SHARE) {
                let column = a.column(j);
                rows[j] += column[j].abs();
                let mut sum = 0.0;
                for (row, x) in rows[j + 1..].iter_mut().zip(&column[j + 1..]) {
                    let x = x.abs();
                    *row += x;
                    sum += x;
                }
                below.push(sum);
            }
            (rows, below)
        };
        let starts: Vec<usize> = (0..n).step_by(SHARE).collect();
        let parts: Vec<(Vec<f64>, Vec<f64>)> = starts.into_par_iter().map(share).collect();
        let (mut rows, mut below) = (vec![0.0; n], Vec::with_capacity(n));
        for part in parts {
            rows.iter_mut().zip(part.0).for_each(|(t, p)| *t += p);
            below.extend(part.1);
        }
        let column = below.iter().enumerate().map(|(j, sum)| sum + a[(j, j)].abs()).fold(0.0, max_or_nan);
        Self { column: sum_up(column, n + 1), rows, below }
    }

    /// The largest row of the triangle, from above.
    pub(crate) fn largest_row(&self) -> f64 {
        let n = self.rows.len();
        sum_up(self.rows.iter().copied().fold(0.0, max_or_nan), n + SHARE)
    }

    /// The largest row of the symmetric matrix that the triangle stands for, which bounds its 2-norm.
    pub(crate) fn symmetric(&self) -> f64 {
        let n = self.rows.len();
        let whole = self.rows.iter().zip(&self.below).map(|(row, below)| row + below);
        sum_up(whole.fold(0.0, max_or_nan), n + SHARE + 1)
    }
}

impl Sums {
    /// Of a whole matrix.
    pub(crate) fn of(a: &Matrix<f64>) -> Self {
        let (m, n) = (a.rows(), a.columns());
        let (mut rows, mut column) = (vec![0.0; m], 0.0f64);
        for j in 0..n {
            let mut sum = 0.0;
            for (row, x) in rows.iter_mut().zip(a.column(j)) {
                let x = x.abs();
                *row += x;
                sum += x;
            }
            column = max_or_nan(column, sum);
        }
        let row = sum_up(rows.into_iter().fold(0.0, max_or_nan), n);
        Self { frobenius: norm_up(a.as_slice()), column: sum_up(column, m), row }
    }

    /// Of the symmetric matrix whose lower triangle stands in `a`, with zeros above.
    pub(crate) fn of_symmetric(a: &Matrix<f64>) -> Self {
        let row = Lines::of_lower(a).symmetric();
        // Each entry below the diagonal stands for two.
        Self { frobenius: mul_up(std::f64::consts::SQRT_2.next_up(), norm_up(a.as_slice())), column: row, row }
    }

    /// ‖A‖₂ ≤ ‖|A|‖₂ ≤ min(‖A‖_F, √(‖A‖₁‖A‖_∞)).
    pub(crate) fn spectral(&self) -> f64 {
        let holder = sqrt_up(mul_up(self.column, self.row));
        if holder < self.frobenius { holder } else { self.frobenius }
    }
}
