use kappa_dense::{Matrix, Scalar, Shape, multiply};

use crate::error::{Error, Result};
use crate::operator::{AnyOperator, Entries, LinearOperator, RealOrComplex, wide_pair};
use crate::{Enclosure, Evidence, singular_values};

/// The principal angles between the ranges of two matrices, in radians, largest first.
///
/// cos θₖ is the k-th smallest singular value of QᴴP for orthonormal bases Q and P of the ranges. The matrices are m×n
/// and m×p; there are min(n, p) angles. Small angles are computed from sines and the others from cosines, so that no
/// angle loses digits by itself. A basis with nearly dependent columns determines its range only up to ε times their
/// condition (of the columns divided by their lengths), which turns every angle by as much. Evidence: estimate.
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
    let (x, y) = (Basis::of(a)?, Basis::of(b)?);
    if x.q.rows() != y.q.rows() {
        return Err(Error::shape(format!(
            "the two matrices have different numbers of rows: {} and {}",
            x.q.rows(),
            y.q.rows()
        )));
    }
    // The subspace of smaller dimension is compared with the larger one.
    let (x, y) = if x.q.columns() >= y.q.columns() { (x, y) } else { (y, x) };
    // Each range is turned by its own error.
    let turned = x.error + y.error;
    let (x, y) = (x.q, y.q);
    let along = multiply(x.adjoint().as_ref(), y.as_ref())?;
    let cosines = singular_values(&along)?;
    let projected = multiply(x.as_ref(), along.as_ref())?;
    let rest = Matrix::from_fn(y.rows(), y.columns(), |i, j| y[(i, j)] - projected[(i, j)]);
    let sines = singular_values(&rest)?;
    let k = y.columns();
    let radius = 16.0 * f64::EPSILON * (x.rows() as f64).sqrt() + turned.min(1.0).asin();
    Ok((0..k)
        .map(|i| {
            // The largest angle has the largest sine and the smallest cosine.
            let sine = sines.get(i).estimate().min(1.0);
            let cosine = cosines.get(k - 1 - i).estimate().min(1.0);
            let angle = if sine < cosine { sine.asin() } else { cosine.acos() };
            let right = std::f64::consts::FRAC_PI_2.next_up();
            let (lower, upper) = ((angle - radius).max(0.0), (angle + radius).min(right));
            Enclosure::new(lower, angle, upper, Evidence::Estimate("principal angles from sines and cosines"))
        })
        .collect())
}

/// An orthonormal basis of a range, and the sine of the angle by which rounding errors turn it at most, by a model.
struct Basis<W: Scalar> {
    q: Matrix<W>,
    error: f64,
}

impl<W: Scalar<Wide = W>> Basis<W> {
    fn of<T: Scalar<Wide = W>>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Self> {
        let (m, n) = a.shape();
        if n > m || n == 0 {
            return Err(Error::shape(format!("a subspace needs a basis of 1 to {m} columns, got a {m}×{n} matrix")));
        }
        let f = kappa_dense::pivoted_qr(Entries::of(a)?.view(), Shape::Thin)?;
        let size = |i: usize| crate::norm::modulus(f.r[(i, i)]);
        let dependent = || {
            Error::unsupported(format!("the {m}×{n} matrix is rank-deficient to working precision"))
                .with_hint("use the leading columns of U of its singular value decomposition")
        };
        let lengths: Vec<f64> = (0..n).map(|j| kappa_dense::length(f.r.column(j))).collect();
        if size(n - 1) <= f64::EPSILON * m as f64 * size(0) || lengths.contains(&0.0) {
            return Err(dependent());
        }
        // QR equals a matrix whose columns differ from those of A by a share of ε each, so that only the condition of
        // the columns divided by their lengths counts (van der Sluis).
        let unit = Matrix::from_fn(n, n, |i, j| f.r[(i, j)].scale(1.0 / lengths[j]));
        let least = singular_values(&unit)?.last().lower();
        if least <= 0.0 {
            return Err(dependent());
        }
        let error = f64::EPSILON * (8.0 + 4.0 * (m as f64).sqrt()) * (n as f64).sqrt() / least;
        Ok(Self { q: f.q, error })
    }
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
