//! Scaling by powers of two, which is exact in the normal range. Squares and quotients of numbers near 1 neither
//! overflow nor underflow.

use kappa_dense::Scalar;
use kappa_dense::pair::Pair;

use super::directed::times_power;

/// x·2ᵉ, real and imaginary part separately.
pub(crate) fn times_power_of_two<W: Scalar>(x: W, e: i32) -> W {
    let part = |x: f64| {
        // Rounded towards 0 on underflow, to ∞ on overflow.
        let (low, high) = times_power(x.abs(), e);
        (if high == f64::INFINITY { high } else { low }).copysign(x)
    };
    if e == 0 { x } else { W::from_parts(part(x.re()), part(x.im())) }
}

/// x·2ᵉ for a pair.
pub(crate) fn pair_times_power_of_two(x: Pair, e: i32) -> Pair {
    Pair { high: times_power_of_two(x.high, e), low: times_power_of_two(x.low, e) }
}

/// ⌊log₂|x|⌋, with an error of at most 1.
pub(crate) fn exponent_of(x: f64) -> i32 {
    if x == 0.0 { 0 } else { x.abs().log2().floor() as i32 }
}

/// The exponent of a size whose square overflows or underflows, or nearly so; 0 for any other size.
pub(crate) fn exponent_far_from_one(size: f64) -> i32 {
    if size == 0.0 || (1e-100..1e100).contains(&size) { 0 } else { exponent_of(size) }
}
