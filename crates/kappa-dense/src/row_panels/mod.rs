//! A matrix by panels of rows, as high as two registers, each contiguous with its columns one after the other.
//!
//! It is what products of matrices copy their factors into (Goto and van de Geijn, ACM Trans. Math. Software 34 (2008), article 12). A
//! reduction multiplies the same matrix again and again, so here the matrix stays in that order: nothing is copied, and what is read
//! next stands next in memory. Work is cut by size alone, so that the digits do not depend on the number of threads.

mod gram;
mod kernels;

use std::ops::Range;

use rayon::prelude::*;

use crate::Real;
use crate::instructions::instructions;
use crate::pages::Pages;
use crate::pool::{Buffer, Pool};
pub(crate) use gram::GramTiles;
use kernels::{Lanes, Panels, Project, Times};

/// The width of a band: a reduction's reflections come in so many, so that factors have as many columns on the left, or rows on the right.
pub(crate) const WIDTH: usize = 32;
/// Registers in a column of a panel.
const HIGH: usize = 2;
/// Columns of a tile that is computed in registers: with twelve sums, compilers still find room for what they multiply in sixteen.
const ACROSS: usize = 6;
/// Terms of a sum before a new one begins: equal entries, whose rounding errors all have one sign, would lose n·ε/4 otherwise.
const TERMS: usize = 64;
/// Columns of a projection that one thread takes at a time.
const SHARE: usize = 16 * ACROSS;
/// Columns of a block that one thread writes at a time.
const ASIDE: usize = 8;
/// Columns whose entries stay in the first cache while they are written row by row.
const ACROSS_ROWS: usize = 64;
/// Panels that one thread takes at a time: what it multiplies them by is read once for all of them.
const TOGETHER: usize = 4;
/// Columns of V, and of tiles that hold Y.
const LEFT: usize = WIDTH + WIDTH.next_multiple_of(ACROSS);
/// Columns of zeros behind the last, for tiles that reach beyond it.
const BEYOND: usize = 8;

/// A real matrix by panels of rows.
pub(crate) struct RowPanels<P> {
    /// With those of zeros behind the last.
    columns: usize,
    high: usize,
    entries: Pages<P>,
}

/// A factor from the right, six columns at a time: row after row of them.
pub(crate) struct Slivers<P> {
    depth: usize,
    entries: Buffer<P>,
}

impl<P: Real> Slivers<P> {
    /// From its shape and a function that writes six columns, given the first.
    pub(crate) fn new(
        (depth, columns): (usize, usize),
        pool: &Pool<P>,
        fill: impl Fn(usize, &mut [[P; ACROSS]]) + Sync,
    ) -> Self {
        let mut entries = pool.zeros(depth * columns.next_multiple_of(ACROSS));
        let (rows, _) = entries.as_chunks_mut();
        let slivers = rows.par_chunks_mut(depth.max(1)).with_min_len(TOGETHER * ACROSS).enumerate();
        slivers.for_each(|(q, sliver)| fill(q * ACROSS, sliver));
        Self { depth, entries }
    }

    fn sliver(&self, q: usize) -> &[[P; ACROSS]] {
        &self.rows()[q * self.depth..][..self.depth]
    }

    /// All slivers, one after the other.
    fn rows(&self) -> &[[P; ACROSS]] {
        self.entries.as_chunks().0
    }
}

/// What becomes of A: A + [V, Y]·R with Y = A·Z + V·M, or A + V·R.
pub(crate) struct Change<P> {
    /// Z, as many rows as columns are left, and M, of order WIDTH; WIDTH columns.
    pub(crate) y: Option<[Slivers<P>; 2]>,
    /// R, WIDTH rows for each of V and Y.
    pub(crate) r: Slivers<P>,
}

impl<P: Real> RowPanels<P> {
    /// Zero but for what `fill` writes into each panel: given the number of its first row, its height, and its entries.
    pub(crate) fn new(rows: usize, columns: usize, fill: impl Fn(usize, usize, &mut [P]) + Sync) -> Self {
        let high = HIGH * instructions().dispatch(Lanes::<P>::default());
        let columns = columns + BEYOND;
        let mut entries = Pages::zeros(rows.div_ceil(high) * high * columns);
        entries.par_chunks_mut(high * columns).enumerate().for_each(|(p, panel)| fill(p * high, high, panel));
        Self { columns, high, entries }
    }

    pub(crate) fn entry(&self, i: usize, j: usize) -> P {
        self.entries[(i / self.high * self.columns + j) * self.high + i % self.high]
    }

    /// Writes some rows of some columns, column after column with this distance.
    pub(crate) fn write_block(&self, rows: Range<usize>, columns: Range<usize>, stride: usize, to: &mut [P]) {
        to.par_chunks_mut(ASIDE * stride).enumerate().for_each(|(share, to)| {
            let first = columns.start + share * ASIDE;
            for (part, panel) in self.pieces(rows.clone()) {
                let at = part.start % self.high;
                let from = panel[first * self.high..columns.end * self.high].chunks_exact(self.high);
                for (to, from) in to.chunks_mut(stride).zip(from) {
                    to[part.start - rows.start..part.end - rows.start].copy_from_slice(&from[at..at + part.len()]);
                }
            }
        });
    }

    /// Writes some rows of some columns, row after row with this distance.
    pub(crate) fn write_rows(&self, rows: Range<usize>, columns: Range<usize>, stride: usize, to: &mut [P]) {
        let (start, high) = (rows.start, self.high);
        for (rows, panel) in self.pieces(rows) {
            // A few columns at a time, so that they are still in the first cache for the last row.
            let shares = panel[columns.start * high..columns.end * high].chunks(ACROSS_ROWS * high).enumerate();
            for (share, panel) in shares {
                for row in rows.clone() {
                    let to = &mut to[(row - start) * stride + share * ACROSS_ROWS..];
                    to.iter_mut().zip(panel.chunks_exact(high)).for_each(|(to, column)| *to = column[row % high]);
                }
            }
        }
    }

    /// Rows by the panels that hold them.
    fn pieces(&self, rows: Range<usize>) -> impl Iterator<Item = (Range<usize>, &[P])> {
        let high = self.high;
        let panels = self.entries.chunks_exact(high * self.columns).enumerate().skip(rows.start / high);
        let pieces = panels.map(move |(p, panel)| (rows.start.max(p * high)..rows.end.min((p + 1) * high), panel));
        pieces.take_while(|(rows, _)| !rows.is_empty())
    }

    /// The first columns times X become those from `to` on; X has no more columns than a tile.
    pub(crate) fn multiply_into(&mut self, x: &Slivers<P>, to: usize) {
        let high = self.high;
        self.entries.par_chunks_mut(high * self.columns).for_each(|panel| {
            let (a, tile) = panel.split_at_mut(to * high);
            let (a, tile) = (&a[..x.depth * high], &mut tile[..ACROSS * high]);
            tile.fill(P::default());
            instructions().dispatch(Times { left: a, right: x, to: tile });
        });
    }

    /// How many rows the panels hold from the one with this row on, and how many of them lie above it.
    pub(crate) fn rows_from(&self, row: usize) -> (usize, usize) {
        let above = row / self.high * self.high;
        (self.entries.len() / self.columns - above, row - above)
    }

    /// The height of a panel; as many entries of a row of V stand together for [`Self::projected`].
    pub(crate) fn high(&self) -> usize {
        self.high
    }

    /// VᵀA for the columns from `column` on, WIDTH entries for each, and for a few beyond the last.
    ///
    /// V stands by parts of its rows, each as many of its columns, for all rows of the panels that hold `row` and those below.
    pub(crate) fn projected(&self, v: &[P], row: usize, column: usize, pool: &Pool<P>) -> Buffer<P> {
        let count = (self.columns - BEYOND - column).div_ceil(ACROSS) * ACROSS;
        let mut w = pool.zeros(count * WIDTH);
        let size = self.high * self.columns;
        let panels = &self.entries[row / self.high * size..];
        w.par_chunks_mut(SHARE * WIDTH).enumerate().for_each(|(share, w)| {
            let at = (column + share * SHARE) * self.high;
            instructions().dispatch(Project { panels, size, at, v, w });
        });
        w
    }

    /// Changes the rows of the panel with this row and of those below, in the columns from `column` on.
    ///
    /// `fill` writes V for a panel: given the number of its first row, WIDTH columns of its height.
    pub(crate) fn update(
        &mut self,
        (row, column): (usize, usize),
        by: &Change<P>,
        fill: impl Fn(usize, &mut [P]) + Sync,
    ) {
        let (high, size) = (self.high, self.high * self.columns);
        let first = row / high;
        self.entries[first * size..].par_chunks_mut(TOGETHER * size).enumerate().for_each(|(group, panels)| {
            let mut left = vec![P::default(); panels.len() / size * LEFT * high];
            for (p, left) in left.chunks_exact_mut(LEFT * high).enumerate() {
                fill((first + group * TOGETHER + p) * high, &mut left[..WIDTH * high]);
            }
            instructions().dispatch(Panels { panels, size, at: column * high, left, by });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Matrix;
    use crate::testing::random;

    fn panels<P: Real>(a: &Matrix<P>) -> RowPanels<P> {
        let (m, n) = (a.rows(), a.columns());
        RowPanels::new(m, n, |first, high, panel| {
            for (j, column) in panel.chunks_exact_mut(high).take(n).enumerate() {
                column.iter_mut().zip(first..m).for_each(|(to, i)| *to = a[(i, j)]);
            }
        })
    }

    fn slivers<P: Real>(a: &Matrix<P>) -> Slivers<P> {
        Slivers::new((a.rows(), a.columns()), &Pool::default(), |first, sliver| {
            for (i, row) in sliver.iter_mut().enumerate() {
                row.iter_mut().zip(first..a.columns()).for_each(|(to, j)| *to = a[(i, j)]);
            }
        })
    }

    /// The product, entry by entry in double precision.
    fn times<P: Real>(a: &Matrix<P>, b: &Matrix<P>) -> Matrix<f64> {
        Matrix::from_fn(a.rows(), b.columns(), |i, j| (0..a.columns()).map(|k| a[(i, k)].re() * b[(k, j)].re()).sum())
    }

    fn check<P: Real>(m: usize, n: usize, row: usize, column: usize) {
        let a = random::<P>(m, n, 3);
        let room = 4.0 * P::EPSILON * (m + n + 2 * WIDTH) as f64;
        let close = |found: P, expected: f64, what: &str, i: usize, j: usize| {
            assert!((found.re() - expected).abs() <= room, "{m}×{n}, {what} ({i}, {j}): {found:?} beside {expected:e}");
        };

        let mut whole = panels(&a);
        let (mut block, expected) = (Matrix::zeros(m - row + 3, n - column), whole_block(&a, row, column));
        whole.write_block(row..m, column..n, m - row + 3, block.as_mut_slice());
        assert_eq!(Matrix::from_fn(m - row, n - column, |i, j| block[(i, j)]), expected, "{m}×{n}");
        let mut rows = Matrix::zeros(n - column + 3, m - row);
        whole.write_rows(row..m, column..n, n - column + 3, rows.as_mut_slice());
        let entry = |j: usize, i: usize| if j < n - column { expected[(i, j)] } else { P::default() };
        assert_eq!(rows, Matrix::from_fn(n - column + 3, m - row, entry), "{m}×{n}");
        let v = random::<P>(m - row, WIDTH, 5);
        let ((rows, above), part) = (whole.rows_from(row), whole.high());
        let mut parts = vec![P::default(); rows * WIDTH];
        for i in 0..m - row {
            (0..WIDTH).for_each(|j| parts[(j / part * rows + above + i) * part + j % part] = v[(i, j)]);
        }
        let w = whole.projected(&parts, row, column, &Pool::default());
        let below = whole_block(&a, row, column);
        let expected = times(&v.adjoint(), &below);
        for j in 0..n - column {
            (0..WIDTH).for_each(|i| close(w[j * WIDTH + i], expected[(i, j)], "VᵀA", i, j));
        }

        let (z, order) = (random::<P>(n - column, WIDTH, 7), random::<P>(WIDTH, WIDTH, 9));
        let r = random::<P>(2 * WIDTH, n - column, 11);
        // Factors of the size that reflections have.
        let small = |x: Matrix<P>| Matrix::from_fn(x.rows(), x.columns(), |i, j| x[(i, j)].scale(0.05));
        let (z, order, r, v) = (small(z), small(order), small(r), small(v));
        let by = Change { y: Some([slivers(&z), slivers(&order)]), r: slivers(&r) };
        let (y, more) = (times(&below, &z), times(&v, &order));
        let left = Matrix::from_fn(m - row, 2 * WIDTH, |i, j| match j.checked_sub(WIDTH) {
            None => v[(i, j)].re(),
            Some(j) => y[(i, j)] + more[(i, j)],
        });
        let change = times(&left, &Matrix::from_fn(2 * WIDTH, n - column, |i, j| r[(i, j)].re()));
        whole.update((row, column), &by, |first, to| {
            let high = to.len() / WIDTH;
            for (j, to) in to.chunks_exact_mut(high).enumerate() {
                to.iter_mut()
                    .zip(first..)
                    .filter(|(_, i)| (row..m).contains(i))
                    .for_each(|(to, i)| *to = v[(i - row, j)]);
            }
        });
        for (i, j) in (row..m).flat_map(|i| (column..n).map(move |j| (i, j))) {
            close(whole.entry(i, j), a[(i, j)].re() + change[(i - row, j - column)], "updated", i, j);
        }
        (0..column).for_each(|j| (0..m).for_each(|i| assert_eq!(whole.entry(i, j), a[(i, j)])));
    }

    fn whole_block<P: Real>(a: &Matrix<P>, row: usize, column: usize) -> Matrix<P> {
        Matrix::from_fn(a.rows() - row, a.columns() - column, |i, j| a[(row + i, column + j)])
    }

    #[test]
    fn products_are_those_of_the_matrix_as_it_was() {
        for (m, n, row, column) in
            [(1, 1, 0, 0), (5, 3, 2, 1), (40, 40, 0, 0), (67, 50, 33, 7), (150, 131, 32, 64), (64, 300, 63, 299)]
        {
            check::<f64>(m, n, row, column);
            check::<f32>(m, n, row, column);
        }
    }

    #[test]
    fn a_thin_factor_gives_new_columns() {
        let (a, x) = (random::<f64>(70, 113, 1), random::<f64>(110, 3, 2));
        let mut whole = panels(&a);
        whole.multiply_into(&slivers(&x), 110);
        let expected = times(&Matrix::from_fn(70, 110, |i, j| a[(i, j)]), &x);
        for (i, j) in (0..70).flat_map(|i| (0..3).map(move |j| (i, j))) {
            assert!((whole.entry(i, 110 + j) - expected[(i, j)]).abs() < 1e-13);
        }
    }
}
