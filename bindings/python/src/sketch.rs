//! Sketches of rows and matrices that are read block by block, in Python.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use kappa::{Matrix, RowSketch, TopRight};
use kappa_model::{MatrixView, Model, SavedSketch, Streamed, WideMatrix};
use kappa_tensors::npz;
use numpy::{PyArray1, ToPyArray};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::answers;
use crate::array::with_matrix_of_work;
use crate::compute::compute;
use crate::enclosure::PyEnclosure;
use crate::errors::{model_to_python, to_python};
use crate::factor::array;

/// What is kept of the rows of a matrix that are seen once, with room for `capacity` of them.
///
/// With room for as many rows as columns (the default) it is R of the QR decomposition, and nothing is lost but to rounding; with less it is the
/// sketch of Frequent Directions, and every singular value stays between two ends. Sketches of parts of the rows merge.
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
#[pyclass(name = "RowSketch", module = "kappa", frozen)]
pub(crate) struct PyRowSketch(Arc<Mutex<RowSketch<f64>>>);

impl From<RowSketch<f64>> for PyRowSketch {
    fn from(sketch: RowSketch<f64>) -> Self {
        Self(Arc::new(Mutex::new(sketch)))
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
    fn new(columns: usize, capacity: Option<usize>) -> PyResult<Self> {
        let sketch = RowSketch::new(columns, capacity.unwrap_or(columns)).map_err(to_python)?;
        Ok(sketch.into())
    }
    /// Reads a sketch that `save` or the command line wrote.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let found = compute(py, || SavedSketch::read(&Model::open(&path)?)).map_err(model_to_python)?;
        let message = || format!("`{}` holds no sketch of rows\n\nhint: RowSketch.save writes one", path.display());
        found.map(Into::into).ok_or_else(|| PyValueError::new_err(message()))
    }
    /// Sees a block of rows: an array with as many columns.
    fn push(&self, rows: &Bound<'_, PyAny>) -> PyResult<()> {
        let sketch = self.0.clone();
        // Never left behind when Ctrl-C comes: nobody would know whether these rows are in.
        let push = move |view: MatrixView<'_>| {
            let mut sketch = sketch.lock().unwrap_or_else(PoisonError::into_inner);
            match view {
                MatrixView::F32(a) => sketch.push(a).map(|()| true),
                MatrixView::F64(a) => sketch.push(a).map(|()| true),
                MatrixView::C32(_) | MatrixView::C64(_) => Ok(false),
            }
        };
        if with_matrix_of_work(rows, |_, _| 0, push)? {
            return Ok(());
        }
        Err(PyValueError::new_err("a sketch of rows is real, and these are complex"))
    }
    /// Takes in the sketch of other rows.
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
    /// How many rows it saw.
    #[getter]
    fn rows(&self) -> u64 {
        self.with(|sketch| sketch.rows())
    }
    /// How many columns.
    #[getter]
    fn columns(&self) -> usize {
        self.with(|sketch| sketch.columns())
    }
    /// The most rows that it keeps.
    #[getter]
    fn capacity(&self) -> usize {
        self.with(|sketch| sketch.parts().capacity)
    }
    /// Whether nothing was left out but for rounding.
    #[getter]
    fn is_exact(&self) -> bool {
        self.with(|sketch| sketch.is_exact())
    }
    /// What was taken from the squares of singular values, at most.
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
    fn kept<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let kept: Matrix<f64> = self.with(|sketch| {
            let parts = sketch.parts();
            let half = 2f64.powi(parts.exponent / 2);
            let other = 2f64.powi(parts.exponent - parts.exponent / 2);
            Matrix::from_fn(parts.kept.rows(), parts.kept.columns(), |i, j| parts.kept[(i, j)] * half * other)
        });
        array(py, &kept)
    }
    /// The parts of the sketch by name.
    fn to_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        answers::dict(slf.as_any(), &SKETCH)
    }
    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<String> {
        answers::html(slf.as_any(), &SKETCH)
    }
    fn __repr__(&self) -> String {
        format!("RowSketch({} rows of {} columns, room for {})", self.rows(), self.columns(), self.capacity())
    }
}

const SKETCH: [&str; 7] = ["rows", "columns", "capacity", "is_exact", "lost", "frobenius", "kept"];

/// The largest singular values of the rows that a sketch saw, with their right vectors.
///
/// Examples
/// --------
/// >>> import kappa as kp, numpy as np
/// >>> sketch = kp.RowSketch(2)
/// >>> sketch.push(np.diag([4.0, 3.0]))
/// >>> sketch.top(1).s
/// array([4.])
#[pyclass(name = "TopRight", module = "kappa", frozen)]
pub(crate) struct PyTopRight(TopRight<f64>);

const TOP: [&str; 4] = ["s", "vh", "values", "error"];

#[pymethods]
impl PyTopRight {
    /// The singular values, as an array of their estimates.
    #[getter]
    fn s<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.estimates.to_pyarray(py)
    }
    /// Right singular vectors in rows.
    #[getter]
    fn vh<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        array(py, &self.0.v.adjoint())
    }
    /// The singular values, enclosed.
    #[getter]
    fn values(&self) -> Vec<PyEnclosure> {
        self.0.values.iter().map(|&x| x.into()).collect()
    }
    /// The Frobenius norm of what these vectors leave of the rows.
    #[getter]
    fn error(&self) -> PyEnclosure {
        self.0.error.into()
    }
    /// The parts of the answer by name.
    fn to_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        answers::dict(slf.as_any(), &TOP)
    }
    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<String> {
        answers::html(slf.as_any(), &TOP)
    }
    fn __repr__(&self) -> String {
        format!("TopRight({} values, largest {})", self.0.values.len(), self.0.values[0].short(8))
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
#[pyclass(name = "StreamedSvd", module = "kappa", frozen)]
pub(crate) struct PyStreamedSvd(pub(crate) Streamed);

const STREAMED: [&str; 9] = ["u", "s", "vh", "values", "error", "passes", "block", "capacity", "is_exact"];

fn wide<'py>(py: Python<'py>, a: &WideMatrix) -> PyResult<Bound<'py, PyAny>> {
    kappa_model::with_wide!(a, a => array(py, a))
}

#[pymethods]
impl PyStreamedSvd {
    /// Left singular vectors in columns; None where they are those of the long side and were not asked for.
    #[getter]
    fn u<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.u.as_ref().map(|u| wide(py, u)).transpose()
    }
    /// The singular values, as an array of their estimates.
    #[getter]
    fn s<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.values.iter().map(kappa::Enclosure::estimate).collect::<Vec<_>>().to_pyarray(py)
    }
    /// Right singular vectors, conjugated, in rows; None where they are those of the long side and were not asked for.
    #[getter]
    fn vh<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let adjoint = |v: &WideMatrix| kappa_model::with_wide!(v, v => array(py, &v.adjoint()));
        self.0.v.as_ref().map(adjoint).transpose()
    }
    /// The singular values, enclosed.
    #[getter]
    fn values(&self) -> Vec<PyEnclosure> {
        self.0.values.iter().map(|&x| x.into()).collect()
    }
    /// ‖a − u·s·vh‖ in the Frobenius norm.
    #[getter]
    fn error(&self) -> PyEnclosure {
        self.0.error.into()
    }
    /// How often the matrix was read.
    #[getter]
    fn passes(&self) -> usize {
        self.0.passes
    }
    /// Rows or columns in a block.
    #[getter]
    fn block(&self) -> usize {
        self.0.block
    }
    /// Rows that the sketch had room for.
    #[getter]
    fn capacity(&self) -> usize {
        self.0.capacity
    }
    /// Whether nothing was left out but for rounding.
    #[getter]
    fn is_exact(&self) -> bool {
        self.0.is_exact
    }
    /// The parts of the answer by name.
    fn to_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        answers::dict(slf.as_any(), &STREAMED)
    }
    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<String> {
        answers::html(slf.as_any(), &STREAMED)
    }
    fn __repr__(&self) -> String {
        let (m, n) = self.0.shape;
        format!("StreamedSvd({} triplets of {m}×{n}, {} passes)", self.0.values.len(), self.0.passes)
    }
}
