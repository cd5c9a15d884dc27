use super::{Theorem, at_most, whole};
use crate::Enclosure;
use crate::arithmetic::root;
use crate::enclosure::directed::{div_up, mul_up};
use crate::error::Result;

/// Elsner: every eigenvalue of B lies near one of A, whatever the eigenvectors, but only like the n-th root of the
/// change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Elsner {
    size: f64,
    change: f64,
    order: f64,
}

impl Elsner {
    pub(super) const STATEMENT: &'static str =
        "for every eigenvalue μ of B: min |μ − λᵢ(A)| ≤ (‖A‖ + ‖B‖)^(1 − 1/n)·‖A − B‖^(1/n)";

    /// The theorem for these numbers.
    ///
    /// # Errors
    ///
    /// When a number breaks a hypothesis of the theorem.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::perturb::{Elsner, Theorem};
    /// assert!((Elsner::new(2.0, 2.0, 5.0)?.bound().upper() - 2.0).abs() < 1e-12);
    /// # Ok::<(), kappa::Error>(())
    /// ```
    pub fn new(size: f64, change: f64, order: f64) -> Result<Self> {
        Ok(Self {
            size: super::size("the size", size)?,
            change: super::size("the change", change)?,
            order: whole("the order", order)?,
        })
    }

    pub(super) fn from([size, change, order]: [f64; 3]) -> Result<Self> {
        Self::new(size, change, order)
    }

    /// ‖A‖₂ + ‖B‖₂.
    pub fn size(&self) -> f64 {
        self.size
    }

    /// ‖A − B‖₂.
    pub fn change(&self) -> f64 {
        self.change
    }

    /// The order n.
    pub fn order(&self) -> f64 {
        self.order
    }
}

impl Theorem for Elsner {
    fn name(&self) -> &'static str {
        "elsner"
    }

    fn statement(&self) -> &'static str {
        Self::STATEMENT
    }

    fn reference(&self) -> &'static str {
        "Elsner, Linear Algebra Appl. 71 (1985) 77–80"
    }

    fn numbers(&self) -> Vec<f64> {
        vec![self.size, self.change, self.order]
    }

    fn bound(&self) -> Enclosure {
        at_most(bound(self.size, self.change, self.order), "Elsner")
    }
}

/// s·(E/s)^(1/n), rounded up.
fn bound(size: f64, change: f64, order: f64) -> f64 {
    if size == 0.0 || change == 0.0 {
        return 0.0;
    }
    mul_up(size, root(div_up(change, size), order).upper())
}
