use super::{Theorem, amplified, at_most, condition, size, sum};
use crate::Enclosure;
use crate::enclosure::directed::mul_up;
use crate::error::Result;

/// How far the solution of a least squares problem of full rank moves (Wedin).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeastSquaresPerturbation {
    cond: f64,
    matrix_error: f64,
    residual: f64,
}

impl LeastSquaresPerturbation {
    pub(super) const STATEMENT: &'static str = "‖Δx‖/‖x‖ ≤ κε/(1 − κε)·(2 + (κ + 1)·‖r‖/(‖A‖‖x‖)) where κε < 1";

    /// The theorem for these numbers.
    ///
    /// # Errors
    ///
    /// When a number breaks a hypothesis of the theorem.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::perturb::{LeastSquaresPerturbation, Theorem};
    /// assert!((LeastSquaresPerturbation::new(2.0, 0.25, 0.0)?.bound().upper() - 2.0).abs() < 1e-12);
    /// # Ok::<(), kappa::Error>(())
    /// ```
    pub fn new(cond: f64, matrix_error: f64, residual: f64) -> Result<Self> {
        Ok(Self {
            cond: condition("the condition number", cond)?,
            matrix_error: size("the error", matrix_error)?,
            residual: size("the residual", residual)?,
        })
    }

    pub(super) fn from([cond, matrix_error, residual]: [f64; 3]) -> Result<Self> {
        Self::new(cond, matrix_error, residual)
    }

    /// κ₂(A).
    pub fn cond(&self) -> f64 {
        self.cond
    }

    /// ε with ‖E‖₂ ≤ ε‖A‖₂ and ‖f‖₂ ≤ ε‖b‖₂.
    pub fn matrix_error(&self) -> f64 {
        self.matrix_error
    }

    /// ‖r‖₂/(‖A‖₂‖x‖₂).
    pub fn residual(&self) -> f64 {
        self.residual
    }
}

impl Theorem for LeastSquaresPerturbation {
    fn name(&self) -> &'static str {
        "least-squares"
    }

    fn statement(&self) -> &'static str {
        Self::STATEMENT
    }

    fn reference(&self) -> &'static str {
        "Wedin, BIT 13 (1973) 217–232; Higham, Accuracy and Stability, 2nd ed., Theorem 20.1"
    }

    fn numbers(&self) -> Vec<f64> {
        vec![self.cond, self.matrix_error, self.residual]
    }

    fn bound(&self) -> Enclosure {
        at_most(
            mul_up(amplified(self.cond, self.matrix_error), sum(2.0, mul_up(sum(self.cond, 1.0), self.residual))),
            "Wedin (least squares)",
        )
    }
}
