//! Enclosures: a lower bound, an estimate, an upper bound, and the evidence for the bounds.

mod arithmetic;
pub mod directed;
mod display;
mod pinned;
mod scaling;

pub(crate) use pinned::{Pinned, enclosure as pinned_enclosure};
pub(crate) use scaling::{exponent_far_from_one, exponent_of, pair_times_power_of_two, times_power_of_two};

use std::fmt;

use directed::{add_down, add_up};

/// The guarantee that is asked for: the last argument of functions that end in `_by`, or a field of their options.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Guarantee {
    /// The guarantee of the algorithm: proved bounds where it has them, otherwise bounds from a model of its errors.
    #[default]
    Usual,
    /// Every rounding error is counted: the evidence is rounding, or a theorem whose hypotheses were checked.
    Certified,
}

impl Guarantee {
    /// [`Guarantee::Certified`] if `certify`, else [`Guarantee::Usual`].
    pub fn certified_if(certify: bool) -> Self {
        if certify { Self::Certified } else { Self::Usual }
    }
}

/// The evidence for the ends of an enclosure, strongest first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Evidence {
    /// Rigorous: every rounding error is counted.
    Rounding,
    /// The bounds follow from a named theorem whose hypotheses were checked.
    Theorem(&'static str),
    /// The bounds follow from a computed residual, up to the rounding errors in that residual.
    Residual,
    /// The bounds fail with at most this probability.
    Probability(f64),
    /// The width comes from a model of the named computation's errors, not from a proof for this matrix.
    Estimate(&'static str),
}

impl Evidence {
    fn strength(self) -> u8 {
        match self {
            Self::Rounding => 4,
            Self::Theorem(_) => 3,
            Self::Residual => 2,
            Self::Probability(_) => 1,
            Self::Estimate(_) => 0,
        }
    }

    /// The evidence of a result that depends on both: the weaker of the two. Failure probabilities add up.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Probability(p), Self::Probability(q)) => Self::Probability(add_up(p, q).min(1.0)),
            _ if other.strength() < self.strength() => other,
            _ => self,
        }
    }

    /// Whether the bounds are proved: the evidence is rounding or a theorem.
    pub fn is_certified(self) -> bool {
        self.strength() >= 3
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rounding => f.write_str("rounding"),
            Self::Theorem(name) => write!(f, "theorem: {name}"),
            Self::Residual => f.write_str("residual"),
            Self::Probability(failure) => write!(f, "probability: fails in {failure:e}"),
            Self::Estimate(model) => write!(f, "estimate: {model}"),
        }
    }
}

/// The evidence of an enclosure whose given ends contradict each other.
const CONTRADICTION: Evidence = Evidence::Estimate("bounds that contradict each other");

/// An answer with its error bounds: `lower ≤ estimate ≤ upper`, and the evidence that the true value is between the
/// ends.
///
/// No part is NaN. A quantity that is bounded on one side only has an infinite end on the other side. `Display` prints
/// the digits that both ends share.
///
/// # Examples
///
/// ```
/// # use kappa::{Enclosure, Evidence};
/// let third = Enclosure::new(0.333332, 1.0 / 3.0, 0.333334, Evidence::Rounding);
/// assert!(third.contains(1.0 / 3.0));
/// assert_eq!(third.to_string(), "0.33333");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Enclosure {
    lower: f64,
    estimate: f64,
    upper: f64,
    evidence: Evidence,
}

impl Enclosure {
    /// An enclosure from its ends.
    ///
    /// An estimate outside the ends is moved to the nearer end. An end that is NaN is replaced by the infinity on its
    /// side, so that the enclosure is true whenever its evidence holds.
    ///
    /// A lower end above the upper end shows that one of them is wrong: the enclosure then reaches from one to the
    /// other, and its evidence is an estimate. In debug builds, certified ends that contradict each other panic,
    /// because that is a fault in kappa.
    pub fn new(lower: f64, estimate: f64, upper: f64, evidence: Evidence) -> Self {
        let lower = if lower.is_nan() { f64::NEG_INFINITY } else { lower };
        let upper = if upper.is_nan() { f64::INFINITY } else { upper };
        debug_assert!(lower <= upper || !evidence.is_certified(), "certified ends {lower:e} and {upper:e} contradict");
        let evidence = if lower <= upper { evidence } else { evidence.and(CONTRADICTION) };
        let (lower, upper) = (lower.min(upper), lower.max(upper));
        let middle = if estimate.is_nan() { lower.max(f64::MIN).min(upper) } else { estimate };
        Self { lower, estimate: middle.clamp(lower, upper), upper, evidence }
    }

    /// The enclosure of a number that is known exactly.
    pub fn exact(x: f64) -> Self {
        Self::new(x, x, x, Evidence::Rounding)
    }

    /// The enclosure `value ± radius` of a quantity that cannot be negative: rounded outward, with the lower end at
    /// least 0.
    pub fn around(value: f64, radius: f64, evidence: Evidence) -> Self {
        if value == f64::INFINITY {
            return Self::new(f64::MAX, value, value, evidence);
        }
        if radius == 0.0 {
            return Self::new(value, value, value, evidence);
        }
        Self::new(add_down(value, -radius).max(0.0), value, add_up(value, radius), evidence)
    }

    /// The lower end.
    pub fn lower(&self) -> f64 {
        self.lower
    }

    /// The estimate, which always lies between the ends.
    pub fn estimate(&self) -> f64 {
        self.estimate
    }

    /// The upper end.
    pub fn upper(&self) -> f64 {
        self.upper
    }

    /// The evidence for the ends.
    pub fn evidence(&self) -> Evidence {
        self.evidence
    }

    /// The width upper − lower, rounded up; ∞ when an end is infinite.
    pub fn width(&self) -> f64 {
        if self.lower == self.upper { 0.0 } else { add_up(self.upper, -self.lower) }
    }

    /// Whether `x` lies between the ends.
    pub fn contains(&self, x: f64) -> bool {
        self.lower <= x && x <= self.upper
    }

    /// The same numbers with the weaker of this evidence and the given one.
    pub fn with_evidence(mut self, evidence: Evidence) -> Self {
        self.evidence = self.evidence.and(evidence);
        self
    }

    /// Whether the true value is less than `bound`; `None` when the ends do not decide it.
    pub fn is_less_than(&self, bound: f64) -> Option<bool> {
        if self.upper < bound {
            Some(true)
        } else if self.lower >= bound {
            Some(false)
        } else {
            None
        }
    }

    /// Whether the true value is at most `bound`; `None` when the ends do not decide it.
    pub fn is_at_most(&self, bound: f64) -> Option<bool> {
        if self.upper <= bound {
            Some(true)
        } else if self.lower > bound {
            Some(false)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combining_keeps_the_weaker_evidence() {
        let (rounding, model) = (Evidence::Rounding, Evidence::Estimate("a model"));
        assert_eq!(rounding.and(model), model);
        assert_eq!(model.and(Evidence::Residual), model);
        assert_eq!(rounding.and(Evidence::Theorem("Weyl")), Evidence::Theorem("Weyl"));
        let Evidence::Probability(p) = Evidence::Probability(0.1).and(Evidence::Probability(0.2)) else { panic!() };
        assert!((0.3..0.30001).contains(&p));
    }

    #[test]
    fn nan_never_gets_in() {
        let e = Enclosure::new(f64::NAN, f64::NAN, f64::NAN, Evidence::Residual);
        assert_eq!((e.lower(), e.upper()), (f64::NEG_INFINITY, f64::INFINITY));
        assert!(!e.estimate().is_nan());
        let zero = Enclosure::exact(0.0);
        assert_eq!(zero.over(zero).upper(), f64::INFINITY);
        assert!(!zero.over(zero).estimate().is_nan());
        assert_eq!(zero.times(Enclosure::exact(f64::INFINITY)).estimate(), 0.0);
    }

    #[test]
    fn ends_that_contradict_are_a_wide_answer_on_weak_evidence() {
        let x = Enclosure::new(2.0, 1.5, 1.0, Evidence::Residual);
        assert_eq!((x.lower(), x.estimate(), x.upper()), (1.0, 1.5, 2.0));
        assert_eq!(x.evidence(), CONTRADICTION);
    }

    #[cfg(debug_assertions)]
    #[test]
    #[should_panic(expected = "contradict")]
    fn certified_ends_that_contradict_are_a_fault() {
        Enclosure::new(2.0, 1.5, 1.0, Evidence::Rounding);
    }

    #[test]
    fn arithmetic_steps_outward() {
        let third = Enclosure::exact(1.0).over(Enclosure::exact(3.0));
        assert!(third.lower() < 1.0 / 3.0 && 1.0 / 3.0 < third.upper());
        // √2 is between the ends: their exact squares straddle 2.
        let root = Enclosure::exact(2.0).sqrt();
        assert!(root.lower() < root.estimate() && root.estimate() < root.upper());
        let huge = Enclosure::exact(f64::MAX).plus(Enclosure::exact(f64::MAX));
        assert_eq!((huge.lower(), huge.upper()), (f64::MAX, f64::INFINITY));
        let tiny = Enclosure::exact(5e-324).times_exactly(0.25);
        assert!(tiny.lower() <= 0.0 && tiny.upper() > 0.0);
    }
}
