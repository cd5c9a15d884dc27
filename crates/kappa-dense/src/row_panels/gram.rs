//! AᵀA for a long matrix: a product of a matrix with itself needs half of the tiles, and each row of A is copied into
//! panels only once.

use std::ops::Range;

use rayon::prelude::*;

use super::kernels::{Lanes, Tiles};
use super::{ACROSS, HIGH};
use crate::instructions::instructions;
use crate::{Matrix, MatrixRef, Scalar};

/// Rows that are copied and multiplied at a time: the panels of a thousand columns fit in the second-level cache.
const ROWS: usize = 96;
/// Rows that are copied together: the panels are in different pages, and each page is visited once for all of these
/// rows.
const ROWS_COPIED: usize = 8;
/// Slivers that one thread takes at a time.
const SHARE: usize = 8;

/// The lower triangle of AᵀA, in tiles as high as a panel and six columns wide.
pub(crate) struct GramTiles {
    order: usize,
    high: usize,
    /// For every six columns, the tiles from the first that contains a diagonal entry on.
    slivers: Vec<Vec<f64>>,
    /// A block of rows of A, in panels of columns and in groups of six columns.
    left: Vec<f64>,
    right: Vec<[f64; ACROSS]>,
}

impl GramTiles {
    /// The zero matrix.
    pub(crate) fn new(order: usize) -> Self {
        let high = HIGH * instructions().dispatch(Lanes::<f64>::default());
        let panels = order.div_ceil(high);
        let tiles = |q: usize| panels - q * ACROSS / high;
        let slivers: Vec<Vec<f64>> = (0..order.div_ceil(ACROSS)).map(|q| vec![0.0; tiles(q) * ACROSS * high]).collect();
        let right = vec![[0.0; ACROSS]; slivers.len() * ROWS];
        Self { order, high, slivers, left: vec![0.0; panels * high * ROWS], right }
    }

    /// Adds (factor·A)ᵀ(factor·A) for a range of rows of a real matrix, on all threads if `shared`, on this one
    /// otherwise.
    pub(crate) fn add<T: Scalar>(&mut self, a: MatrixRef<'_, T>, rows: Range<usize>, factor: f64, shared: bool) {
        if self.order == 0 {
            return;
        }
        for first in rows.clone().step_by(ROWS) {
            let some = first..rows.end.min(first + ROWS);
            match self.high {
                16 => self.copy::<T, 16>(a, some.clone(), factor),
                8 => self.copy::<T, 8>(a, some.clone(), factor),
                4 => self.copy::<T, 4>(a, some.clone(), factor),
                _ => self.copy::<T, 2>(a, some.clone(), factor),
            }
            self.multiply(some.len(), shared);
        }
    }

    /// Copies rows into panels of H columns.
    fn copy<T: Scalar, const H: usize>(&mut self, a: MatrixRef<'_, T>, rows: Range<usize>, factor: f64) {
        let (left, _) = self.left.as_chunks_mut::<H>();
        if a.is_row_major() {
            let mut some = vec![0.0; self.order * ROWS_COPIED];
            for (at, first) in rows.clone().enumerate().step_by(ROWS_COPIED) {
                let rows = first..rows.end.min(first + ROWS_COPIED);
                let some = &mut some[..rows.len() * self.order];
                for (to, row) in some.chunks_exact_mut(self.order).zip(rows.filter_map(|i| a.contiguous_row(i))) {
                    to.iter_mut().zip(row).for_each(|(to, x)| *to = x.re() * factor);
                }
                spread(some, self.order, &mut left[at..]);
                spread(some, self.order, &mut self.right[at..]);
            }
        } else {
            by_columns(a, rows.clone(), factor, left);
            by_columns(a, rows, factor, &mut self.right);
        }
    }

    fn multiply(&mut self, depth: usize, shared: bool) {
        let (high, left, right) = (self.high, &self.left, &self.right);
        let size = high * ROWS;
        let one = |(q, tiles): (usize, &mut Vec<f64>)| {
            let left = &left[q * ACROSS / high * size..];
            let right = &right[q * ROWS..][..depth];
            instructions().dispatch(Tiles { tiles, left, size, right });
        };
        if shared {
            self.slivers.par_iter_mut().enumerate().with_min_len(SHARE).for_each(one);
        } else {
            self.slivers.iter_mut().enumerate().for_each(one);
        }
    }

    /// Adds the tiles of another sum.
    pub(crate) fn add_tiles(&mut self, other: &Self) {
        for (to, from) in self.slivers.iter_mut().zip(&other.slivers) {
            to.iter_mut().zip(from).for_each(|(to, x)| *to += x);
        }
    }

    /// The lower triangle, with zeros above it.
    pub(crate) fn lower<W: Scalar>(&self) -> Matrix<W> {
        let (n, high) = (self.order, self.high);
        let mut lower = Matrix::zeros(n, n);
        lower.as_mut_slice().par_chunks_mut(n.max(1)).with_min_len(SHARE).enumerate().for_each(|(j, column)| {
            let (q, c) = (j / ACROSS, j % ACROSS);
            let first = q * ACROSS / high;
            for (p, tile) in self.slivers[q].chunks_exact(ACROSS * high).enumerate() {
                let row = (first + p) * high;
                let rows = row.max(j)..n.min(row + high);
                for (i, to) in rows.clone().zip(column.get_mut(rows).unwrap_or_default()) {
                    *to = W::from_parts(tile[c * high + i - row], 0.0);
                }
            }
        });
        lower
    }
}

/// Copies contiguous rows of `length` entries into groups of N columns; each group holds ROWS rows.
fn spread<const N: usize>(rows: &[f64], length: usize, to: &mut [[f64; N]]) {
    for (g, to) in to.chunks_mut(ROWS).enumerate().take(length.div_ceil(N)) {
        let columns = g * N..length.min((g + 1) * N);
        for (to, row) in to.iter_mut().zip(rows.chunks_exact(length)) {
            match row[columns.clone()].first_chunk::<N>() {
                Some(whole) => *to = *whole,
                None => to[..columns.len()].copy_from_slice(&row[columns.clone()]),
            }
        }
    }
}

/// Copies a range of rows of a column-major matrix, multiplied by `factor`, into groups of N columns.
fn by_columns<T: Scalar, const N: usize>(a: MatrixRef<'_, T>, rows: Range<usize>, factor: f64, to: &mut [[f64; N]]) {
    let columns = a.transpose();
    let nothing = vec![T::default(); rows.len()];
    for (g, to) in to.chunks_mut(ROWS).enumerate().take(a.columns().div_ceil(N)) {
        let sources: [&[T]; N] = std::array::from_fn(|c| {
            let column = (g * N + c < a.columns()).then(|| columns.contiguous_row(g * N + c)).flatten();
            column.map_or(&nothing[..], |column| &column[rows.clone()])
        });
        for (k, to) in to.iter_mut().take(rows.len()).enumerate() {
            *to = std::array::from_fn(|c| sources[c][k].re() * factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random;

    fn check<T: Scalar>(a: MatrixRef<'_, T>, shared: bool) {
        let (m, n) = (a.rows(), a.columns());
        let mut halves = [GramTiles::new(n), GramTiles::new(n)];
        halves[0].add(a, 0..m / 3, 0.5, shared);
        halves[1].add(a, m / 3..m, 0.5, shared);
        let [mut whole, other] = halves;
        whole.add_tiles(&other);
        let found: Matrix<f64> = whole.lower();
        for (i, j) in (0..n).flat_map(|j| (0..n).map(move |i| (i, j))) {
            let product: f64 = (0..m).map(|k| 0.25 * a.get(k, i).re() * a.get(k, j).re()).sum();
            let expected = if i < j { 0.0 } else { product };
            assert!((found[(i, j)] - expected).abs() <= 1e-14 * m as f64, "{m}×{n}: ({i}, {j})");
        }
    }

    #[test]
    fn tiles_hold_the_lower_triangle_of_the_gram_matrix() {
        for (m, n) in [(0, 3), (3, 0), (1, 1), (5, 7), (97, 8), (200, 13), (193, 50), (300, 131)] {
            for shared in [false, true] {
                let (a, b) = (random::<f64>(m, n, 1), random::<f32>(n, m, 2));
                check(a.as_ref(), shared);
                check(b.as_ref().transpose(), shared);
            }
        }
    }
}
