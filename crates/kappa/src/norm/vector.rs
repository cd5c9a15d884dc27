//! The p-norm of a vector, and the modulus of one entry, with their rounding errors.

use kappa_dense::Scalar;

use crate::enclosure::directed::{SMALLEST, add_up, gamma_up, mul_down, mul_up};
use crate::{Enclosure, Evidence};

/// |x|, without overflow or underflow; a relative error of at most 4 units roundoff for complex x, none for real.
pub(crate) fn modulus<T: Scalar>(x: T) -> f64 {
    if !T::IS_COMPLEX {
        return x.re().abs();
    }
    let (re, im) = (x.re().abs(), x.im().abs());
    let (large, small) = if re > im { (re, im) } else { (im, re) };
    if large == 0.0 {
        return 0.0;
    }
    let ratio = small / large;
    large * (1.0 + ratio * ratio).sqrt()
}

/// |x| with its rounding error.
pub(crate) fn modulus_enclosure<T: Scalar>(x: T) -> Enclosure {
    let size = modulus(x);
    if T::IS_COMPLEX { widened(size, size, 5, Evidence::Rounding) } else { Enclosure::exact(size) }
}

/// The p-norm of non-negative numbers that can be gone through twice.
///
/// Scaled by the largest, so that no power overflows. For p = 1, 2 and ∞ the bound counts every rounding; other powers
/// go through `powf`, which has no proved error, and the evidence says so.
pub(crate) fn vector_norm<I: Iterator<Item = f64>>(count: usize, p: f64, entries: impl Fn() -> I) -> Enclosure {
    let largest = entries().fold(0.0, f64::max);
    // Four units roundoff for the modulus of a complex entry, two for scaling, two for the power.
    let steps = count + 8;
    if largest == 0.0 {
        return Enclosure::exact(0.0);
    }
    if p == f64::INFINITY {
        return widened(largest, largest, 4, Evidence::Rounding);
    }
    let (sum, evidence): (f64, _) = match p {
        1.0 => (entries().map(|x| x / largest).sum(), Evidence::Rounding),
        2.0 => (entries().map(|x| (x / largest) * (x / largest)).sum(), Evidence::Rounding),
        _ => (entries().map(|x| (x / largest).powf(p)).sum(), Evidence::Estimate("powers to a few units roundoff")),
    };
    let root = match p {
        1.0 => sum,
        2.0 => sum.sqrt(),
        _ => sum.powf(1.0 / p),
    };
    let estimate = root * largest;
    // Terms below 2⁻¹⁰⁷⁴ were lost: at most count·2⁻¹⁰⁷⁴ against a sum of at least 1, far below one more roundoff.
    widened(estimate, estimate, 2 * steps + 4, evidence)
}

/// [x·(1 − γₖ), x·(1 + γₖ)], rounded outward.
pub(crate) fn widened(x: f64, estimate: f64, k: usize, evidence: Evidence) -> Enclosure {
    let gamma = gamma_up(k);
    let lower = if gamma >= 1.0 { 0.0 } else { mul_down(x.min(f64::MAX), (1.0 - gamma).next_down()) };
    let upper = add_up(mul_up(x, (1.0 + gamma).next_up()), SMALLEST);
    Enclosure::new(lower.max(0.0), estimate, upper, evidence)
}
