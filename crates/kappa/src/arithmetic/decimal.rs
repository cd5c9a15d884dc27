//! Decimal numbers read from text. 0.1 is not a double; the sum of a pair of doubles is nearer to it.

use std::cmp::Ordering;

use kappa_dense::pair::Pair;
use num_bigint::{BigInt, Sign};

/// A number that was read from text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decimal {
    value: Pair,
    is_exact: bool,
}

impl From<f64> for Decimal {
    /// The double itself, exactly.
    fn from(x: f64) -> Self {
        Self { value: Pair::from(x), is_exact: true }
    }
}

/// Relative error of a decimal that is not exact.
pub(crate) const DECIMAL_DOUBT: f64 = 2.465190328815662e-32;
/// The maximum number of digits that are read exactly; a longer number is rounded to a double.
const DIGITS: usize = 800;

impl Decimal {
    /// Reads a decimal number such as `-12.50`, `1e-3` or `.5` as a pair of doubles.
    ///
    /// Returns `None` when the text is not a finite number, or when the number is not 0 and too small for a double.
    ///
    /// # Examples
    ///
    /// ```
    /// use kappa::arithmetic::Decimal;
    /// let tenth = Decimal::parse("0.1").unwrap();
    /// // The double 0.1 is too large by 5.55e-18.
    /// assert!((tenth.value().low + 5.551115123125783e-18).abs() < 1e-33 && !tenth.is_exact());
    /// assert!(Decimal::parse("0.375").unwrap().is_exact() && Decimal::parse("x").is_none());
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let high: f64 = text.parse().ok().filter(|x: &f64| x.is_finite())?;
        let Some((digits, exponent)) = parts(text) else {
            return (high != 0.0).then(|| Self { value: Pair::from(high), is_exact: false });
        };
        let (rest, den) = rest(&digits, exponent, high);
        if rest.sign() == Sign::NoSign {
            return Some(Self { value: Pair::from(high), is_exact: true });
        }
        // A number that underflows to 0 has no relative accuracy.
        if high == 0.0 {
            return None;
        }
        let (low, is_exact) = quotient(&rest, &den);
        // A pair whose low part is subnormal has no relative accuracy beyond the high part: it does not count as exact.
        let is_whole = low.abs() >= f64::MIN_POSITIVE;
        Some(Self { value: Pair { high, low }, is_exact: is_exact && is_whole })
    }

    /// The number as a pair: the nearest double, and the double nearest to the remainder.
    pub fn value(&self) -> Pair {
        self.value
    }

    /// Whether the pair equals the number exactly; otherwise its relative error is at most [`Decimal::doubt`].
    pub fn is_exact(&self) -> bool {
        self.is_exact
    }

    /// The bound of the pair's relative error: 0 or 2⁻¹⁰⁵; more where the pair leaves the normal range.
    pub fn doubt(&self) -> f64 {
        let size = self.value.high.abs();
        match (self.is_exact, size < f64::MIN_POSITIVE, size < 1e-280 || self.value.low == 0.0) {
            (true, ..) => 0.0,
            (false, true, _) => f64::from_bits(1) / size,
            (false, false, true) => f64::EPSILON,
            (false, false, false) => DECIMAL_DOUBT,
        }
    }
}

/// How the decimal number that a double prints as compares with it: less, equal or greater.
///
/// `0.1` is less than the double that prints as 0.1.
pub(crate) fn printed(x: f64) -> Ordering {
    let parts = if x.is_finite() { parts(&format!("{x:e}")) } else { None };
    parts.map_or(Ordering::Equal, |(digits, exponent)| rest(&digits, exponent, x).0.cmp(&BigInt::ZERO))
}

/// Whether a text is the decimal number that its nearest double prints as, up to zeros at its ends.
pub(crate) fn is_printed(text: &str, x: f64) -> bool {
    let normal = |text: &str| {
        let (digits, exponent) = parts(text)?;
        let digits = digits.to_string();
        let short = digits.trim_end_matches('0');
        Some((short.to_owned(), if short.is_empty() { 0 } else { exponent + (digits.len() - short.len()) as i32 }))
    };
    normal(text).is_some_and(|number| Some(number) == normal(&format!("{x:e}")))
}

/// The digits as an integer, and the exponent of the power of ten that multiplies it.
fn parts(text: &str) -> Option<(BigInt, i32)> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(k) => (&text[..k], text[k + 1..].parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = whole.chars().chain(fraction.chars()).filter(|c| *c != '+').collect();
    let exponent = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    if digits.len() > DIGITS || exponent.unsigned_abs() > 2 * DIGITS as u32 {
        return None;
    }
    Some((digits.parse().ok()?, exponent))
}

/// digits·10^exponent − high as a fraction.
fn rest(digits: &BigInt, exponent: i32, high: f64) -> (BigInt, BigInt) {
    let bits = high.abs().to_bits();
    let biased = (bits >> 52) as i32;
    let fraction = (bits & ((1 << 52) - 1)) as i64;
    let (mantissa, power) = if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) };
    let mantissa = BigInt::from(if high < 0.0 { -mantissa } else { mantissa });
    let ten = |e: i32| BigInt::from(10).pow(e.max(0) as u32);
    let up = |x: BigInt, e: i32| x << e.max(0) as usize;
    let left = up(digits * ten(exponent), -power);
    let right = up(mantissa * ten(-exponent), power);
    (left - right, up(ten(-exponent), -power))
}

/// p/q rounded to a double, and whether the double is exact.
fn quotient(p: &BigInt, q: &BigInt) -> (f64, bool) {
    // The shift gives the integer quotient 64 to 66 bits.
    let shift = 65 + q.bits() as i64 - p.bits() as i64;
    let (p, q) = if shift >= 0 { (p << shift as usize, q.clone()) } else { (p.clone(), q << (-shift) as usize) };
    let whole = &p / &q;
    let is_exact = &whole * &q == p;
    let (sign, words) = whole.to_u64_digits();
    let mantissa = words.iter().rev().fold(0u128, |sum, &w| (sum << 64) | u128::from(w));
    let rounded = mantissa as f64;
    let (low, high) = crate::enclosure::directed::times_power(rounded, (-shift).clamp(-3000, 3000) as i32);
    let value = if sign == Sign::Minus { -low } else { low };
    (value, is_exact && low == high && rounded as u128 == mantissa)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decimal_of_a_double_is_on_its_true_side() {
        for (x, side) in [
            (0.1, Ordering::Less),
            (0.3, Ordering::Greater),
            (-0.1, Ordering::Greater),
            (0.5, Ordering::Equal),
            (0.0, Ordering::Equal),
            (1e22, Ordering::Equal),
            (1e23, Ordering::Greater),
            (5e-324, Ordering::Greater),
            (f64::INFINITY, Ordering::Equal),
        ] {
            assert_eq!(printed(x), side, "{x}");
        }
        for (text, is_same) in [
            ("0.10", true),
            ("+1e-1", true),
            ("100", true),
            ("-0.0", true),
            ("0.0", true),
            ("0.09999999999999999999999", false),
            ("9007199254740993", false),
            ("9007199254740992", true),
        ] {
            assert_eq!(is_printed(text, text.parse().unwrap()), is_same, "{text}");
        }
    }

    #[test]
    fn what_is_read_is_within_its_doubt() {
        // (high + low)·10ᵏ is compared with the digits as an integer: 83.1·10 = 831.
        let ten = Pair::from(10.0);
        for (text, whole) in [("83.1", 831.0), ("-0.3", -3.0), ("1e-1", 1.0), (".7", 7.0), ("+2.5e0", 25.0)] {
            let x = Decimal::parse(text).unwrap();
            let off = x.value * ten - Pair::from(whole);
            assert!(off.high.abs() <= 10.0 * DECIMAL_DOUBT * whole.abs(), "{text}: {off:?}");
        }
        assert!(Decimal::parse("1234567").unwrap().is_exact && Decimal::parse("2.5").unwrap().is_exact);
        let long = Decimal::parse("9007199254740993").unwrap();
        assert!(long.is_exact && long.value.low.abs() == 1.0);
        for text in ["", "x", "nan", "inf", "1e999", "--1", "1e", "0x10", "1e-400", "1e-2147483648", "1e2147483647"] {
            assert!(Decimal::parse(text).is_none(), "{text}");
        }
        assert!(Decimal::parse("0").unwrap().is_exact && Decimal::parse("0.0e-5").unwrap().is_exact);
        assert!(Decimal::parse("1e-320").unwrap().doubt() > 0.0);
    }
}
