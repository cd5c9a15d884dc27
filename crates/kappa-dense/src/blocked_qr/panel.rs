//! Reflections of a panel of columns, applied to what lies right of it as products of matrices.

use kappa_engine::{Accumulate, Cut, View, ViewMut};
use rayon::prelude::*;

use crate::multiply::multiply_into;
use crate::narrow_qr::{NarrowQr, narrow_qr};
use crate::pool::{Buffer, Pool};
use crate::row_panels::{RowPanels, Slivers, WIDTH};
use crate::small_qr::reflect_columns;
use crate::{Matrix, Real, Scalar};

/// Columns of a piece.
pub(crate) const COLUMNS: usize = 128;
/// From this many entries on, pieces go to other threads.
const SHARED: usize = 1 << 18;

/// Terms of a sum before a new one begins: equal entries, whose rounding errors all have one sign, would lose n·ε/4
/// otherwise.
const TERMS: usize = 24;

pub(crate) fn one<T: Scalar>() -> T {
    T::from_parts(1.0, 0.0)
}

/// C = A·B on this thread, long sums in parts.
pub(crate) fn multiply_by_parts<T: Scalar>(mut c: ViewMut<'_, T>, a: View<'_, T>, b: View<'_, T>) {
    let mut accumulate = Accumulate::Replace;
    for k in (0..a.columns().max(1)).step_by(TERMS) {
        let count = TERMS.min(a.columns() - k);
        T::multiply(c.as_mut(), accumulate, a.subcolumns(k, count), b.subrows(k, count), one(), Cut::Whole);
        accumulate = Accumulate::Add;
    }
}

/// C −= A·B on this thread.
pub(crate) fn subtract_product<T: Scalar>(c: ViewMut<'_, T>, a: View<'_, T>, b: View<'_, T>) {
    T::multiply(c, Accumulate::Add, a, b, -one::<T>(), Cut::Whole);
}

/// A panel's reflections Q = I − VT⁻¹Vᴴ: V unit lower trapezoidal in memory of its own, T upper triangular.
#[derive(Debug)]
pub(crate) struct Panel<T: Scalar> {
    /// V, column after column, followed by columns that are not part of it.
    v: Buffer<T>,
    rows: usize,
    stride: usize,
    pub(crate) t: Matrix<T>,
}

impl<T: Scalar> Panel<T> {
    /// Q and R of a panel that lies somewhere else, complex ones too, and the diagonal of T with an infinite entry for
    /// each reflection that is the identity.
    pub(super) fn of_view(a: View<'_, T>, pool: &Pool<T>) -> (Self, Matrix<T>, Vec<T>) {
        let (rows, columns) = (a.rows(), a.columns());
        let mut entries = pool.zeros(rows * columns);
        (0..columns).for_each(|j| entries[j * rows..][..rows].copy_from_slice(a.column(j)));
        let size = rows.min(columns);
        let tau = reflect_columns(&mut entries, rows, columns);
        let at = |i: usize, j: usize| entries[i + j * rows];
        let r = Matrix::from_fn(size, columns, |i, j| if i <= j { at(i, j) } else { T::default() });
        // Where a column needed no reflection, v = 0 says so.
        let is_idle = |j: usize| !tau[j].is_finite();
        for (j, column) in entries.chunks_exact_mut(rows.max(1)).take(size).enumerate() {
            column[..j].fill(T::default());
            column[j] = one();
            if is_idle(j) {
                column.fill(T::default());
            }
        }
        let v = View::by_columns(&entries, (rows, size), rows);
        let mut t = Matrix::zeros(size, size);
        multiply_by_parts(t.view_mut(), v.adjoint(), v);
        for j in 0..size {
            // Half of vᴴv as the products of the matrix will see it: their rounding errors have a direction where
            // entries are equal.
            t[(j, j)] = if is_idle(j) { one() } else { t[(j, j)].scale(0.5) };
            (j + 1..size).for_each(|i| t[(i, j)] = T::default());
        }
        (Self { v: entries, rows, stride: rows, t }, r, tau)
    }

    pub(crate) fn v(&self) -> View<'_, T> {
        View::by_columns(&self.v, (self.rows, self.t.columns()), self.stride)
    }

    /// W = T⁻ᴴ·VᴴA, so that QᴴA = A − VW.
    pub(crate) fn projected(&self, a: View<'_, T>) -> Matrix<T> {
        let mut w = Matrix::zeros(self.t.columns(), a.columns());
        w.view_mut().column_pieces(COLUMNS).into_par_iter().enumerate().for_each(|(piece, w)| {
            let count = w.columns();
            self.project(w, a.subcolumns(piece * COLUMNS, count));
        });
        w
    }

    fn project(&self, mut w: ViewMut<'_, T>, a: View<'_, T>) {
        multiply_by_parts(w.as_mut(), self.v().adjoint(), a);
        T::solve_lower(self.t.view().adjoint(), w);
    }

    /// A becomes QA, on this thread.
    pub(crate) fn apply(&self, a: ViewMut<'_, T>) {
        let mut w = Matrix::zeros(self.t.columns(), a.columns());
        multiply_by_parts(w.view_mut(), self.v().adjoint(), a.as_ref());
        T::solve_upper(self.t.view(), w.view_mut());
        subtract_product(a, self.v(), w.view());
    }

    /// A becomes QᴴA.
    pub(super) fn apply_adjoint(&self, a: ViewMut<'_, T>) {
        let one_piece = |a: ViewMut<'_, T>| {
            let mut w = Matrix::zeros(self.t.columns(), a.columns());
            self.project(w.view_mut(), a.as_ref());
            subtract_product(a, self.v(), w.view());
        };
        if a.rows() * a.columns() < SHARED {
            one_piece(a);
        } else {
            a.column_pieces(COLUMNS).into_par_iter().for_each(one_piece);
        }
    }
}

impl<P: Real> Panel<P> {
    /// Q and R of the panel that `fill` writes, column after column: given the distance between columns, and entries
    /// that are zero.
    pub(crate) fn of(
        (rows, columns): (usize, usize),
        pool: &Pool<P>,
        fill: impl FnOnce(usize, &mut [P]),
    ) -> (Self, Matrix<P>) {
        let NarrowQr { v, stride, t, r, size } = narrow_qr((rows, columns), pool, fill);
        (Self { v, rows, stride, t: Matrix::owning(size, size, t) }, Matrix::owning(size, columns, r))
    }

    /// T⁻¹.
    pub(crate) fn inverse(&self) -> Matrix<P> {
        let mut inverse = Matrix::identity(self.t.rows());
        P::solve_upper(self.t.view(), inverse.view_mut());
        inverse
    }

    /// W = T⁻ᵀ·VᵀA, given T⁻¹, WIDTH entries for each column of A from some row and column on; without the first
    /// `skipped` rows of V, which meet rows that are not in A.
    pub(crate) fn projected_on(
        &self,
        a: &RowPanels<P>,
        inverse: &Matrix<P>,
        skipped: usize,
        (row, column): (usize, usize),
        pool: &Pool<P>,
    ) -> Buffer<P> {
        // The rows of V·T⁻¹ in the order in which they are read.
        let ((rows, above), part) = (a.rows_from(row), a.high());
        let v = self.v().subrows(skipped, self.rows - skipped);
        let mut parts = pool.zeros(rows * WIDTH);
        parts.par_chunks_exact_mut(rows * part).enumerate().for_each(|(p, to)| {
            let first = inverse.columns().min(p * part);
            let count = part.min(inverse.columns() - first);
            let to = ViewMut::by_columns(to, (part, rows), part).block((0, above), (count, v.rows()));
            let columns = inverse.view().subcolumns(first, count);
            multiply_into(to, columns.transpose(), v.transpose(), Cut::Whole);
        });
        a.projected(&parts, row, column, pool)
    }

    /// Rows of V from one on, column after column: zero before row `skipped` and behind the last.
    pub(crate) fn write_rows(&self, skipped: usize, first: isize, to: &mut [P]) {
        let high = to.len() / WIDTH;
        let from = usize::try_from(first).unwrap_or(0).max(skipped);
        let start = (from as isize - first) as usize;
        if start >= high || from >= self.rows {
            return;
        }
        for (j, to) in to.chunks_exact_mut(high).take(self.t.columns()).enumerate() {
            to[start..].iter_mut().zip(&self.v[j * self.stride..][from..self.rows]).for_each(|(to, &x)| *to = x);
        }
    }
}

/// The columns of a matrix, or their opposites where `negated`, and columns of zeros up to `columns`.
pub(crate) fn slivers<P: Real>(a: View<'_, P>, columns: usize, negated: bool, pool: &Pool<P>) -> Slivers<P> {
    let sign = if negated { -one::<P>() } else { one() };
    Slivers::new((a.rows(), columns), pool, |first, sliver| write_columns(sliver, a, first, sign))
}

/// Columns of a matrix from `first` on, multiplied by `sign`, as far as there are any.
pub(crate) fn write_columns<P: Real, const N: usize>(to: &mut [[P; N]], a: View<'_, P>, first: usize, sign: P) {
    for c in 0..N.min(a.columns().saturating_sub(first)) {
        to.iter_mut().zip(a.column(first + c)).for_each(|(to, &x)| to[c] = sign * x);
    }
}
