//! Sparse matrices: only entries that may be nonzero are stored.

use kappa_dense::{Matrix, MatrixRef, Scalar};

use super::{Form, LinearOperator, check_dense_limit, check_rows};
use crate::error::{Error, Result};

/// A sparse matrix in compressed column storage (CSC). Entries at the same position are added.
#[derive(Clone, Debug, PartialEq)]
pub struct Sparse<T> {
    shape: (usize, usize),
    /// The entries of column j are those from starts[j] to starts[j + 1] − 1.
    starts: Vec<usize>,
    rows: Vec<usize>,
    entries: Vec<T>,
}

impl<T: Scalar> Sparse<T> {
    /// A sparse matrix from triplets (row, column, entry) in any order; rows and columns count from 0.
    ///
    /// Costs O(entries · log entries) time and O(entries + n) memory.
    ///
    /// # Errors
    ///
    /// When a position lies outside the matrix.
    pub fn from_triplets(shape: (usize, usize), mut triplets: Vec<(usize, usize, T)>) -> Result<Self> {
        let (m, n) = shape;
        if let Some(&(i, j, _)) = triplets.iter().find(|&&(i, j, _)| i >= m || j >= n) {
            return Err(Error::shape(format!("the entry at index ({i}, {j}) lies outside a {m}×{n} matrix")));
        }
        // The sort is stable, so that entries at the same position are added in the order of the input.
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

    /// The number of stored entries.
    pub fn stored(&self) -> usize {
        self.entries.len()
    }

    /// Refuses an entry that is not finite.
    pub(crate) fn check_finite(&self) -> Result<()> {
        let count = self.entries.iter().filter(|x| !x.is_finite()).count();
        let first = |j| self.column(j).find(|(_, x)| !x.is_finite()).map(|(i, _)| (i, j));
        match (0..self.shape.1).find_map(first) {
            Some((row, column)) => Err(Error::not_finite(row, column, count)),
            None => Ok(()),
        }
    }

    /// The entry at row `i`, column `j`, both counted from 0; 0 when none is stored. Costs O(log k) for k entries in
    /// the column.
    pub fn entry(&self, i: usize, j: usize) -> T {
        let range = self.starts[j]..self.starts[j + 1];
        match self.rows[range.clone()].binary_search(&i) {
            Ok(k) => self.entries[range.start + k],
            Err(_) => T::default(),
        }
    }

    /// An upper bound of the rank: the number of nonzero rows or of nonzero columns, whichever is smaller.
    pub(crate) fn structural_rank_bound(&self) -> usize {
        let mut rows = vec![false; self.shape.0];
        let mut columns = 0;
        for j in 0..self.shape.1 {
            let mut is_used = false;
            for (i, _) in self.column(j).filter(|(_, x)| *x != T::default()) {
                rows[i] = true;
                is_used = true;
            }
            columns += usize::from(is_used);
        }
        columns.min(rows.into_iter().filter(|used| *used).count())
    }

    /// Whether A = Aᴴ, exactly.
    pub(crate) fn is_hermitian(&self) -> bool {
        self.shape.0 == self.shape.1
            && (0..self.shape.1).all(|j| self.column(j).all(|(i, x)| self.entry(j, i) == x.conj()))
    }

    /// The transpose, without conjugation.
    pub(crate) fn transposed(&self) -> Self {
        let (m, n) = self.shape;
        let mut starts = vec![0; m + 1];
        self.rows.iter().for_each(|&i| starts[i + 1] += 1);
        for i in 0..m {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let (mut rows, mut entries) = (vec![0; self.rows.len()], vec![T::default(); self.rows.len()]);
        for j in 0..n {
            for (i, x) in self.column(j) {
                rows[next[i]] = j;
                entries[next[i]] = x;
                next[i] += 1;
            }
        }
        Self { shape: (n, m), starts, rows, entries }
    }

    /// The entries on the diagonal.
    pub(crate) fn diagonal(&self) -> impl Iterator<Item = T> + '_ {
        (0..self.shape.0.min(self.shape.1)).map(|i| self.entry(i, i))
    }

    /// Whether the matrix is lower or upper triangular.
    pub(crate) fn is_triangular(&self) -> bool {
        let is_free = |is_out: fn(usize, usize) -> bool| {
            (0..self.shape.1).all(|j| self.column(j).all(|(i, x)| !is_out(i, j) || x == T::default()))
        };
        is_free(|i, j| i > j) || is_free(|i, j| i < j)
    }

    /// The column norms ‖A·eⱼ‖₂, as estimates.
    pub(crate) fn column_lengths(&self) -> impl Iterator<Item = f64> + '_ {
        (0..self.shape.1).map(|j| {
            let entries: Vec<T> = self.column(j).map(|(_, x)| x).collect();
            crate::norm::length(&entries)
        })
    }

    /// The largest number of stored entries in a row.
    pub(crate) fn longest_row(&self) -> usize {
        let mut counts = vec![0; self.shape.0];
        self.rows.iter().for_each(|&i| counts[i] += 1);
        counts.into_iter().max().unwrap_or(0)
    }

    /// The stored entries as one column, whose 2-norm is ‖A‖_F.
    pub(crate) fn entries_as_column(&self) -> Result<MatrixRef<'_, T>> {
        Ok(MatrixRef::column_major(self.entries.len(), 1, &self.entries)?)
    }

    /// The largest column sum Σᵢ|aᵢⱼ|, or with `by_rows` the largest row sum Σⱼ|aᵢⱼ|, as an estimate.
    pub(crate) fn largest_sum(&self, by_rows: bool) -> f64 {
        let mut sums = vec![0.0; if by_rows { self.shape.0 } else { self.shape.1 }];
        for j in 0..self.shape.1 {
            self.column(j).for_each(|(i, x)| sums[if by_rows { i } else { j }] += crate::norm::modulus(x));
        }
        sums.into_iter().fold(0.0, f64::max)
    }

    /// Σ|aᵢⱼ||xⱼ| over all entries, or Σ|aᵢⱼ||xᵢ| for the transpose: the rounding error of a product is relative to it.
    pub(crate) fn products_size(&self, x: &Matrix<T>, transposed: bool) -> f64 {
        let of = |j: usize| {
            self.column(j).map(move |(i, a)| {
                crate::norm::modulus(a) * crate::norm::modulus(x[(if transposed { i } else { j }, 0)])
            })
        };
        (0..self.shape.1).flat_map(of).sum()
    }

    pub(crate) fn column(&self, j: usize) -> impl Iterator<Item = (usize, T)> + '_ {
        let range = self.starts[j]..self.starts[j + 1];
        self.rows[range.clone()].iter().copied().zip(self.entries[range].iter().copied())
    }
}

impl<T: Scalar> Sparse<T> {
    /// A copy with every stored entry converted.
    pub(crate) fn map<W>(&self, convert: impl Fn(T) -> W) -> Sparse<W> {
        Sparse {
            shape: self.shape,
            starts: self.starts.clone(),
            rows: self.rows.clone(),
            entries: self.entries.iter().map(|&x| convert(x)).collect(),
        }
    }

    /// A copy in double precision.
    pub(crate) fn to_wide(&self) -> Sparse<T::Wide> {
        self.map(T::widen)
    }
}

impl Sparse<f64> {
    /// The matrix in the form that faer reads.
    pub(crate) fn columns(&self) -> kappa_dense::Columns<'_> {
        kappa_dense::Columns { shape: self.shape, starts: &self.starts, rows: &self.rows, entries: &self.entries }
    }

    /// Whether A = Aᵀ exactly.
    pub fn is_symmetric(&self) -> bool {
        self.shape.0 == self.shape.1
            && (0..self.shape.1).all(|j| self.column(j).all(|(i, x)| i == j || self.entry(j, i) == x))
    }

    /// The entries on and below the diagonal in CSC form: starts, rows, entries.
    pub(crate) fn lower_triangle(&self) -> (Vec<usize>, Vec<usize>, Vec<f64>) {
        let (mut starts, mut rows, mut entries) = (vec![0], Vec::new(), Vec::new());
        for j in 0..self.shape.1 {
            for (i, x) in self.column(j).filter(|&(i, _)| i >= j) {
                rows.push(i);
                entries.push(x);
            }
            starts.push(rows.len());
        }
        (starts, rows, entries)
    }

    /// A copy in double precision of a real sparse matrix.
    pub(crate) fn widened<T: Scalar>(a: &Sparse<T>) -> Self {
        Self {
            shape: a.shape,
            starts: a.starts.clone(),
            rows: a.rows.clone(),
            entries: a.entries.iter().map(|x| x.re()).collect(),
        }
    }
}

impl<T: Scalar> LinearOperator<T> for Sparse<T> {
    fn form(&self) -> Form<'_, T> {
        Form::Sparse(self)
    }

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
