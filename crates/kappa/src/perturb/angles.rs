use kappa_dense::{Matrix, Scalar, Shape, multiply};

use crate::error::{Error, Result};
use crate::operator::{AnyOperator, Entries, LinearOperator, RealOrComplex, wide_pair};
use crate::{Enclosure, Evidence, singular_values};

/// The principal angles between the ranges of two matrices, in radians, largest first.
///
/// cos θₖ is the k-th smallest singular value of QᴴP for orthonormal bases Q and P of the ranges. The matrices are m×n
/// and m×p; there are min(n, p) angles. Small angles are computed from sines and the others from cosines, so that no
/// angle loses digits. Evidence: estimate.
///
/// # Errors
///
/// When the numbers of rows differ, a matrix has more columns than rows, or its columns are linearly dependent.
///
/// # Examples
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
        return Err(Error::shape(format!(
            "the two matrices have different numbers of rows: {} and {}",
            x.rows(),
            y.rows()
        )));
    }
    // The subspace of smaller dimension is compared with the larger one.
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
        return Err(Error::shape(format!("a subspace needs a basis of 1 to {m} columns, got a {m}×{n} matrix")));
    }
    let f = kappa_dense::pivoted_qr(Entries::of(a)?.view(), Shape::Thin)?;
    let size = |i: usize| crate::norm::modulus(f.r[(i, i)]);
    if size(n - 1) <= f64::EPSILON * m as f64 * size(0) {
        return Err(Error::unsupported(format!("the {m}×{n} matrix is rank-deficient to working precision"))
            .with_hint("use the leading columns of U of its singular value decomposition"));
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
