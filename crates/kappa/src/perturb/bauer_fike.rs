use super::{Theorem, at_most, condition, size};
use crate::Enclosure;
use crate::enclosure::directed::mul_up;
use crate::error::Result;

/// Bauer and Fike: every eigenvalue of A + E lies within κ(X)‖E‖ of one of A = XΛX⁻¹.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BauerFike {
    cond: f64,
    change: f64,
}

impl BauerFike {
    pub(super) const STATEMENT: &'static str =
        "for every eigenvalue μ of A + E: min |μ − λᵢ(A)| ≤ κ(X)·‖E‖, where A = XΛX⁻¹";

    /// The theorem for these numbers.
    ///
    /// # Errors
    ///
    /// When a number breaks a hypothesis of the theorem.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::perturb::{BauerFike, Theorem};
    /// assert!((BauerFike::new(10.0, 0.1)?.bound().upper() - 1.0).abs() < 1e-15);
    /// # Ok::<(), kappa::Error>(())
    /// ```
    pub fn new(cond: f64, change: f64) -> Result<Self> {
        Ok(Self { cond: condition("the condition number", cond)?, change: size("the change", change)? })
    }

    pub(super) fn from([cond, change]: [f64; 2]) -> Result<Self> {
        Self::new(cond, change)
    }

    /// κ(X), in the same p-norm.
    pub fn cond(&self) -> f64 {
        self.cond
    }

    /// ‖E‖ in a p-norm.
    pub fn change(&self) -> f64 {
        self.change
    }
}

impl Theorem for BauerFike {
    fn name(&self) -> &'static str {
        "bauer-fike"
    }

    fn statement(&self) -> &'static str {
        Self::STATEMENT
    }

    fn reference(&self) -> &'static str {
        "Bauer and Fike, Numer. Math. 2 (1960) 137–141"
    }

    fn numbers(&self) -> Vec<f64> {
        vec![self.cond, self.change]
    }

    fn bound(&self) -> Enclosure {
        at_most(mul_up(self.cond, self.change), "Bauer–Fike")
    }
}
