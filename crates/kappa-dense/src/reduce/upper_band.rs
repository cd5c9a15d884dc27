//! From a full matrix to an upper band, by panels: nearly all of the work is products of matrices.
//!
//! Großer and Lang, Parallel Comput. 25 (1999) 969–986.

use std::ops::Range;

use kappa_engine::{Cut, View, ViewMut};
use rayon::prelude::*;

use super::Side;
use crate::blocked_qr::{Panel, multiply_by_parts, one, slivers, subtract_product, write_columns};
use crate::multiply::multiply_into;
use crate::pool::Pool;
use crate::row_panels::{Change, RowPanels, Slivers, WIDTH};
use crate::{Matrix, Real};

/// Columns that go through a reduction beside the matrix.
pub(super) const PROBES: usize = 4;

/// Columns of a panel that one thread takes at a time.
const PIECE: usize = WIDTH / 4;

/// An upper band B of n rows with WIDTH entries right of its diagonal, and the transformed probes: B·X′ = (A·X)′, but
/// for rounding.
pub(super) struct UpperRows<P: Real> {
    /// Row i from its diagonal on.
    pub(super) rows: Vec<[P; WIDTH + 1]>,
    /// A row of X′ for each column.
    pub(super) x: Vec<[P; PROBES]>,
    /// A row of (A·X)′ for each row of A: without rounding, those below the band are zero.
    pub(super) image: Vec<[P; PROBES]>,
    /// The transformations on the left and on the right, where they are to be kept.
    pub(super) sides: [PanelProduct<P>; 2],
}

/// The product of the reflections of panels, each with the first row that it changes.
#[derive(Debug)]
pub(super) struct PanelProduct<P: Real>(Vec<(usize, Panel<P>)>);

impl<P: Real> PanelProduct<P> {
    /// X, of this many rows and column after column, becomes the product times X, on this thread.
    pub(super) fn apply(&self, x: &mut [P], rows: usize) {
        let columns = x.len() / rows.max(1);
        let mut x = ViewMut::by_columns(x, (rows, columns), rows);
        for (first, panel) in self.0.iter().rev() {
            panel.apply(x.as_mut().subrows(*first, rows - first));
        }
    }
}

/// A bordered matrix [A, 0; Xᵀ, 0], A m×n with m ≥ n and as many columns as probes in X, becomes an upper band.
///
/// Transformations of A from the left are applied to A·X as well, and those from the right to Xᵀ. 4·m·n² − 4/3·n³ flops.
pub(super) fn upper_band<P: Real>(mut a: RowPanels<P>, (m, n): (usize, usize), keep: bool) -> UpperRows<P> {
    let mut sides = [PanelProduct(Vec::new()), PanelProduct(Vec::new())];
    let pool = Pool::default();
    let x = Slivers::new((n, PROBES), &pool, |_, sliver| {
        (0..n).for_each(|j| (0..PROBES).for_each(|p| sliver[j][p] = a.entry(m + p, j)));
    });
    a.multiply_into(&x, n);
    let mut rows = vec![[P::default(); WIDTH + 1]; n];
    let mut image = vec![[P::default(); PROBES]; n];
    for k in (0..n).step_by(WIDTH) {
        let b = WIDTH.min(n - k);
        let (left, r) = Panel::of((m - k, b), &pool, |stride, to| a.write_block(k..m, k..k + b, stride, to));
        for j in 0..b {
            (0..=j).for_each(|i| rows[k + i][j - i] = r[(i, j)]);
        }
        let next = k + b;
        let rest = n - next;
        let w = left.projected_on(&a, &left.inverse(), 0, (k, next), &pool);
        let w = View::by_columns(&w, (WIDTH, w.len() / WIDTH), WIDTH);
        // The rows of A that the band takes from this panel, row after row.
        let top = left.v().subrows(0, b);
        let write_done = |columns: Range<usize>, stride: usize, to: &mut [P]| {
            let parts = to.par_chunks_mut(a.high() * stride).take(b.div_ceil(a.high())).enumerate();
            parts.for_each(|(p, rows)| {
                let (first, count) = (p * a.high(), a.high().min(b - p * a.high()));
                a.write_rows(k + first..k + first + count, columns.clone(), stride, rows);
                let w = w.block((0, columns.start - next), (b, columns.len()));
                let rows = ViewMut::by_columns(rows, (columns.len(), count), stride);
                subtract_product(rows, w.transpose(), top.subrows(first, count).transpose());
            });
        };
        write_done(n..n + PROBES, PROBES, image[k..next].as_flattened_mut());
        // These rows = a lower triangular matrix times Q₂ᵀ.
        let (right, r) = Panel::of((rest, b), &pool, |stride, to| write_done(next..n, stride, to));
        for i in 0..b {
            (0..(i + 1).min(r.rows())).for_each(|j| rows[k + i][b - i + j] = r[(j, i)]);
        }
        let by = both_sides(w, rest, &right, &pool);
        a.update((next, next), &by, |first, v| left.write_rows(0, first as isize - k as isize, v));
        if keep {
            sides[Side::Left as usize].0.push((k, left));
            sides[Side::Right as usize].0.push((next, right));
        }
    }
    image.extend((n..m).map(|i| std::array::from_fn(|p| a.entry(i, n + p))));
    let x = (0..n).map(|j| std::array::from_fn(|p| a.entry(m + p, j))).collect();
    UpperRows { rows, x, image, sides }
}

/// (A − V·W)·Q₂ = A − [V, Y]·[W; V₂ᵀ] with Y = A·V₂T₂⁻¹ − V·W·V₂T₂⁻¹.
fn both_sides<P: Real>(w: View<'_, P>, rest: usize, right: &Panel<P>, pool: &Pool<P>) -> Change<P> {
    let v = right.v();
    let mut z = pool.zeros(rest * v.columns());
    let mut z = ViewMut::by_columns(&mut z, (rest, v.columns()), rest);
    let mut m = Matrix::zeros(WIDTH, v.columns());
    let of_z = || {
        let inverse = right.inverse();
        let pieces = z.as_mut().column_pieces(PIECE).into_par_iter().zip(m.view_mut().column_pieces(PIECE));
        pieces.enumerate().for_each(|(piece, (mut z, m))| {
            let inverse = inverse.view().subcolumns(piece * PIECE, m.columns());
            multiply_into(z.as_mut(), v, inverse, Cut::Whole);
            multiply_by_parts(m, w.subcolumns(0, rest), z.as_ref());
        });
        (slivers(z.as_ref(), WIDTH, false, pool), slivers(m.view(), WIDTH, true, pool))
    };
    let of_r = || {
        Slivers::new((2 * WIDTH, rest + PROBES), pool, |first, sliver| {
            let (of_w, of_v) = sliver.split_at_mut(WIDTH);
            write_columns(of_w, w, first, -one::<P>());
            let last = rest.min(first + of_v[0].len());
            if first < last {
                for (j, to) in of_v.iter_mut().enumerate().take(v.columns()) {
                    to.iter_mut().zip(&v.column(j)[first..last]).for_each(|(to, &x)| *to = -x);
                }
            }
        })
    };
    let ((z, m), r) = rayon::join(of_z, of_r);
    Change { y: Some([z, m]), r }
}
