//! The p-norm of the moduli of entries, with its rounding errors.

use kappa_dense::Scalar;

use super::gauge::{PairSum, raised, rooted, within_count};
use crate::arithmetic::power::Exponent;
use crate::enclosure::directed::{SMALLEST, add_up, gamma_up, mul_down, mul_up, times_power};
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

/// size·x/|x|; 0 for x = 0.
pub(super) fn with_modulus<W: Scalar>(x: W, size: f64) -> W {
    let old = modulus(x);
    if old == 0.0 {
        return W::default();
    }
    if !W::IS_COMPLEX {
        return W::from_parts(size.copysign(x.re()), 0.0);
    }
    W::from_parts(x.re() / old * size, x.im() / old * size)
}

/// |x| with its rounding error.
pub(crate) fn modulus_enclosure<T: Scalar>(x: T) -> Enclosure {
    let size = modulus(x);
    if T::IS_COMPLEX && x.im() != 0.0 { widened(size, size, 5, Evidence::Rounding) } else { Enclosure::exact(size) }
}

/// The p-norm of the moduli of numbers that can be gone through twice, every rounding error counted.
///
/// Scaled by a power of two, so that no power overflows, and summed with what each addition loses: the ends are a few units
/// in the last place apart, however many entries there are. Powers other than small whole and half ones go through a proved
/// exponential, about a microsecond each.
pub(crate) fn vector_norm<T: Scalar, I: Iterator<Item = T>>(p: f64, entries: impl Fn() -> I) -> Enclosure {
    let largest = entries().map(modulus).fold(0.0, f64::max);
    // A complex modulus is rounded; every term with it.
    let blur = if T::IS_COMPLEX { 5 } else { 0 };
    if largest == 0.0 {
        return Enclosure::exact(0.0);
    }
    if p == f64::INFINITY {
        return if blur == 0 { Enclosure::exact(largest) } else { widened(largest, largest, blur, Evidence::Rounding) };
    }
    let e = largest.log2().floor() as i32;
    let exponent = Exponent::of(p);
    let (mut lower, mut upper) = (PairSum::default(), PairSum::default());
    for x in entries().map(modulus).filter(|&x| x > 0.0) {
        let (low, high) = times_power(x, -e);
        lower.add(raised(p, exponent, low).0);
        upper.add(raised(p, exponent, high).1);
    }
    let (low, high) = (rooted(p, lower.bounds().0).0, rooted(p, upper.bounds().1).1);
    let ends = (times_power(low, e).0, times_power(high, e).1);
    let (low, high) = within_count(p, largest, entries().count(), ends);
    let estimate = 0.5 * low + 0.5 * high.min(f64::MAX);
    if blur == 0 {
        return Enclosure::new(low, estimate, high, Evidence::Rounding);
    }
    let (below, above) =
        (widened(low, low, blur, Evidence::Rounding), widened(high.min(f64::MAX), high, blur, Evidence::Rounding));
    Enclosure::new(below.lower(), estimate, if high.is_infinite() { high } else { above.upper() }, Evidence::Rounding)
}

/// [x·(1 − γₖ), x·(1 + γₖ)], rounded outward.
pub(crate) fn widened(x: f64, estimate: f64, k: usize, evidence: Evidence) -> Enclosure {
    let gamma = gamma_up(k);
    let lower = if gamma >= 1.0 { 0.0 } else { mul_down(x.min(f64::MAX), (1.0 - gamma).next_down()) };
    let upper = add_up(mul_up(x, (1.0 + gamma).next_up()), SMALLEST);
    Enclosure::new(lower.max(0.0), estimate, upper, evidence)
}
