//! Powers of two, multiplication by which is exact.

/// 2ᵉ for −1022 ≤ e ≤ 1023.
pub(crate) fn power_of_two(e: i32) -> f64 {
    f64::from_bits(((i64::from(e) + 1023) as u64) << 52)
}

/// x·2ᵉ for every e, rounded only where the result leaves the normal range.
pub(crate) fn scale_by_power(x: f64, e: i32) -> f64 {
    let mut x = x;
    let mut left = e;
    while left != 0 {
        let step = left.clamp(-1000, 1000);
        x *= power_of_two(step);
        left -= step;
    }
    x
}

/// The e with x·2⁻ᵉ in [1/2, 1); 0 for x = 0.
pub(crate) fn exponent(x: f64) -> i32 {
    if x == 0.0 {
        return 0;
    }
    let bits = |x: f64| ((x.to_bits() >> 52) & 0x7ff) as i32;
    match bits(x) {
        0 => bits(x * power_of_two(200)) - 1022 - 200,
        biased => biased - 1022,
    }
}

/// The exponent for a single factor 2⁻ᵉ that is a normal number itself: subnormal numbers are brought to 2⁻⁷⁴, not to
/// 1.
pub(crate) fn exponent_of_one_factor(x: f64) -> i32 {
    exponent(x).clamp(-1000, 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_put_every_number_into_the_upper_half_of_the_unit_interval() {
        for x in [1.0, 0.5, 3.0, f64::MAX, f64::MIN_POSITIVE, 5e-324, 1e-310, 1e300] {
            let scaled = scale_by_power(x, -exponent(x));
            assert!((0.5..1.0).contains(&scaled), "{x:e} became {scaled}");
            assert_eq!(scale_by_power(scaled, exponent(x)), x);
        }
    }
}
