//! Scaling by powers of two, which is exact: the engine neither scales nor notices that it should.

use crate::{Matrix, MatrixRef, Scalar};

/// 2ᵉ for −1022 ≤ e ≤ 1023.
fn power_of_two(e: i32) -> f64 {
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

/// The exponent for a single factor 2⁻ᵉ that is a normal number itself: the subnormal are brought to 2⁻⁷⁴, not to 1.
pub(crate) fn exponent_of_one_factor(x: f64) -> i32 {
    exponent(x).clamp(-1000, 1000)
}

/// A·2⁻ᵉ in the type `W`, column after column.
pub(crate) fn scaled<T: Scalar, W: Scalar>(a: MatrixRef<'_, T>, e: i32) -> Matrix<W> {
    // Two factors, because 2⁻ᵉ alone may not be a normal number.
    let (first, second) = (-e / 2, -e - (-e / 2));
    let (first, second) = (power_of_two(first), power_of_two(second));
    Matrix::from_fn(a.rows(), a.columns(), |i, j| {
        let x = a.get(i, j);
        W::from_parts(x.re() * first * second, x.im() * first * second)
    })
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
