//! Numbers as text, and what the nearest double keeps of them.

use std::fmt;

use crate::error::{Error, printable};

/// A number that was read from text: the nearest double, and what it keeps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Number {
    pub(crate) value: f64,
    pub(crate) kept: Kept,
}

/// What the nearest double keeps of a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kept {
    /// All of it.
    All,
    /// A decimal was rounded: the error is at most half a unit in the last place.
    Decimal,
    /// An integer was rounded: the integer minus the double, where it fits 128 bits.
    Integer(Option<i128>),
}

/// Why a text is no number that a double stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    NotANumber,
    TooLarge,
    TooSmall,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotANumber => "is not a number",
            Self::TooLarge => "is beyond the largest double, 1.7976931348623157e308",
            Self::TooSmall => "is not 0, and nearer to 0 than to the smallest double, 5e-324",
        })
    }
}

impl Fault {
    /// What to do about it.
    pub(crate) fn hint(self) -> &'static str {
        match self {
            Self::NotANumber => "write a number such as -12.5 or 1e-3",
            Self::TooLarge => "divide all numbers by a power of ten, and scale the answer",
            Self::TooSmall => "multiply all numbers by a power of ten, and scale the answer; or write 0",
        }
    }
}

/// The text without blanks around it; most texts have none.
pub(crate) fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [b'!'..=b'~'] | [b'!'..=b'~', .., b'!'..=b'~'] => text,
        _ => text.trim(),
    }
}

/// Reads a number, such as `-12.50`, `1e-3`, `nan` or `inf`.
pub(crate) fn read(text: &str) -> Result<Number, Fault> {
    let text = trimmed(text);
    if let Some(value) = short_integer(text) {
        return Ok(Number { value, kept: Kept::All });
    }
    let value: f64 = text.parse().map_err(|_| Fault::NotANumber)?;
    if value.is_finite() && value != 0.0 {
        return Ok(Number { value, kept: kept(text, value) });
    }
    let has_digits = text.contains(|c: char| c.is_ascii_digit());
    match value {
        0.0 if is_written_zero(text) => Ok(Number { value, kept: Kept::All }),
        0.0 => Err(Fault::TooSmall),
        _ if has_digits => Err(Fault::TooLarge),
        _ => Ok(Number { value, kept: Kept::All }),
    }
}

/// A number that was given as text, such as an argument of a command: a double, or a decimal that is rounded to one.
///
/// # Errors
///
/// When it is not a number, beyond the doubles or too near to 0 for them, or an integer that no double holds.
///
/// # Examples
///
/// ```
/// assert_eq!(kappa_tensors::number("0.1")?, 0.1);
/// assert!(kappa_tensors::number("1e400").is_err() && kappa_tensors::number("9007199254740993").is_err());
/// # Ok::<(), kappa_tensors::Error>(())
/// ```
pub fn number(text: &str) -> Result<f64, Error> {
    let shown = printable(text.trim());
    let found = read(text).map_err(|fault| Error::format(format!("`{shown}` {fault}")).with_hint(fault.hint()))?;
    match found.kept {
        Kept::Integer(_) => {
            Err(Error::format(format!("`{shown}` is not a double; the nearest one is {}", found.value))
                .with_hint("give an integer that a double holds, or scale all numbers"))
        }
        _ => Ok(found.value),
    }
}

impl Number {
    /// An integer of up to 64 bits.
    pub(crate) fn of_integer(n: i128) -> Self {
        let value = n as f64;
        let rest = n - value as i128;
        Self { value, kept: if rest == 0 { Kept::All } else { Kept::Integer(Some(rest)) } }
    }

    /// An upper bound of the modulus of what was lost.
    pub(crate) fn error(&self) -> f64 {
        match self.kept {
            Kept::All => 0.0,
            Kept::Integer(Some(rest)) => (rest.unsigned_abs() as f64).next_up(),
            // 2^(e − 53) for a double of exponent e, and no less than the smallest one: half of its gap is no double.
            Kept::Decimal | Kept::Integer(None) => {
                const EXPONENT: u64 = 0x7ff << 52;
                (f64::from_bits(self.value.to_bits() & EXPONENT) * (0.5 * f64::EPSILON)).max(f64::from_bits(1))
            }
        }
    }

    /// The number minus its double as a sum of doubles, where that is known exactly.
    pub(crate) fn rest(&self) -> Option<Vec<f64>> {
        match self.kept {
            Kept::All => Some(Vec::new()),
            Kept::Integer(Some(rest)) => Some(parts(rest)),
            Kept::Decimal | Kept::Integer(None) => None,
        }
    }
}

/// An integer as a sum of doubles.
fn parts(mut rest: i128) -> Vec<f64> {
    let mut parts = Vec::new();
    while rest != 0 {
        let part = rest as f64;
        parts.push(part);
        rest -= part as i128;
    }
    parts
}

/// Whether every digit before an exponent is 0.
fn is_written_zero(text: &str) -> bool {
    let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
    !mantissa.contains(|c: char| matches!(c, '1'..='9'))
}

/// An integer of so few digits that it is below 2⁵³: most numbers of many files.
fn short_integer(text: &str) -> Option<f64> {
    let (sign, digits) = match text.as_bytes() {
        [b'-', rest @ ..] => (-1.0, rest),
        [b'+', rest @ ..] => (1.0, rest),
        digits => (1.0, digits),
    };
    if digits.is_empty() || digits.len() > 15 {
        return None;
    }
    let mut n = 0u64;
    for digit in digits {
        n = n * 10 + u64::from(digit.checked_sub(b'0').filter(|&digit| digit < 10)?);
    }
    Some(sign * n as f64)
}

/// Digits without zeros at either end, and the exponent of the power of ten that multiplies them.
fn normalized(text: &str) -> Option<(String, i64)> {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = [whole, fraction].concat();
    let digits = all.trim_start_matches('0').trim_end_matches('0');
    let zeros = all.len() - all.trim_end_matches('0').len();
    let exponent = exponent.checked_sub(fraction.len() as i64)?.checked_add(zeros as i64)?;
    Some((digits.to_owned(), exponent))
}

/// The most digits that surely fit 127 bits.
const DIGITS: usize = 38;

/// The most digits that surely fit 64 bits.
const SHORT: usize = 19;

/// d and e of d·10^e, if d has few digits: without memory for them, as most numbers of a file are such.
fn scanned(text: &str) -> Option<(u64, i64)> {
    let (mut d, mut e, mut count, mut is_fraction) = (0u64, 0i64, 0, false);
    for (k, byte) in text.bytes().enumerate() {
        match byte {
            b'0'..=b'9' if count == SHORT => return None,
            b'0'..=b'9' => {
                d = d * 10 + u64::from(byte - b'0');
                count += usize::from(d > 0);
                e -= i64::from(is_fraction);
            }
            b'.' => is_fraction = true,
            b'e' | b'E' => {
                e = e.checked_add(text[k + 1..].parse().ok()?)?;
                break;
            }
            _ => {}
        }
    }
    while d != 0 && d.is_multiple_of(10) {
        (d, e) = (d / 10, e + 1);
    }
    Some((d, e))
}

/// Whether a number is surely no double: its last digit is behind the point, and neither 0 nor 5, so that it is a
/// fraction whose denominator has the factor 5. Most decimals of most files are such.
fn is_odd_decimal(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some(point) = memchr::memchr(b'.', bytes) else { return false };
    let fraction = &bytes[point + 1..];
    let (fraction, exponent) = match memchr::memchr2(b'e', b'E', fraction) {
        Some(end) => (&fraction[..end], text[point + end + 2..].parse().unwrap_or(i64::MAX)),
        None => (fraction, 0),
    };
    fraction.last().is_some_and(|digit| !matches!(digit, b'0' | b'5')) && exponent < fraction.len() as i64
}

/// What `value`, the nearest double that is not 0, keeps of a number.
fn kept(text: &str, value: f64) -> Kept {
    if is_odd_decimal(text) {
        return Kept::Decimal;
    }
    match scanned(text) {
        // Without the factors 10, a fraction that has no factor 5 is no double.
        Some((d, e)) if e < 0 && !d.is_multiple_of(5) => return Kept::Decimal,
        Some((d, e)) if is_double(u128::from(d), e) => return Kept::All,
        Some((_, e)) if e < 0 => return Kept::Decimal,
        _ => {}
    }
    let Some((digits, exponent)) = normalized(text) else { return Kept::Decimal };
    let short = if digits.len() <= DIGITS { digits.parse::<u128>().ok() } else { None };
    let is_exact = match short {
        Some(d) => is_double(d, exponent),
        None => is_expansion(value, &digits, exponent),
    };
    if is_exact {
        return Kept::All;
    }
    let is_plain = !text.contains(['.', 'e', 'E']);
    // 1e23 is how a double is printed, 9007199254740993 is not.
    let is_printed = || normalized(&format!("{:e}", value.abs())) == Some((digits.clone(), exponent));
    if exponent < 0 || (!is_plain && is_printed()) {
        return Kept::Decimal;
    }
    let size = short.zip(u32::try_from(exponent).ok()).and_then(|(d, e)| d.checked_mul(10u128.checked_pow(e)?));
    let rest = size.filter(|&size| size < 3 << 125).map(|size| {
        let rest = size as i128 - value.abs() as i128;
        if value < 0.0 { -rest } else { rest }
    });
    if rest.is_none() && !is_plain { Kept::Decimal } else { Kept::Integer(rest) }
}

/// Whether d·10^e, which is in the range of doubles, is one.
fn is_double(d: u128, e: i64) -> bool {
    const LARGEST: u128 = 1 << 53;
    let odd = |d: u128| d >> d.trailing_zeros();
    if e >= 0 {
        // Five has 22 powers below 2⁵³.
        let scaled = u32::try_from(e).ok().filter(|&e| e < 23).and_then(|e| odd(d).checked_mul(5u128.pow(e)));
        return scaled.is_some_and(|x| x < LARGEST);
    }
    let mut d = d;
    for _ in 0..-e {
        if !d.is_multiple_of(5) {
            return false;
        }
        d /= 5;
    }
    odd(d) < LARGEST && i64::from(d.trailing_zeros()) + e >= -1074
}

/// Whether all digits of a double are these.
fn is_expansion(value: f64, digits: &str, exponent: i64) -> bool {
    // No double has more than 767 digits.
    const MOST: usize = 767;
    digits.len() <= MOST && normalized(&format!("{:.MOST$e}", value.abs())) == Some((digits.to_owned(), exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str) -> Kept {
        read(text).unwrap().kept
    }

    #[test]
    fn what_doubles_hold_is_kept() {
        let tenth = "0.1000000000000000055511151231257827021181583404541015625";
        for text in [
            "0",
            "-0.0",
            "0e-9999",
            "1",
            "0.5",
            "-2.50",
            "1e22",
            "1152921504606846976",
            "9007199254740994",
            "5.0e-1",
            "2251799813685248.5",
            "nan",
            "-inf",
            "Infinity",
            "1e2",
            "1234567890123456768",
            tenth,
            "0.0009765625",
            &format!("{:.0}", f64::MAX),
            &format!("{:.0}", 1e23),
        ] {
            assert_eq!(kept(text), Kept::All, "{text}");
        }
    }

    #[test]
    fn what_is_rounded_is_known() {
        for text in ["0.1", "1e23", "1.0000000000000001", "3e-324", "-1e-320", "1.5e300", "0.30000000000000004"] {
            assert_eq!(kept(text), Kept::Decimal, "{text}");
        }
        assert_eq!(kept("9007199254740993"), Kept::Integer(Some(1)));
        assert_eq!(kept("-9007199254740993.0"), Kept::Integer(Some(-1)));
        assert_eq!(kept("9007199254740995"), Kept::Integer(Some(-1)));
        assert_eq!(kept("100000000000000000000000"), Kept::Integer(Some(8388608)));
        let long = "1".repeat(60);
        assert_eq!(kept(&long), Kept::Integer(None));
        let twice = read("85070591730234615865843651857942052865").unwrap();
        assert_eq!(twice.value + twice.rest().unwrap()[0], twice.value);
        assert_eq!(twice.rest().unwrap().iter().map(|&x| x as i128).sum::<i128>(), 1);
    }

    #[test]
    fn what_no_double_stands_for_is_refused() {
        for text in ["1e400", "-1e309", "1e99999999999999999999"] {
            assert_eq!(read(text), Err(Fault::TooLarge), "{text}");
        }
        for text in ["1e-400", "-0.01e-9999", "1e-99999999999999999999", "2e-324"] {
            assert_eq!(read(text), Err(Fault::TooSmall), "{text}");
        }
        for text in ["", "x", "0x10", "1/3", "1d3", "1,5", "1 000", "1_000", "--1", "1e", "٣"] {
            assert_eq!(read(text), Err(Fault::NotANumber), "{text}");
        }
    }

    #[test]
    fn errors_are_bounded() {
        assert_eq!(read("0.5").unwrap().error(), 0.0);
        assert!(read("9007199254740993").unwrap().error() >= 1.0);
        let error = read("0.1").unwrap().error();
        assert!((5.551115123125783e-18..=6.94e-18).contains(&error), "{error}");
        assert!(read("3e-324").unwrap().error() >= 2e-324);
        assert_eq!(Number::of_integer(-(1 << 60) - 1).rest(), Some(vec![-1.0]));
        assert_eq!(Number::of_integer(1 << 60).kept, Kept::All);
        assert_eq!(Number::of_integer(u64::MAX.into()).kept, Kept::Integer(Some(-1)));
    }
}
