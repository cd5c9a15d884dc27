//! The spectral norm of an operator from products alone, and that of its restriction to the complement of some vectors.

use std::cell::RefCell;

use kappa_dense::{Matrix, Scalar, adjoint_times, multiply};

use super::golub_kahan::{largest, power_near, scaled};
use super::orthonormal::narrowed;
use super::{Lanczos, Stop, largest_eigenvalue};
use crate::enclosure::directed::sqrt_up;
use crate::error::{Error, Result};
use crate::operator::{DENSE_LIMIT, LinearOperator};
use crate::random::random_unit;
use crate::{Enclosure, Evidence};

/// A lower and an upper bound of ‖A(I − VVᴴ)‖₂/scale, by the Lanczos method for its Gram operator, both up to rounding.
/// The upper bound fails with the stated probability.
pub(crate) fn norm_of_rest<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    v: &Matrix<T::Wide>,
    scale: f64,
    how: &Lanczos,
) -> Result<(f64, f64)> {
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
        None => Ok((ritz.value.max(0.0).sqrt(), sqrt_up(ritz.upper.max(0.0)))),
    }
}

/// ‖A‖₂ from products alone. The evidence is the stated probability; the rounding errors of the products are bounded by
/// a model with a safety factor.
pub(crate) fn norm_by_products<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), how: &Lanczos) -> Result<Enclosure> {
    let (m, n) = a.shape();
    let evidence = Evidence::Probability(how.failure);
    if m == 0 || n == 0 {
        return Ok(Enclosure::exact(0.0).with_evidence(evidence));
    }
    if m.max(n) > DENSE_LIMIT {
        return Err(Error::limit(format!(
            "the vectors of a {m}×{n} operator are too long to store (limit {DENSE_LIMIT:e} entries)"
        ))
        .with_hint("use a smaller part of the operator"));
    }
    let start: Vec<T::Wide> = random_unit(n, !how.seed);
    let image = scaled(a.apply(&narrowed(&Matrix::from_column_major(n, 1, start)?))?, 1.0)?;
    let scale = power_near(largest(&image));
    let (value, upper) = norm_of_rest(a, &Matrix::zeros(n, 0), scale, how)?;
    let slack = 4.0 * T::EPSILON * (4.0 + (m as f64).sqrt() + (n as f64).sqrt());
    let found = Enclosure::new((value * (1.0 - slack)).max(0.0), value, upper * (1.0 + slack), evidence);
    Ok(found.times_exactly(scale))
}

/// (I − VVᴴ)·AᴴA·(I − VVᴴ)·x/scale². Without the scaling AᴴA would underflow to 0 for a tiny A, and so would the bound.
fn square_beside<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    v: &Matrix<T::Wide>,
    scale: f64,
    x: &[T::Wide],
) -> Result<Vec<T::Wide>> {
    let x = beside(v, Matrix::from_column_major(x.len(), 1, x.to_vec())?)?;
    let y = scaled(a.apply_adjoint(&scaled(a.apply(&narrowed(&x))?, scale)?)?, scale)?;
    Ok(beside(v, y.as_ref().to_wide())?.into_vec())
}

fn beside<W: Scalar>(v: &Matrix<W>, mut x: Matrix<W>) -> Result<Matrix<W>> {
    let along = multiply(v.as_ref(), adjoint_times(v.as_ref(), x.as_ref())?.as_ref())?;
    x.as_mut_slice().iter_mut().zip(along.as_slice()).for_each(|(x, &y)| *x = *x - y);
    Ok(x)
}
