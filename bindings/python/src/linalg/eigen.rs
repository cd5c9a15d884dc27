//! Eigenvalues, eigenvectors and Schur forms of each matrix of a stack.

use kappa::dense;
use kappa::{Matrix, MatrixRef, Scalar, c64};
use pyo3::prelude::*;

use super::factor::cube;
use super::stack::{Entry, Stacked, all_or_first, by_entry, joined, matrices};

use crate::names::names;
use crate::types::Array;

names! { [] [eigh, eigvalsh, eig, eigvals, schur] }

type Arrays2<'py> = (Array<'py>, Array<'py>);

/// Eigenvalues in rising order and vectors of Hermitian matrices, of which one triangle is read.
#[pyfunction]
pub(crate) fn eigh<'py>(a: &Array<'py>, upper: bool) -> PyResult<Arrays2<'py>> {
    by_entry!(a, stack: T => eigh_of::<T>(a.py(), &stack, upper))
}

fn eigh_of<'py, T: Entry>(py: Python<'py>, stack: &Stacked<'py, T>, upper: bool) -> PyResult<Arrays2<'py>>
where
    T::Part: Entry,
{
    let n = stack.rows;
    let found = stack.map(9.0 * cube(n, n), move |a| {
        let (values, mut vectors) = dense::eigh(triangle(a, upper))?;
        if upper && T::IS_COMPLEX {
            vectors.as_mut_slice().iter_mut().for_each(|x| *x = x.conj());
        }
        kappa::Result::Ok((values, vectors))
    })?;
    let (values, vectors): (Vec<_>, Vec<_>) = all_or_first(found)?.into_iter().unzip();
    Ok((
        joined::<T::Part, f64>(py, &stack.outer, &[n], values)?,
        matrices::<T, T::Wide>(py, &stack.outer, (n, n), vectors)?,
    ))
}

/// A matrix whose lower triangle is the one that is meant: the transpose of A has A's values, and the conjugates of its
/// vectors.
fn triangle<T: Scalar>(a: MatrixRef<'_, T>, upper: bool) -> MatrixRef<'_, T> {
    if upper { a.transpose() } else { a }
}

/// The eigenvalues alone.
#[pyfunction]
pub(crate) fn eigvalsh<'py>(a: &Array<'py>, upper: bool) -> PyResult<Array<'py>> {
    by_entry!(a, stack: T => {
        let n = stack.rows;
        let found = stack.map(1.5 * cube(n, n), move |a| dense::eigvalsh(triangle(a, upper)).map_err(Into::into))?;
        joined::<<T as Scalar>::Part, f64>(a.py(), &stack.outer, &[n], all_or_first(found)?)
    })
}

/// Eigenvalues and right eigenvectors, both real where every eigenvalue of a real stack is.
#[pyfunction]
pub(crate) fn eig<'py>(a: &Array<'py>) -> PyResult<Arrays2<'py>> {
    by_entry!(a, stack: T => eig_of::<T>(a.py(), &stack))
}

fn eig_of<'py, T: Entry>(py: Python<'py>, stack: &Stacked<'py, T>) -> PyResult<Arrays2<'py>>
where
    T::Complex: Entry,
{
    let n = stack.rows;
    let found = stack.map(25.0 * cube(n, n), |a| dense::eig_right(a).map_err(kappa::Error::from))?;
    let (mut values, mut vectors) = (Vec::new(), Vec::new());
    for parts in all_or_first(found)? {
        values.push(parts.values);
        vectors.push(parts.right);
    }
    let outer = &stack.outer;
    if T::IS_COMPLEX || !are_real(&values) {
        let values = joined::<T::Complex, c64>(py, outer, &[n], values)?;
        return Ok((values, matrices::<T::Complex, c64>(py, outer, (n, n), vectors)?));
    }
    let vectors = vectors.iter().map(|x| Matrix::from_fn(n, n, |i, j| x[(i, j)].re)).collect();
    Ok((joined::<T, f64>(py, outer, &[n], real_parts(&values))?, matrices::<T, f64>(py, outer, (n, n), vectors)?))
}

fn are_real(values: &[Vec<c64>]) -> bool {
    values.iter().flatten().all(|x| x.im == 0.0)
}

fn real_parts(values: &[Vec<c64>]) -> Vec<Vec<f64>> {
    values.iter().map(|values| values.iter().map(|x| x.re).collect()).collect()
}

/// The eigenvalues alone.
#[pyfunction]
pub(crate) fn eigvals<'py>(a: &Array<'py>) -> PyResult<Array<'py>> {
    by_entry!(a, stack: T => {
        let n = stack.rows;
        let found = stack.map(10.0 * cube(n, n), |a| dense::eigvals(a).map_err(Into::into))?;
        let values: Vec<Vec<c64>> = all_or_first(found)?;
        if T::IS_COMPLEX || !are_real(&values) {
            return joined::<<T as Scalar>::Complex, c64>(a.py(), &stack.outer, &[n], values);
        }
        joined::<T, f64>(a.py(), &stack.outer, &[n], real_parts(&values))
    })
}

/// T and Q of the Schur form A = QTQᴴ, of the complex one where `complex` or the entries are.
#[pyfunction]
pub(crate) fn schur<'py>(a: &Array<'py>, complex: bool) -> PyResult<Arrays2<'py>> {
    if let Ok(array) = a.cast::<numpy::PyArrayDyn<f64>>()
        && !complex
    {
        return real_schur(a.py(), &Stacked::of(array)?);
    }
    if let Ok(array) = a.cast::<numpy::PyArrayDyn<f32>>()
        && !complex
    {
        return real_schur(a.py(), &Stacked::of(array)?);
    }
    by_entry!(a, stack: T => {
        let n = stack.rows;
        let found = stack.map(50.0 * cube(n, n), |a| dense::schur(a).map_err(kappa::Error::from))?;
        let (t, q): (Vec<_>, Vec<_>) = all_or_first(found)?.into_iter().map(|f| (f.t, f.q)).unzip();
        let t = matrices::<<T as Scalar>::Complex, c64>(a.py(), &stack.outer, (n, n), t)?;
        Ok((t, matrices::<<T as Scalar>::Complex, c64>(a.py(), &stack.outer, (n, n), q)?))
    })
}

fn real_schur<'py, T: Entry + kappa::Real>(py: Python<'py>, stack: &Stacked<'py, T>) -> PyResult<Arrays2<'py>> {
    let n = stack.rows;
    let found = stack.map(25.0 * cube(n, n), |a| dense::real_schur(a).map_err(kappa::Error::from))?;
    let (t, q): (Vec<_>, Vec<_>) = all_or_first(found)?.into_iter().map(|f| (f.t, f.q)).unzip();
    Ok((matrices::<T, f64>(py, &stack.outer, (n, n), t)?, matrices::<T, f64>(py, &stack.outer, (n, n), q)?))
}
