//! The coefficients of a fit, with their uncertainty.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::fit::{Regression, moved};
use super::statistics::{probability, signed_quotient};
use crate::{Enclosure, Evidence};

/// A coefficient with its uncertainty.
#[derive(Clone, Debug, PartialEq)]
pub struct Coefficient {
    /// The name of the column.
    pub name: String,
    /// β, enclosed: the exact least squares coefficient of the decimal numbers in the table lies inside.
    pub estimate: Enclosure,
    /// Its standard error s·√((XᵀX)⁻¹ⱼⱼ), enclosed; any number where no degree of freedom is left.
    pub standard_error: Enclosure,
    /// The t statistic, β divided by its standard error, enclosed.
    pub t: Enclosure,
    /// The p value P(|T| ≥ |t|) for Student's distribution, as a double; NaN where t is undefined, or not known well
    /// enough.
    pub p: f64,
    /// The ends of the confidence interval, as doubles; NaN where no degree of freedom is left.
    pub interval: (f64, f64),
    /// The same ends, enclosed, with Student's quantile as the distribution function gives it.
    pub interval_ends: [Enclosure; 2],
    /// The number of certain decimal digits of β, at most 31: those of the pair of doubles that holds it.
    pub digits: f64,
    /// Whether the standard error is defined: a degree of freedom is left.
    pub has_standard_error: bool,
}

impl Coefficient {
    /// The number of certain decimal digits of the enclosure, at most 16.
    pub fn estimate_digits(&self) -> f64 {
        let (size, width) = (self.estimate.estimate().abs(), self.estimate.width());
        if width == 0.0 { 16.0 } else { (2.0 * size / width).log10().clamp(0.0, 16.0) }
    }

    /// Whether t is defined: there is a standard error, and not both it and the coefficient are 0.
    pub fn t_is_defined(&self) -> bool {
        let zero = Enclosure::exact(0.0);
        self.has_standard_error && (self.estimate != zero || self.standard_error != zero)
    }
}

/// The quantile of the standard normal distribution at p, 0 < p < 1.
///
/// The x with Φ(x) = p for the distribution function Φ: −∞ at p = 0, ∞ at p = 1. Evidence: estimate, about double
/// precision.
///
/// # Examples
///
/// ```
/// # use kappa::equations::regression::normal_quantile;
/// assert!(normal_quantile(0.5).abs() < 1e-15);
/// // The 97.5 % quantile of the two-sided 95 % interval.
/// assert!((normal_quantile(0.975) - 1.959964).abs() < 1e-6);
/// ```
pub fn normal_quantile(p: f64) -> f64 {
    statrs::distribution::Normal::standard().inverse_cdf(p)
}

/// The evidence of numbers that depend on a quantile.
const QUANTILE: Evidence = Evidence::Estimate("Student's quantile in double precision");

impl Regression {
    fn student(&self) -> Option<StudentsT> {
        StudentsT::new(0.0, 1.0, self.degrees() as f64).ok()
    }

    /// The quantile of Student's distribution: half the width of a confidence interval, in standard errors. NaN
    /// where no degree of freedom is left.
    pub fn quantile(&self) -> f64 {
        self.student().map_or(f64::NAN, |d| d.inverse_cdf(0.5 + 0.5 * self.confidence))
    }

    /// The coefficients, in the order of the columns.
    pub fn coefficients(&self) -> Vec<Coefficient> {
        let (student, reach) = (self.student(), self.quantile());
        (0..self.parameters()).map(|j| self.coefficient(j, student, reach)).collect()
    }

    fn coefficient(&self, j: usize, student: Option<StudentsT>, reach: f64) -> Coefficient {
        let e = self.exponent - self.exponents[j];
        let pinned = self.beta.enclosure(j);
        // The enclosure is infinite where the coefficient leaves the range of doubles; the scaled one is then used.
        let estimate = if pinned.width() < f64::INFINITY { pinned } else { moved(self.scaled_beta[j], e) };
        let has_standard_error = self.degrees() > 0;
        // Coefficient and standard error in the units of the scaled problem, where neither overflows.
        let scaled = self.scaled_variance().times(self.scaled_gram[j]).sqrt();
        let t = signed_quotient(self.scaled_beta[j], scaled);
        let standard_error = moved(scaled, e);
        let (value, radius) = (self.beta.value[j].high.abs(), self.beta.radius[j]);
        let digits = if radius == 0.0 { 31.0 } else { (value / radius).log10().clamp(0.0, 31.0) };
        let mut found = Coefficient {
            name: self.design.names[j].clone(),
            estimate,
            standard_error,
            t,
            p: f64::NAN,
            interval: (f64::NAN, f64::NAN),
            interval_ends: [Enclosure::exact(0.0); 2],
            digits,
            has_standard_error,
        };
        if found.t_is_defined() {
            found.p = probability(t.abs(), |x| student.map_or(f64::NAN, |d| 2.0 * d.sf(x)));
        }
        if has_standard_error {
            let half = scaled.times_exactly(reach).with_evidence(QUANTILE);
            let beta = self.scaled_beta[j];
            found.interval_ends = [moved(beta.minus(half), e), moved(beta.plus(half), e)];
            found.interval = (found.interval_ends[0].estimate(), found.interval_ends[1].estimate());
        }
        found
    }
}
