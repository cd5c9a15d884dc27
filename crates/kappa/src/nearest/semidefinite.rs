use kappa_dense::{Matrix, Scalar, c64, eigh, multiply};

use super::{Nearest, half, square};
use crate::error::{Error, Result};
use crate::operator::{AnyOperator, LinearOperator, RealOrComplex, wide};

/// The Hermitian positive semidefinite matrix nearest to A in the Frobenius norm: the eigenvalues of ½(A + Aᴴ) below `least` are
/// lifted to it (Higham, Linear Algebra Appl. 103 (1988) 103–118).
///
/// `least` = 0 is the nearest; a positive one makes the matrix definite, so that it has a Cholesky factor. Unique. About 10n³
/// flops. Fails for a matrix that is not square, for a negative `least`, and when an entry is not finite.
///
/// ```
/// # use kappa::{Matrix, nearest};
/// let a = Matrix::from_row_major(2, 2, vec![1.0f64, 2.0, 2.0, 1.0])?;
/// // Eigenvalues 3 and −1: the second becomes 0.
/// let p = nearest::semidefinite(&a, 0.0)?;
/// assert!((p.matrix[(0, 0)] - 1.5).abs() < 1e-14 && (p.distance.estimate() - 1.0).abs() < 1e-14);
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn semidefinite<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), least: f64) -> Result<Nearest<T::Wide>> {
    if !(least >= 0.0 && least.is_finite()) {
        return Err(Error::argument(format!("the least eigenvalue is at least 0, and {least} is not")));
    }
    let a = square(a, "semidefinite")?;
    let matrix = lifted(&half(a.as_ref(), 1.0), least)?;
    Nearest::closed(&a, matrix, Some(true))
}

/// Eigenvalues below `least` are lifted to it; exactly Hermitian.
pub(super) fn lifted<W: Scalar<Wide = W>>(a: &Matrix<W>, least: f64) -> Result<Matrix<W>> {
    let (values, vectors) = eigh(a.as_ref())?;
    if values.iter().all(|x| *x >= least) {
        return Ok(a.clone());
    }
    // The side with fewer eigenvalues is multiplied out.
    let n = values.len();
    let low = values.iter().filter(|x| **x < least).count();
    let part = |from: usize, to: usize, f: &dyn Fn(f64) -> f64| -> Result<Matrix<W>> {
        let scaled = Matrix::from_fn(n, to - from, |i, k| vectors[(i, from + k)].scale(f(values[from + k])));
        let right = Matrix::from_fn(to - from, n, |k, j| vectors[(j, from + k)].conj());
        Ok(multiply(scaled.as_ref(), right.as_ref())?)
    };
    let whole = if 2 * low < n || least > 0.0 {
        let change = part(0, low, &|x| least - x)?;
        Matrix::from_fn(n, n, |i, j| a[(i, j)] + change[(i, j)])
    } else {
        part(low, n, &|x| x)?
    };
    Ok(half(whole.as_ref(), 1.0))
}

impl AnyOperator<'_> {
    /// [`nearest::semidefinite`](crate::nearest::semidefinite) of this operator.
    ///
    /// # Errors
    ///
    /// As [`nearest::semidefinite`](crate::nearest::semidefinite).
    pub fn nearest_semidefinite(&self, least: f64) -> Result<RealOrComplex<Nearest<f64>, Nearest<c64>>> {
        wide!(self, a => self::semidefinite(a, least))
    }
}
