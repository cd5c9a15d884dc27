//! Sparse factorizations of real matrices that are stored column after column.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::sparse::linalg::cholesky::{LltRef, SymbolicCholesky, factorize_symbolic_cholesky};
use faer::sparse::linalg::lu::simplicial::{
    SimplicialLu, factorize_simplicial_numeric_lu, factorize_simplicial_numeric_lu_scratch,
};
use faer::sparse::linalg::lu::{LuRef, NumericLu, SymbolicLu, factorize_symbolic_lu};
use faer::sparse::{SparseColMatRef, SymbolicSparseColMatRef};
use faer::{Conj, MatMut, Side};

use crate::cut::Cut;

/// A sparse matrix column after column, as it lies in memory: column j holds the entries `starts[j] .. starts[j + 1]`,
/// their rows in rising order.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a> {
    /// Rows and columns.
    pub shape: (usize, usize),
    /// Where each column begins; one more than there are columns.
    pub starts: &'a [usize],
    /// The row of each entry.
    pub rows: &'a [usize],
    /// The entries.
    pub entries: &'a [f64],
}

impl<'a> Columns<'a> {
    fn pattern(&self) -> SymbolicSparseColMatRef<'a, usize> {
        let (m, n) = self.shape;
        SymbolicSparseColMatRef::new_checked(m, n, self.starts, None, self.rows)
    }
}

/// The factors do not fit into memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoMemory;

/// Only large dense blocks gain by a second thread: on the blocks of a plane grid, waking it takes ten times as long as
/// the work. Measured on 2 cores, where 400 numbers a column is a space grid of about 50³. Solving gains nowhere.
fn cut(stored: usize, order: usize) -> Cut {
    if stored / order.max(1) >= 400 { Cut::Pieces } else { Cut::Whole }
}

/// A sparse Cholesky factor of a symmetric positive definite matrix, rows reordered to keep it sparse.
#[derive(Debug)]
pub struct SparseCholesky {
    symbolic: SymbolicCholesky<usize>,
    numeric: Vec<f64>,
}

impl SparseCholesky {
    /// Factors a symmetric matrix, of which the lower triangle is read; `None` where it is not positive definite.
    /// Panics unless the matrix is square.
    pub fn new(a: &Columns<'_>) -> Result<Option<Self>, NoMemory> {
        let failed = |_| NoMemory;
        let symbolic = factorize_symbolic_cholesky(a.pattern(), Side::Lower, Default::default(), Default::default())
            .map_err(failed)?;
        let mut numeric = Vec::new();
        numeric.try_reserve_exact(symbolic.len_val()).map_err(|_| NoMemory)?;
        numeric.resize(symbolic.len_val(), 0.0);
        let par = cut(symbolic.len_val(), symbolic.nrows()).par();
        let scratch = symbolic.factorize_numeric_llt_scratch::<f64>(par, Default::default());
        let mut memory = MemBuffer::try_new(scratch).map_err(|_| NoMemory)?;
        let matrix = SparseColMatRef::new(a.pattern(), a.entries);
        let stack = MemStack::new(&mut memory);
        let done = symbolic
            .factorize_numeric_llt::<f64>(
                &mut numeric,
                matrix,
                Side::Lower,
                Default::default(),
                par,
                stack,
                Default::default(),
            )
            .is_ok();
        let is_finite = done && numeric.iter().all(|x| x.is_finite());
        Ok(is_finite.then_some(Self { symbolic, numeric }))
    }

    /// B becomes A⁻¹B for a block of columns.
    pub fn solve(&self, b: &mut [f64]) {
        let n = self.symbolic.nrows();
        let columns = b.len().checked_div(n).unwrap_or(0);
        let par = Cut::Whole.par();
        let mut memory = MemBuffer::new(self.symbolic.solve_in_place_scratch::<f64>(columns, par));
        LltRef::<'_, usize, f64>::new(&self.symbolic, &self.numeric).solve_in_place_with_conj(
            Conj::No,
            MatMut::from_column_major_slice_mut(b, n, columns),
            par,
            MemStack::new(&mut memory),
        );
    }

    /// How many numbers the factor holds.
    pub fn stored(&self) -> usize {
        self.numeric.len()
    }
}

/// A sparse LU factorization with pivoting, columns reordered to keep it sparse.
pub struct SparseLu {
    symbolic: SymbolicLu<usize>,
    numeric: NumericLu<usize, f64>,
}

impl std::fmt::Debug for SparseLu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SparseLu of order {}", self.symbolic.nrows())
    }
}

impl SparseLu {
    /// Factors a square matrix; `None` where a pivot is zero. Panics unless the matrix is square.
    pub fn new(a: &Columns<'_>) -> Result<Option<Self>, NoMemory> {
        let symbolic = factorize_symbolic_lu(a.pattern(), Default::default()).map_err(|_| NoMemory)?;
        let mut numeric = NumericLu::new();
        let par = Cut::Whole.par();
        let scratch = symbolic.factorize_numeric_lu_scratch::<f64>(par, Default::default());
        let mut memory = MemBuffer::try_new(scratch).map_err(|_| NoMemory)?;
        let matrix = SparseColMatRef::new(a.pattern(), a.entries);
        let stack = MemStack::new(&mut memory);
        let done = symbolic.factorize_numeric_lu::<f64>(&mut numeric, matrix, par, stack, Default::default()).is_ok();
        Ok(done.then_some(Self { symbolic, numeric }))
    }

    /// B becomes A⁻¹B, or A⁻ᵀB, for a block of columns.
    pub fn solve(&self, b: &mut [f64], transposed: bool) {
        let n = self.symbolic.nrows();
        let columns = b.len().checked_div(n).unwrap_or(0);
        let par = Cut::Whole.par();
        let plain = self.symbolic.solve_in_place_scratch::<f64>(columns, par);
        let turned = self.symbolic.solve_transpose_in_place_scratch::<f64>(columns, par);
        let mut memory = MemBuffer::new(plain.or(turned));
        let factors = LuRef::<'_, usize, f64>::new_unchecked(&self.symbolic, &self.numeric);
        let b = MatMut::from_column_major_slice_mut(b, n, columns);
        let stack = MemStack::new(&mut memory);
        if transposed {
            factors.solve_transpose_in_place_with_conj(Conj::No, b, par, stack);
        } else {
            factors.solve_in_place_with_conj(Conj::No, b, par, stack);
        }
    }
}

/// The pivots of a sparse LU factorization with partial pivoting, one for each column, and whether the reordering of rows and
/// columns is an odd permutation; `None` where a pivot is zero. Panics unless the matrix is square.
pub fn sparse_pivots(a: &Columns<'_>) -> Result<Option<(Vec<f64>, bool)>, NoMemory> {
    let symbolic = factorize_symbolic_lu(a.pattern(), Default::default()).map_err(|_| NoMemory)?;
    let n = symbolic.nrows();
    let (mut rows, mut inverse) = (vec![0usize; n], vec![0usize; n]);
    let mut factors = SimplicialLu::<usize, f64>::new();
    let scratch = factorize_simplicial_numeric_lu_scratch::<usize, f64>(n, n);
    let mut memory = MemBuffer::try_new(scratch).map_err(|_| NoMemory)?;
    let done = factorize_simplicial_numeric_lu(
        &mut rows,
        &mut inverse,
        &mut factors,
        SparseColMatRef::new(a.pattern(), a.entries),
        symbolic.col_perm(),
        MemStack::new(&mut memory),
    );
    if done.is_err() {
        return Ok(None);
    }
    let u = factors.u_factor_unsorted();
    let pivot = |j: usize| u.row_idx_of_col(j).zip(u.val_of_col(j)).find(|&(i, _)| i == j).map_or(0.0, |(_, &x)| x);
    let pivots: Vec<f64> = (0..n).map(pivot).collect();
    let is_odd = odd(&rows) != odd(symbolic.col_perm().arrays().0);
    Ok((!pivots.contains(&0.0)).then_some((pivots, is_odd)))
}

/// Whether a permutation is odd: n minus the number of its cycles.
fn odd(order: &[usize]) -> bool {
    let mut seen = vec![false; order.len()];
    let mut odd = false;
    for start in 0..order.len() {
        let (mut i, mut length) = (start, 0usize);
        while !seen[i] {
            seen[i] = true;
            i = order[i];
            length += 1;
        }
        odd ^= length > 0 && length.is_multiple_of(2);
    }
    odd
}
