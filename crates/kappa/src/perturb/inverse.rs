use super::{Theorem, amplified, at_most, condition, size};
use crate::Enclosure;
use crate::error::Result;

/// How far the inverse moves: ‖(A + E)⁻¹ − A⁻¹‖/‖A⁻¹‖ ≤ κε/(1 − κε).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InversePerturbation {
    cond: f64,
    matrix_error: f64,
}

impl InversePerturbation {
    pub(super) const STATEMENT: &'static str = "‖(A + E)⁻¹ − A⁻¹‖/‖A⁻¹‖ ≤ κε/(1 − κε) where κε < 1, ε = ‖E‖/‖A‖";

    /// The theorem for these numbers.
    ///
    /// # Errors
    ///
    /// When a number breaks a hypothesis of the theorem.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::perturb::{InversePerturbation, Theorem};
    /// assert!((InversePerturbation::new(10.0, 0.05)?.bound().upper() - 1.0).abs() < 1e-12);
    /// assert_eq!(InversePerturbation::new(10.0, 0.1)?.bound().upper(), f64::INFINITY);
    /// # Ok::<(), kappa::Error>(())
    /// ```
    pub fn new(cond: f64, matrix_error: f64) -> Result<Self> {
        Ok(Self {
            cond: condition("the condition number", cond)?,
            matrix_error: size("the error of the matrix", matrix_error)?,
        })
    }

    pub(super) fn from([cond, matrix_error]: [f64; 2]) -> Result<Self> {
        Self::new(cond, matrix_error)
    }

    /// κ(A) in an induced norm.
    pub fn cond(&self) -> f64 {
        self.cond
    }

    /// ‖E‖/‖A‖ in that norm.
    pub fn matrix_error(&self) -> f64 {
        self.matrix_error
    }
}

impl Theorem for InversePerturbation {
    fn name(&self) -> &'static str {
        "inverse"
    }

    fn statement(&self) -> &'static str {
        Self::STATEMENT
    }

    fn reference(&self) -> &'static str {
        "Higham, Accuracy and Stability, 2nd ed., section 14.1; Stewart and Sun, III.2"
    }

    fn numbers(&self) -> Vec<f64> {
        vec![self.cond, self.matrix_error]
    }

    fn bound(&self) -> Enclosure {
        at_most(amplified(self.cond, self.matrix_error), "inverse")
    }
}
