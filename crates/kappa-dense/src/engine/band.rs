//! From a full matrix to a band, by panels: nearly all of the work is products of matrices.
//!
//! Bischof, Lang and Sun, ACM Trans. Math. Software 26 (2000) 581–601; Großer and Lang, Parallel Comput. 25 (1999) 969–986.
//! What is multiplied is cut into pieces by its size alone, each a product on one thread, so that the digits do not depend on the number
//! of threads.

use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve::solve_lower_triangular_in_place;
use faer::reborrow::{Reborrow, ReborrowMut};
use faer::traits::ComplexField;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

use super::qr::{COLUMNS, Panel, multiply_by_parts};
use crate::Scalar;

/// Rows of a piece: with all its columns it stays in the second or third cache between its two products.
const ROWS: usize = 128;

/// A bordered matrix [A, ·; Xᵀ, ·], A m×n with m ≥ n and X with `probes` columns: A becomes upper triangular with `width` entries right of
/// its diagonal; what stands elsewhere means nothing.
///
/// The right border becomes A·X first. Whatever is done to A from the left is done to A·X, and from the right to Xᵀ, so that at the end
/// B·X′ = (A·X)′ tells how well the band B stands for A. 4·m·n² − 4/3·n³ flops.
pub(crate) fn upper_band<T: ComplexField + Scalar>(
    entries: &mut [T],
    stride: usize,
    (m, n): (usize, usize),
    probes: usize,
    width: usize,
) {
    let mut whole = MatMut::from_column_major_slice_with_stride_mut(entries, m + probes, n + probes, stride);
    let (a, mut image) = whole.rb_mut().split_at_col_mut(n);
    let (a, x) = a.rb().split_at_row(m);
    multiply_by_parts(image.rb_mut().subrows_mut(0, m), a, x.transpose());
    let mut k = 0;
    while k < n {
        let b = width.min(n - k);
        let (left, r) = Panel::of(whole.rb().submatrix(k, k, m - k, b));
        let size = left.v.ncols();
        write_triangle(whole.rb_mut().submatrix_mut(k, k, size, b), &r, false);
        let rest = n - k - b;
        let (top, below) = left.v.as_ref().split_at_row(size);
        let w = left.projected(whole.rb().submatrix(k, k + b, m - k, rest + probes));
        let trailing = whole.rb_mut().submatrix_mut(k, k + b, m - k + probes, rest + probes);
        let (mut head, body) = trailing.split_at_row_mut(size);
        matmul(head.rb_mut(), Accum::Add, top, w.as_ref(), -T::one_impl(), Par::Seq);
        // The rows that are done: head·Q₂ is lower triangular.
        let mut head = head.subcols_mut(0, rest);
        let (right, r) = Panel::of(head.rb().adjoint().to_owned().as_ref());
        write_triangle(head.rb_mut(), &r, true);
        from_both_sides(body, below, &w, &right);
        k += b;
    }
}

/// Both sides in one pass over the rest: A − V·W, times Q₂, that is A − [V, Y]·[W; V₂ᴴ] with Y = (A − V·W)·V₂T₂⁻¹.
///
/// V and V₂ may have fewer rows than A has rows and columns: nothing is done there.
fn from_both_sides<T: ComplexField + Scalar>(mut a: MatMut<'_, T>, v: MatRef<'_, T>, w: &Mat<T>, right: &Panel<T>) {
    let (b, size, touched) = (v.ncols(), right.v.ncols(), right.v.nrows());
    let mut by_left = Mat::<T>::zeros(a.nrows(), b + size);
    by_left.as_mut().submatrix_mut(0, 0, v.nrows(), b).copy_from(v);
    let mut by_right = Mat::<T>::zeros(b + size, a.ncols());
    by_right.as_mut().subrows_mut(0, b).copy_from(w.as_ref());
    by_right.as_mut().submatrix_mut(b, 0, size, touched).copy_from(right.v.adjoint());
    let mut wv = Mat::<T>::zeros(b, size);
    multiply_by_parts(wv.as_mut(), w.as_ref().subcols(0, touched), right.v.as_ref());
    let (by_right, wv) = (by_right.as_ref(), wv.as_ref());
    let pieces = by_left.as_mut().par_row_chunks_mut(ROWS).zip(a.rb_mut().par_row_chunks_mut(ROWS));
    pieces.for_each(|(mut by_left, mut a)| {
        let (v, mut y) = by_left.rb_mut().split_at_col_mut(b);
        multiply_by_parts(y.rb_mut(), a.rb().subcols(0, touched), right.v.as_ref());
        matmul(y.rb_mut(), Accum::Add, v.rb(), wv, -T::one_impl(), Par::Seq);
        // Y := Y·T₂⁻¹, that is Yᵀ := T₂⁻ᵀ·Yᵀ.
        solve_lower_triangular_in_place(right.t.transpose(), y.transpose_mut(), Par::Seq);
        matmul(a.rb_mut(), Accum::Add, by_left.rb(), by_right, -T::one_impl(), Par::Seq);
    });
}

/// A Hermitian A, its lower triangle given, keeps `width` entries below its diagonal; what stands elsewhere means nothing.
///
/// `beside` is [X, ·] and becomes Qᴴ·[X, A·X] for the Q with QᴴAQ the band. 4/3·n³ flops.
pub(crate) fn lower_band<T: ComplexField + Scalar>(
    entries: &mut [T],
    (order, stride): (usize, usize),
    width: usize,
    beside: &mut [T],
) {
    let n = order;
    let columns = beside.len() / n.max(1);
    let mut a = MatMut::from_column_major_slice_with_stride_mut(entries, n, n, stride);
    let mut beside = MatMut::from_column_major_slice_mut(beside, n, columns);
    fill_diagonal_pieces(a.rb_mut());
    let (x, mut image) = beside.rb_mut().split_at_col_mut(columns / 2);
    image.copy_from(hermitian_product(a.rb(), x.rb()));
    let mut k = 0;
    while k + width + 1 < n {
        let (top, size) = (k + width, n - k - width);
        let (panel, r) = Panel::of(a.rb().submatrix(top, k, size, width));
        write_triangle(a.rb_mut().submatrix_mut(top, k, size, width), &r, false);
        let turned = panel.projected(beside.rb().subrows(top, size));
        let below = beside.rb_mut().subrows_mut(top, size);
        matmul(below, Accum::Add, panel.v.as_ref(), turned.as_ref(), -T::one_impl(), Par::Seq);
        hermitian_from_both_sides(a.rb_mut().submatrix_mut(top, top, size, size), &panel);
        k += width;
    }
}

/// Where pieces of a square matrix end, seen from its last column: pieces stay where they are while the matrix grows smaller.
fn first_piece(order: usize) -> usize {
    order % COLUMNS
}

/// What stands above the diagonal of the square pieces on it.
fn fill_diagonal_pieces<T: ComplexField + Scalar>(mut a: MatMut<'_, T>) {
    let n = a.nrows();
    for j in 1..n {
        let piece = (j + COLUMNS - first_piece(n)) / COLUMNS;
        let start = (piece * COLUMNS + first_piece(n)).saturating_sub(COLUMNS);
        for i in start..j {
            a[(i, j)] = T::conj_impl(&a[(j, i)]);
        }
    }
}

/// QᴴSQ = S − V·Wᴴ − W·Vᴴ with W = X − ½·V·M, X = S·V·T⁻¹ and M = T⁻ᴴ·Vᴴ·X, in the lower triangle and the pieces on the diagonal.
fn hermitian_from_both_sides<T: ComplexField + Scalar>(s: MatMut<'_, T>, panel: &Panel<T>) {
    let (order, b) = (s.nrows(), panel.v.ncols());
    let v = panel.v.as_ref();
    let mut x = hermitian_product(s.rb(), v);
    solve_lower_triangular_in_place(panel.t.transpose(), x.as_mut().transpose_mut(), Par::Seq);
    let m = panel.projected(x.as_ref());
    let half = T::mul_real_impl(&T::one_impl(), &T::Real::from_f64_impl(-0.5));
    matmul(x.as_mut(), Accum::Add, v, m.as_ref(), half, Par::Seq);
    let (mut by_left, mut by_right) = (Mat::<T>::zeros(order, 2 * b), Mat::<T>::zeros(order, 2 * b));
    by_left.as_mut().subcols_mut(0, b).copy_from(v);
    by_left.as_mut().subcols_mut(b, b).copy_from(x.as_ref());
    by_right.as_mut().subcols_mut(0, b).copy_from(x.as_ref());
    by_right.as_mut().subcols_mut(b, b).copy_from(v);
    let (first, rest) = s.split_at_col_mut(first_piece(order));
    let pieces = rayon::iter::once(first).chain(rest.par_col_chunks_mut(COLUMNS)).enumerate();
    pieces.for_each(|(piece, s)| {
        let start = (piece * COLUMNS + first_piece(order)).saturating_sub(COLUMNS);
        let (count, rows) = (s.ncols(), order - start);
        let (left, right) = (by_left.as_ref().subrows(start, rows), by_right.as_ref().subrows(start, count));
        matmul(s.subrows_mut(start, rows), Accum::Add, left, right.adjoint(), -T::one_impl(), Par::Seq);
    });
}

/// S·V from the lower triangle of S and the square pieces on its diagonal.
fn hermitian_product<T: ComplexField + Scalar>(s: MatRef<'_, T>, v: MatRef<'_, T>) -> Mat<T> {
    let order = s.nrows();
    let mut product = Mat::zeros(order, v.ncols());
    let (first, rest) = product.as_mut().split_at_row_mut(first_piece(order));
    let pieces = rayon::iter::once(first).chain(rest.par_row_chunks_mut(COLUMNS)).enumerate();
    pieces.for_each(|(piece, mut y)| {
        let start = (piece * COLUMNS + first_piece(order)).saturating_sub(COLUMNS);
        let end = start + y.nrows();
        let (left, below) =
            (s.submatrix(start, 0, end - start, end), s.submatrix(end, start, order - end, end - start));
        multiply_by_parts(y.rb_mut(), left, v.subrows(0, end));
        let mut under = Mat::zeros(y.nrows(), y.ncols());
        multiply_by_parts(under.as_mut(), below.adjoint(), v.subrows(end, order - end));
        y += under;
    });
    product
}

/// R into the upper triangle, or Rᴴ into the lower one.
fn write_triangle<T: ComplexField + Scalar>(mut to: MatMut<'_, T>, r: &Mat<T>, adjoint: bool) {
    for j in 0..to.ncols() {
        for i in 0..to.nrows() {
            to[(i, j)] = match adjoint {
                false if i < r.nrows() => r[(i, j)],
                true if j < r.nrows() => T::conj_impl(&r[(j, i)]),
                _ => T::zero_impl(),
            };
        }
    }
}
