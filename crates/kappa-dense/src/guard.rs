//! What every factorization does at the door: shapes, entries that are not finite, and a scaling by a power of two.

use crate::scale::{exponent, scale_entry, scaled};
use crate::{Error, Matrix, MatrixRef, Scalar, scan};

/// A·2⁻ᵉ with its largest entry near 1, in double precision, and e. Refuses entries that are not finite.
pub(crate) fn prepared<T: Scalar>(a: MatrixRef<'_, T>) -> Result<(Matrix<T::Wide>, i32), Error> {
    let e = exponent(largest_entry(a)?);
    Ok((scaled(a, e), e))
}

/// The largest modulus. Refuses entries that are not finite.
pub(crate) fn largest_entry<T: Scalar>(a: MatrixRef<'_, T>) -> Result<f64, Error> {
    let found = scan(a);
    match found.not_finite {
        Some(at) => Err(Error::not_finite(at.row, at.column)),
        // The modulus of a complex entry may overflow where its parts do not.
        None => Ok(found.max_abs.min(f64::MAX)),
    }
}

/// The same of the lower triangle of a Hermitian matrix: what stands above it, and in the imaginary parts of its diagonal, may be
/// anything, and is zero in the copy.
pub(crate) fn prepared_lower<T: Scalar>(a: MatrixRef<'_, T>) -> Result<(Matrix<T::Wide>, i32), Error> {
    let mut lower = a.to_owned();
    for j in 0..a.columns().min(a.rows()) {
        lower.column_mut(j)[..j].fill(T::default());
        lower[(j, j)] = T::from_parts(lower[(j, j)].re(), 0.0);
    }
    prepared(lower.as_ref())
}

pub(crate) fn square<T: Scalar>(a: MatrixRef<'_, T>, what: &str) -> Result<usize, Error> {
    let (m, n) = (a.rows(), a.columns());
    if m == n { Ok(n) } else { Err(Error::shape(format!("{what} needs a square matrix, not a {m}×{n} one"))) }
}

pub(crate) fn unscaled<W: Scalar>(mut a: Matrix<W>, e: i32) -> Matrix<W> {
    a.as_mut_slice().iter_mut().for_each(|x| *x = scale_entry(*x, e));
    a
}
