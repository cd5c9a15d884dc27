//! What a change may do, in Python.

use kappa::lab;
use kappa::perturb::{self, Theorem, TheoremInfo, theorems};
use kappa::{Enclosure, c64};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::answers::{Answer, PyAnswer, dict, initializer};
use crate::array::{matrix, numbers, out, view, with_matrix};
use crate::enclosure::{PyEnclosure, enclosures};
use crate::errors::to_python;
use crate::register::names;
use crate::theorems;
use crate::types::{Array, ArrayLike, FloatDict};

names! { [PyTheorem] [perturbed, principal_angles, backward_error, backward_error_eigenpair, stability_lab] }

/// A theorem with its numbers: the base of `Weyl`, `DavisKahan` and all others.
///
/// The hypotheses are checked when it is made. `bound()` is [0, bound], rounded up; each number is an attribute.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> kp.Theorem("weyl", change=0.1).bound().upper
/// 0.1
#[pyclass(name = "Theorem", module = "kappa", frozen, subclass, extends = PyAnswer)]
#[derive(Clone)]
pub(crate) struct PyTheorem {
    name: &'static str,
    statement: &'static str,
    reference: &'static str,
    numbers: Vec<f64>,
    bound: Enclosure,
}

impl PyTheorem {
    pub(crate) fn of(t: &dyn Theorem) -> Self {
        let (name, statement, reference) = (t.name(), t.statement(), t.reference());
        Self { name, statement, reference, numbers: t.numbers(), bound: t.bound() }
    }

    pub(crate) fn named(name: &str, numbers: &[f64]) -> PyResult<Self> {
        Ok(Self::of(&*perturb::theorem(name, numbers).map_err(to_python)?))
    }

    fn info(&self) -> Option<&'static TheoremInfo> {
        theorems().iter().find(|t| t.name == self.name)
    }

    /// The numbers by name, as Python writes them.
    fn parameters(&self) -> Vec<(String, f64)> {
        let names = self.info().map_or(&[][..], |info| info.parameters).iter().map(|p| p.0.replace('-', "_"));
        names.zip(self.numbers.iter().copied()).collect()
    }

    pub(crate) fn number(&self, name: &str) -> f64 {
        self.parameters().into_iter().find(|(known, _)| known == name).map_or(f64::NAN, |x| x.1)
    }
}

impl Answer for PyTheorem {
    const FIELDS: &'static [&'static str] = &["name", "parameters", "statement", "reference", "bound"];

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        (self.name, self.numbers.clone()).into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (name, numbers): (String, Vec<f64>) = state.extract()?;
        Self::named(&name, &numbers)
    }
}

#[pymethods]
impl PyTheorem {
    /// The theorem of this name, with its numbers by name: `Theorem("davis-kahan", gap=0.3, change=0.01)`.
    #[new]
    #[pyo3(signature = (name, **numbers: "float"))]
    fn new(name: &str, numbers: Option<&Bound<'_, PyDict>>) -> PyResult<PyClassInitializer<Self>> {
        let plain = name.trim().to_lowercase().replace('_', "-");
        let Some(info) = theorems().iter().find(|t| t.name == plain) else {
            return Ok(Self::named(&plain, &[])?.initializer());
        };
        let mut given: Vec<(String, f64)> = Vec::new();
        for (key, value) in numbers.into_iter().flatten() {
            given.push((key.extract::<String>()?.replace('_', "-"), value.extract()?));
        }
        let known = |name: &str| info.parameters.iter().any(|p| p.0 == name);
        let wanted: Vec<String> = info.parameters.iter().map(|p| p.0.replace('-', "_")).collect();
        let refused =
            |what: String| PyTypeError::new_err(format!("{what}\n\nhint: {plain} takes {}", wanted.join(", ")));
        if let Some((name, _)) = given.iter().find(|(name, _)| !known(name)) {
            return Err(refused(format!("unknown number `{name}` for {plain}")));
        }
        let find = |parameter: &str| given.iter().find(|(name, _)| name == parameter).map(|x| x.1);
        let numbers: Option<Vec<f64>> = info.parameters.iter().map(|p| find(p.0)).collect();
        let numbers = numbers.ok_or_else(|| refused(format!("{plain} needs all of its numbers")))?;
        Ok(Self::named(&plain, &numbers)?.initializer())
    }
    /// Its name, as on the command line.
    #[getter]
    fn name(&self) -> &'static str {
        self.name
    }
    /// The inequality.
    #[getter]
    fn statement(&self) -> &'static str {
        self.statement
    }
    /// Where it is proved.
    #[getter]
    fn reference(&self) -> &'static str {
        self.reference
    }
    /// The numbers by name.
    #[getter(parameters)]
    fn by_name<'py>(&self, py: Python<'py>) -> PyResult<FloatDict<'py>> {
        let dict = PyDict::new(py);
        self.parameters().into_iter().try_for_each(|(name, x)| dict.set_item(name, x))?;
        Ok(dict)
    }
    /// [0, bound].
    fn bound(&self) -> PyEnclosure {
        self.bound.into()
    }
    fn __float__(&self) -> f64 {
        self.bound.upper()
    }
    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let class = slf.get_type().name()?.to_string();
        let t = slf.get();
        let numbers: Vec<String> = t.parameters().iter().map(|(name, x)| format!("{name}={x:?}")).collect();
        let name = if class == "Theorem" { format!("{:?}, ", t.name) } else { String::new() };
        Ok(format!("{class}({name}{}; bound {:e})", numbers.join(", "), t.bound.upper()))
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
    b: &ArrayLike<'py>,
) -> PyResult<Vec<Bound<'py, PyDict>>> {
    // Theorems stay on the thread that made them: what is sent over is made of them.
    type Row = (String, Vec<f64>, String, [Enclosure; 2], f64);
    let other = matrix(b)?;
    let found: Vec<Row> = with_matrix(a, move |a| {
        let of = |t: &perturb::Applied| {
            (t.theorem.name().to_owned(), t.theorem.numbers(), t.quantity.clone(), [t.bound, t.actual], t.ratio())
        };
        Ok(a.perturb(&(&other).into())?.iter().map(of).collect())
    })?;
    found
        .into_iter()
        .map(|(name, numbers, quantity, [bound, actual], ratio)| {
            let theorem = perturb::theorem(&name, &numbers).map_err(to_python)?;
            Ok(dict!(py, {
                "theorem": theorems::object(py, &*theorem)?,
                "quantity": quantity,
                "bound": PyEnclosure::from(bound),
                "actual": PyEnclosure::from(actual),
                "ratio": ratio,
            }))
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
pub(crate) fn principal_angles(a: &Bound<'_, PyAny>, b: &ArrayLike<'_>) -> PyResult<Vec<PyEnclosure>> {
    let b = matrix(b)?;
    Ok(enclosures(&with_matrix(a, move |a| a.principal_angles(&(&b).into()))?))
}

/// How little the data must change for x to solve A x = b exactly, and such a change of A.
///
/// `componentwise=True` measures each entry by itself (Oettli and Prager), `least_squares=True` changes of the matrix
/// alone for a least squares solution, and gives no change.
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
    x: &ArrayLike<'py>,
    b: &ArrayLike<'py>,
    componentwise: bool,
    least_squares: bool,
) -> PyResult<(PyEnclosure, Option<Array<'py>>)> {
    let (x, b) = (numbers(x)?, numbers(b)?);
    if least_squares {
        return Ok((with_matrix(a, move |a| a.backward_error_least_squares(&x, &b))?.into(), None));
    }
    let found = with_matrix(a, move |a| {
        if componentwise { a.componentwise_backward_error(&x, &b) } else { a.backward_error_system(&x, &b) }
    })?;
    Ok((found.value().into(), Some(view(py, &found.matrix_change())?)))
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
    x: &ArrayLike<'py>,
) -> PyResult<(PyEnclosure, Array<'py>)> {
    let x = numbers(x)?;
    let found = with_matrix(a, move |a| a.backward_error_eigenpair(value, &x))?;
    Ok((found.value.into(), out(py, found.matrix_change.into())?))
}

/// Puts a textbook algorithm to the test: the verdict, and tuples of condition, backward error and error. All verdicts
/// by name without an experiment.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> sorted(kp.stability_lab())[0]
/// 'classical-gram-schmidt'
// stub: -> dict[str, tuple[str, list[tuple[float, float, float]]]]
#[pyfunction]
#[pyo3(signature = (experiment = None))]
pub(crate) fn stability_lab<'py>(py: Python<'py>, experiment: Option<&str>) -> PyResult<Bound<'py, PyDict>> {
    let experiments = match experiment {
        Some(name) => vec![name.parse::<lab::Experiment>().map_err(to_python)?],
        None => lab::Experiment::ALL.to_vec(),
    };
    let dict = PyDict::new(py);
    for e in experiments {
        let found = crate::compute::compute(py, || lab::run(e)).map_err(to_python)?;
        let trials: Vec<(f64, f64, f64)> = found.trials.iter().map(|t| (t.cond, t.backward, t.forward)).collect();
        dict.set_item(e.name(), (found.verdict.to_string(), trials))?;
    }
    Ok(dict)
}
