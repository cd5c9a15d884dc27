use super::{Theorem, at_most, size};
use crate::Enclosure;
use crate::error::Result;

/// Hoffman and Wielandt: the eigenvalues of two normal matrices can be paired so that their distances are at most ‖E‖_F
/// together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HoffmanWielandt {
    change: f64,
}

impl HoffmanWielandt {
    pub(super) const STATEMENT: &'static str =
        "√Σ|λᵢ(A) − λₚ₍ᵢ₎(B)|² ≤ ‖A − B‖_F for some order p, where A and B are normal";

    /// The theorem for these numbers.
    ///
    /// # Errors
    ///
    /// When a number breaks a hypothesis of the theorem.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::perturb::{HoffmanWielandt, Theorem};
    /// assert_eq!(HoffmanWielandt::new(0.5)?.bound().upper(), 0.5);
    /// # Ok::<(), kappa::Error>(())
    /// ```
    pub fn new(change: f64) -> Result<Self> {
        Ok(Self { change: size("the change", change)? })
    }

    pub(super) fn from([change]: [f64; 1]) -> Result<Self> {
        Self::new(change)
    }

    /// ‖E‖_F.
    pub fn change(&self) -> f64 {
        self.change
    }
}

impl Theorem for HoffmanWielandt {
    fn name(&self) -> &'static str {
        "hoffman-wielandt"
    }

    fn statement(&self) -> &'static str {
        Self::STATEMENT
    }

    fn reference(&self) -> &'static str {
        "Hoffman and Wielandt, Duke Math. J. 20 (1953) 37–39"
    }

    fn numbers(&self) -> Vec<f64> {
        vec![self.change]
    }

    fn bound(&self) -> Enclosure {
        at_most(self.change, "Hoffman–Wielandt")
    }
}
