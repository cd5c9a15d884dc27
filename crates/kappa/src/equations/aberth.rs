//! Simultaneous improvement of all roots of a polynomial by Aberth's iteration, in twice the working precision.

use std::ops::{Add, Mul, Neg, Sub};

use kappa_dense::c64;
use kappa_dense::pair::Pair;

/// A complex number of two [`Pair`]s.
#[derive(Clone, Copy, Debug, Default)]
struct Wide {
    re: Pair,
    im: Pair,
}

impl From<c64> for Wide {
    fn from(z: c64) -> Self {
        Self { re: Pair::from(z.re), im: Pair::from(z.im) }
    }
}

impl Add for Wide {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }
}

impl Neg for Wide {
    type Output = Self;
    fn neg(self) -> Self {
        Self { re: -self.re, im: -self.im }
    }
}

impl Sub for Wide {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Wide {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self { re: self.re * other.re - self.im * other.im, im: self.re * other.im + self.im * other.re }
    }
}

impl Wide {
    fn rounded(self) -> c64 {
        c64::new(self.re.high, self.im.high)
    }

    fn scaled(self, s: f64) -> Self {
        let by = Pair::from(s);
        Self { re: self.re * by, im: self.im * by }
    }

    /// 1/z, with z scaled by a power of two near 1/|z|, so that |z|² neither overflows nor underflows.
    fn inverse(self) -> Self {
        let size = self.re.high.abs().max(self.im.high.abs());
        let s = 2f64.powi(-(size.log2().floor() as i32).clamp(-1000, 1000));
        let z = self.scaled(s);
        let square = z.re * z.re + z.im * z.im;
        Self { re: z.re / square, im: -z.im / square }.scaled(s)
    }
}

/// The value of a polynomial at a point z, with its derivative and the sums of moduli. For |z| > 1 all four are divided
/// by |z|ⁿ, and the values are those of the reversed polynomial.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    /// p(z).
    pub value: c64,
    /// p′(z).
    pub slope: c64,
    /// Σ|aₖ||z|ᵏ.
    pub size: f64,
    /// Σk|aₖ||z|ᵏ⁻¹.
    pub slopes: f64,
}

/// Horner's rule in 106 bits: the error of |value| is about 2n·2⁻¹⁰⁴·size.
pub(super) fn at(a: &[c64], z: c64) -> At {
    wide_at(a, Wide::from(z))
}

fn wide_at(a: &[c64], z: Wide) -> At {
    let n = a.len() - 1;
    let is_reversed = z.rounded().norm() > 1.0;
    let w = if is_reversed { z.inverse() } else { z };
    let r = w.rounded().norm();
    let (mut p, mut slope, mut size, mut slopes) = (Wide::default(), Wide::default(), 0.0, 0.0);
    for k in 0..=n {
        let next = if is_reversed { a[k] } else { a[n - k] };
        slope = slope * w + p;
        slopes = slopes * r + size;
        p = p * w + Wide::from(next);
        size = size * r + next.norm();
    }
    if is_reversed {
        // p(z) = zⁿq(w), w = 1/z: p′(z)/zⁿ = (n·q(w) − w·q′(w))·w, and the same for the sums of moduli.
        slope = (p.scaled(n as f64) - w * slope) * w;
        slopes = (n as f64 * size - r * slopes) * r;
    }
    At { value: p.rounded(), slope: slope.rounded(), size, slopes }
}

const ROUNDS: usize = 100;

/// Roots near the given ones; each is rounded once to double if its condition is small enough for 106 bits.
///
/// zₖ − N/(1 − N·Σ 1/(zₖ − zⱼ)) with Newton's step N = p/p′ (Aberth, Math. Comp. 27 (1973) 339–344; cubic at simple
/// roots). Roots of a real polynomial are returned real or in exact conjugate pairs.
pub(super) fn improved(a: &[c64], starts: &[c64], is_real: bool) -> Vec<c64> {
    // The iteration preserves symmetry: starts on the real axis or in conjugate pairs stay so. A small rotation of each
    // breaks it.
    let mut z: Vec<Wide> = (starts.iter().enumerate())
        .map(|(k, &z)| Wide::from(z * (c64::new(1.0, 0.0) + c64::from_polar(1e-3, 1.0 + 2.4 * k as f64))))
        .collect();
    let mut is_done = vec![false; z.len()];
    for _ in 0..ROUNDS {
        for (k, is_done) in is_done.iter_mut().enumerate() {
            *is_done = *is_done || !step(a, &mut z, k);
        }
        if is_done.iter().all(|&done| done) {
            break;
        }
    }
    let mut roots: Vec<c64> = z.iter().map(|z| z.rounded()).collect();
    if is_real {
        symmetrize(a, &mut roots);
    }
    // A root that left the range of doubles is replaced by its start.
    for (root, &start) in roots.iter_mut().zip(starts) {
        if !(root.re.is_finite() && root.im.is_finite()) {
            *root = start;
        }
    }
    roots
}

/// One correction of the k-th root; returns whether it moved.
fn step(a: &[c64], z: &mut [Wide], k: usize) -> bool {
    let here = wide_at(a, z[k]);
    if here.value.norm() <= a.len() as f64 * 2f64.powi(-102) * here.size {
        return false;
    }
    let newton = here.value / here.slope;
    let others: c64 = (z.iter().enumerate())
        .filter(|&(j, _)| j != k)
        .map(|(_, &other)| c64::new(1.0, 0.0) / (z[k] - other).rounded())
        .filter(|x| x.re.is_finite() && x.im.is_finite())
        .sum();
    let correction = newton / (c64::new(1.0, 0.0) - newton * others);
    if !(correction.re.is_finite() && correction.im.is_finite()) {
        return false;
    }
    z[k] = z[k] - Wide::from(correction);
    correction.norm() > 2f64.powi(-80) * z[k].rounded().norm()
}

/// For a real polynomial: a root becomes real if its real part is as good a root; the others become exact conjugate
/// pairs.
fn symmetrize(a: &[c64], roots: &mut [c64]) {
    let flat = a.len() as f64 * 2f64.powi(-96);
    for z in roots.iter_mut().filter(|z| z.im != 0.0 && z.im.abs() < 1e-6 * z.re.abs()) {
        let real = c64::new(z.re, 0.0);
        let (there, here) = (at(a, real), at(a, *z));
        if there.value.norm() <= flat * there.size || there.value.norm() <= here.value.norm() {
            *z = real;
        }
    }
    for k in 0..roots.len() {
        if roots[k].im <= 0.0 {
            continue;
        }
        let mirrored = roots[k].conj();
        let partner = (0..roots.len())
            .filter(|&j| roots[j].im < 0.0)
            .min_by(|&i, &j| (roots[i] - mirrored).norm().total_cmp(&(roots[j] - mirrored).norm()));
        if let Some(j) = partner.filter(|&j| (roots[j] - mirrored).norm() <= 1e-8 * mirrored.norm()) {
            roots[j] = mirrored;
        }
    }
}
