//! Matrices, and the four types of entries that they can hold.

mod copied;
mod real_form;
mod scalar;

use std::fmt;
use std::ops::Range;

use kappa_engine::{View, ViewMut};

use crate::Error;
pub(crate) use copied::{copied, copied_into};
pub use real_form::RealForm;
pub use scalar::{Real, Scalar};

/// A dense matrix that owns its entries, column after column.
#[derive(Clone, PartialEq)]
pub struct Matrix<T> {
    rows: usize,
    columns: usize,
    entries: Vec<T>,
}

/// A view of a dense matrix in memory that somebody else owns: column after column, row after row, or strided.
#[derive(Clone, Copy)]
pub struct MatrixRef<'a, T> {
    entries: &'a [T],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

fn length(rows: usize, columns: usize) -> Result<usize, Error> {
    rows.checked_mul(columns)
        .ok_or_else(|| Error::shape(format!("{rows}×{columns} entries are more than can be counted")))
}

impl<T: Scalar> Matrix<T> {
    /// The matrix of zeros. Panics when `rows · columns` overflows, as `vec!` does.
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self { rows, columns, entries: vec![T::default(); rows * columns] }
    }

    /// The identity of order `n`.
    pub fn identity(n: usize) -> Self {
        Self::from_fn(n, n, |i, j| T::from_parts(f64::from(i == j), 0.0))
    }

    /// Ones on the diagonal of an m×n matrix.
    pub(crate) fn identity_of(m: usize, n: usize) -> Self {
        Self::from_fn(m, n, |i, j| T::from_parts(f64::from(i == j), 0.0))
    }

    /// The matrix whose entry at row `i`, column `j` is `f(i, j)`; columns outside, rows inside.
    pub fn from_fn(rows: usize, columns: usize, mut f: impl FnMut(usize, usize) -> T) -> Self {
        let mut entries = Vec::with_capacity(rows * columns);
        for j in 0..columns {
            entries.extend((0..rows).map(|i| f(i, j)));
        }
        Self { rows, columns, entries }
    }

    /// A matrix from its entries column after column, without a copy.
    pub fn from_column_major(rows: usize, columns: usize, entries: Vec<T>) -> Result<Self, Error> {
        MatrixRef::column_major(rows, columns, &entries)?;
        Ok(Self { rows, columns, entries })
    }

    /// A matrix from its entries row after row, as they are written.
    pub fn from_row_major(rows: usize, columns: usize, entries: Vec<T>) -> Result<Self, Error> {
        Ok(MatrixRef::row_major(rows, columns, &entries)?.to_owned())
    }

    /// A matrix from entries whose number is known to fit.
    pub(crate) fn owning(rows: usize, columns: usize, entries: Vec<T>) -> Self {
        assert_eq!(entries.len(), rows * columns);
        Self { rows, columns, entries }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The entries, column after column.
    pub fn as_slice(&self) -> &[T] {
        &self.entries
    }

    /// The entries, column after column, to be written.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.entries
    }

    /// The entries, column after column.
    pub fn into_vec(self) -> Vec<T> {
        self.entries
    }

    /// Column `j`. Panics when there is none.
    pub fn column(&self, j: usize) -> &[T] {
        &self.entries[j * self.rows..(j + 1) * self.rows]
    }

    /// Column `j`, to be written. Panics when there is none.
    pub fn column_mut(&mut self, j: usize) -> &mut [T] {
        &mut self.entries[j * self.rows..(j + 1) * self.rows]
    }

    /// The first columns, as many as there are at most.
    pub fn first_columns(&self, count: usize) -> Self {
        let count = count.min(self.columns);
        Self::owning(self.rows, count, self.entries[..count * self.rows].to_vec())
    }

    /// A view of the whole matrix.
    pub fn as_ref(&self) -> MatrixRef<'_, T> {
        MatrixRef {
            entries: &self.entries,
            rows: self.rows,
            columns: self.columns,
            row_stride: 1,
            column_stride: self.rows,
        }
    }

    /// The whole matrix for the engine.
    pub(crate) fn view(&self) -> View<'_, T> {
        View::by_columns(&self.entries, (self.rows, self.columns), self.rows)
    }

    /// The whole matrix for the engine, to be written.
    pub(crate) fn view_mut(&mut self) -> ViewMut<'_, T> {
        ViewMut::by_columns(&mut self.entries, (self.rows, self.columns), self.rows)
    }

    /// The conjugate transpose, as a new matrix.
    pub fn adjoint(&self) -> Self {
        Self::from_fn(self.columns, self.rows, |i, j| self[(j, i)].conj())
    }
}

impl<T> std::ops::Index<(usize, usize)> for Matrix<T> {
    type Output = T;
    fn index(&self, (i, j): (usize, usize)) -> &T {
        assert!(i < self.rows && j < self.columns, "entry ({i}, {j}) of a {}×{} matrix", self.rows, self.columns);
        &self.entries[j * self.rows + i]
    }
}

impl<T> std::ops::IndexMut<(usize, usize)> for Matrix<T> {
    fn index_mut(&mut self, (i, j): (usize, usize)) -> &mut T {
        assert!(i < self.rows && j < self.columns, "entry ({i}, {j}) of a {}×{} matrix", self.rows, self.columns);
        &mut self.entries[j * self.rows + i]
    }
}

impl<T: Scalar> fmt::Debug for Matrix<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

impl<'a, T: Scalar> MatrixRef<'a, T> {
    /// A view of entries that lie column after column.
    pub fn column_major(rows: usize, columns: usize, entries: &'a [T]) -> Result<Self, Error> {
        Self::contiguous(rows, columns, entries, 1, rows)
    }

    /// A view of entries that lie row after row.
    pub fn row_major(rows: usize, columns: usize, entries: &'a [T]) -> Result<Self, Error> {
        Self::contiguous(rows, columns, entries, columns, 1)
    }

    fn contiguous(
        rows: usize,
        columns: usize,
        entries: &'a [T],
        row_stride: usize,
        column_stride: usize,
    ) -> Result<Self, Error> {
        let expected = length(rows, columns)?;
        if entries.len() != expected {
            return Err(Error::shape(format!(
                "a {rows}×{columns} matrix needs {expected} entries, and {} were given",
                entries.len()
            )));
        }
        Ok(Self { entries, rows, columns, row_stride, column_stride })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The entry at row `i`, column `j`. Panics when there is none.
    pub fn get(&self, i: usize, j: usize) -> T {
        assert!(i < self.rows && j < self.columns, "entry ({i}, {j}) of a {}×{} matrix", self.rows, self.columns);
        self.entries[i * self.row_stride + j * self.column_stride]
    }

    /// The transpose, without a copy and without conjugation.
    pub fn transpose(&self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..*self
        }
    }

    /// Some rows, to be copied; never for the engine: [`Self::view`] takes the entries for those of a whole matrix.
    pub(crate) fn subrows(&self, rows: Range<usize>) -> Self {
        Self { entries: &self.entries[rows.start * self.row_stride..], rows: rows.len(), ..*self }
    }

    /// The entries of row `i` where they lie side by side.
    pub fn contiguous_row(&self, i: usize) -> Option<&'a [T]> {
        (self.column_stride == 1 || self.columns <= 1)
            .then(|| &self.entries[i * self.row_stride..i * self.row_stride + self.columns])
    }

    /// Whether the rows lie side by side in memory.
    pub fn is_row_major(&self) -> bool {
        self.column_stride == 1
    }

    /// The whole matrix for the engine.
    pub(crate) fn view(&self) -> View<'a, T> {
        let shape = (self.rows, self.columns);
        if self.row_stride != 1 {
            View::by_rows(self.entries, shape, self.columns)
        } else {
            View::by_columns(self.entries, shape, self.rows)
        }
    }

    /// A copy, column after column.
    pub fn to_owned(&self) -> Matrix<T> {
        copied(*self, |x| x)
    }

    /// A copy in double precision; exact.
    pub fn to_wide(&self) -> Matrix<T::Wide> {
        copied(*self, T::widen)
    }
}

impl<T: Scalar> fmt::Debug for MatrixRef<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}×{} {}", self.rows, self.columns, T::NAME)?;
        for i in 0..self.rows.min(8) {
            let row: Vec<T> = (0..self.columns.min(8)).map(|j| self.get(i, j)).collect();
            writeln!(f, "{row:?}")?;
        }
        Ok(())
    }
}
