//! The sensitivity of the solution and the residual of a least squares problem.

use kappa_dense::{Matrix, Scalar, multiply};

use crate::error::{Error, Result};
use crate::norm::length;
use crate::operator::{AnyMatrix, AnyOperator, LinearOperator, RealOrComplex, wide_with};
use crate::{Tolerance, svd};

/// Relative condition numbers of min ‖Ax − b‖₂ in the 2-norm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeastSquaresCondition {
    /// κ = σ₁/σᵣ over the numerical rank r.
    pub cond: f64,
    /// The numerical rank.
    pub rank: usize,
    /// ‖b − Ax‖/‖b‖, the sine of the angle θ between b and the range.
    pub residual: f64,
    /// η = ‖A‖‖x‖/‖Ax‖, between 1 and κ.
    pub stretch: f64,
    /// The fitted Ax for a change of b: 1/cos θ.
    pub fitted_by_b: f64,
    /// The solution for a change of b: κ/(η·cos θ).
    pub solution_by_b: f64,
    /// The fitted Ax for a change of A: κ/cos θ.
    pub fitted_by_a: f64,
    /// The solution for a change of A: κ + κ²·tan θ/η; for the minimum-norm solution of a wide matrix of full rank 2κ.
    pub solution_by_a: f64,
    /// The residual relative to ‖b‖ for changes of both: 1 + 2κ (Wedin).
    pub residual_by_both: f64,
}

/// The condition of a least squares problem, or of the minimum-norm solution of an underdetermined system.
///
/// Estimates from a singular value decomposition at the default tolerance. Where the rank is not full, the numbers hold
/// for changes that keep the rank. The cost of [`svd`](crate::svd).
///
/// # Errors
///
/// When the shapes do not fit, when A or b is zero or b is orthogonal to the range, when an entry is not finite, and as
/// [`svd`](crate::svd).
///
/// # Examples
///
/// ```
/// # use kappa::condition::least_squares_cond;
/// # use kappa::Matrix;
/// let a = Matrix::from_row_major(3, 2, vec![1.0, 0.0, 0.0, 1.0, 0.0, 0.0])?;
/// let c = least_squares_cond(&a, &[1.0, 1.0, 0.0])?;
/// assert!((c.solution_by_a - 1.0).abs() < 1e-12 && c.residual < 1e-15);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Trefethen and Bau, *Numerical Linear Algebra*, Theorem 18.1; Wedin, BIT 13 (1973) 217–232; Björck,
/// *Numerical Methods for Least Squares Problems*, section 1.4.
pub fn least_squares_cond<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), b: &[T]) -> Result<LeastSquaresCondition> {
    let (m, n) = a.shape();
    if b.len() != m {
        return Err(Error::shape(format!("b has {} entries, and the matrix has {m} rows", b.len())));
    }
    Error::check_vector(b).map_err(Error::of_right_hand_side)?;
    let f = svd(a)?;
    let rank = f.rank(Tolerance::default()).estimate() as usize;
    if rank == 0 {
        return Err(Error::unsupported("the least squares condition of the zero matrix is not defined")
            .with_hint("every x is a solution"));
    }
    let wide = Matrix::from_column_major(m, 1, b.iter().map(|b| b.widen()).collect())?;
    let along = multiply(f.u().adjoint().as_ref(), wide.as_ref())?;
    let s = f.singular_values().estimates();
    // Lengths are scaled, so that no square overflows or underflows; x is taken relative to σ₁.
    let whole = length(wide.as_slice());
    let fitted = length(&along.as_slice()[..rank]);
    let x = length(&(0..rank).map(|i| along[(i, 0)].scale(s[0] / s[i])).collect::<Vec<_>>());
    if fitted <= f64::EPSILON * whole || whole == 0.0 {
        return Err(Error::unsupported("b is orthogonal to the range of the matrix: the solution is 0")
            .with_hint("relative condition numbers of 0 are infinite"));
    }
    let cosine = (fitted / whole).min(1.0);
    // The norm of b minus its projection; √(1 − cos²) would lose a small angle to cancellation.
    let mut rest = wide.clone();
    for i in 0..rank {
        let c = along[(i, 0)];
        (0..m).for_each(|k| rest[(k, 0)] = rest[(k, 0)] - f.u()[(k, i)] * c);
    }
    let residual = (length(rest.as_slice()) / whole).min(1.0);
    let tangent = residual / cosine;
    let cond = s[0] / s[rank - 1];
    let stretch = (x / fitted).clamp(1.0, cond);
    let solution_by_a = if rank == m && m < n { 2.0 * cond } else { cond + cond * cond * tangent / stretch };
    Ok(LeastSquaresCondition {
        cond,
        rank,
        residual,
        stretch,
        fitted_by_b: 1.0 / cosine,
        solution_by_b: cond / (stretch * cosine),
        fitted_by_a: cond / cosine,
        solution_by_a,
        residual_by_both: 1.0 + 2.0 * cond,
    })
}

impl AnyOperator<'_> {
    /// [`least_squares_cond`](crate::condition::least_squares_cond) of this operator.
    ///
    /// # Errors
    ///
    /// As [`least_squares_cond`](crate::condition::least_squares_cond).
    pub fn least_squares_cond(&self, b: &AnyMatrix) -> Result<LeastSquaresCondition> {
        wide_with!((self, b), (a, b) => self::least_squares_cond(a, b.as_slice())).map(RealOrComplex::into_inner)
    }
}
