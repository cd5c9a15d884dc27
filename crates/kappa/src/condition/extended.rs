//! Positive quantities that may exceed the range of doubles.

use std::fmt;

use crate::arithmetic::power::logarithm_ends;
use crate::enclosure::directed::times_power;
use crate::{Enclosure, Evidence};

/// m·2ᵏ with an enclosed m near 1, for numbers beyond the range of doubles such as a condition number of 1e436.
///
/// ```
/// # use kappa::{Guarantee, Matrix, Norm, cond_by};
/// let a = Matrix::from_row_major(2, 2, vec![1e200, 0.0, 0.0, 1e-236])?;
/// let k = cond_by(&a, Norm::spectral(), Guarantee::Certified)?.value;
/// assert_eq!(k.short(3), "1.00e436");
/// assert_eq!(k.enclosure().upper(), f64::INFINITY);
/// # Ok::<(), kappa::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extended {
    mantissa: Enclosure,
    exponent: i32,
}

impl Extended {
    pub(crate) fn new(mantissa: Enclosure, exponent: i32) -> Self {
        let size = mantissa.estimate();
        if !(size > 0.0 && size.is_finite()) {
            return Self { mantissa, exponent };
        }
        let e = size.log2().floor() as i32;
        let scaled = |x: f64| times_power(x, -e);
        let mantissa =
            Enclosure::new(scaled(mantissa.lower()).0, scaled(size).0, scaled(mantissa.upper()).1, mantissa.evidence());
        Self { mantissa, exponent: exponent + e }
    }

    /// m.
    pub fn mantissa(&self) -> Enclosure {
        self.mantissa
    }

    /// k.
    pub fn exponent(&self) -> i32 {
        self.exponent
    }

    /// The product.
    pub fn times(self, other: Self) -> Self {
        Self::new(self.mantissa.times(other.mantissa), self.exponent + other.exponent)
    }

    /// The intersection of two enclosures of the same number.
    pub(crate) fn and(self, other: Self) -> Self {
        let moved = other.mantissa;
        let e = other.exponent - self.exponent;
        let (low, high) = (times_power(moved.lower(), e).0, times_power(moved.upper(), e).1);
        let m = self.mantissa;
        let closer = if moved.width() * 2f64.powi(e.clamp(-1000, 1000)) < m.width() {
            times_power(moved.estimate(), e).0
        } else {
            m.estimate()
        };
        let mantissa =
            Enclosure::new(m.lower().max(low), closer, m.upper().min(high), m.evidence().and(moved.evidence()));
        Self { mantissa, ..self }
    }

    /// The same number, with the ends raised to at least `least`.
    pub(crate) fn at_least(self, least: f64) -> Self {
        let (bound, _) = times_power(least, -self.exponent);
        let m = self.mantissa;
        Self {
            mantissa: Enclosure::new(m.lower().max(bound), m.estimate().max(bound), m.upper().max(bound), m.evidence()),
            ..self
        }
    }

    /// As doubles; the upper end is ∞ beyond their range.
    pub fn enclosure(&self) -> Enclosure {
        let m = self.mantissa;
        let (estimate, far) = times_power(m.estimate(), self.exponent);
        let estimate = if far.is_infinite() { far } else { estimate };
        Enclosure::new(
            times_power(m.lower(), self.exponent).0,
            estimate,
            times_power(m.upper(), self.exponent).1,
            m.evidence(),
        )
    }

    /// The decimal logarithm, every rounding error counted.
    pub fn log10_enclosed(&self) -> Enclosure {
        let ends = |x: f64| match x {
            0.0 => (f64::NEG_INFINITY, f64::NEG_INFINITY),
            x if x.is_infinite() => (x, x),
            x => logarithm_ends(x),
        };
        let log = |lower: f64, x: f64, upper: f64| {
            Enclosure::new(ends(lower).0, x.ln(), ends(upper).1, self.mantissa.evidence())
        };
        let m = self.mantissa;
        let (two, ten) = (log(2.0, 2.0, 2.0), log(10.0, 10.0, 10.0));
        let sum = log(m.lower(), m.estimate(), m.upper()).plus(two.times_exactly(f64::from(self.exponent)));
        sum.over(ten)
    }

    /// log₁₀ of the estimate.
    pub fn log10(&self) -> f64 {
        self.mantissa.estimate().log10() + f64::from(self.exponent) * std::f64::consts::LOG10_2
    }

    /// The digits on which both ends agree, at most `digits`; mantissa and exponent beyond the range of doubles.
    pub fn short(&self, digits: usize) -> String {
        let whole = self.enclosure();
        let log = self.log10();
        if whole.upper().is_finite() || self.mantissa.upper().is_infinite() || log < 300.0 || !log.is_finite() {
            return whole.short(digits);
        }
        // 10^(fraction) has an error of about |log|·ε: 13 digits at most.
        let exponent = log.floor();
        let mantissa = 10f64.powf(log - exponent);
        let width = self.mantissa.width() / self.mantissa.upper();
        let relative = width.max(1e-13);
        let shown =
            Enclosure::new(mantissa * (1.0 - relative), mantissa, mantissa * (1.0 + relative), Evidence::Rounding);
        format!("{}e{exponent}", shown.short(digits.min(12)).trim_end_matches('.'))
    }
}

impl From<Enclosure> for Extended {
    fn from(x: Enclosure) -> Self {
        Self::new(x, 0)
    }
}

impl fmt::Display for Extended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.short(6))
    }
}
