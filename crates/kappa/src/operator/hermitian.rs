//! Whether a matrix equals its adjoint.

use kappa_dense::{MatrixRef, Scalar};

use super::{Form, LinearOperator};
use crate::error::{Error, Result};

/// The first entry on or below the diagonal, column by column, that is not the conjugate of its mirror image.
pub(crate) fn asymmetry<T: Scalar>(a: MatrixRef<'_, T>) -> Option<(usize, usize)> {
    asymmetry_above(a, 0.0)
}

fn asymmetry_above<T: Scalar>(a: MatrixRef<'_, T>, allowed: f64) -> Option<(usize, usize)> {
    let n = a.columns();
    (0..n).flat_map(|j| (j..n).map(move |i| (i, j))).find(|&(i, j)| {
        let (x, y) = (a.get(i, j), a.get(j, i).conj());
        x != y && !((x.re() - y.re()).abs() <= allowed && (x.im() - y.im()).abs() <= allowed)
    })
}

/// Whether stored entries show that the operator is Hermitian.
pub(crate) fn is_known_hermitian<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> bool {
    match a.form() {
        Form::Dense(a) => a.rows() == a.columns() && asymmetry(a).is_none(),
        Form::Sparse(a) => a.is_hermitian(),
        Form::Products => false,
    }
}

/// Refuses a matrix that is not square or not Hermitian, of which one triangle would be read for both. Entries may
/// differ from their mirror images by as much as is allowed.
pub(crate) fn check_hermitian<T: Scalar>(
    a: MatrixRef<'_, T>,
    allowed: f64,
    what: &str,
    hint: &'static str,
) -> Result<()> {
    let (m, n) = (a.rows(), a.columns());
    if m != n {
        return Err(Error::shape(format!("a {m}×{n} matrix has no {what}")).with_hint("give a square matrix"));
    }
    let Some((i, j)) = asymmetry_above(a, allowed) else { return Ok(()) };
    let [x, y] = [(i, j), (j, i)].map(|(i, j)| shown(a.get(i, j)));
    let message = if i == j {
        format!("diagonal entry ({0}, {0}) is {x}, and that of a Hermitian matrix is real", i + 1)
    } else {
        format!("entry ({}, {}) is {x} and entry ({}, {}) is {y}", i + 1, j + 1, j + 1, i + 1)
    };
    let kind = if T::IS_COMPLEX { "Hermitian" } else { "symmetric" };
    Err(Error::unsupported(format!("the matrix is not {kind}: {message}")).with_hint(hint))
}

/// An entry in a message.
pub(crate) fn shown<T: Scalar>(x: T) -> String {
    let (re, im) = (x.re(), x.im());
    match T::IS_COMPLEX {
        true => format!("{re}{}{}i", if im.is_sign_negative() { '-' } else { '+' }, im.abs()),
        false => format!("{re}"),
    }
}
