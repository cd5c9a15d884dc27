//! In which order, and on which threads, what was pushed out of a band is chased down it and off its end.
//!
//! Lang, Parallel Comput. 25 (1999) 845–860; Haidar, Ltaief and Dongarra, SC 11, article 8. Sweep i makes row or column
//! i right and then repairs the band in blocks k = 0, 1, …, each `WIDTH` columns further down. A sweep may follow
//! another three blocks behind it. Sweeps go in groups, and groups in slabs of blocks, two slabs apart, so that they
//! meet different columns and may run side by side; what is computed does not depend on whether they do.

use std::marker::PhantomData;
use std::ops::Range;

use rayon::prelude::*;

use super::Side;
use super::tile::{COLUMN, PROBES, Probe, Reflection, WIDTH};
use crate::Real;
use crate::instructions::instructions;

/// A square band of width `WIDTH` with the probes that go through the reduction with it.
pub(super) struct Band<P> {
    pub(super) order: usize,
    /// `COLUMN` entries of each column and of some beyond the last.
    pub(super) entries: Vec<P>,
    /// The columns of X, and of its image.
    pub(super) x: [Vec<P>; PROBES],
    pub(super) image: [Vec<P>; PROBES],
}

/// What a group of sweeps did on either side, in this order: reflections, each with the first row or column that it
/// meets.
pub(super) type Kept<P> = [Vec<(usize, Reflection<P>)>; 2];

/// Some columns of a band, with the probes' rows of the same numbers.
pub(super) struct Window<'a, P> {
    /// The number of the first column.
    first: usize,
    /// Where its reflections go, if they are to be kept.
    kept: Option<&'a mut Kept<P>>,
    pub(super) entries: &'a mut [P],
    pub(super) x: [&'a mut [P]; PROBES],
    pub(super) image: [&'a mut [P]; PROBES],
}

/// What a sweep does at one block.
pub(super) trait Repair<P>: Send {
    /// How many blocks before its own a repair reaches back: the window holds two in all.
    const BACK: usize;

    /// `row` is the row or column made right, `c` the first column of the block.
    fn repair<S: pulp::Simd>(simd: S, window: &mut Window<'_, P>, row: usize, c: usize);
}

/// Sweeps in a group.
const GROUP: usize = 2;
/// Blocks in a slab.
const SLAB: usize = 3 * GROUP;
/// From this order on, other threads take part.
const SHARED: usize = 768;

impl<P: Real> Band<P> {
    /// With the entries of `rows` of each column at `at`, and the probes' rows.
    pub(super) fn new(
        order: usize,
        rows: impl Fn(usize) -> Range<usize>,
        at: impl Fn(usize, usize) -> usize,
        entry: impl Fn(usize, usize) -> P,
        probes: impl Fn(usize) -> (Probe<P>, Probe<P>),
    ) -> Self {
        let columns = order + 3 * WIDTH;
        let zeros = || std::array::from_fn(|_| vec![P::default(); columns]);
        let mut band = Self { order, entries: vec![P::default(); columns * COLUMN], x: zeros(), image: zeros() };
        for j in 0..order {
            for i in rows(j) {
                band.entries[at(i, j)] = entry(i, j);
            }
            let (x, image) = probes(j);
            for p in 0..PROBES {
                (band.x[p][j], band.image[p][j]) = (x[p], image[p]);
            }
        }
        band
    }

    /// ‖E‖_F, about: the root of the mean square by which `times`, row i of the reduced matrix times probe p, fails the
    /// image.
    pub(super) fn off(&self, times: impl Fn(&[P], usize) -> f64) -> f64 {
        let square = |i: usize, p: usize| (times(&self.x[p], i) - self.image[p][i].re()).powi(2);
        let squares: f64 = (0..self.order).map(|i| (0..PROBES).map(|p| square(i, p)).sum::<f64>()).sum();
        (squares / PROBES as f64).sqrt()
    }

    /// All sweeps; what each group did, the first one first, where it is to be kept.
    pub(super) fn chase<R: Repair<P>>(&mut self, keep: bool) -> Vec<Kept<P>> {
        let order = self.order;
        let groups = order.saturating_sub(1).div_ceil(GROUP);
        let slabs = order.div_ceil(WIDTH).div_ceil(SLAB) + 1;
        let mut kept: Vec<Kept<P>> = (0..if keep { groups } else { 0 }).map(|_| Kept::default()).collect();
        for step in 0..2 * groups + slabs {
            // Group g stands at slab step − 2g: the later a group, the lower its columns.
            let slabs = self.windows::<R>(groups.min(step / 2 + 1), step, &mut kept);
            if order < SHARED {
                slabs.into_iter().for_each(Slab::run);
            } else {
                slabs.into_par_iter().for_each(Slab::run);
            }
        }
        kept
    }

    /// The columns that each of the groups that have begun needs at its slab, from the lowest to the highest.
    fn windows<'a, R: Repair<P>>(
        &'a mut self,
        begun: usize,
        step: usize,
        kept: &'a mut [Kept<P>],
    ) -> Vec<Slab<'a, P, R>> {
        let order = self.order;
        let (entries, x, image) = (&mut self.entries[..], self.x.each_mut(), self.image.each_mut());
        let (x, image) = (x.map(|x| &mut x[..]), image.map(|x| &mut x[..]));
        let mut rest = Window { first: 0, kept: None, entries, x, image };
        let mut kept = kept.get_mut(..begun).unwrap_or_default().iter_mut().rev();
        let mut slabs = Vec::new();
        for group in (0..begun).rev() {
            let slab = step - 2 * group;
            let c = group * GROUP + 1;
            let first = c + (slab * SLAB).saturating_sub(3 * (GROUP - 1)) * WIDTH;
            if first >= order {
                // It has left the band, and so have those before it: threads would wait for nothing.
                break;
            }
            let start = first.saturating_sub(R::BACK * WIDTH);
            let end = c + ((slab + 1) * SLAB + 1 - R::BACK) * WIDTH;
            let (window, after) = rest.after(start).split(end);
            let window = Window { kept: kept.next(), ..window };
            slabs.push(Slab { order, group, slab, window, repair: PhantomData });
            rest = after;
        }
        slabs
    }
}

impl<'a, P> Window<'a, P> {
    /// What lies before this column, and the rest.
    fn split(self, column: usize) -> (Self, Self) {
        let at = column.saturating_sub(self.first).min(self.x[0].len());
        let (entries, entries_after) = self.entries.split_at_mut(at * COLUMN);
        let [x, x_after] = split_columns(self.x, at);
        let [image, image_after] = split_columns(self.image, at);
        let after = Self { first: self.first + at, kept: None, entries: entries_after, x: x_after, image: image_after };
        (Self { first: self.first, kept: None, entries, x, image }, after)
    }

    fn after(self, column: usize) -> Self {
        self.split(column).1
    }

    /// Where a column begins.
    #[inline(always)]
    pub(super) fn at(&self, column: usize) -> usize {
        (column - self.first) * COLUMN
    }

    /// Keeps a reflection of the rows or columns from c on, if anybody asked.
    #[inline(always)]
    pub(super) fn keep(&mut self, side: Side, c: usize, reflection: Reflection<P>) {
        if let Some(kept) = &mut self.kept {
            kept[side as usize].push((c, reflection));
        }
    }

    /// The columns of the probes that reflections on this side change, from the row of this number on.
    #[inline(always)]
    pub(super) fn probes(&mut self, side: Side, c: usize) -> [&mut [P]; PROBES] {
        let probes = match side {
            Side::Right => &mut self.x,
            Side::Left => &mut self.image,
        };
        probes.each_mut().map(|x| &mut x[c - self.first..])
    }
}

/// The first so many entries of each column, and the rest.
fn split_columns<P, const N: usize>(columns: [&mut [P]; N], at: usize) -> [[&mut [P]; N]; 2] {
    let [mut before, mut after] = [(); 2].map(|()| [(); N].map(|()| <&mut [P]>::default()));
    for (p, column) in columns.into_iter().enumerate() {
        (before[p], after[p]) = column.split_at_mut(at);
    }
    [before, after]
}

/// A group of sweeps at a slab of blocks.
struct Slab<'a, P, R> {
    order: usize,
    group: usize,
    slab: usize,
    window: Window<'a, P>,
    repair: PhantomData<R>,
}

impl<P: Real, R: Repair<P>> Slab<'_, P, R> {
    fn run(self) {
        instructions().dispatch(self);
    }
}

impl<P: Real, R: Repair<P>> pulp::WithSimd for Slab<'_, P, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, simd: S) {
        for place in 0..GROUP {
            let row = self.group * GROUP + place;
            let end = (self.slab + 1) * SLAB - 3 * place;
            for block in end.saturating_sub(SLAB)..end {
                let c = row + 1 + block * WIDTH;
                if c < self.order {
                    R::repair(simd, &mut self.window, row.max(c.saturating_sub(WIDTH)), c);
                }
            }
        }
    }
}
