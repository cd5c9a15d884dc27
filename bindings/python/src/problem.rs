//! What calls with a right-hand side share: its shape, and that of the answer.

use kappa::{Matrix, Scalar};
use kappa_model::WideMatrix;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::condition::{out, wide};

/// A right-hand side, and whether it was one vector.
pub(crate) struct Right {
    pub(crate) b: WideMatrix,
    pub(crate) is_vector: bool,
}

pub(crate) fn right(b: &Bound<'_, PyAny>) -> PyResult<Right> {
    let array = b.py().import("numpy")?.call_method1("asarray", (b,))?;
    let dimensions: usize = array.getattr("ndim")?.extract()?;
    Ok(Right { b: wide(&array)?, is_vector: dimensions == 1 })
}

/// A block of columns as an array; one column as a vector where the right-hand side was one.
pub(crate) fn shaped<'py>(py: Python<'py>, x: &WideMatrix, is_vector: bool) -> PyResult<Bound<'py, PyAny>> {
    let array = out(py, x)?;
    if is_vector { array.call_method0("ravel") } else { Ok(array) }
}

/// The one column of a right-hand side.
pub(crate) fn single<T: Scalar>(b: &Matrix<T>) -> PyResult<&[T]> {
    match b.columns() {
        1 => Ok(b.as_slice()),
        k => Err(PyValueError::new_err(format!(
            "the right-hand side has {k} columns, and this problem takes one\n\nhint: give one vector at a time"
        ))),
    }
}

/// A vector as an array.
pub(crate) fn column<'py, W: Scalar>(py: Python<'py>, x: &[W]) -> PyResult<Bound<'py, PyAny>>
where
    WideMatrix: From<Matrix<W>>,
{
    shaped(py, &Matrix::from_fn(x.len(), 1, |i, _| x[i]).into(), true)
}

/// Does the same for real and complex answers.
macro_rules! either {
    ($kind:ident, $value:expr, $s:ident => $body:expr) => {
        match $value {
            $kind::Real($s) => $body,
            $kind::Complex($s) => $body,
        }
    };
}
pub(crate) use either;
