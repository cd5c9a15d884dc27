//! Induced norms max ‖Ax‖_q / ‖x‖_p with a closed form, and their duals.

use kappa_dense::{MatrixRef, Scalar};

use super::shape::{Mixed, Outside};
use super::vector_norm;
use crate::Enclosure;

/// The largest p-norm of a column, or the sum of the p-norms: 1→q is the largest column q-norm, p→∞ the largest row
/// p*-norm.
pub(crate) fn induced_value<T: Scalar>(a: MatrixRef<'_, T>, mixed: Mixed) -> Enclosure {
    let column = |j: usize| vector_norm(mixed.p, || (0..a.rows()).map(move |i| a.get(i, j)));
    (0..a.columns()).map(column).fold(Enclosure::exact(0.0), |best, next| match mixed.outside {
        Outside::Sum => best.plus(next),
        Outside::Largest => larger(best, next),
    })
}

/// The enclosure of the maximum of two quantities.
pub(crate) fn larger(x: Enclosure, y: Enclosure) -> Enclosure {
    Enclosure::new(
        x.lower().max(y.lower()),
        x.estimate().max(y.estimate()),
        x.upper().max(y.upper()),
        x.evidence().and(y.evidence()),
    )
}
