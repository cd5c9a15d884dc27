//! The statistics of a fit: sums of squares, R², F, the criteria of information.

use kappa_dense::Matrix;
use statrs::distribution::{ContinuousCDF, FisherSnedecor};

use super::fit::{Regression, moved};
use crate::Enclosure;
use crate::enclosure::directed::{add_down, add_up, times_power};

impl Regression {
    /// The degrees of freedom of the model: coefficients without the constant.
    pub fn model_degrees(&self) -> usize {
        self.parameters() - usize::from(self.design.has_constant)
    }

    /// Whether the model fits every row exactly: the residual sum of squares is 0. `None` where that is not known.
    pub fn is_exact_fit(&self) -> Option<bool> {
        self.is_exact
    }

    /// The residual sum of squares.
    pub fn residual_square(&self) -> Enclosure {
        moved(self.square, 2 * self.exponent)
    }

    /// The total sum of squares Σ(y − ȳ)²; Σy² for a model without a constant.
    pub fn total_square(&self) -> Enclosure {
        moved(self.total, 2 * self.exponent)
    }

    fn scaled_model_square(&self) -> Enclosure {
        let (t, r) = (self.total, self.square);
        let lower = add_down(t.lower(), -r.upper()).max(0.0);
        let upper = add_up(t.upper(), -r.lower()).max(lower);
        Enclosure::new(lower, t.estimate() - r.estimate(), upper, t.evidence().and(r.evidence()))
    }

    /// The model sum of squares: the total minus the residual one.
    pub fn model_square(&self) -> Enclosure {
        moved(self.scaled_model_square(), 2 * self.exponent)
    }

    /// The variance s² in the units of the scaled problem; any number where no degree of freedom is left.
    pub(super) fn scaled_variance(&self) -> Enclosure {
        self.square.over(Enclosure::exact(self.degrees() as f64))
    }

    /// The residual standard error s = √(residual sum of squares / residual degrees of freedom). It is undefined, and
    /// any number here, where no degree of freedom is left.
    pub fn residual_deviation(&self) -> Enclosure {
        moved(self.scaled_variance().sqrt(), self.exponent)
    }

    /// Whether R² is centred, 1 − rss/Σ(y − ȳ)²; otherwise, for a model without an intercept, it is 1 − rss/Σy².
    pub fn r_squared_is_centred(&self) -> bool {
        self.design.has_constant
    }

    /// Whether the columns of a model without an intercept span a constant, as those of all categories do; `None` for a
    /// model with an intercept, and where it is not known.
    pub fn spans_constant(&self) -> Option<bool> {
        self.spans_constant
    }

    /// Whether R² is defined: the total sum of squares is not 0.
    pub fn r_squared_is_defined(&self) -> bool {
        self.total.upper() > 0.0
    }

    /// R² = 1 − residual/total sum of squares, where the total is Σy² for a model without an intercept (uncentred); any
    /// number up to 1 if the total sum of squares is 0.
    pub fn r_squared(&self) -> Enclosure {
        if !self.r_squared_is_defined() {
            return Enclosure::new(f64::NEG_INFINITY, 0.0, 1.0, self.total.evidence());
        }
        one_minus(self.square.over(self.total))
    }

    /// R² = 1 − rss/Σ(y − ȳ)² of a model without an intercept whose columns span a constant: that of the same model
    /// with an intercept. `None` for other models, and where Σ(y − ȳ)² is 0.
    pub fn centred_r_squared(&self) -> Option<Enclosure> {
        let total = self.centred_total.filter(|total| total.upper() > 0.0)?;
        Some(one_minus(self.square.over(total)))
    }

    /// Adjusted R²: 1 − (1 − R²)(m − c)/degrees, c = 1 with a constant and 0 without.
    pub fn adjusted_r_squared(&self) -> Enclosure {
        let whole = (self.observations() - usize::from(self.design.has_constant)) as f64;
        let share = self.square.over(self.total);
        one_minus(share.times_exactly(whole).over(Enclosure::exact(self.degrees() as f64)))
    }

    /// Whether F is defined: there is a model besides the constant, a degree of freedom is left, and not all sums of
    /// squares are 0.
    pub fn f_is_defined(&self) -> bool {
        self.model_degrees() > 0 && self.degrees() > 0 && self.total.upper() > 0.0
    }

    /// The F statistic (model sum of squares/model degrees)/(residual sum of squares/degrees); `None` for a model of a
    /// constant alone.
    pub fn f(&self) -> Option<Enclosure> {
        let k = self.model_degrees();
        let each = |x: Enclosure, degrees: usize| x.over(Enclosure::exact(degrees as f64));
        (k > 0).then(|| each(self.scaled_model_square(), k).over(each(self.square, self.degrees())))
    }

    /// The p value P(F ≥ f) for Fisher's distribution, as a double; NaN where F is undefined or not known.
    pub fn p_of_f(&self) -> Option<f64> {
        let f = self.f()?;
        if !self.f_is_defined() {
            return Some(f64::NAN);
        }
        let distribution = FisherSnedecor::new(self.model_degrees() as f64, self.degrees() as f64).ok()?;
        Some(probability(f, |x| distribution.sf(x)))
    }

    /// The log-likelihood at the fit for normal errors: −m/2·(log(2π·residual sum of squares/m) + 1) + ½Σ log wᵢ.
    ///
    /// ∞ for an exact fit; NaN where the residual sum of squares is not known to six digits.
    pub fn log_likelihood(&self) -> f64 {
        let square = self.square;
        if square.width() > 1e-6 * square.lower() {
            return f64::NAN;
        }
        let m = self.observations() as f64;
        let weights = self.weights.as_ref().map_or(0.0, |w| w.iter().map(|w| w.high.ln()).sum::<f64>());
        let scale = 2.0 * f64::from(self.exponent) * std::f64::consts::LN_2;
        let log = (2.0 * std::f64::consts::PI * square.estimate() / m).ln() + scale;
        0.5 * weights - 0.5 * m * (log + 1.0)
    }

    /// Akaike's information criterion −2·log L + 2(n + 1), with the variance counted as a parameter, as R does. −∞ for
    /// an exact fit.
    pub fn aic(&self) -> f64 {
        2.0 * (self.parameters() + 1) as f64 - 2.0 * self.log_likelihood()
    }

    /// Schwarz's Bayesian information criterion −2·log L + log(m)·(n + 1), with the variance counted as a parameter, as
    /// R does. −∞ for an exact fit.
    pub fn bic(&self) -> f64 {
        (self.observations() as f64).ln() * (self.parameters() + 1) as f64 - 2.0 * self.log_likelihood()
    }

    /// The covariance matrix of the coefficients, s²(XᵀX)⁻¹, as doubles; NaN where no degree of freedom is left.
    pub fn covariance(&self) -> Matrix<f64> {
        let (n, s) = (self.parameters(), &self.inverse_triangle.high);
        let square = self.square.estimate() / self.degrees() as f64;
        Matrix::from_fn(n, n, |i, k| {
            let sum: f64 = square * (0..n).map(|j| s[(i, j)] * s[(k, j)]).sum::<f64>();
            let e = 2 * self.exponent - self.exponents[i] - self.exponents[k];
            times_power(sum.abs(), e).0.copysign(sum)
        })
    }
}

pub(super) fn one_minus(x: Enclosure) -> Enclosure {
    Enclosure::exact(1.0).minus(x)
}

/// A probability below which its size does not matter.
const NEGLIGIBLE: f64 = 1e-16;
/// A decreasing function of a statistic ≥ 0 that is known within bounds: NaN where they leave it open.
pub(super) fn probability(x: Enclosure, sf: impl Fn(f64) -> f64) -> f64 {
    let at = |x: f64| if x == f64::INFINITY { 0.0 } else { sf(x) };
    let (least, most) = (at(x.upper()), at(x.lower().max(0.0)));
    let is_known = most < NEGLIGIBLE || most - least <= 1e-4 * most;
    if is_known { at(x.estimate()) } else { f64::NAN }
}

/// x/y for y ≥ 0 and x of any sign.
pub(super) fn signed_quotient(x: Enclosure, y: Enclosure) -> Enclosure {
    if x.lower() >= 0.0 {
        x.over(y)
    } else if x.upper() <= 0.0 {
        x.negated().over(y).negated()
    } else {
        let reach = |end: f64| Enclosure::exact(end.abs()).over(y).upper();
        let middle = if y.estimate() == 0.0 { 0.0 } else { x.estimate() / y.estimate() };
        Enclosure::new(-reach(x.lower()), middle, reach(x.upper()), x.evidence().and(y.evidence()))
    }
}
