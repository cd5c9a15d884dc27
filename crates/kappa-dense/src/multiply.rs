//! Products of matrices.

use kappa_engine::{Accumulate, View, ViewMut};

use crate::cut::{self, Cut};
use crate::{Error, Matrix, MatrixRef, Scalar};

/// The product A·B of an m×k and a k×n matrix, in the precision of their entries.
///
/// Each entry is a sum of k products in some order, with or without fused multiply-add, so its error is at most
/// γₖ·(|A|·|B|)ᵢⱼ with γₖ = k·u/(1 − k·u) (Higham, *Accuracy and Stability*, 2nd ed., section 3.5) where nothing
/// overflows or underflows. 2·m·n·k flops, no copy of a factor. Fails when the inner dimensions differ.
///
/// ```
/// # use kappa_dense::{Matrix, multiply};
/// let a = Matrix::from_row_major(1, 2, vec![1.0, 2.0])?;
/// let b = Matrix::from_row_major(2, 1, vec![3.0, 4.0])?;
/// assert_eq!(multiply(a.as_ref(), b.as_ref())?[(0, 0)], 11.0);
/// # Ok::<(), kappa_dense::Error>(())
/// ```
pub fn multiply<T: Scalar>(a: MatrixRef<'_, T>, b: MatrixRef<'_, T>) -> Result<Matrix<T>, Error> {
    product(a, false, b)
}

/// The product Aᴴ·B of a k×m and a k×n matrix, without writing the adjoint down. Otherwise as [`multiply`].
///
/// ```
/// # use kappa_dense::{Matrix, adjoint_times};
/// let a = Matrix::from_row_major(2, 1, vec![1.0, 2.0])?;
/// assert_eq!(adjoint_times(a.as_ref(), a.as_ref())?[(0, 0)], 5.0);
/// # Ok::<(), kappa_dense::Error>(())
/// ```
pub fn adjoint_times<T: Scalar>(a: MatrixRef<'_, T>, b: MatrixRef<'_, T>) -> Result<Matrix<T>, Error> {
    product(a, true, b)
}

fn product<T: Scalar>(a: MatrixRef<'_, T>, adjoint: bool, b: MatrixRef<'_, T>) -> Result<Matrix<T>, Error> {
    let (m, k) = if adjoint { (a.columns(), a.rows()) } else { (a.rows(), a.columns()) };
    let n = b.columns();
    if k != b.rows() {
        let rows = b.rows();
        return Err(Error::shape(format!("a {m}×{k} matrix cannot be multiplied by a {rows}×{n} matrix")));
    }
    let mut c = Matrix::zeros(m, n);
    let a = if adjoint { a.view().adjoint() } else { a.view() };
    multiply_into(c.view_mut(), a, b.view(), cut::for_product(m, k, n));
    Ok(c)
}

/// C becomes A·B.
pub(crate) fn multiply_into<T: Scalar>(c: ViewMut<'_, T>, a: View<'_, T>, b: View<'_, T>, cut: Cut) {
    T::multiply(c, Accumulate::Replace, a, b, T::from_parts(1.0, 0.0), cut);
}
