//! Singular values, QR, LU and Cholesky factors of each matrix of a stack.

use kappa::dense::{self, Precision, Shape};
use kappa::{Matrix, Scalar};
use numpy::{PyArray1, PyArrayMethods};
use pyo3::prelude::*;

use super::stack::{Entry, Stacked, all_or_first, by_entry, joined, matrices};
use crate::errors::LinAlgError;
use crate::names::names;
use crate::types::{Array, Places};

names! { [] [svdvals, svd, qr, raw_qr, lu, cholesky] }

type Arrays2<'py> = (Array<'py>, Array<'py>);
type Arrays3<'py> = (Array<'py>, Array<'py>, Array<'py>);

/// m·n·min(m, n), in which the flops of a factorization are counted.
pub(super) fn cube(rows: usize, columns: usize) -> f64 {
    rows as f64 * columns as f64 * rows.min(columns) as f64
}

/// Singular values, largest first; where `strict` is not set, NaN for matrices with entries that are not finite.
#[pyfunction]
pub(crate) fn svdvals<'py>(a: &Array<'py>, strict: bool) -> PyResult<Array<'py>> {
    by_entry!(a, stack: T => {
        let size = stack.rows.min(stack.columns);
        let found = stack.map(4.0 * cube(stack.rows, stack.columns), move |a| {
            match dense::singular_values_in(a, Precision::Stored).map_err(kappa::Error::from) {
                Err(e) if e.is_not_finite() && !strict => Ok(vec![f64::NAN; size]),
                found => found.map(|s| s.values),
            }
        })?;
        joined::<<T as Scalar>::Part, f64>(a.py(), &stack.outer, &[size], all_or_first(found)?)
    })
}

/// U, σ and Vᴴ.
#[pyfunction]
pub(crate) fn svd<'py>(a: &Array<'py>, full: bool) -> PyResult<Arrays3<'py>> {
    by_entry!(a, stack: T => svd_of::<T>(a.py(), &stack, full))
}

fn svd_of<'py, T: Entry>(py: Python<'py>, stack: &Stacked<'py, T>, full: bool) -> PyResult<Arrays3<'py>>
where
    T::Part: Entry,
{
    let (m, n) = (stack.rows, stack.columns);
    let shape = if full { Shape::Full } else { Shape::Thin };
    let found = stack.map(20.0 * cube(m, n), move |a| dense::svd(a, shape).map_err(kappa::Error::from))?;
    let (mut u, mut s, mut vh) = (Vec::new(), Vec::new(), Vec::new());
    for mut parts in all_or_first(found)? {
        // V column after column is its transpose row after row.
        if T::IS_COMPLEX {
            parts.vectors.v.as_mut_slice().iter_mut().for_each(|x| *x = x.conj());
        }
        u.push(parts.vectors.u);
        s.push(parts.values.values);
        vh.push(parts.vectors.v.into_vec());
    }
    let p = m.min(n);
    let (left, right) = if full { (m, n) } else { (p, p) };
    Ok((
        matrices::<T, T::Wide>(py, &stack.outer, (m, left), u)?,
        joined::<T::Part, f64>(py, &stack.outer, &[p], s)?,
        joined::<T, T::Wide>(py, &stack.outer, &[right, n], vh)?,
    ))
}

/// Q and R, in full or not; R alone has None beside it.
#[pyfunction]
pub(crate) fn qr<'py>(a: &Array<'py>, full: bool, with_q: bool) -> PyResult<(Option<Array<'py>>, Array<'py>)> {
    by_entry!(a, stack: T => qr_of::<T>(a.py(), &stack, full, with_q))
}

fn qr_of<'py, T: Entry>(
    py: Python<'py>,
    stack: &Stacked<'py, T>,
    full: bool,
    with_q: bool,
) -> PyResult<(Option<Bound<'py, PyAny>>, Bound<'py, PyAny>)> {
    let (m, n) = (stack.rows, stack.columns);
    let p = if full { m } else { m.min(n) };
    let shape = if full { Shape::Full } else { Shape::Thin };
    let found = stack.map(4.0 * cube(m, n), move |a| {
        let found = if with_q {
            dense::qr(a, shape).map(|f| (Some(f.q), f.r))
        } else {
            dense::reflections(a).map(|f| (None, f.r()))
        };
        // Whatever the entries that are not finite touch is not a number; here that is everything.
        found.unwrap_or_else(|_| (with_q.then(|| nans(m, p)), nans(p, n)))
    })?;
    let (q, r): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    let q = with_q.then(|| matrices::<T, T::Wide>(py, &stack.outer, (m, p), q.into_iter().flatten().collect()));
    Ok((q.transpose()?, matrices::<T, T::Wide>(py, &stack.outer, (p, n), r)?))
}

/// A matrix of nothing but NaN, for an answer that does not exist.
pub(super) fn nans<W: Scalar>(rows: usize, columns: usize) -> Matrix<W> {
    Matrix::from_fn(rows, columns, |_, _| W::from_parts(f64::NAN, f64::NAN))
}

/// R above Householder vectors, transposed, and their coefficients, as LAPACK's geqrf leaves them.
#[pyfunction]
pub(crate) fn raw_qr<'py>(a: &Array<'py>) -> PyResult<Arrays2<'py>> {
    by_entry!(a, stack: T => {
        let (m, n) = (stack.rows, stack.columns);
        let p = m.min(n);
        let found = stack.map(2.0 * cube(m, n), move |a| {
            dense::reflections(a).map_or_else(
                |_| (nans(m, n), nans::<<T as Scalar>::Wide>(p, 1).into_vec()),
                |f| f.householder(),
            )
        })?;
        let (h, tau): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        let h = h.into_iter().map(Matrix::into_vec).collect();
        let h = joined::<T, <T as Scalar>::Wide>(a.py(), &stack.outer, &[n, m], h)?;
        Ok((h, joined::<T, <T as Scalar>::Wide>(a.py(), &stack.outer, &[p], tau)?))
    })
}

/// For each row of L·U its place in A, L and U.
#[pyfunction]
pub(crate) fn lu<'py>(a: &Array<'py>) -> PyResult<(Places<'py>, Array<'py>, Array<'py>)> {
    by_entry!(a, stack: T => lu_of::<T>(a.py(), &stack))
}

fn lu_of<'py, T: Entry>(py: Python<'py>, stack: &Stacked<'py, T>) -> PyResult<Arrays3<'py>> {
    let (m, n) = (stack.rows, stack.columns);
    let p = m.min(n);
    let found = stack.map(cube(m, n), |a| dense::lu_parts(a).map_err(kappa::Error::from))?;
    let (mut rows, mut l, mut u) = (Vec::new(), Vec::new(), Vec::new());
    for parts in all_or_first(found)? {
        rows.extend(parts.rows.iter().map(|&i| i as isize));
        l.push(parts.l);
        u.push(parts.u);
    }
    let shape: Vec<usize> = stack.outer.iter().copied().chain([m]).collect();
    Ok((
        PyArray1::from_vec(py, rows).reshape(shape)?.into_any(),
        matrices::<T, T::Wide>(py, &stack.outer, (m, p), l)?,
        matrices::<T, T::Wide>(py, &stack.outer, (p, n), u)?,
    ))
}

/// L of A = LLᴴ from the lower triangle, or U of A = UᴴU from the upper one.
#[pyfunction]
pub(crate) fn cholesky<'py>(a: &Array<'py>, upper: bool) -> PyResult<Array<'py>> {
    by_entry!(a, stack: T => {
        let n = stack.rows;
        let found = stack.map(cube(n, n) / 3.0, move |a| {
            // The upper triangle of A is the lower one of its transpose, and U is then the transpose of that factor.
            let mut l = if upper { a.transpose().to_wide() } else { a.to_wide() };
            dense::cholesky(&mut l).then_some(l)
        })?;
        let factors: Option<Vec<_>> = found.into_iter().collect();
        let factors = factors.ok_or_else(|| LinAlgError::new_err("Matrix is not positive definite"))?;
        if upper {
            let parts = factors.into_iter().map(Matrix::into_vec).collect();
            return joined::<T, <T as Scalar>::Wide>(a.py(), &stack.outer, &[n, n], parts);
        }
        matrices::<T, <T as Scalar>::Wide>(a.py(), &stack.outer, (n, n), factors)
    })
}
