//! The influence of each row on a regression.

use super::fit::{Regression, moved};
use super::statistics::{one_minus, signed_quotient};
use crate::Enclosure;

/// The influence of one row on the fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Influence {
    /// The row of the table, counted from 0.
    pub row: usize,
    /// The residual y − Xβ, enclosed.
    pub residual: Enclosure,
    /// The leverage hᵢᵢ between 0 and 1, enclosed: the derivative of the fitted value with respect to the row's own y.
    pub leverage: Enclosure,
    /// The residual divided by its standard error s√(1 − h); NaN for h = 1 or s = 0, where it is undefined, and where
    /// six digits are not known.
    pub standardized: f64,
    /// The same with s from the other rows: it has Student's t distribution with one degree of freedom less. ±∞ where
    /// the other rows are fitted exactly; NaN if no degree is left, where it is undefined, and where it is not known.
    pub studentized: f64,
    /// Cook's distance: the change of all coefficients without the row (Cook 1977). Rows above 1, or above 4/m, deserve
    /// inspection. NaN as `standardized`.
    pub cook: f64,
    /// DFFITS: the change of the row's fitted value without the row, in standard errors. NaN as `studentized`.
    pub dffits: f64,
}

impl Influence {
    /// Whether the numbers that compare the residual with its standard error are undefined: the row alone determines
    /// its own fitted value, or all residuals are 0.
    pub fn is_undefined(&self, fit: &Regression) -> bool {
        self.leverage == Enclosure::exact(1.0) || fit.is_exact_fit() == Some(true)
    }
}

/// The double, if six digits of it are known.
fn known(x: Enclosure) -> f64 {
    let is_infinite = x.lower() == x.upper() && x.lower().is_infinite();
    let is_near = x.width() <= 1e-6 * x.estimate().abs().max(1e-3);
    if is_infinite || is_near { x.estimate() } else { f64::NAN }
}

impl Regression {
    /// (1 − h)·(the residual sum of squares without row i), which is (1 − h)·rss − r², in the units of the scaled
    /// problem.
    pub(super) fn without(&self, i: usize) -> Enclosure {
        if let Some(found) = self.deleted.get(&i) {
            return *found;
        }
        let r = moved(self.residuals[i], -self.exponent);
        self.square.times(complement(self.leverages[i])).minus(r.powi(2))
    }

    /// Leverage and influence of each row that is used.
    ///
    /// Reference: Belsley, Kuh and Welsch, *Regression Diagnostics* (1980), chapter 2; Cook, Technometrics 19 (1977)
    /// 15–18.
    pub fn influence(&self) -> Vec<Influence> {
        self.each_influence().collect()
    }

    /// As [`Regression::influence`], one row after another.
    pub fn each_influence(&self) -> impl Iterator<Item = Influence> {
        (0..self.observations()).map(|i| self.influence_of(i, self.unweighted(i, self.residuals[i])))
    }

    fn influence_of(&self, i: usize, residual: Enclosure) -> Influence {
        let (degrees, parameters) = (self.degrees() as f64, self.parameters() as f64);
        let h = self.leverages[i];
        let r = moved(self.residuals[i], -self.exponent);
        let left = complement(h);
        // If h may be 1, or the residual standard error may be 0, r is a rounding error.
        let is_told = left.lower() > 0.0 && self.square.lower() > 0.0;
        let variance = self.square.over(Enclosure::exact(degrees)).times(left);
        let standardized = if is_told { known(signed_quotient(r, variance.sqrt())) } else { f64::NAN };
        let cook = if is_told {
            let factor = h.over(left).over(Enclosure::exact(parameters));
            known(r.powi(2).over(variance).times(factor))
        } else {
            f64::NAN
        };
        let has_others = is_told && degrees > 1.0;
        let studentized = if has_others { self.studentized(i, r) } else { Enclosure::exact(0.0) };
        let if_told = |x: Enclosure| if has_others { known(x) } else { f64::NAN };
        Influence {
            row: self.design.rows[i],
            residual,
            leverage: h,
            standardized,
            studentized: if_told(studentized),
            cook,
            dffits: if_told(studentized.times(h.over(left).sqrt())),
        }
    }

    /// r√(ν − 1)/√((1 − h)·rss − r²).
    fn studentized(&self, i: usize, r: Enclosure) -> Enclosure {
        let factor = Enclosure::exact((self.degrees() - 1) as f64).sqrt();
        signed_quotient(r.times(factor), self.without(i).sqrt())
    }
}

/// 1 − h for a leverage h ≤ 1.
fn complement(h: Enclosure) -> Enclosure {
    let x = one_minus(h);
    Enclosure::new(x.lower().max(0.0), x.estimate(), x.upper(), x.evidence())
}
