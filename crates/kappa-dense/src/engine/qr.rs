//! Householder's QR by panels: each is reflected in the cache, and what lies right of it multiplied.
//!
//! Schreiber and Van Loan, SISSC 10 (1989) 53–57; the factor T⁻¹ from VᴴV as in Joffrain, Low, Quintana-Ortí, van de Geijn and Van Zee,
//! ACM Trans. Math. Software 32 (2006) 169–179. Pieces are cut by size alone, so that the digits do not depend on the number of threads.

use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::reborrow::{Reborrow, ReborrowMut};
use faer::traits::{ComplexField, Conjugate};
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

use super::Fill;
use crate::narrow_qr::{NarrowQr, narrow_qr};
use crate::pool::{Buffer, Pool};
use crate::row_panels::{RowPanels, WIDTH};
use crate::small_qr::reflect_columns;
use crate::{Real, Scalar};

/// Columns of a piece.
pub(super) const COLUMNS: usize = 128;
/// From this many entries on, pieces go to other threads.
const SHARED: usize = 1 << 18;

/// Terms of a sum before a new one begins: equal entries, whose rounding errors all have one sign, would lose n·ε/4 otherwise.
const TERMS: usize = 24;

/// C = A·B on this thread, long sums in parts.
pub(super) fn multiply_by_parts<T, A, B>(mut c: MatMut<'_, T>, a: MatRef<'_, A>, b: MatRef<'_, B>)
where
    T: ComplexField + Scalar,
    A: Conjugate<Canonical = T>,
    B: Conjugate<Canonical = T>,
{
    let mut accumulate = Accum::Replace;
    for k in (0..a.ncols().max(1)).step_by(TERMS) {
        let count = TERMS.min(a.ncols() - k);
        matmul(c.rb_mut(), accumulate, a.subcols(k, count), b.subrows(k, count), T::one_impl(), Par::Seq);
        accumulate = Accum::Add;
    }
}

/// A panel's reflections Q = I − VT⁻¹Vᴴ: V unit lower trapezoidal in memory of its own, T upper triangular.
#[derive(Debug)]
pub(super) struct Panel<T> {
    /// V, column after column, with more columns behind it that mean nothing.
    v: Buffer<T>,
    rows: usize,
    stride: usize,
    pub(super) t: Mat<T>,
}

impl<T: ComplexField + Scalar> Panel<T> {
    /// Q and R of a panel that lies somewhere else, complex ones too, and the diagonal of T with an infinite entry for each reflection that is none.
    fn of_view(a: MatRef<'_, T>, pool: &Pool<T>) -> (Self, Mat<T>, Vec<T>) {
        let (rows, columns) = a.shape();
        let mut entries = pool.zeros(rows * columns);
        MatMut::from_column_major_slice_mut(&mut entries, rows, columns).copy_from(a);
        let size = rows.min(columns);
        let tau = reflect_columns(&mut entries, rows, columns);
        let at = |i: usize, j: usize| entries[i + j * rows];
        let r = Mat::from_fn(size, columns, |i, j| if i <= j { at(i, j) } else { T::default() });
        // Where a column needed no reflection, v = 0 says so.
        let is_idle = |j: usize| !tau[j].is_finite();
        let one = T::from_parts(1.0, 0.0);
        for (j, column) in entries.chunks_exact_mut(rows.max(1)).take(size).enumerate() {
            column[..j].fill(T::default());
            column[j] = one;
            if is_idle(j) {
                column.fill(T::default());
            }
        }
        let v = MatRef::from_column_major_slice(&entries[..rows * size], rows, size);
        let mut t = Mat::<T>::zeros(size, size);
        multiply_by_parts(t.as_mut(), v.adjoint(), v);
        for j in 0..size {
            // Half of vᴴv as the products of the matrix will see it: their rounding errors have a direction where entries are equal.
            t[(j, j)] = if is_idle(j) { one } else { t[(j, j)].scale(0.5) };
            (j + 1..size).for_each(|i| t[(i, j)] = T::default());
        }
        (Self { v: entries, rows, stride: rows, t }, r, tau)
    }

    pub(super) fn v(&self) -> MatRef<'_, T> {
        MatRef::from_column_major_slice_with_stride(&self.v, self.rows, self.t.ncols(), self.stride)
    }

    /// W = T⁻ᴴ·VᴴA, so that QᴴA = A − VW.
    pub(super) fn projected(&self, a: MatRef<'_, T>) -> Mat<T> {
        let mut w = Mat::zeros(self.t.ncols(), a.ncols());
        let pieces = w.as_mut().par_col_chunks_mut(COLUMNS).zip(a.par_col_chunks(COLUMNS));
        pieces.for_each(|(w, a)| self.project(w, a));
        w
    }

    fn project(&self, mut w: MatMut<'_, T>, a: MatRef<'_, T>) {
        multiply_by_parts(w.rb_mut(), self.v().adjoint(), a);
        solve_lower_triangular_in_place(self.t.adjoint(), w, Par::Seq);
    }

    /// A becomes QA, on this thread.
    pub(super) fn apply(&self, mut a: MatMut<'_, T>) {
        let mut w = Mat::zeros(self.t.ncols(), a.ncols());
        multiply_by_parts(w.as_mut(), self.v().adjoint(), a.rb());
        solve_upper_triangular_in_place(self.t.as_ref(), w.as_mut(), Par::Seq);
        matmul(a.rb_mut(), Accum::Add, self.v(), w.as_ref(), -T::one_impl(), Par::Seq);
    }

    /// A becomes QᴴA.
    fn apply_adjoint(&self, a: MatMut<'_, T>) {
        let one_piece = |mut a: MatMut<'_, T>| {
            let mut w = Mat::zeros(self.t.ncols(), a.ncols());
            self.project(w.as_mut(), a.rb());
            matmul(a.rb_mut(), Accum::Add, self.v(), w.as_ref(), -T::one_impl(), Par::Seq);
        };
        if a.nrows() * a.ncols() < SHARED {
            one_piece(a);
        } else {
            a.par_col_chunks_mut(COLUMNS).for_each(one_piece);
        }
    }
}

impl<P: ComplexField + Real> Panel<P> {
    /// Q and R of the panel that `fill` writes, column after column: given the distance between columns, and entries that are zero.
    pub(super) fn of(
        (rows, columns): (usize, usize),
        pool: &Pool<P>,
        fill: impl FnOnce(usize, &mut [P]),
    ) -> (Self, Mat<P>) {
        let NarrowQr { v, stride, t, r, size } = narrow_qr((rows, columns), pool, fill);
        let t = MatRef::from_column_major_slice(&t, size, size).to_owned();
        let r = MatRef::from_column_major_slice(&r, size, columns).to_owned();
        (Self { v, rows, stride, t }, r)
    }

    /// T⁻¹.
    pub(super) fn inverse(&self) -> Mat<P> {
        let mut inverse = Mat::identity(self.t.nrows(), self.t.ncols());
        solve_upper_triangular_in_place(self.t.as_ref(), inverse.as_mut(), Par::Seq);
        inverse
    }

    /// W = T⁻ᵀ·VᵀA, given T⁻¹, WIDTH entries for each column of A from some row and column on; without the first rows of V, which stand elsewhere.
    pub(super) fn projected_on(
        &self,
        a: &RowPanels<P>,
        inverse: &Mat<P>,
        skipped: usize,
        (row, column): (usize, usize),
        pool: &Pool<P>,
    ) -> Buffer<P> {
        // The rows of V·T⁻¹ as they are wanted.
        let ((rows, above), part) = (a.rows_from(row), a.high());
        let v = self.v().subrows(skipped, self.rows - skipped);
        let mut parts = pool.zeros(rows * WIDTH);
        parts.par_chunks_exact_mut(rows * part).enumerate().for_each(|(p, to)| {
            let first = inverse.ncols().min(p * part);
            let count = part.min(inverse.ncols() - first);
            let to = MatMut::from_column_major_slice_mut(to, part, rows);
            let to = to.submatrix_mut(0, above, count, v.nrows());
            let columns = inverse.as_ref().subcols(first, count);
            matmul(to, Accum::Replace, columns.transpose(), v.transpose(), P::one_impl(), Par::Seq);
        });
        a.projected(&parts, row, column, pool)
    }

    /// Rows of V from one on, column after column: zero before row `skipped` and behind the last.
    pub(super) fn write_rows(&self, skipped: usize, first: isize, to: &mut [P]) {
        let high = to.len() / WIDTH;
        let from = usize::try_from(first).unwrap_or(0).max(skipped);
        let start = (from as isize - first) as usize;
        if start >= high || from >= self.rows {
            return;
        }
        for (j, to) in to.chunks_exact_mut(high).take(self.t.ncols()).enumerate() {
            to[start..].iter_mut().zip(&self.v[j * self.stride..][from..self.rows]).for_each(|(to, &x)| *to = x);
        }
    }
}

/// Columns of a panel of a matrix with so many in all.
pub(super) fn panel_width(columns: usize) -> usize {
    if columns >= 1024 { 64 } else { 32 }
}

/// A becomes R above and on its diagonal, and vectors without their leading 1 below it. 2mn² − ⅔n³ flops for m ≥ n.
///
/// The block for panel k is T, in the columns of that panel: [`panel_width`] rows for each of min(m, n) columns; infinite on its diagonal for a
/// reflection that is none.
pub(super) fn reflections_in_place<T: ComplexField + Scalar>(mut a: MatMut<'_, T>) -> Vec<T> {
    let (m, n) = a.shape();
    let size = m.min(n);
    let block = panel_width(n).min(size);
    let mut coefficients = vec![T::default(); block * size];
    let pool = Pool::default();
    for k in (0..size).step_by(block) {
        let b = block.min(size - k);
        let (left, right) = a.rb_mut().subrows_mut(k, m - k).split_at_col_mut(k + b);
        let mut panel_columns = left.subcols_mut(k, b);
        let (panel, r, tau) = Panel::of_view(panel_columns.rb(), &pool);
        for j in 0..b {
            for i in 0..m - k {
                panel_columns[(i, j)] = if i <= j { r[(i, j)] } else { panel.v()[(i, j)] };
            }
            for i in 0..b {
                coefficients[(k + j) * block + i] =
                    if i == j && !tau[j].is_finite() { tau[j] } else { panel.t[(i, j)] };
            }
        }
        panel.apply_adjoint(right);
    }
    coefficients
}

/// R, n×n and column after column, of an m×n matrix with m ≥ n, at once.
pub(super) fn triangle<T: ComplexField + Scalar>((m, n): (usize, usize), fill: &Fill<T>) -> (Vec<T>, usize) {
    let mut entries = vec![T::default(); m * n];
    fill(0, m, &mut entries);
    let mut a = MatMut::from_column_major_slice_mut(&mut entries, m, n);
    reflections_in_place(a.rb_mut());
    let upper = |i: usize, j: usize| if i <= j { a[(i, j)] } else { T::default() };
    ((0..n).flat_map(|j| (0..n).map(move |i| (i, j))).map(|(i, j)| upper(i, j)).collect(), 1)
}

#[cfg(test)]
mod tests {
    use crate::testing::draw as random;
    use crate::{Matrix, Scalar, Shape, multiply, qr, singular_values};

    /// Columns that agree to twelve digits: what is left of each is far below 16·m·ε of its length, and is all that tells them apart.
    fn check<W: Scalar<Wide = W>>(m: usize, n: usize) {
        let mut seed = (m + n) as u64;
        let common: Vec<f64> = (0..m).map(|_| random(&mut seed)).collect();
        let a = Matrix::from_fn(m, n, |i, _| {
            W::from_parts(common[i] + 1e-12 * random(&mut seed), 1e-12 * random(&mut seed))
        });
        let f = qr(a.as_ref(), Shape::Thin).unwrap();
        let back = multiply(f.q.as_ref(), f.r.as_ref()).unwrap();
        for j in 0..n {
            let off = (0..m).map(|i| (a[(i, j)] - back[(i, j)]).abs_squared()).sum::<f64>().sqrt();
            let size = a.column(j).iter().map(|x| x.abs_squared()).sum::<f64>().sqrt();
            assert!(off <= 60.0 * f64::EPSILON * size, "{m}×{n}, column {j}: {off:e} of {size:e}");
        }
        let (of_a, of_r) = (singular_values(a.as_ref()).unwrap().values, singular_values(f.r.as_ref()).unwrap().values);
        for (x, y) in of_a.iter().zip(&of_r) {
            assert!((x - y).abs() <= 60.0 * f64::EPSILON * of_a[0], "{m}×{n}: {x:e} beside {y:e}");
        }
        assert!(of_r[n - 1] > 1e-13 * (m as f64).sqrt(), "{m}×{n}: {:e}", of_r[n - 1]);
    }

    #[test]
    fn nothing_of_a_column_is_left_out() {
        for (m, n) in [(150, 100), (400, 130), (1500, 70)] {
            check::<f64>(m, n);
            check::<num_complex::Complex64>(m, n);
        }
    }

    #[test]
    fn wide_and_idle_panels_come_back() {
        let mut seed = 7;
        for (m, n) in [(40, 1100), (1100, 1100), (130, 300)] {
            let a = Matrix::from_fn(m, n, |i, j| if j % 3 == 1 || i % 5 == 2 { 0.0 } else { random(&mut seed) });
            let f = qr(a.as_ref(), Shape::Thin).unwrap();
            let back = multiply(f.q.as_ref(), f.r.as_ref()).unwrap();
            let off = a.as_slice().iter().zip(back.as_slice()).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
            assert!(off <= 1e-13 * (m as f64).sqrt(), "{m}×{n}: {off:e}");
            let gram = multiply(f.q.adjoint().as_ref(), f.q.as_ref()).unwrap();
            let off = (0..m.min(n)).flat_map(|i| (0..m.min(n)).map(move |j| (i, j)));
            let off = off.map(|(i, j)| (gram[(i, j)] - f64::from(i == j)).abs()).fold(0.0, f64::max);
            assert!(off <= 1e-13, "{m}×{n}: {off:e}");
        }
    }
}
