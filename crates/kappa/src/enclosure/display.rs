//! Display of an enclosure: only the digits that both ends share.

use std::fmt;

use super::Enclosure;

/// The number of significant decimal digits that identify a double.
const DIGITS: usize = 17;

impl Enclosure {
    /// The number with at most `digits` significant digits, and only those that both ends share.
    ///
    /// Without a shared digit it shows the ends, rounded outward; with an infinite upper end, the lower one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::{Enclosure, Evidence};
    /// let wide = Enclosure::new(1.26, 2.0, 3.14, Evidence::Residual);
    /// assert_eq!(wide.short(4), "1.2 … 3.2");
    /// let open = Enclosure::new(4.2e15, 5e15, f64::INFINITY, Evidence::Residual);
    /// assert_eq!(open.short(4), "≥ 4.2e15");
    /// ```
    pub fn short(&self, digits: usize) -> String {
        if self.lower < 0.0 {
            return self.short_below_zero(digits);
        }
        if self.lower == f64::INFINITY {
            return "∞".into();
        }
        if self.lower == self.upper {
            return plain(self.lower, digits, true);
        }
        if self.upper == f64::INFINITY {
            return format!("≥ {}", outward(self.lower, false));
        }
        // At least two shared digits: 2.6 … 3.4 must not print as "3".
        match (digits.min(2)..=digits).rev().find(|&d| self.shares(d)) {
            Some(shared) => plain(self.estimate, shared, false),
            None => format!("{} … {}", outward(self.lower, false), outward(self.upper, true)),
        }
    }

    /// [`Enclosure::short`] for a negative lower end, as logarithmic norms, sums and slacks have.
    fn short_below_zero(&self, digits: usize) -> String {
        if self.upper == f64::NEG_INFINITY {
            return "-∞".into();
        }
        let low = if self.lower.is_infinite() { "-∞".into() } else { format!("-{}", outward(-self.lower, true)) };
        if self.upper > 0.0 {
            let high = if self.upper.is_infinite() { "∞".into() } else { outward(self.upper, true) };
            return format!("{low} … {high}");
        }
        let mirrored = Self::new(-self.upper, -self.estimate, -self.lower, self.evidence).short(digits);
        if self.lower.is_infinite() {
            format!("≤ {}", minus(&outward(-self.upper, false)))
        } else if mirrored.contains('…') {
            format!("{low} … {}", minus(&outward(-self.upper, false)))
        } else {
            minus(&mirrored)
        }
    }

    /// Whether both ends and the estimate read the same with this many significant digits.
    fn shares(&self, digits: usize) -> bool {
        let read = |x: f64| format!("{:.*e}", digits - 1, x);
        self.lower > 0.0 && read(self.lower) == read(self.upper) && read(self.estimate) == read(self.upper)
    }
}

impl fmt::Display for Enclosure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.short(DIGITS))
    }
}

fn minus(text: &str) -> String {
    if text == "0" { text.into() } else { format!("-{text}") }
}

/// x with `digits` significant digits, without an exponent for moderate sizes. `exact` numbers drop trailing zeros,
/// unless digits were rounded away: 0.20003 in four digits is 0.2000, and not 0.2.
fn plain(x: f64, digits: usize, exact: bool) -> String {
    if x == 0.0 {
        return "0".into();
    }
    let scientific = format!("{:.*e}", digits - 1, x);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..=6).contains(&exponent) && (exponent < digits as i32 || exact) {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        let text = format!("{x:.decimals$}");
        return if exact { trimmed_if(&text, &text, x).into() } else { text };
    }
    let mantissa = if exact { trimmed_if(mantissa, &scientific, x) } else { mantissa };
    format!("{mantissa}e{exponent}")
}

/// `text` without trailing zeros if `whole` is x.
fn trimmed_if<'a>(text: &'a str, whole: &str, x: f64) -> &'a str {
    if whole.parse() == Ok(x) { trimmed(text) } else { text }
}

fn trimmed(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// x with two significant digits, rounded down or up, so that the printed number is also a bound.
fn outward(x: f64, up: bool) -> String {
    if x <= 0.0 {
        return plain(x.max(0.0), 2, true);
    }
    // Of a number beyond the doubles no more is known; two digits would leave a twentieth of it out.
    if x == f64::MAX && !up {
        return "1.797e308".into();
    }
    let decade = x.log10().floor() as i32 - 1;
    let candidates = (-2..=2).map(|step| {
        let digits = (x / 10f64.powi(decade)).round() + f64::from(step);
        format!("{digits}e{decade}").parse::<f64>().unwrap_or(x)
    });
    let best = if up {
        candidates.filter(|&c| c >= x).fold(f64::INFINITY, f64::min)
    } else {
        candidates.filter(|&c| c <= x).fold(0.0, f64::max)
    };
    if best.is_finite() && best > 0.0 { plain(best, 2, true) } else { plain(x, DIGITS, true) }
}

#[cfg(test)]
mod tests {
    use crate::{Enclosure, Evidence};

    fn show(lower: f64, estimate: f64, upper: f64, digits: usize) -> String {
        Enclosure::new(lower, estimate, upper, Evidence::Residual).short(digits)
    }

    #[test]
    fn shows_shared_digits_only() {
        assert_eq!(show(4.14158, 4.14159, 4.14161, 9), "4.1416");
        assert_eq!(show(4.14158, 4.14159, 4.14161, 3), "4.14");
        assert_eq!(show(0.0, 1e-17, 2e-16, 4), "0 … 2e-16");
        assert_eq!(show(123456.4, 123456.5, 123456.6, 4), "1.235e5");
        assert_eq!(show(12345678.0, 12345678.0, 12345678.0, 17), "1.2345678e7");
        assert_eq!(show(768.0, 768.0, 768.0, 4), "768");
        assert_eq!(show(7680000.0, 7680000.0, 7680000.0, 9), "7680000");
        assert_eq!(show(0.0, 0.0, 0.0, 4), "0");
        assert_eq!(show(0.20003265, 0.20003265, 0.20003265, 4), "0.2000");
        assert_eq!(show(2e20 + 65536.0, 2e20 + 65536.0, 2e20 + 65536.0, 3), "2.00e20");
        assert_eq!(show(0.25, 0.25, 0.25, 4), "0.25");
        assert_eq!(show(f64::INFINITY, f64::INFINITY, f64::INFINITY, 4), "∞");
    }

    #[test]
    fn a_finite_number_beyond_the_doubles_is_not_infinite() {
        assert_eq!(show(f64::MAX, f64::INFINITY, f64::INFINITY, 4), "≥ 1.797e308");
        assert_eq!(show(f64::NEG_INFINITY, f64::NEG_INFINITY, f64::MIN, 4), "≤ -1.797e308");
        assert_eq!(Enclosure::exact(f64::MAX).plus(Enclosure::exact(f64::MAX)).short(17), "≥ 1.797e308");
        assert_eq!(show(f64::NEG_INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY, 4), "-∞");
    }

    #[test]
    fn an_outward_end_is_still_a_bound() {
        assert_eq!(show(9.99, 20.0, 31.01, 4), "9.9 … 32");
        assert_eq!(show(-1.0, 1.0, 2.0, 4), "-1 … 2");
        assert_eq!(show(-1.000001, -1.0, -0.9999999, 9), "-1.00000");
        assert_eq!(show(-3.0, -2.0, -0.5, 4), "-3 … -0.5");
        assert_eq!(show(-0.25, -0.25, -0.25, 4), "-0.25");
        assert_eq!(show(f64::NEG_INFINITY, -5.0, -2.0, 4), "≤ -2");
        assert_eq!(show(-1e-17, 0.0, 0.0, 4), "-1e-17 … 0");
    }
}
