use kappa_dense::{Matrix, Scalar, c64, multiply};

use super::{Nearest, distance, wide};
use crate::error::{Error, Result};
use crate::operator::{AnyOperator, LinearOperator, RealOrComplex, wide};
use crate::{Enclosure, Norm, Tolerance, svd};

/// The matrix of rank at most k nearest to A in a unitarily invariant norm.
///
/// Aₖ = Σᵢ₌₁ᵏ σᵢuᵢvᵢᴴ, the same for all these norms (Eckart and Young, Mirsky). Its distance is the norm of the
/// singular values σₖ₊₁, σₖ₊₂, …. A and Aₖ are m×n.
///
/// `is_unique` is known in the Schatten norms with 1 < p < ∞, including Frobenius, if σₖ > σₖ₊₁ by more than their
/// enclosures; in the other norms uniqueness is not decided. About 6mn² + 20n³ flops, and the norm of the difference.
///
/// # Errors
///
/// When the norm is not unitarily invariant, or an entry is not finite.
///
/// # Examples
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
        return Err(Error::unsupported(format!("the best low-rank approximation is not known in the {norm} norm"))
            .with_hint("use a unitarily invariant norm: spectral, frobenius, nuclear, schatten:p, ky-fan:k"));
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
    // If the discarded singular values may all be 0, the nearest matrix is A itself.
    let limit = Tolerance::default().size((m, n), s.epsilon(), s.first()).estimate();
    let is_unique = if k == 0 || s.get(k).estimate() <= limit {
        Some(true)
    } else if s.get(k - 1).lower() <= s.get(k).upper() {
        Some(false)
    } else {
        // Strictly convex norms have one nearest matrix; the others may have several.
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
