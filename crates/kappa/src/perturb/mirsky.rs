use super::{Theorem, at_most, size};
use crate::Enclosure;
use crate::error::Result;

/// Mirsky: the changes of all singular values together are at most the change, in every unitarily invariant norm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mirsky {
    change: f64,
}

impl Mirsky {
    pub(super) const STATEMENT: &'static str = "‖diag(σᵢ(A + E) − σᵢ(A))‖ ≤ ‖E‖ in every unitarily invariant norm";

    /// The theorem for these numbers.
    ///
    /// # Errors
    ///
    /// When a number breaks a hypothesis of the theorem.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::perturb::{Mirsky, Theorem};
    /// assert_eq!(Mirsky::new(2.0)?.bound().upper(), 2.0);
    /// # Ok::<(), kappa::Error>(())
    /// ```
    pub fn new(change: f64) -> Result<Self> {
        Ok(Self { change: size("the change", change)? })
    }

    pub(super) fn from([change]: [f64; 1]) -> Result<Self> {
        Self::new(change)
    }

    /// ‖E‖ in the norm.
    pub fn change(&self) -> f64 {
        self.change
    }
}

impl Theorem for Mirsky {
    fn name(&self) -> &'static str {
        "mirsky"
    }

    fn statement(&self) -> &'static str {
        Self::STATEMENT
    }

    fn reference(&self) -> &'static str {
        "Mirsky, Quart. J. Math. 11 (1960) 50–59"
    }

    fn numbers(&self) -> Vec<f64> {
        vec![self.change]
    }

    fn bound(&self) -> Enclosure {
        at_most(self.change, "Mirsky")
    }
}
