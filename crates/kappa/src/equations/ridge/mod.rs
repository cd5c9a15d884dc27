//! Ridge regression and Tikhonov regularization: min ‖Ax − b‖² + λ‖Lx‖².

mod any;
mod choice;
mod error;
mod standard;

pub use any::{AnyRidge, AnyRidgeSolution};
pub use choice::Choice;

use kappa_dense::{Matrix, Scalar};

use self::standard::Standard;
use super::problem::Problem;
use crate::enclosure::directed::times_power;
use crate::enclosure::{exponent_of, times_power_of_two};
use crate::error::{Error, Result};
use crate::operator::{Entries, LinearOperator};
use crate::{Enclosure, Profile};

/// A regularized least squares problem min ‖Ax − b‖² + λ‖Lx‖², decomposed once for all λ.
///
/// With L the problem is transformed to standard form by orthogonal factors (Eldén, BIT 17 (1977) 134–145), then A =
/// UΣVᴴ; for a tall A the singular value decomposition is that of its factor R. AᴴA is never formed. Filter factors fᵢ
/// = σᵢ²/(σᵢ² + λ).
///
/// # Examples
///
/// ```
/// # use kappa::equations::{Choice, Ridge};
/// # use kappa::{Matrix, gallery};
/// let a = gallery::hilbert(8);
/// let b: Vec<f64> = (0..8).map(|i| (0..8).map(|j| a[(i, j)]).sum::<f64>() + 1e-4 * (i % 2) as f64).collect();
/// let ridge = Ridge::new(&a, &b)?;
/// let x = ridge.choose(Choice::Discrepancy(2e-4))?;
/// println!("{x:?} {:?}", ridge.solution(0.0)?);
/// assert!((x.residual_norm - 2e-4).abs() < 1e-12 && x.x.iter().all(|x| (x - 1.0).abs() < 0.5));
/// // Without regularization the noise is all there is.
/// assert!(ridge.solution(0.0)?.solution_norm > 100.0);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Hansen, *Rank-Deficient and Discrete Ill-Posed Problems* (1998), chapters 4, 5 and 7.
#[derive(Clone, Debug)]
pub struct Ridge<W: Scalar> {
    inner: Standard<W>,
    scale: Scale,
    singular_values: Vec<f64>,
}

/// A = 2ᵃ·A′, b = 2ᵇ·b′ and L = 2ˡ·L′ with entries of A′, b′ and L′ near 1 in size: x = 2ᵇ⁻ᵃ·x′, and λ′ = 2²⁽ˡ⁻ᵃ⁾·λ. λ
/// is of the size of σ², and curvatures are products of four such numbers.
#[derive(Clone, Copy, Debug, Default)]
struct Scale {
    a: i32,
    b: i32,
    l: i32,
}

/// The largest number of points of a path.
const MOST: usize = 1 << 20;

impl Scale {
    fn x(self) -> i32 {
        self.b - self.a
    }

    /// λ of the problem as given.
    fn outward(self, lambda: f64) -> f64 {
        times_power_of_two(lambda, 2 * (self.a - self.l))
    }

    /// λ of the scaled problem.
    fn inward(self, lambda: f64) -> Result<f64> {
        if !(lambda >= 0.0 && lambda.is_finite()) {
            return Err(wrong_lambda(lambda));
        }
        let found = times_power_of_two(lambda, 2 * (self.l - self.a));
        if found.is_finite() && (found > 0.0 || lambda == 0.0) {
            return Ok(found);
        }
        Err(Error::unsupported(format!(
            "λ = {lambda:e} is beyond double precision relative to the square of the matrix"
        ))
        .with_hint("λ is of the size of the squares of the singular values"))
    }

    fn point(self, p: RidgePoint) -> RidgePoint {
        RidgePoint {
            lambda: self.outward(p.lambda),
            residual_norm: times_power_of_two(p.residual_norm, self.b),
            solution_norm: times_power_of_two(p.solution_norm, self.l + self.x()),
            gcv: times_power_of_two(p.gcv, 2 * self.b),
            ..p
        }
    }
}

/// A regularized solution.
#[derive(Clone, Debug, PartialEq)]
pub struct RidgeSolution<W> {
    /// The solution, of length n.
    pub x: Vec<W>,
    /// λ ≥ 0 of ‖Ax − b‖² + λ‖Lx‖²; some books write λ² for it.
    pub lambda: f64,
    /// ‖b − Ax‖₂.
    pub residual_norm: f64,
    /// ‖Lx‖₂; ‖x‖₂ without L.
    pub solution_norm: f64,
    /// Σfᵢ plus the dimension of the null space of L: the effective degrees of freedom.
    pub degrees: f64,
    /// The condition number (σ₁² + λ)/(σₙ² + λ) of the problem in standard form.
    pub cond: f64,
    /// ‖x − x*‖₂/‖x‖₂ for the exact solution x* at this λ; ∞ above where it is not known.
    pub error: Enclosure,
    /// Whether the rule for λ has its optimum at the end of the range that it searched: the data do not determine λ.
    pub is_at_end: bool,
}

/// The criteria for the choice of λ, at one λ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RidgePoint {
    /// λ.
    pub lambda: f64,
    /// ‖b − Ax‖₂.
    pub residual_norm: f64,
    /// ‖Lx‖₂.
    pub solution_norm: f64,
    /// Σfᵢ plus the dimension of the null space of L.
    pub degrees: f64,
    /// The value of generalized cross-validation.
    pub gcv: f64,
    /// The curvature of the L-curve.
    pub curvature: f64,
}

impl<W: Scalar<Wide = W>> Ridge<W> {
    /// Decomposes the problem min ‖Ax − b‖² + λ‖x‖².
    ///
    /// A is m×n, b of length m. 2mn² + 20n³ flops, then n² for each λ.
    ///
    /// # Errors
    ///
    /// When the shapes do not fit, or A is empty, and when an entry is not finite.
    pub fn new<T: Scalar<Wide = W>>(a: &(impl LinearOperator<T> + ?Sized), b: &[T]) -> Result<Self> {
        let (Problem { a, b }, scale) = checked(a, b)?;
        Ok(Self::of(Standard::new(&a, &b)?, scale))
    }

    /// Decomposes the problem min ‖Ax − b‖² + λ‖Lx‖², for example with differences L.
    ///
    /// L is p×n with full row rank, or full column rank if p > n. Otherwise as [`Ridge::new`].
    ///
    /// # Errors
    ///
    /// As [`Ridge::new`], when L does not have full rank or the wrong number of columns, and when A and L have a null
    /// vector in common, so that x is not unique.
    pub fn with_operator<T: Scalar<Wide = W>>(
        a: &(impl LinearOperator<T> + ?Sized),
        b: &[T],
        l: &(impl LinearOperator<T> + ?Sized),
    ) -> Result<Self> {
        let (Problem { a, b }, scale) = checked(a, b)?;
        let entries = Entries::of(l)?;
        Profile::of_entries(entries.view())?;
        let l = entries.view().to_wide();
        if l.columns() != a.columns() {
            let (found, needed) = (l.columns(), a.columns());
            let message = format!("the operator L has {found} columns, the matrix has {needed}");
            return Err(Error::shape(message));
        }
        let (l, exponent) = near_one(l);
        Ok(Self::of(Standard::with_operator(a, b, l)?, Scale { l: exponent, ..scale }))
    }

    fn of(inner: Standard<W>, scale: Scale) -> Self {
        let singular_values = inner.s.iter().map(|s| times_power_of_two(*s, scale.a - scale.l)).collect();
        Self { inner, scale, singular_values }
    }

    /// The singular values of the problem in standard form; without L those of A.
    pub fn singular_values(&self) -> &[f64] {
        &self.singular_values
    }

    /// The moduli |uᵢᴴb|. The discrete Picard condition requires that they decay faster than the singular values until
    /// the noise dominates.
    pub fn coefficients(&self) -> Vec<f64> {
        self.inner.beta.iter().map(|&x| times_power_of_two(crate::norm::modulus(x), self.scale.b)).collect()
    }

    /// fᵢ = σᵢ²/(σᵢ² + λ). For λ = 0 those of the solution of least norm: 0 if σᵢ ≤ max(m, n)·2⁻⁵²·σ₁.
    ///
    /// # Errors
    ///
    /// When λ is negative or not finite.
    pub fn filter_factors(&self, lambda: f64) -> Result<Vec<f64>> {
        Ok(self.inner.filter_factors(self.scale.inward(lambda)?))
    }

    /// The residual, the norm of the solution and the criteria at one λ.
    ///
    /// # Errors
    ///
    /// When λ is negative or not finite.
    pub fn point(&self, lambda: f64) -> Result<RidgePoint> {
        Ok(RidgePoint { lambda, ..self.scale.point(self.inner.point(self.scale.inward(lambda)?)) })
    }

    /// The criteria at `count` values of λ, as [`Ridge::lambdas`].
    ///
    /// # Errors
    ///
    /// When `count` is above 2²⁰.
    pub fn path(&self, count: usize) -> Result<Vec<RidgePoint>> {
        Error::check_count("count", count, MOST)?;
        let point = |lambda: f64| self.scale.point(self.inner.point(lambda));
        Ok(self.inner.lambdas(count).into_iter().map(point).collect())
    }

    /// `count` values of λ, evenly spaced on a logarithmic scale over the squares of the singular values, largest
    /// first.
    ///
    /// # Errors
    ///
    /// When `count` is above 2²⁰.
    pub fn lambdas(&self, count: usize) -> Result<Vec<f64>> {
        Error::check_count("count", count, MOST)?;
        Ok(self.inner.lambdas(count).into_iter().map(|lambda| self.scale.outward(lambda)).collect())
    }

    /// The solutions for several λ, n×k, by one matrix product.
    ///
    /// # Errors
    ///
    /// When a λ is negative or not finite.
    pub fn solutions(&self, lambdas: &[f64]) -> Result<Matrix<W>> {
        let lambdas: Vec<f64> = lambdas.iter().map(|&lambda| self.scale.inward(lambda)).collect::<Result<_>>()?;
        let mut x = self.inner.solutions(&lambdas)?;
        x.as_mut_slice().iter_mut().for_each(|x| *x = times_power_of_two(*x, self.scale.x()));
        Ok(x)
    }

    /// The solution at λ ≥ 0, with a bound of its error. For orders up to about 100 it is exact to the last digits,
    /// whatever its condition.
    ///
    /// # Errors
    ///
    /// When λ is negative or not finite.
    pub fn solution(&self, lambda: f64) -> Result<RidgeSolution<W>> {
        self.inner_solution(self.scale.inward(lambda)?).map(|found| RidgeSolution { lambda, ..found })
    }

    /// The solution at λ of the scaled problem.
    fn inner_solution(&self, lambda: f64) -> Result<RidgeSolution<W>> {
        let inner = &self.inner;
        let (x, error) = inner.with_error(inner.solutions(&[lambda])?.into_vec(), lambda);
        let point = self.scale.point(inner.point(lambda));
        let (first, last) = (inner.s.first().copied().unwrap_or(0.0), inner.s.last().copied().unwrap_or(0.0));
        let last = if inner.s.len() < inner.v.rows() { 0.0 } else { last };
        Ok(RidgeSolution {
            x: x.into_iter().map(|x| times_power_of_two(x, self.scale.x())).collect(),
            lambda: point.lambda,
            residual_norm: point.residual_norm,
            solution_norm: point.solution_norm,
            degrees: point.degrees,
            cond: if last * last + lambda > 0.0 {
                (first * first + lambda) / (last * last + lambda)
            } else {
                f64::INFINITY
            },
            error,
            is_at_end: false,
        })
    }

    /// ‖b‖₂ of the problem in standard form.
    pub fn size(&self) -> f64 {
        times_power(self.inner.size, self.scale.b).0
    }
}

fn wrong_lambda(lambda: f64) -> Error {
    Error::argument(format!("λ must be finite and ≥ 0, got {lambda}"))
        .with_hint("λ = 0 is ordinary least squares; `gcv` chooses λ from the data")
}

/// A checked problem whose matrix is not empty, with entries near 1 in size.
fn checked<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), b: &[T]) -> Result<(Problem<T::Wide>, Scale)> {
    let (m, n) = a.shape();
    if m == 0 || n == 0 {
        return Err(Error::shape(format!("the {m}×{n} matrix is empty")));
    }
    let Problem { a, b } = Problem::new(a, b)?;
    let ((a, ea), (b, eb)) = (near_one(a), near_one(Matrix::from_column_major(m, 1, b)?));
    Ok((Problem { a, b: b.into_vec() }, Scale { a: ea, b: eb, l: 0 }))
}

/// The matrix times a power of two that brings its largest entry near 1 if it is far from it, and the exponent.
fn near_one<W: Scalar>(mut a: Matrix<W>) -> (Matrix<W>, i32) {
    let largest = a.as_slice().iter().map(|x| x.re().abs().max(x.im().abs())).fold(0.0, f64::max);
    if largest == 0.0 || (1e-60..1e60).contains(&largest) {
        return (a, 0);
    }
    let e = exponent_of(largest);
    a.as_mut_slice().iter_mut().for_each(|x| *x = times_power_of_two(*x, -e));
    (a, e)
}
