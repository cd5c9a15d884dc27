use kappa_dense::{Matrix, Scalar, c64};

use crate::error::Result;
use crate::operator::{AnyOperator, Entries, LinearOperator, RealOrComplex, wide};

/// A = QTQᴴ with unitary Q and upper triangular T.
#[derive(Clone, Debug, PartialEq)]
pub struct Schur {
    q: Matrix<c64>,
    t: Matrix<c64>,
}

/// The complex Schur form A = QTQᴴ of a square matrix: the diagonal of T holds the eigenvalues, and its strict upper
/// triangle is zero exactly if the matrix is normal.
///
/// Backward stable: A + E = QTQᴴ, where ‖E‖ is a small multiple of n·ε·‖A‖. About 25n³ complex flops.
///
/// # Errors
///
/// When the matrix is not square, when an entry is not finite, and when the QR iteration does not converge.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, schur};
/// let f = schur(&Matrix::from_row_major(2, 2, vec![1.0, 1.0, 0.0, 1.0])?)?;
/// assert!((f.t()[(0, 0)].re - 1.0).abs() < 1e-15 && f.t()[(1, 0)].norm() == 0.0);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Golub and Van Loan, *Matrix Computations*, 4th ed., section 7.5.
pub fn schur<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Schur> {
    let entries = Entries::of(a)?;
    let parts = kappa_dense::schur(entries.view())?;
    Ok(Schur { q: parts.q, t: parts.t })
}

impl Schur {
    /// Q, unitary.
    pub fn q(&self) -> &Matrix<c64> {
        &self.q
    }

    /// T, upper triangular.
    pub fn t(&self) -> &Matrix<c64> {
        &self.t
    }

    /// The diagonal of T.
    pub fn eigenvalues(&self) -> Vec<c64> {
        (0..self.t.rows()).map(|i| self.t[(i, i)]).collect()
    }
}

impl AnyOperator<'_> {
    /// [`schur`](crate::schur) of this operator.
    ///
    /// # Errors
    ///
    /// As [`schur`](crate::schur).
    pub fn schur(&self) -> Result<Schur> {
        wide!(self, a => self::schur(a)).map(RealOrComplex::into_inner)
    }
}
