use super::{Theorem, at_most, condition, size, sum};
use crate::Enclosure;
use crate::enclosure::directed::{div_up, mul_up};
use crate::error::Result;

/// How far the solution of Ax = b moves: κ(ε_A + ε_b)/(1 − κε_A) where κε_A < 1; without the denominator it would be
/// first order only.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearSystem {
    cond: f64,
    matrix_error: f64,
    rhs_error: f64,
}

impl LinearSystem {
    pub(super) const STATEMENT: &'static str = "‖Δx‖/‖x‖ ≤ κ(ε_A + ε_b)/(1 − κε_A) where κε_A < 1";

    /// The theorem for these numbers.
    ///
    /// # Errors
    ///
    /// When a number breaks a hypothesis of the theorem.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::perturb::{LinearSystem, Theorem};
    /// // First order alone would say 0.5, and be wrong.
    /// assert!(LinearSystem::new(10.0, 0.05, 0.0)?.bound().upper() >= 1.0);
    /// # Ok::<(), kappa::Error>(())
    /// ```
    pub fn new(cond: f64, matrix_error: f64, rhs_error: f64) -> Result<Self> {
        Ok(Self {
            cond: condition("the condition number", cond)?,
            matrix_error: size("the error of the matrix", matrix_error)?,
            rhs_error: size("the error of the right-hand side", rhs_error)?,
        })
    }

    pub(super) fn from([cond, matrix_error, rhs_error]: [f64; 3]) -> Result<Self> {
        Self::new(cond, matrix_error, rhs_error)
    }

    /// κ(A) in an induced norm.
    pub fn cond(&self) -> f64 {
        self.cond
    }

    /// ‖E‖/‖A‖.
    pub fn matrix_error(&self) -> f64 {
        self.matrix_error
    }

    /// ‖f‖/‖b‖.
    pub fn rhs_error(&self) -> f64 {
        self.rhs_error
    }
}

impl Theorem for LinearSystem {
    fn name(&self) -> &'static str {
        "linear-system"
    }

    fn statement(&self) -> &'static str {
        Self::STATEMENT
    }

    fn reference(&self) -> &'static str {
        "Higham, Accuracy and Stability, 2nd ed., Theorem 7.2"
    }

    fn numbers(&self) -> Vec<f64> {
        vec![self.cond, self.matrix_error, self.rhs_error]
    }

    fn bound(&self) -> Enclosure {
        at_most(solution(self.cond, self.matrix_error, self.rhs_error), "linear systems")
    }
}

fn solution(cond: f64, a: f64, b: f64) -> f64 {
    let grown = mul_up(cond, a);
    if grown >= 1.0 { f64::INFINITY } else { div_up(mul_up(cond, sum(a, b)), (1.0 - grown).next_down()) }
}
