//! p-norms of vectors, with counted rounding errors.

use kappa_dense::{Matrix, Scalar};

use super::gauge::{PairSum, raised, rooted, within_count};
use crate::arithmetic::power::Exponent;
use crate::enclosure::directed::{SMALLEST, add_up, gamma_up, mul_down, mul_up, times_power};
use crate::{Enclosure, Evidence};

/// |x| without overflow or underflow. The relative error is at most 4 units roundoff for complex x; for real x it is 0.
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

/// The number size·x/|x| with the direction of x; 0 for x = 0.
pub(crate) fn with_modulus<W: Scalar>(x: W, size: f64) -> W {
    let old = modulus(x);
    if old == 0.0 {
        return W::default();
    }
    if !W::IS_COMPLEX {
        return W::from_parts(size.copysign(x.re()), 0.0);
    }
    W::from_parts(x.re() / old * size, x.im() / old * size)
}

/// The enclosure of |x|.
pub(crate) fn modulus_enclosure<T: Scalar>(x: T) -> Enclosure {
    let (low, high) = modulus_ends(x, 0);
    if low == high { Enclosure::exact(low) } else { Enclosure::new(low, modulus(x), high, Evidence::Rounding) }
}

/// Lower and upper bound of |x|·2⁻ᵉ for x of any size. The parts are scaled before the modulus is computed, because a
/// subnormal modulus has no relative accuracy.
pub(crate) fn modulus_ends<T: Scalar>(x: T, e: i32) -> (f64, f64) {
    let (re, im) = (x.re().abs(), x.im().abs());
    if re.is_nan() || im.is_nan() {
        return (0.0, f64::INFINITY);
    }
    let (large, small) = if re > im { (re, im) } else { (im, re) };
    let (low, high) = times_power(large, -e);
    if small == 0.0 {
        return (low, high);
    }
    // The relative error of √(1 + t²) for t ≤ 1 is below 4u: 3u in t², halved and u more after the sum, halved and u
    // more after the root.
    let ratio = small / large;
    let stretch = (1.0 + ratio * ratio).sqrt();
    let margin = 2.0 * f64::EPSILON;
    (mul_down(low, mul_down(stretch, 1.0 - margin)).max(0.0), mul_up(high, mul_up(stretch, 1.0 + margin)))
}

/// The largest |Re x| or |Im x|, a size that cannot overflow; NaN when a part is NaN.
pub(crate) fn largest_part<T: Scalar>(entries: impl Iterator<Item = T>) -> f64 {
    let larger = |m: f64, x: f64| if x > m || x.is_nan() { x } else { m };
    entries.flat_map(|x| [x.re().abs(), x.im().abs()]).fold(0.0, larger)
}

/// ‖x‖₂ as an estimate; ∞ when an entry is NaN.
pub(crate) fn length<T: Scalar>(x: &[T]) -> f64 {
    vector_norm(2.0, || x.iter().copied()).estimate()
}

/// The p-norm of the numbers of an iterator that is run twice; every rounding error is counted.
///
/// The numbers are scaled by a power of two, so that no power overflows, and the sum is compensated: the ends are a few
/// units in the last place apart, however many entries there are. Powers whose exponent is not a small multiple of ½
/// use a proved exponential function, about a microsecond each.
pub(crate) fn vector_norm<T: Scalar, I: Iterator<Item = T>>(p: f64, entries: impl Fn() -> I) -> Enclosure {
    let part = largest_part(entries());
    if part == 0.0 {
        return Enclosure::exact(0.0);
    }
    if part.is_nan() {
        return Enclosure::new(0.0, f64::INFINITY, f64::INFINITY, Evidence::Rounding);
    }
    let e = part.log2().floor() as i32;
    let exponent = Exponent::of(p);
    let mut largest = (0.0f64, 0.0f64);
    let (mut lower, mut upper) = (PairSum::default(), PairSum::default());
    for (low, high) in entries().map(|x| modulus_ends(x, e)).filter(|&(_, high)| high > 0.0) {
        largest = (largest.0.max(low), largest.1.max(high));
        if p < f64::INFINITY {
            lower.add(raised(p, exponent, low).0);
            upper.add(raised(p, exponent, high).1);
        }
    }
    let ends = match p {
        f64::INFINITY => largest,
        _ => {
            let ends = (rooted(p, lower.bounds().0).0, rooted(p, upper.bounds().1).1);
            within_count(p, largest, entries().count(), ends)
        }
    };
    let (low, high) = (times_power(ends.0, e).0, times_power(ends.1, e).1);
    if low == high {
        return Enclosure::exact(low);
    }
    Enclosure::new(low, 0.5 * low + 0.5 * high.min(f64::MAX), high, Evidence::Rounding)
}

/// The enclosure [x·(1 − γₖ), x·(1 + γₖ)], rounded outward.
pub(crate) fn widened(x: f64, estimate: f64, k: usize, evidence: Evidence) -> Enclosure {
    let gamma = gamma_up(k);
    let lower = if gamma >= 1.0 { 0.0 } else { mul_down(x.min(f64::MAX), (1.0 - gamma).next_down()) };
    let upper = add_up(mul_up(x, (1.0 + gamma).next_up()), SMALLEST);
    Enclosure::new(lower.max(0.0), estimate, upper, evidence)
}

/// A·x for one vector, without error bounds.
pub(crate) fn times_vector<W: Scalar>(a: &Matrix<W>, x: &[W]) -> Vec<W> {
    let mut y = vec![W::default(); a.rows()];
    for (j, &x) in x.iter().enumerate() {
        y.iter_mut().zip(a.column(j)).for_each(|(y, &a)| *y += a * x);
    }
    y
}
