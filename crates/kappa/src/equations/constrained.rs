//! Least squares with equality constraints, with a general covariance of the errors, and with weights.

use kappa_dense::{Matrix, Scalar, Shape, Triangle, c64, multiply, qr, triangular_solve};

use super::fitted::{LstsqMethod, UPPER};
use super::least_squares::{Lstsq, lstsq_by};
use super::problem::{Problem, length};
use crate::enclosure::{exponent_far_from_one, times_power_of_two};
use crate::error::{Error, Result};
use crate::norm::times_vector;
use crate::operator::{AnyMatrix, AnyOperator, Entries, LinearOperator, RealOrComplex, both, wide_with};
use crate::{Guarantee, Profile, Tolerance};

/// How the constraints are imposed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Constrained {
    /// Null-space method: a QR factorization of the constraints, and a smaller problem in their null space.
    #[default]
    NullSpace,
    /// Lagrange multipliers: a QR factorization of A, and a multiplier for each constraint. A must have full column
    /// rank.
    Multipliers,
}

/// The minimiser of a least squares problem with equality constraints, and whether it is unique.
#[derive(Clone, Debug, PartialEq)]
pub struct ConstrainedSolution<W> {
    /// The solution, of length n; of least norm if there are several.
    pub x: Vec<W>,
    /// λ with Aᴴ(b − Ax) = Cᴴλ: minus half of the derivative of the minimum of ‖b − Ax‖² with respect to d.
    pub multipliers: Vec<W>,
    /// ‖b − Ax‖₂.
    pub residual_norm: f64,
    /// ‖d − Cx‖₂: 0 but for rounding errors.
    pub constraint_norm: f64,
    /// Whether x is unique: A and C have no null vector in common.
    pub is_unique: bool,
}

fn minus<W: Scalar>(x: &[W], y: &[W]) -> Vec<W> {
    x.iter().zip(y).map(|(x, y)| *x - *y).collect()
}

fn column<W: Scalar>(x: &[W]) -> Matrix<W> {
    Matrix::from_fn(x.len(), 1, |i, _| x[i])
}

/// The x that minimises ‖Ax − b‖₂ among those with Cx = d.
///
/// A is m×n, b of length m, C is p×n, d of length p, x of length n. QR factorizations alone; in the null-space form A
/// may have any rank. About 2(m + p)n² flops.
///
/// # Errors
///
/// - When the shapes do not fit, or an entry is not finite.
/// - When the rows of C are linearly dependent: the constraints are inconsistent or redundant.
/// - With multipliers, when A does not have full column rank.
///
/// # Examples
///
/// ```
/// # use kappa::equations::{Constrained, constrained_lstsq};
/// # use kappa::Matrix;
/// // The point of the line x + y = 2 that is nearest to (3, 1): (2, 0).
/// let a = Matrix::<f64>::identity(2);
/// let c = Matrix::from_row_major(1, 2, vec![1.0, 1.0])?;
/// let s = constrained_lstsq(&a, &[3.0, 1.0], &c, &[2.0], Constrained::default())?;
/// assert!((s.x[0] - 2.0).abs() < 1e-15 && s.x[1].abs() < 1e-15 && s.is_unique);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Björck, *Numerical Methods for Least Squares Problems*, sections 5.1.2 and 5.1.6.
pub fn constrained_lstsq<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    b: &[T],
    c: &(impl LinearOperator<T> + ?Sized),
    d: &[T],
    how: Constrained,
) -> Result<ConstrainedSolution<T::Wide>> {
    let (Problem { a, b }, Problem { a: c, b: d }) = (Problem::new(a, b)?, Problem::new(c, d)?);
    let (n, p) = (a.columns(), c.rows());
    let (lengths, c, d) = normalized(&c, &d);
    // A = 2ᵃ·A′ and x = 2ᵗ·x′ with A′, x′ near 1 in size, so that no product overflows or underflows.
    let largest = |x: &[T::Wide]| crate::norm::largest_part(x.iter().copied());
    let ea = exponent_far_from_one(largest(a.as_slice()));
    let a = scaled(&a, -ea);
    let right = times_power_of_two(largest(&b), -ea).max(largest(&d));
    let t = exponent_far_from_one(right);
    let down = |x: Vec<T::Wide>, e: i32| x.into_iter().map(|x| times_power_of_two(x, -e)).collect::<Vec<_>>();
    let (b, d) = (down(b, ea + t), down(d, t));
    if c.columns() != n {
        return Err(Error::shape(format!("the constraints have {} unknowns, the matrix has {n} columns", c.columns())));
    }
    if p > n {
        return Err(Error::unsupported(format!("{p} constraints on {n} unknowns are linearly dependent"))
            .with_hint("leave out the constraints that follow from others"));
    }
    let (x, is_unique) = match how {
        Constrained::NullSpace => by_null_space(&a, &b, &c, &d)?,
        Constrained::Multipliers => (by_multipliers(&a, &b, &c, &d)?, true),
    };
    let rest = minus(&b, &times_vector(&a, &x));
    let gradient = times_vector(&a.adjoint(), &rest);
    let multipliers = if p == 0 {
        Vec::new()
    } else {
        lstsq_by(&c.adjoint(), &column(&gradient), &Lstsq::default())?.into_x().into_vec()
    };
    let off = minus(&d, &times_vector(&c, &x));
    Ok(ConstrainedSolution {
        residual_norm: times_power_of_two(length(&rest), ea + t),
        constraint_norm: length(&down(off.iter().zip(&lengths).map(|(r, l)| r.scale(*l)).collect(), -t)),
        multipliers: multipliers
            .iter()
            .zip(&lengths)
            .map(|(y, l)| times_power_of_two(over(*y, *l), 2 * ea + t))
            .collect(),
        is_unique,
        x: down(x, -t),
    })
}

/// The norms of the rows of C, and the constraints scaled to rows of norm 1, so that the rank decision does not depend
/// on the scaling of a constraint.
fn normalized<W: Scalar>(c: &Matrix<W>, d: &[W]) -> (Vec<f64>, Matrix<W>, Vec<W>) {
    let row = |i: usize| -> Vec<W> { (0..c.columns()).map(|j| c[(i, j)]).collect() };
    // A row of zeros keeps its scale; `independent` then finds it dependent.
    let lengths: Vec<f64> = (0..c.rows()).map(|i| length(&row(i))).map(|l| if l > 0.0 { l } else { 1.0 }).collect();
    let rows = Matrix::from_fn(c.rows(), c.columns(), |i, j| over(c[(i, j)], lengths[i]));
    let right = d.iter().zip(&lengths).map(|(d, l)| over(*d, *l)).collect();
    (lengths, rows, right)
}

/// x/l; the inverse of a subnormal l would overflow.
fn over<W: Scalar>(x: W, l: f64) -> W {
    W::from_parts(x.re() / l, x.im() / l)
}

fn scaled<W: Scalar>(a: &Matrix<W>, e: i32) -> Matrix<W> {
    Matrix::from_fn(a.rows(), a.columns(), |i, j| times_power_of_two(a[(i, j)], e))
}

/// Fails if R of CᴴP = QR has a diagonal entry that is small relative to the largest.
fn independent<W: Scalar>(r: &Matrix<W>, n: usize) -> Result<()> {
    let p = r.rows().min(r.columns());
    let size = |i: usize| crate::norm::modulus(r[(i, i)]);
    let largest = (0..p).map(size).fold(0.0, f64::max);
    match (0..p).find(|&i| size(i) <= n.max(p) as f64 * f64::EPSILON * largest) {
        Some(i) => Err(Error::unsupported(format!(
            "constraint {} is a linear combination of the others: the constraints are inconsistent or redundant",
            i + 1
        ))
        .with_hint("leave that constraint out")),
        None => Ok(()),
    }
}

/// Cᴴ = [Q₁ Q₂][R; 0]: x = Q₁y + Q₂z with Rᴴy = d, and z by least squares.
///
/// Returns besides whether A has full column rank on the null space of C, so that z is unique.
fn by_null_space<W: Scalar<Wide = W>>(a: &Matrix<W>, b: &[W], c: &Matrix<W>, d: &[W]) -> Result<(Vec<W>, bool)> {
    let (n, p) = (a.columns(), c.rows());
    let f = qr(c.adjoint().as_ref(), Shape::Full)?;
    independent(&f.r, n)?;
    let part = |from: usize, to: usize| Matrix::from_fn(n, to - from, |i, j| f.q[(i, from + j)]);
    let r = Matrix::from_fn(p, p, |i, j| f.r[(i, j)]);
    let y = triangular_solve(r.as_ref(), Triangle { adjoint: true, ..UPPER }, &column(d))?;
    let fixed = multiply(part(0, p).as_ref(), y.as_ref())?.into_vec();
    let rest = minus(b, &times_vector(a, &fixed));
    let basis = part(p, n);
    let reduced = multiply(a.as_ref(), basis.as_ref())?;
    // If A vanishes on the null space, A·Q₂ holds only rounding errors: an absolute tolerance relative to ‖A‖ treats
    // them as 0.
    let limit = Tolerance::absolute(n.max(a.rows()) as f64 * f64::EPSILON * length(a.as_slice()).min(f64::MAX))?;
    let how = Lstsq { method: Some(LstsqMethod::Svd), tolerance: limit, ..Lstsq::default() };
    let z = lstsq_by(&reduced, &column(&rest), &how)?;
    let is_unique = z.rank() == n - p;
    let free = multiply(basis.as_ref(), z.into_x().as_ref())?;
    Ok((fixed.iter().zip(free.as_slice()).map(|(x, y)| *x + *y).collect(), is_unique))
}

/// A = QR, T = R⁻ᴴCᴴ = Q'R': x = x₀ − R⁻¹Q'·R'⁻ᴴ(Cx₀ − d) for the unconstrained minimiser x₀.
fn by_multipliers<W: Scalar<Wide = W>>(a: &Matrix<W>, b: &[W], c: &Matrix<W>, d: &[W]) -> Result<Vec<W>> {
    let (m, n) = (a.rows(), a.columns());
    let not_full = || {
        Error::unsupported(format!("the {m}×{n} matrix does not have full column rank, as multipliers need"))
            .with_hint("use the null-space method, which works for any rank")
    };
    if m < n {
        return Err(not_full());
    }
    let f = qr(a.as_ref(), Shape::Thin)?;
    let size = |i: usize| crate::norm::modulus(f.r[(i, i)]);
    let largest = (0..n).map(size).fold(0.0, f64::max);
    if (0..n).any(|i| size(i) <= m as f64 * f64::EPSILON * largest) {
        return Err(not_full());
    }
    let along = multiply(f.q.adjoint().as_ref(), column(b).as_ref())?;
    let x0 = triangular_solve(f.r.as_ref(), UPPER, &along)?.into_vec();
    let t = triangular_solve(f.r.as_ref(), Triangle { adjoint: true, ..UPPER }, &c.adjoint())?;
    let g = qr(t.as_ref(), Shape::Thin)?;
    independent(&g.r, n)?;
    let excess = minus(&times_vector(c, &x0), d);
    let y = triangular_solve(g.r.as_ref(), Triangle { adjoint: true, ..UPPER }, &column(&excess))?;
    let step = triangular_solve(f.r.as_ref(), UPPER, &multiply(g.q.as_ref(), y.as_ref())?)?;
    Ok(minus(&x0, step.as_slice()))
}

/// The solution of a linear model whose errors have a general covariance.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneralizedSolution<W> {
    /// The solution, of length n.
    pub x: Vec<W>,
    /// v of b = Ax + Bv: the standardised errors.
    pub errors: Vec<W>,
    /// ‖v‖₂.
    pub error_norm: f64,
    /// Whether A has full column rank, so that x is unique.
    pub is_unique: bool,
}

/// The x that minimises ‖v‖₂ with b = Ax + Bv: errors with the covariance BBᴴ (general Gauss–Markov model).
///
/// A is m×n, b of length m, B is m×k. Paige's method, by QR factorizations; B may be singular. With B = I it is least
/// squares. About 2m²n flops.
///
/// # Errors
///
/// - When the shapes do not fit, or an entry is not finite.
/// - When no v satisfies b = Ax + Bv.
///
/// # Examples
///
/// ```
/// # use kappa::equations::generalized_lstsq;
/// # use kappa::Matrix;
/// // Two measurements of one number, the second twice as uncertain: (4·1 + 1·2)/5.
/// let a = Matrix::from_row_major(2, 1, vec![1.0f64, 1.0])?;
/// let b = Matrix::from_row_major(2, 2, vec![1.0, 0.0, 0.0, 2.0])?;
/// let s = generalized_lstsq(&a, &[1.0, 2.0], &b)?;
/// assert!((s.x[0] - 1.2).abs() < 1e-14);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Paige, Numer. Math. 29 (1978) 261–272 and Math. Comp. 33 (1979) 171–183.
pub fn generalized_lstsq<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    b: &[T],
    errors: &(impl LinearOperator<T> + ?Sized),
) -> Result<GeneralizedSolution<T::Wide>> {
    let Problem { a, b } = Problem::new(a, b)?;
    let entries = Entries::of(errors)?;
    Profile::of_entries(entries.view())?;
    let factor = entries.view().to_wide();
    let (m, n) = (a.rows(), a.columns());
    if factor.rows() != m {
        return Err(Error::shape(format!("the factor of the covariance has {} rows, the matrix {m}", factor.rows())));
    }
    // The singular value decomposition of A, of any rank, gives orthonormal bases of its range and of the orthogonal
    // complement.
    let f = crate::factor::svd_full(&a)?;
    let rank = f.rank(Tolerance::default()).estimate() as usize;
    let part = |from: usize, to: usize| Matrix::from_fn(to - from, m, |k, i| f.u()[(i, from + k)].conj());
    let (inside, outside) = (part(0, rank), part(rank, m));
    let beyond = multiply(outside.as_ref(), factor.as_ref())?;
    let target = multiply(outside.as_ref(), column(&b).as_ref())?;
    let v = lstsq_by(&beyond, &target, &Lstsq::default())?;
    let size = length(&b);
    if v.residual_norms().iter().any(|r| *r > 1e-10 * size) {
        return Err(Error::unsupported("no errors of this covariance satisfy b = Ax + Bv").with_hint(
            "the covariance is singular: a combination of the equations is exact and inconsistent with the others",
        ));
    }
    let v = v.into_x().into_vec();
    let rest = minus(&b, &times_vector(&factor, &v));
    let along = multiply(inside.as_ref(), column(&rest).as_ref())?;
    let s = f.singular_values().estimates();
    let x = (0..n)
        .map(|i| (0..rank).fold(<T::Wide>::default(), |sum, k| sum + f.v()[(i, k)] * along[(k, 0)].scale(1.0 / s[k])))
        .collect();
    Ok(GeneralizedSolution { x, error_norm: length(&v), errors: v, is_unique: rank == n })
}

/// The x that minimises Σwᵢ|rᵢ|² for positive weights w, r = b − Ax.
///
/// Least squares with row i of A and b multiplied by √wᵢ. A is m×n, b and the weights are of length m. Guarantee and
/// cost as [`lstsq_by`].
///
/// # Errors
///
/// As [`lstsq_by`], when the number of weights is not m or a weight is not positive and finite, and when a guarantee is
/// asked for: the roots of the weights are rounded.
///
/// # Examples
///
/// ```
/// # use kappa::equations::weighted_lstsq;
/// # use kappa::{Lstsq, Matrix};
/// // The mean of 1 and 5, the first with three times the weight: (3·1 + 1·5)/4.
/// let a = Matrix::from_row_major(2, 1, vec![1.0f64, 1.0])?;
/// let s = weighted_lstsq(&a, &[1.0, 5.0], &[3.0, 1.0], &Lstsq::default())?;
/// assert!((s.x()[(0, 0)] - 2.0).abs() < 1e-14);
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn weighted_lstsq<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    b: &[T],
    weights: &[f64],
    how: &Lstsq,
) -> Result<super::LstsqSolution<T::Wide>> {
    if how.guarantee == Guarantee::Certified {
        // The roots of the weights are rounded, and with them the problem.
        return Err(Error::unsupported("a weighted least squares problem has no certified solution")
            .with_hint("leave out the guarantee (`certify`), or multiply the rows and solve the plain problem"));
    }
    let Problem { a, b } = Problem::new(a, b)?;
    if weights.len() != b.len() {
        return Err(Error::shape(format!("{} weights for {} rows", weights.len(), b.len()))
            .with_hint("give one weight for each row"));
    }
    if let Some(k) = weights.iter().position(|w| !(*w > 0.0 && w.is_finite())) {
        return Err(Error::argument(format!(
            "weights must be positive and finite, got {} in row {}",
            weights[k],
            k + 1
        ))
        .with_hint("weights multiply the squares of the residuals; remove the rows that should not count"));
    }
    let roots: Vec<f64> = weights.iter().map(|w| w.sqrt()).collect();
    let scaled = Matrix::from_fn(a.rows(), a.columns(), |i, j| a[(i, j)].scale(roots[i]));
    let found = lstsq_by(&scaled, &Matrix::from_fn(b.len(), 1, |i, _| b[i].scale(roots[i])), how)?;
    Ok(found.unweighted(&roots))
}

/// [`ConstrainedSolution`] of a real or of a complex matrix.
pub type AnyConstrainedSolution = RealOrComplex<ConstrainedSolution<f64>, ConstrainedSolution<c64>>;

impl AnyConstrainedSolution {
    /// The solution as a column.
    pub fn x(&self) -> AnyMatrix {
        both!(self, f => AnyMatrix::column(&f.x))
    }

    /// The Lagrange multipliers as a column.
    pub fn multipliers(&self) -> AnyMatrix {
        both!(self, f => AnyMatrix::column(&f.multipliers))
    }

    /// ‖b − Ax‖₂.
    pub fn residual_norm(&self) -> f64 {
        both!(self, f => f.residual_norm)
    }

    /// ‖d − Cx‖₂.
    pub fn constraint_norm(&self) -> f64 {
        both!(self, f => f.constraint_norm)
    }

    /// Whether x is unique.
    pub fn is_unique(&self) -> bool {
        both!(self, f => f.is_unique)
    }
}

/// [`GeneralizedSolution`] of a real or of a complex matrix.
pub type AnyGeneralizedSolution = RealOrComplex<GeneralizedSolution<f64>, GeneralizedSolution<c64>>;

impl AnyGeneralizedSolution {
    /// The solution as a column.
    pub fn x(&self) -> AnyMatrix {
        both!(self, f => AnyMatrix::column(&f.x))
    }

    /// The errors v as a column.
    pub fn errors(&self) -> AnyMatrix {
        both!(self, f => AnyMatrix::column(&f.errors))
    }

    /// ‖v‖₂.
    pub fn error_norm(&self) -> f64 {
        both!(self, f => f.error_norm)
    }

    /// Whether x is unique.
    pub fn is_unique(&self) -> bool {
        both!(self, f => f.is_unique)
    }
}

impl AnyOperator<'_> {
    /// [`constrained_lstsq`](crate::equations::constrained_lstsq) of this operator.
    ///
    /// # Errors
    ///
    /// As [`constrained_lstsq`](crate::equations::constrained_lstsq).
    pub fn constrained_lstsq(
        &self,
        b: &AnyMatrix,
        c: &AnyMatrix,
        d: &AnyMatrix,
        how: Constrained,
    ) -> Result<AnyConstrainedSolution> {
        match (self.widened()?, b, c, d) {
            (RealOrComplex::Real(a), AnyMatrix::Real(b), AnyMatrix::Real(c), AnyMatrix::Real(d)) => {
                self::constrained_lstsq(&a.operand(), b.as_slice(), c, d.as_slice(), how)
                    .map(AnyConstrainedSolution::Real)
            }
            (a, b, c, d) => {
                let (a, [b, c, d]) = (a.into_complex()?, [b, c, d].map(AnyMatrix::to_complex));
                self::constrained_lstsq(&a.operand(), b.as_slice(), &c, d.as_slice(), how)
                    .map(AnyConstrainedSolution::Complex)
            }
        }
    }

    /// [`generalized_lstsq`](crate::equations::generalized_lstsq) of this operator.
    ///
    /// # Errors
    ///
    /// As [`generalized_lstsq`](crate::equations::generalized_lstsq).
    pub fn generalized_lstsq(&self, b: &AnyMatrix, errors: &AnyMatrix) -> Result<AnyGeneralizedSolution> {
        match (self.widened()?, b, errors) {
            (RealOrComplex::Real(a), AnyMatrix::Real(b), AnyMatrix::Real(errors)) => {
                self::generalized_lstsq(&a.operand(), b.as_slice(), errors).map(AnyGeneralizedSolution::Real)
            }
            (a, b, errors) => {
                let (a, b, errors) = (a.into_complex()?, b.to_complex(), errors.to_complex());
                self::generalized_lstsq(&a.operand(), b.as_slice(), &errors).map(AnyGeneralizedSolution::Complex)
            }
        }
    }

    /// [`weighted_lstsq`](crate::equations::weighted_lstsq) of this operator.
    ///
    /// # Errors
    ///
    /// As [`weighted_lstsq`](crate::equations::weighted_lstsq).
    pub fn weighted_lstsq(&self, b: &AnyMatrix, weights: &[f64], how: &Lstsq) -> Result<super::AnyLstsqSolution> {
        wide_with!((self, b), (a, b) => self::weighted_lstsq(a, b.as_slice(), weights, how))
    }
}
