//! A matrix and a right-hand side whose shapes and entries were checked.

use kappa_dense::{Matrix, Scalar};

use crate::Profile;
use crate::error::{Error, Result};
pub(super) use crate::norm::length;
use crate::operator::{Entries, LinearOperator};

/// A and b in double precision: finite, with equal numbers of rows.
pub(super) struct Problem<W> {
    pub(super) a: Matrix<W>,
    pub(super) b: Vec<W>,
}

impl<W: Scalar<Wide = W>> Problem<W> {
    pub(super) fn new<T: Scalar<Wide = W>>(a: &(impl LinearOperator<T> + ?Sized), b: &[T]) -> Result<Self> {
        let entries = Entries::of(a)?;
        let view = entries.view();
        Profile::of_entries(view)?;
        let m = view.rows();
        if b.len() != m {
            return Err(Error::shape(format!("the right-hand side has {} entries, the matrix has {m} rows", b.len()))
                .with_hint("b must have an entry for each row of A"));
        }
        match b.iter().position(|x| !x.is_finite()) {
            Some(k) => Err(Error::not_finite(k, 0, b.iter().filter(|x| !x.is_finite()).count())),
            None => Ok(Self { a: view.to_wide(), b: b.iter().map(|x| x.widen()).collect() }),
        }
    }
}
