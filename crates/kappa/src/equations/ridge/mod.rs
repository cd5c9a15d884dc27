//! Ridge regression and Tikhonov regularization: min ‖Ax − b‖² + λ‖Lx‖².

mod any;
mod choice;
mod error;

pub use any::{AnyRidge, AnyRidgeSolution};
pub use choice::Choice;

use kappa_dense::{Matrix, Scalar, multiply, reflections};

use super::problem::{Problem, length};
use super::standard_form::Back;
use crate::error::{Error, Result};
use crate::norm::times_vector;
use crate::operator::{Entries, LinearOperator};
use crate::{Enclosure, Profile, svd};

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
    shape: (usize, usize),
    /// Singular values of the problem in standard form, largest first.
    s: Vec<f64>,
    /// uᵢᴴb.
    beta: Vec<W>,
    v: Matrix<W>,
    /// ‖b‖² of the part of b that is orthogonal to the range.
    beyond: f64,
    size: f64,
    /// The transformation from standard form to x.
    back: Option<Back<W>>,
    /// A and b in standard form, from which the hat matrix is computed on request: U, and the columns in the null space
    /// of L.
    a: Matrix<W>,
    b: Vec<W>,
    /// L; the identity by default.
    operator: Option<Matrix<W>>,
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
    /// - When the shapes do not fit, or A is empty.
    /// - When an entry is not finite, or the largest entry of A or b is outside 1e-60 to 1e60.
    pub fn new<T: Scalar<Wide = W>>(a: &(impl LinearOperator<T> + ?Sized), b: &[T]) -> Result<Self> {
        let Problem { a, b } = checked(a, b)?;
        Self::standard(&a, &b, None)
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
        let Problem { a, b } = checked(a, b)?;
        let entries = Entries::of(l)?;
        Profile::of_entries(entries.view())?;
        check_size("L", entries.view().to_wide().as_slice())?;
        if entries.view().columns() != a.columns() {
            return Err(Error::shape(format!(
                "the operator L has {} columns, the matrix has {}",
                entries.view().columns(),
                a.columns()
            )));
        }
        let (back, rest) = Back::new(&a, &b, entries.view())?;
        let standard = back.standard.clone();
        let mut ridge = Self::standard(&standard, &rest, Some(back))?;
        (ridge.shape, ridge.a, ridge.b) = ((a.rows(), a.columns()), a, b);
        ridge.operator = Some(entries.view().to_wide());
        Ok(ridge)
    }

    fn standard(a: &Matrix<W>, b: &[W], back: Option<Back<W>>) -> Result<Self> {
        let (m, n) = (a.rows(), a.columns());
        let column = Matrix::from_column_major(m, 1, b.to_vec())?;
        let (f, along) = if m > n {
            let factors = reflections(a.as_ref())?;
            let mut turned = column;
            factors.apply(&mut turned, true);
            (svd(&factors.r())?, Matrix::from_fn(n, 1, |i, _| turned[(i, 0)]))
        } else {
            (svd(a)?, column)
        };
        let beta = multiply(f.u().adjoint().as_ref(), along.as_ref())?.into_vec();
        Ok(Self {
            shape: (m, n),
            s: f.singular_values().estimates().to_vec(),
            v: f.v().clone(),
            beyond: beyond(a, b, &f, &beta),
            beta,
            size: length(b),
            back,
            a: a.clone(),
            b: b.to_vec(),
            operator: None,
        })
    }

    /// The singular values of the problem in standard form; without L those of A.
    pub fn singular_values(&self) -> &[f64] {
        &self.s
    }

    /// The moduli |uᵢᴴb|. The discrete Picard condition requires that they decay faster than the singular values until
    /// the noise dominates.
    pub fn coefficients(&self) -> Vec<f64> {
        self.beta.iter().map(|&x| crate::norm::modulus(x)).collect()
    }

    /// fᵢ = σᵢ²/(σᵢ² + λ). For λ = 0 those of the solution of least norm: 0 if σᵢ ≤ max(m, n)·2⁻⁵²·σ₁.
    pub fn filter_factors(&self, lambda: f64) -> Vec<f64> {
        let limit = self.shape.0.max(self.shape.1) as f64 * f64::EPSILON * self.s.first().copied().unwrap_or(0.0);
        let of = |s: f64| if lambda == 0.0 { f64::from(s > limit) } else { 1.0 / (1.0 + (lambda / s) / s) };
        self.s.iter().map(|&s| if s == 0.0 { 0.0 } else { of(s) }).collect()
    }

    /// The dimension of the null space of L.
    fn free(&self) -> usize {
        self.back.as_ref().map_or(0, |b| b.fixed.columns())
    }

    /// ‖b − Ax‖² and ‖Lx‖² at λ.
    fn squares(&self, lambda: f64) -> (f64, f64) {
        let f = self.filter_factors(lambda);
        let mut found = (self.beyond, 0.0);
        for ((f, beta), s) in f.iter().zip(&self.beta).zip(&self.s) {
            let square = beta.abs_squared();
            let left = if lambda == 0.0 { 1.0 - f } else { lambda / (lambda + s * s) };
            found.0 += left * left * square;
            if *f > 0.0 {
                found.1 += (f / s) * (f / s) * square;
            }
        }
        found
    }

    /// The residual, the norm of the solution and the criteria at one λ.
    pub fn point(&self, lambda: f64) -> RidgePoint {
        let (rest, norm) = self.squares(lambda);
        let degrees = self.filter_factors(lambda).iter().sum::<f64>() + self.free() as f64;
        let room = self.shape.0 as f64 - degrees;
        RidgePoint {
            lambda,
            residual_norm: rest.sqrt(),
            solution_norm: norm.sqrt(),
            degrees,
            gcv: if room > 0.0 { rest / (room * room) } else { f64::INFINITY },
            curvature: self.curvature(lambda, rest, norm),
        }
    }

    /// The curvature of (log‖r‖, log‖Lx‖) as a function of λ. With ρ = ‖r‖², η = ‖Lx‖² and ρ' = −λη' it is
    /// 2η²ρ²/|η'|·(1 + λη'/η + λ²η'/ρ)/(λ²η² + ρ²)^(3/2), positive at the corner (as Hansen 1998, section 7.5, in
    /// another form).
    fn curvature(&self, lambda: f64, rho: f64, eta: f64) -> f64 {
        // η' = −2Σσ²|β|²/(σ² + λ)³.
        let slope = self.norm_slope(lambda);
        let bracket = 1.0 + lambda * slope / eta + lambda * lambda * slope / rho;
        // The order of the factors avoids overflow.
        let length = (lambda * eta).hypot(rho);
        let value = 2.0 * (eta * rho / length) * (eta * rho / length) / slope.abs() / length * bracket;
        if value.is_finite() { value } else { f64::NEG_INFINITY }
    }

    /// d‖Lx‖²/dλ.
    fn norm_slope(&self, lambda: f64) -> f64 {
        let terms = self.beta.iter().zip(&self.s).filter(|(_, s)| **s > 0.0).map(|(b, s)| {
            let d = s * s + lambda;
            -2.0 * (s / d) * (s / d) * b.abs_squared() / d
        });
        terms.sum()
    }

    /// The range of λ of the path: from a tenth of the square of the smallest singular value above 16ε·σ₁, and 10⁻⁸σ₁²
    /// at most, to σ₁².
    fn range(&self) -> (f64, f64) {
        let first = self.s[0];
        let limit = 16.0 * f64::EPSILON * first;
        let low = self.s.iter().copied().filter(|s| *s > limit).fold(first, f64::min);
        ((0.1 * low * low).min(1e-8 * first * first), first * first)
    }

    /// The criteria at `count` values of λ, as [`Ridge::lambdas`].
    pub fn path(&self, count: usize) -> Vec<RidgePoint> {
        self.lambdas(count).into_iter().map(|lambda| self.point(lambda)).collect()
    }

    /// `count` values of λ, evenly spaced on a logarithmic scale over the squares of the singular values, largest
    /// first.
    pub fn lambdas(&self, count: usize) -> Vec<f64> {
        if self.s.first().is_none_or(|s| *s == 0.0) {
            return vec![0.0; count];
        }
        let (low, high) = self.range();
        logarithms(low, high, count).into_iter().rev().map(f64::exp).collect()
    }

    /// The solutions for several λ, n×k, by one matrix product.
    ///
    /// # Errors
    ///
    /// When a λ is negative or not finite.
    pub fn solutions(&self, lambdas: &[f64]) -> Result<Matrix<W>> {
        if let Some(lambda) = lambdas.iter().find(|l| !(**l >= 0.0 && l.is_finite())) {
            return Err(wrong_lambda(*lambda));
        }
        let filters: Vec<Vec<f64>> = lambdas.iter().map(|&l| self.filter_factors(l)).collect();
        let along = Matrix::from_fn(self.s.len(), lambdas.len(), |i, k| {
            if filters[k][i] == 0.0 { W::default() } else { self.beta[i].scale(filters[k][i] / self.s[i]) }
        });
        let x = multiply(self.v.as_ref(), along.as_ref())?;
        let Some(back) = &self.back else { return Ok(x) };
        let mut x = multiply(back.map.as_ref(), x.as_ref())?;
        for k in 0..x.columns() {
            x.column_mut(k).iter_mut().zip(&back.free).for_each(|(x, f)| *x += *f);
        }
        Ok(x)
    }

    /// The solution at λ ≥ 0, with a bound of its error. For orders up to about 100 it is exact to the last digits,
    /// whatever its condition.
    ///
    /// # Errors
    ///
    /// When λ is negative or not finite.
    pub fn solution(&self, lambda: f64) -> Result<RidgeSolution<W>> {
        let (x, error) = self.with_error(self.solutions(&[lambda])?.into_vec(), lambda);
        let point = self.point(lambda);
        let (first, last) = (self.s.first().copied().unwrap_or(0.0), self.s.last().copied().unwrap_or(0.0));
        let last = if self.s.len() < self.v.rows() { 0.0 } else { last };
        Ok(RidgeSolution {
            x,
            lambda,
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
        self.size
    }
}

/// The logarithms of `count` numbers from `low` to `high`, evenly spaced.
fn logarithms(low: f64, high: f64, count: usize) -> Vec<f64> {
    let (a, b) = (low.ln(), high.ln());
    (0..count).map(|k| if count == 1 { b } else { a + (b - a) * k as f64 / (count - 1) as f64 }).collect()
}

fn wrong_lambda(lambda: f64) -> Error {
    Error::argument(format!("λ must be finite and ≥ 0, got {lambda}"))
        .with_hint("λ = 0 is ordinary least squares; `gcv` chooses λ from the data")
}

/// A checked problem whose matrix is not empty.
fn checked<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), b: &[T]) -> Result<Problem<T::Wide>> {
    let (m, n) = a.shape();
    if m == 0 || n == 0 {
        return Err(Error::shape(format!("the {m}×{n} matrix is empty")));
    }
    let found = Problem::new(a, b)?;
    check_size("the matrix", found.a.as_slice())?;
    check_size("the right-hand side", &found.b)?;
    Ok(found)
}

/// λ is of the size of σ², and curvatures are products of four such numbers: entries far from 1 would overflow or
/// underflow.
fn check_size<W: Scalar>(what: &str, entries: &[W]) -> Result<()> {
    let largest = entries.iter().map(|x| x.re().abs().max(x.im().abs())).fold(0.0, f64::max);
    if largest == 0.0 || (1e-60..1e60).contains(&largest) {
        return Ok(());
    }
    Err(Error::unsupported(format!(
        "the largest entry of {what} is {largest:e}, outside 1e-60 to 1e60: its powers overflow or underflow"
    ))
    .with_hint(format!("multiply {what} by a power of ten, and scale x and λ accordingly")))
}

/// ‖b − UUᴴb‖², from the residual at λ = 0: the difference ‖b‖² − ‖Uᴴb‖² would cancel.
fn beyond<W: Scalar<Wide = W>>(a: &Matrix<W>, b: &[W], f: &crate::Svd<W>, beta: &[W]) -> f64 {
    let s = f.singular_values().estimates();
    // Singular values below the tolerance belong to the range of A as stored, but their directions are determined by
    // rounding errors.
    let limit = 16.0 * f64::EPSILON * s[0];
    let part = |(b, s): (&W, &f64)| if *s > limit { b.scale(1.0 / s) } else { W::default() };
    let along: Vec<W> = beta.iter().zip(s).map(part).collect();
    let x = times_vector(f.v(), &along);
    let fitted = times_vector(a, &x);
    let rest: Vec<W> = b.iter().zip(fitted).map(|(b, p)| *b - p).collect();
    let lost: f64 = beta.iter().zip(s).filter(|(_, s)| **s <= limit).map(|(b, _)| b.abs_squared()).sum();
    let size = length(&rest);
    (size * size - lost).max(0.0)
}
