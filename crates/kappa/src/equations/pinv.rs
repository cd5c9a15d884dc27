//! The Moore–Penrose pseudoinverse.

use kappa_dense::{Matrix, Scalar, c64, multiply};

use crate::enclosure::{exponent_far_from_one, times_power_of_two};
use crate::error::{Error, Result};
use crate::norm::length;
use crate::operator::{AnyOperator, LinearOperator, RealOrComplex, both, wide};
use crate::{Tolerance, svd};

/// A⁺, n×m, with the residuals of the four Penrose conditions.
#[derive(Clone, Debug, PartialEq)]
pub struct Pseudoinverse<W: Scalar> {
    /// A⁺ as computed.
    pub matrix: Matrix<W>,
    /// The numerical rank at the tolerance.
    pub rank: usize,
    /// ‖AXA − A‖/‖A‖, ‖XAX − X‖/‖X‖, ‖(AX)ᴴ − AX‖/‖AX‖ and ‖(XA)ᴴ − XA‖/‖XA‖ in the Frobenius norm: the residuals of
    /// Penrose's conditions.
    pub residuals: [f64; 4],
}

/// The Moore–Penrose pseudoinverse of A, with the residuals of Penrose's four conditions.
///
/// A⁺ = V·diag(1/σ)·Uᴴ over the singular values above the tolerance. A is m×n, A⁺ is n×m; the pseudoinverse of the zero
/// matrix is zero. About 6mn² + 16n³ flops for m ≥ n, and four matrix products.
///
/// # Errors
///
/// When an entry of A is not finite, or an entry of A⁺ overflows double precision.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, Tolerance, pinv};
/// // (1, 2)⁺ = (1/5, 2/5)ᵀ.
/// let p = pinv(&Matrix::from_row_major(1, 2, vec![1.0f64, 2.0])?, Tolerance::default())?;
/// assert!((p.matrix[(1, 0)] - 0.4).abs() < 1e-15 && p.residuals.iter().all(|r| *r < 1e-15));
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Penrose, Proc. Cambridge Phil. Soc. 51 (1955) 406–413.
pub fn pinv<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), tolerance: Tolerance) -> Result<Pseudoinverse<T::Wide>> {
    let (m, n) = a.shape();
    let f = svd(a)?;
    let rank = f.rank(tolerance).estimate() as usize;
    // Scaled near 1, so that neither 1/σ nor the products below overflow or underflow.
    let e = exponent_far_from_one(f.singular_values().first().estimate());
    let s: Vec<f64> = f.singular_values().estimates().iter().map(|s| times_power_of_two(*s, -e)).collect();
    let left = Matrix::from_fn(n, rank, |i, k| f.v()[(i, k)].scale(1.0 / s[k]));
    let right = Matrix::from_fn(rank, m, |k, j| f.u()[(j, k)].conj());
    let x = multiply(left.as_ref(), right.as_ref())?;
    let a = a.to_dense()?.as_ref().to_wide();
    let a = Matrix::from_fn(m, n, |i, j| times_power_of_two(a[(i, j)], -e));
    let (ax, xa) = (multiply(a.as_ref(), x.as_ref())?, multiply(x.as_ref(), a.as_ref())?);
    let (axa, xax) = (multiply(ax.as_ref(), a.as_ref())?, multiply(xa.as_ref(), x.as_ref())?);
    let residuals = [apart(&axa, &a), apart(&xax, &x), apart(&ax.adjoint(), &ax), apart(&xa.adjoint(), &xa)];
    let matrix = Matrix::from_fn(n, m, |i, j| times_power_of_two(x[(i, j)], -e));
    if !matrix.as_slice().iter().all(|x| x.is_finite()) {
        return Err(Error::unsupported("the pseudoinverse overflows double precision")
            .with_hint("multiply the matrix by a power of ten, and the pseudoinverse by the same power"));
    }
    Ok(Pseudoinverse { matrix, rank, residuals })
}

/// ‖X − Y‖_F/‖Y‖_F; 0 for Y = 0.
fn apart<W: Scalar>(x: &Matrix<W>, y: &Matrix<W>) -> f64 {
    let difference: Vec<W> = x.as_slice().iter().zip(y.as_slice()).map(|(x, y)| *x - *y).collect();
    let size = length(y.as_slice());
    if size == 0.0 { 0.0 } else { length(&difference) / size }
}

impl AnyOperator<'_> {
    /// [`pinv`](crate::pinv) of this operator.
    ///
    /// # Errors
    ///
    /// As [`pinv`](crate::pinv).
    pub fn pinv(&self, tolerance: Tolerance) -> Result<RealOrComplex<Pseudoinverse<f64>, Pseudoinverse<c64>>> {
        wide!(self, a => self::pinv(a, tolerance))
    }
}

/// [`Pseudoinverse`] of a real or of a complex matrix.
pub type AnyPseudoinverse = RealOrComplex<Pseudoinverse<f64>, Pseudoinverse<c64>>;

impl AnyPseudoinverse {
    /// A⁺.
    pub fn matrix(&self) -> AnyOperator<'_> {
        both!(self, f => (&f.matrix).into())
    }

    /// The numerical rank.
    pub fn rank(&self) -> usize {
        both!(self, f => f.rank)
    }

    /// The residuals of Penrose's four conditions.
    pub fn residuals(&self) -> [f64; 4] {
        both!(self, f => f.residuals)
    }
}
