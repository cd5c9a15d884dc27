//! The influence of each row on a regression.

use super::fit::Regression;

/// The influence of one row on the fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Influence {
    /// The row of the table, counted from 0.
    pub row: usize,
    /// The residual y − Xβ.
    pub residual: f64,
    /// The leverage hᵢᵢ between 0 and 1: the derivative of the fitted value with respect to the row's own y.
    pub leverage: f64,
    /// The residual divided by its standard error s√(1 − h); NaN for h = 1 or s = 0.
    pub standardized: f64,
    /// The same with s from the other rows: it has Student's t distribution with one degree of freedom less; NaN if
    /// none is left.
    pub studentized: f64,
    /// Cook's distance: the change of all coefficients without the row (Cook 1977). Rows above 1, or above 4/m, deserve
    /// inspection.
    pub cook: f64,
    /// DFFITS: the change of the row's fitted value without the row, in standard errors.
    pub dffits: f64,
}

impl Regression {
    /// Leverage and influence of each row that is used.
    ///
    /// Reference: Belsley, Kuh and Welsch, *Regression Diagnostics* (1980), chapter 2; Cook, Technometrics 19 (1977)
    /// 15–18.
    pub fn influence(&self) -> Vec<Influence> {
        let (s, degrees) = (self.residual_deviation().estimate(), self.degrees() as f64);
        let parameters = self.parameters() as f64;
        let residuals = self.residuals();
        let of = |i: usize| {
            let h = self.leverages()[i].estimate().min(1.0);
            let r = self.weighted_residuals()[i];
            // If h may be 1, or the residual standard error may be 0, r is a rounding error.
            let is_told = self.leverages()[i].upper() < 1.0 && self.residual_deviation().lower() > 0.0;
            let standardized = if is_told { r / (s * (1.0 - h).sqrt()) } else { f64::NAN };
            // s² without the row is (ν − rᵢ²)/(ν − 1) times s².
            let left = (degrees - standardized * standardized) / (degrees - 1.0);
            let studentized = if degrees > 1.0 && left > 0.0 { standardized / left.sqrt() } else { f64::NAN };
            Influence {
                row: self.design().rows[i],
                residual: residuals[i],
                leverage: h,
                standardized,
                studentized,
                cook: standardized * standardized * h / ((1.0 - h) * parameters),
                dffits: studentized * (h / (1.0 - h)).sqrt(),
            }
        };
        (0..self.observations()).map(of).collect()
    }
}
