//! Reflections of a fixed length, on tiles of a band that lie in the first cache.

use pulp::Simd;

pub(super) use super::upper_band::PROBES;
use crate::Real;
pub(super) use crate::row_panels::WIDTH;

/// Entries kept of each column of a band: it, and room on both sides for what is pushed out of it.
pub(super) const COLUMN: usize = 3 * WIDTH;
/// From one entry of a row of the band to the next: columns move down with the diagonal.
pub(super) const ALONG: usize = COLUMN - 1;
/// From the first entry of a tile to its last.
pub(super) const TILE: usize = (WIDTH - 1) * ALONG + WIDTH;

/// One row of the probes.
pub(super) type Probe<P> = [P; PROBES];

/// I − factor·vvᵀ.
pub(super) struct Reflection<P> {
    v: [P; WIDTH],
    factor: P,
}

/// Calls a method with the number of registers that a column fills.
macro_rules! by_registers {
    ($lanes:expr, $self:ident.$method:ident($($argument:expr),*)) => {
        match $lanes {
            2 => $self.$method::<S, { WIDTH / 2 }>($($argument),*),
            4 => $self.$method::<S, { WIDTH / 4 }>($($argument),*),
            8 => $self.$method::<S, { WIDTH / 8 }>($($argument),*),
            16 => $self.$method::<S, { WIDTH / 16 }>($($argument),*),
            _ => $self.$method::<S, WIDTH>($($argument),*),
        }
    };
}

impl<P: Real> Reflection<P> {
    /// The reflection that makes x a multiple of e₁, and that multiple; `None` where it is one already, or nearly so.
    #[inline(always)]
    pub(super) fn of<S: Simd>(mut v: [P; WIDTH]) -> Option<(Self, P)> {
        let head = v[0];
        v[0] = P::default();
        let below = square::<P, S>(&v);
        if below < P::NOTHING {
            return None;
        }
        // v = x + sign(x₁)·‖x‖·e₁ and H = I − (2/vᵀv)·vvᵀ give Hx = −sign(x₁)·‖x‖·e₁ (Golub and Van Loan, section 5.1).
        let length = P::fused_one::<S>(head, head, below).root().with_sign_of(head);
        v[0] = head + length;
        let factor = P::from_parts(2.0, 0.0) / P::fused_one::<S>(v[0], v[0], below);
        Some((Self { v, factor }, -length))
    }

    /// Applies H from the right to the tile that starts at `tile[0]`.
    #[inline(always)]
    pub(super) fn on_the_right<S: Simd>(&self, simd: S, tile: &mut [P]) {
        by_registers!(P::lanes::<S>(), self.right(simd, tile))
    }

    /// Applies H from the left to `columns` columns of the tile that starts at `tile[0]`.
    #[inline(always)]
    pub(super) fn on_the_left<S: Simd>(&self, simd: S, tile: &mut [P], columns: usize) {
        by_registers!(P::lanes::<S>(), self.left(simd, tile, columns))
    }

    /// Applies H from the right to two tiles, one above the other, that start at `tiles[0]`.
    #[inline(always)]
    pub(super) fn on_the_right_of_two<S: Simd>(&self, simd: S, tiles: &mut [P]) {
        match P::lanes::<S>() {
            8 => self.right::<S, { 2 * WIDTH / 8 }>(simd, tiles),
            16 => self.right::<S, { 2 * WIDTH / 16 }>(simd, tiles),
            // More sums than registers.
            _ => {
                self.on_the_right(simd, tiles);
                self.on_the_right(simd, &mut tiles[WIDTH..]);
            }
        }
    }

    /// H·X for the columns of the probes, from the first row that it meets.
    #[inline(always)]
    pub(super) fn on_probes<S: Simd>(&self, simd: S, x: [&mut [P]; PROBES]) {
        for x in x {
            by_registers!(P::lanes::<S>(), self.left(simd, x, 1));
        }
    }

    /// H·A·H for the lower triangle of a symmetric tile, with zeros above it.
    #[inline(always)]
    pub(super) fn on_both_sides<S: Simd>(&self, simd: S, tile: &mut [P]) {
        by_registers!(P::lanes::<S>(), self.both(simd, tile))
    }

    /// A column is N registers; what is summed over columns stays in as many.
    #[inline(always)]
    fn right<S: Simd, const N: usize>(&self, simd: S, tile: &mut [P]) {
        let mut y = [P::splat(simd, P::default()); N];
        for (column, &v) in tile.chunks(ALONG).zip(&self.v) {
            let Some(column) = P::registers::<S, N>(column) else { return };
            let v = P::splat(simd, v);
            for k in 0..N {
                y[k] = P::fused(simd, v, column[k], y[k]);
            }
        }
        for (column, &v) in tile.chunks_mut(ALONG).zip(&self.v) {
            let Some(column) = P::registers_mut::<S, N>(column) else { return };
            let by = P::splat(simd, -(self.factor * v));
            for k in 0..N {
                column[k] = P::fused(simd, by, y[k], column[k]);
            }
        }
    }

    #[inline(always)]
    fn left<S: Simd, const N: usize>(&self, simd: S, tile: &mut [P], columns: usize) {
        let Some(v) = P::registers::<S, N>(&self.v) else { return };
        for column in tile.chunks_mut(ALONG).take(columns) {
            let Some(column) = P::registers_mut::<S, N>(column) else { return };
            let along = P::splat(simd, -(self.factor * dot::<P, S, N>(simd, v, column)));
            for k in 0..N {
                column[k] = P::fused(simd, along, v[k], column[k]);
            }
        }
    }

    #[inline(always)]
    fn both<S: Simd, const N: usize>(&self, simd: S, tile: &mut [P]) {
        // What each column gives below the diagonal, and what its mirror image gives beside it.
        let Some(v) = P::registers::<S, N>(&self.v) else { return };
        let (mut below, mut p) = ([P::splat(simd, P::default()); N], [P::default(); WIDTH]);
        for (l, column) in tile.chunks(ALONG).take(WIDTH).enumerate() {
            let diagonal = self.v[l] * column[l];
            let Some(column) = P::registers::<S, N>(column) else { return };
            let by = P::splat(simd, self.v[l]);
            for k in 0..N {
                below[k] = P::fused(simd, by, column[k], below[k]);
            }
            p[l] = dot::<P, S, N>(simd, v, column) - diagonal;
        }
        // H·A·H = A − v·wᵀ − w·vᵀ with p = factor·A·v and w = p − ½·factor·(pᵀv)·v.
        let mut w = p;
        let Some(by_register) = P::registers_mut::<S, N>(&mut w) else { return };
        let factor = P::splat(simd, self.factor);
        for k in 0..N {
            by_register[k] = P::product(simd, factor, P::sum(simd, by_register[k], below[k]));
        }
        let half = P::from_parts(-0.5, 0.0) * self.factor * dot::<P, S, N>(simd, v, by_register);
        let half = P::splat(simd, half);
        for k in 0..N {
            by_register[k] = P::fused(simd, half, v[k], by_register[k]);
        }
        for (l, column) in tile.chunks_mut(ALONG).take(WIDTH).enumerate() {
            // From the register with the diagonal on; what is written above it becomes zero again.
            let first = l / P::lanes::<S>();
            let (by_v, by_w) = (P::splat(simd, -w[l]), P::splat(simd, -self.v[l]));
            let Some(by_column) = P::registers_mut::<S, N>(column) else { return };
            let Some(w) = P::registers::<S, N>(&w) else { return };
            for k in first..N {
                by_column[k] = P::fused(simd, by_v, v[k], P::fused(simd, by_w, w[k], by_column[k]));
            }
            column[first * P::lanes::<S>()..l].fill(P::default());
        }
    }

    /// H·X for N columns that stand row by row: the rows that it meets.
    #[inline(always)]
    pub(super) fn of_rows<S: Simd, const N: usize>(&self, rows: &mut [[P; N]]) {
        let mut along = [P::default(); N];
        for (row, &v) in rows.iter().zip(&self.v) {
            for (y, &x) in along.iter_mut().zip(row) {
                *y = P::fused_one::<S>(v, x, *y);
            }
        }
        for (row, &v) in rows.iter_mut().zip(&self.v) {
            let by = -(self.factor * v);
            for (y, &x) in row.iter_mut().zip(&along) {
                *y = P::fused_one::<S>(by, x, *y);
            }
        }
    }
}

/// Sums that grow side by side, so that none waits for the one before.
const SUMS: usize = 4;

#[inline(always)]
fn dot<P: Real, S: Simd, const N: usize>(simd: S, x: &[P::Register<S>; N], y: &[P::Register<S>; N]) -> P {
    let mut sums = [P::splat(simd, P::default()); SUMS];
    for k in 0..N {
        sums[k % SUMS] = P::fused(simd, x[k], y[k], sums[k % SUMS]);
    }
    P::total(simd, P::sum(simd, P::sum(simd, sums[0], sums[1]), P::sum(simd, sums[2], sums[3])))
}

/// xᵀx. Loops and no closures: only what is inlined here uses the instructions that were found.
#[inline(always)]
fn square<P: Real, S: Simd>(x: &[P; WIDTH]) -> P {
    const LANES: usize = 16;
    let mut sums = [P::default(); LANES];
    for x in x.chunks_exact(LANES) {
        for (sum, &x) in sums.iter_mut().zip(x) {
            *sum = P::fused_one::<S>(x, x, *sum);
        }
    }
    for half in [8, 4, 2, 1] {
        for l in 0..half {
            sums[l] += sums[l + half];
        }
    }
    sums[0]
}
