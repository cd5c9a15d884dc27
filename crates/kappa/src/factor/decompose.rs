use kappa_dense::{Leading, Precision, Scalar, Shape, c64};

use crate::Svd;
use crate::error::{Error, Result};
use crate::factor::PartialSvd;
use crate::operator::{AnyOperator, Entries, LinearOperator, RealOrComplex, check_full_factor};
use crate::values::SingularValues;

/// The thin singular value decomposition A = U·diag(σ)·Vᴴ: U m×p and V n×p with orthonormal columns, p = min(m, n).
///
/// Computed in double precision, whatever type A is stored in. The singular values are enclosed (evidence: estimate).
/// The vectors are orthonormal and reproduce A to about ε·σ₁; a single vector is determined only up to a factor of
/// modulus 1, and only as accurately as the gap to the neighbouring singular values allows. About 6·m·n² + 16·n³ flops
/// for m ≥ n.
///
/// # Errors
///
/// When an entry is not finite, and when the iteration does not converge.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, svd};
/// let f = svd(&Matrix::from_row_major(1, 2, vec![3.0, 4.0])?)?;
/// assert!(f.singular_values().first().contains(5.0));
/// assert_eq!((f.u().columns(), f.v().columns()), (1, 1));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn svd<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Svd<T::Wide>> {
    decompose(a, Shape::Thin)
}

/// The full decomposition: U m×m and V n×n unitary. Otherwise as [`svd`].
///
/// # Errors
///
/// As [`svd`], and when a factor has more than [`DENSE_LIMIT`](crate::operator::DENSE_LIMIT) entries.
///
/// # Examples
///
/// ```
/// # use kappa::factor::svd_full;
/// # use kappa::Matrix;
/// let f = svd_full(&Matrix::from_row_major(1, 2, vec![3.0, 4.0])?)?;
/// assert!(f.singular_values().first().contains(5.0));
/// assert_eq!((f.u().columns(), f.v().columns()), (1, 2));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn svd_full<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Svd<T::Wide>> {
    check_full_factor(a.shape().0.max(a.shape().1))?;
    decompose(a, Shape::Full)
}

/// The largest singular triplets by a direct method, with bounds of the error of the truncation in the Frobenius and
/// the spectral norm.
///
/// A two-stage reduction to bidiagonal form whose reflections are kept, and inverse iteration for the vectors. All
/// singular values are computed, and only the vectors that `leading` selects. Unlike
/// [`randomized_svd`](crate::randomized_svd) and [`partial_svd`](crate::partial_svd), its cost does not depend on how
/// fast the singular values decay. The products of the reduction are computed in double precision or in the precision
/// of the entries, which takes half the time and memory for a square matrix of `f32`.
///
/// The values are enclosed as those of [`singular_values`](crate::singular_values) are, or as those of [`svd`] where
/// the whole matrix is decomposed (evidence: estimate); the errors are bounded by the values and the residuals.
/// 8/3·n³ + 20·n²·k flops for order n, and memory for three copies of A.
///
/// # Errors
///
/// When an entry is not finite, when the threshold is negative or not a number, and when more than min(m, n) triplets
/// are requested.
///
/// # Examples
///
/// ```
/// # use kappa::dense::{Leading, Precision};
/// # use kappa::{Matrix, truncated_svd};
/// let a = Matrix::from_fn(300, 300, |i, j| 1.0 / (1.0 + i.abs_diff(j) as f64));
/// let f = truncated_svd(&a, Leading::Above(5.0), Precision::Double)?;
/// assert!(f.values().iter().all(|s| s.lower() > 5.0) && f.spectral_error().upper() <= 5.0);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// References: Lang, Parallel Comput. 25 (1999) 845–860; Ipsen, SIAM Rev. 39 (1997) 254–291.
pub fn truncated_svd<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    leading: Leading,
    precision: Precision,
) -> Result<PartialSvd<T::Wide>> {
    let (m, n) = a.shape();
    match leading {
        Leading::Count(k) if k > m.min(n) => {
            return Err(Error::shape(format!(
                "{k} singular triplets of a {m}×{n} matrix, which has only {}",
                m.min(n)
            )));
        }
        Leading::Above(least) if least.is_nan() || least < 0.0 => {
            return Err(Error::argument(format!("the threshold for singular values must be ≥ 0, got {least}"))
                .with_hint("give 0 or a positive number, in the units of the entries"));
        }
        _ => {}
    }
    let entries = Entries::of(a)?;
    let parts = kappa_dense::truncated_svd(entries.view(), leading, precision)?;
    // The vectors are orthonormal in the precision of the reduction. The largest error observed is half of this model,
    // for a matrix whose rows are all equal.
    let rounding = parts.values.unit() * (4.0 + 8.0 * (m.max(n) as f64).sqrt());
    let values = SingularValues::from_svd(a.shape(), parts.values).stored_with(a.epsilon());
    Ok(PartialSvd::of_known_values(&values, parts.vectors, &parts.residuals, rounding))
}

fn decompose<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), shape: Shape) -> Result<Svd<T::Wide>> {
    let entries = Entries::of(a)?;
    let mut parts = kappa_dense::svd(entries.view(), shape)?;
    if kappa_dense::is_small(entries.view().rows(), entries.view().columns()) {
        // For a small matrix the more accurate values cost little compared with the vectors.
        parts.values = kappa_dense::singular_values(entries.view())?;
    }
    let values = SingularValues::from_svd(a.shape(), parts.values).stored_with(a.epsilon());
    Ok(Svd::new(parts.vectors.u, values, parts.vectors.v))
}

impl AnyOperator<'_> {
    /// [`svd`](crate::svd) of this operator.
    ///
    /// # Errors
    ///
    /// As [`svd`](crate::svd).
    pub fn svd(&self) -> Result<RealOrComplex<Svd<f64>, Svd<c64>>> {
        match self {
            Self::F32(a) => self::svd(a).map(RealOrComplex::Real),
            Self::F64(a) => self::svd(a).map(RealOrComplex::Real),
            Self::C32(a) => self::svd(a).map(RealOrComplex::Complex),
            Self::C64(a) => self::svd(a).map(RealOrComplex::Complex),
        }
    }

    /// [`svd_full`](crate::factor::svd_full) of this operator.
    ///
    /// # Errors
    ///
    /// As [`svd_full`](crate::factor::svd_full).
    pub fn svd_full(&self) -> Result<RealOrComplex<Svd<f64>, Svd<c64>>> {
        match self {
            Self::F32(a) => self::svd_full(a).map(RealOrComplex::Real),
            Self::F64(a) => self::svd_full(a).map(RealOrComplex::Real),
            Self::C32(a) => self::svd_full(a).map(RealOrComplex::Complex),
            Self::C64(a) => self::svd_full(a).map(RealOrComplex::Complex),
        }
    }
}
