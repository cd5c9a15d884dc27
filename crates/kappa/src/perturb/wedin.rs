use super::{Theorem, at_most, positive, size};
use crate::Enclosure;
use crate::enclosure::directed::div_up;
use crate::error::Result;

/// Wedin: singular subspaces turn by angles with sin Θ ≤ max(‖R‖, ‖S‖)/gap, at most ‖E‖/gap.
///
/// The gap lies between the singular values of A that are kept and the others of the changed matrix, 0 among them where
/// it is not square.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wedin {
    gap: f64,
    change: f64,
}

impl Wedin {
    pub(super) const STATEMENT: &'static str = "max(‖sin Θ(U)‖, ‖sin Θ(V)‖) ≤ ‖E‖₂/δ, \
        where δ separates the kept singular values from the others of the changed matrix";

    /// The theorem for these numbers.
    ///
    /// # Errors
    ///
    /// When a number breaks a hypothesis of the theorem.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::perturb::{Wedin, Theorem};
    /// assert!((Wedin::new(2.0, 0.5)?.bound().upper() - 0.25).abs() < 1e-15);
    /// # Ok::<(), kappa::Error>(())
    /// ```
    pub fn new(gap: f64, change: f64) -> Result<Self> {
        Ok(Self { gap: positive("the gap", gap)?, change: size("the change", change)? })
    }

    pub(super) fn from([gap, change]: [f64; 2]) -> Result<Self> {
        Self::new(gap, change)
    }

    /// The gap δ.
    pub fn gap(&self) -> f64 {
        self.gap
    }

    /// ‖E‖, or the larger of the two residuals.
    pub fn change(&self) -> f64 {
        self.change
    }
}

impl Theorem for Wedin {
    fn name(&self) -> &'static str {
        "wedin"
    }

    fn statement(&self) -> &'static str {
        Self::STATEMENT
    }

    fn reference(&self) -> &'static str {
        "Wedin, BIT 12 (1972) 99–111"
    }

    fn numbers(&self) -> Vec<f64> {
        vec![self.gap, self.change]
    }

    fn bound(&self) -> Enclosure {
        at_most(div_up(self.change, self.gap).min(1.0), "Wedin")
    }
}
