//! Least squares: min ‖Ax − b‖₂, and the minimiser of least norm.

use kappa_dense::{
    Matrix, MatrixRef, Reflections, Scalar, Shape, Triangle, Triangular, c64, multiply, qr, reflections,
    triangular_solve,
};

use super::certified::{EntryEnclosures, enclosed_minimiser};
use super::fitted::{Found, LstsqMethod, LstsqSolution, UPPER};
use super::problem::check_right;
use crate::enclosure::{exponent_far_from_one, times_power_of_two};
use crate::error::{Error, Result};
use crate::factor::complete_orthogonal;
use crate::krylov::{OneNorm, one_norm_search};
use crate::norm::largest_part;
use crate::operator::{AnyMatrix, AnyOperator, Entries, LinearOperator, RealOrComplex, wide_with};
use crate::{Enclosure, Guarantee, Profile, Tolerance, svd};

/// Options of a least squares solution: passed last, and usually left at their defaults.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lstsq {
    /// The factorization. By default QR, and the singular values of R where the rank is in doubt; with a tolerance
    /// other than the default the singular value decomposition.
    pub method: Option<LstsqMethod>,
    /// Singular values at or below the tolerance count as 0.
    pub tolerance: Tolerance,
    /// Certified: every entry is enclosed, every rounding error counted ([`LstsqSolution::enclosures`]).
    pub guarantee: Guarantee,
}

/// Least squares: min ‖Ax − b‖₂ for each column of B.
///
/// X minimises ‖B − AX‖_F; if the minimiser is not unique, it is by default the one of least ‖x‖₂. A is m×n, B is m×k,
/// X is n×k.
///
/// Householder QR. If R is so ill-conditioned that the rank is in doubt, the singular value decomposition of R decides
/// it at the tolerance. A wide matrix is solved by QR of its adjoint; normal equations are used only on request. The
/// answer carries the residual, κ₂, the backward error and an estimate of the forward error; the last three are
/// computed when they are first requested. Evidence: estimate. 2mn² − ⅔n³ flops.
///
/// # Errors
///
/// - When the shapes do not fit, or an entry is not finite.
/// - When the requested method needs full rank, and A is rank-deficient to working precision.
/// - When the solution overflows double precision.
///
/// # Examples
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
/// Reference: Björck, *Numerical Methods for Least Squares Problems*; Higham, *Accuracy and Stability*, 2nd ed.,
/// chapter 20.
pub fn lstsq<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), b: &Matrix<T>) -> Result<LstsqSolution<T::Wide>> {
    lstsq_by(a, b, &Lstsq::default())
}

/// [`lstsq`] with a given method, tolerance or guarantee.
///
/// Definition, guarantee and cost as [`lstsq`] for the default options. `LstsqMethod::Qr` and
/// `LstsqMethod::NormalEquations` need full rank; the tolerance decides the rank in the others.
///
/// Certified, the exact minimiser, for the A and B as they are stored, lies inside of [`LstsqSolution::enclosures`];
/// for a wide matrix the x of least norm with Ax = b. A triangular factor of 106 bits (in doubles above m·n² = 1e9),
/// and two residuals in 106 bits: each entry is known to about the last bit of a double for κ up to about 1e15 and
/// beyond. Complex problems are solved in their real form, a square matrix as by [`solve_by`](super::solve_by). About
/// 200mn² flops.
///
/// # Errors
///
/// - As [`lstsq`].
/// - Certified, when full rank cannot be proved (without full rank an arbitrarily small change of A changes x by a
///   finite amount), when a method or a tolerance is given as well, and when the floating-point environment is not the
///   one that the proofs assume.
///
/// # Examples
///
/// ```
/// # use kappa::{Guarantee, Lstsq, Matrix, lstsq_by};
/// # use kappa::equations::LstsqMethod;
/// // Two equal columns: rank 1, and the solution of least norm is (1, 1).
/// let a = Matrix::from_row_major(2, 2, vec![1.0f64, 1.0, 1.0, 1.0])?;
/// let how = Lstsq { method: Some(LstsqMethod::Svd), ..Lstsq::default() };
/// let s = lstsq_by(&a, &Matrix::from_row_major(2, 1, vec![2.0, 2.0])?, &how)?;
/// assert!(s.rank() == 1 && (s.x()[(0, 0)] - 1.0).abs() < 1e-14 && (s.x()[(1, 0)] - 1.0).abs() < 1e-14);
///
/// // The line through (0, 0), (1, 1), (2, 1): intercept 1/6, slope 1/2; the squares of the residual add up to 1/6.
/// let a = Matrix::from_fn(3, 2, |i, j| if j == 0 { 1.0 } else { i as f64 });
/// let how = Lstsq { guarantee: Guarantee::Certified, ..Lstsq::default() };
/// let s = lstsq_by(&a, &Matrix::from_column_major(3, 1, vec![0.0, 1.0, 1.0])?, &how)?;
/// let x = s.enclosures().expect("a certified solution has them");
/// assert!(x.entry(1, 0).contains(0.5) && x.entry(0, 0).width() < 1e-16);
/// assert!((x.residual_norms()[0].estimate() - (1.0f64 / 6.0).sqrt()).abs() < 1e-15);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Rump, SIMAX 33 (2012) 130–148.
pub fn lstsq_by<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    b: &Matrix<T>,
    how: &Lstsq,
) -> Result<LstsqSolution<T::Wide>> {
    let how = &Lstsq { tolerance: how.tolerance.resolved(a.epsilon()), ..*how };
    let entries = Entries::of(a)?;
    let view = entries.view();
    let profile = Profile::of_entries(view)?;
    let (m, n) = (view.rows(), view.columns());
    check_right(m, b)?;
    let right = b.as_ref().to_wide();
    let enclosures = enclosed(view, b, how)?;
    let proved: Option<Matrix<T::Wide>> = enclosures.as_ref().map(EntryEnclosures::x);
    // Scaling by powers of two is exact, and keeps squares from overflow and underflow.
    let ea = exponent_far_from_one(profile.max_abs_value());
    let eb: Vec<i32> =
        (0..right.columns()).map(|k| exponent_far_from_one(largest_part(right.column(k).iter().copied()))).collect();
    let solution = if ea == 0 && eb.iter().all(|e| *e == 0) {
        LstsqSolution::new(view, &right, found(view, &right, how, proved)?)
    } else {
        let a = Matrix::from_fn(m, n, |i, j| times_power_of_two(view.get(i, j).widen(), -ea));
        let moved = |x: &Matrix<T::Wide>, e: i32| {
            Matrix::from_fn(x.rows(), x.columns(), |i, k| times_power_of_two(x[(i, k)], e - eb[k]))
        };
        let b = moved(&right, 0);
        let proved = proved.map(|x| moved(&x, ea));
        LstsqSolution::new(a.as_ref(), &b, found(a.as_ref(), &b, how, proved)?).scaled(ea, &eb)
    };
    if !solution.x().as_slice().iter().all(|x| x.is_finite()) {
        return Err(Error::unsupported("the least squares solution overflows double precision")
            .with_hint("scale the columns of the matrix to a common norm"));
    }
    Ok(solution.enclosed_by(enclosures))
}

/// The enclosures, if a guarantee asks for them.
fn enclosed<T: Scalar>(a: MatrixRef<'_, T>, b: &Matrix<T>, how: &Lstsq) -> Result<Option<EntryEnclosures>> {
    if how.guarantee == Guarantee::Usual {
        return Ok(None);
    }
    if how.method.is_some() || !how.tolerance.is_by_dimension() {
        return Err(Error::argument("a certified solution has a method of its own, and proves full rank")
            .with_hint("leave out the method and the tolerance, or the guarantee (`certify`)"));
    }
    enclosed_minimiser(a, b).map(Some)
}

/// The solution and the factors of its error estimates; x is `proved` if there is such a solution.
fn found<T: Scalar>(
    a: MatrixRef<'_, T>,
    b: &Matrix<T::Wide>,
    how: &Lstsq,
    proved: Option<Matrix<T::Wide>>,
) -> Result<Found<T::Wide>> {
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
    if let Some(x) = proved {
        let core = triangular_factor(a)?.r();
        return Ok(Found { x, rank: core.rows(), method: LstsqMethod::Qr, core, basis: None });
    }
    match how.method {
        // An explicit tolerance is compared with singular values, which QR does not give.
        None if !how.tolerance.is_by_dimension() => by_svd(a, b, how),
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

/// A, padded with rows of zeros.
fn padded<W: Scalar>(a: &Matrix<W>, rows: usize) -> Matrix<W> {
    Matrix::from_fn(rows, a.columns(), |i, j| if i < a.rows() { a[(i, j)] } else { W::default() })
}

/// κ₁ of a triangular matrix, by the estimator of Higham and Tisseur.
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

/// QR of A, or of its adjoint if A is wide.
fn triangular_factor<T: Scalar>(a: MatrixRef<'_, T>) -> Result<Reflections<T::Wide>> {
    if a.rows() >= a.columns() {
        return Ok(reflections(a)?);
    }
    let adjoint = Matrix::from_fn(a.columns(), a.rows(), |i, j| a.get(j, i).conj());
    Ok(reflections(adjoint.as_ref())?)
}

fn by_qr<T: Scalar>(a: MatrixRef<'_, T>, b: &Matrix<T::Wide>, how: &Lstsq, falls_back: bool) -> Result<Found<T::Wide>> {
    let (m, n) = (a.rows(), a.columns());
    let is_wide = m < n;
    let p = m.min(n);
    let f = triangular_factor(a)?;
    let r = f.r();
    // Far from the tolerance the estimate decides: κ₁ ≤ n·κ₂, and the estimate is within a factor of 3.
    let share = how.tolerance.size((m, n), f64::EPSILON, Enclosure::exact(1.0)).estimate();
    let limit = 1.0 / (30.0 * p as f64 * share);
    let cond = triangle_cond(&r);
    if cond >= limit && falls_back {
        return by_svd_of_r(&f, b, how, is_wide);
    }
    // QR on request fails only if R is singular to working precision.
    if cond >= 1.0 / f64::EPSILON {
        return Err(Error::singular(format!(
            "the matrix is rank-deficient to working precision: κ₁(R) is about {cond:.1e}"
        ))
        .with_hint("use the method `cod` or `svd`, which finds the solution of least norm"));
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

/// Solves with the singular value decomposition of R, whose singular values are those of A.
fn by_svd_of_r<W: Scalar<Wide = W>>(f: &Reflections<W>, b: &Matrix<W>, how: &Lstsq, is_wide: bool) -> Result<Found<W>> {
    let (rows, p) = f.shape();
    let r = svd(&f.r())?;
    // The default tolerance depends on the number of rows, so it is that of A and not of R.
    let size = how.tolerance.size((rows, p), f64::EPSILON, r.singular_values().first()).estimate();
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

/// to·diag(1/σ)·fromᴴ·B over the given singular values.
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
    // |r₁₁| replaces σ₁; it is within a factor of √n of it.
    let one = Enclosure::exact(1.0);
    let share = match how.tolerance {
        t if t.is_by_dimension() => t.size((m, n), f64::EPSILON, one).estimate(),
        t => {
            let first = crate::singular_values(&a)?.first();
            if first.estimate() == 0.0 {
                0.0
            } else {
                t.size((m, n), f64::EPSILON, first).estimate() / first.estimate()
            }
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
        return Err(Error::singular(format!("the normal equations of a wide {m}×{n} matrix are singular"))
            .with_hint("use the method `qr`, `cod` or `svd`, which finds the solution of least norm"));
    }
    let wide = a.to_wide();
    let adjoint = wide.adjoint();
    let mut l = multiply(adjoint.as_ref(), wide.as_ref())?;
    if !kappa_dense::cholesky(&mut l) {
        return Err(Error::singular(
            "AᴴA is not positive definite to working precision; its condition number is κ(A)²",
        )
        .with_hint("use the method `qr`, whose error grows with κ(A) instead of κ(A)²"));
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
