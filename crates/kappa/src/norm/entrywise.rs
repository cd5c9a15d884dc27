//! Entrywise p-norms (Σ|aᵢⱼ|ᵖ)^(1/p).

use kappa_dense::{MatrixRef, Scalar};

use super::vector::vector_norm;
use crate::Enclosure;

/// The entrywise p-norm of a finite matrix, in two passes over the entries.
pub(crate) fn entrywise_value<T: Scalar>(a: MatrixRef<'_, T>, p: f64) -> Enclosure {
    vector_norm(p, || (0..a.rows()).flat_map(move |i| (0..a.columns()).map(move |j| a.get(i, j))))
}
