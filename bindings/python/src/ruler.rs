//! Norms as values, in Python: what each can say about itself, and do to a matrix.

use kappa::{Norm, Tolerance};
use numpy::ToPyArray;
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyBool;

use crate::answers::{Answer, PyAnswer, answer, initializer};
use crate::array::{out, view, with_matrix};
use crate::compute::compute;
use crate::enclosure::PyEnclosure;
use crate::errors::to_python;
use crate::names::names;
use crate::types::{Array, Floats, NormLike};

names! { [PyNorm] [] }

/// A matrix norm by its name: frobenius, spectral, nuclear, max-abs, max-column-sum, max-row-sum, entrywise:p,
/// induced:p,q, schatten:p, ky-fan:k, ky-fan:k,p, or dual:NAME. Equal norms are equal: Norm("schatten:2") ==
/// Norm("frobenius").
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> kp.Norm("nuclear").dual
/// Norm('spectral')
/// >>> kp.Norm("spectral").is_unitarily_invariant
/// True
#[pyclass(name = "Norm", module = "kappa", frozen, extends = PyAnswer, from_py_object)]
#[derive(Clone, Copy)]
pub(crate) struct PyNorm(Norm);

answer!(PyNorm);

impl Answer for PyNorm {
    const FIELDS: &'static [&'static str] =
        &["name", "is_induced", "is_submultiplicative", "is_consistent", "is_unitarily_invariant", "is_absolute"];

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        (self.name(),).into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (name,): (String,) = state.extract()?;
        name.parse().map(Self).map_err(to_python)
    }
}

#[pymethods]
impl PyNorm {
    #[new]
    fn new(name: &str) -> PyResult<PyClassInitializer<Self>> {
        Ok(Self(name.parse().map_err(to_python)?).initializer())
    }
    /// The canonical name.
    #[getter]
    fn name(&self) -> String {
        self.0.to_string()
    }
    /// The dual norm: max |<A, X>| over X of norm at most 1.
    #[getter]
    fn dual(&self) -> Self {
        Self(self.0.dual())
    }
    /// Whether it is max |Ax|_q / |x|_p for some p and q.
    #[getter]
    fn is_induced(&self) -> bool {
        self.0.is_induced()
    }
    /// Whether |AB| <= |A| |B| for all A and B.
    #[getter]
    fn is_submultiplicative(&self) -> bool {
        self.0.is_submultiplicative()
    }
    /// Whether |Ax| <= |A| |x| for some norm of vectors.
    #[getter]
    fn is_consistent(&self) -> bool {
        self.0.is_consistent()
    }
    /// Whether it depends on the singular values only.
    #[getter]
    fn is_unitarily_invariant(&self) -> bool {
        self.0.is_unitarily_invariant()
    }
    /// Whether it depends on the moduli of the entries only.
    #[getter]
    fn is_absolute(&self) -> bool {
        self.0.is_absolute()
    }
    /// A subgradient at `a`, and whether it is for certain the only one (then it is the gradient).
    fn subgradient<'py>(&self, py: Python<'py>, a: &Bound<'py, PyAny>) -> PyResult<(Array<'py>, bool)> {
        let norm = self.0;
        let found = with_matrix(a, move |a| a.subgradient(norm))?;
        Ok((view(py, &found.matrix())?, found.is_unique()))
    }
    /// argmin over X of |X - a|_F^2 / 2 + weight |X|.
    fn prox<'py>(&self, py: Python<'py>, a: &Bound<'py, PyAny>, weight: f64) -> PyResult<Array<'py>> {
        let norm = self.0;
        out(py, with_matrix(a, move |a| a.prox(norm, weight))?)
    }
    /// The nearest matrix, in the Frobenius norm, whose norm is at most `radius`.
    #[pyo3(signature = (a, radius = 1.0))]
    fn project<'py>(&self, py: Python<'py>, a: &Bound<'py, PyAny>, radius: f64) -> PyResult<Array<'py>> {
        let norm = self.0;
        out(py, with_matrix(a, move |a| a.project(norm, radius))?)
    }
    /// argmin of Re <a, X> over X of norm at most `radius`.
    #[pyo3(signature = (a, radius = 1.0))]
    fn linear_minimum<'py>(&self, py: Python<'py>, a: &Bound<'py, PyAny>, radius: f64) -> PyResult<Array<'py>> {
        let norm = self.0;
        out(py, with_matrix(a, move |a| a.linear_minimum(norm, radius))?)
    }
    /// The largest ratio of this norm to `other` over matrices of a shape and rank, and a matrix that attains it, or
    /// None.
    #[pyo3(signature = (other, shape, rank = None))]
    fn constant<'py>(
        &self,
        py: Python<'py>,
        other: &NormLike<'py>,
        shape: (usize, usize),
        rank: Option<usize>,
    ) -> PyResult<(PyEnclosure, Option<Floats<'py>>)> {
        let other = norm_of(other)?;
        let (m, n) = shape;
        let norm = self.0;
        let found = compute(py, move || norm.constant(&other, m, n, rank.unwrap_or(m.min(n)))).map_err(to_python)?;
        let attained = found.attained_by.map(|a| out(py, a.into())).transpose()?;
        Ok((found.value.into(), attained))
    }
    fn __repr__(&self) -> String {
        format!("Norm('{}')", self.0)
    }
    fn __str__(&self) -> String {
        self.0.to_string()
    }
}

/// A norm from its name, from a Norm, or from a number: 1, 2 and inf are those of NumPy's `ord`.
pub(crate) fn norm_of(norm: &Bound<'_, PyAny>) -> PyResult<Norm> {
    if let Ok(norm) = norm.cast::<PyNorm>() {
        return Ok(norm.get().0);
    }
    let name = match norm.extract::<f64>() {
        Ok(number) if !norm.is_instance_of::<PyBool>() => number.to_string(),
        _ => norm.extract::<String>().map_err(|_| not_a_norm(norm))?,
    };
    name.parse().map_err(to_python)
}

fn not_a_norm(given: &Bound<'_, PyAny>) -> PyErr {
    let class = given.get_type().name().map_or_else(|_| "object".into(), |name| name.to_string());
    let message = format!("`norm` is a name, 1, 2, inf or a kappa.Norm, not an object of the class {class}");
    PyTypeError::new_err(message + "\n\nhint: such as norm=\"spectral\", norm=2 or norm=\"fro\"")
}

/// Numbers as an array, for the modules beside this one.
pub(crate) fn vector<'py>(py: Python<'py>, x: &[f64]) -> Bound<'py, PyAny> {
    x.to_pyarray(py).into_any()
}

pub(crate) fn tolerance_of(share: Option<f64>) -> PyResult<Tolerance> {
    share.map_or(Ok(Tolerance::default()), Tolerance::relative).map_err(to_python)
}
