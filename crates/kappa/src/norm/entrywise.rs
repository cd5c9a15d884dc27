//! (Σ|aᵢⱼ|ᵖ)^(1/p).

use kappa_dense::{MatrixRef, Scalar};

use super::vector::{modulus, vector_norm};
use crate::Enclosure;

/// The entrywise p-norm of a finite matrix; two passes, or one for p = 1.
pub(crate) fn entrywise_value<T: Scalar>(a: MatrixRef<'_, T>, p: f64) -> Enclosure {
    vector_norm(a.rows() * a.columns(), p, || {
        (0..a.rows()).flat_map(move |i| (0..a.columns()).map(move |j| modulus(a.get(i, j))))
    })
}
