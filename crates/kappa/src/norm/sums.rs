//! Upper bounds of sums of moduli of a matrix.

use kappa_dense::Matrix;
use rayon::prelude::*;

use crate::enclosure::directed::{max_or_nan, mul_up, norm_up, sqrt_up, sum_up};

/// Upper bounds of sums of moduli of a matrix A. They bound ‖A‖₂ and ‖|A|‖₂.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sums {
    /// √Σ|aᵢⱼ|².
    pub(crate) frobenius: f64,
    /// The largest Σᵢ|aᵢⱼ| of a column.
    pub(crate) column: f64,
    /// The largest Σⱼ|aᵢⱼ| of a row.
    pub(crate) row: f64,
}

/// The number of columns in one task of a parallel sum. It is constant, so that digits do not depend on the number of
/// threads.
const SHARE: usize = 64;

/// Computed sums of moduli over the lower triangle of a square matrix.
pub(crate) struct Lines {
    /// The sum of each row, up to and including the diagonal.
    rows: Vec<f64>,
    /// The sum of each column, below the diagonal.
    below: Vec<f64>,
    /// An upper bound of the largest column sum of the triangle.
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

    /// An upper bound of the largest row sum of the triangle.
    pub(crate) fn largest_row(&self) -> f64 {
        let n = self.rows.len();
        sum_up(self.rows.iter().copied().fold(0.0, max_or_nan), n + SHARE)
    }

    /// An upper bound of the largest row sum of the symmetric matrix with this lower triangle; it bounds the 2-norm.
    pub(crate) fn symmetric(&self) -> f64 {
        let n = self.rows.len();
        let whole = self.rows.iter().zip(&self.below).map(|(row, below)| row + below);
        sum_up(whole.fold(0.0, max_or_nan), n + SHARE + 1)
    }
}

impl Sums {
    /// The sums of a matrix.
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

    /// The sums of the symmetric matrix whose lower triangle is stored in `a`, with zeros above the diagonal.
    pub(crate) fn of_symmetric(a: &Matrix<f64>) -> Self {
        let row = Lines::of_lower(a).symmetric();
        // Each entry below the diagonal represents two entries of the symmetric matrix.
        Self { frobenius: mul_up(std::f64::consts::SQRT_2.next_up(), norm_up(a.as_slice())), column: row, row }
    }

    /// An upper bound of the 2-norm: ‖A‖₂ ≤ ‖|A|‖₂ ≤ min(‖A‖_F, √(‖A‖₁‖A‖_∞)).
    pub(crate) fn spectral(&self) -> f64 {
        let holder = sqrt_up(mul_up(self.column, self.row));
        if holder < self.frobenius { holder } else { self.frobenius }
    }
}
