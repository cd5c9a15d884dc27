use kappa_dense::{Matrix, Scalar, Shape, multiply};

use crate::error::{Error, Result};
use crate::operator::{AnyOperator, Entries, LinearOperator, RealOrComplex, wide_pair};
use crate::{Enclosure, Evidence, singular_values};

/// The principal angles between the ranges of two matrices with as many rows, in radians, largest first.
///
/// As many as the smaller number of columns. From sines where those are small and cosines elsewhere, so that no angle loses its
/// digits; evidence: estimate. Fails when the rows differ, for matrices with more columns than rows, and when columns are
/// dependent.
///
/// ```
/// # use kappa::{Matrix, perturb::principal_angles};
/// let x = Matrix::from_row_major(3, 1, vec![1.0, 0.0, 0.0])?;
/// let y = Matrix::from_row_major(3, 1, vec![1.0, 1e-10, 0.0])?;
/// assert!((principal_angles(&x, &y)?[0].estimate() / 1e-10 - 1.0).abs() < 1e-6);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Björck and Golub, Math. Comp. 27 (1973) 579–594; Knyazev and Argentati, SISC 23 (2002) 2008–2040.
pub fn principal_angles<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    b: &(impl LinearOperator<T> + ?Sized),
) -> Result<Vec<Enclosure>> {
    let (x, y) = (basis(a)?, basis(b)?);
    if x.rows() != y.rows() {
        return Err(Error::shape(format!("subspaces of dimension {} and {} lie apart", x.rows(), y.rows())));
    }
    // The smaller one is compared with the larger.
    let (x, y) = if x.columns() >= y.columns() { (x, y) } else { (y, x) };
    let along = multiply(x.adjoint().as_ref(), y.as_ref())?;
    let cosines = singular_values(&along)?;
    let projected = multiply(x.as_ref(), along.as_ref())?;
    let rest = Matrix::from_fn(y.rows(), y.columns(), |i, j| y[(i, j)] - projected[(i, j)]);
    let sines = singular_values(&rest)?;
    let k = y.columns();
    let radius = 16.0 * f64::EPSILON * (x.rows() as f64).sqrt();
    Ok((0..k)
        .map(|i| {
            // The largest angle has the largest sine and the smallest cosine.
            let sine = sines.get(i).estimate().min(1.0);
            let cosine = cosines.get(k - 1 - i).estimate().min(1.0);
            let angle = if sine < cosine { sine.asin() } else { cosine.acos() };
            Enclosure::around(angle, radius, Evidence::Estimate("principal angles from sines and cosines"))
        })
        .collect())
}

fn basis<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Matrix<T::Wide>> {
    let (m, n) = a.shape();
    if n > m || n == 0 {
        return Err(Error::shape(format!("the columns of a {m}×{n} matrix are no basis of a subspace")));
    }
    let f = kappa_dense::pivoted_qr(Entries::of(a)?.view(), Shape::Thin)?;
    let size = |i: usize| crate::norm::modulus(f.r[(i, i)]);
    if size(n - 1) <= f64::EPSILON * m as f64 * size(0) {
        return Err(Error::unsupported("the columns are dependent, to working precision")
            .with_hint("take the leading columns of U of a singular value decomposition"));
    }
    Ok(f.q)
}

impl AnyOperator<'_> {
    /// [`perturb::principal_angles`](crate::perturb::principal_angles) of this operator.
    ///
    /// # Errors
    ///
    /// As [`perturb::principal_angles`](crate::perturb::principal_angles).
    pub fn principal_angles(&self, other: &AnyOperator<'_>) -> Result<Vec<Enclosure>> {
        wide_pair!((self, other), (a, b) => self::principal_angles(a, b)).map(RealOrComplex::into_inner)
    }
}
