//! Sketches of rows and matrices that are read block by block, in Python.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use kappa::factor::{RowSketch, SketchParts, TopRight};
use kappa::{AnyMatrix, Enclosure, Matrix};
use kappa_model::{Model, SavedSketch, Streamed};
use kappa_tensors::npz;
use numpy::{PyArray1, ToPyArray};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;

use crate::answers::{Answer, Kept, Numbers, PyAnswer, answer, initializer};
use crate::array::{out, with_matrix_of_work};
use crate::compute::compute;
use crate::enclosure::{PyEnclosure, enclosures};
use crate::errors::{model_to_python, to_python};
use crate::names::names;
use crate::types::{Array, ArrayLike, Floats};

names! { [PyRowSketch, PyTopRight, PyStreamedSvd] [] }

/// A one-pass sketch of a matrix with many rows, which keeps `capacity` rows.
///
/// With room for as many rows as columns (the default) it is R of the QR decomposition, and nothing is lost but to
/// rounding; with less it is the sketch of Frequent Directions, and every singular value stays between two ends.
/// Sketches of parts of the rows merge.
///
/// Examples
/// --------
/// >>> import kappa as kp, numpy as np
/// >>> a = np.arange(60.0).reshape(20, 3)
/// >>> upper, lower = kp.RowSketch(3), kp.RowSketch(3)
/// >>> upper.push(a[:10]); lower.push(a[10:]); upper.merge(lower)
/// >>> s = np.linalg.svd(a, compute_uv=False)
/// >>> bool(abs(upper.top(2).s - s[:2]).max() < 1e-12 * s[0]), upper.rows
/// (True, 20)
#[pyclass(name = "RowSketch", module = "kappa", frozen, extends = PyAnswer)]
pub(crate) struct PyRowSketch(Arc<Mutex<RowSketch<f64>>>);

impl From<RowSketch<f64>> for PyRowSketch {
    fn from(sketch: RowSketch<f64>) -> Self {
        Self(Arc::new(Mutex::new(sketch)))
    }
}

answer!(PyRowSketch);

impl Answer for PyRowSketch {
    const FIELDS: &'static [&'static str] = &["rows", "columns", "capacity", "is_exact", "lost", "frobenius", "kept"];
    const IS_MUTABLE: bool = true;

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let SketchParts { capacity, rows, exponent, kept, lost, squares, rounds } =
            self.with(|sketch| sketch.parts().clone());
        let columns = kept.columns();
        (capacity, rows, exponent, (columns, Kept(kept.into())), lost, PyEnclosure::from(squares), rounds)
            .into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        type Whole = (usize, u64, i32, (usize, Kept), f64, PyEnclosure, u64);
        let (capacity, rows, exponent, (columns, kept), lost, squares, rounds): Whole = state.extract()?;
        let kept = real(kept)?;
        let kept = if kept.rows() == 0 { Matrix::zeros(0, columns) } else { kept };
        let parts = SketchParts { capacity, rows, exponent, kept, lost, squares: squares.into(), rounds };
        RowSketch::from_parts(parts).map(Into::into).map_err(to_python)
    }
}

fn real(a: Kept) -> PyResult<Matrix<f64>> {
    match a.0 {
        AnyMatrix::Real(a) => Ok(a),
        AnyMatrix::Complex(_) => Err(PyValueError::new_err("a complex matrix in the state of a real sketch")),
    }
}

impl PyRowSketch {
    fn with<R>(&self, ask: impl FnOnce(&mut RowSketch<f64>) -> R) -> R {
        ask(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[pymethods]
impl PyRowSketch {
    #[new]
    #[pyo3(signature = (columns, capacity = None))]
    fn new(columns: usize, capacity: Option<usize>) -> PyResult<PyClassInitializer<Self>> {
        let sketch = RowSketch::new(columns, capacity.unwrap_or(columns)).map_err(to_python)?;
        Ok(Self::from(sketch).initializer())
    }
    /// Reads a sketch that `save` or the command line wrote.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let found = compute(py, || SavedSketch::read(&Model::open(&path)?)).map_err(model_to_python)?;
        let message = || format!("`{}` does not hold a row sketch\n\nhint: RowSketch.save writes one", path.display());
        found.map(Into::into).ok_or_else(|| PyValueError::new_err(message()))
    }
    /// Adds a block of rows: an array with as many columns.
    fn push(&self, rows: &ArrayLike<'_>) -> PyResult<()> {
        let sketch = self.0.clone();
        // Never interrupted: it would be unknown whether the sketch holds these rows.
        with_matrix_of_work(rows, |_, _| 0, move |a| sketch.lock().unwrap_or_else(PoisonError::into_inner).push_any(&a))
    }
    /// Adds the rows of another sketch.
    fn merge(&self, py: Python<'_>, other: &Self) -> PyResult<()> {
        let other = other.with(|sketch| sketch.clone());
        compute(py, || self.with(|sketch| sketch.merge(&other))).map_err(to_python)
    }
    /// The k largest singular values of all rows, with their right vectors.
    fn top(&self, py: Python<'_>, k: usize) -> PyResult<PyTopRight> {
        compute(py, || self.with(|sketch| sketch.top(k))).map(PyTopRight).map_err(to_python)
    }
    /// Writes it as .npz, whole or not at all.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let failed = |e: std::io::Error| PyOSError::new_err(format!("cannot write `{}`: {e}", path.display()));
        compute(py, || {
            let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(".".as_ref());
            let mut file = tempfile::Builder::new().prefix(".kappa-").tempfile_in(folder)?;
            npz::write(file.as_file_mut(), &self.with(|sketch| SavedSketch::encode(sketch)))?;
            file.as_file().sync_all()?;
            file.persist(&path).map(drop).map_err(|e| e.error)
        })
        .map_err(failed)
    }
    /// The number of rows it was given.
    #[getter]
    fn rows(&self) -> u64 {
        self.with(|sketch| sketch.rows())
    }
    /// The number of columns.
    #[getter]
    fn columns(&self) -> usize {
        self.with(|sketch| sketch.columns())
    }
    /// The largest number of rows that it keeps.
    #[getter]
    fn capacity(&self) -> usize {
        self.with(|sketch| sketch.parts().capacity)
    }
    /// Whether it is exact up to rounding.
    #[getter]
    fn is_exact(&self) -> bool {
        self.with(|sketch| sketch.is_exact())
    }
    /// The most by which the square of a singular value was reduced.
    #[getter]
    fn lost(&self) -> f64 {
        self.with(|sketch| sketch.lost())
    }
    /// The Frobenius norm of all rows.
    #[getter]
    fn frobenius(&self) -> PyEnclosure {
        self.with(|sketch| sketch.frobenius()).into()
    }
    /// The rows that are kept.
    #[getter]
    fn kept<'py>(&self, py: Python<'py>) -> PyResult<Floats<'py>> {
        let kept: Matrix<f64> = self.with(|sketch| {
            let parts = sketch.parts();
            let half = 2f64.powi(parts.exponent / 2);
            let other = 2f64.powi(parts.exponent - parts.exponent / 2);
            Matrix::from_fn(parts.kept.rows(), parts.kept.columns(), |i, j| parts.kept[(i, j)] * half * other)
        });
        out(py, kept.into())
    }
    fn __repr__(&self) -> String {
        format!("RowSketch({} rows of {} columns, capacity {})", self.rows(), self.columns(), self.capacity())
    }
}

/// The largest singular values of the rows that a sketch saw, with their right vectors.
///
/// Examples
/// --------
/// >>> import kappa as kp, numpy as np
/// >>> sketch = kp.RowSketch(2)
/// >>> sketch.push(np.diag([4.0, 3.0]))
/// >>> sketch.top(1).s
/// array([4.])
#[pyclass(name = "TopRight", module = "kappa", frozen, extends = PyAnswer)]
pub(crate) struct PyTopRight(TopRight<f64>);

answer!(PyTopRight);

impl Answer for PyTopRight {
    const FIELDS: &'static [&'static str] = &["s", "vh", "values", "error"];

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let TopRight { values, estimates, v, error } = &self.0;
        (enclosures(values), Numbers(estimates.clone()), Kept(v.clone().into()), PyEnclosure::from(*error))
            .into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (values, estimates, v, error): (Vec<PyEnclosure>, Numbers, Kept, PyEnclosure) = state.extract()?;
        let values = values.into_iter().map(Into::into).collect();
        Ok(Self(TopRight { values, estimates: estimates.0, v: real(v)?, error: error.into() }))
    }
}

#[pymethods]
impl PyTopRight {
    /// The singular values, as an array of their estimates.
    #[getter]
    fn s<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.estimates.to_pyarray(py)
    }
    /// Right singular vectors in rows.
    #[getter]
    fn vh<'py>(&self, py: Python<'py>) -> PyResult<Floats<'py>> {
        out(py, compute(py, || self.0.v.adjoint()).into())
    }
    /// The singular values, enclosed.
    #[getter]
    fn values(&self) -> Vec<PyEnclosure> {
        enclosures(&self.0.values)
    }
    /// The Frobenius norm of what these vectors leave of the rows.
    #[getter]
    fn error(&self) -> PyEnclosure {
        self.0.error.into()
    }
    fn __repr__(&self) -> String {
        {
            let first = self.0.values.first().map_or_else(|| "none".to_owned(), |x| x.short(8));
            format!("TopRight({} values, largest {first})", self.0.values.len())
        }
    }
}

/// The largest singular triplets of a matrix that was read block by block.
///
/// Examples
/// --------
/// >>> import pathlib, tempfile, numpy as np, kappa as kp
/// >>> path = pathlib.Path(tempfile.mkdtemp()) / "a.npy"
/// >>> np.save(path, np.diag([5.0, 2.0, 1.0]))
/// >>> found = kp.open(path).stream_svd(2)
/// >>> found.s, found.passes
/// (array([5., 2.]), 2)
#[pyclass(name = "StreamedSvd", module = "kappa", frozen, extends = PyAnswer)]
pub(crate) struct PyStreamedSvd(pub(crate) Streamed);

answer!(PyStreamedSvd);

impl Answer for PyStreamedSvd {
    const FIELDS: &'static [&'static str] =
        &["u", "s", "vh", "values", "error", "passes", "block", "capacity", "is_exact"];

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let f = &self.0;
        let vectors = (f.u.clone().map(Kept), f.v.clone().map(Kept));
        let how = (f.passes, f.block, f.capacity, f.is_exact);
        (f.name.as_str(), enclosures(&f.values), vectors, PyEnclosure::from(f.error), f.shape, how)
            .into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        type How = (usize, usize, usize, bool);
        type Whole = (String, Vec<PyEnclosure>, (Option<Kept>, Option<Kept>), PyEnclosure, (usize, usize), How);
        let (name, values, (u, v), error, shape, (passes, block, capacity, is_exact)): Whole = state.extract()?;
        Ok(Self(Streamed {
            name,
            values: values.into_iter().map(Into::into).collect(),
            u: u.map(|u| u.0),
            v: v.map(|v| v.0),
            error: error.into(),
            shape,
            passes,
            block,
            capacity,
            is_exact,
        }))
    }
}

#[pymethods]
impl PyStreamedSvd {
    /// Left singular vectors in columns; None where they are those of the long side and were not asked for.
    #[getter]
    fn u<'py>(&self, py: Python<'py>) -> PyResult<Option<Array<'py>>> {
        self.0.u.clone().map(|u| out(py, u)).transpose()
    }
    /// The singular values, as an array of their estimates.
    #[getter]
    fn s<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.values.iter().map(Enclosure::estimate).collect::<Vec<_>>().to_pyarray(py)
    }
    /// Right singular vectors, conjugated, in rows; None where they are those of the long side and were not asked for.
    #[getter]
    fn vh<'py>(&self, py: Python<'py>) -> PyResult<Option<Array<'py>>> {
        self.0.v.as_ref().map(|v| out(py, compute(py, || v.adjoint()))).transpose()
    }
    /// The singular values, enclosed.
    #[getter]
    fn values(&self) -> Vec<PyEnclosure> {
        enclosures(&self.0.values)
    }
    /// ‖a − u·s·vh‖ in the Frobenius norm.
    #[getter]
    fn error(&self) -> PyEnclosure {
        self.0.error.into()
    }
    /// The number of passes over the matrix.
    #[getter]
    fn passes(&self) -> usize {
        self.0.passes
    }
    /// Rows or columns in a block.
    #[getter]
    fn block(&self) -> usize {
        self.0.block
    }
    /// The largest number of rows that the sketch kept.
    #[getter]
    fn capacity(&self) -> usize {
        self.0.capacity
    }
    /// Whether it is exact up to rounding.
    #[getter]
    fn is_exact(&self) -> bool {
        self.0.is_exact
    }
    fn __repr__(&self) -> String {
        let (m, n) = self.0.shape;
        format!("StreamedSvd({} triplets of {m}×{n}, {} passes)", self.0.values.len(), self.0.passes)
    }
}
