//! The largest eigenvalue of a Hermitian operator, by the Lanczos method with full reorthogonalisation.

use kappa_dense::Scalar;

use super::products::inner;
use crate::error::{Error, Result};
use crate::random::random_unit;

/// Parameters of the Lanczos method for the largest eigenvalue: the last argument, usually left at its default.
///
/// # Examples
///
/// ```
/// use kappa::{Lanczos, Matrix, spectral_norm};
/// let a = Matrix::from_fn(300, 300, |i, j| 1.0 / (1.0 + i.abs_diff(j) as f64));
/// let rough = spectral_norm(&a, &Lanczos { tolerance: 1e-3, ..Lanczos::default() })?;
/// assert!(rough.width() < 2e-3 * rough.upper());
/// # Ok::<(), kappa::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lanczos {
    /// The relative width of the enclosure at which the iteration stops.
    pub tolerance: f64,
    /// The maximum number of products with the operator.
    pub steps: usize,
    /// The probability, over the random start, with which the upper end may fail.
    pub failure: f64,
    /// The random seed of the start.
    pub seed: u64,
}

impl Default for Lanczos {
    fn default() -> Self {
        Self { tolerance: 1e-6, steps: 500, failure: 1e-10, seed: 0 }
    }
}

impl Lanczos {
    /// The default parameters with this relative width and this random seed.
    ///
    /// # Errors
    ///
    /// When the width is not finite and > 0.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::Lanczos;
    /// assert_eq!(Lanczos::within(0.05, 3)?, Lanczos { tolerance: 0.05, seed: 3, ..Lanczos::default() });
    /// assert!(Lanczos::within(0.0, 3).is_err());
    /// # Ok::<(), kappa::Error>(())
    /// ```
    pub fn within(tolerance: f64, seed: u64) -> Result<Self> {
        if !(tolerance > 0.0 && tolerance.is_finite()) {
            return Err(Error::argument(format!(
                "the relative width of a bound must be finite and > 0, got {tolerance}"
            ))
            .with_hint("a usual relative width is 0.05"));
        }
        Ok(Self { tolerance, seed, ..Self::default() })
    }
}

/// The stopping criterion.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Stop {
    /// Stop when the upper end is close enough to the Ritz value.
    Enclosed,
    /// Stop when the Ritz value stagnates, for callers that need the vector only. There is no upper end, and each
    /// vector is orthogonalised against the last two only.
    Stalled,
}

/// The largest Ritz value and its vector.
pub(crate) struct Ritz<W> {
    /// xᴴBx/xᴴx for the vector: at most the largest eigenvalue, up to rounding.
    pub(crate) value: f64,
    /// An upper bound of the largest eigenvalue, up to rounding, which fails with the stated probability.
    pub(crate) upper: f64,
    /// The Ritz vector, of length 1.
    pub(crate) vector: Vec<W>,
    /// The number of products.
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests check the number of products"))]
    pub(crate) products: usize,
}

/// The number of steps between two evaluations of the Ritz value.
const GLANCE: usize = 5;

/// The largest eigenvalue of a Hermitian operator B of order n that is given by its products.
///
/// After k steps the k-th Lanczos polynomial pₖ, orthonormal for the start v, satisfies 1 = ‖pₖ(B)v‖ ≥ |v₁|·|pₖ(λ₁)|,
/// and pₖ increases above its largest zero. A random v has |v₁| < δ with a probability of at most δ·√(2n/π). Otherwise
/// λ₁ is below the point where pₖ reaches 1/δ (Hochstenbach, J. Sci. Comput. 57 (2013) 464–476, for the 2-norm).
pub(crate) fn largest_eigenvalue<W: Scalar<Wide = W>>(
    n: usize,
    how: &Lanczos,
    stop: Stop,
    apply: impl Fn(&[W]) -> Vec<W>,
) -> Ritz<W> {
    let mut basis = vec![random_unit::<W>(n, how.seed)];
    let mut t = Tridiagonal::default();
    let mut last = f64::NEG_INFINITY;
    // On the complex sphere, of 2n real dimensions, v₁ has two real components: the bound for the real sphere holds
    // too.
    let log_limit = ((2.0 * n as f64 / std::f64::consts::PI).sqrt() / how.failure.clamp(1e-300, 1.0)).ln();
    loop {
        let k = basis.len();
        let mut w = apply(&basis[k - 1]);
        let alpha = inner(&basis[k - 1], &w).re();
        match stop {
            Stop::Enclosed => subtract(&mut w, &basis),
            // Orthogonality is lost only after the largest Ritz value has converged, so that it stays accurate.
            Stop::Stalled => subtract(&mut w, &basis[k.saturating_sub(2)..]),
        }
        let beta = length(&w);
        t.push(alpha, beta);
        let size = t.size();
        let ended = k >= n || k >= how.steps || beta <= 4.0 * f64::EPSILON * size;
        if ended || k.is_multiple_of(GLANCE) {
            let value = t.largest();
            // An invariant subspace contains every eigenvector to which the start is not orthogonal: with probability
            // 1, also that of λ₁.
            let exhausted = k >= n || beta <= 4.0 * f64::EPSILON * size;
            let upper = match stop {
                _ if exhausted => value + 4.0 * f64::EPSILON * size,
                Stop::Enclosed => t.reaches(log_limit, value),
                Stop::Stalled => f64::INFINITY,
            };
            let close = match stop {
                // For a Gram operator, `tolerance` refers to the singular value √λ, whose relative error is half as
                // large.
                Stop::Enclosed => upper - value <= 2.0 * how.tolerance * value.abs(),
                Stop::Stalled => value - last <= how.tolerance * value.abs(),
            };
            last = value;
            if ended || close {
                let vector = combine(&basis, &t.vector(value));
                return Ritz { value, upper, vector, products: k };
            }
        }
        let next = w.iter().map(|x| x.scale(1.0 / beta)).collect();
        basis.push(next);
    }
}

/// The tridiagonal projection T of the operator: α on the diagonal, β beside it. The last β couples T to the next
/// vector.
#[derive(Default)]
pub(crate) struct Tridiagonal {
    diagonal: Vec<f64>,
    beside: Vec<f64>,
}

impl Tridiagonal {
    /// Adds a step: xᴴBx of the last vector, and its coupling to the next one.
    pub(crate) fn push(&mut self, alpha: f64, beta: f64) {
        self.diagonal.push(alpha);
        self.beside.push(beta);
    }

    pub(crate) fn size(&self) -> f64 {
        self.diagonal.iter().chain(&self.beside).fold(f64::MIN_POSITIVE, |m, x| m.max(x.abs()))
    }

    fn beta(&self, i: usize) -> f64 {
        if i + 1 < self.diagonal.len() { self.beside[i] } else { 0.0 }
    }

    /// The largest eigenvalue of T, by bisection on the sign of the pivots of x·I − T.
    pub(crate) fn largest(&self) -> f64 {
        let n = self.diagonal.len();
        let radius = |i: usize| self.beta(i) + if i > 0 { self.beta(i - 1) } else { 0.0 };
        let mut upper = (0..n).map(|i| self.diagonal[i] + radius(i)).fold(f64::NEG_INFINITY, f64::max);
        let mut lower = self.diagonal.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        for _ in 0..100 {
            let middle = 0.5 * (lower + upper);
            if middle <= lower || middle >= upper {
                break;
            }
            if self.is_above(middle) { upper = middle } else { lower = middle }
        }
        upper
    }

    /// Whether x·I − T is positive definite.
    fn is_above(&self, x: f64) -> bool {
        let mut pivot = f64::INFINITY;
        (0..self.diagonal.len()).all(|i| {
            let before = if i > 0 { self.beta(i - 1) } else { 0.0 };
            pivot = (x - self.diagonal[i]) - before * (before / pivot);
            pivot > 0.0
        })
    }

    /// The eigenvector for the largest eigenvalue, by three steps of inverse iteration. The shift x is just above the
    /// eigenvalue, so that x·I − T is positive definite and elimination needs no pivoting.
    pub(crate) fn vector(&self, value: f64) -> Vec<f64> {
        let n = self.diagonal.len();
        if self.size() <= f64::MIN_POSITIVE {
            // Of the zero operator every vector is one.
            return (0..n).map(|i| f64::from(i == 0)).collect();
        }
        let shift = value + 4.0 * f64::EPSILON * self.size();
        let mut pivots = Vec::with_capacity(n);
        let mut pivot = f64::INFINITY;
        for i in 0..n {
            let before = if i > 0 { self.beta(i - 1) } else { 0.0 };
            pivot = ((shift - self.diagonal[i]) - before * (before / pivot)).max(f64::EPSILON * self.size());
            pivots.push(pivot);
        }
        let mut x = vec![1.0; n];
        for _ in 0..3 {
            for i in 1..n {
                x[i] += self.beta(i - 1) / pivots[i - 1] * x[i - 1];
            }
            for i in (0..n).rev() {
                let after = if i + 1 < n { self.beta(i) * x[i + 1] } else { 0.0 };
                x[i] = (x[i] + after) / pivots[i];
            }
            let size = x.iter().map(|x| x * x).sum::<f64>().sqrt();
            x.iter_mut().for_each(|x| *x /= size);
        }
        x
    }

    /// The point above the largest zero `from` of pₖ at which ln pₖ reaches `limit`.
    pub(crate) fn reaches(&self, limit: f64, from: f64) -> f64 {
        let size = self.size();
        let (mut lower, mut width) = (from, f64::EPSILON * size);
        while self.log_polynomial(from + width) < limit {
            lower = from + width;
            width *= 4.0;
            if !width.is_finite() {
                return f64::INFINITY;
            }
        }
        let mut upper = from + width;
        for _ in 0..60 {
            let middle = 0.5 * (lower + upper);
            if self.log_polynomial(middle) < limit { lower = middle } else { upper = middle }
        }
        upper
    }

    /// ln pₖ(x) above all zeros, where every pⱼ is positive: ln of the ratios rⱼ = βⱼpⱼ/pⱼ₋₁ = x − αⱼ − β²ⱼ₋₁/rⱼ₋₁.
    fn log_polynomial(&self, x: f64) -> f64 {
        let (mut sum, mut ratio) = (0.0, f64::INFINITY);
        for i in 0..self.diagonal.len() {
            let before = if i > 0 { self.beside[i - 1] } else { 0.0 };
            ratio = (x - self.diagonal[i]) - before * (before / ratio);
            if ratio <= 0.0 {
                return f64::NEG_INFINITY;
            }
            sum += (ratio / self.beside[i]).ln();
        }
        sum
    }
}

/// ‖x‖₂ of a vector near length 1: neither scaled nor compensated.
pub(crate) fn length<W: Scalar<Wide = W>>(x: &[W]) -> f64 {
    inner(x, x).re().sqrt()
}

/// w −= Q·Qᴴw, twice, because one pass does not give orthogonality to working precision (Kahan, Parlett).
pub(crate) fn subtract<W: Scalar<Wide = W>>(w: &mut [W], basis: &[Vec<W>]) {
    for _ in 0..2 {
        let along: Vec<W> = basis.iter().map(|q| inner(q, w)).collect();
        for (q, c) in basis.iter().zip(along) {
            w.iter_mut().zip(q).for_each(|(w, &q)| *w = *w - c * q);
        }
    }
}

/// The linear combination Σ cⱼqⱼ, normalised to length 1.
pub(crate) fn combine<W: Scalar<Wide = W>>(basis: &[Vec<W>], c: &[f64]) -> Vec<W> {
    let mut x = vec![W::default(); basis[0].len()];
    for (q, &c) in basis.iter().zip(c) {
        x.iter_mut().zip(q).for_each(|(x, q)| *x += q.scale(c));
    }
    let size = length(&x);
    x.iter().map(|x| x.scale(1.0 / size)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_difference_is_found_with_both_ends() {
        let n = 200;
        let apply = |x: &[f64]| -> Vec<f64> {
            let at = |i: usize| x.get(i).copied().unwrap_or(0.0);
            (0..n).map(|i| 2.0 * x[i] - at(i.wrapping_sub(1)) - at(i + 1)).collect()
        };
        let found = largest_eigenvalue(n, &Lanczos { tolerance: 1e-9, ..Lanczos::default() }, Stop::Enclosed, apply);
        let expected = 4.0 * (n as f64 * std::f64::consts::PI / (2 * (n + 1)) as f64).sin().powi(2);
        assert!((found.value / expected - 1.0).abs() < 1e-9, "{} {expected}", found.value);
        assert!(found.upper >= expected * (1.0 - 1e-14) && found.products <= n);
        let residual: f64 =
            apply(&found.vector).iter().zip(&found.vector).map(|(y, x)| (y - expected * x).powi(2)).sum();
        assert!(residual.sqrt() < 1e-4);
    }
}
