//! A matrix of which only the entries that are not zero are stored.

use kappa_dense::{Matrix, Scalar};

use super::{LinearOperator, check_dense_limit, check_rows};
use crate::error::{Error, Result};

/// A sparse matrix, column after column (CSC). Entries given twice are added.
#[derive(Clone, Debug, PartialEq)]
pub struct Sparse<T> {
    shape: (usize, usize),
    /// Column j holds the entries starts[j] .. starts[j + 1].
    starts: Vec<usize>,
    rows: Vec<usize>,
    entries: Vec<T>,
}

impl<T: Scalar> Sparse<T> {
    /// A sparse matrix from (row, column, entry), counted from 0, in any order.
    ///
    /// Fails when a position lies outside. O(entries) memory, O(entries · log entries) time.
    pub fn from_triplets(shape: (usize, usize), mut triplets: Vec<(usize, usize, T)>) -> Result<Self> {
        let (m, n) = shape;
        if let Some(&(i, j, _)) = triplets.iter().find(|&&(i, j, _)| i >= m || j >= n) {
            return Err(Error::shape(format!("the entry at row {i}, column {j} lies outside a {m}×{n} matrix")));
        }
        // Stable, so that the order of summands, and with it the rounding, is that of the input.
        triplets.sort_by_key(|&(i, j, _)| (j, i));
        let mut sparse = Self { shape, starts: vec![0; n + 1], rows: Vec::new(), entries: Vec::new() };
        let mut last = None;
        for (i, j, x) in triplets {
            if last == Some((i, j)) {
                if let Some(entry) = sparse.entries.last_mut() {
                    *entry += x;
                }
                continue;
            }
            last = Some((i, j));
            sparse.starts[j + 1] += 1;
            sparse.rows.push(i);
            sparse.entries.push(x);
        }
        for j in 0..n {
            sparse.starts[j + 1] += sparse.starts[j];
        }
        Ok(sparse)
    }

    /// Number of stored entries.
    pub fn stored(&self) -> usize {
        self.entries.len()
    }

    fn column(&self, j: usize) -> impl Iterator<Item = (usize, T)> + '_ {
        let range = self.starts[j]..self.starts[j + 1];
        self.rows[range.clone()].iter().copied().zip(self.entries[range].iter().copied())
    }
}

impl<T: Scalar> LinearOperator<T> for Sparse<T> {
    fn shape(&self) -> (usize, usize) {
        self.shape
    }

    fn apply(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        check_rows("a sparse matrix", self.shape.1, x.rows())?;
        let mut y = Matrix::zeros(self.shape.0, x.columns());
        for k in 0..x.columns() {
            for j in 0..self.shape.1 {
                let xj = x[(j, k)];
                for (i, a) in self.column(j) {
                    y.column_mut(k)[i] += a * xj;
                }
            }
        }
        Ok(y)
    }

    fn apply_adjoint(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        check_rows("the adjoint of a sparse matrix", self.shape.0, x.rows())?;
        Ok(Matrix::from_fn(self.shape.1, x.columns(), |j, k| {
            self.column(j).fold(T::default(), |sum, (i, a)| sum + a.conj() * x[(i, k)])
        }))
    }

    fn to_dense(&self) -> Result<Matrix<T>> {
        let (m, n) = self.shape;
        check_dense_limit(m, n)?;
        let mut a = Matrix::zeros(m, n);
        for j in 0..n {
            for (i, x) in self.column(j) {
                a.column_mut(j)[i] = x;
            }
        }
        Ok(a)
    }
}
