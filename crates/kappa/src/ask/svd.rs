use kappa_dense::{Scalar, Shape};

use super::Entries;
use crate::Svd;
use crate::error::Result;
use crate::operator::LinearOperator;
use crate::values::SingularValues;

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
