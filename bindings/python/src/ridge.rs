//! Regularization, in Python.

use kappa::{Matrix, RidgePoint, Scalar, c64};
use kappa_model::WideMatrix;
use numpy::ToPyArray;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::answers;
use crate::compute::compute;
use crate::condition::{Pair, out, pair, wide};
use crate::errors::to_python;

enum Decomposed {
    Real(kappa::Ridge<f64>),
    Complex(kappa::Ridge<c64>),
}

macro_rules! either {
    ($value:expr, $s:ident => $body:expr) => {
        match $value {
            Decomposed::Real($s) => $body,
            Decomposed::Complex($s) => $body,
        }
    };
}

/// min |A x - b|^2 + lambda |L x|^2, decomposed once: every lambda after that costs little.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> ridge = kp.Ridge([[1.0, 0.0], [0.0, 1e-3]], [1.0, 1.0])
/// >>> ridge.filter_factors(1e-6).round(6)
/// array([0.999999, 0.5     ])
#[pyclass(name = "Ridge", module = "kappa", frozen)]
pub(crate) struct PyRidge(Decomposed);

fn made<W: Scalar<Wide = W>>(a: &Matrix<W>, b: &Matrix<W>, l: Option<&Matrix<W>>) -> kappa::Result<kappa::Ridge<W>> {
    match l {
        None => kappa::Ridge::new(a, b.as_slice()),
        Some(l) => kappa::Ridge::with_operator(a, b.as_slice(), l),
    }
}

/// What stands in the dict and the table.
const RIDGE_FIELDS: [&str; 2] = ["singular_values", "coefficients"];

#[pymethods]
impl PyRidge {
    #[new]
    #[pyo3(signature = (a, b, operator = None))]
    fn new(a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>, operator: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let py = a.py();
        let l = operator.map(wide).transpose()?;
        let found = match (pair(a, b)?, l) {
            (Pair::Real(a, b), None) => compute(py, || made(&a, &b, None)).map(Decomposed::Real),
            (Pair::Real(a, b), Some(WideMatrix::Real(l))) => {
                compute(py, || made(&a, &b, Some(&l))).map(Decomposed::Real)
            }
            (both, l) => {
                let (a, b) = both.complex();
                let l = l.map(|l| l.complex());
                compute(py, || made(&a, &b, l.as_ref())).map(Decomposed::Complex)
            }
        };
        found.map(Self).map_err(to_python)
    }
    /// The singular values of the problem in standard form: those of A without an operator.
    #[getter]
    fn singular_values<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        either!(&self.0, r => r.singular_values().to_pyarray(py).into_any())
    }
    /// |u_i* b|, for the Picard condition.
    #[getter]
    fn coefficients<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        either!(&self.0, r => r.coefficients().to_pyarray(py).into_any())
    }
    /// sigma^2 / (sigma^2 + lambda).
    #[pyo3(signature = (lam))]
    fn filter_factors<'py>(&self, py: Python<'py>, lam: f64) -> Bound<'py, PyAny> {
        either!(&self.0, r => r.filter_factors(lam).to_pyarray(py).into_any())
    }
    /// The lambda of a rule: a number, "gcv", "l-curve", "leave-one-out", "discrepancy:NOISE" or "norm:BOUND".
    #[pyo3(signature = (rule = None))]
    fn choose<'py>(&self, py: Python<'py>, rule: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyDict>> {
        let text = match rule {
            None => "gcv".to_owned(),
            Some(rule) => rule.str()?.to_string(),
        };
        let choice = text.parse().map_err(to_python)?;
        let dict = PyDict::new(py);
        either!(&self.0, r => {
            let s = compute(py, || r.choose(choice)).map_err(to_python)?;
            let x: WideMatrix = Matrix::from_fn(s.x.len(), 1, |i, _| s.x[i]).into();
            dict.set_item("x", out(py, &x)?.call_method0("ravel")?)?;
            dict.set_item("lambda", s.lambda)?;
            dict.set_item("residual_norm", s.residual_norm)?;
            dict.set_item("solution_norm", s.solution_norm)?;
            dict.set_item("degrees", s.degrees)?;
            dict.set_item("cond", s.cond)?;
        });
        Ok(dict)
    }
    /// The solutions for several lambdas, one column each.
    fn solutions<'py>(&self, py: Python<'py>, lambdas: Vec<f64>) -> PyResult<Bound<'py, PyAny>> {
        let x: WideMatrix = either!(&self.0, r => compute(py, || r.solutions(&lambdas)).map_err(to_python)?.into());
        out(py, &x)
    }
    /// The curves at so many lambdas: a list of dicts with lambda, residual_norm, solution_norm, degrees, gcv and curvature.
    #[pyo3(signature = (count = 100))]
    fn path<'py>(&self, py: Python<'py>, count: usize) -> PyResult<Bound<'py, PyList>> {
        let points: Vec<RidgePoint> = either!(&self.0, r => compute(py, || r.path(count)));
        let list = PyList::empty(py);
        for p in points {
            let dict = PyDict::new(py);
            dict.set_item("lambda", p.lambda)?;
            dict.set_item("residual_norm", p.residual_norm)?;
            dict.set_item("solution_norm", p.solution_norm)?;
            dict.set_item("degrees", p.degrees)?;
            dict.set_item("gcv", p.gcv)?;
            dict.set_item("curvature", p.curvature)?;
            list.append(dict)?;
        }
        Ok(list)
    }
    /// The parts of the answer by name.
    fn to_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        answers::dict(slf.as_any(), &RIDGE_FIELDS)
    }
    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<String> {
        answers::html(slf.as_any(), &RIDGE_FIELDS)
    }
    fn __repr__(&self) -> String {
        format!("Ridge({} singular values)", either!(&self.0, r => r.singular_values().len()))
    }
}
