//! Decimal numbers read from text. 0.1 is not a double; the sum of a pair of doubles is nearer to it.

use std::cmp::Ordering;

use kappa_dense::pair::Pair;
use num_bigint::{BigInt, Sign};

/// A number that was read from text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decimal {
    value: Pair,
    is_exact: bool,
    /// Where the pair is not exact: the number is a multiple of 10^tens below 2¹⁰³ of them, so that the nearest
    /// multiple to the pair is the number.
    tens: Option<i16>,
}

impl From<f64> for Decimal {
    /// The double itself, exactly.
    fn from(x: f64) -> Self {
        Self::exactly(Pair::from(x))
    }
}

/// Relative error of a decimal that is not exact.
pub(crate) const DECIMAL_DOUBT: f64 = 2.465190328815662e-32;
/// The maximum number of digits that are read exactly; a longer number is rounded to a double.
const DIGITS: usize = 800;
/// Up to this many bits a whole number is determined by a pair whose relative error is at most 2⁻¹⁰⁵.
const BITS: u64 = 103;

impl Decimal {
    fn exactly(value: Pair) -> Self {
        Self { value, is_exact: true, tens: None }
    }

    fn about(value: Pair) -> Self {
        Self { value, is_exact: false, tens: None }
    }

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
            return (high != 0.0).then(|| Self::about(Pair::from(high)));
        };
        let (rest, den) = rest(&digits, exponent, high);
        if rest.sign() == Sign::NoSign {
            return Some(Self::exactly(Pair::from(high)));
        }
        // A number that underflows to 0 has no relative accuracy.
        if high == 0.0 {
            return None;
        }
        let (low, is_exact) = quotient(&rest, &den);
        let mut found = Self::with_low(high, low, is_exact);
        if found.doubt() == DECIMAL_DOUBT && digits.bits() <= BITS {
            found.tens = i16::try_from(exponent).ok();
        }
        Some(found)
    }

    /// A pair whose low part is subnormal has no relative accuracy beyond the high part: it does not count as exact.
    fn with_low(high: f64, low: f64, is_exact: bool) -> Self {
        let is_whole = low.abs() >= f64::MIN_POSITIVE;
        Self { is_exact: is_exact && is_whole, ..Self::about(Pair { high, low }) }
    }

    /// Reads a ratio of integers such as `-1/3` as a pair of doubles.
    ///
    /// Returns `None` when the text is not a ratio, when the denominator is 0, or when the number overflows or
    /// underflows a double.
    ///
    /// # Examples
    ///
    /// ```
    /// use kappa::arithmetic::Decimal;
    /// let third = Decimal::parse_ratio("1/3").unwrap();
    /// assert!(third.value().high == 1.0 / 3.0 && !third.is_exact());
    /// assert!(Decimal::parse_ratio("9007199254740993/1").unwrap().is_exact());
    /// ```
    pub fn parse_ratio(text: &str) -> Option<Self> {
        let (p, q) = text.split_once('/')?;
        let (mut p, mut q): (BigInt, BigInt) = (p.trim().parse().ok()?, q.trim().parse().ok()?);
        if q.sign() == Sign::Minus {
            (p, q) = (-p, -q);
        }
        match (p.sign(), q.sign()) {
            (_, Sign::NoSign) => return None,
            (Sign::NoSign, _) => return Some(Self::from(0.0)),
            _ => {}
        }
        let (high, _) = quotient(&p, &q);
        if high == 0.0 || !high.is_finite() {
            return None;
        }
        let (m, e) = mantissa(high);
        let (rest, den) =
            if e >= 0 { (p - (m << e as usize) * &q, q) } else { ((p << -e as usize) - m * &q, q << -e as usize) };
        if rest.sign() == Sign::NoSign {
            return Some(Self::from(high));
        }
        let (low, is_exact) = quotient(&rest, &den);
        Some(Self::with_low(high, low, is_exact))
    }

    /// The number as (m, t, e), where it is m·10ᵗ·2ᵉ; `None` where the pair does not determine it.
    pub(crate) fn whole(&self) -> Option<(BigInt, i32, i32)> {
        let (m, e) = pair_whole(self.value);
        if self.is_exact {
            return Some((m, 0, e));
        }
        // The nearest whole number to m·2ᵉ·10⁻ᵗ.
        let tens = i32::from(self.tens?);
        let ten = |t: i32| BigInt::from(10).pow(t.max(0) as u32);
        let (p, q) = ((m * ten(-tens)) << e.max(0) as usize, ten(tens) << (-e).max(0) as usize);
        let half = if p.sign() == Sign::Minus { -q.clone() } else { q.clone() };
        Some(((p * 2 + half) / (q * 2), tens, 0))
    }

    /// The shortest text that reads as this number; different numbers have different texts.
    pub(crate) fn label(&self) -> String {
        let short = self.value.high.to_string();
        if Self::parse(&short).is_some_and(|x| x.value == self.value) {
            return short;
        }
        match self.whole() {
            Some((m, tens, twos)) => written(m, tens, twos),
            None => format!("{short}{:+e}", self.value.low),
        }
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

/// A finite x as (m, e), where it is m·2ᵉ.
fn mantissa(x: f64) -> (BigInt, i32) {
    let bits = x.abs().to_bits();
    let biased = (bits >> 52) as i32;
    let fraction = (bits & ((1 << 52) - 1)) as i64;
    let (mantissa, power) = if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) };
    (BigInt::from(if x < 0.0 { -mantissa } else { mantissa }), power)
}

/// A pair as (m, e), where it is m·2ᵉ exactly.
pub(crate) fn pair_whole(x: Pair) -> (BigInt, i32) {
    let (high, low) = (mantissa(x.high), mantissa(x.low));
    if x.low == 0.0 {
        return high;
    }
    let e = high.1.min(low.1);
    ((high.0 << (high.1 - e) as usize) + (low.0 << (low.1 - e) as usize), e)
}

/// m·10^tens·2^twos as a decimal without an exponent.
fn written(m: BigInt, tens: i32, twos: i32) -> String {
    let (m, tens) =
        if twos < 0 { (m * BigInt::from(5).pow(-twos as u32), tens + twos) } else { (m << twos as usize, tens) };
    if tens >= 0 {
        return (m * BigInt::from(10).pow(tens as u32)).to_string();
    }
    let sign = if m.sign() == Sign::Minus { "-" } else { "" };
    let (places, digits) = (-tens as usize, m.magnitude().to_string());
    let digits = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let text = format!("{sign}{whole}.{fraction}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// digits·10^exponent − high as a fraction.
fn rest(digits: &BigInt, exponent: i32, high: f64) -> (BigInt, BigInt) {
    let (mantissa, power) = mantissa(high);
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
    fn the_digits_are_found_again() {
        let read = |text: &str| Decimal::parse(text).unwrap().whole().map(|(m, t, e)| written(m, t, e));
        for text in ["0.1", "-83.1", "0.30000000000000000000000000001", "1234567890123456789012345678.9", "2.5", "-7"] {
            assert_eq!(read(text).as_deref(), Some(text));
        }
        assert_eq!(read("1e23"), Some(format!("1{}", "0".repeat(23))));
        // More digits than a pair holds are not determined by it.
        assert_eq!(read("0.1234567890123456789012345678901234567"), None);
        for (text, label) in [("0.1", "0.1"), ("9007199254740993", "9007199254740993"), ("2.50", "2.5")] {
            assert_eq!(Decimal::parse(text).unwrap().label(), label);
        }
        assert_ne!(Decimal::parse("0.1").unwrap().label(), Decimal::from(0.1).label());
    }

    #[test]
    fn ratios_are_read_to_a_pair() {
        let third = Decimal::parse_ratio("-1/3").unwrap();
        let off = third.value * Pair::from(3.0) + Pair::from(1.0);
        assert!(off.high.abs() < 1e-31 && third.doubt() == DECIMAL_DOUBT);
        assert_eq!(Decimal::parse_ratio("36028797018963969/4").unwrap().label(), "9007199254740992.25");
        assert_eq!(Decimal::parse_ratio("6/-4"), Some(Decimal::from(-1.5)));
        for text in ["1/0", "1", "a/2", "1/2/3"] {
            assert!(Decimal::parse_ratio(text).is_none(), "{text}");
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
