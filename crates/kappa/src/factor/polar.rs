use kappa_dense::{Matrix, Scalar, c64, multiply};

use crate::error::{Error, Result};
use crate::operator::{AnyOperator, LinearOperator, RealOrComplex, both, wide};
use crate::svd;

/// A = UH with U having orthonormal columns and H Hermitian positive semidefinite.
#[derive(Clone, Debug, PartialEq)]
pub struct Polar<W: Scalar> {
    /// The nearest matrix with orthonormal columns, in every unitarily invariant norm.
    pub unitary: Matrix<W>,
    /// √(AᴴA).
    pub hermitian: Matrix<W>,
}

/// The polar decomposition A = UH of an m×n matrix with m ≥ n, from its singular value decomposition A = PΣVᴴ: U = PVᴴ
/// and H = VΣVᴴ.
///
/// # Errors
///
/// When m < n (take the decomposition of the adjoint), and as [`svd`](crate::svd).
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, polar};
/// let p = polar(&Matrix::from_row_major(2, 2, vec![0.0f64, -2.0, 3.0, 0.0])?)?;
/// assert!((p.unitary[(0, 1)] + 1.0).abs() < 1e-15 && (p.hermitian[(0, 0)] - 3.0).abs() < 1e-14);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Higham, *Functions of Matrices*, chapter 8.
pub fn polar<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Polar<T::Wide>> {
    let (m, n) = a.shape();
    if m < n {
        return Err(Error::shape(format!("a {m}×{n} matrix has m < n: no polar factor with orthonormal columns"))
            .with_hint("decompose the adjoint: Aᴴ = UH gives A = HUᴴ"));
    }
    let f = svd(a)?;
    let s = f.singular_values().estimates();
    let vh = f.v().adjoint();
    let scaled = Matrix::from_fn(n, n, |i, j| vh[(i, j)].scale(s[i]));
    let h = multiply(f.v().as_ref(), scaled.as_ref())?;
    // Make H exactly Hermitian.
    let hermitian = Matrix::from_fn(n, n, |i, j| (h[(i, j)] + h[(j, i)].conj()).scale(0.5));
    Ok(Polar { unitary: multiply(f.u().as_ref(), vh.as_ref())?, hermitian })
}

impl AnyOperator<'_> {
    /// [`polar`](crate::polar) of this operator.
    ///
    /// # Errors
    ///
    /// As [`polar`](crate::polar).
    pub fn polar(&self) -> Result<RealOrComplex<Polar<f64>, Polar<c64>>> {
        wide!(self, a => self::polar(a))
    }
}

/// [`Polar`] of a real or of a complex matrix.
pub type AnyPolar = RealOrComplex<Polar<f64>, Polar<c64>>;

impl AnyPolar {
    /// U.
    pub fn unitary(&self) -> AnyOperator<'_> {
        both!(self, f => (&f.unitary).into())
    }

    /// H.
    pub fn hermitian(&self) -> AnyOperator<'_> {
        both!(self, f => (&f.hermitian).into())
    }
}
