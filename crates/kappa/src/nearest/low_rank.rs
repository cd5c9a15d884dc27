use kappa_dense::{Matrix, Scalar, c64, multiply};

use super::{Nearest, distance, wide};
use crate::error::{Error, Result};
use crate::operator::{AnyOperator, LinearOperator, RealOrComplex, wide};
use crate::{Enclosure, Norm, Tolerance, svd};

/// The matrix of rank k or less nearest to A, in every unitarily invariant norm at once (Eckart and Young, Mirsky), with its error in
/// the norm that is asked for: that of the singular values that are left out.
///
/// Unique in the Schatten norms of 1 < p < ∞, Frobenius among them, where σₖ > σₖ₊₁ by more than their enclosures; in the others there
/// may be more, and nothing is said. About 6mn² + 20n³ flops, and the norm of the difference. Fails for a norm that is not unitarily invariant, and
/// when an entry is not finite.
///
/// ```
/// # use kappa::{Matrix, Norm, nearest};
/// let a = Matrix::from_row_major(2, 2, vec![3.0f64, 0.0, 0.0, 1.0])?;
/// let b = nearest::low_rank(&a, 1, Norm::nuclear())?;
/// assert!((b.matrix[(0, 0)] - 3.0).abs() < 1e-14 && b.distance.contains(1.0));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn low_rank<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), k: usize, norm: Norm) -> Result<Nearest<T::Wide>> {
    if !norm.is_unitarily_invariant() {
        return Err(Error::unsupported(format!("the best approximation of low rank is not known in the {norm} norm"))
            .with_hint(
                "every unitarily invariant norm has the same one: spectral, frobenius, nuclear, schatten:p, ky-fan:k",
            ));
    }
    let wide = wide(a)?;
    let (m, n) = (wide.rows(), wide.columns());
    if m == 0 || n == 0 || k >= m.min(n) {
        return Ok(Nearest { matrix: wide, distance: Enclosure::exact(0.0), norm, is_unique: Some(true), steps: 0 });
    }
    let f = svd(&wide)?;
    let s = f.singular_values();
    let left = Matrix::from_fn(m, k, |i, j| f.u()[(i, j)].scale(s.estimates()[j]));
    let right = Matrix::from_fn(k, n, |i, j| f.v()[(j, i)].conj());
    let matrix = multiply(left.as_ref(), right.as_ref())?;
    // What is left out counts as nothing where it cannot be told from it: then the nearest is A itself.
    let limit = Tolerance::default().size((m, n), s.first()).estimate();
    let is_unique = if k == 0 || s.get(k).estimate() <= limit {
        Some(true)
    } else if s.get(k - 1).lower() <= s.get(k).upper() {
        Some(false)
    } else {
        // Strictly convex norms have one nearest matrix; the others may have more.
        norm.is_strictly_convex().then_some(true)
    };
    let distance = distance(&wide, &matrix, norm)?;
    Ok(Nearest { matrix, distance, norm, is_unique, steps: 0 })
}

impl AnyOperator<'_> {
    /// [`nearest::low_rank`](crate::nearest::low_rank) of this operator.
    ///
    /// # Errors
    ///
    /// As [`nearest::low_rank`](crate::nearest::low_rank).
    pub fn nearest_low_rank(&self, k: usize, norm: Norm) -> Result<RealOrComplex<Nearest<f64>, Nearest<c64>>> {
        wide!(self, a => self::low_rank(a, k, norm))
    }
}
