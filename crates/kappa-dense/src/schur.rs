//! Schur forms: triangular over the complex numbers, with blocks of order 2 over the real numbers.

use kappa_engine::Double;
use num_complex::Complex64;

use crate::balance::Balance;
use crate::cut;
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

/// The complex Schur form of a square matrix.
///
/// A = QTQᴴ with Q unitary and T upper triangular: Hessenberg form, then QR steps with Wilkinson's shift. No error
/// bound is given. About 25n³ complex flops.
///
/// # Errors
///
/// When A is not square, when an entry is not finite, and when the steps do not converge.
pub fn schur<T: Scalar>(a: MatrixRef<'_, T>) -> Result<SchurParts, Error> {
    let (q, t) = form(a, complex_form)?;
    Ok(SchurParts { q, t })
}

/// Q and T of a square matrix of any scale; `find` computes them for a matrix near 1.
fn form<T: Scalar, W: Scalar<Wide = W>>(
    a: MatrixRef<'_, T>,
    find: impl Fn(&Matrix<T::Wide>) -> Option<(Matrix<W>, Matrix<W>)>,
) -> Result<(Matrix<W>, Matrix<W>), Error> {
    let n = square(a, "a Schur form")?;
    let (mut work, e) = prepared(a)?;
    // A matrix that is triangular after a permutation is not changed by rounding.
    let balance = Balance::of(&mut work, false);
    let found = find(&work).or_else(|| find(&without_specks(&work)));
    let (q, t) = found.ok_or_else(|| Error::not_triangular(n))?;
    Ok((balance.undo(&q, false), unscaled(t, e)))
}

/// The matrix near 1 without entries far below ε²: their products underflow, and reflections that are made of them are
/// not numbers. The change is far below the rounding errors of the form.
pub(crate) fn without_specks<W: Scalar>(a: &Matrix<W>) -> Matrix<W> {
    let speck = 2f64.powi(-120);
    Matrix::from_fn(a.rows(), a.columns(), |i, j| {
        let part = |x: f64| if x.abs() < speck { 0.0 } else { x };
        W::from_parts(part(a[(i, j)].re()), part(a[(i, j)].im()))
    })
}

/// Q and T of the complex form of a matrix near 1; `None` where the steps do not converge.
pub(crate) fn complex_form<W: Scalar>(a: &Matrix<W>) -> Option<(Matrix<Complex64>, Matrix<Complex64>)> {
    let n = a.rows();
    let mut t = complex(a);
    let mut q = Matrix::owning(n, n, Complex64::hessenberg(t.as_mut_slice(), n, cut::for_shape(n, n)));
    triangularize(&mut t, &mut q).then_some((q, t))
}

/// Q and T of the real form of a real matrix near 1; `None` where the steps do not converge.
pub(crate) fn real_form<W: Scalar>(a: &Matrix<W>) -> Option<(Matrix<f64>, Matrix<f64>)> {
    let n = a.rows();
    let mut t = Matrix::from_fn(n, n, |i, j| a[(i, j)].re());
    let mut q = Matrix::owning(n, n, f64::hessenberg(t.as_mut_slice(), n, cut::for_shape(n, n)));
    triangularize_real(&mut t, &mut q).then_some((q, t))
}

/// The same matrix over the complex numbers.
pub(crate) fn complex<W: Scalar>(a: &Matrix<W>) -> Matrix<Complex64> {
    Matrix::from_fn(a.rows(), a.columns(), |i, j| Complex64::new(a[(i, j)].re(), a[(i, j)].im()))
}

/// A = QTQᵀ with Q orthogonal and T upper triangular except for blocks of order 2 on its diagonal, one for each
/// conjugate pair.
#[derive(Clone, Debug, PartialEq)]
pub struct RealSchurParts {
    /// Orthogonal.
    pub q: Matrix<f64>,
    /// The blocks of order 2 have the form [a b; c a] with b·c < 0: eigenvalues a ± √(bc).
    pub t: Matrix<f64>,
}

/// The real Schur form of a real square matrix.
///
/// A = QTQᵀ with Q orthogonal and T quasi-triangular: Hessenberg form, then Francis' double steps. No error bound is
/// given. About 25n³ flops.
///
/// # Errors
///
/// When A is not square, when an entry is not finite, and when the steps do not converge.
///
/// # Examples
///
/// ```
/// # use kappa_dense::{MatrixRef, real_schur};
/// let form = real_schur(MatrixRef::row_major(2, 2, &[1.0, 2.0, 3.0, 2.0])?)?;
/// assert_eq!(form.t[(1, 0)], 0.0);
/// assert!((form.t[(0, 0)] + form.t[(1, 1)] - 3.0).abs() < 1e-15);
/// # Ok::<(), kappa_dense::Error>(())
/// ```
pub fn real_schur<T: Real>(a: MatrixRef<'_, T>) -> Result<RealSchurParts, Error> {
    let (q, t) = form(a, real_form)?;
    Ok(RealSchurParts { q, t })
}
