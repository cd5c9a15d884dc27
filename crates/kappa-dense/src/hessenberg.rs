//! From complex Hessenberg to triangular form by single-shift QR steps.

use std::ops::Range;

use num_complex::Complex64;
use rayon::prelude::*;

use crate::{Matrix, Scalar};

const ULP: f64 = f64::EPSILON;

fn size<W: Scalar>(x: W) -> f64 {
    x.re().abs() + x.im().abs()
}

/// A rotation [c s; −s̄ c] that maps (a, b) to (r, 0).
#[derive(Clone, Copy)]
struct Rotation {
    c: f64,
    s: Complex64,
}

impl Rotation {
    fn of(a: Complex64, b: Complex64) -> (Self, Complex64) {
        let (na, nb) = (a.norm(), b.norm());
        if nb == 0.0 {
            return (Self { c: 1.0, s: Complex64::default() }, a);
        }
        if na == 0.0 {
            return (Self { c: 0.0, s: b.conj() / nb }, Complex64::new(nb, 0.0));
        }
        let r = na.hypot(nb);
        let phase = a / na;
        (Self { c: na / r, s: phase * (b.conj() / r) }, phase * r)
    }

    /// Applies the rotation to entries k and k + 1 of a column.
    #[inline(always)]
    fn apply(self, column: &mut [Complex64], k: usize) {
        let (x, y) = (column[k], column[k + 1]);
        column[k] = x.scale(self.c) + self.s * y;
        column[k + 1] = y.scale(self.c) - self.s.conj() * x;
    }

    /// Applies the adjoint from the right to columns k and k + 1, in the given rows.
    fn columns(self, h: &mut Matrix<Complex64>, k: usize, rows: Range<usize>) {
        let m = h.rows();
        let (left, right) = h.as_mut_slice()[k * m..(k + 2) * m].split_at_mut(m);
        for (x, y) in left[rows.clone()].iter_mut().zip(&mut right[rows]) {
            let (a, b) = (*x, *y);
            *x = a.scale(self.c) + self.s.conj() * b;
            *y = b.scale(self.c) - self.s * a;
        }
    }
}

/// The rotations of one step, the first on rows `start` and `start + 1`.
struct Chain {
    start: usize,
    rotations: Vec<Rotation>,
}

impl Chain {
    /// Applies the chain from the left to whole columns of m entries.
    ///
    /// Four columns at a time: within one column each rotation depends on the one before it.
    fn apply(&self, columns: &mut [Complex64], m: usize) {
        let mut fours = columns.chunks_exact_mut(4 * m);
        for four in &mut fours {
            let (a, rest) = four.split_at_mut(m);
            let (b, rest) = rest.split_at_mut(m);
            let (c, d) = rest.split_at_mut(m);
            for (rotation, k) in self.rotations.iter().zip(self.start..) {
                rotation.apply(a, k);
                rotation.apply(b, k);
                rotation.apply(c, k);
                rotation.apply(d, k);
            }
        }
        for column in fours.into_remainder().chunks_exact_mut(m) {
            self.rotations.iter().zip(self.start..).for_each(|(rotation, k)| rotation.apply(column, k));
        }
    }
}

/// Chains that have not been applied to Qᴴ yet: many are applied to a few columns while those are in the cache.
#[derive(Default)]
struct Waiting {
    chains: Vec<Chain>,
    rotations: usize,
}

impl Waiting {
    /// Maximum number of rotations that are kept, 24 bytes each.
    const MOST: usize = 1 << 19;
    /// Columns that one thread takes at a time.
    const SHARE: usize = 4;

    fn push(&mut self, chain: Chain, adjoint: &mut Matrix<Complex64>) {
        self.rotations += chain.rotations.len();
        self.chains.push(chain);
        if self.rotations > Self::MOST {
            self.apply(adjoint);
        }
    }

    fn apply(&mut self, adjoint: &mut Matrix<Complex64>) {
        let m = adjoint.rows().max(1);
        let all = |share: &mut [Complex64]| self.chains.iter().for_each(|chain| chain.apply(share, m));
        if self.rotations * m < 1 << 16 {
            adjoint.as_mut_slice().chunks_mut(Self::SHARE * m).for_each(all);
        } else {
            adjoint.as_mut_slice().par_chunks_mut(Self::SHARE * m).for_each(all);
        }
        *self = Self::default();
    }
}

/// Overwrites H with its triangular form and multiplies Q by the transformations; `false` when the steps do not
/// converge.
///
/// Wilkinson's shift, exceptional shifts after 10 and 20 steps, and the deflation test of Ahues and Tisseur (LAPACK
/// Working Note 122, 1997). Where rounding keeps an entry of a graded matrix above that test, it is dropped once it is
/// below ε·‖H‖: the form is then still backward stable, as it is for any other matrix.
pub(crate) fn triangularize(h: &mut Matrix<Complex64>, q: &mut Matrix<Complex64>) -> bool {
    let n = h.rows();
    // QRᴴ is the adjoint of RQᴴ, whose columns can be updated one by one.
    let mut adjoint = q.adjoint();
    let mut waiting = Waiting::default();
    let mut end = n;
    // Rotations keep the norm of H.
    let negligible = ULP * h.as_slice().iter().map(|&x| size(x)).fold(0.0, f64::max);
    while end > 0 {
        let mut steps = 0;
        loop {
            let start = active(h, end, if steps >= PATIENCE { negligible } else { 0.0 });
            if start > 0 {
                h[(start, start - 1)] = Complex64::default();
            }
            if start + 1 >= end {
                break;
            }
            steps += 1;
            if steps > 300 {
                return false;
            }
            let chain = sweep(h, (start, end), shift(h, (start, end), steps));
            waiting.push(chain, &mut adjoint);
        }
        end -= 1;
    }
    for j in 0..n {
        h.column_mut(j)[j + 1..].fill(Complex64::default());
    }
    waiting.apply(&mut adjoint);
    *q = adjoint.adjoint();
    true
}

/// Steps for one eigenvalue after which entries below ε·‖H‖ count as zero; usually two or three are taken.
pub(crate) const PATIENCE: usize = 60;

/// The first row of the last block that is not deflated yet; entries up to `negligible` count as zero.
pub(crate) fn active<W: Scalar>(h: &Matrix<W>, end: usize, negligible: f64) -> usize {
    let smallest = (f64::MIN_POSITIVE / ULP).max(negligible);
    let mut k = end - 1;
    while k > 0 {
        let below = size(h[(k, k - 1)]);
        if below <= smallest {
            break;
        }
        let (before, here) = (h[(k - 1, k - 1)], h[(k, k)]);
        let mut near = size(before) + size(here);
        if near == 0.0 {
            near += if k >= 2 { size(h[(k - 1, k - 2)]) } else { 0.0 };
            near += if k + 1 < h.rows() { size(h[(k + 1, k)]) } else { 0.0 };
        }
        if below <= ULP * near {
            let above = size(h[(k - 1, k)]);
            let (ab, ba) = (below.max(above), below.min(above));
            let gap = size(before - here);
            let (aa, bb) = (size(here).max(gap), size(here).min(gap));
            let sum = aa + ab;
            if ba * (ab / sum) <= smallest.max(ULP * (bb * (aa / sum))) {
                break;
            }
        }
        k -= 1;
    }
    k
}

/// The eigenvalue of the last block of order 2 that is nearer to the last entry.
fn shift(h: &Matrix<Complex64>, (start, end): (usize, usize), steps: usize) -> Complex64 {
    let last = end - 1;
    if steps.is_multiple_of(20) {
        return h[(last, last)] + 0.75 * h[(last, last - 1)].re.abs();
    }
    if steps.is_multiple_of(10) {
        return h[(start, start)] + 0.75 * h[(start + 1, start)].re.abs();
    }
    let t = h[(last, last)];
    let u = h[(last - 1, last)].sqrt() * h[(last, last - 1)].sqrt();
    if size(u) == 0.0 {
        return t;
    }
    let x = (h[(last - 1, last - 1)] - t).scale(0.5);
    let s = size(u).max(size(x));
    let mut y = ((x / s) * (x / s) + (u / s) * (u / s)).sqrt().scale(s);
    if x.re * y.re + x.im * y.im < 0.0 {
        y = -y;
    }
    // Divided by s before they are divided by each other, as squares of small entries underflow.
    t - u * ((u / s) / ((x + y) / s))
}

/// One QR step on the block, applied to the whole of H; returns its rotations.
///
/// Four columns are updated when the step reaches them, so that all work runs along columns, which are contiguous in
/// memory; entries outside the block are updated after the step.
fn sweep(h: &mut Matrix<Complex64>, (start, end): (usize, usize), shift: Complex64) -> Chain {
    let n = h.rows();
    let mut chain = Chain { start, rotations: Vec::with_capacity(end - start) };
    // Columns before this one have received every rotation so far.
    let mut fresh = start + 1;
    for k in start..end - 1 {
        if fresh == k + 1 {
            fresh = (k + 5).min(end);
            chain.apply(&mut h.as_mut_slice()[(k + 1) * n..fresh * n], n);
        }
        let (a, b) = if k == start { (h[(k, k)] - shift, h[(k + 1, k)]) } else { (h[(k, k - 1)], h[(k + 1, k - 1)]) };
        let (rotation, r) = Rotation::of(a, b);
        if k > start {
            h[(k, k - 1)] = r;
            h[(k + 1, k - 1)] = Complex64::default();
        }
        rotation.apply(h.column_mut(k), k);
        (k + 1..fresh).for_each(|j| rotation.apply(h.column_mut(j), k));
        rotation.columns(h, k, start..(k + 3).min(end));
        chain.rotations.push(rotation);
    }
    chain.apply(&mut h.as_mut_slice()[end * n..], n);
    for (&rotation, k) in chain.rotations.iter().zip(start..) {
        rotation.columns(h, k, 0..start);
    }
    chain
}
