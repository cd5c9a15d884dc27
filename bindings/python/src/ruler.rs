//! Norms as values, in Python: what each can say about itself, and do to a matrix.

use kappa::Norm;
use kappa_model::{BallAction, Changed, WideMatrix};
use numpy::ToPyArray;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::answers;
use crate::array::with_matrix;
use crate::compute::compute;
use crate::enclosure::PyEnclosure;
use crate::errors::to_python;
use crate::factor::array;

/// A matrix norm by its name: frobenius, spectral, nuclear, max-abs, max-column-sum, max-row-sum, entrywise:p, induced:p,q,
/// schatten:p, ky-fan:k, ky-fan:k,p, or dual:NAME. Equal norms are equal: Norm("schatten:2") == Norm("frobenius").
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> kp.Norm("nuclear").dual
/// Norm('spectral')
/// >>> kp.Norm("spectral").is_unitarily_invariant
/// True
#[pyclass(name = "Norm", module = "kappa", frozen, eq, hash)]
#[derive(Clone, Copy)]
pub(crate) struct PyNorm(Norm);

impl PartialEq for PyNorm {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl std::hash::Hash for PyNorm {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.to_string().hash(state);
    }
}

/// What stands in the dict and the table.
const NORM_FIELDS: [&str; 6] =
    ["name", "is_induced", "is_submultiplicative", "is_consistent", "is_unitarily_invariant", "is_absolute"];

#[pymethods]
impl PyNorm {
    #[new]
    fn new(name: &str) -> PyResult<Self> {
        name.parse().map(Self).map_err(to_python)
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
    fn subgradient<'py>(&self, py: Python<'py>, a: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyAny>, bool)> {
        let changed = self.under(a, BallAction::Subgradient)?;
        Ok((matrix(py, &changed)?, changed.is_unique.unwrap_or(false)))
    }
    /// argmin over X of |X - a|_F^2 / 2 + weight |X|.
    fn prox<'py>(&self, py: Python<'py>, a: &Bound<'py, PyAny>, weight: f64) -> PyResult<Bound<'py, PyAny>> {
        matrix(py, &self.under(a, BallAction::Prox(weight))?)
    }
    /// The nearest matrix, in the Frobenius norm, whose norm is at most `radius`.
    #[pyo3(signature = (a, radius = 1.0))]
    fn project<'py>(&self, py: Python<'py>, a: &Bound<'py, PyAny>, radius: f64) -> PyResult<Bound<'py, PyAny>> {
        matrix(py, &self.under(a, BallAction::Project(radius))?)
    }
    /// argmin of Re <a, X> over X of norm at most `radius`.
    #[pyo3(signature = (a, radius = 1.0))]
    fn linear_minimum<'py>(&self, py: Python<'py>, a: &Bound<'py, PyAny>, radius: f64) -> PyResult<Bound<'py, PyAny>> {
        matrix(py, &self.under(a, BallAction::LinearMinimum(radius))?)
    }
    /// The largest ratio of this norm to `other` over matrices of a shape and rank, and a matrix that attains it, or None.
    #[pyo3(signature = (other, shape, rank = None))]
    fn constant<'py>(
        &self,
        py: Python<'py>,
        other: &Bound<'py, PyAny>,
        shape: (usize, usize),
        rank: Option<usize>,
    ) -> PyResult<(PyEnclosure, Option<Bound<'py, PyAny>>)> {
        let other = norm_of(other)?;
        let (m, n) = shape;
        let norm = self.0;
        let found = compute(py, move || norm.constant(&other, m, n, rank.unwrap_or(m.min(n)))).map_err(to_python)?;
        let attained = found.attained_by.as_ref().map(|a| array(py, a)).transpose()?;
        Ok((found.value.into(), attained))
    }
    /// The parts of the answer by name.
    fn to_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        answers::dict(slf.as_any(), &NORM_FIELDS)
    }
    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<String> {
        answers::html(slf.as_any(), &NORM_FIELDS)
    }
    fn __repr__(&self) -> String {
        format!("Norm('{}')", self.0)
    }
    fn __str__(&self) -> String {
        self.0.to_string()
    }
}

impl PyNorm {
    fn under(&self, a: &Bound<'_, PyAny>, action: BallAction) -> PyResult<Changed> {
        let norm = self.0;
        with_matrix(a, move |view| view.under(norm, action))
    }
}

fn matrix<'py>(py: Python<'py>, changed: &Changed) -> PyResult<Bound<'py, PyAny>> {
    match &changed.matrix {
        WideMatrix::Real(a) => array(py, a),
        WideMatrix::Complex(a) => array(py, a),
    }
}

/// A norm from its name or from a Norm.
pub(crate) fn norm_of(norm: &Bound<'_, PyAny>) -> PyResult<Norm> {
    if let Ok(norm) = norm.cast::<PyNorm>() {
        return Ok(norm.get().0);
    }
    norm.extract::<String>()?.parse().map_err(to_python)
}

/// Numbers as an array, for the modules beside this one.
pub(crate) fn vector<'py>(py: Python<'py>, x: &[f64]) -> Bound<'py, PyAny> {
    x.to_pyarray(py).into_any()
}
