//! What is left of an operator beside some of its singular vectors.

use std::cell::RefCell;

use kappa_dense::{Matrix, Scalar, adjoint_times, multiply};

use super::golub_kahan::{finite, narrowed};
use super::{Lanczos, Stop, largest_eigenvalue};
use crate::ask::norm;
use crate::enclosure::directed::sqrt_up;
use crate::error::{Error, Result};
use crate::factor::Known;
use crate::operator::LinearOperator;
use crate::{Enclosure, Evidence, Norm};

/// An upper bound of ‖A(I − VVᴴ)‖₂/scale by Lanczos on its square, but for the stated probability and up to rounding.
fn norm_of_rest<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    v: &Matrix<T::Wide>,
    scale: f64,
    how: &Lanczos,
) -> Result<(f64, Evidence)> {
    let failed: RefCell<Option<Error>> = RefCell::new(None);
    let apply = |x: &[T::Wide]| {
        square_beside(a, v, scale, x).unwrap_or_else(|error| {
            failed.borrow_mut().get_or_insert(error);
            vec![T::Wide::default(); x.len()]
        })
    };
    let ritz = largest_eigenvalue::<T::Wide>(v.rows(), how, Stop::Enclosed, apply);
    match failed.into_inner() {
        Some(error) => Err(error),
        None => Ok((sqrt_up(ritz.upper.max(0.0)), Evidence::Probability(how.failure))),
    }
}

/// (I − VVᴴ)·AᴴA·(I − VVᴴ)·x/scale²: without the scale the square of a tiny A would be zero, and its bound too.
fn square_beside<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    v: &Matrix<T::Wide>,
    scale: f64,
    x: &[T::Wide],
) -> Result<Vec<T::Wide>> {
    let x = beside(v, Matrix::from_column_major(x.len(), 1, x.to_vec())?)?;
    let y = finite(a.apply_adjoint(&finite(a.apply(&narrowed(&x))?, scale)?)?, scale)?;
    Ok(beside(v, y.as_ref().to_wide())?.into_vec())
}

fn beside<W: Scalar>(v: &Matrix<W>, mut x: Matrix<W>) -> Result<Matrix<W>> {
    let along = multiply(v.as_ref(), adjoint_times(v.as_ref(), x.as_ref())?.as_ref())?;
    x.as_mut_slice().iter_mut().zip(along.as_slice()).for_each(|(x, &y)| *x = *x - y);
    Ok(x)
}

/// ‖A‖_F, where the entries are.
pub(crate) fn frobenius<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Option<Enclosure>> {
    if let Some(sparse) = a.as_sparse() {
        return norm(&sparse.entries_as_column()?, Norm::frobenius()).map(Some);
    }
    if a.as_dense().is_some() { norm(a, Norm::frobenius()).map(Some) } else { Ok(None) }
}

/// What an operator says of itself, and what Lanczos adds where it is asked about B(I − VVᴴ) for B = A or Aᴴ.
pub(crate) fn known<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    scale: f64,
    rest: Option<(&impl LinearOperator<T>, &Matrix<T::Wide>, &Lanczos)>,
) -> Result<Known> {
    let (m, n) = a.shape();
    let rest = rest.map(|(b, v, how)| norm_of_rest(b, v, scale, how)).transpose()?;
    let rounding = T::EPSILON * (4.0 + 4.0 * (m.max(n) as f64).sqrt());
    Ok(Known { frobenius: frobenius(a)?, rest, rounding })
}
