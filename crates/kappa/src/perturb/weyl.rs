use super::{Theorem, at_most, size};
use crate::Enclosure;
use crate::error::Result;

/// Weyl: no singular value moves by more than ‖E‖₂, and no eigenvalue of a Hermitian matrix that stays Hermitian.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weyl {
    change: f64,
}

impl Weyl {
    pub(super) const STATEMENT: &'static str =
        "|σᵢ(A + E) − σᵢ(A)| ≤ ‖E‖₂ for every i, and the same for eigenvalues of Hermitian matrices";

    /// The theorem for these numbers.
    ///
    /// # Errors
    ///
    /// When a number breaks a hypothesis of the theorem.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::perturb::{Weyl, Theorem};
    /// assert_eq!(Weyl::new(0.1)?.bound().upper(), 0.1);
    /// # Ok::<(), kappa::Error>(())
    /// ```
    pub fn new(change: f64) -> Result<Self> {
        Ok(Self { change: size("the change", change)? })
    }

    pub(super) fn from([change]: [f64; 1]) -> Result<Self> {
        Self::new(change)
    }

    /// ‖E‖₂.
    pub fn change(&self) -> f64 {
        self.change
    }
}

impl Theorem for Weyl {
    fn name(&self) -> &'static str {
        "weyl"
    }

    fn statement(&self) -> &'static str {
        Self::STATEMENT
    }

    fn reference(&self) -> &'static str {
        "Weyl, Math. Ann. 71 (1912) 441–479; Stewart and Sun, Matrix Perturbation Theory, IV.4"
    }

    fn numbers(&self) -> Vec<f64> {
        vec![self.change]
    }

    fn bound(&self) -> Enclosure {
        at_most(self.change, "Weyl")
    }
}
