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
        check_right_vector(view.rows(), b)?;
        Ok(Self { a: view.to_wide(), b: b.iter().map(|x| x.widen()).collect() })
    }
}

/// Refuses a right-hand side that does not fit to a matrix of `rows` rows, or is not finite.
pub(super) fn check_right_vector<T: Scalar>(rows: usize, b: &[T]) -> Result<()> {
    fits(rows, b.len(), "entries")?;
    Error::check_vector(b).map_err(Error::of_right_hand_side)
}

/// The same for a block of right-hand sides.
pub(super) fn check_right<T: Scalar>(rows: usize, b: &Matrix<T>) -> Result<()> {
    fits(rows, b.rows(), "rows")?;
    Error::check_matrix(b).map_err(Error::of_right_hand_side)
}

fn fits(rows: usize, found: usize, what: &str) -> Result<()> {
    if found == rows {
        return Ok(());
    }
    Err(Error::shape(format!("the right-hand side has {found} {what}, the matrix has {rows} rows"))
        .with_hint("b must have an entry for each row of A"))
}
