//! What is done to panels of rows, in registers.

use std::marker::PhantomData;

use pulp::Simd;

use super::{ACROSS, Change, HIGH, LEFT, Slivers, TERMS, TOGETHER, WIDTH};
use crate::Real;
use crate::lane::Lane;
use crate::prefetch::prefetch;

/// How many entries a register holds.
pub(super) struct Lanes<P>(PhantomData<P>);

impl<P> Default for Lanes<P> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<P: Real> pulp::WithSimd for Lanes<P> {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        P::lanes::<S>()
    }
}

/// Adds the product of a panel and a factor to a tile, a long sum in parts.
pub(super) struct Times<'a, P> {
    pub(super) left: &'a [P],
    pub(super) right: &'a Slivers<P>,
    pub(super) to: &'a mut [P],
}

impl<P: Real> pulp::WithSimd for Times<'_, P> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let part = TERMS * HIGH * P::lanes::<S>();
        for (at, left) in self.left.chunks(part).enumerate() {
            add_tiles(simd, self.to, left, self.right, at * TERMS);
        }
    }
}

/// Adds the products of panels, of so many entries each, and one factor to tiles.
pub(super) struct Tiles<'a> {
    pub(super) tiles: &'a mut [f64],
    pub(super) left: &'a [f64],
    pub(super) size: usize,
    pub(super) right: &'a [[f64; ACROSS]],
}

impl pulp::WithSimd for Tiles<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let high = HIGH * f64::lanes::<S>();
        for (tile, left) in self.tiles.chunks_exact_mut(ACROSS * high).zip(self.left.chunks_exact(self.size)) {
            add_product(simd, tile, left, self.right);
        }
    }
}

/// Of the columns that are multiplied next, so many are asked for with each sliver of Z.
const SOME: usize = TERMS.div_ceil(WIDTH / ACROSS);

/// A few panels and their change.
pub(super) struct Panels<'a, P> {
    pub(super) panels: &'a mut [P],
    /// Entries of a panel.
    pub(super) size: usize,
    /// Where the first column begins in each.
    pub(super) at: usize,
    /// V for each, and room for Y.
    pub(super) left: Vec<P>,
    pub(super) by: &'a Change<P>,
}

impl<P: Real> pulp::WithSimd for Panels<'_, P> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { panels, size, at, mut left, by: Change { y, r } } = self;
        let high = HIGH * P::lanes::<S>();
        if let Some([z, m]) = y {
            for k in (0..z.depth).step_by(TERMS) {
                let count = TERMS.min(z.depth - k);
                for (p, left) in left.chunks_exact_mut(LEFT * high).enumerate() {
                    let a = &panels[p * size + at + k * high..][..count * high];
                    // The same columns of the panel below, or behind the last one the next columns of the first.
                    let below = (p + 1) * size + k * high;
                    let next = at + if below < panels.len() { below } else { (k + TERMS) * high };
                    let (tiles, last) = left[WIDTH * high..].split_at_mut((WIDTH - REST) * high);
                    for (q, tile) in tiles.chunks_exact_mut(ACROSS * high).enumerate() {
                        prefetch(panels, next + q * SOME * high, SOME * high);
                        add_product(simd, tile, a, &z.sliver(q)[k..]);
                    }
                    add_rest(simd, last, a, &z.sliver(WIDTH / ACROSS)[k..]);
                }
            }
            for left in left.chunks_exact_mut(LEFT * high) {
                let (v, y) = left.split_at_mut(WIDTH * high);
                add_tiles(simd, y, v, m, 0);
            }
        }
        let share = r.depth * ACROSS / TOGETHER;
        for (q, sliver) in r.rows().chunks_exact(r.depth).enumerate() {
            for (p, (a, left)) in panels.chunks_exact_mut(size).zip(left.chunks_exact(LEFT * high)).enumerate() {
                let tile = at + q * ACROSS * high;
                prefetch(a, tile + ACROSS * high, ACROSS * high);
                prefetch(&r.entries, (q + 1) * r.depth * ACROSS + p * share, share);
                add_product(simd, &mut a[tile..][..ACROSS * high], left, sliver);
            }
        }
    }
}

/// Tiles that stand one after the other += left·right, the rows of the right from `k` on.
#[inline(always)]
fn add_tiles<P: Real, S: Simd>(simd: S, tiles: &mut [P], left: &[P], right: &Slivers<P>, k: usize) {
    let high = HIGH * P::lanes::<S>();
    for (q, tile) in tiles.chunks_exact_mut(ACROSS * high).enumerate() {
        add_product(simd, tile, left, &right.sliver(q)[k..]);
    }
}

/// A tile += left·right, the sums in twelve registers.
#[inline(always)]
fn add_product<P: Real, S: Simd>(simd: S, tile: &mut [P], left: &[P], right: &[[P; ACROSS]]) {
    let mut sums = [[P::splat(simd, P::default()); HIGH]; ACROSS];
    let (left, _) = P::all_registers::<S>(left).as_chunks::<HIGH>();
    for (l, r) in left.iter().zip(right) {
        for c in 0..ACROSS {
            let r = P::splat(simd, r[c]);
            for i in 0..HIGH {
                sums[c][i] = P::fused(simd, l[i], r, sums[c][i]);
            }
        }
    }
    let Some(tile) = P::registers_mut::<S, { HIGH * ACROSS }>(tile) else { return };
    for c in 0..ACROSS {
        for i in 0..HIGH {
            tile[c * HIGH + i] = P::sum(simd, tile[c * HIGH + i], sums[c][i]);
        }
    }
}

/// Columns of the last sliver of WIDTH columns.
const REST: usize = WIDTH % ACROSS;

/// The first columns of a tile += left·right, for two terms at a time: otherwise each sum would wait for the one before.
#[inline(always)]
fn add_rest<P: Real, S: Simd>(simd: S, tile: &mut [P], left: &[P], right: &[[P; ACROSS]]) {
    let mut sums = [[[P::splat(simd, P::default()); HIGH]; REST]; 2];
    let (left, _) = P::all_registers::<S>(left).as_chunks::<HIGH>();
    let ((pairs, last), (right, last_right)) = (left.as_chunks::<2>(), right.as_chunks::<2>());
    for (l, r) in pairs.iter().zip(right) {
        for h in 0..2 {
            for c in 0..REST {
                let r = P::splat(simd, r[h][c]);
                for i in 0..HIGH {
                    sums[h][c][i] = P::fused(simd, l[h][i], r, sums[h][c][i]);
                }
            }
        }
    }
    if let (Some(l), Some(r)) = (last.first(), last_right.first()) {
        for c in 0..REST {
            let r = P::splat(simd, r[c]);
            for i in 0..HIGH {
                sums[0][c][i] = P::fused(simd, l[i], r, sums[0][c][i]);
            }
        }
    }
    let Some(tile) = P::registers_mut::<S, { HIGH * REST }>(tile) else { return };
    for c in 0..REST {
        for i in 0..HIGH {
            tile[c * HIGH + i] = P::sum(simd, tile[c * HIGH + i], P::sum(simd, sums[0][c][i], sums[1][c][i]));
        }
    }
}

/// Adds VᵀA for some panels and some columns to W.
pub(super) struct Project<'a, P> {
    pub(super) panels: &'a [P],
    /// Entries of a panel.
    pub(super) size: usize,
    /// Where the first column begins in each.
    pub(super) at: usize,
    pub(super) v: &'a [P],
    pub(super) w: &'a mut [P],
}

impl<P: Real> pulp::WithSimd for Project<'_, P> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { panels, size, at, v, w } = self;
        // Known where this is compiled, so that loops are unrolled and nothing is checked in them.
        let high = HIGH * P::lanes::<S>();
        let (width, together) = (high, TERMS.div_ceil(high));
        let rows = panels.len() / size * high;
        let share = together.div_ceil(WIDTH / width);
        for (group, panels) in panels.chunks(together * size).enumerate() {
            for (six, w) in w.chunks_exact_mut(ACROSS * WIDTH).enumerate() {
                let at = at + six * ACROSS * high;
                for p in 0..WIDTH / width {
                    // With each part of V a share of the next six columns.
                    for panel in panels.chunks(size).skip(p * share).take(share) {
                        prefetch(panel, at + ACROSS * high, ACROSS * high);
                    }
                    let v = &v[(p * rows + group * together * high) * width..];
                    add_projection::<P, S>(simd, &mut w[p * width..], v, panels, (size, at));
                }
            }
        }
    }
}

/// Some entries of six columns of W += VᵀA for a few panels.
#[inline(always)]
fn add_projection<P: Real, S: Simd>(simd: S, w: &mut [P], v: &[P], panels: &[P], (size, at): (usize, usize)) {
    let high = HIGH * P::lanes::<S>();
    let mut sums = [[P::splat(simd, P::default()); HIGH]; ACROSS];
    let (v, _) = P::all_registers::<S>(v).as_chunks::<HIGH>();
    for (panel, v) in panels.chunks(size).zip(v.chunks_exact(high)) {
        let columns: [&[P]; ACROSS] = std::array::from_fn(|c| &panel[at + c * high..][..high]);
        for r in 0..high {
            for c in 0..ACROSS {
                let a = P::splat(simd, columns[c][r]);
                for i in 0..HIGH {
                    sums[c][i] = P::fused(simd, v[r][i], a, sums[c][i]);
                }
            }
        }
    }
    for (w, sums) in w.chunks_mut(WIDTH).zip(&sums) {
        let Some(w) = P::registers_mut::<S, HIGH>(w) else { return };
        for i in 0..HIGH {
            w[i] = P::sum(simd, w[i], sums[i]);
        }
    }
}
