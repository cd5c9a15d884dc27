//! Least squares: min ‖Ax − b‖₂, and the x of least norm among all that attain it.

use std::fmt;
use std::sync::{Arc, OnceLock};

use kappa_dense::{
    Matrix, MatrixRef, Scalar, Shape, Triangle, Triangular, WideEngine, multiply, reflections, triangular_solve,
};

use crate::ask::Entries;
use crate::condition::search;
use crate::error::{Error, Result};
use crate::factor::complete_orthogonal;
use crate::krylov::{Lanczos, Stop, largest_eigenvalue};
use crate::operator::{LinearOperator, times_vector};
use crate::{Enclosure, Evidence, OneNorm, Profile, Tolerance, svd};

/// How a least squares problem is solved: passed last, and usually left at its default.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lstsq {
    /// The factorization; QR, and the singular values of R where its rank is in doubt, where nothing is asked for.
    pub method: Option<LstsqMethod>,
    /// When a singular value counts as zero.
    pub tolerance: Tolerance,
}

/// The factorization behind a least squares solution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LstsqMethod {
    /// Householder QR; of the adjoint for a wide matrix. Full rank only.
    Qr,
    /// Complete orthogonal decomposition: any rank, found by column pivoting.
    Cod,
    /// Singular value decomposition: any rank.
    Svd,
    /// Cholesky of AᴴA. Squares the condition number; only where it is asked for.
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
            _ => Err(Error::syntax(format!("`{text}` is no way to solve a least squares problem"))
                .with_hint("qr, cod, svd and normal-equations are known")),
        }
    }
}

/// The minimiser with what it leaves over, and how far it can be trusted.
#[derive(Clone, Debug)]
pub struct LstsqSolution<W: Scalar> {
    x: Matrix<W>,
    residual: Matrix<W>,
    residual_norms: Vec<f64>,
    rank: usize,
    method: LstsqMethod,
    shape: (usize, usize),
    /// R of QR, or a triangle or diagonal with the same singular values over the rank that was found.
    core: Arc<Matrix<W>>,
    /// Aᴴ(b − Ax).
    gradient: Matrix<W>,
    /// ‖b‖₂ column by column.
    sizes: Vec<f64>,
    spectral: OnceLock<(f64, f64)>,
}

/// min ‖Ax − b‖₂ for each column of B (m×n times n×k ≈ m×k), by default of least ‖x‖₂ where there are many.
///
/// Householder QR; where the factor R is so ill-conditioned that the rank is in doubt, the singular value decomposition of R at the
/// tolerance. Wide matrices by QR of the adjoint. Normal equations only where they are asked for. The answer carries the residual,
/// κ₂, the backward error and a bound of the forward error, the last three when they are asked for. 2mn² − ⅔n³ flops.
///
/// Fails when the shapes do not fit, when something is not finite, and where a method is asked for that needs full rank and the
/// rank is not full.
///
/// ```
/// # use kappa::{Matrix, lstsq};
/// let a = Matrix::from_fn(3, 2, |i, j| if j == 0 { 1.0 } else { i as f64 });
/// let s = lstsq(&a, &Matrix::from_column_major(3, 1, vec![0.0, 1.0, 1.0])?)?;
/// assert!((s.x()[(1, 0)] - 0.5).abs() < 1e-15 && s.rank() == 2);
/// assert!((s.residual_norms()[0] - (1.0f64 / 6.0).sqrt()).abs() < 1e-15);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Björck, *Numerical Methods for Least Squares Problems*; Higham, *Accuracy and Stability*, 2nd ed., chapter 20.
pub fn lstsq<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), b: &Matrix<T>) -> Result<LstsqSolution<T::Wide>> {
    lstsq_by(a, b, &Lstsq::default())
}

/// As [`lstsq`], in the way that is asked for.
pub fn lstsq_by<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    b: &Matrix<T>,
    how: &Lstsq,
) -> Result<LstsqSolution<T::Wide>> {
    let entries = Entries::of(a)?;
    let view = entries.view();
    Profile::of_entries(view)?;
    let (m, n) = (view.rows(), view.columns());
    if b.rows() != m {
        return Err(Error::shape(format!("the right-hand side has {} rows, and the matrix {m}", b.rows())));
    }
    let b = b.as_ref().to_wide();
    if let Some(k) = b.as_slice().iter().position(|x| !x.is_finite()) {
        let count = b.as_slice().iter().filter(|x| !x.is_finite()).count();
        return Err(Error::not_finite(k % m, k / m, count));
    }
    let found = if m == 0 || n == 0 {
        let method = how.method.unwrap_or(LstsqMethod::Qr);
        Found { x: Matrix::zeros(n, b.columns()), rank: 0, method, core: Matrix::zeros(0, 0) }
    } else {
        match how.method {
            None => by_qr(view, &b, how, true)?,
            Some(LstsqMethod::Qr) => by_qr(view, &b, how, false)?,
            Some(LstsqMethod::Cod) => by_cod(view, &b, how)?,
            Some(LstsqMethod::Svd) => by_svd(view, &b, how)?,
            Some(LstsqMethod::NormalEquations) => by_normal_equations(view, &b)?,
        }
    };
    if !found.x.as_slice().iter().all(|x| x.is_finite()) {
        return Err(Error::unsupported("the solution leaves the range of double precision")
            .with_hint("scale the columns to a common size"));
    }
    Ok(LstsqSolution::new(view, &b, found))
}

struct Found<W: Scalar> {
    x: Matrix<W>,
    rank: usize,
    method: LstsqMethod,
    core: Matrix<W>,
}

fn top<W: Scalar>(a: &Matrix<W>, rows: usize) -> Matrix<W> {
    Matrix::from_fn(rows, a.columns(), |i, j| a[(i, j)])
}

/// A with zeros below.
fn padded<W: Scalar>(a: &Matrix<W>, rows: usize) -> Matrix<W> {
    Matrix::from_fn(rows, a.columns(), |i, j| if i < a.rows() { a[(i, j)] } else { W::default() })
}

const UPPER: Triangle = Triangle { upper: true, unit: false, adjoint: false };

/// κ₁ of a triangle as Higham and Tisseur estimate it.
fn triangle_cond<W: Scalar<Wide = W> + WideEngine>(r: &Matrix<W>) -> f64 {
    let n = r.rows();
    if (0..n).any(|i| r[(i, i)] == W::default()) {
        return f64::INFINITY;
    }
    let columns = (0..n).map(|j| r.column(j).iter().map(|&x| crate::norm::modulus(x)).sum::<f64>()).fold(0.0, f64::max);
    let Ok(t) = Triangular::new(r.as_ref(), UPPER) else { return f64::INFINITY };
    let found = search(n, &OneNorm::default(), |x| Ok(t.solve(x, false)), |x| Ok(t.solve(x, true)));
    let value = found.map_or(f64::INFINITY, |found| found.value * columns);
    if value.is_nan() { f64::INFINITY } else { value }
}

fn by_qr<T: Scalar>(a: MatrixRef<'_, T>, b: &Matrix<T::Wide>, how: &Lstsq, falls_back: bool) -> Result<Found<T::Wide>> {
    let (m, n) = (a.rows(), a.columns());
    let is_wide = m < n;
    let p = m.min(n);
    let f = if is_wide {
        let adjoint = Matrix::from_fn(n, m, |i, j| a.get(j, i).conj());
        reflections(adjoint.as_ref())?
    } else {
        reflections(a)?
    };
    let r = f.r();
    // Far from the tolerance nothing needs to be looked at closely; κ₁ ≤ n·κ₂, and the estimate is within a factor of 3.
    let limit = 1.0 / (30.0 * p as f64 * m.max(n) as f64 * f64::EPSILON);
    let cond = triangle_cond(&r);
    if cond >= limit && (falls_back || cond == f64::INFINITY) {
        if !falls_back {
            return Err(Error::unsupported("the rank is not full: a diagonal entry of R is 0")
                .with_hint("`cod` and `svd` find the solution of least norm"));
        }
        return by_svd_of_r(&f, b, how, is_wide);
    }
    let x = if is_wide {
        let mut x = padded(&f.solve_leading(b, p, true), n);
        f.apply(&mut x, false);
        x
    } else {
        let mut y = b.clone();
        f.apply(&mut y, true);
        f.solve_leading(&y, p, false)
    };
    Ok(Found { x, rank: p, method: LstsqMethod::Qr, core: r })
}

/// The singular values of R are those of A.
fn by_svd_of_r<W: Scalar<Wide = W> + WideEngine>(
    f: &kappa_dense::Reflections<W>,
    b: &Matrix<W>,
    how: &Lstsq,
    is_wide: bool,
) -> Result<Found<W>> {
    let (rows, p) = f.shape();
    let r = svd(&f.r())?;
    // The tolerance is that of the whole matrix, which has more rows.
    let size = how.tolerance.size((rows, p), r.singular_values().first()).estimate();
    let kept: Vec<f64> = r.singular_values().estimates().iter().copied().filter(|s| *s > size).collect();
    let x = if is_wide {
        // Aᴴ = QR, so that A⁺ = Q(Rᴴ)⁺ = Q·U·Σ⁺·Vᴴ.
        let mut x = padded(&applied(r.u(), &kept, r.v(), b)?, rows);
        f.apply(&mut x, false);
        x
    } else {
        let mut y = b.clone();
        f.apply(&mut y, true);
        applied(r.v(), &kept, r.u(), &top(&y, p))?
    };
    let core = Matrix::from_fn(kept.len(), kept.len(), |i, j| W::from_parts(if i == j { kept[i] } else { 0.0 }, 0.0));
    Ok(Found { x, rank: kept.len(), method: LstsqMethod::Svd, core })
}

/// to·diag(1/σ)·fromᴴ·B over the singular values that are given.
fn applied<W: Scalar<Wide = W>>(to: &Matrix<W>, s: &[f64], from: &Matrix<W>, b: &Matrix<W>) -> Result<Matrix<W>> {
    let leading = |a: &Matrix<W>| Matrix::from_fn(a.rows(), s.len(), |i, j| a[(i, j)]);
    let along = multiply(leading(from).adjoint().as_ref(), b.as_ref())?;
    let scaled = Matrix::from_fn(s.len(), b.columns(), |i, j| along[(i, j)].scale(1.0 / s[i]));
    Ok(multiply(leading(to).as_ref(), scaled.as_ref())?)
}

fn by_svd<T: Scalar>(a: MatrixRef<'_, T>, b: &Matrix<T::Wide>, how: &Lstsq) -> Result<Found<T::Wide>> {
    let f = svd(&a)?;
    let rank = f.rank(how.tolerance).estimate() as usize;
    let s = f.singular_values().estimates()[..rank].to_vec();
    let x = applied(f.v(), &s, f.u(), b)?;
    let core = Matrix::from_fn(rank, rank, |i, j| <T::Wide>::from_parts(if i == j { s[i] } else { 0.0 }, 0.0));
    Ok(Found { x, rank, method: LstsqMethod::Svd, core })
}

fn by_cod<T: Scalar>(a: MatrixRef<'_, T>, b: &Matrix<T::Wide>, how: &Lstsq) -> Result<Found<T::Wide>> {
    let (m, n) = (a.rows(), a.columns());
    // |r₁₁| stands for σ₁, which it is within a factor of √n.
    let one = Enclosure::exact(1.0);
    let share = match how.tolerance {
        t if t == Tolerance::default() => t.size((m, n), one).estimate(),
        t => {
            t.size((m, n), svd(&a)?.singular_values().first()).estimate()
                / svd(&a)?.singular_values().first().estimate()
        }
    };
    let f = complete_orthogonal(&a, share)?;
    let rank = f.t.rows();
    let y = multiply(f.u.adjoint().as_ref(), b.as_ref())?;
    let z = if rank == 0 { y } else { triangular_solve(f.t.as_ref(), Triangle::default(), &y)? };
    let x = multiply(f.v.as_ref(), z.as_ref())?;
    Ok(Found { x, rank, method: LstsqMethod::Cod, core: f.t.adjoint() })
}

fn by_normal_equations<T: Scalar>(a: MatrixRef<'_, T>, b: &Matrix<T::Wide>) -> Result<Found<T::Wide>> {
    let (m, n) = (a.rows(), a.columns());
    if m < n {
        return Err(Error::unsupported(format!("the normal equations of a {m}×{n} matrix are singular"))
            .with_hint("`qr`, `cod` and `svd` find the solution of least norm"));
    }
    let wide = a.to_wide();
    let adjoint = wide.adjoint();
    let mut l = multiply(adjoint.as_ref(), wide.as_ref())?;
    if !kappa_dense::cholesky(&mut l) {
        return Err(Error::unsupported(
            "AᴴA is not positive definite to working precision: its condition number is κ(A)²",
        )
        .with_hint("`qr` loses κ instead of κ²"));
    }
    let y = triangular_solve(l.as_ref(), Triangle::default(), &multiply(adjoint.as_ref(), b.as_ref())?)?;
    let x = triangular_solve(l.as_ref(), Triangle { adjoint: true, ..Triangle::default() }, &y)?;
    Ok(Found { x, rank: n, method: LstsqMethod::NormalEquations, core: l.adjoint() })
}

const MODEL: Evidence = Evidence::Estimate("singular values of the triangular factor, by Lanczos");

impl<W: Scalar<Wide = W> + WideEngine> LstsqSolution<W> {
    fn new<T: Scalar<Wide = W>>(a: MatrixRef<'_, T>, b: &Matrix<W>, found: Found<W>) -> Self {
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
        let length = |x: &Matrix<W>, k: usize| crate::norm::vector_norm(2.0, || x.column(k).iter().copied()).estimate();
        Self {
            residual_norms: (0..columns).map(|k| length(&residual, k)).collect(),
            sizes: (0..columns).map(|k| length(b, k)).collect(),
            x: found.x,
            residual,
            rank: found.rank,
            method: found.method,
            shape: (m, n),
            core: Arc::new(found.core),
            gradient,
            spectral: OnceLock::new(),
        }
    }

    /// The solution, n×k.
    pub fn x(&self) -> &Matrix<W> {
        &self.x
    }

    /// The solution, n×k.
    pub fn into_x(self) -> Matrix<W> {
        self.x
    }

    /// b − Ax, m×k.
    pub fn residual(&self) -> &Matrix<W> {
        &self.residual
    }

    /// ‖b − Ax‖₂ column by column.
    pub fn residual_norms(&self) -> &[f64] {
        &self.residual_norms
    }

    /// The rank at the tolerance.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// The factorization behind it.
    pub fn method(&self) -> LstsqMethod {
        self.method
    }

    /// σ₁ and the smallest singular value that counts.
    fn ends(&self) -> (f64, f64) {
        *self.spectral.get_or_init(|| ends(&self.core))
    }

    /// κ₂ = σ₁/σᵣ over the rank that was found: an estimate by Lanczos from the triangular factor. ∞ for rank 0.
    pub fn cond(&self) -> Enclosure {
        let (first, last) = self.ends();
        let value = if self.rank == 0 { f64::INFINITY } else { (first / last).max(1.0) };
        let slack = 1e-6 + 64.0 * f64::EPSILON * value;
        let upper = if slack < 0.5 { value * (1.0 + 2.0 * slack) } else { f64::INFINITY };
        Enclosure::new((value / (1.0 + slack)).max(1.0), value, upper, MODEL)
    }

    /// How sensitive x is to relative changes of A: κ + κ²·tan θ/η with sin θ = ‖b − Ax‖/‖b‖ and η = ‖A‖‖x‖/‖Ax‖, for the worst
    /// column (Trefethen and Bau, Theorem 18.1).
    pub fn solution_cond(&self) -> Enclosure {
        let (first, _) = self.ends();
        let cond = self.cond();
        let of = |k: usize| {
            let (rest, size) = (self.residual_norms[k], self.sizes[k]);
            let fitted = (size * size - rest * rest).max(0.0).sqrt();
            let x = crate::norm::vector_norm(2.0, || self.x.column(k).iter().copied()).estimate();
            let eta = (first * x / fitted).clamp(1.0, cond.estimate());
            let tangent = if fitted > 0.0 { rest / fitted } else { 0.0 };
            let (kappa, is_wide) = (cond.estimate(), self.shape.0 < self.shape.1);
            if is_wide { 2.0 * kappa } else { kappa + kappa * kappa * tangent / eta }
        };
        let value = (0..self.x.columns()).map(of).fold(cond.estimate(), f64::max);
        Enclosure::new(1.0, value, f64::INFINITY, MODEL)
    }

    /// How little A must change, relative to ‖A‖_F, for x to be the exact minimiser: Karlson and Waldén's estimate
    /// ‖(AᴴA + η²I)^(−½)Aᴴr‖/‖x‖ with η = ‖r‖/‖x‖, within a factor of √2 of the least, for the worst column.
    pub fn backward_error(&self) -> Enclosure {
        let size = crate::norm::vector_norm(2.0, || self.core.as_slice().iter().copied()).estimate();
        let length = |x: &[W]| crate::norm::vector_norm(2.0, || x.iter().copied()).estimate();
        let n = self.core.columns();
        let of = |k: usize| -> f64 {
            let (x, rest) = (length(self.x.column(k)), self.residual_norms[k]);
            if x == 0.0 || rest == 0.0 || size == 0.0 || n != self.shape.1 {
                return if size * x == 0.0 { 0.0 } else { rest / (size * x) };
            }
            let eta = rest / x;
            let stacked = Matrix::from_fn(2 * n, n, |i, j| match i.checked_sub(n) {
                None => self.core[(i, j)],
                Some(i) => W::from_parts(if i == j { eta } else { 0.0 }, 0.0),
            });
            let gradient = Matrix::from_fn(n, 1, |i, _| self.gradient[(i, k)]);
            let turned = kappa_dense::qr(stacked.as_ref(), Shape::Thin)
                .and_then(|f| triangular_solve(f.r.as_ref(), Triangle { adjoint: true, ..UPPER }, &gradient));
            turned.map_or(f64::INFINITY, |y| length(y.column(0)) / (x * size))
        };
        let value = (0..self.x.columns()).map(of).fold(0.0, f64::max);
        Enclosure::new(0.0, value, value * 1.5, Evidence::Estimate("Karlson and Waldén, within a factor of √2"))
    }

    /// ‖x − x*‖₂/‖x‖₂, to first order: the condition of the solution times the larger of its backward error and 2u.
    ///
    /// For a bound that is proved see [`certified_lstsq`](crate::certified_lstsq).
    pub fn forward_error(&self) -> Enclosure {
        let backward = self.backward_error().upper().max(f64::EPSILON);
        let squared = if self.method == LstsqMethod::NormalEquations { self.cond().estimate() } else { 1.0 };
        let value = self.solution_cond().estimate() * backward.max(f64::EPSILON * squared);
        Enclosure::new(0.0, value, value, Evidence::Estimate("condition times backward error, to first order"))
    }
}

/// The largest and the smallest singular value of a square triangle.
fn ends<W: Scalar<Wide = W> + WideEngine>(r: &Matrix<W>) -> (f64, f64) {
    let n = r.rows();
    if n == 0 {
        return (0.0, 0.0);
    }
    let adjoint = r.adjoint();
    let how = Lanczos { tolerance: 1e-6, steps: 200, ..Lanczos::default() };
    let normal = |x: &[W]| times_vector(&adjoint, &times_vector(r, x));
    let Ok(t) = Triangular::new(r.as_ref(), UPPER) else { return (f64::INFINITY, 0.0) };
    let inverse = |x: &[W]| t.solve(&t.solve(&Matrix::from_fn(n, 1, |i, _| x[i]), true), false).into_vec();
    let first = largest_eigenvalue(n, &how, Stop::Enclosed, normal).value.max(0.0).sqrt();
    let last = largest_eigenvalue(n, &how, Stop::Enclosed, inverse).value.max(0.0).sqrt();
    (first, if last > 0.0 { 1.0 / last } else { 0.0 })
}
