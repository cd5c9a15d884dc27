//! Ridge regression for an [`AnyOperator`], which is real or complex.

use kappa_dense::c64;

use super::{Choice, Ridge, RidgePoint, RidgeSolution};
use crate::Enclosure;
use crate::error::Result;
use crate::operator::{AnyMatrix, AnyOperator, RealOrComplex, both};

/// [`Ridge`] of a real or of a complex matrix.
pub type AnyRidge = RealOrComplex<Ridge<f64>, Ridge<c64>>;

impl AnyRidge {
    /// Decomposes the problem with A, b and the operator L of λ‖Lx‖²; without L the identity.
    ///
    /// # Errors
    ///
    /// As [`Ridge`].
    pub fn new(a: &AnyOperator<'_>, b: &AnyMatrix, l: Option<&AnyMatrix>) -> Result<Self> {
        match (a.widened()?, b, l) {
            (RealOrComplex::Real(a), AnyMatrix::Real(b), None) => {
                Ridge::new(&a.operand(), b.as_slice()).map(Self::Real)
            }
            (RealOrComplex::Real(a), AnyMatrix::Real(b), Some(AnyMatrix::Real(l))) => {
                Ridge::with_operator(&a.operand(), b.as_slice(), l).map(Self::Real)
            }
            (a, b, l) => {
                let (a, b) = (a.into_complex()?, b.to_complex());
                match l.map(AnyMatrix::to_complex) {
                    None => Ridge::new(&a.operand(), b.as_slice()),
                    Some(l) => Ridge::with_operator(&a.operand(), b.as_slice(), &l),
                }
                .map(Self::Complex)
            }
        }
    }

    /// The singular values of the problem in standard form.
    pub fn singular_values(&self) -> &[f64] {
        both!(self, f => f.singular_values())
    }

    /// |uᵢᴴb|, for the Picard condition.
    pub fn coefficients(&self) -> Vec<f64> {
        both!(self, f => f.coefficients())
    }

    /// σ²/(σ² + λ).
    ///
    /// # Errors
    ///
    /// As [`Ridge`].
    pub fn filter_factors(&self, lambda: f64) -> Result<Vec<f64>> {
        both!(self, f => f.filter_factors(lambda))
    }

    /// The criteria at one λ.
    ///
    /// # Errors
    ///
    /// As [`Ridge`].
    pub fn point(&self, lambda: f64) -> Result<RidgePoint> {
        both!(self, f => f.point(lambda))
    }

    /// The criteria at `count` values of λ.
    ///
    /// # Errors
    ///
    /// As [`Ridge`].
    pub fn path(&self, count: usize) -> Result<Vec<RidgePoint>> {
        both!(self, f => f.path(count))
    }

    /// `count` values of λ from the largest to the smallest of the path.
    ///
    /// # Errors
    ///
    /// As [`Ridge`].
    pub fn lambdas(&self, count: usize) -> Result<Vec<f64>> {
        both!(self, f => f.lambdas(count))
    }

    /// The solutions for several λ, one column each.
    ///
    /// # Errors
    ///
    /// As [`Ridge`].
    pub fn solutions(&self, lambdas: &[f64]) -> Result<AnyMatrix> {
        both!(self, f => f.solutions(lambdas).map(AnyMatrix::from))
    }

    /// The λ that a rule chooses.
    ///
    /// # Errors
    ///
    /// As [`Ridge`].
    pub fn lambda(&self, choice: Choice) -> Result<f64> {
        both!(self, f => f.lambda(choice))
    }

    /// The solution for one λ.
    ///
    /// # Errors
    ///
    /// As [`Ridge`].
    pub fn solution(&self, lambda: f64) -> Result<AnyRidgeSolution> {
        match self {
            Self::Real(f) => f.solution(lambda).map(AnyRidgeSolution::Real),
            Self::Complex(f) => f.solution(lambda).map(AnyRidgeSolution::Complex),
        }
    }

    /// The solution at the λ that a rule chooses.
    ///
    /// # Errors
    ///
    /// As [`Ridge`].
    pub fn choose(&self, choice: Choice) -> Result<AnyRidgeSolution> {
        match self {
            Self::Real(f) => f.choose(choice).map(AnyRidgeSolution::Real),
            Self::Complex(f) => f.choose(choice).map(AnyRidgeSolution::Complex),
        }
    }
}

/// [`RidgeSolution`] of a real or of a complex matrix.
pub type AnyRidgeSolution = RealOrComplex<RidgeSolution<f64>, RidgeSolution<c64>>;

impl AnyRidgeSolution {
    /// The solution as a column.
    pub fn x(&self) -> AnyMatrix {
        both!(self, f => AnyMatrix::column(&f.x))
    }

    /// λ.
    pub fn lambda(&self) -> f64 {
        both!(self, f => f.lambda)
    }

    /// ‖b − Ax‖₂.
    pub fn residual_norm(&self) -> f64 {
        both!(self, f => f.residual_norm)
    }

    /// ‖Lx‖₂.
    pub fn solution_norm(&self) -> f64 {
        both!(self, f => f.solution_norm)
    }

    /// The effective degrees of freedom.
    pub fn degrees(&self) -> f64 {
        both!(self, f => f.degrees)
    }

    /// ‖x − x*‖₂/‖x‖₂ for the exact solution x*.
    pub fn error(&self) -> Enclosure {
        both!(self, f => f.error)
    }

    /// Whether the rule for λ ended at the end of the range that it searched.
    pub fn is_at_end(&self) -> bool {
        both!(self, f => f.is_at_end)
    }

    /// The condition number of the regularized problem.
    pub fn cond(&self) -> f64 {
        both!(self, f => f.cond)
    }
}
