//! NumPy arrays as matrices, without a copy where they lie in C or Fortran order.

use kappa::{MatrixRef, Scalar, c32, c64};
use kappa_model::MatrixView;
use numpy::{Element, PyArrayDyn, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::compute::{compute, copied, interruptible};
use crate::errors::to_python;

/// From this m·n·min(m, n) on, an answer may take long enough for somebody to press Ctrl-C.
const LONG: usize = 1 << 22;

/// Does something with a matrix, the interpreter lock released. Vectors are columns; integers and booleans are widened.
pub(crate) fn with_matrix<R: Send + 'static>(
    a: &Bound<'_, PyAny>,
    ask: impl FnOnce(MatrixView<'_>) -> kappa::Result<R> + Send + 'static,
) -> PyResult<R> {
    with_matrix_of_work(a, |m, n| m.saturating_mul(n).saturating_mul(m.min(n)), ask)
}

/// The same for a question that costs so many operations, rather than a decomposition: what takes long may be interrupted.
pub(crate) fn with_matrix_of_work<R: Send + 'static>(
    a: &Bound<'_, PyAny>,
    work: impl Fn(usize, usize) -> usize,
    ask: impl FnOnce(MatrixView<'_>) -> kappa::Result<R> + Send + 'static,
) -> PyResult<R> {
    let array = a.py().import("kappa._input")?.call_method1("as_array", (a,))?;
    let dtype = array.getattr("dtype")?;
    let (kind, size): (String, usize) = (dtype.getattr("kind")?.extract()?, dtype.getattr("itemsize")?.extract()?);
    let big_endian: bool = dtype.getattr("byteorder")?.extract::<String>()? == ">";
    let name: String = dtype.getattr("name")?.extract()?;
    let to = |name: &str| array.call_method1("astype", (name,));
    match (kind.as_str(), size, big_endian) {
        ("f", 4, false) => typed::<f32, R>(&array, work, ask),
        ("f", 8, false) => typed::<f64, R>(&array, work, ask),
        ("c", 8, false) => typed::<c32, R>(&array, work, ask),
        ("c", 16, false) => typed::<c64, R>(&array, work, ask),
        ("f", 1 | 2 | 4, _) => typed::<f32, R>(&to("float32")?, work, ask),
        ("f", 8, true) => typed::<f64, R>(&to("float64")?, work, ask),
        ("b" | "i" | "u", ..) => {
            let wide = to("float64")?;
            refuse_rounded(&array, &wide, size)?;
            typed::<f64, R>(&wide, work, ask)
        }
        ("c", _, true) => typed::<c64, R>(&to("complex128")?, work, ask),
        // The small floats of ml_dtypes widen exactly.
        ("V", 1 | 2, _) if name.contains("float") => typed::<f32, R>(&to("float32")?, work, ask),
        _ => Err(PyTypeError::new_err(format!(
            "an array of {name} is not a matrix of numbers\n\nhint: convert it with .astype(float)"
        ))),
    }
}

fn typed<T: Element + Scalar, R: Send + 'static>(
    array: &Bound<'_, PyAny>,
    work: impl Fn(usize, usize) -> usize,
    ask: impl FnOnce(MatrixView<'_>) -> kappa::Result<R> + Send + 'static,
) -> PyResult<R>
where
    for<'b> MatrixView<'b>: From<MatrixRef<'b, T>>,
{
    let untyped = array.cast::<PyUntypedArray>()?;
    let (m, n) = match *untyped.shape() {
        [n] => (n, usize::from(n > 0)),
        [m, n] => (m, n),
        ref shape => {
            let message = format!("an array of shape {shape:?} is not a matrix\n\nhint: reshape it to two dimensions");
            return Err(PyValueError::new_err(message));
        }
    };
    let is_aligned = untyped.is_aligned();
    let by_rows = untyped.is_c_contiguous() || !is_aligned;
    let contiguous = if is_aligned && (by_rows || untyped.is_fortran_contiguous()) {
        array.clone()
    } else {
        array.call_method1("copy", ("C",))?
    };
    let by_rows = by_rows || !untyped.is_fortran_contiguous();
    let readonly = contiguous.cast::<PyArrayDyn<T>>()?.readonly();
    let entries = readonly.as_slice().map_err(|e| PyValueError::new_err(e.to_string()))?;
    let view = if by_rows { MatrixRef::row_major(m, n, entries) } else { MatrixRef::column_major(m, n, entries) };
    let view = view.map_err(|e| to_python(e.into()))?;
    let py = array.py();
    if work(m, n) < LONG {
        return compute(py, move || ask(view.into())).map_err(to_python);
    }
    // Who waits may be interrupted, and the array then be changed: what goes on has its own copy.
    let owned = copied(py, entries);
    let again = move || {
        let view = if by_rows { MatrixRef::row_major(m, n, &owned) } else { MatrixRef::column_major(m, n, &owned) };
        ask(view?.into())
    };
    interruptible(py, again)?.map_err(to_python)
}

/// An enclosure of the rounded matrix would not be one of the matrix that was given.
fn refuse_rounded(array: &Bound<'_, PyAny>, wide: &Bound<'_, PyAny>, size: usize) -> PyResult<()> {
    const EXACT: f64 = 9007199254740992.0;
    if size < 8 || wide.getattr("size")?.extract::<usize>()? == 0 {
        return Ok(());
    }
    let numpy = array.py().import("numpy")?;
    let largest: f64 = numpy.call_method1("abs", (wide,))?.call_method0("max")?.extract()?;
    if largest < EXACT {
        return Ok(());
    }
    Err(PyValueError::new_err(
        "an integer of 2^53 or more cannot be held by float64 without rounding\n\nhint: scale the matrix first",
    ))
}
