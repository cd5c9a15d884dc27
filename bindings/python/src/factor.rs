//! Decompositions, in Python.

use kappa::factor::AnySvd;
use kappa::{AnyMatrix, SingularValues};
use numpy::ToPyArray;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::answers::{Answer, Kept, PyAnswer, answer, initializer};
use crate::array::out;
use crate::enclosure::{PyEnclosure, PySingularValues};
use crate::errors::to_python;
use crate::names::names;
use crate::ruler::norm_of;
use crate::ruler::tolerance_of;
use crate::types::{Array, Arrays, Floats, NormLike};

names! { [PySvd] [] }

/// A singular value decomposition A = u @ diag(s) @ vh, kept so that the next questions cost nothing.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> f = kp.svd([[3.0, 0.0], [0.0, 4.0]])
/// >>> u, s, vh = f
/// >>> s, int(f.rank()), round(float(f.cond()), 12)
/// (array([4., 3.]), 2, 1.333333333333)
#[pyclass(name = "Svd", module = "kappa", frozen, extends = PyAnswer)]
pub(crate) struct PySvd {
    u: AnyMatrix,
    values: SingularValues,
    vh: AnyMatrix,
}

impl PySvd {
    pub(crate) fn new(f: &AnySvd) -> kappa::Result<Self> {
        let u = f.u().to_matrix()?;
        Ok(Self { u, values: f.singular_values().clone(), vh: f.vh() })
    }
}

answer!(PySvd);

impl Answer for PySvd {
    const FIELDS: &'static [&'static str] = &["u", "s", "vh", "singular_values"];

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        (Kept(self.u.clone()), self.singular_values(), Kept(self.vh.clone())).into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (u, values, vh): (Kept, PySingularValues, Kept) = state.extract()?;
        Ok(Self { u: u.0, values: values.inner().clone(), vh: vh.0 })
    }
}

#[pymethods]
impl PySvd {
    /// Left singular vectors in columns.
    #[getter]
    fn u<'py>(&self, py: Python<'py>) -> PyResult<Array<'py>> {
        out(py, self.u.clone())
    }
    /// The singular values, as an array of their estimates.
    #[getter]
    fn s<'py>(&self, py: Python<'py>) -> Floats<'py> {
        self.values.estimates().to_pyarray(py).into_any()
    }
    /// Right singular vectors, conjugated, in rows.
    #[getter]
    fn vh<'py>(&self, py: Python<'py>) -> PyResult<Array<'py>> {
        out(py, self.vh.clone())
    }
    /// The singular values, enclosed.
    #[getter]
    fn singular_values(&self) -> PySingularValues {
        PySingularValues::new(self.values.clone(), None)
    }
    /// The numerical rank at a tolerance relative to the largest singular value.
    #[pyo3(signature = (tolerance = None))]
    fn rank(&self, tolerance: Option<f64>) -> PyResult<PyEnclosure> {
        Ok(self.values.rank(tolerance_of(tolerance)?).into())
    }
    /// The condition number in the spectral norm.
    fn cond(&self) -> PyResult<PyEnclosure> {
        self.values.cond().map(Into::into).map_err(to_python)
    }
    /// A norm that is a function of the singular values: its name, or a Norm.
    #[pyo3(signature = (norm = None))]
    fn norm(&self, norm: Option<&NormLike<'_>>) -> PyResult<PyEnclosure> {
        let norm = norm.map_or(Ok(kappa::Norm::spectral()), norm_of)?;
        self.values.norm(norm).map(Into::into).map_err(to_python)
    }
    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Arrays<'py>> {
        PyTuple::new(py, [self.u(py)?, self.s(py), self.vh(py)?])?.try_iter()
    }
    fn __repr__(&self) -> String {
        format!("Svd({} singular values, largest {})", self.values.len(), self.values.first().short(8))
    }
}
