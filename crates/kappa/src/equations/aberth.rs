//! All roots of a polynomial at once by Aberth's iteration, in twice the working precision and at any scale.

use std::ops::{Add, Mul, Neg, Sub};

use kappa_dense::c64;
use kappa_dense::pair::{PAIR_UNIT, Pair};

use crate::enclosure::directed::{add_up, mul_up, times_power};
use crate::enclosure::{exponent_of, times_power_of_two};

/// A complex number of two [`Pair`]s.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wide {
    pub(super) re: Pair,
    pub(super) im: Pair,
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
    pub(super) fn rounded(self) -> c64 {
        c64::new(self.re.high, self.im.high)
    }

    /// The product with a power of two.
    pub(super) fn scaled(self, s: f64) -> Self {
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

/// A polynomial whose coefficients may have any size: aₖ = mantissa·2^exponent.
#[derive(Debug)]
pub(super) struct Polynomial {
    a: Vec<(c64, i64)>,
}

/// A point y·2ᵉ with a modulus of y near 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) y: Wide,
    pub(super) e: i64,
}

impl Point {
    fn new(y: Wide, e: i64) -> Self {
        let size = y.re.high.abs().max(y.im.high.abs());
        if !(size > 0.0 && size.is_finite()) {
            return Self { y, e };
        }
        let up = size.log2().floor() as i32;
        Self { y: y.scaled(2f64.powi(-up / 2)).scaled(2f64.powi(-up + up / 2)), e: e + i64::from(up) }
    }

    /// The distance y − y′ to another point in units of 2ᵉ; ∞ where the other one is beyond all sizes.
    pub(super) fn minus(self, other: Self) -> Wide {
        let shift = other.e - self.e;
        if shift > 900 {
            return Wide { re: Pair::from(f64::INFINITY), im: Pair::from(0.0) };
        }
        self.y - other.y.scaled(2f64.powi(shift.max(-1000) as i32))
    }

    /// The nearest complex double; ∞ or 0 beyond their range.
    pub(super) fn value(self) -> c64 {
        let part = |x: Pair| times_power(x.high.abs(), self.e.clamp(-3000, 3000) as i32);
        let near = |x: Pair| {
            let (low, high) = part(x);
            // The ends differ at the limits of the range only.
            if high.is_infinite() { high } else { 0.5 * low + 0.5 * high }.copysign(x.high)
        };
        c64::new(near(self.y.re), near(self.y.im))
    }
}

/// The value of a polynomial at a point z, with its derivative and the sums of moduli, times a common power of two. For
/// |y| > 1 all four are also divided by |y|ⁿ, and the values are those of the reversed polynomial.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    /// p(z).
    pub(super) value: c64,
    /// |p(z)| from above.
    pub(super) most: f64,
    /// p′(z), by y.
    pub(super) slope: c64,
    /// Σ|aₖ||z|ᵏ.
    pub(super) size: f64,
    /// Σk|aₖ||z|ᵏ⁻¹, by y.
    pub(super) slopes: f64,
    /// The exponent of the common power of two: the coefficients of y are aₖ·2^(k·e − scale).
    pub(super) scale: i64,
    /// Whether the values are divided by yⁿ.
    pub(super) is_reversed: bool,
}

impl Polynomial {
    /// From the constant coefficient up; the first and the last one are not 0.
    pub(super) fn new(a: &[c64]) -> Self {
        let scaled = |&x: &c64| {
            let size = x.re.abs().max(x.im.abs());
            if size == 0.0 {
                return (x, 0);
            }
            let e = exponent_of(size);
            (times_power_of_two(x, -e), i64::from(e))
        };
        Self { a: a.iter().map(scaled).collect() }
    }

    pub(super) fn degree(&self) -> usize {
        self.a.len() - 1
    }

    /// The coefficients of y for z = y·2ᵉ over 2^scale, the largest near 1, and scale.
    fn local(&self, e: i64) -> (Vec<c64>, i64) {
        let power = |k: usize| self.a[k].1 + k as i64 * e;
        let is_zero = |k: usize| self.a[k].0 == c64::default();
        let scale = (0..self.a.len()).filter(|&k| !is_zero(k)).map(power).max().unwrap_or(0);
        let term = |k: usize| {
            let shift = power(k) - scale;
            if is_zero(k) || shift < -1060 { c64::default() } else { self.a[k].0.scale(2f64.powi(shift as i32)) }
        };
        ((0..self.a.len()).map(term).collect(), scale)
    }

    /// Horner's rule in 106 bits at a point of 106 bits.
    pub(super) fn at(&self, z: Point) -> At {
        let (a, scale) = self.local(z.e);
        let n = self.degree();
        let is_reversed = z.y.rounded().norm() > 1.0;
        let w = if is_reversed { z.y.inverse() } else { z.y };
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
            // p(y) = yⁿq(w), w = 1/y: p′(y)/yⁿ = (n·q(w) − w·q′(w))·w, and the same for the sums of moduli.
            slope = (p.scaled(n as f64) - w * slope) * w;
            slopes = (n as f64 * size - r * slopes) * r;
        }
        let value = p.rounded();
        // Each step rounds a product, a sum and, with a reversed polynomial, a power of 1/y: below 24 units. Terms that
        // were too small to be kept, and low parts that underflow, are below 2⁻¹⁰⁰⁰.
        let noise = mul_up(64.0 * (n + 2) as f64 * PAIR_UNIT, size);
        let most =
            add_up(add_up(mul_up(value.norm(), 1.0 + 8.0 * f64::EPSILON), noise), (n + 1) as f64 * 2f64.powi(-1000));
        At { value, most, slope: slope.rounded(), size, slopes, scale, is_reversed }
    }

    /// The leading coefficient's modulus from below, over the scale of a point's values, as m·2ᵏ.
    pub(super) fn lead(&self, z: Point, scale: i64) -> (f64, i64) {
        let n = self.degree();
        let (lead, e) = self.a[n];
        (lead.norm() * (1.0 - 8.0 * f64::EPSILON), e + n as i64 * z.e - scale)
    }

    /// Starting points on circles whose radii are the slopes of the upper convex hull of (k, log₂|aₖ|) (Bini, Numer.
    /// Algorithms 13 (1996) 179–200).
    fn starts(&self) -> Vec<Point> {
        let heights: Vec<(usize, f64)> = (0..self.a.len())
            .filter(|&k| self.a[k].0 != c64::default())
            .map(|k| (k, self.a[k].0.norm().log2() + self.a[k].1 as f64))
            .collect();
        let slope = |p: (usize, f64), q: (usize, f64)| (q.1 - p.1) / (q.0 - p.0) as f64;
        let mut hull: Vec<(usize, f64)> = Vec::new();
        for p in heights {
            while hull.len() >= 2 && slope(hull[hull.len() - 2], p) >= slope(hull[hull.len() - 2], hull[hull.len() - 1])
            {
                hull.pop();
            }
            hull.push(p);
        }
        let mut found = Vec::with_capacity(self.degree());
        for (piece, ends) in hull.windows(2).enumerate() {
            let count = ends[1].0 - ends[0].0;
            let log = -slope(ends[0], ends[1]);
            let (e, size) = (log.floor() as i64, (log - log.floor()).exp2());
            for k in 0..count {
                // The angle breaks every symmetry of the roots.
                let angle = std::f64::consts::TAU * k as f64 / count as f64 + 0.7 + 0.9 * piece as f64;
                found.push(Point { y: Wide::from(c64::from_polar(size, angle)), e });
            }
        }
        found
    }

    /// All roots, each to about 106 bits times its condition.
    ///
    /// zₖ − N/(1 − N·Σ 1/(zₖ − zⱼ)) with Newton's step N = p/p′ (Aberth, Math. Comp. 27 (1973) 339–344; cubic at simple
    /// roots).
    pub(super) fn roots(&self) -> Vec<Point> {
        let mut z = self.starts();
        let mut is_done = vec![false; z.len()];
        for _ in 0..ROUNDS {
            for (k, is_done) in is_done.iter_mut().enumerate() {
                *is_done = *is_done || !self.step(&mut z, k);
            }
            if is_done.iter().all(|&done| done) {
                break;
            }
        }
        z
    }

    /// One correction of the k-th root; returns whether it moved.
    fn step(&self, z: &mut [Point], k: usize) -> bool {
        let here = self.at(z[k]);
        if here.value.norm() <= (self.degree() + 1) as f64 * 2f64.powi(-102) * here.size {
            return false;
        }
        let newton = here.value / here.slope;
        let others: c64 = (z.iter().enumerate())
            .filter(|&(j, _)| j != k)
            .map(|(_, &other)| c64::new(1.0, 0.0) / z[k].minus(other).rounded())
            .filter(|x| x.re.is_finite() && x.im.is_finite())
            .sum();
        let correction = newton / (c64::new(1.0, 0.0) - newton * others);
        if !(correction.re.is_finite() && correction.im.is_finite()) {
            return false;
        }
        let size = z[k].y.rounded().norm();
        z[k] = Point::new(z[k].y - Wide::from(correction), z[k].e);
        correction.norm() > 2f64.powi(-96) * size
    }
}

/// Simple roots take about ten rounds after the first approach; multiple ones gain a constant number of bits a round.
const ROUNDS: usize = 400;
