use kappa_dense::{Leading, Precision, Scalar, Shape, c64};

use crate::error::{Error, Result};
use crate::operator::{AnyOperator, Entries, LinearOperator, RealOrComplex};
use crate::values::SingularValues;
use crate::{PartialSvd, Svd};

/// The thin singular value decomposition A = U·diag(σ)·Vᴴ: U m×p and V n×p with orthonormal columns, p = min(m, n).
///
/// In double precision whatever A is stored in. The singular values are enclosed (evidence: estimate); the vectors are
/// orthonormal and reproduce A to about ε·σ₁, but each alone is only determined up to a factor of modulus 1, and only as
/// well as the gap to its neighbours. About 6·m·n² + 16·n³ flops for m ≥ n. Fails when an entry is not finite and when
/// nothing converges.
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
pub fn svd_full<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Svd<T::Wide>> {
    decompose(a, Shape::Full)
}

/// The largest singular triplets by a direct method: all singular values, vectors as far as they are wanted, and both errors of what is left out.
///
/// A reduction in two stages whose reflections are kept, and inverse iteration: it does not care how slowly the values fall, as
/// [`randomized_svd`](crate::randomized_svd) and [`partial_svd`](crate::partial_svd) do. The products of the reduction are made in double precision, or in
/// that of the entries, which takes half the time and memory for a square matrix of `f32`. The values are enclosed as those of
/// [`singular_values`](crate::singular_values) are, or as those of [`svd`] where the whole is decomposed (evidence: estimate), the errors by them and the residuals. 8/3·n³ + 20·n²·k flops for
/// order n, memory for A three times. Fails when an entry is not finite, for a threshold that is no number, and for more triplets than there are.
///
/// ```
/// # use kappa::{Leading, Matrix, Precision, truncated_svd};
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
            return Err(Error::shape(format!("{k} singular triplets of a {m}×{n} matrix, which has {}", m.min(n))));
        }
        Leading::Above(least) if least.is_nan() || least < 0.0 => {
            return Err(Error::argument(format!("no singular value is compared with {least}"))
                .with_hint("a threshold is 0 or a positive number"));
        }
        _ => {}
    }
    let entries = Entries::of(a)?;
    let parts = kappa_dense::truncated_svd(entries.view(), leading, precision)?;
    // The vectors are orthonormal in the precision of the reduction: at most half of this was seen, for rows that are all equal.
    let rounding = parts.values.unit() * (4.0 + 8.0 * (m.max(n) as f64).sqrt());
    let values = SingularValues::from_svd(a.shape(), parts.values);
    Ok(PartialSvd::of_known_values(&values, parts.vectors, &parts.residuals, rounding))
}

fn decompose<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), shape: Shape) -> Result<Svd<T::Wide>> {
    let entries = Entries::of(a)?;
    let mut parts = kappa_dense::svd(entries.view(), shape)?;
    if kappa_dense::is_small(entries.view().rows(), entries.view().columns()) {
        // For a small matrix the better values cost nothing beside the vectors.
        parts.values = kappa_dense::singular_values(entries.view())?;
    }
    let values = SingularValues::from_svd(a.shape(), parts.values);
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

    /// [`svd_full`](crate::svd_full) of this operator.
    ///
    /// # Errors
    ///
    /// As [`svd_full`](crate::svd_full).
    pub fn svd_full(&self) -> Result<RealOrComplex<Svd<f64>, Svd<c64>>> {
        match self {
            Self::F32(a) => self::svd_full(a).map(RealOrComplex::Real),
            Self::F64(a) => self::svd_full(a).map(RealOrComplex::Real),
            Self::C32(a) => self::svd_full(a).map(RealOrComplex::Complex),
            Self::C64(a) => self::svd_full(a).map(RealOrComplex::Complex),
        }
    }
}
