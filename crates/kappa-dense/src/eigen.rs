//! Eigenvalues and eigenvectors: Hermitian and not, with and without vectors; checked, scaled by a power of two.
//!
//! They carry no guarantee: whoever needs one looks at the residuals.

use num_complex::Complex64;

use crate::bisect::tridiagonal_eigenvalues;
use crate::engine::{Cut, Eigen, Engine, Sides, WideEngine, engine_eig_complex, engine_eig_real};
use crate::guard::{prepared, prepared_lower, square};
use crate::scale::scale_by_power;
use crate::{Error, Matrix, MatrixRef, Scalar};

/// Eigenvalues in rising order, and orthonormal vectors in columns, of a Hermitian matrix whose lower triangle is read.
///
/// About 9n³ flops. Fails for a matrix that is not square, when an entry is not finite, and when nothing converges.
pub fn eigh<T: Scalar>(a: MatrixRef<'_, T>) -> Result<(Vec<f64>, Matrix<T::Wide>), Error> {
    let n = square(a, "an eigendecomposition")?;
    let (work, e) = prepared_lower(a)?;
    if n == 0 {
        return Ok((Vec::new(), work));
    }
    let found = T::Wide::engine_eigh(work.as_slice(), n, Cut::for_shape(n, n))
        .or_else(|_| T::Wide::engine_eigh(work.as_slice(), n, Cut::Whole));
    let (mut values, vectors) = found.map_err(|_| Error::not_triangular(n))?;
    values.iter_mut().for_each(|x| *x = scale_by_power(*x, e));
    Ok((values, Matrix::owning(n, n, vectors)))
}

/// The eigenvalues alone, in rising order, of a Hermitian matrix whose lower triangle is read: a few ε·√n·‖A‖ off.
///
/// Reduction to tridiagonal form, then bisection. 4/3·n³ flops; fails as [`eigh`] does.
///
/// ```
/// # use kappa_dense::{MatrixRef, eigvalsh};
/// assert_eq!(eigvalsh(MatrixRef::row_major(2, 2, &[0.0, 9.0, 2.0, 0.0])?)?, [-2.0, 2.0]);
/// # Ok::<(), kappa_dense::Error>(())
/// ```
pub fn eigvalsh<T: Scalar>(a: MatrixRef<'_, T>) -> Result<Vec<f64>, Error> {
    let n = square(a, "an eigendecomposition")?;
    let (mut work, e) = prepared_lower(a)?;
    if n == 0 {
        return Ok(Vec::new());
    }
    let (diagonal, beside) = T::Wide::engine_tridiagonal(work.as_mut_slice(), n, Cut::for_shape(n, n));
    let mut values = tridiagonal_eigenvalues(&diagonal, &beside);
    values.iter_mut().for_each(|x| *x = scale_by_power(*x, e));
    Ok(values)
}

/// Eigenvalues, and eigenvectors of length 1 in columns: A·right = right·diag(values), leftᴴ·A = diag(values)·leftᴴ.
#[derive(Clone, Debug, PartialEq)]
pub struct EigParts {
    /// In the engine's order.
    pub values: Vec<Complex64>,
    /// Right eigenvectors.
    pub right: Matrix<Complex64>,
    /// Left eigenvectors, in the same order; no columns where they were not asked for.
    pub left: Matrix<Complex64>,
}

/// Eigenvalues with right and left eigenvectors of a square matrix; conjugate pairs exactly where A is real. About 30n³ flops.
///
/// Fails for a matrix that is not square, when an entry is not finite, and when the QR steps do not converge.
pub fn eig<T: Scalar>(a: MatrixRef<'_, T>) -> Result<EigParts, Error> {
    eigen(a, Sides::Both)
}

/// Eigenvalues with right eigenvectors alone, `left` having no columns. About 25n³ flops; fails as [`eig`] does.
pub fn eig_right<T: Scalar>(a: MatrixRef<'_, T>) -> Result<EigParts, Error> {
    eigen(a, Sides::Right)
}

/// Eigenvalues alone, in the engine's order. About 10n³ flops; fails as [`eig`] does.
///
/// ```
/// # use kappa_dense::{MatrixRef, eigvals};
/// // A quarter turn.
/// let mut values = eigvals(MatrixRef::row_major(2, 2, &[0.0, -1.0, 1.0, 0.0])?)?;
/// values.sort_by(|x, y| x.im.total_cmp(&y.im));
/// assert!((values[0].im + 1.0).abs() < 1e-15 && (values[1].im - 1.0).abs() < 1e-15);
/// # Ok::<(), kappa_dense::Error>(())
/// ```
pub fn eigvals<T: Scalar>(a: MatrixRef<'_, T>) -> Result<Vec<Complex64>, Error> {
    eigen(a, Sides::Neither).map(|parts| parts.values)
}

fn eigen<T: Scalar>(a: MatrixRef<'_, T>, sides: Sides) -> Result<EigParts, Error> {
    let n = square(a, "an eigendecomposition")?;
    let (work, e) = prepared(a)?;
    if n == 0 {
        return Ok(EigParts { values: Vec::new(), right: Matrix::zeros(0, 0), left: Matrix::zeros(0, 0) });
    }
    let run: Box<dyn Fn(Cut) -> _> = if T::IS_COMPLEX {
        let entries: Vec<Complex64> = work.as_slice().iter().map(|x| Complex64::new(x.re(), x.im())).collect();
        Box::new(move |cut| engine_eig_complex(&entries, n, sides, cut))
    } else {
        let entries: Vec<f64> = work.as_slice().iter().map(|x| x.re()).collect();
        Box::new(move |cut| engine_eig_real(&entries, n, sides, cut))
    };
    let is_whole = |found: &Eigen| found.0.iter().chain(&found.1).chain(&found.2).all(|x| x.is_finite());
    let found = [Cut::for_shape(n, n), Cut::Whole].into_iter().find_map(|cut| run(cut).ok().filter(is_whole));
    let (values, right, left) = found.ok_or_else(|| Error::not_triangular(n))?;
    let scale = |x: Complex64| Complex64::new(scale_by_power(x.re, e), scale_by_power(x.im, e));
    let columns = |entries: Vec<Complex64>| unit_columns(Matrix::owning(n, entries.len() / n, entries));
    Ok(EigParts { values: values.into_iter().map(scale).collect(), right: columns(right), left: columns(left) })
}

fn unit_columns(mut a: Matrix<Complex64>) -> Matrix<Complex64> {
    for j in 0..a.columns() {
        let column = a.column_mut(j);
        let largest = column.iter().map(|x| x.re.abs().max(x.im.abs())).fold(0.0, f64::max);
        if largest > 0.0 {
            column.iter_mut().for_each(|x| *x = x.scale(1.0 / largest));
            let size = column.iter().map(|x| x.norm_sqr()).sum::<f64>().sqrt();
            column.iter_mut().for_each(|x| *x = x.scale(1.0 / size));
        }
    }
    a
}
