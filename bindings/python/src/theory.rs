//! Theorems about what a change may do, in Python.

use kappa::Enclosure;
use kappa::perturb::{self, Theorem, TheoremInfo, theorems};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::answers::{Answer, PyAnswer, initializer};
use crate::enclosure::PyEnclosure;
use crate::errors::to_python;
use crate::names::names;
use crate::types::FloatDict;

names! { [PyTheorem] [] }

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
