//! Binary floating-point formats, and rounding to each.

use std::fmt;

/// A binary floating-point format.
///
/// # Examples
///
/// ```
/// use kappa::arithmetic::{F8_E4M3, F16, Format};
/// assert_eq!(F16.largest(), 65504.0);
/// assert_eq!(F16.round(65520.0), f64::INFINITY);
/// // E4M3 has no infinity: a number that is too large becomes NaN.
/// assert_eq!(F8_E4M3.largest(), 448.0);
/// assert!(F8_E4M3.round(1000.0).is_nan());
/// assert_eq!(Format::named("bf16").unwrap().precision(), 8);
/// ```
///
/// References: IEEE 754-2019; Micikevicius et al., "FP8 formats for deep learning", 2022, for the 8-bit ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Format {
    name: &'static str,
    precision: u32,
    /// Exponents of the smallest and the largest normal number.
    least: i32,
    most: i32,
    largest: f64,
    has_infinity: bool,
}

/// IEEE binary64.
pub const F64: Format =
    Format { name: "f64", precision: 53, least: -1022, most: 1023, largest: f64::MAX, has_infinity: true };
/// IEEE binary32.
pub const F32: Format =
    Format { name: "f32", precision: 24, least: -126, most: 127, largest: f32::MAX as f64, has_infinity: true };
/// IEEE binary16.
pub const F16: Format =
    Format { name: "f16", precision: 11, least: -14, most: 15, largest: 65504.0, has_infinity: true };
/// The upper half of binary32.
pub const BF16: Format = Format {
    name: "bf16",
    precision: 8,
    least: -126,
    most: 127,
    largest: 338953138925153547590470800371487866880.0,
    has_infinity: true,
};
/// 8 bits with 4 of exponent, as in `float8_e4m3fn`: no infinity.
pub const F8_E4M3: Format =
    Format { name: "f8-e4m3", precision: 4, least: -6, most: 8, largest: 448.0, has_infinity: false };
/// 8 bits with 5 of exponent.
pub const F8_E5M2: Format =
    Format { name: "f8-e5m2", precision: 3, least: -14, most: 15, largest: 57344.0, has_infinity: true };

/// 2ᵉ, also in the subnormal range.
fn two_to(e: i32) -> f64 {
    2f64.powi(e.clamp(-1022, 1023)) * 2f64.powi((e + 1022).min(0))
}

impl Format {
    /// Every format, widest first.
    pub const ALL: [Self; 6] = [F64, F32, F16, BF16, F8_E4M3, F8_E5M2];

    /// The format of this name.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.trim().to_lowercase().replace('_', "-");
        Self::ALL.into_iter().find(|format| format.name == name)
    }

    /// The name, such as `bf16`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The number of significand bits, including the hidden bit.
    pub fn precision(&self) -> u32 {
        self.precision
    }

    /// The unit roundoff u = 2⁻ᵖ: the largest relative error of rounding a number in the normal range.
    pub fn unit_roundoff(&self) -> f64 {
        two_to(-(self.precision as i32))
    }

    /// The machine epsilon ε = 2u: the distance from 1 to the next larger number.
    pub fn epsilon(&self) -> f64 {
        2.0 * self.unit_roundoff()
    }

    /// The largest finite number.
    pub fn largest(&self) -> f64 {
        self.largest
    }

    /// The smallest positive normal number.
    pub fn smallest_normal(&self) -> f64 {
        two_to(self.least)
    }

    /// The smallest positive number, which is subnormal.
    pub fn smallest(&self) -> f64 {
        two_to(self.least - self.precision as i32 + 1)
    }

    /// The unit in the last place at x: the distance between the numbers of this format around |x|. NaN unless x is
    /// finite.
    pub fn ulp(&self, x: f64) -> f64 {
        if !x.is_finite() {
            return f64::NAN;
        }
        let exponent = if x == 0.0 { self.least } else { exponent(x).clamp(self.least, self.most) };
        two_to(exponent - self.precision as i32 + 1)
    }

    /// Rounds x to the nearest number of this format, ties to even.
    ///
    /// A number that is too large becomes ±∞, or NaN where the format has no infinity.
    pub fn round(&self, x: f64) -> f64 {
        if self.precision == 53 || x == 0.0 || x.is_nan() {
            return x;
        }
        let too_large = if self.has_infinity { f64::INFINITY.copysign(x) } else { f64::NAN };
        if x.is_infinite() || exponent(x) > self.most {
            return too_large;
        }
        let ulp = self.ulp(x);
        let rounded = (x / ulp).round_ties_even() * ulp;
        if rounded.abs() > self.largest { too_large } else { rounded }
    }
}

/// The e with 2ᵉ ≤ |x| < 2ᵉ⁺¹.
fn exponent(x: f64) -> i32 {
    let biased = ((x.to_bits() >> 52) & 0x7ff) as i32;
    if biased == 0 { exponent(x * 2f64.powi(60)) - 60 } else { biased - 1023 }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f32_rounds_as_the_processor_does() {
        let mut bits = 0x0123_4567_89ab_cdefu64;
        for _ in 0..20_000 {
            bits = bits.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let x = f64::from_bits(bits);
            // The second number has an exponent near the range of f32, where overflow and subnormal rounding occur.
            let near = f64::from_bits((bits & !(0x7ff << 52)) | ((1023 - 160 + (bits >> 40) % 300) << 52));
            for x in [x, near] {
                let (found, expected) = (F32.round(x), f64::from(x as f32));
                assert!(found == expected || (found.is_nan() && expected.is_nan()), "{x:e}: {found:e} {expected:e}");
            }
        }
    }

    #[test]
    fn ties_go_to_even_and_the_edges_are_where_they_should_be() {
        assert_eq!(BF16.round(1.0 + 1.0 / 256.0), 1.0);
        assert_eq!(BF16.round(1.0 + 3.0 / 256.0), 1.0 + 4.0 / 256.0);
        assert_eq!((F16.round(65519.99), F16.round(65520.0)), (65504.0, f64::INFINITY));
        assert_eq!((F8_E4M3.round(464.0), F8_E4M3.round(464.1).is_nan()), (448.0, true));
        assert_eq!(F8_E4M3.smallest(), 1.0 / 512.0);
        assert_eq!(F8_E5M2.smallest(), 2f64.powi(-16));
        assert_eq!((F64.smallest(), F64.ulp(1.0), F64.ulp(0.0)), (5e-324, f64::EPSILON, 5e-324));
        assert_eq!(F16.round(2f64.powi(-25)), 0.0);
        assert_eq!(F16.round(2f64.powi(-25) * 1.001), 2f64.powi(-24));
        for format in Format::ALL {
            assert_eq!(format.round(format.largest()), format.largest());
            assert_eq!(format.round(-format.smallest()), -format.smallest());
            assert_eq!(Format::named(format.name()), Some(format));
        }
    }
}
