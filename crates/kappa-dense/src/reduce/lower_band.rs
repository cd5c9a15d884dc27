//! From a full symmetric matrix to a band, by panels: nearly all of the work is products of matrices.
//!
//! Bischof, Lang and Sun, ACM Trans. Math. Software 26 (2000) 581–601. Products are cut into pieces by their size
//! alone, each computed on one thread, so that the digits do not depend on the number of threads.

use kappa_engine::{Accumulate, Cut, View, ViewMut};
use rayon::prelude::*;

use crate::blocked_qr::{COLUMNS, Panel, multiply_by_parts, subtract_product};
use crate::pool::Pool;
use crate::{Matrix, Real};

/// A symmetric A, its lower triangle given, keeps `width` entries below its diagonal; all other entries are undefined.
///
/// `beside` is [X, ·] and becomes Qᵀ·[X, A·X] for the Q with QᵀAQ the band. 4/3·n³ flops.
pub(super) fn lower_band<P: Real>(entries: &mut [P], (order, stride): (usize, usize), width: usize, beside: &mut [P]) {
    let n = order;
    let columns = beside.len() / n.max(1);
    fill_diagonal_pieces(entries, (n, stride));
    let (x, image) = beside.split_at_mut(columns / 2 * n);
    let product =
        symmetric_product(View::by_columns(entries, (n, n), stride), View::by_columns(x, (n, columns / 2), n));
    image.copy_from_slice(product.as_slice());
    let pool = Pool::default();
    let mut k = 0;
    while k + width + 1 < n {
        let (top, size) = (k + width, n - k - width);
        let (panel, r) = Panel::of((size, width), &pool, |stride_to, to| {
            for (j, to) in to.chunks_mut(stride_to).enumerate().take(width) {
                to[..size].copy_from_slice(&entries[(k + j) * stride + top..][..size]);
            }
        });
        for j in 0..width {
            let (upper, below) = entries[(k + j) * stride + top..][..size].split_at_mut(r.rows());
            upper.copy_from_slice(r.column(j));
            below.fill(P::default());
        }
        let mut below = ViewMut::by_columns(beside, (n, columns), n).subrows(top, size);
        let turned = panel.projected(below.as_ref());
        subtract_product(below.as_mut(), panel.v(), turned.view());
        let rest = ViewMut::by_columns(entries, (n, n), stride).block((top, top), (size, size));
        from_both_sides(rest, &panel);
        k += width;
    }
}

/// Where pieces of a square matrix end, counted from its last column: pieces stay where they are while the matrix grows
/// smaller.
fn first_piece(order: usize) -> usize {
    order % COLUMNS
}

/// Copies the lower triangle of each square piece on the diagonal to its upper triangle.
fn fill_diagonal_pieces<P: Real>(a: &mut [P], (n, stride): (usize, usize)) {
    for j in 1..n {
        let piece = (j + COLUMNS - first_piece(n)) / COLUMNS;
        let start = (piece * COLUMNS + first_piece(n)).saturating_sub(COLUMNS);
        for i in start..j {
            a[i + j * stride] = a[j + i * stride];
        }
    }
}

/// QᵀSQ = S − V·Wᵀ − W·Vᵀ with W = X − ½·V·M, X = S·V·T⁻¹ and M = T⁻ᵀ·Vᵀ·X, in the lower triangle and the pieces on the
/// diagonal.
fn from_both_sides<P: Real>(s: ViewMut<'_, P>, panel: &Panel<P>) {
    let (order, b) = (s.rows(), panel.t.columns());
    let v = panel.v();
    let mut x = symmetric_product(s.as_ref(), v);
    P::solve_lower(panel.t.view().transpose(), x.view_mut().transpose());
    let m = panel.projected(x.view());
    P::multiply(x.view_mut(), Accumulate::Add, v, m.view(), P::from_parts(-0.5, 0.0), Cut::Whole);
    let v: Vec<P> = (0..b).flat_map(|j| v.column(j)).copied().collect();
    let by_left = Matrix::owning(order, 2 * b, [&v, x.as_slice()].concat());
    let by_right = Matrix::owning(order, 2 * b, [x.as_slice(), &v].concat());
    let (first, rest) = s.split_columns(first_piece(order));
    let mut pieces = vec![first];
    pieces.extend(rest.column_pieces(COLUMNS));
    pieces.into_par_iter().enumerate().for_each(|(piece, s)| {
        let start = (piece * COLUMNS + first_piece(order)).saturating_sub(COLUMNS);
        let (count, rows) = (s.columns(), order - start);
        let (left, right) = (by_left.view().subrows(start, rows), by_right.view().subrows(start, count));
        subtract_product(s.subrows(start, rows), left, right.transpose());
    });
}

/// S·V from the lower triangle of S and the square pieces on its diagonal.
fn symmetric_product<P: Real>(s: View<'_, P>, v: View<'_, P>) -> Matrix<P> {
    let order = s.rows();
    let rows = |piece: usize| {
        let end = piece * COLUMNS + first_piece(order);
        end.saturating_sub(COLUMNS)..end
    };
    let pieces = (0..=order / COLUMNS).into_par_iter().map(|piece| {
        let (start, end) = (rows(piece).start, rows(piece).end);
        let (left, below) =
            (s.block((start, 0), (end - start, end)), s.block((end, start), (order - end, end - start)));
        let mut y = Matrix::zeros(end - start, v.columns());
        multiply_by_parts(y.view_mut(), left, v.subrows(0, end));
        let mut under = Matrix::zeros(end - start, v.columns());
        multiply_by_parts(under.view_mut(), below.transpose(), v.subrows(end, order - end));
        y.as_mut_slice().iter_mut().zip(under.as_slice()).for_each(|(y, &under)| *y += under);
        y
    });
    let pieces: Vec<Matrix<P>> = pieces.collect();
    let mut product = Matrix::zeros(order, v.columns());
    for (piece, y) in pieces.iter().enumerate() {
        (0..v.columns()).for_each(|j| product.column_mut(j)[rows(piece)].copy_from_slice(y.column(j)));
    }
    product
}
