//! Regularization, in Python.

use kappa::equations::AnyRidge;
use numpy::ToPyArray;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::answers::{Answer, PyAnswer, answer, dict, initializer};
use crate::array::{matrix, out, shaped, with_matrix};
use crate::compute::compute;
use crate::errors::to_python;
use crate::names::names;
use crate::solve::{kept_input, single};
use crate::types::{Array, ArrayLike, Floats};

names! { [PyRidge] [] }

/// min |A x - b|^2 + lambda |L x|^2, decomposed once: every lambda after that costs little. It is pickled as A, b and
/// L.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> ridge = kp.Ridge([[1.0, 0.0], [0.0, 1e-3]], [1.0, 1.0])
/// >>> ridge.filter_factors(1e-6).round(6)
/// array([0.999999, 0.5     ])
#[pyclass(name = "Ridge", module = "kappa", frozen, extends = PyAnswer)]
pub(crate) struct PyRidge {
    ridge: AnyRidge,
    /// A, b and L.
    input: (Py<PyAny>, Py<PyAny>, Option<Py<PyAny>>),
}

impl PyRidge {
    fn of(a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>, operator: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let (right, l) = (single(b)?, operator.map(matrix).transpose()?);
        let ridge = with_matrix(a, move |a| AnyRidge::new(&a, &right, l.as_ref()))?;
        Ok(Self { ridge, input: (kept_input(a)?, kept_input(b)?, operator.map(kept_input).transpose()?) })
    }
}

answer!(PyRidge);

impl Answer for PyRidge {
    const FIELDS: &'static [&'static str] = &["singular_values", "coefficients"];

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let (a, b, l) = &self.input;
        (a.clone_ref(py), b.clone_ref(py), l.as_ref().map(|l| l.clone_ref(py))).into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (a, b, l): (Bound<'_, PyAny>, Bound<'_, PyAny>, Option<Bound<'_, PyAny>>) = state.extract()?;
        Self::of(&a, &b, l.as_ref())
    }
}

#[pymethods]
impl PyRidge {
    #[new]
    #[pyo3(signature = (a, b, operator = None))]
    fn new(
        a: &Bound<'_, PyAny>,
        b: &ArrayLike<'_>,
        operator: Option<&ArrayLike<'_>>,
    ) -> PyResult<PyClassInitializer<Self>> {
        Self::of(a, b, operator).map(Answer::initializer)
    }
    /// The singular values of the problem in standard form: those of A without an operator.
    #[getter]
    fn singular_values<'py>(&self, py: Python<'py>) -> Floats<'py> {
        self.ridge.singular_values().to_pyarray(py).into_any()
    }
    /// |u_i* b|, for the Picard condition.
    #[getter]
    fn coefficients<'py>(&self, py: Python<'py>) -> Floats<'py> {
        self.ridge.coefficients().to_pyarray(py).into_any()
    }
    /// sigma^2 / (sigma^2 + lambda).
    #[pyo3(signature = (lam))]
    fn filter_factors<'py>(&self, py: Python<'py>, lam: f64) -> PyResult<Floats<'py>> {
        Ok(self.ridge.filter_factors(lam).map_err(to_python)?.to_pyarray(py).into_any())
    }
    /// The solution for the lambda of a rule: a number, "gcv", "l-curve", "leave-one-out", "discrepancy:NOISE" or
    /// "norm:BOUND". `error` encloses |x - x*|/|x| for the exact solution x* at this lambda; `is_at_end` says that the
    /// rule ended at the end of the range that it searched, so that the data do not determine lambda.
    #[pyo3(signature = (rule: "str | float | None" = None))]
    fn choose<'py>(&self, py: Python<'py>, rule: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyDict>> {
        let text = match rule {
            None => "gcv".to_owned(),
            Some(rule) => rule.str()?.to_string(),
        };
        let choice = text.parse().map_err(to_python)?;
        let s = compute(py, || self.ridge.choose(choice)).map_err(to_python)?;
        Ok(dict!(py, {
            "x": shaped(py, s.x(), true)?,
            "lambda": s.lambda(),
            "residual_norm": s.residual_norm(),
            "solution_norm": s.solution_norm(),
            "degrees": s.degrees(),
            "cond": s.cond(),
            "error": crate::enclosure::PyEnclosure::from(s.error()),
            "is_at_end": s.is_at_end(),
        }))
    }
    /// The solutions for several lambdas, one column each.
    fn solutions<'py>(&self, py: Python<'py>, lambdas: Vec<f64>) -> PyResult<Array<'py>> {
        out(py, compute(py, || self.ridge.solutions(&lambdas)).map_err(to_python)?)
    }
    /// The curves at `count` lambdas: a list of dicts with lambda, residual_norm, solution_norm, degrees, gcv and
    /// curvature.
    // stub: -> list[dict[str, float]]
    #[pyo3(signature = (count = 100))]
    fn path<'py>(&self, py: Python<'py>, count: usize) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for p in compute(py, || self.ridge.path(count)).map_err(to_python)? {
            list.append(dict!(py, {
                "lambda": p.lambda,
                "residual_norm": p.residual_norm,
                "solution_norm": p.solution_norm,
                "degrees": p.degrees,
                "gcv": p.gcv,
                "curvature": p.curvature,
            }))?;
        }
        Ok(list)
    }
    fn __repr__(&self) -> String {
        format!("Ridge({} singular values)", self.ridge.singular_values().len())
    }
}
