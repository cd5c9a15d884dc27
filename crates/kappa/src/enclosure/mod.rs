//! A number with doubt: two ends, the best guess between them, and why the ends may be believed.

mod arithmetic;
pub mod directed;
mod display;
mod pinned;
mod scaling;

pub(crate) use pinned::{Pinned, enclosure as pinned_enclosure};
pub(crate) use scaling::{exponent_far_from_one, exponent_of, times_power_of_two};

use std::fmt;

use directed::{add_down, add_up};

/// How far an answer is to be trusted: passed to verbs that end in `_by`.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Guarantee {
    /// What the algorithm gives: bounds by its error model where they are not proved anyway.
    #[default]
    Usual,
    /// Every rounding error counted: the evidence is rounding, or a theorem whose hypotheses were checked.
    Certified,
}

/// Why an enclosure may be believed, strongest first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Evidence {
    /// Rigorous: every rounding error is counted.
    Rounding,
    /// Follows from a named theorem whose hypotheses were checked.
    Theorem(&'static str),
    /// Follows from a residual that was computed, up to the rounding errors of computing it.
    Residual,
    /// Fails with at most this probability.
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

    /// The weaker of the two: what a result that needs both can claim. Failure probabilities add up.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Probability(p), Self::Probability(q)) => Self::Probability(add_up(p, q).min(1.0)),
            _ if other.strength() < self.strength() => other,
            _ => self,
        }
    }

    /// Whether the enclosure holds for certain.
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

/// What is left to say where the ends of an enclosure contradict each other.
const CONTRADICTION: Evidence = Evidence::Estimate("bounds that contradict each other");

/// An answer with its error bound: `lower ≤ estimate ≤ upper`, and the evidence that the true value is between the ends.
///
/// Never NaN. What is known from one side only has an infinite other end. Displayed with the digits that both ends
/// share.
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
    /// An enclosure from its ends. The estimate is moved between the ends if it lies outside; an end that is NaN is
    /// replaced by the infinity on its side, so that an enclosure is always true if its evidence is.
    ///
    /// Ends that contradict each other, the lower one above the upper one, show that one of them is wrong: the answer reaches from one to
    /// the other, and its evidence is an estimate. In debug builds a contradiction of certified ends panics, for it is a fault of kappa.
    pub fn new(lower: f64, estimate: f64, upper: f64, evidence: Evidence) -> Self {
        let lower = if lower.is_nan() { f64::NEG_INFINITY } else { lower };
        let upper = if upper.is_nan() { f64::INFINITY } else { upper };
        debug_assert!(lower <= upper || !evidence.is_certified(), "certified ends {lower:e} and {upper:e} contradict");
        let evidence = if lower <= upper { evidence } else { evidence.and(CONTRADICTION) };
        let (lower, upper) = (lower.min(upper), lower.max(upper));
        let middle = if estimate.is_nan() { lower.max(f64::MIN).min(upper) } else { estimate };
        Self { lower, estimate: middle.clamp(lower, upper), upper, evidence }
    }

    /// A number known without doubt.
    pub fn exact(x: f64) -> Self {
        Self::new(x, x, x, Evidence::Rounding)
    }

    /// `value ± radius`, widened outward and cut at 0: for quantities that cannot be negative.
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

    /// The best guess; always between the ends.
    pub fn estimate(&self) -> f64 {
        self.estimate
    }

    /// The upper end.
    pub fn upper(&self) -> f64 {
        self.upper
    }

    /// Why the ends may be believed.
    pub fn evidence(&self) -> Evidence {
        self.evidence
    }

    /// upper − lower, rounded up; ∞ when an end is infinite.
    pub fn width(&self) -> f64 {
        if self.lower == self.upper { 0.0 } else { add_up(self.upper, -self.lower) }
    }

    /// Whether `x` lies between the ends.
    pub fn contains(&self, x: f64) -> bool {
        self.lower <= x && x <= self.upper
    }

    /// The same numbers on weaker evidence.
    pub fn with_evidence(mut self, evidence: Evidence) -> Self {
        self.evidence = self.evidence.and(evidence);
        self
    }

    /// `true` or `false` where every value between the ends agrees, `None` where the doubt decides.
    pub fn is_less_than(&self, bound: f64) -> Option<bool> {
        if self.upper < bound {
            Some(true)
        } else if self.lower >= bound {
            Some(false)
        } else {
            None
        }
    }

    /// As [`Enclosure::is_less_than`], with equality allowed.
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
