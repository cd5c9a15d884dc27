//! Arithmetic on enclosures: every end is stepped outward, for numbers of any sign.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::directed::{add_down, add_up, div_down, div_up, mul_down, mul_up, sqrt_down, sqrt_up};
use super::{Enclosure, Evidence};

/// What is known of the square root of a number that is certainly negative.
const NOT_REAL: Evidence = Evidence::Estimate("the square root of a negative number is not real");

impl Enclosure {
    /// Nothing is known of a number but this.
    fn unknown(estimate: f64, evidence: Evidence) -> Self {
        Self::new(f64::NEG_INFINITY, estimate, f64::INFINITY, evidence)
    }

    /// The sum.
    pub fn plus(self, other: Self) -> Self {
        let evidence = self.evidence.and(other.evidence);
        Self::new(
            add_down(self.lower, other.lower),
            self.estimate + other.estimate,
            add_up(self.upper, other.upper),
            evidence,
        )
    }

    /// The difference.
    ///
    /// ```
    /// # use kappa::Enclosure;
    /// let d = Enclosure::exact(1.0).minus(Enclosure::exact(3.0));
    /// assert!(d.contains(-2.0) && d.upper() < 0.0);
    /// ```
    pub fn minus(self, other: Self) -> Self {
        self.plus(other.negated())
    }

    /// The number with the other sign.
    pub fn negated(self) -> Self {
        Self { lower: -self.upper, estimate: -self.estimate, upper: -self.lower, evidence: self.evidence }
    }

    /// The absolute value.
    ///
    /// ```
    /// # use kappa::{Enclosure, Evidence};
    /// let x = Enclosure::new(-3.0, -1.0, 2.0, Evidence::Rounding).abs();
    /// assert_eq!((x.lower(), x.upper()), (0.0, 3.0));
    /// ```
    pub fn abs(self) -> Self {
        if self.lower >= 0.0 {
            return self;
        }
        if self.upper <= 0.0 {
            return self.negated();
        }
        Self { lower: 0.0, estimate: self.estimate.abs(), upper: self.upper.max(-self.lower), evidence: self.evidence }
    }

    /// The product; 0·∞ is 0, as the zero is known for certain.
    ///
    /// ```
    /// # use kappa::{Enclosure, Evidence};
    /// let x = Enclosure::new(-2.0, 0.0, 3.0, Evidence::Rounding);
    /// let y = x.times(Enclosure::exact(-4.0));
    /// assert!(y.contains(8.0) && y.contains(-12.0));
    /// ```
    pub fn times(self, other: Self) -> Self {
        let evidence = self.evidence.and(other.evidence);
        let estimate = if self.estimate == 0.0 || other.estimate == 0.0 { 0.0 } else { self.estimate * other.estimate };
        if self.lower >= 0.0 && other.lower >= 0.0 {
            return Self::new(mul_down(self.lower, other.lower), estimate, mul_up(self.upper, other.upper), evidence);
        }
        let (x, y) = ([self.lower, self.upper], [other.lower, other.upper]);
        let pairs = [(x[0], y[0]), (x[0], y[1]), (x[1], y[0]), (x[1], y[1])];
        let lower = pairs.iter().map(|&(x, y)| mul_down(x, y)).fold(f64::INFINITY, f64::min);
        let upper = pairs.iter().map(|&(x, y)| mul_up(x, y)).fold(f64::NEG_INFINITY, f64::max);
        Self::new(lower, estimate, upper, evidence)
    }

    /// The product with a number that is known exactly.
    pub fn times_exactly(self, factor: f64) -> Self {
        self.times(Self::exact(factor))
    }

    /// The quotient. A divisor that may be 0 leaves the side open on which the quotient grows; where its sign is not known either,
    /// nothing is known.
    ///
    /// ```
    /// # use kappa::{Enclosure, Evidence};
    /// let x = Enclosure::exact(1.0).over(Enclosure::new(-2.0, -1.5, -1.0, Evidence::Rounding));
    /// assert!(x.contains(-1.0) && x.contains(-0.5) && x.upper() < 0.0);
    /// let open = Enclosure::exact(1.0).over(Enclosure::new(-1.0, 0.5, 1.0, Evidence::Rounding));
    /// assert_eq!((open.lower(), open.upper()), (f64::NEG_INFINITY, f64::INFINITY));
    /// ```
    pub fn over(self, other: Self) -> Self {
        if other.upper <= 0.0 && other.lower < 0.0 {
            return self.negated().over(other.negated());
        }
        let evidence = self.evidence.and(other.evidence);
        let estimate = match other.estimate {
            0.0 if self.upper <= 0.0 && self.lower < 0.0 => f64::NEG_INFINITY,
            0.0 => f64::INFINITY,
            y => self.estimate / y,
        };
        if other.lower < 0.0 {
            return Self::unknown(estimate, evidence);
        }
        // A number divided by a positive one is smallest where its size is, or where it is negative and the divisor small.
        let lower = if self.lower >= 0.0 {
            div_down(self.lower, other.upper)
        } else if other.lower == 0.0 {
            f64::NEG_INFINITY
        } else {
            -div_up(-self.lower, other.lower)
        };
        let upper = if self.upper < 0.0 || self.upper == 0.0 && self.lower < 0.0 {
            -div_down(-self.upper, other.upper)
        } else {
            div_up(self.upper, other.lower)
        };
        Self::new(lower, estimate, upper, evidence)
    }

    /// The square root. What lies below 0 of a quantity that cannot be negative is cut off; of a number that is negative for certain
    /// nothing is known.
    ///
    /// ```
    /// # use kappa::{Enclosure, Evidence};
    /// let x = Enclosure::new(-1e-20, 4.0, 9.0, Evidence::Rounding).sqrt();
    /// assert!(x.lower() == 0.0 && x.contains(3.0));
    /// assert!(!Enclosure::exact(-1.0).sqrt().evidence().is_certified());
    /// ```
    pub fn sqrt(self) -> Self {
        if self.upper < 0.0 {
            return Self::unknown(0.0, self.evidence.and(NOT_REAL));
        }
        let lower = if self.lower <= 0.0 { 0.0 } else { sqrt_down(self.lower) };
        Self::new(lower, self.estimate.max(0.0).sqrt(), sqrt_up(self.upper), self.evidence)
    }

    /// xⁿ for a whole n; x⁰ is 1, and x⁻ⁿ is 1/xⁿ.
    ///
    /// ```
    /// # use kappa::{Enclosure, Evidence};
    /// let x = Enclosure::new(-2.0, 1.0, 3.0, Evidence::Rounding);
    /// assert_eq!((x.powi(2).lower(), x.powi(3).contains(-8.0)), (0.0, true));
    /// ```
    pub fn powi(self, n: i32) -> Self {
        if n < 0 {
            return Self::exact(1.0).over(self.power(n.unsigned_abs()));
        }
        self.power(n.unsigned_abs())
    }

    fn power(self, n: u32) -> Self {
        // An even power is that of the absolute value, and an odd one grows: end by end, by repeated squares of numbers of one sign.
        let base = if n.is_multiple_of(2) { self.abs() } else { self };
        let of_size = |x: Self| {
            let (mut result, mut square, mut left) = (Self::exact(1.0), x, n);
            while left > 0 {
                if left & 1 == 1 {
                    result = result.times(square);
                }
                left >>= 1;
                if left > 0 {
                    square = square.times(square);
                }
            }
            result
        };
        let of_end = |x: f64| {
            let size = of_size(Self::exact(x.abs()));
            if x < 0.0 && !n.is_multiple_of(2) { size.negated() } else { size }
        };
        let estimate = of_end(base.estimate).estimate;
        Self::new(of_end(base.lower).lower, estimate, of_end(base.upper).upper, base.evidence)
    }
}

macro_rules! operators {
    ($($trait:ident, $name:ident, $by:ident);*) => {$(
        impl $trait for Enclosure {
            type Output = Self;
            fn $name(self, other: Self) -> Self {
                self.$by(other)
            }
        }
        impl $trait<f64> for Enclosure {
            type Output = Self;
            fn $name(self, other: f64) -> Self {
                self.$by(Self::exact(other))
            }
        }
        impl $trait<Enclosure> for f64 {
            type Output = Enclosure;
            fn $name(self, other: Enclosure) -> Enclosure {
                Enclosure::exact(self).$by(other)
            }
        }
    )*};
}
operators!(Add, add, plus; Sub, sub, minus; Mul, mul, times; Div, div, over);

impl Neg for Enclosure {
    type Output = Self;
    fn neg(self) -> Self {
        self.negated()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ends of every sign, with zeros, an infinite one and tiny ones.
    fn all() -> Vec<Enclosure> {
        let ends = [f64::NEG_INFINITY, -3.0, -1.0, -1e-300, 0.0, 1e-300, 0.5, 2.0, f64::INFINITY];
        let mut all = Vec::new();
        for (i, &low) in ends.iter().enumerate() {
            for &high in &ends[i..] {
                if low < f64::INFINITY && high > f64::NEG_INFINITY {
                    let middle = if low.is_infinite() || high.is_infinite() {
                        low.max(high.min(0.1))
                    } else {
                        0.5 * (low + high)
                    };
                    all.push(Enclosure::new(low, middle, high, Evidence::Rounding));
                }
            }
        }
        all
    }

    /// Numbers inside an enclosure.
    fn inside(x: &Enclosure) -> Vec<f64> {
        let samples = [x.lower(), x.estimate(), x.upper(), -7.0, -2.5, -0.75, -1e-200, 0.0, 1e-200, 0.3, 1.5, 40.0];
        samples.into_iter().filter(|&s| s.is_finite() && x.contains(s)).collect()
    }

    #[test]
    fn what_is_inside_stays_inside_whatever_the_signs() {
        for x in all() {
            for a in inside(&x) {
                assert!(x.negated().contains(-a) && x.abs().contains(a.abs()), "{x:?} {a}");
                assert!(a < 0.0 || x.sqrt().contains(a.sqrt()), "{x:?} {a}");
                for n in 0..6 {
                    assert!(x.powi(n).contains(a.powi(n)), "{x:?} {a}^{n}: {:?}", x.powi(n));
                    let inverse = a.powi(-n);
                    assert!(!inverse.is_finite() || x.powi(-n).contains(inverse), "{x:?} {a}^-{n}");
                }
            }
            for y in all() {
                for (a, b) in inside(&x).into_iter().flat_map(|a| inside(&y).into_iter().map(move |b| (a, b))) {
                    assert!((x + y).contains(a + b) && (x - y).contains(a - b), "{x:?} {y:?} {a} {b}");
                    assert!((x * y).contains(a * b), "{x:?}·{y:?} = {:?} without {a}·{b}", x * y);
                    assert!(b == 0.0 || (x / y).contains(a / b), "{x:?}/{y:?} = {:?} without {a}/{b}", x / y);
                }
            }
        }
    }

    #[test]
    fn negative_numbers_keep_their_sign() {
        let x = Enclosure::new(-3.0, -2.5, -2.0, Evidence::Rounding);
        let slack = 1e-14;
        assert!((x * x).lower() >= 4.0 - slack && (x * 2.0).upper() <= -4.0 + slack);
        assert!((x / 2.0).upper() <= -1.0 + slack && (6.0 / x).upper() <= -2.0 + slack);
        assert!((x - 1.0).upper() <= -3.0 + slack && (-x).lower() == 2.0);
        assert_eq!((x / Enclosure::exact(0.0)).estimate(), f64::NEG_INFINITY);
    }
}
