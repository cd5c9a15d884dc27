//! Numbers rounded to a storage type.

use half::{bf16, f16};

use crate::{DType, Numbers};

/// Numbers as little-endian bytes of a type, rounded to the nearest, ties to even; a number beyond the type becomes
/// infinite, or NaN where the type has no infinities. `None` for a type that does not hold such numbers: real types for
/// complex numbers, whole and packed ones.
pub fn encoded(numbers: &Numbers<'_>, dtype: DType) -> Option<Vec<u8>> {
    if let Numbers::C32(_) | Numbers::C64(_) = numbers {
        return complex(numbers, dtype);
    }
    Some(match dtype {
        DType::F64 => real(numbers, f64::to_le_bytes),
        DType::F32 => real(numbers, |x| (x as f32).to_le_bytes()),
        // `half` rounds doubles twice, by way of single precision; these are exact already.
        DType::F16 => real(numbers, |x| f16::from_f64(rounded(x, 11, -14, 65504.0)).to_le_bytes()),
        DType::BF16 => real(numbers, |x| bf16::from_f64(rounded(x, 8, -126, BF16_MAX)).to_le_bytes()),
        DType::F8E4M3 => real(numbers, |x| [small(x, DType::F8E4M3, 0x7e, 0x7f)]),
        DType::F8E5M2 => real(numbers, |x| [small(x, DType::F8E5M2, 0x7b, 0x7c)]),
        DType::C32 => real(numbers, |x| pair((x as f32).to_le_bytes(), 0f32.to_le_bytes())),
        DType::C64 => real(numbers, |x| pair16(x.to_le_bytes(), 0f64.to_le_bytes())),
        _ => return None,
    })
}

fn real<const N: usize>(numbers: &Numbers<'_>, to: impl Fn(f64) -> [u8; N]) -> Vec<u8> {
    match numbers {
        Numbers::F32(x) => x.iter().flat_map(|&x| to(f64::from(x))).collect(),
        Numbers::F64(x) => x.iter().flat_map(|&x| to(x)).collect(),
        Numbers::C32(_) | Numbers::C64(_) => Vec::new(),
    }
}

fn complex(numbers: &Numbers<'_>, dtype: DType) -> Option<Vec<u8>> {
    let parts: Vec<f64> = match numbers {
        Numbers::C32(x) => x.iter().flat_map(|z| [f64::from(z.re), f64::from(z.im)]).collect(),
        Numbers::C64(x) => x.iter().flat_map(|z| [z.re, z.im]).collect(),
        _ => return None,
    };
    match dtype {
        DType::C32 => Some(parts.iter().flat_map(|&x| (x as f32).to_le_bytes()).collect()),
        DType::C64 => Some(parts.iter().flat_map(|x| x.to_le_bytes()).collect()),
        _ => None,
    }
}

/// The largest bf16: (2 − 2⁻⁷)·2¹²⁷.
const BF16_MAX: f64 = 338953138925153547590470800371487866880.0;

/// The nearest number of `precision` bits with exponents from `least` on; ∞ beyond the largest one.
fn rounded(x: f64, precision: i32, least: i32, largest: f64) -> f64 {
    if x == 0.0 || !x.is_finite() {
        return x;
    }
    // The exponent of a subnormal double is far below that of any type here.
    let exponent = ((x.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    let step = 2f64.powi(exponent.max(least) - precision + 1);
    let y = (x / step).round_ties_even() * step;
    if y.abs() > largest { f64::INFINITY.copysign(x) } else { y }
}

fn pair(re: [u8; 4], im: [u8; 4]) -> [u8; 8] {
    let mut both = [0; 8];
    both[..4].copy_from_slice(&re);
    both[4..].copy_from_slice(&im);
    both
}

fn pair16(re: [u8; 8], im: [u8; 8]) -> [u8; 16] {
    let mut both = [0; 16];
    both[..8].copy_from_slice(&re);
    both[8..].copy_from_slice(&im);
    both
}

/// The value of a code of 8 bits.
fn value(code: u8, dtype: DType) -> f64 {
    match Numbers::from_bytes(dtype, &[code], false) {
        Numbers::F32(x) => f64::from(x[0]),
        _ => f64::NAN,
    }
}

/// The nearest code of 8 bits; codes rise with their values up to `largest`, and `beyond` is what follows.
fn small(x: f64, dtype: DType, largest: u8, beyond: u8) -> u8 {
    let sign = if x.is_sign_negative() { 0x80 } else { 0 };
    if x.is_nan() {
        return sign | 0x7f;
    }
    let size = x.abs();
    let (mut low, mut high) = (0, largest);
    // The last code whose value is at most the number.
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if value(middle, dtype) <= size { low = middle } else { high = middle - 1 }
    }
    let below = value(low, dtype);
    // Behind the largest number, the step goes on.
    let above = if low == largest { 2.0 * below - value(low - 1, dtype) } else { value(low + 1, dtype) };
    let middle = 0.5 * (below + above);
    let rounds_up = size > middle || size == middle && low % 2 == 1;
    sign | match (rounds_up, low == largest) {
        (false, _) => low,
        (true, false) => low + 1,
        (true, true) => beyond,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(x: f64, dtype: DType) -> f64 {
        let bytes = encoded(&Numbers::F64(vec![x].into()), dtype).unwrap();
        match Numbers::from_bytes(dtype, &bytes, false) {
            Numbers::F32(x) => f64::from(x[0]),
            Numbers::F64(x) => x[0],
            _ => f64::NAN,
        }
    }

    #[test]
    fn every_code_is_its_own_rounding() {
        for dtype in [DType::F8E4M3, DType::F8E5M2] {
            for code in 0..=255u8 {
                let x = value(code, dtype);
                let again = encoded(&Numbers::F64(vec![x].into()), dtype).unwrap();
                assert!(again == [code] || x.is_nan() && one(x, dtype).is_nan(), "{dtype} {code:#x}");
            }
        }
    }

    #[test]
    fn rounding_is_to_the_nearest_and_to_even() {
        // Steps of 1/8 above 1 in e4m3: 1.0625 is between 1 (even) and 1.125, 1.1875 between 1.125 and 1.25 (even).
        for (x, expected) in [(1.0625, 1.0), (1.1875, 1.25), (1.07, 1.125), (448.0, 448.0), (463.0, 448.0)] {
            assert_eq!(one(x, DType::F8E4M3), expected, "{x}");
            assert_eq!(one(-x, DType::F8E4M3), -expected, "{x}");
        }
        // 464 is between 448, whose code is even, and what would follow.
        assert_eq!(one(464.0, DType::F8E4M3), 448.0);
        assert!(one(465.0, DType::F8E4M3).is_nan());
        assert!(one(1e9, DType::F8E5M2).is_infinite() && one(1e9, DType::F16).is_infinite());
        // The least subnormals, and half of them.
        assert_eq!((one(2f64.powi(-9), DType::F8E4M3), one(2f64.powi(-10), DType::F8E4M3)), (2f64.powi(-9), 0.0));
        assert_eq!(one(1.5 * 2f64.powi(-10), DType::F8E4M3), 2f64.powi(-9));
        // Once, and not first to single precision: 1 + 2⁻⁸ + 2⁻³⁰ is above the middle of two bf16.
        assert_eq!(one(1.0 + 2f64.powi(-8) + 2f64.powi(-30), DType::BF16), 1.0 + 2f64.powi(-7));
        assert_eq!(one(1.0 + 2f64.powi(-11) + 2f64.powi(-40), DType::F16), 1.0 + 2f64.powi(-10));
    }
}
