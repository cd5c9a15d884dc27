//! R alone of tall matrices, one slab of rows after another: the reflections of a slab are applied to it while it is in
//! memory, and are not kept.
//!
//! The rows above a slab are triangular already, so that a panel's reflections change only as many of them as the panel
//! has columns: 2·m·n² flops whatever the height (flat trees of Demmel, Grigori, Hoemmen and Langou, SISC 34 (2012)
//! A206–A239).

use kappa_engine::{Accumulate, Cut, View, ViewMut};

use super::Fill;
use super::panel::{Panel, one, slivers, subtract_product};
use crate::multiply::multiply_into;
use crate::pool::Pool;
use crate::row_panels::{Change, RowPanels, WIDTH};
use crate::{Matrix, Real};

/// Rows of every slab but the first: a whole number of panels, few enough for the third cache unless there are more
/// than 2000 columns.
fn rows_of_slab(n: usize) -> usize {
    ((1 << 21) / n).clamp(1024, 4096) / WIDTH * WIDTH
}

/// R, n×n and column after column, of an m×n matrix with m ≥ n, and how many times it was computed anew.
pub(super) fn double(shape: (usize, usize), fill: &Fill<f64>) -> (Vec<f64>, usize) {
    rayon::scope(|_| triangle(shape, fill))
}

/// The same in single precision.
pub(super) fn single(shape: (usize, usize), fill: &Fill<f32>) -> (Vec<f32>, usize) {
    rayon::scope(|_| triangle(shape, fill))
}

fn triangle<P: Real>((m, n): (usize, usize), fill: &Fill<P>) -> (Vec<P>, usize) {
    let mut r = vec![P::default(); n * n];
    let (mut start, mut rounds) = (0, 0);
    let pool = Pool::default();
    while start < m {
        // The first slab is factored alone: with a triangle of zeros above it, it would cost ⅔n³ flops more.
        let is_first = start == 0;
        let least = if is_first { n.next_multiple_of(WIDTH) } else { 0 };
        let count = rows_of_slab(n).max(least).min(m - start);
        let a = RowPanels::new(count, n, |first, high, panel| fill(start + first, high, panel));
        let mut slab = Slab { r: &mut r, a, m: count, n, is_first, pool: &pool };
        (0..n).step_by(WIDTH).for_each(|k| slab.reflect(k));
        start += count;
        rounds += 1;
    }
    ((0..n * n).map(|at| r[at % n * n + at / n]).collect(), rounds)
}

/// Some rows of the matrix, and R of the rows above them, stored row after row.
struct Slab<'a, P: Real> {
    r: &'a mut [P],
    a: RowPanels<P>,
    m: usize,
    n: usize,
    is_first: bool,
    pool: &'a Pool<P>,
}

impl<P: Real> Slab<'_, P> {
    /// Applies the reflections of the panel of columns from `k` on to its rows of R, and to A right of the panel.
    fn reflect(&mut self, k: usize) {
        let (m, n, b) = (self.m, self.n, WIDTH.min(self.n - k));
        let (next, rest) = (k + b, n - k - b);
        let (row, above) = self.row_and_rows_above(k, b);
        let (panel, triangle) =
            Panel::of((above + m - row, b), self.pool, |stride, to| self.write_panel(k, stride, to));
        let mut head = self.head(k, next);
        if rest == 0 {
            return self.write(k, &triangle, View::by_columns(&head, (0, b), 0));
        }
        let mut head = ViewMut::by_columns(&mut head, (rest, b), rest);
        let inverse = panel.inverse();
        let mut w = panel.projected_on(&self.a, &inverse, above, (row, next), self.pool);
        let columns = w.len() / WIDTH;
        let mut w = ViewMut::by_columns(&mut w, (WIDTH, columns), WIDTH);
        let top = panel.v().subrows(0, b);
        if above > 0 {
            let mut weights = Matrix::zeros(b, b);
            multiply_into(weights.view_mut(), inverse.view().transpose(), top.transpose(), Cut::Whole);
            let w = w.as_mut().block((0, 0), (b, rest));
            P::multiply(w, Accumulate::Add, weights.view(), head.as_ref().transpose(), one(), Cut::Whole);
        }
        let of_head = w.as_ref().block((0, 0), (b, rest)).transpose();
        subtract_product(head.as_mut(), of_head, top.transpose());
        self.write(k, &triangle, head.as_ref());
        let first_row = if self.is_first { next } else { 0 };
        let by = Change { y: None, r: slivers(w.as_ref(), rest, true, self.pool) };
        let offset = above as isize - row as isize;
        self.a.update((first_row, next), &by, |first, v| panel.write_rows(above, first as isize + offset, v));
    }

    /// The first row of A that the reflections change, and how many rows of R they change.
    fn row_and_rows_above(&self, k: usize, b: usize) -> (usize, usize) {
        if self.is_first { (k, 0) } else { (0, b) }
    }

    /// Writes the panel that is factored: its rows of R, then those of A; columns begin `stride` entries apart.
    fn write_panel(&self, k: usize, stride: usize, to: &mut [P]) {
        let b = to.len() / stride;
        let (row, above) = self.row_and_rows_above(k, b);
        for (j, column) in to.chunks_exact_mut(stride).enumerate() {
            (0..above).for_each(|i| column[i] = self.r[(k + i) * self.n + k + j]);
        }
        self.a.write_block(row..self.m, k..k + b, stride, &mut to[above..]);
    }

    /// The rows that become rows of R, right of the panel, row after row.
    fn head(&self, k: usize, next: usize) -> Vec<P> {
        if self.is_first {
            let mut head = vec![P::default(); (next - k) * (self.n - next)];
            self.a.write_rows(k..next, next..self.n, self.n - next, &mut head);
            return head;
        }
        (k..next).flat_map(|i| &self.r[i * self.n + next..(i + 1) * self.n]).copied().collect()
    }

    fn write(&mut self, k: usize, triangle: &Matrix<P>, head: View<'_, P>) {
        for (i, row) in self.r[k * self.n..].chunks_exact_mut(self.n).take(head.columns()).enumerate() {
            (i..head.columns()).for_each(|j| row[k + j] = triangle[(i, j)]);
            row[k + head.columns()..].iter_mut().zip(head.column(i)).for_each(|(to, &x)| *to = x);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::blocked_qr::triangle;
    use crate::{Matrix, Real, triangle_of_stack};

    /// Each column shorter than the one before.
    fn random<P: Real>(m: usize, n: usize, seed: u64) -> Matrix<P> {
        let a = crate::testing::random::<P>(m, n, seed);
        Matrix::from_fn(m, n, |i, j| a[(i, j)].scale(0.9f64.powi(j as i32)))
    }

    fn gram(rows: &[&Matrix<f64>], i: usize, j: usize) -> f64 {
        rows.iter().map(|a| (0..a.rows()).map(|k| a[(k, i)] * a[(k, j)]).sum::<f64>()).sum()
    }

    /// RᵀR = AᵀA + BᵀB, for slabs of all kinds: one, one and a rest, several, and with nothing below or above.
    #[test]
    fn a_triangle_has_the_gram_matrix_of_the_rows_above_and_below() {
        for (m, below, n) in [
            (1, 0, 1),
            (5, 3, 5),
            (0, 40, 33),
            (33, 0, 32),
            (4096, 0, 7),
            (4096, 5, 3),
            (9000, 50, 50),
            (13_000, 20, 70),
        ] {
            let (a, b) = (random::<f64>(m, n, 3), random::<f64>(below, n, 4));
            let (r, _) = triangle_of_stack(a.as_ref(), 0, &b).unwrap();
            for i in 0..n {
                assert!((i + 1..n).all(|k| r[(k, i)] == 0.0), "{m}+{below}×{n}: below the diagonal");
                for j in 0..=i {
                    let (found, expected) = (gram(&[&r], i, j), gram(&[&a, &b], i, j));
                    let room = 50.0 * f64::EPSILON * (gram(&[&a, &b], i, i) * gram(&[&a, &b], j, j)).sqrt();
                    assert!((found - expected).abs() <= room, "{m}+{below}×{n}, ({i}, {j}): {found:e}, {expected:e}");
                }
            }
        }
    }

    #[test]
    fn several_slabs_in_single_precision_are_as_good_as_one() {
        let (m, n) = (9000, 40);
        let a = random::<f32>(m, n, 7);
        let (r, _) = triangle::<f32>((m, n), &|first, stride, to| {
            for (j, column) in to.chunks_exact_mut(stride).take(n).enumerate() {
                column.iter_mut().zip(first..m).for_each(|(to, i)| *to = a[(i, j)]);
            }
        });
        let r = Matrix::from_column_major(n, n, r).unwrap().as_ref().to_wide();
        let a = a.as_ref().to_wide();
        for (i, j) in (0..n).flat_map(|i| (0..n).map(move |j| (i, j))) {
            let room = 50.0 * f64::from(f32::EPSILON) * (gram(&[&a], i, i) * gram(&[&a], j, j)).sqrt();
            assert!((gram(&[&r], i, j) - gram(&[&a], i, j)).abs() <= room, "({i}, {j})");
        }
    }

    #[test]
    fn rows_that_say_nothing_leave_the_triangle() {
        let (a, zero) = (random::<f64>(300, 40, 5), Matrix::<f64>::zeros(9000, 40));
        let (r, rounds) = triangle_of_stack(zero.as_ref(), 0, &a).unwrap();
        assert!(rounds > 1);
        let (again, _) = triangle_of_stack(zero.as_ref(), 0, &r).unwrap();
        for (x, y) in r.as_slice().iter().zip(again.as_slice()) {
            assert!((x.abs() - y.abs()).abs() <= 1e-13, "{x:e} beside {y:e}");
        }
        let (none, _) = triangle_of_stack(zero.as_ref(), 0, &Matrix::zeros(0, 40)).unwrap();
        assert!(none.as_slice().iter().all(|&x| x == 0.0));
    }
}
