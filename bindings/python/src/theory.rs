//! What a change may do, in Python.

use kappa::c64;
use kappa::lab;
use kappa::perturb::{self, Theorem, theorems};
use kappa_model::WideMatrix;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::answers;
use crate::condition::{Pair, out, pair, wide};
use crate::enclosure::PyEnclosure;
use crate::errors::to_python;

/// A theorem with its numbers.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> kp.Theorem("weyl", change=0.1).bound().upper
/// 0.1
#[pyclass(name = "Theorem", module = "kappa", frozen)]
pub(crate) struct PyTheorem {
    name: &'static str,
    statement: &'static str,
    reference: &'static str,
    bound: kappa::Enclosure,
}

impl From<&dyn Theorem> for PyTheorem {
    fn from(t: &dyn Theorem) -> Self {
        Self { name: t.name(), statement: t.statement(), reference: t.reference(), bound: t.bound() }
    }
}

/// What stands in the dict and the table.
const THEOREM_FIELDS: [&str; 4] = ["name", "statement", "reference", "bound"];

#[pymethods]
impl PyTheorem {
    /// The theorem of this name, with its numbers by name: `Theorem("davis-kahan", gap=0.3, change=0.01)`.
    #[new]
    #[pyo3(signature = (name, **numbers))]
    fn new(name: &str, numbers: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let plain = name.trim().to_lowercase().replace('_', "-");
        let Some(info) = theorems().iter().find(|t| t.name == plain) else {
            return Err(to_python(perturb::theorem(&plain, &[]).map(drop).err().unwrap_or_else(kappa::jordan)));
        };
        let mut given: Vec<(String, f64)> = Vec::new();
        for (key, value) in numbers.into_iter().flatten() {
            given.push((key.extract::<String>()?.replace('_', "-"), value.extract()?));
        }
        let known = |name: &str| info.parameters.iter().any(|p| p.0 == name);
        let wanted: Vec<String> = info.parameters.iter().map(|p| p.0.replace('-', "_")).collect();
        let refused = |what: String| {
            pyo3::exceptions::PyTypeError::new_err(format!("{what}\n\nhint: {plain} takes {}", wanted.join(", ")))
        };
        if let Some((name, _)) = given.iter().find(|(name, _)| !known(name)) {
            return Err(refused(format!("`{name}` is no number of {plain}")));
        }
        let find = |parameter: &str| given.iter().find(|(name, _)| name == parameter).map(|x| x.1);
        let numbers: Option<Vec<f64>> = info.parameters.iter().map(|p| find(p.0)).collect();
        let numbers = numbers.ok_or_else(|| refused(format!("{plain} needs all of its numbers")))?;
        let found = perturb::theorem(&plain, &numbers).map_err(to_python)?;
        Ok((&*found).into())
    }
    /// Its name.
    #[getter]
    fn name(&self) -> &'static str {
        self.name
    }
    /// What it says.
    #[getter]
    fn statement(&self) -> &'static str {
        self.statement
    }
    /// Where it is proved.
    #[getter]
    fn reference(&self) -> &'static str {
        self.reference
    }
    /// [0, bound].
    fn bound(&self) -> PyEnclosure {
        self.bound.into()
    }
    fn __float__(&self) -> f64 {
        self.bound.upper()
    }
    /// The parts of the answer by name.
    fn to_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        answers::dict(slf.as_any(), &THEOREM_FIELDS)
    }
    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<String> {
        answers::html(slf.as_any(), &THEOREM_FIELDS)
    }
    fn __repr__(&self) -> String {
        format!("Theorem({:?}, bound={:e})", self.name, self.bound.upper())
    }
}

/// Every theorem about the change from a to b: dicts of theorem, quantity, bound, actual and ratio.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> found = kp.perturb([[2.0, 0.0], [0.0, 1.0]], [[2.1, 0.0], [0.0, 1.0]])[0]
/// >>> round(float(found["actual"]), 12)
/// 0.1
#[pyfunction]
#[pyo3(name = "perturb")]
pub(crate) fn perturbed<'py>(
    py: Python<'py>,
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let found = match pair(a, b)? {
        Pair::Real(a, b) => perturb::perturb(&a, &b),
        Pair::Complex(a, b) => perturb::perturb(&a, &b),
    };
    found
        .map_err(to_python)?
        .iter()
        .map(|t| {
            let dict = PyDict::new(py);
            dict.set_item("theorem", PyTheorem::from(&*t.theorem))?;
            dict.set_item("quantity", &t.quantity)?;
            dict.set_item("bound", PyEnclosure::from(t.bound))?;
            dict.set_item("actual", PyEnclosure::from(t.actual))?;
            dict.set_item("ratio", t.ratio())?;
            Ok(dict)
        })
        .collect()
}

/// The principal angles between the ranges of two matrices, in radians, largest first.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> [round(float(x), 6) for x in kp.principal_angles([[1.0], [0.0]], [[1.0], [1.0]])]
/// [0.785398]
#[pyfunction]
pub(crate) fn principal_angles(a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> PyResult<Vec<PyEnclosure>> {
    let found = match pair(a, b)? {
        Pair::Real(a, b) => perturb::principal_angles(&a, &b),
        Pair::Complex(a, b) => perturb::principal_angles(&a, &b),
    };
    Ok(found.map_err(to_python)?.into_iter().map(Into::into).collect())
}

/// How little the data must change for x to solve A x = b exactly, and such a change of A.
///
/// `componentwise=True` measures each entry by itself (Oettli and Prager), `least_squares=True` changes of the matrix alone for a
/// least squares solution, and gives no change.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> error, _ = kp.backward_error([[2.0, 0.0], [0.0, 1.0]], [1.0, 1.0], [2.0, 1.0])
/// >>> error.upper < 1e-15
/// True
#[pyfunction]
#[pyo3(signature = (a, x, b, *, componentwise = false, least_squares = false))]
pub(crate) fn backward_error<'py>(
    py: Python<'py>,
    a: &Bound<'py, PyAny>,
    x: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
    componentwise: bool,
    least_squares: bool,
) -> PyResult<(PyEnclosure, Option<Bound<'py, PyAny>>)> {
    fn judged<W: kappa::Scalar<Wide = W>>(
        (a, x, b): (&kappa::Matrix<W>, &[W], &[W]),
        componentwise: bool,
        least_squares: bool,
    ) -> kappa::Result<(kappa::Enclosure, Option<WideMatrix>)>
    where
        WideMatrix: From<kappa::Matrix<W>>,
    {
        if least_squares {
            return Ok((perturb::backward_error_least_squares(a, x, b)?, None));
        }
        let found = if componentwise {
            perturb::componentwise_backward_error(a, x, b)?
        } else {
            perturb::backward_error_system(a, x, b)?
        };
        Ok((found.value, Some(found.matrix_change.into())))
    }
    let (a, x, b) = (wide(a)?, wide(x)?.into_vector(), wide(b)?.into_vector());
    let found = match (&a, &x, &b) {
        (WideMatrix::Real(a), WideMatrix::Real(x), WideMatrix::Real(b)) => {
            judged((a, x.as_slice(), b.as_slice()), componentwise, least_squares)
        }
        (a, x, b) => {
            let (a, x, b) = (a.complex(), x.complex(), b.complex());
            judged((&a, x.as_slice(), b.as_slice()), componentwise, least_squares)
        }
    };
    let (value, change) = found.map_err(to_python)?;
    Ok((value.into(), change.map(|c| out(py, &c)).transpose()?))
}

/// How little A must change for (value, x) to be an eigenpair exactly, and that change.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> error, _ = kp.backward_error_eigenpair([[2.0, 0.0], [0.0, 1.0]], 2.0, [1.0, 0.0])
/// >>> error.upper < 1e-15
/// True
#[pyfunction]
pub(crate) fn backward_error_eigenpair<'py>(
    py: Python<'py>,
    a: &Bound<'py, PyAny>,
    value: c64,
    x: &Bound<'py, PyAny>,
) -> PyResult<(PyEnclosure, Bound<'py, PyAny>)> {
    let (a, x) = (wide(a)?.complex(), wide(x)?.complex());
    let found = perturb::backward_error_eigenpair(&a, value, x.as_slice()).map_err(to_python)?;
    Ok((found.value.into(), out(py, &WideMatrix::Complex(found.matrix_change))?))
}

/// Puts a textbook algorithm to the test: the verdict, and tuples of condition, backward error and error. All verdicts by name
/// without an experiment.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> sorted(kp.stability_lab())[0]
/// 'classical-gram-schmidt'
#[pyfunction]
#[pyo3(signature = (experiment = None))]
pub(crate) fn stability_lab<'py>(py: Python<'py>, experiment: Option<&str>) -> PyResult<Bound<'py, PyDict>> {
    let experiments = match experiment {
        Some(name) => vec![name.parse::<lab::Experiment>().map_err(to_python)?],
        None => lab::Experiment::ALL.to_vec(),
    };
    let dict = PyDict::new(py);
    for e in experiments {
        let found = lab::run(e).map_err(to_python)?;
        let trials: Vec<(f64, f64, f64)> = found.trials.iter().map(|t| (t.cond, t.backward, t.forward)).collect();
        dict.set_item(e.name(), (found.verdict.to_string(), trials))?;
    }
    Ok(dict)
}
