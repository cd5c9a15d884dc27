//! From a full matrix to an upper band, by panels: nearly all of the work is products of matrices.
//!
//! Großer and Lang, Parallel Comput. 25 (1999) 969–986.

use std::ops::Range;

use faer::linalg::matmul::matmul;
use faer::reborrow::{Reborrow, ReborrowMut};
use faer::traits::ComplexField;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

use super::qr::{Panel, multiply_by_parts};
use crate::Real;
use crate::pool::Pool;
use crate::reduce::Side;
use crate::row_panels::{Change, RowPanels, Slivers, WIDTH};

/// Columns that go through a reduction beside the matrix.
pub(crate) const PROBES: usize = 4;

/// Columns, of so many as a band is wide, that one thread takes at a time.
const PIECE: usize = WIDTH / 4;

/// An upper band B of n rows with WIDTH entries right of its diagonal, and what became of the probes: B·X′ = (A·X)′, but for rounding.
pub struct UpperRows<P> {
    /// Row i from its diagonal on.
    pub(crate) rows: Vec<[P; WIDTH + 1]>,
    /// A row of X′ for each column.
    pub(crate) x: Vec<[P; PROBES]>,
    /// A row of (A·X)′ for each row of A: those below the band should be zero.
    pub(crate) image: Vec<[P; PROBES]>,
    /// What was done on the left and on the right, where it is to be kept.
    pub(crate) sides: [PanelProduct<P>; 2],
}

/// The product of the reflections of panels, each with the first row that it meets.
#[derive(Debug)]
pub struct PanelProduct<P>(Vec<(usize, Panel<P>)>);

impl<P: ComplexField + Real> PanelProduct<P> {
    /// X, of so many rows and column after column, becomes the product times X, on this thread.
    pub(super) fn apply(&self, x: &mut [P], rows: usize) {
        let columns = x.len() / rows.max(1);
        let mut x = MatMut::from_column_major_slice_mut(x, rows, columns);
        for (first, panel) in self.0.iter().rev() {
            panel.apply(x.rb_mut().subrows_mut(*first, rows - first));
        }
    }
}

/// A bordered matrix [A, 0; Xᵀ, 0], A m×n with m ≥ n and as many columns as probes in X, becomes an upper band.
///
/// Whatever is done to A from the left is done to A·X, and from the right to Xᵀ. 4·m·n² − 4/3·n³ flops.
pub(crate) fn upper_band<P: ComplexField + Real>(
    mut a: RowPanels<P>,
    (m, n): (usize, usize),
    keep: bool,
) -> UpperRows<P> {
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
        let w = MatRef::from_column_major_slice(&w, WIDTH, w.len() / WIDTH);
        // Rows that are done, row after row.
        let top = left.v().subrows(0, b);
        let write_done = |columns: Range<usize>, stride: usize, to: &mut [P]| {
            to.par_chunks_mut(a.high() * stride).zip(top.par_row_chunks(a.high())).enumerate().for_each(
                |(p, (rows, top))| {
                    let first = k + p * a.high();
                    a.write_rows(first..first + top.nrows(), columns.clone(), stride, rows);
                    let w = w.submatrix(0, columns.start - next, b, columns.len());
                    let rows =
                        MatMut::from_column_major_slice_with_stride_mut(rows, columns.len(), top.nrows(), stride);
                    matmul(rows, Accum::Add, w.transpose(), top.transpose(), -P::one_impl(), Par::Seq);
                },
            );
        };
        write_done(n..n + PROBES, PROBES, image[k..next].as_flattened_mut());
        // They become lower triangular times Q₂ᵀ.
        let (right, r) = Panel::of((rest, b), &pool, |stride, to| write_done(next..n, stride, to));
        for i in 0..b {
            (0..(i + 1).min(r.nrows())).for_each(|j| rows[k + i][b - i + j] = r[(j, i)]);
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
fn both_sides<P: ComplexField + Real>(w: MatRef<'_, P>, rest: usize, right: &Panel<P>, pool: &Pool<P>) -> Change<P> {
    let v = right.v();
    let mut z = pool.zeros(rest * v.ncols());
    let mut z = MatMut::from_column_major_slice_mut(&mut z, rest, v.ncols());
    let mut m = Mat::<P>::zeros(WIDTH, v.ncols());
    let of_z = || {
        let inverse = right.inverse();
        let pieces =
            z.rb_mut().par_col_chunks_mut(PIECE).zip(m.par_col_chunks_mut(PIECE)).zip(inverse.par_col_chunks(PIECE));
        pieces.for_each(|((mut z, m), inverse)| {
            matmul(z.rb_mut(), Accum::Replace, v, inverse, P::one_impl(), Par::Seq);
            multiply_by_parts(m, w.subcols(0, rest), z.rb());
        });
        (slivers(z.rb(), WIDTH, false, pool), slivers(m.as_ref(), WIDTH, true, pool))
    };
    let of_r = || {
        Slivers::new((2 * WIDTH, rest + PROBES), pool, |first, sliver| {
            let (of_w, of_v) = sliver.split_at_mut(WIDTH);
            write_columns(of_w, w, first, -P::one_impl());
            let last = rest.min(first + of_v[0].len());
            if first < last {
                for (to, column) in of_v.iter_mut().zip(v.subrows(first, last - first).col_iter()) {
                    to.iter_mut().zip(column.iter()).for_each(|(to, &x)| *to = -x);
                }
            }
        })
    };
    let ((z, m), r) = rayon::join(of_z, of_r);
    Change { y: Some([z, m]), r }
}

/// So many columns, those of a matrix or their opposites first, and zeros.
pub(super) fn slivers<P: ComplexField + Real>(
    a: MatRef<'_, P>,
    columns: usize,
    negated: bool,
    pool: &Pool<P>,
) -> Slivers<P> {
    let sign = if negated { -P::one_impl() } else { P::one_impl() };
    Slivers::new((a.nrows(), columns), pool, |first, sliver| write_columns(sliver, a, first, sign))
}

/// Columns of a matrix from `first` on, with this sign, as far as there are any.
fn write_columns<P: ComplexField + Real, const N: usize>(to: &mut [[P; N]], a: MatRef<'_, P>, first: usize, sign: P) {
    for c in 0..N.min(a.ncols().saturating_sub(first)) {
        to.iter_mut().zip(a.col(first + c).iter()).for_each(|(to, &x)| to[c] = sign * x);
    }
}
