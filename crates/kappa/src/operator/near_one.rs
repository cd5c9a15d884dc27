//! The entries of an operator, scaled to near 1.

use kappa_dense::{Matrix, Scalar};

use super::{Entries, LinearOperator};
use crate::enclosure::{exponent_of, times_power_of_two};
use crate::error::{Error, Result};

/// A·2⁻ᵉ with its largest entry near 1, and e: squares of its entries neither overflow nor underflow. Exact unless an
/// entry is 2¹⁰²² times smaller than the largest.
pub(crate) fn near_one<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<(Matrix<T::Wide>, i32)> {
    let entries = Entries::of(a)?;
    let mut wide = entries.view().to_wide();
    Error::check_matrix(&wide)?;
    let largest = wide.as_slice().iter().map(|x| x.re().abs().max(x.im().abs())).fold(0.0, f64::max);
    let e = exponent_of(largest);
    wide.as_mut_slice().iter_mut().for_each(|x| *x = times_power_of_two(*x, -e));
    Ok((wide, e))
}
