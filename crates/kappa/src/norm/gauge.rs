//! Symmetric gauge functions: norms of vectors that depend on the sorted moduli only. By von Neumann, the unitarily
//! invariant norms are the symmetric gauge functions of the singular values; the entrywise norms are those of the
//! entries.

use crate::arithmetic::power::Exponent;
use crate::enclosure::directed::{
    add_down, add_up, div_down, div_up, mul_down, mul_up, sqrt_down, sqrt_up, times_power,
};

/// (Σ of the k largest xᵢᵖ)^(1/p), or its dual.
///
/// For k = `usize::MAX` all xᵢ count: the ℓₚ norms. For p = 1 it is the Ky Fan k-norm, otherwise the Ky Fan p–k norm.
/// The dual for p = 2 is the k-support norm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Gauge {
    pub(crate) p: f64,
    pub(crate) k: usize,
    pub(crate) is_dual: bool,
}

impl Gauge {
    /// The ℓₚ norm.
    pub(crate) fn lp(p: f64) -> Self {
        Self { p, k: usize::MAX, is_dual: false }
    }

    /// The dual gauge function.
    pub(crate) fn dual(self) -> Self {
        if self.k == usize::MAX {
            // The conjugate exponent of p, rounded; `conjugate_bounds` takes the exact one.
            return Self::lp(super::conjugate(self.p));
        }
        Self { is_dual: !self.is_dual, ..self }
    }

    /// Lower and upper bound of the gauge of exact non-negative numbers, sorted, largest first.
    pub(crate) fn bounds(self, x: &[f64]) -> (f64, f64) {
        let largest = x.first().copied().unwrap_or(0.0);
        if largest <= 0.0 {
            return (0.0, 0.0);
        }
        if largest == f64::INFINITY {
            return (f64::MAX, f64::INFINITY);
        }
        if self.is_dual {
            return self.dual_bounds(x);
        }
        if self.p == f64::INFINITY {
            return (largest, largest);
        }
        // Scaling by a power of two brings the largest number near 1. It is exact except for underflow, which changes
        // each number by at most SMALLEST.
        let e = largest.log2().floor() as i32;
        let head = &x[..self.k.min(x.len())];
        let scaled = head.iter().map(|&x| (times_power(x, -e).0, times_power(x, -e).1));
        let (mut lower, mut upper) = (PairSum::default(), PairSum::default());
        let power = Exponent::of(self.p);
        for (low, high) in scaled {
            let ((low, _), (_, high)) = (raised(self.p, power, low), raised(self.p, power, high));
            lower.add(low);
            upper.add(high);
        }
        let (low, high) = (rooted(self.p, lower.bounds().0).0, rooted(self.p, upper.bounds().1).1);
        let ends = (times_power(low, e).0, times_power(high, e).1);
        within_count(self.p, (largest, largest), head.len(), ends)
    }

    /// Bounds of the dual gauge max{Σ xᵢyᵢ : gauge(y) ≤ 1}.
    ///
    /// With q conjugate to p and Tᵣ the sum from the (k−r)-th on, it is (Σ_{i<k−r} xᵢ^q + (r+1)·(Tᵣ/(r+1))^q)^(1/q) for
    /// the r with x₍ₖ₋ᵣ₋₁₎ > Tᵣ/(r+1) ≥ x₍ₖ₋ᵣ₎ (for p = 2: Argyriou, Foygel, Srebro, NIPS 2012). Rounding may leave
    /// several r possible; the bounds are the hull over all of them.
    fn dual_bounds(self, x: &[f64]) -> (f64, f64) {
        let mut hull: Option<(f64, f64)> = None;
        for split in self.splits(x) {
            let (low, high) = self.split_bounds(x, split);
            hull = Some(hull.map_or((low, high), |(l, h)| (l.min(low), h.max(high))));
        }
        hull.unwrap_or((0.0, f64::INFINITY))
    }

    /// The r for which the inequalities x₍ₖ₋ᵣ₋₁₎ > Tᵣ/(r+1) ≥ x₍ₖ₋ᵣ₎ are not refuted.
    fn splits(self, x: &[f64]) -> Vec<usize> {
        let k = self.k.min(x.len());
        let (mut low, mut high) = (0.0, 0.0);
        for &x in &x[k..] {
            (low, high) = (add_down(low, x), add_up(high, x));
        }
        let mut found = Vec::new();
        for r in 0..k {
            let at = k - r - 1;
            (low, high) = (add_down(low, x[at]), add_up(high, x[at]));
            let count = (r + 1) as f64;
            let may_exceed = at == 0 || x[at - 1] > div_down(low, count);
            if may_exceed && div_up(high, count) >= x[at] {
                found.push(r);
            }
        }
        found
    }

    fn split_bounds(self, x: &[f64], r: usize) -> (f64, f64) {
        let k = self.k.min(x.len());
        let at = k - r - 1;
        let count = (r + 1) as f64;
        let (mut low, mut high) = (0.0, 0.0);
        for &x in &x[at..] {
            (low, high) = (add_down(low, x), add_up(high, x));
        }
        let (low, high) = (div_down(low, count), div_up(high, count));
        if self.p == 1.0 {
            return (x[0].max(low), x[0].max(high));
        }
        // The q-norm of x₁, …, x₍ₖ₋ᵣ₋₁₎ and r + 1 copies of the mean Tᵣ/(r+1).
        let ends = |mean: f64| {
            let mut all: Vec<f64> = x[..at].to_vec();
            all.extend(std::iter::repeat_n(mean, r + 1));
            all.sort_by(|x, y| y.total_cmp(x));
            all
        };
        (conjugate_bounds(self.p, &ends(low)).0, conjugate_bounds(self.p, &ends(high)).1)
    }

    /// The gauge in double precision without bounds, for searches; `x` is non-negative and sorted, largest first.
    pub(crate) fn value(self, x: &[f64]) -> f64 {
        let (low, high) = self.bounds(x);
        0.5 * low + 0.5 * high.min(f64::MAX)
    }
}

/// Bounds of the q-norm of sorted non-negative numbers, where q is exactly conjugate to p: the norm dual to the p-norm.
pub(crate) fn conjugate_bounds(p: f64, x: &[f64]) -> (f64, f64) {
    if p == f64::INFINITY || p == 1.0 || p == 2.0 {
        return Gauge::lp(super::conjugate(p)).bounds(x);
    }
    norm_bounds(Exponent::conjugate_to(p), x)
}

/// Lower and upper bound of (Σ xᵉ)^(1/e) for sorted non-negative numbers.
pub(crate) fn norm_bounds(exponent: Exponent, x: &[f64]) -> (f64, f64) {
    let largest = x.first().copied().unwrap_or(0.0);
    if largest == 0.0 {
        return (0.0, 0.0);
    }
    if largest.is_infinite() {
        return (0.0, f64::INFINITY);
    }
    let e = largest.log2().floor() as i32;
    let (mut lower, mut upper) = (PairSum::default(), PairSum::default());
    for &x in x {
        lower.add(exponent.of_base(times_power(x, -e).0).0);
        upper.add(exponent.of_base(times_power(x, -e).1).1);
    }
    let root = exponent.inverse();
    let (low, high) = (root.of_base(lower.bounds().0).0, root.of_base(upper.bounds().1).1);
    (times_power(low, e).0, times_power(high, e).1)
}

/// The ends intersected with max ≤ ‖x‖ₚ ≤ max·n^(1/p), which holds for every p ≥ 1; `largest` bounds the largest
/// modulus from both sides. For huge p the powers over- or underflow, and these bounds remain.
pub(crate) fn within_count(p: f64, largest: (f64, f64), count: usize, (low, high): (f64, f64)) -> (f64, f64) {
    if p < 1.0 {
        return (low, high);
    }
    let most = mul_up(largest.1, Exponent::inverse_of(p).of_base(count as f64).1);
    (if low > largest.0 { low } else { largest.0 }, if high < most { high } else { most })
}

/// Lower and upper bound of xᵖ, by repeated multiplication when p is a multiple of ½ and at most 16.
pub(crate) fn raised(p: f64, exponent: Exponent, x: f64) -> (f64, f64) {
    if p == 1.0 {
        return (x, x);
    }
    if p == 2.0 {
        return (mul_down(x, x).max(0.0), mul_up(x, x));
    }
    let whole = p.floor();
    if p <= 16.0 && (p == whole || p == whole + 0.5) {
        let (mut low, mut high) = if p == whole { (1.0, 1.0) } else { (sqrt_down(x), sqrt_up(x)) };
        for _ in 0..whole as usize {
            (low, high) = (mul_down(low, x).max(0.0), mul_up(high, x));
        }
        return (low, high);
    }
    exponent.of_base(x)
}

/// Lower and upper bound of x^(1/p).
pub(crate) fn rooted(p: f64, x: f64) -> (f64, f64) {
    if p == 1.0 {
        (x, x)
    } else if p == 2.0 {
        (sqrt_down(x), sqrt_up(x))
    } else {
        Exponent::inverse_of(p).of_base(x)
    }
}

/// A compensated sum of non-negative numbers, with an error of a few units roundoff however many there are.
#[derive(Default)]
pub(crate) struct PairSum {
    high: f64,
    low: f64,
    count: usize,
}

impl PairSum {
    pub(crate) fn add(&mut self, x: f64) {
        let (high, lost) = kappa_dense::pair::two_sum(self.high, x);
        self.high = high;
        self.low += lost;
        self.count += 1;
    }

    /// Bounds of the exact sum s. The error of each addition is at most u·s; the n errors are summed with a relative
    /// error γₙ: together n²u²·s.
    pub(crate) fn bounds(&self) -> (f64, f64) {
        if self.high.is_infinite() || self.high.is_nan() {
            return (0.0, f64::INFINITY);
        }
        let nu = self.count as f64 * f64::EPSILON;
        let radius = mul_up(mul_up(nu, nu), self.high);
        if self.low == 0.0 && self.count <= 1 {
            return (self.high, self.high);
        }
        (add_down(self.high, add_down(self.low, -radius)).max(0.0), add_up(self.high, add_up(self.low, radius)))
    }
}
