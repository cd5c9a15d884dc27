//! LU with partial pivoting: faer's, and panel by panel with the next panel factored while the rest is updated.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::lu::partial_pivoting::{factor, solve};
use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve::solve_unit_lower_triangular_in_place;
use faer::perm::PermRef;
use faer::reborrow::{Reborrow, ReborrowMut};
use faer::traits::ComplexField;
use faer::{Accum, Conj, MatMut, MatRef, Par};
use rayon::prelude::*;

use crate::cut::Cut;

pub(crate) fn inverse_order(order: &[usize]) -> Vec<usize> {
    let mut inverse = vec![0; order.len()];
    order.iter().enumerate().for_each(|(i, &k)| inverse[k] = i);
    inverse
}

/// A becomes L (unit, below) and U of PA = LU; row i of PA is row `rows[i]` of A.
pub(crate) fn lu_in_place<T: ComplexField + Send + Sync>(
    a: &mut [T],
    (rows, columns): (usize, usize),
    cut: Cut,
) -> Vec<usize> {
    match cut {
        Cut::Panels(width) if rows == columns && width < rows => by_panels(a, rows, width),
        _ => by_faer(a, rows, columns, cut.par()),
    }
}

fn by_faer<T: ComplexField>(a: &mut [T], rows: usize, columns: usize, par: Par) -> Vec<usize> {
    let (mut order, mut inverse) = (vec![0usize; rows], vec![0usize; rows]);
    let scratch = factor::lu_in_place_scratch::<usize, T>(rows, columns, par, Default::default());
    let mut memory = MemBuffer::new(scratch);
    let a = MatMut::from_column_major_slice_mut(a, rows, columns);
    factor::lu_in_place(a, &mut order, &mut inverse, par, MemStack::new(&mut memory), Default::default());
    order
}

/// Columns `first..first + width`, factored: row `first + i` was swapped with row `first + swaps[i]`, one i after the
/// other.
struct Panel {
    first: usize,
    swaps: Vec<usize>,
}

impl Panel {
    /// Factors the columns from row `first` on, in a contiguous copy and on this thread.
    fn factored<T: ComplexField>(columns: &mut [T], n: usize, first: usize) -> Self {
        let (width, height) = (columns.len() / n, n - first);
        let mut panel: Vec<T> = columns.chunks_exact(n).flat_map(|column| column[first..].iter().cloned()).collect();
        let order = by_faer(&mut panel, height, width, Par::Seq);
        for (to, from) in columns.chunks_exact_mut(n).zip(panel.chunks_exact(height)) {
            to[first..].clone_from_slice(from);
        }
        Self { first, swaps: swaps(&order, width) }
    }

    fn swap<T>(&self, column: &mut [T]) {
        let below = &mut column[self.first..];
        self.swaps.iter().enumerate().for_each(|(i, &k)| below.swap(i, k));
    }

    /// With L = [L₁; L₂] of this panel, other columns B = [B₁; B₂] become [L₁⁻¹B₁; B₂ − L₂L₁⁻¹B₁].
    fn update<T: ComplexField>(&self, l: &[T], n: usize, columns: &mut [T]) {
        columns.chunks_exact_mut(n).for_each(|column| self.swap(column));
        let (width, height) = (self.swaps.len(), n - self.first);
        let l = MatRef::from_column_major_slice(l, n, width).subrows(self.first, height);
        let count = columns.len() / n;
        let b = MatMut::from_column_major_slice_mut(columns, n, count).subrows_mut(self.first, height);
        let ((top, bottom), (mut b, rest)) = (l.split_at_row(width), b.split_at_row_mut(width));
        solve_unit_lower_triangular_in_place(top, b.rb_mut(), Par::Seq);
        matmul(rest, Accum::Add, bottom, b.rb(), -T::one_impl(), Par::Seq);
    }
}

/// The swaps that bring the first `count` rows of `order` to rows 0, 1, …, one swap after the other.
fn swaps(order: &[usize], count: usize) -> Vec<usize> {
    let mut at: Vec<usize> = (0..order.len()).collect();
    let mut place = at.clone();
    let mut found = Vec::with_capacity(count);
    for (i, &row) in order[..count].iter().enumerate() {
        let k = place[row];
        found.push(k);
        at.swap(i, k);
        (place[at[i]], place[at[k]]) = (i, k);
    }
    found
}

/// Right-looking, so that nearly all the work is a product of matrices that threads can share, and one panel ahead, so
/// that no thread waits for the panel: in faer's recursion all threads wait at each of its leaves.
fn by_panels<T: ComplexField + Send + Sync>(a: &mut [T], n: usize, width: usize) -> Vec<usize> {
    let mut panels = vec![Panel::factored(&mut a[..n * width], n, 0)];
    while let Some(panel) = panels.last() {
        let next = panel.first + panel.swaps.len();
        if next == n {
            break;
        }
        let (done, rest) = a.split_at_mut(n * next);
        let l = &done[n * panel.first..];
        let (ahead, rest) = rest.split_at_mut(n * width.min(n - next));
        let (found, ()) = rayon::join(
            || {
                panel.update(l, n, ahead);
                Panel::factored(ahead, n, next)
            },
            || rest.par_chunks_mut(n * width).for_each(|columns| panel.update(l, n, columns)),
        );
        panels.push(found);
    }
    // The swaps of later panels, applied to the columns of earlier ones.
    a.par_chunks_mut(n * width).enumerate().for_each(|(k, columns)| {
        let later = &panels[k + 1..];
        columns.chunks_exact_mut(n).for_each(|column| later.iter().for_each(|panel| panel.swap(column)));
    });
    let mut rows: Vec<usize> = (0..n).collect();
    panels.iter().for_each(|panel| panel.swap(&mut rows));
    rows
}

/// B becomes A⁻¹B, or A⁻ᴴB.
pub(crate) fn lu_solve_in_place<T: ComplexField>(factors: &[T], rows: &[usize], b: &mut [T], adjoint: bool, cut: Cut) {
    let n = rows.len();
    let columns = b.len().checked_div(n).unwrap_or(0);
    let inverse = inverse_order(rows);
    let order = PermRef::new_checked(rows, &inverse, n);
    let factors = MatRef::from_column_major_slice(factors, n, n);
    let b = MatMut::from_column_major_slice_mut(b, n, columns);
    let par = cut.par();
    let plain = solve::solve_in_place_scratch::<usize, T>(n, columns, par);
    let turned = solve::solve_transpose_in_place_scratch::<usize, T>(n, columns, par);
    let mut memory = MemBuffer::new(plain.or(turned));
    let stack = MemStack::new(&mut memory);
    if adjoint {
        solve::solve_transpose_in_place_with_conj(factors, factors, order, Conj::Yes, b, par, stack);
    } else {
        solve::solve_in_place_with_conj(factors, factors, order, Conj::No, b, par, stack);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_give_the_rows_and_factors_of_faer() {
        for n in [1usize, 2, 7, 40, 65, 130] {
            let mut seed = 7u64;
            let a: Vec<f64> = (0..n * n)
                .map(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (seed >> 40) as f64 / 16_777_216.0 - 0.5
                })
                .collect();
            let mut whole = a.clone();
            let rows = lu_in_place(&mut whole, (n, n), Cut::Whole);
            for width in [1, 3, 32, 64] {
                let mut parts = a.clone();
                assert_eq!(lu_in_place(&mut parts, (n, n), Cut::Panels(width)), rows, "order {n}, panels of {width}");
                let worst = whole.iter().zip(&parts).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
                assert!(worst < 1e-11, "order {n}, panels of {width}: {worst:e}");
            }
        }
    }

    #[test]
    fn a_column_of_zeros_leaves_a_pivot_of_zero() {
        let n = 70;
        let mut a: Vec<f64> =
            (0..n * n).map(|k| if k / n == 40 { 0.0 } else { ((k * 37) % 101) as f64 - 50.0 }).collect();
        lu_in_place(&mut a, (n, n), Cut::Panels(32));
        assert!((0..n).any(|i| a[i * n + i] == 0.0));
    }
}
