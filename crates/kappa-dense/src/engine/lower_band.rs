//! From a full symmetric matrix to a band, by panels: nearly all of the work is products of matrices.
//!
//! Bischof, Lang and Sun, ACM Trans. Math. Software 26 (2000) 581–601.
//! What is multiplied is cut into pieces by its size alone, each a product on one thread, so that the digits do not depend on the number
//! of threads.

use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve::solve_lower_triangular_in_place;
use faer::reborrow::{Reborrow, ReborrowMut};
use faer::traits::ComplexField;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

use super::qr::{COLUMNS, Panel, multiply_by_parts};
use crate::Real;
use crate::pool::Pool;

/// A symmetric A, its lower triangle given, keeps `width` entries below its diagonal; what stands elsewhere means nothing.
///
/// `beside` is [X, ·] and becomes Qᵀ·[X, A·X] for the Q with QᵀAQ the band. 4/3·n³ flops.
pub(crate) fn lower_band<P: ComplexField + Real>(
    entries: &mut [P],
    (order, stride): (usize, usize),
    width: usize,
    beside: &mut [P],
) {
    let n = order;
    let columns = beside.len() / n.max(1);
    let mut a = MatMut::from_column_major_slice_with_stride_mut(entries, n, n, stride);
    let mut beside = MatMut::from_column_major_slice_mut(beside, n, columns);
    fill_diagonal_pieces(a.rb_mut());
    let (x, mut image) = beside.rb_mut().split_at_col_mut(columns / 2);
    image.copy_from(symmetric_product(a.rb(), x.rb()));
    let pool = Pool::default();
    let mut k = 0;
    while k + width + 1 < n {
        let (top, size) = (k + width, n - k - width);
        let (panel, r) = Panel::of((size, width), &pool, |stride, to| {
            MatMut::from_column_major_slice_with_stride_mut(to, size, width, stride)
                .copy_from(a.rb().submatrix(top, k, size, width));
        });
        let (mut upper, mut below) = a.rb_mut().submatrix_mut(top, k, size, width).split_at_row_mut(r.nrows());
        upper.copy_from(&r);
        below.fill(P::zero_impl());
        let turned = panel.projected(beside.rb().subrows(top, size));
        let below = beside.rb_mut().subrows_mut(top, size);
        matmul(below, Accum::Add, panel.v(), turned.as_ref(), -P::one_impl(), Par::Seq);
        from_both_sides(a.rb_mut().submatrix_mut(top, top, size, size), &panel);
        k += width;
    }
}

/// Where pieces of a square matrix end, seen from its last column: pieces stay where they are while the matrix grows smaller.
fn first_piece(order: usize) -> usize {
    order % COLUMNS
}

/// What stands above the diagonal of the square pieces on it.
fn fill_diagonal_pieces<P: ComplexField + Real>(mut a: MatMut<'_, P>) {
    let n = a.nrows();
    for j in 1..n {
        let piece = (j + COLUMNS - first_piece(n)) / COLUMNS;
        let start = (piece * COLUMNS + first_piece(n)).saturating_sub(COLUMNS);
        for i in start..j {
            a[(i, j)] = a[(j, i)];
        }
    }
}

/// QᵀSQ = S − V·Wᵀ − W·Vᵀ with W = X − ½·V·M, X = S·V·T⁻¹ and M = T⁻ᵀ·Vᵀ·X, in the lower triangle and the pieces on the diagonal.
fn from_both_sides<P: ComplexField + Real>(s: MatMut<'_, P>, panel: &Panel<P>) {
    let (order, b) = (s.nrows(), panel.t.ncols());
    let v = panel.v();
    let mut x = symmetric_product(s.rb(), v);
    solve_lower_triangular_in_place(panel.t.transpose(), x.as_mut().transpose_mut(), Par::Seq);
    let m = panel.projected(x.as_ref());
    matmul(x.as_mut(), Accum::Add, v, m.as_ref(), P::from_parts(-0.5, 0.0), Par::Seq);
    let (mut by_left, mut by_right) = (Mat::<P>::zeros(order, 2 * b), Mat::<P>::zeros(order, 2 * b));
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
        matmul(s.subrows_mut(start, rows), Accum::Add, left, right.transpose(), -P::one_impl(), Par::Seq);
    });
}

/// S·V from the lower triangle of S and the square pieces on its diagonal.
fn symmetric_product<P: ComplexField + Real>(s: MatRef<'_, P>, v: MatRef<'_, P>) -> Mat<P> {
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
        multiply_by_parts(under.as_mut(), below.transpose(), v.subrows(end, order - end));
        y += under;
    });
    product
}
