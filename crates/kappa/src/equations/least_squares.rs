//! Least squares: min ‖Ax − b‖₂, and the x of least norm among all that attain it.

use kappa_dense::{
    Matrix, MatrixRef, Scalar, Shape, Triangle, Triangular, c64, multiply, qr, reflections, triangular_solve,
};

use super::fitted::{Found, LstsqMethod, LstsqSolution, UPPER};
use crate::enclosure::{exponent_far_from_one, times_power_of_two};
use crate::error::{Error, Result};
use crate::factor::complete_orthogonal;
use crate::krylov::one_norm_search;
use crate::norm::largest_part;
use crate::operator::{AnyMatrix, AnyOperator, Entries, LinearOperator, RealOrComplex, wide_with};
use crate::{Enclosure, OneNorm, Profile, Tolerance, svd};

/// How a least squares problem is solved: passed last, and usually left at its default.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lstsq {
    /// The factorization; QR, and the singular values of R where its rank is in doubt, where nothing is asked for. With a tolerance
    /// of one's own the singular value decomposition.
    pub method: Option<LstsqMethod>,
    /// When a singular value counts as zero.
    pub tolerance: Tolerance,
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
    let profile = Profile::of_entries(view)?;
    let (m, n) = (view.rows(), view.columns());
    if b.rows() != m {
        return Err(Error::shape(format!("the right-hand side has {} rows, and the matrix {m}", b.rows()))
            .with_hint("b has an entry for each row of A"));
    }
    let b = b.as_ref().to_wide();
    if let Some(k) = b.as_slice().iter().position(|x| !x.is_finite()) {
        let count = b.as_slice().iter().filter(|x| !x.is_finite()).count();
        return Err(Error::not_finite(k % m, k / m, count));
    }
    // Squares must neither overflow nor vanish; a power of two changes no digit.
    let ea = exponent_far_from_one(profile.max_abs_value());
    let eb: Vec<i32> =
        (0..b.columns()).map(|k| exponent_far_from_one(largest_part(b.column(k).iter().copied()))).collect();
    let solution = if ea == 0 && eb.iter().all(|e| *e == 0) {
        LstsqSolution::new(view, &b, found(view, &b, how)?)
    } else {
        let a = Matrix::from_fn(m, n, |i, j| times_power_of_two(view.get(i, j).widen(), -ea));
        let b = Matrix::from_fn(m, b.columns(), |i, k| times_power_of_two(b[(i, k)], -eb[k]));
        LstsqSolution::new(a.as_ref(), &b, found(a.as_ref(), &b, how)?).scaled(ea, &eb)
    };
    if !solution.x().as_slice().iter().all(|x| x.is_finite()) {
        return Err(Error::unsupported("the solution leaves the range of double precision")
            .with_hint("scale the columns to a common size"));
    }
    Ok(solution)
}

fn found<T: Scalar>(a: MatrixRef<'_, T>, b: &Matrix<T::Wide>, how: &Lstsq) -> Result<Found<T::Wide>> {
    if a.rows() == 0 || a.columns() == 0 {
        let method = how.method.unwrap_or(LstsqMethod::Qr);
        return Ok(Found {
            x: Matrix::zeros(a.columns(), b.columns()),
            rank: 0,
            method,
            core: Matrix::zeros(0, 0),
            basis: None,
        });
    }
    match how.method {
        // A tolerance that was asked for is compared with singular values.
        None if how.tolerance != Tolerance::default() => by_svd(a, b, how),
        None => by_qr(a, b, how, true),
        Some(LstsqMethod::Qr) => by_qr(a, b, how, false),
        Some(LstsqMethod::Cod) => by_cod(a, b, how),
        Some(LstsqMethod::Svd) => by_svd(a, b, how),
        Some(LstsqMethod::NormalEquations) => by_normal_equations(a, b),
    }
}

fn top<W: Scalar>(a: &Matrix<W>, rows: usize) -> Matrix<W> {
    Matrix::from_fn(rows, a.columns(), |i, j| a[(i, j)])
}

/// A with zeros below.
fn padded<W: Scalar>(a: &Matrix<W>, rows: usize) -> Matrix<W> {
    Matrix::from_fn(rows, a.columns(), |i, j| if i < a.rows() { a[(i, j)] } else { W::default() })
}

/// κ₁ of a triangle as Higham and Tisseur estimate it.
fn triangle_cond<W: Scalar<Wide = W>>(r: &Matrix<W>) -> f64 {
    let n = r.rows();
    if (0..n).any(|i| r[(i, i)] == W::default()) {
        return f64::INFINITY;
    }
    let columns = (0..n).map(|j| r.column(j).iter().map(|&x| crate::norm::modulus(x)).sum::<f64>()).fold(0.0, f64::max);
    let Ok(t) = Triangular::new(r.as_ref(), UPPER) else { return f64::INFINITY };
    let found = one_norm_search(n, &OneNorm::default(), |x| Ok(t.solve(x, false)), |x| Ok(t.solve(x, true)));
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
    if cond >= limit && falls_back {
        return by_svd_of_r(&f, b, how, is_wide);
    }
    // Asked for by name: only what is singular to working precision is refused.
    if cond >= 1.0 / f64::EPSILON {
        return Err(Error::singular(format!("the rank is not full to working precision: κ₁ of R is about {cond:.1e}"))
            .with_hint("`cod` and `svd` find the solution of least norm"));
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
    Ok(Found { x, rank: p, method: LstsqMethod::Qr, core: r, basis: None })
}

/// The singular values of R are those of A.
fn by_svd_of_r<W: Scalar<Wide = W>>(
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
    // Aᴴ = QR, so that A⁺ = Q(Rᴴ)⁺ = Q·U·Σ⁺·Vᴴ.
    let (x, basis) = if is_wide {
        let mut x = padded(&applied(r.u(), &kept, r.v(), b)?, rows);
        let mut basis = padded(&r.u().first_columns(kept.len()), rows);
        f.apply(&mut x, false);
        f.apply(&mut basis, false);
        (x, basis)
    } else {
        let mut y = b.clone();
        f.apply(&mut y, true);
        (applied(r.v(), &kept, r.u(), &top(&y, p))?, r.v().first_columns(kept.len()))
    };
    Ok(Found { x, rank: kept.len(), method: LstsqMethod::Svd, core: diagonal(&kept), basis: Some(basis) })
}

fn diagonal<W: Scalar>(s: &[f64]) -> Matrix<W> {
    Matrix::from_fn(s.len(), s.len(), |i, j| W::from_parts(if i == j { s[i] } else { 0.0 }, 0.0))
}

/// to·diag(1/σ)·fromᴴ·B over the singular values that are given.
fn applied<W: Scalar<Wide = W>>(to: &Matrix<W>, s: &[f64], from: &Matrix<W>, b: &Matrix<W>) -> Result<Matrix<W>> {
    let along = multiply(from.first_columns(s.len()).adjoint().as_ref(), b.as_ref())?;
    let scaled = Matrix::from_fn(s.len(), b.columns(), |i, j| along[(i, j)].scale(1.0 / s[i]));
    Ok(multiply(to.first_columns(s.len()).as_ref(), scaled.as_ref())?)
}

fn by_svd<T: Scalar>(a: MatrixRef<'_, T>, b: &Matrix<T::Wide>, how: &Lstsq) -> Result<Found<T::Wide>> {
    let f = svd(&a)?;
    let rank = f.rank(how.tolerance).estimate() as usize;
    let s = f.singular_values().estimates()[..rank].to_vec();
    let x = applied(f.v(), &s, f.u(), b)?;
    Ok(Found { x, rank, method: LstsqMethod::Svd, core: diagonal(&s), basis: Some(f.v().first_columns(rank)) })
}

fn by_cod<T: Scalar>(a: MatrixRef<'_, T>, b: &Matrix<T::Wide>, how: &Lstsq) -> Result<Found<T::Wide>> {
    let (m, n) = (a.rows(), a.columns());
    // |r₁₁| stands for σ₁, which it is within a factor of √n.
    let one = Enclosure::exact(1.0);
    let share = match how.tolerance {
        t if t == Tolerance::default() => t.size((m, n), one).estimate(),
        t => {
            let first = crate::singular_values(&a)?.first();
            if first.estimate() == 0.0 { 0.0 } else { t.size((m, n), first).estimate() / first.estimate() }
        }
    };
    let f = complete_orthogonal(&a, share)?;
    let rank = f.t.rows();
    let y = multiply(f.u.adjoint().as_ref(), b.as_ref())?;
    let z = if rank == 0 { y } else { triangular_solve(f.t.as_ref(), Triangle::default(), &y)? };
    let x = multiply(f.v.as_ref(), z.as_ref())?;
    // A = UTVᴴ with T lower triangular: AᴴA = V·TᴴT·Vᴴ.
    let core = qr(f.t.as_ref(), Shape::Thin)?.r;
    Ok(Found { x, rank, method: LstsqMethod::Cod, core, basis: Some(f.v) })
}

fn by_normal_equations<T: Scalar>(a: MatrixRef<'_, T>, b: &Matrix<T::Wide>) -> Result<Found<T::Wide>> {
    let (m, n) = (a.rows(), a.columns());
    if m < n {
        return Err(Error::singular(format!("the normal equations of a {m}×{n} matrix are singular"))
            .with_hint("`qr`, `cod` and `svd` find the solution of least norm"));
    }
    let wide = a.to_wide();
    let adjoint = wide.adjoint();
    let mut l = multiply(adjoint.as_ref(), wide.as_ref())?;
    if !kappa_dense::cholesky(&mut l) {
        return Err(Error::singular(
            "AᴴA is not positive definite to working precision: its condition number is κ(A)²",
        )
        .with_hint("`qr` loses κ instead of κ²"));
    }
    let y = triangular_solve(l.as_ref(), Triangle::default(), &multiply(adjoint.as_ref(), b.as_ref())?)?;
    let x = triangular_solve(l.as_ref(), Triangle { adjoint: true, ..Triangle::default() }, &y)?;
    Ok(Found { x, rank: n, method: LstsqMethod::NormalEquations, core: l.adjoint(), basis: None })
}

impl AnyOperator<'_> {
    /// [`lstsq_by`](crate::lstsq_by) of this operator.
    ///
    /// # Errors
    ///
    /// As [`lstsq_by`](crate::lstsq_by).
    pub fn lstsq_by(
        &self,
        b: &AnyMatrix,
        how: &Lstsq,
    ) -> Result<RealOrComplex<LstsqSolution<f64>, LstsqSolution<c64>>> {
        wide_with!((self, b), (a, b) => self::lstsq_by(a, b, how))
    }
}
