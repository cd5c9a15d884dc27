use super::{Theorem, at_most, size};
use crate::Enclosure;
use crate::enclosure::directed::{add_up, mul_up, sqrt_down, sqrt_up};
use crate::error::Result;

/// Eisenstat and Ipsen: scaling from both sides moves every singular value relatively, small ones too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EisenstatIpsen {
    left: f64,
    right: f64,
}

impl EisenstatIpsen {
    pub(super) const STATEMENT: &'static str = "|σᵢ(D₁AD₂) − σᵢ(A)| ≤ σᵢ(A)·(√((1 + α)(1 + β)) − 1 \
        or 1 − √((1 − α)(1 − β))), α = ‖D₁D₁ᴴ − I‖, β = ‖D₂ᴴD₂ − I‖";

    /// The theorem for these numbers.
    ///
    /// # Errors
    ///
    /// When a number breaks a hypothesis of the theorem.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::perturb::{EisenstatIpsen, Theorem};
    /// assert!(EisenstatIpsen::new(0.01, 0.0)?.bound().upper() < 0.00505);
    /// # Ok::<(), kappa::Error>(())
    /// ```
    pub fn new(left: f64, right: f64) -> Result<Self> {
        Ok(Self { left: size("the left defect", left)?, right: size("the right defect", right)? })
    }

    pub(super) fn from([left, right]: [f64; 2]) -> Result<Self> {
        Self::new(left, right)
    }

    /// ‖D₁D₁ᴴ − I‖₂.
    pub fn left(&self) -> f64 {
        self.left
    }

    /// ‖D₂ᴴD₂ − I‖₂.
    pub fn right(&self) -> f64 {
        self.right
    }
}

impl Theorem for EisenstatIpsen {
    fn name(&self) -> &'static str {
        "eisenstat-ipsen"
    }

    fn statement(&self) -> &'static str {
        Self::STATEMENT
    }

    fn reference(&self) -> &'static str {
        "Eisenstat and Ipsen, SINUM 32 (1995) 1972–1988; Ostrowski"
    }

    fn numbers(&self) -> Vec<f64> {
        vec![self.left, self.right]
    }

    fn bound(&self) -> Enclosure {
        at_most(relative(self.left, self.right), "Eisenstat–Ipsen")
    }
}

/// The larger of √((1 + α)(1 + β)) − 1 and 1 − √((1 − α)(1 − β)), rounded up; at least 1 where a defect is.
fn relative(left: f64, right: f64) -> f64 {
    let grown = add_up(sqrt_up(mul_up((1.0 + left).next_up(), (1.0 + right).next_up())), -1.0);
    let (l, r) = ((1.0 - left).next_down().max(0.0), (1.0 - right).next_down().max(0.0));
    let shrunk = add_up(1.0, -sqrt_down((l * r).next_down().max(0.0)));
    if grown > shrunk { grown } else { shrunk }
}
