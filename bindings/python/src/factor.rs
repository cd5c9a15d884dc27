//! Decompositions, in Python.

use kappa::{Matrix, Scalar};
use kappa_model::Decomposition;
use numpy::{Element, PyArrayMethods, ToPyArray};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3::types::{PyIterator, PyTuple};

use crate::answers;
use crate::compute::compute;
use crate::enclosure::{PyEnclosure, PySingularValues};
use crate::errors::to_python;
use crate::tolerance_of;

/// A singular value decomposition A = u @ diag(s) @ vh, kept so that the next questions cost nothing.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> f = kp.svd([[3.0, 0.0], [0.0, 4.0]])
/// >>> u, s, vh = f
/// >>> s, int(f.rank()), round(float(f.cond()), 12)
/// (array([4., 3.]), 2, 1.333333333333)
#[pyclass(name = "Svd", module = "kappa", frozen)]
pub(crate) struct PySvd(Decomposition);

impl From<Decomposition> for PySvd {
    fn from(f: Decomposition) -> Self {
        Self(f)
    }
}

/// A matrix as an array in Fortran order.
pub(crate) fn array<'py, T: Scalar + Element>(py: Python<'py>, a: &Matrix<T>) -> PyResult<Bound<'py, PyAny>> {
    let by_columns = a.as_slice().to_pyarray(py).reshape([a.columns(), a.rows()])?;
    by_columns.into_any().getattr("T")
}

/// What stands in the dict and the table.
const SVD_FIELDS: [&str; 4] = ["u", "s", "vh", "singular_values"];

#[pymethods]
impl PySvd {
    /// Left singular vectors in columns.
    #[getter]
    fn u<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match &self.0 {
            Decomposition::Real(f) => array(py, f.u()),
            Decomposition::Complex(f) => array(py, f.u()),
        }
    }
    /// The singular values, as an array of their estimates.
    #[getter]
    fn s<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.0.singular_values().estimates().to_pyarray(py).into_any()
    }
    /// Right singular vectors, conjugated, in rows.
    #[getter]
    fn vh<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match &self.0 {
            Decomposition::Real(f) => array(py, &compute(py, || f.v().adjoint())),
            Decomposition::Complex(f) => array(py, &compute(py, || f.v().adjoint())),
        }
    }
    /// The singular values, enclosed.
    #[getter]
    fn singular_values(&self) -> PySingularValues {
        PySingularValues::new(self.0.singular_values().clone(), None)
    }
    /// The numerical rank at a tolerance relative to the largest singular value.
    #[pyo3(signature = (tolerance = None))]
    fn rank(&self, tolerance: Option<f64>) -> PyResult<PyEnclosure> {
        Ok(self.0.singular_values().rank(tolerance_of(tolerance)?).into())
    }
    /// The condition number in the spectral norm.
    fn cond(&self) -> PyResult<PyEnclosure> {
        self.0.singular_values().cond().map(Into::into).map_err(to_python)
    }
    /// A norm that is a function of the singular values.
    #[pyo3(signature = (norm = "spectral"))]
    fn norm(&self, norm: &str) -> PyResult<PyEnclosure> {
        let norm = norm.parse().map_err(to_python)?;
        self.0.singular_values().norm(norm).map(Into::into).map_err(to_python)
    }
    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        PyTuple::new(py, [self.u(py)?, self.s(py), self.vh(py)?])?.try_iter()
    }
    /// The parts of the answer by name.
    fn to_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        answers::dict(slf.as_any(), &SVD_FIELDS)
    }
    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<String> {
        answers::html(slf.as_any(), &SVD_FIELDS)
    }
    fn __repr__(&self) -> String {
        let values = self.0.singular_values();
        format!("Svd({} singular values, largest {})", values.len(), values.first().short(8))
    }
}
