//! max ‖Ax‖_q / ‖x‖_p where it has a closed form.

use kappa_dense::{MatrixRef, Scalar};

use super::vector::{modulus, vector_norm};
use super::{Norm, conjugate};
use crate::Enclosure;
use crate::error::{Error, Result};

/// The induced norms with a closed form: 1→q is the largest column q-norm, p→∞ the largest row p*-norm.
pub(crate) fn induced_value<T: Scalar>(a: MatrixRef<'_, T>, p: f64, q: f64) -> Result<Enclosure> {
    if p == 1.0 {
        return Ok(largest_column(a, q));
    }
    if q == f64::INFINITY {
        return Ok(largest_column(a.transpose(), conjugate(p)));
    }
    let norm = Norm::induced(p, q)?;
    Err(Error::unsupported(format!("{norm} has no closed form"))
        .with_hint("induced:1,q and induced:p,inf have one, and induced:2,2 is the spectral norm"))
}

/// The largest q-norm of a column.
fn largest_column<T: Scalar>(a: MatrixRef<'_, T>, q: f64) -> Enclosure {
    let column = |j: usize| vector_norm(a.rows(), q, || (0..a.rows()).map(move |i| modulus(a.get(i, j))));
    (0..a.columns()).map(column).fold(Enclosure::exact(0.0), |best, next| {
        let evidence = best.evidence().and(next.evidence());
        Enclosure::new(
            best.lower().max(next.lower()),
            best.estimate().max(next.estimate()),
            best.upper().max(next.upper()),
            evidence,
        )
    })
}
