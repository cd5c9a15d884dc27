use kappa_dense::Scalar;

use super::{Theorem, amplified, at_most, condition, positive, size};
use crate::condition::{Extended, skeel_cond_at};
use crate::error::Result;
use crate::operator::LinearOperator;
use crate::{Enclosure, skeel_cond};

/// How far the solution of Ax = b moves when every entry of A and b is off by a relative ε: through Skeel's condition
/// numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ComponentwiseSystem {
    cond: f64,
    cond_at: f64,
    error: f64,
}

impl ComponentwiseSystem {
    pub(super) const STATEMENT: &'static str =
        "‖Δx‖_∞/‖x‖_∞ ≤ 2ε·cond(A, x)/(1 − ε·cond(A)) where |E| ≤ ε|A|, |f| ≤ ε|b| and ε·cond(A) < 1";

    /// The theorem for a matrix and the solution of a system with it.
    ///
    /// ```
    /// # use kappa::{Matrix, perturb::{ComponentwiseSystem, Theorem}};
    /// let a = Matrix::from_row_major(2, 2, vec![1.0, 0.0, 0.0, 1e-12])?;
    /// // κ is 1e12, and still every entry keeps its digits.
    /// assert!(ComponentwiseSystem::new(&a, &[1.0, 1.0], 1e-6)?.bound().upper() < 2.1e-6);
    /// # Ok::<(), kappa::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`skeel_cond`], and when `error` is negative or not finite.
    pub fn new<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), x: &[T], error: f64) -> Result<Self> {
        let upper = |k: Extended| k.enclosure().upper();
        Self::from([upper(skeel_cond(a)?), upper(skeel_cond_at(a, x)?), error])
    }

    pub(super) fn from([cond, cond_at, error]: [f64; 3]) -> Result<Self> {
        Ok(Self {
            cond: condition("Skeel's condition number", cond)?,
            cond_at: positive("Skeel's condition number at the solution", cond_at)?,
            error: size("the relative error", error)?,
        })
    }

    /// ‖|A⁻¹||A|‖_∞.
    pub fn cond(&self) -> f64 {
        self.cond
    }

    /// ‖|A⁻¹||A||x|‖_∞/‖x‖_∞.
    pub fn cond_at(&self) -> f64 {
        self.cond_at
    }

    /// ε.
    pub fn error(&self) -> f64 {
        self.error
    }
}

impl Theorem for ComponentwiseSystem {
    fn name(&self) -> &'static str {
        "componentwise-system"
    }

    fn statement(&self) -> &'static str {
        Self::STATEMENT
    }

    fn reference(&self) -> &'static str {
        "Higham, Accuracy and Stability, 2nd ed., Theorem 7.4; Skeel, J. ACM 26 (1979) 494–526"
    }

    fn numbers(&self) -> Vec<f64> {
        vec![self.cond, self.cond_at, self.error]
    }

    fn bound(&self) -> Enclosure {
        // |A⁻¹|(|A||x| + |b|) ≤ 2|A⁻¹||A||x|; and ε·c/(1 − ε·cond) = (c/cond)·(ε·cond/(1 − ε·cond)).
        let ratio = crate::enclosure::directed::div_up(self.cond_at, self.cond);
        let grown = amplified(self.cond, self.error);
        at_most(crate::enclosure::directed::mul_up(2.0, crate::enclosure::directed::mul_up(ratio, grown)), "Higham 7.4")
    }
}
