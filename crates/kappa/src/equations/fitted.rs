//! A least squares solution with its condition number, backward error and forward error.

use std::fmt;
use std::sync::OnceLock;

use kappa_dense::{Matrix, MatrixRef, Scalar, Shape, Triangle, Triangular, c64, multiply, triangular_solve};

use super::certified::EntryEnclosures;
use crate::enclosure::{exponent_of, times_power_of_two};
use crate::error::{Error, Result};
use crate::krylov::{Lanczos, Stop, largest_eigenvalue};
use crate::norm::length;
use crate::norm::times_vector;
use crate::operator::{AnyOperator, RealOrComplex, both};
use crate::{Enclosure, Evidence};

/// The factorization behind a least squares solution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LstsqMethod {
    /// Householder QR; of the adjoint for a wide matrix. Full rank only: fails where the estimate of κ₁ of R is 2⁵² or
    /// more.
    Qr,
    /// Complete orthogonal decomposition: any rank, found by column pivoting.
    Cod,
    /// Singular value decomposition: any rank.
    Svd,
    /// Cholesky factorization of AᴴA. Squares the condition number; used only on request.
    NormalEquations,
}

impl fmt::Display for LstsqMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Qr => "QR factorization",
            Self::Cod => "complete orthogonal decomposition",
            Self::Svd => "singular value decomposition",
            Self::NormalEquations => "normal equations",
        })
    }
}

impl std::str::FromStr for LstsqMethod {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        match text.trim().to_lowercase().replace('_', "-").as_str() {
            "qr" => Ok(Self::Qr),
            "cod" => Ok(Self::Cod),
            "svd" => Ok(Self::Svd),
            "normal-equations" => Ok(Self::NormalEquations),
            _ => Err(Error::syntax(format!("unknown method `{text}`; known: qr, cod, svd, normal-equations"))
                .with_hint("without a method QR is used, and the singular values of R where the rank is in doubt")),
        }
    }
}

/// A solution with the factors that its error estimates need.
pub(super) struct Found<W: Scalar> {
    pub(super) x: Matrix<W>,
    pub(super) rank: usize,
    pub(super) method: LstsqMethod,
    /// R, or a triangular or diagonal matrix with the same singular values, restricted to the numerical rank.
    pub(super) core: Matrix<W>,
    /// AᴴA = V·coreᴴ·core·Vᴴ restricted to that rank, for an orthonormal V; `None` stands for the identity.
    pub(super) basis: Option<Matrix<W>>,
}

pub(super) const UPPER: Triangle = Triangle { upper: true, unit: false, adjoint: false };

/// The minimiser of a least squares problem, with its residual, rank, condition number and error estimates.
#[derive(Clone, Debug)]
pub struct LstsqSolution<W: Scalar> {
    x: Matrix<W>,
    residual: Matrix<W>,
    residual_norms: Vec<f64>,
    rank: usize,
    method: LstsqMethod,
    shape: (usize, usize),
    /// R of QR, or a triangular or diagonal matrix with the same singular values, restricted to the numerical rank.
    core: Matrix<W>,
    /// Aᴴ(b − Ax), in the coordinates of `core`.
    gradient: Matrix<W>,
    sizes: Vec<Sizes>,
    spectral: OnceLock<(f64, f64)>,
    backward: OnceLock<f64>,
    enclosures: Option<EntryEnclosures>,
}

/// Norms that belong to one column, in the scale of `core`.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    /// ‖x‖₂.
    x: f64,
    /// ‖b − Ax‖₂.
    rest: f64,
    /// ‖Ax‖₂.
    fitted: f64,
}

const MODEL: Evidence = Evidence::Estimate("singular values of the triangular factor, by Lanczos");

fn minus<W: Scalar>(x: &[W], y: &[W]) -> Vec<W> {
    x.iter().zip(y).map(|(x, y)| *x - *y).collect()
}

impl<W: Scalar<Wide = W>> LstsqSolution<W> {
    pub(super) fn new<T: Scalar<Wide = W>>(a: MatrixRef<'_, T>, b: &Matrix<W>, found: Found<W>) -> Self {
        let (m, n) = (a.rows(), a.columns());
        let a = &a.to_wide();
        let columns = b.columns();
        let mut residual = b.clone();
        for k in 0..columns {
            let product = times_vector(a, found.x.column(k));
            residual.column_mut(k).iter_mut().zip(product).for_each(|(r, p)| *r = *r - p);
        }
        let gradient = Matrix::from_fn(n, columns, |j, k| {
            a.column(j).iter().zip(residual.column(k)).fold(W::default(), |sum, (&a, &r)| sum + a.conj() * r)
        });
        let sizes = |k: usize| Sizes {
            x: length(found.x.column(k)),
            rest: length(residual.column(k)),
            // ‖Ax‖ is computed from Ax: √(‖b‖² − ‖r‖²) loses it if it is small relative to ‖b‖.
            fitted: length(&minus(b.column(k), residual.column(k))),
        };
        let sizes: Vec<Sizes> = (0..columns).map(sizes).collect();
        let gradient = match &found.basis {
            Some(v) => multiply(v.adjoint().as_ref(), gradient.as_ref()).unwrap_or(gradient),
            None => gradient,
        };
        Self {
            residual_norms: sizes.iter().map(|s| s.rest).collect(),
            sizes,
            x: found.x,
            residual,
            rank: found.rank,
            method: found.method,
            shape: (m, n),
            core: found.core,
            gradient,
            spectral: OnceLock::new(),
            backward: OnceLock::new(),
            enclosures: None,
        }
    }

    /// Adds the enclosures of the entries; x is the estimates in them.
    pub(super) fn enclosed_by(mut self, enclosures: Option<EntryEnclosures>) -> Self {
        if let Some(found) = &enclosures {
            self.x = found.x();
        }
        self.enclosures = enclosures;
        self
    }

    /// Converts the solution for A and b to that for A·2^ea and b·2^eb.
    pub(super) fn scaled(mut self, ea: i32, eb: &[i32]) -> Self {
        for (k, &eb) in eb.iter().enumerate() {
            self.x.column_mut(k).iter_mut().for_each(|x| *x = times_power_of_two(*x, eb - ea));
            self.residual.column_mut(k).iter_mut().for_each(|x| *x = times_power_of_two(*x, eb));
            self.residual_norms[k] = times_power_of_two(self.residual_norms[k], eb);
        }
        self
    }

    /// Divides the residual by the roots of the weights: the residual of the original rows.
    pub(super) fn unweighted(mut self, roots: &[f64]) -> Self {
        for k in 0..self.residual.columns() {
            self.residual.column_mut(k).iter_mut().zip(roots).for_each(|(r, w)| *r = r.scale(1.0 / w));
        }
        self
    }

    /// The solution, n×k.
    pub fn x(&self) -> &Matrix<W> {
        &self.x
    }

    /// The solution, n×k, by value.
    pub fn into_x(self) -> Matrix<W> {
        self.x
    }

    /// b − Ax, m×k.
    pub fn residual(&self) -> &Matrix<W> {
        &self.residual
    }

    /// ‖b − Ax‖₂ of each column; for weighted rows the minimised √Σwᵢ|rᵢ|².
    pub fn residual_norms(&self) -> &[f64] {
        &self.residual_norms
    }

    /// An enclosure of each entry, every rounding error counted, if [`Lstsq::guarantee`](super::Lstsq::guarantee) asked
    /// for it.
    pub fn enclosures(&self) -> Option<&EntryEnclosures> {
        self.enclosures.as_ref()
    }

    /// The rank at the tolerance; proved with a guarantee.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// The factorization that was used.
    pub fn method(&self) -> LstsqMethod {
        self.method
    }

    /// σ₁ and σᵣ, r the numerical rank.
    fn ends(&self) -> (f64, f64) {
        *self.spectral.get_or_init(|| ends(&self.core))
    }

    /// κ₂ = σ₁/σᵣ, r the numerical rank: an estimate by Lanczos from the triangular factor. ∞ for rank 0.
    pub fn cond(&self) -> Enclosure {
        let (first, last) = self.ends();
        let value = if self.rank == 0 { f64::INFINITY } else { (first / last).max(1.0) };
        let slack = 1e-6 + 64.0 * f64::EPSILON * value;
        let upper = if slack < 0.5 { value * (1.0 + 2.0 * slack) } else { f64::INFINITY };
        Enclosure::new((value / (1.0 + slack)).max(1.0), value, upper, MODEL)
    }

    /// The condition number of x with respect to relative changes of A: κ + κ²·tan θ/η with tan θ = ‖b − Ax‖/‖Ax‖ and η
    /// = ‖A‖‖x‖/‖Ax‖, for the worst column (Trefethen and Bau, Theorem 18.1).
    pub fn solution_cond(&self) -> Enclosure {
        let (first, _) = self.ends();
        let (kappa, is_wide) = (self.cond().estimate(), self.shape.0 < self.shape.1);
        let of = |s: &Sizes| {
            // κ²·tan θ/η = κ²·‖b − Ax‖/(‖A‖‖x‖), which is at most κ·‖b − Ax‖/‖Ax‖·κ.
            let tangent_by_eta = if s.rest == 0.0 { 0.0 } else { s.rest / (first * s.x).max(s.fitted) };
            if is_wide { 2.0 * kappa } else { kappa + kappa * kappa * tangent_by_eta }
        };
        let value = self.sizes.iter().map(of).fold(kappa, f64::max);
        Enclosure::new(1.0, value, f64::INFINITY, MODEL)
    }

    /// The least relative change of A, in the Frobenius norm, that makes x the exact minimiser: Karlson and Waldén's
    /// estimate ‖(AᴴA + η²I)^(−½)Aᴴr‖/‖x‖ with η = ‖r‖/‖x‖, within a factor of √2 of the least, for the worst column,
    /// restricted to the numerical rank. ‖r‖/‖x‖ for a wide matrix of full rank.
    pub fn backward_error(&self) -> Enclosure {
        let value = *self.backward.get_or_init(|| self.worst_backward_error());
        Enclosure::new(0.0, value, value * 1.5, Evidence::Estimate("Karlson and Waldén, within a factor of √2"))
    }

    /// The estimate for the worst column; one QR factorization for each column.
    fn worst_backward_error(&self) -> f64 {
        let size = length(self.core.as_slice());
        let of = |(k, s): (usize, &Sizes)| -> f64 {
            if s.x == 0.0 || s.rest == 0.0 || size == 0.0 || self.core.columns() != self.gradient.rows() {
                return if size * s.x == 0.0 { 0.0 } else { s.rest / (size * s.x) };
            }
            karlson_walden(&self.core, s.rest / s.x, self.gradient.column(k)) / (s.x * size)
        };
        self.sizes.iter().enumerate().map(of).fold(0.0, f64::max)
    }

    /// An estimate of ‖x − x*‖₂/‖x‖₂, to first order: the condition number of the solution times the larger of 2u and
    /// its backward error relative to ‖A‖₂.
    ///
    /// With a guarantee it is a proved bound.
    pub fn forward_error(&self) -> Enclosure {
        if let Some(found) = &self.enclosures {
            return found.forward_error(true);
        }
        // The backward error is relative to ‖A‖_F, the condition number to ‖A‖₂.
        let share = length(self.core.as_slice()) / self.ends().0;
        let backward = self.backward_error().upper() * if share.is_finite() { share } else { 1.0 };
        let squared = if self.method == LstsqMethod::NormalEquations { self.cond().estimate() } else { 1.0 };
        let value = self.solution_cond().estimate() * backward.max(f64::EPSILON * squared);
        Enclosure::new(0.0, value, value, Evidence::Estimate("condition times backward error, to first order"))
    }
}

/// ‖(RᴴR + η²I)^(−½)g‖₂ by a QR factorization of [R; ηI].
fn karlson_walden<W: Scalar<Wide = W>>(r: &Matrix<W>, eta: f64, gradient: &[W]) -> f64 {
    let n = r.columns();
    let stacked = Matrix::from_fn(2 * n, n, |i, j| match i.checked_sub(n) {
        None => r[(i, j)],
        Some(i) => W::from_parts(if i == j { eta } else { 0.0 }, 0.0),
    });
    let gradient = Matrix::from_fn(n, 1, |i, _| gradient[i]);
    let turned = kappa_dense::qr(stacked.as_ref(), Shape::Thin)
        .and_then(|f| triangular_solve(f.r.as_ref(), Triangle { adjoint: true, ..UPPER }, &gradient));
    turned.map_or(f64::INFINITY, |y| length(y.column(0)))
}

/// The largest and the smallest singular value of a square triangular matrix.
fn ends<W: Scalar<Wide = W>>(r: &Matrix<W>) -> (f64, f64) {
    let n = r.rows();
    if n == 0 {
        return (0.0, 0.0);
    }
    // Near 1 in size, so that no square overflows or underflows.
    let e = exponent_of(crate::norm::largest_part(r.as_slice().iter().copied()));
    let r = &Matrix::from_fn(n, n, |i, j| times_power_of_two(r[(i, j)], -e));
    let adjoint = r.adjoint();
    let how = Lanczos { tolerance: 1e-6, steps: 200, ..Lanczos::default() };
    let normal = |x: &[W]| times_vector(&adjoint, &times_vector(r, x));
    let Ok(t) = Triangular::new(r.as_ref(), UPPER) else { return (f64::INFINITY, 0.0) };
    let inverse = |x: &[W]| t.solve(&t.solve(&Matrix::from_fn(n, 1, |i, _| x[i]), true), false).into_vec();
    let first = largest_eigenvalue(n, &how, Stop::Enclosed, normal).value.max(0.0).sqrt();
    let last = largest_eigenvalue(n, &how, Stop::Enclosed, inverse).value.max(0.0).sqrt();
    (times_power_of_two(first, e), if last > 0.0 { times_power_of_two(1.0 / last, e) } else { 0.0 })
}

/// [`LstsqSolution`] of a real or of a complex matrix.
pub type AnyLstsqSolution = RealOrComplex<LstsqSolution<f64>, LstsqSolution<c64>>;

impl AnyLstsqSolution {
    /// The solution.
    pub fn x(&self) -> AnyOperator<'_> {
        both!(self, f => f.x().into())
    }

    /// b − Ax.
    pub fn residual(&self) -> AnyOperator<'_> {
        both!(self, f => f.residual().into())
    }

    /// ‖b − Ax‖₂ of each column.
    pub fn residual_norms(&self) -> &[f64] {
        both!(self, f => f.residual_norms())
    }

    /// An enclosure of each entry, if a guarantee asked for it.
    pub fn enclosures(&self) -> Option<&EntryEnclosures> {
        both!(self, f => f.enclosures())
    }

    /// The numerical rank of A.
    pub fn rank(&self) -> usize {
        both!(self, f => f.rank())
    }

    /// The factorization that was used.
    pub fn method(&self) -> LstsqMethod {
        both!(self, f => f.method())
    }

    /// The condition number of A.
    pub fn cond(&self) -> Enclosure {
        both!(self, f => f.cond())
    }

    /// The condition number of the solution.
    pub fn solution_cond(&self) -> Enclosure {
        both!(self, f => f.solution_cond())
    }

    /// The least relative change of A that makes x exact.
    pub fn backward_error(&self) -> Enclosure {
        both!(self, f => f.backward_error())
    }

    /// An estimate of the relative error of x.
    pub fn forward_error(&self) -> Enclosure {
        both!(self, f => f.forward_error())
    }
}
