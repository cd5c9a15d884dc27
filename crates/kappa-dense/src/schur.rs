//! Schur forms: triangular over the complex numbers, with blocks of order 2 over the real ones.

use num_complex::Complex64;

use crate::balance::Balance;
use crate::engine::{Cut, engine_hessenberg};
use crate::francis::triangularize_real;
use crate::guard::{prepared, square, unscaled};
use crate::hessenberg::triangularize;
use crate::{Error, Matrix, MatrixRef, Real, Scalar};

/// A = QTQᴴ with Q unitary and T upper triangular.
#[derive(Clone, Debug, PartialEq)]
pub struct SchurParts {
    /// Unitary.
    pub q: Matrix<Complex64>,
    /// Upper triangular, the eigenvalues on its diagonal.
    pub t: Matrix<Complex64>,
}

/// The complex Schur form of a square matrix: Hessenberg form, then QR steps with Wilkinson's shift. About 25n³ complex flops.
///
/// Fails for a matrix that is not square, when an entry is not finite, and when the steps do not converge.
pub fn schur<T: Scalar>(a: MatrixRef<'_, T>) -> Result<SchurParts, Error> {
    let n = square(a, "a Schur form")?;
    let (mut work, e) = prepared(a)?;
    // What is triangular but for its order is not touched by a rounding.
    let balance = Balance::of(&mut work, false);
    let mut t = Matrix::from_fn(n, n, |i, j| Complex64::new(work[(i, j)].re(), work[(i, j)].im()));
    let q = engine_hessenberg(t.as_mut_slice(), n, Cut::for_shape(n, n));
    let mut q = Matrix::owning(n, n, q);
    if !triangularize(&mut t, &mut q) {
        return Err(Error::not_triangular(n));
    }
    Ok(SchurParts { q: balance.undo(&q, false), t: unscaled(t, e) })
}

/// A = QTQᵀ with Q orthogonal and T upper triangular but for blocks of order 2 on its diagonal, one for each conjugate pair.
#[derive(Clone, Debug, PartialEq)]
pub struct RealSchurParts {
    /// Orthogonal.
    pub q: Matrix<f64>,
    /// The blocks of order 2 have the form [a b; c a] with b·c < 0: eigenvalues a ± √(bc).
    pub t: Matrix<f64>,
}

/// The real Schur form of a real square matrix: Hessenberg form, then Francis' double steps. About 25n³ flops.
///
/// Fails for a matrix that is not square, when an entry is not finite, and when the steps do not converge.
///
/// ```
/// # use kappa_dense::{MatrixRef, real_schur};
/// let form = real_schur(MatrixRef::row_major(2, 2, &[1.0, 2.0, 3.0, 2.0])?)?;
/// assert_eq!(form.t[(1, 0)], 0.0);
/// assert!((form.t[(0, 0)] + form.t[(1, 1)] - 3.0).abs() < 1e-15);
/// # Ok::<(), kappa_dense::Error>(())
/// ```
pub fn real_schur<T: Real>(a: MatrixRef<'_, T>) -> Result<RealSchurParts, Error> {
    let n = square(a, "a Schur form")?;
    let (mut work, e) = prepared(a)?;
    let balance = Balance::of(&mut work, false);
    let mut t = Matrix::from_fn(n, n, |i, j| work[(i, j)].re());
    let mut q = Matrix::owning(n, n, engine_hessenberg(t.as_mut_slice(), n, Cut::for_shape(n, n)));
    if !triangularize_real(&mut t, &mut q) {
        return Err(Error::not_triangular(n));
    }
    Ok(RealSchurParts { q: balance.undo(&q, false), t: unscaled(t, e) })
}
