//! Systems with triangular matrices.

use crate::engine::{Cut, Triangle, WideEngine};
use crate::factorize::{prepared, square, unscaled};
use crate::scale::{exponent, scaled};
use crate::{Error, Matrix, MatrixRef, Scalar};

/// T⁻¹B for the triangle of a square matrix that is meant; what stands on its other side is not read.
///
/// n² flops for each column. Not finite where the diagonal has a zero. Fails for a matrix that is not square, for a B of another
/// length, and when an entry of T is not finite.
///
/// ```
/// # use kappa_dense::{Matrix, Triangle, triangular_solve};
/// let t = Matrix::from_row_major(2, 2, vec![2.0, 1.0, 0.0, 4.0])?;
/// let b = Matrix::from_row_major(2, 1, vec![4.0, 8.0])?;
/// let x = triangular_solve(t.as_ref(), Triangle { upper: true, ..Triangle::default() }, &b)?;
/// assert_eq!(x.as_slice(), [1.0, 2.0]);
/// # Ok::<(), kappa_dense::Error>(())
/// ```
pub fn triangular_solve<T: Scalar>(
    t: MatrixRef<'_, T>,
    which: Triangle,
    b: &Matrix<T::Wide>,
) -> Result<Matrix<T::Wide>, Error> {
    let n = square(t, "a triangular system")?;
    if b.rows() != n {
        return Err(Error::shape(format!("a right-hand side has {} rows, and the matrix {n}", b.rows())));
    }
    let (t, e) = prepared(t)?;
    // A diagonal of ones is not scaled with the rest.
    if which.unit && e != 0 {
        return Ok(solve_scaled(&unscaled(t, e), which, b.clone()));
    }
    Ok(unscaled(solve_scaled(&t, which, b.clone()), -e))
}

/// T⁻¹B with B brought near 1 on the way, so that nothing small is rounded.
pub(crate) fn solve_scaled<W: Scalar<Wide = W> + WideEngine>(t: &Matrix<W>, which: Triangle, b: Matrix<W>) -> Matrix<W> {
    let n = t.rows();
    if n == 0 || b.columns() == 0 {
        return b;
    }
    let largest = b.as_slice().iter().map(|x| x.re().abs().max(x.im().abs())).fold(0.0, f64::max);
    let e = if largest.is_finite() { exponent(largest) } else { 0 };
    let mut x = scaled::<W, W>(b.as_ref(), e);
    let cut = Cut::for_shape(n, b.columns());
    W::engine_triangular_solve(t.as_slice(), n, which, x.as_mut_slice(), cut);
    unscaled(x, e)
}
