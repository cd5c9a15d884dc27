//! The one door by which matrices come from Python: NumPy arrays where they lie, sparse matrices and operators as they
//! are.

use kappa::{AnyMatrix, AnyOperator, MatrixRef, Scalar, Sparse, c32, c64};
use kappa_tensors::DType;
use numpy::{Element, PyArray1, PyArrayDyn, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::compute::{compute, copied, interruptible};
use crate::errors::to_python;
use crate::operator::{PyOperator, Question, question};

/// From this m·n·min(m, n) on, an answer may take long enough for somebody to press Ctrl-C.
const LONG: usize = 1 << 22;

/// Asks a matrix, the interpreter lock released: an array (a vector is a column), a sparse matrix, or an operator.
pub(crate) fn with_matrix<R: Send + 'static>(
    a: &Bound<'_, PyAny>,
    ask: impl FnOnce(AnyOperator<'_>) -> kappa::Result<R> + Send + 'static,
) -> PyResult<R> {
    with_matrix_of_work(a, |m, n| m.saturating_mul(n).saturating_mul(m.min(n)), ask)
}

/// [`with_matrix`] for a question that costs `work` operations rather than a decomposition: what takes long may be
/// interrupted.
pub(crate) fn with_matrix_of_work<R: Send + 'static>(
    a: &Bound<'_, PyAny>,
    work: impl Fn(usize, usize) -> usize,
    ask: impl FnOnce(AnyOperator<'_>) -> kappa::Result<R> + Send + 'static,
) -> PyResult<R> {
    let (ask, answer) = question(ask);
    answered(a, &work, ask)?;
    answer.take()
}

fn answered(a: &Bound<'_, PyAny>, work: &dyn Fn(usize, usize) -> usize, ask: Question) -> PyResult<()> {
    let py = a.py();
    if let Some(matrix) = sparse(a)? {
        return interruptible(py, move || ask(matrix.operator()))?.map_err(to_python);
    }
    if let Some(operator) = PyOperator::of(a)? {
        return operator.asked(py, ask);
    }
    let given = as_array(a)?;
    let epsilon = epsilon(&given)?;
    let ask: Question = Box::new(move |a| ask(a.stored_with(epsilon)));
    let (array, entries) = exact(&given)?;
    match entries {
        Entries::F32 => dense::<f32>(&array, work, ask),
        Entries::F64 => dense::<f64>(&array, work, ask),
        Entries::C32 => dense::<c32>(&array, work, ask),
        Entries::C64 => dense::<c64>(&array, work, ask),
    }
}

/// A dense matrix in double precision.
pub(crate) fn matrix(a: &Bound<'_, PyAny>) -> PyResult<AnyMatrix> {
    with_matrix_of_work(a, |_, _| 0, |a| a.to_matrix())
}

/// Numbers of any shape as one column, row after row.
pub(crate) fn numbers(x: &Bound<'_, PyAny>) -> PyResult<AnyMatrix> {
    matrix(&as_array(x)?.call_method0("ravel")?)
}

/// Real numbers of any shape, row after row.
pub(crate) fn real_numbers(x: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
    match numbers(x)? {
        AnyMatrix::Real(x) => Ok(x.into_vec()),
        AnyMatrix::Complex(_) => Err(PyValueError::new_err(
            "complex numbers are given where real numbers are needed\n\nhint: pass .real and .imag one at a time",
        )),
    }
}

/// A dense real matrix in double precision; `what` names it in the error for a complex one.
pub(crate) fn real_matrix(a: &Bound<'_, PyAny>, what: &str) -> PyResult<kappa::Matrix<f64>> {
    match matrix(a)? {
        AnyMatrix::Real(a) => Ok(a),
        AnyMatrix::Complex(_) => Err(PyValueError::new_err(format!("{what} must be real, and the matrix is complex"))),
    }
}

/// The object as a NumPy array: what NumPy and DLPack can see, without a copy; masked entries are refused.
pub(crate) fn as_array<'py>(a: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    a.py().import("kappa._input")?.call_method1("as_array", (a,))
}

/// The types of entries that are computed with.
enum Entries {
    F32,
    F64,
    C32,
    C64,
}

/// The ε of the type in which an array stores its numbers; 2⁻⁵² for integers.
fn epsilon(array: &Bound<'_, PyAny>) -> PyResult<f64> {
    let dtype = array.getattr("dtype")?;
    let (kind, size): (String, usize) = (dtype.getattr("kind")?.extract()?, dtype.getattr("itemsize")?.extract()?);
    Ok(match (kind.as_str(), size, dtype.getattr("name")?.extract::<String>()?.as_str()) {
        ("f", 2, _) => DType::F16.epsilon(),
        ("f", 4, _) | ("c", 8, _) => DType::F32.epsilon(),
        (_, 2, "bfloat16") => DType::BF16.epsilon(),
        (_, 1, name) if name.contains("e5m2") => DType::F8E5M2.epsilon(),
        (_, 1, name) if name.contains("e4m3") => DType::F8E4M3.epsilon(),
        _ => f64::EPSILON,
    })
}

/// The same numbers in a type that is computed with, none of them rounded.
fn exact<'py>(array: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyAny>, Entries)> {
    let dtype = array.getattr("dtype")?;
    let (kind, size): (String, usize) = (dtype.getattr("kind")?.extract()?, dtype.getattr("itemsize")?.extract()?);
    let big_endian: bool = dtype.getattr("byteorder")?.extract::<String>()? == ">";
    let name: String = dtype.getattr("name")?.extract()?;
    let to = |name: &str| array.call_method1("astype", (name,));
    Ok(match (kind.as_str(), size, big_endian) {
        ("f", 4, false) => (array.clone(), Entries::F32),
        ("f", 8, false) => (array.clone(), Entries::F64),
        ("c", 8, false) => (array.clone(), Entries::C32),
        ("c", 16, false) => (array.clone(), Entries::C64),
        ("f", 1 | 2 | 4, _) => (to("float32")?, Entries::F32),
        ("f", 8, true) => (to("float64")?, Entries::F64),
        ("b" | "i" | "u", ..) => {
            let wide = to("float64")?;
            refuse_rounded(array, &wide, size)?;
            (wide, Entries::F64)
        }
        ("c", 8 | 16, true) => (to("complex128")?, Entries::C64),
        // The small floats of ml_dtypes widen exactly.
        ("V", 1 | 2, _) if name.contains("float") => (to("float32")?, Entries::F32),
        _ => {
            return Err(PyTypeError::new_err(format!(
                "an array of {name} is not a matrix of numbers\n\nhint: convert it with .astype(float)"
            )));
        }
    })
}

fn dense<T: Element + Scalar>(
    array: &Bound<'_, PyAny>,
    work: &dyn Fn(usize, usize) -> usize,
    ask: Question,
) -> PyResult<()>
where
    for<'b> AnyOperator<'b>: From<MatrixRef<'b, T>>,
{
    let untyped = array.cast::<PyUntypedArray>()?;
    let (m, n) = match *untyped.shape() {
        [n] => (n, 1),
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
    // The wait may be interrupted and the array then be changed: the computation gets a copy of its own.
    let owned = copied(py, entries);
    let again = move || {
        let view = if by_rows { MatrixRef::row_major(m, n, &owned) } else { MatrixRef::column_major(m, n, &owned) };
        ask(view?.into())
    };
    interruptible(py, again)?.map_err(to_python)
}

/// An enclosure for the rounded matrix would not be one for the matrix that was given.
fn refuse_rounded(array: &Bound<'_, PyAny>, wide: &Bound<'_, PyAny>, size: usize) -> PyResult<()> {
    const EXACT: f64 = 9007199254740992.0;
    if size < 8 || wide.getattr("size")?.extract::<usize>()? == 0 {
        return Ok(());
    }
    let numpy = wide.py().import("numpy")?;
    let largest: f64 = numpy.call_method1("abs", (wide,))?.call_method0("max")?.extract()?;
    if largest < EXACT {
        return Ok(());
    }
    // Python compares integers and floats exactly.
    let all = array.call_method0("ravel")?.call_method0("tolist")?;
    let doubles = wide.call_method0("ravel")?.call_method0("tolist")?;
    for (k, (given, double)) in all.try_iter()?.zip(doubles.try_iter()?).enumerate() {
        let (given, double) = (given?, double?);
        if !given.eq(&double)? {
            return Err(PyValueError::new_err(format!(
                "the integer {given} at position {} is beyond 2^53, and float64 cannot hold it\n\n\
                 hint: divide by a common factor, or convert with .astype(float) for an answer about the nearest \
                 doubles",
                k + 1
            )));
        }
    }
    Ok(())
}

/// A sparse matrix of SciPy.
enum SparseMatrix {
    F32(Sparse<f32>),
    F64(Sparse<f64>),
    C32(Sparse<c32>),
    C64(Sparse<c64>),
}

impl SparseMatrix {
    fn operator(&self) -> AnyOperator<'_> {
        match self {
            Self::F32(a) => a.into(),
            Self::F64(a) => a.into(),
            Self::C32(a) => a.into(),
            Self::C64(a) => a.into(),
        }
    }
}

/// A SciPy sparse matrix or array of two dimensions, whatever its format; None for anything else.
fn sparse(a: &Bound<'_, PyAny>) -> PyResult<Option<SparseMatrix>> {
    if !a.hasattr("tocoo")? || !a.hasattr("nnz")? {
        return Ok(None);
    }
    let coo = a.call_method0("tocoo")?;
    let Ok(shape) = coo.getattr("shape")?.extract::<(usize, usize)>() else { return Ok(None) };
    let indices = |name: &str| -> PyResult<Vec<i64>> { taken(&coo.getattr(name)?.call_method1("astype", ("int64",))?) };
    let (rows, columns) = (indices("row")?, indices("col")?);
    let (data, entries) = exact(&coo.getattr("data")?)?;
    fn filled<T: Element + Scalar>(
        shape: (usize, usize),
        (rows, columns): (Vec<i64>, Vec<i64>),
        data: &Bound<'_, PyAny>,
    ) -> PyResult<Sparse<T>> {
        let py = data.py();
        let data: Vec<T> = taken(data)?;
        let places = rows.into_iter().zip(columns).map(|(i, j)| (i as usize, j as usize));
        compute(py, move || Sparse::from_triplets(shape, places.zip(data).map(|((i, j), x)| (i, j, x)).collect()))
            .map_err(to_python)
    }
    let places = (rows, columns);
    Ok(Some(match entries {
        Entries::F32 => SparseMatrix::F32(filled(shape, places, &data)?),
        Entries::F64 => SparseMatrix::F64(filled(shape, places, &data)?),
        Entries::C32 => SparseMatrix::C32(filled(shape, places, &data)?),
        Entries::C64 => SparseMatrix::C64(filled(shape, places, &data)?),
    }))
}

/// The entries of a one-dimensional array.
fn taken<T: Element + Copy>(array: &Bound<'_, PyAny>) -> PyResult<Vec<T>> {
    let contiguous = array.py().import("numpy")?.call_method1("ascontiguousarray", (array,))?;
    let readonly = contiguous.cast::<PyArrayDyn<T>>()?.readonly();
    Ok(readonly.as_slice().map_err(|e| PyValueError::new_err(e.to_string()))?.to_vec())
}

/// A matrix as an array in Fortran order, without a copy of its entries.
pub(crate) fn out(py: Python<'_>, a: AnyMatrix) -> PyResult<Bound<'_, PyAny>> {
    fn moved<T: Element + Scalar>(py: Python<'_>, a: kappa::Matrix<T>) -> PyResult<Bound<'_, PyAny>> {
        let by_columns = [a.columns(), a.rows()];
        PyArray1::from_vec(py, a.into_vec()).reshape(by_columns)?.into_any().getattr("T")
    }
    match a {
        AnyMatrix::Real(a) => moved(py, a),
        AnyMatrix::Complex(a) => moved(py, a),
    }
}

/// The entries of a dense answer as an array in Fortran order.
pub(crate) fn view<'py>(py: Python<'py>, a: &AnyOperator<'_>) -> PyResult<Bound<'py, PyAny>> {
    // In the package's pool: large matrices are copied by several threads.
    out(py, compute(py, || a.to_matrix()).map_err(to_python)?)
}

/// A block of columns as an array; one column as a vector where `is_vector`.
pub(crate) fn shaped<'py>(py: Python<'py>, x: AnyMatrix, is_vector: bool) -> PyResult<Bound<'py, PyAny>> {
    let array = out(py, x)?;
    if is_vector { array.call_method0("ravel") } else { Ok(array) }
}

/// A right-hand side, and whether it was one vector.
pub(crate) struct Right {
    pub(crate) b: AnyMatrix,
    pub(crate) is_vector: bool,
}

pub(crate) fn right(b: &Bound<'_, PyAny>) -> PyResult<Right> {
    let is_operator = b.hasattr("tocoo")? || b.hasattr("matmat")?;
    let b = if is_operator { b.clone() } else { as_array(b)? };
    let dimensions: usize = b.getattr("ndim")?.extract()?;
    Ok(Right { b: matrix(&b)?, is_vector: dimensions == 1 })
}
