//! Solutions, inverses and determinants of each matrix of a stack.

use kappa::{Scalar, dense};
use numpy::PyArrayDyn;
use pyo3::prelude::*;

use super::factor::{cube, nans};
use super::stack::{Entry, Stacked, by_entry, joined, matrices, no_entries};
use crate::errors::LinAlgError;
use crate::names::names;
use crate::types::Array;

names! { [] [solve, inv, slogdet] }

/// The solutions of AX = B, for stacks of one outer shape and one type.
#[pyfunction]
pub(crate) fn solve<'py>(a: &Array<'py>, b: &Array<'py>) -> PyResult<Array<'py>> {
    by_entry!(a, left: T => {
        let right = b.cast::<PyArrayDyn<T>>().map_err(|_| no_entries(b))?;
        solve_of::<T>(&left, &Stacked::of(right)?)
    })
}

fn solve_of<'py, T: Entry>(left: &Stacked<'py, T>, right: &Stacked<'py, T>) -> PyResult<Bound<'py, PyAny>> {
    let (n, k) = (left.rows, right.columns);
    let flops = cube(n, n) + 2.0 * n as f64 * n as f64 * k as f64;
    let found = left.map_with(right, flops, move |a, b| match dense::lu(a) {
        Ok(factors) if factors.is_singular() => None,
        Ok(factors) => Some(factors.solve(&b.to_wide())),
        Err(_) => Some(nans(n, k)),
    })?;
    matrices::<T, T::Wide>(left.py(), &left.outer, (n, k), regular(found)?)
}

/// What NumPy raises where a pivot is zero.
fn regular<R>(found: Vec<Option<R>>) -> PyResult<Vec<R>> {
    let count = found.len();
    let singular = |i: usize| {
        let which = if count == 1 { String::new() } else { format!(": number {} of {count}", i + 1) };
        LinAlgError::new_err(format!("Singular matrix{which}"))
    };
    found.into_iter().enumerate().map(|(i, found)| found.ok_or_else(|| singular(i))).collect()
}

/// The inverses; where `strict` is not set, NaN in place of those that do not exist.
#[pyfunction]
pub(crate) fn inv<'py>(a: &Array<'py>, strict: bool) -> PyResult<Array<'py>> {
    by_entry!(a, stack: T => {
        let n = stack.rows;
        let found = stack.map(2.0 * cube(n, n), move |a| match dense::lu(a) {
            Ok(factors) if factors.is_singular() => (!strict).then(|| nans(n, n)),
            Ok(factors) => Some(factors.inverse()),
            Err(_) => Some(nans(n, n)),
        })?;
        matrices::<T, <T as Scalar>::Wide>(a.py(), &stack.outer, (n, n), regular(found)?)
    })
}

/// Sign or phase, and logarithm of the modulus, of the determinants; and the determinants themselves.
#[pyfunction]
pub(crate) fn slogdet<'py>(a: &Array<'py>) -> PyResult<(Array<'py>, Array<'py>, Array<'py>)> {
    by_entry!(a, stack: T => determinants::<T>(a.py(), &stack))
}

fn determinants<'py, T: Entry>(
    py: Python<'py>,
    stack: &Stacked<'py, T>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>)>
where
    T::Part: Entry,
{
    let n = stack.rows;
    let found = stack.map(cube(n, n), |a| match dense::lu(a) {
        Ok(factors) => signed(factors.determinant()),
        Err(_) => (not_a_number(), f64::NAN, not_a_number()),
    })?;
    let (mut signs, mut logs, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for (sign, log, value) in found {
        signs.push(sign);
        logs.push(log);
        values.push(value);
    }
    Ok((
        joined::<T, T::Wide>(py, &stack.outer, &[], vec![signs])?,
        joined::<T::Part, f64>(py, &stack.outer, &[], vec![logs])?,
        joined::<T, T::Wide>(py, &stack.outer, &[], vec![values])?,
    ))
}

fn not_a_number<W: Scalar>() -> W {
    W::from_parts(f64::NAN, f64::NAN)
}

/// x·2ᵏ as sign, logarithm of the modulus, and itself.
fn signed<W: Scalar<Wide = W>>((x, k): (W, i64)) -> (W, f64, W) {
    let size = x.abs_squared().sqrt();
    if size == 0.0 {
        return (W::default(), f64::NEG_INFINITY, W::default());
    }
    let log = size.ln() + k as f64 * std::f64::consts::LN_2;
    // In two steps, so that no factor overflows or underflows where the product does not.
    let k = k.clamp(-2200, 2200) as i32;
    let (first, second) = (2f64.powi(k / 2), 2f64.powi(k - k / 2));
    // The sign of a real number is exact.
    let sign = if W::IS_COMPLEX { x.scale(1.0 / size) } else { W::from_parts(1f64.copysign(x.re()), 0.0) };
    (sign, log, x.scale(first).scale(second))
}
