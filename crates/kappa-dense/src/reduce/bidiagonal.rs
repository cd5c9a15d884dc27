//! From an upper band to a bidiagonal matrix.

use super::Side;
use super::chase::{Band, Kept, Repair, Window};
use super::tile::{ALONG, COLUMN, Probe, Reflection, TILE, WIDTH};
use crate::Real;

/// An upper band B with the probes X and their images: B·X = image, but for rounding.
///
/// Column j holds rows j − 2·WIDTH … j + WIDTH − 1.
pub(super) struct UpperBand<P>(Band<P>);

/// A bidiagonal matrix: its diagonal and what stands above it, and ‖E‖_F, about, for the E by which it fails the
/// probes.
pub(crate) struct Bidiagonal {
    pub(crate) diagonal: Vec<f64>,
    pub(crate) above: Vec<f64>,
    pub(crate) off: f64,
}

impl<P: Real> UpperBand<P> {
    /// Row i of the band has its entries in columns i … i + WIDTH.
    pub(super) fn new(
        order: usize,
        entry: impl Fn(usize, usize) -> P,
        probes: impl Fn(usize) -> (Probe<P>, Probe<P>),
    ) -> Self {
        Self(Band::new(order, |j| j.saturating_sub(WIDTH)..j + 1, at, entry, probes))
    }

    /// 8·n²·WIDTH flops; with the reflections that did it, where they are to be kept.
    pub(super) fn reduced(mut self, keep: bool) -> (Bidiagonal, Vec<Kept<P>>) {
        let kept = self.0.chase::<Bulge>(keep);
        let Band { order, entries, .. } = &self.0;
        let diagonal: Vec<f64> = (0..*order).map(|i| entries[at(i, i)].re()).collect();
        let above: Vec<f64> = (1..*order).map(|j| entries[at(j - 1, j)].re()).collect();
        let next = |x: &[P], i: usize| above.get(i).map_or(0.0, |b| b * x[i + 1].re());
        let off = self.0.off(|x, i| diagonal[i] * x[i].re() + next(x, i));
        (Bidiagonal { diagonal, above, off }, kept)
    }
}

const fn at(i: usize, j: usize) -> usize {
    j * COLUMN + i + 2 * WIDTH - j
}

struct Bulge;

impl<P: Real> Repair<P> for Bulge {
    const BACK: usize = 0;

    /// The right-hand reflection that leaves one entry of `row` in the columns from c on, and the left-hand one that
    /// leaves one entry of column c from its diagonal on.
    #[inline(always)]
    fn repair<S: pulp::Simd>(simd: S, window: &mut Window<'_, P>, row: usize, c: usize) {
        let place = |i: usize, j: usize| i + 2 * WIDTH - j;
        let at = window.at(c);
        let along_row = |l: usize| at + place(row, c) + l * ALONG;
        if let Some((reflection, left)) = Reflection::of::<S>(std::array::from_fn(|l| window.entries[along_row(l)])) {
            if row + WIDTH == c {
                reflection.on_the_right_of_two(simd, &mut window.entries[at + place(row, c)..][..TILE + WIDTH]);
            } else {
                reflection.on_the_right(simd, &mut window.entries[at + place(c, c)..][..TILE]);
            }
            for l in 0..WIDTH {
                window.entries[along_row(l)] = if l == 0 { left } else { P::default() };
            }
            reflection.on_probes(simd, window.probes(Side::Right, c));
            window.keep(Side::Right, c, reflection);
        }
        let down = at + place(c, c);
        if let Some((reflection, left)) = Reflection::of::<S>(std::array::from_fn(|k| window.entries[down + k])) {
            reflection.on_the_left(simd, &mut window.entries[down + ALONG..], 2 * WIDTH - 1);
            window.entries[down..down + WIDTH].fill(P::default());
            window.entries[down] = left;
            reflection.on_probes(simd, window.probes(Side::Left, c));
            window.keep(Side::Left, c, reflection);
        }
    }
}
