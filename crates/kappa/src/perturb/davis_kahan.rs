use super::{Theorem, at_most, positive, size};
use crate::Enclosure;
use crate::enclosure::directed::div_up;
use crate::error::Result;

/// Davis and Kahan: an invariant subspace of a Hermitian matrix turns by an angle with sin θ ≤ ‖E‖/gap.
///
/// The gap lies between the eigenvalues of A that are kept and those of the changed matrix that are not, one set inside
/// an interval and the other outside of the interval widened by the gap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DavisKahan {
    gap: f64,
    change: f64,
}

impl DavisKahan {
    pub(super) const STATEMENT: &'static str =
        "‖sin Θ‖ ≤ ‖E‖/δ, where δ separates the kept eigenvalues from the others of the changed matrix";

    /// The theorem for these numbers.
    ///
    /// # Errors
    ///
    /// When a number breaks a hypothesis of the theorem.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::perturb::{DavisKahan, Theorem};
    /// assert!((DavisKahan::new(0.5, 0.1)?.bound().upper() - 0.2).abs() < 1e-15);
    /// assert!(DavisKahan::new(0.0, 0.1).is_err());
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

    /// ‖E‖, in a unitarily invariant norm; the norm of a residual will do.
    pub fn change(&self) -> f64 {
        self.change
    }
}

impl Theorem for DavisKahan {
    fn name(&self) -> &'static str {
        "davis-kahan"
    }

    fn statement(&self) -> &'static str {
        Self::STATEMENT
    }

    fn reference(&self) -> &'static str {
        "Davis and Kahan, SINUM 7 (1970) 1–46"
    }

    fn numbers(&self) -> Vec<f64> {
        vec![self.gap, self.change]
    }

    fn bound(&self) -> Enclosure {
        at_most(div_up(self.change, self.gap), "Davis–Kahan")
    }
}
