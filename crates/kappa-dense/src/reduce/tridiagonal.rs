//! From a symmetric band to a tridiagonal matrix.

use super::Side;
use super::chase::{Band, Repair, Window};
use super::tile::{ALONG, COLUMN, Probe, Reflection, TILE, WIDTH};
use crate::Real;

/// The lower half of a symmetric band B with the probes X and their images: B·X = image, but for rounding.
///
/// Column j holds rows j − WIDTH … j + 2·WIDTH − 1; what stands above the diagonal is zero.
pub(super) struct LowerBand<P>(Band<P>);

/// A symmetric tridiagonal matrix: its diagonal and what stands beside it, and ‖E‖_F, about, for the E by which it
/// fails the probes.
pub(crate) struct Tridiagonal {
    pub(crate) diagonal: Vec<f64>,
    pub(crate) beside: Vec<f64>,
    pub(crate) off: f64,
}

impl<P: Real> LowerBand<P> {
    /// Column j of the band has its entries in rows j … j + WIDTH.
    pub(super) fn new(
        order: usize,
        entry: impl Fn(usize, usize) -> P,
        probes: impl Fn(usize) -> (Probe<P>, Probe<P>),
    ) -> Self {
        Self(Band::new(order, |j| j..(j + WIDTH + 1).min(order), at, entry, probes))
    }

    /// 8·n²·WIDTH flops.
    pub(super) fn reduced(mut self) -> Tridiagonal {
        self.0.chase::<Bulge>(false);
        let Band { order, entries, .. } = &self.0;
        let diagonal: Vec<f64> = (0..*order).map(|i| entries[at(i, i)].re()).collect();
        let beside: Vec<f64> = (1..*order).map(|i| entries[at(i, i - 1)].re()).collect();
        let next = |x: &[P], i: usize| beside.get(i).map_or(0.0, |b| b * x[i + 1].re());
        let last = |x: &[P], i: usize| if i == 0 { 0.0 } else { beside[i - 1] * x[i - 1].re() };
        let off = self.0.off(|x, i| last(x, i) + diagonal[i] * x[i].re() + next(x, i));
        Tridiagonal { diagonal, beside, off }
    }
}

const fn at(i: usize, j: usize) -> usize {
    j * COLUMN + i + WIDTH - j
}

struct Bulge;

impl<P: Real> Repair<P> for Bulge {
    const BACK: usize = 1;

    /// The reflection that leaves one entry of column `row` in the rows from c on: from the left on the columns
    /// between, from both sides on the block on the diagonal, and from the right on the one below it.
    #[inline(always)]
    fn repair<S: pulp::Simd>(simd: S, window: &mut Window<'_, P>, row: usize, c: usize) {
        let place = |i: usize, j: usize| i + WIDTH - j;
        let down = window.at(row) + place(c, row);
        let x = std::array::from_fn(|k| window.entries[down + k]);
        if let Some((reflection, left)) = Reflection::of::<S>(x) {
            reflection.on_the_left(simd, &mut window.entries[down + ALONG..], c - row - 1);
            window.entries[down..down + WIDTH].fill(P::default());
            window.entries[down] = left;
            let at = window.at(c);
            reflection.on_both_sides(simd, &mut window.entries[at + place(c, c)..][..TILE]);
            reflection.on_the_right(simd, &mut window.entries[at + place(c + WIDTH, c)..][..TILE]);
            for side in [Side::Left, Side::Right] {
                reflection.on_probes(simd, window.probes(side, c));
            }
        }
    }
}
