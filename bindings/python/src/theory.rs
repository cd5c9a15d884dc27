//! What a change may do, in Python.

use kappa::lab;
use kappa::perturb::{self, Theorem, TheoremInfo, theorems};
use kappa::{Enclosure, c64};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::answers::{Answer, Kind, PyAnswer, initializer};
use crate::array::{matrix, numbers, out, view, with_matrix};
use crate::enclosure::{PyEnclosure, enclosures};
use crate::errors::to_python;

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
    fn of(t: &dyn Theorem) -> Self {
        let (name, statement, reference) = (t.name(), t.statement(), t.reference());
        Self { name, statement, reference, numbers: t.numbers(), bound: t.bound() }
    }

    fn named(name: &str, numbers: &[f64]) -> PyResult<Self> {
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

    fn number(&self, name: &str) -> f64 {
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
    #[pyo3(signature = (name, **numbers))]
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
    fn by_name<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
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

/// A class for each theorem, on top of [`PyTheorem`]: its name in Rust, in Python and on the command line, and its
/// numbers.
macro_rules! theorem_classes {
    ($($(#[$doc:meta])* $class:ident, $python:literal, $name:literal, $signature:tt, [$($number:ident),*];)*) => {
        $(
            $(#[$doc])*
            #[pyclass(name = $python, module = "kappa", frozen, extends = PyTheorem)]
            pub(crate) struct $class;

            #[pymethods]
            impl $class {
                #[new]
                #[pyo3(signature = $signature)]
                fn new($($number: f64),*) -> PyResult<PyClassInitializer<Self>> {
                    Self::on(PyTheorem::named($name, &[$($number),*])?)
                }
                $(
                    #[doc = concat!("The number `", stringify!($number), "`.")]
                    #[getter]
                    fn $number(slf: PyRef<'_, Self>) -> f64 {
                        slf.into_super().number(stringify!($number))
                    }
                )*
            }

            impl $class {
                pub(crate) const KIND: &'static Kind = &Kind::of(
                    $python,
                    <PyTheorem as Answer>::FIELDS,
                    |answer| answer.cast::<PyTheorem>()?.get().state(answer.py()),
                    |state| {
                        let found = Self::on(PyTheorem::restored(state)?)?;
                        Ok(Bound::new(state.py(), found)?.into_any())
                    },
                );

                fn on(theorem: PyTheorem) -> PyResult<PyClassInitializer<Self>> {
                    let base = PyClassInitializer::from(PyAnswer::of_kind(Self::KIND));
                    Ok(base.add_subclass(theorem).add_subclass(Self))
                }
            }
        )*

        /// The descriptions of all of them.
        pub(crate) const THEOREMS: &[&Kind] = &[$($class::KIND),*];

        /// Adds all of them to a module.
        pub(crate) fn add(m: &Bound<'_, PyModule>) -> PyResult<Vec<String>> {
            $(m.add_class::<$class>()?;)*
            Ok(vec![$($python.to_owned()),*])
        }

        /// A theorem as an object of its own class.
        fn object<'py>(py: Python<'py>, t: &dyn Theorem) -> PyResult<Bound<'py, PyAny>> {
            let theorem = PyTheorem::of(t);
            match t.name() {
                $($name => Ok(Bound::new(py, $class::on(theorem)?)?.into_any()),)*
                _ => Ok(Bound::new(py, theorem.initializer())?.into_any()),
            }
        }
    };
}

theorem_classes! {
    /// Weyl: no singular value moves by more than the change.
    ///
    /// Examples
    /// --------
    /// >>> import kappa as kp
    /// >>> kp.Weyl(0.1).bound().upper
    /// 0.1
    PyWeyl, "Weyl", "weyl", (change), [change];
    /// Mirsky: all changes of singular values together are at most the change, in every unitarily invariant norm.
    ///
    /// Examples
    /// --------
    /// >>> import kappa as kp
    /// >>> kp.Mirsky(0.1).bound().upper
    /// 0.1
    PyMirsky, "Mirsky", "mirsky", (change), [change];
    /// Hoffman and Wielandt: the eigenvalues of two normal matrices can be paired at distances of at most the change
    /// together.
    ///
    /// Examples
    /// --------
    /// >>> import kappa as kp
    /// >>> kp.HoffmanWielandt(0.1).bound().upper
    /// 0.1
    PyHoffmanWielandt, "HoffmanWielandt", "hoffman-wielandt", (change), [change];
    /// Bauer and Fike: eigenvalues move by at most cond(X) times the change.
    ///
    /// Examples
    /// --------
    /// >>> import kappa as kp
    /// >>> round(kp.BauerFike(3.0, 0.1).bound().upper, 12)
    /// 0.3
    PyBauerFike, "BauerFike", "bauer-fike", (cond, change), [cond, change];
    /// Elsner: every eigenvalue of B is near one of A, like the n-th root of the change; `size` is the sum of both
    /// norms.
    ///
    /// Examples
    /// --------
    /// >>> import kappa as kp
    /// >>> round(kp.Elsner(2.0, 2.0, 5).bound().upper, 12)
    /// 2.0
    PyElsner, "Elsner", "elsner", (size, change, order), [size, change, order];
    /// Davis and Kahan: an invariant subspace of a Hermitian matrix turns by sin <= change/gap.
    ///
    /// Examples
    /// --------
    /// >>> import kappa as kp
    /// >>> t = kp.DavisKahan(0.5, 0.1)
    /// >>> round(t.bound().upper, 12), t.gap
    /// (0.2, 0.5)
    PyDavisKahan, "DavisKahan", "davis-kahan", (gap, change), [gap, change];
    /// Wedin: singular subspaces turn by sin <= change/gap.
    ///
    /// Examples
    /// --------
    /// >>> import kappa as kp
    /// >>> round(kp.Wedin(0.5, 0.1).bound().upper, 12)
    /// 0.2
    PyWedin, "Wedin", "wedin", (gap, change), [gap, change];
    /// Eisenstat and Ipsen: scaling from both sides moves every singular value relatively, by the defects of the two
    /// factors.
    ///
    /// Examples
    /// --------
    /// >>> import kappa as kp
    /// >>> kp.EisenstatIpsen(0.01, 0.0).bound() < 0.00505
    /// True
    PyEisenstatIpsen, "EisenstatIpsen", "eisenstat-ipsen", (left, right), [left, right];
    /// The relative change of the inverse.
    ///
    /// Examples
    /// --------
    /// >>> import kappa as kp
    /// >>> round(kp.InversePerturbation(10.0, 0.05).bound().upper, 12)
    /// 1.0
    PyInversePerturbation, "InversePerturbation", "inverse", (cond, matrix_error), [cond, matrix_error];
    /// The relative change of the solution of A x = b.
    ///
    /// Examples
    /// --------
    /// >>> import kappa as kp
    /// >>> round(kp.LinearSystem(10.0, 1e-6).bound().upper, 8)
    /// 1e-05
    PyLinearSystem, "LinearSystem", "linear-system", (cond, matrix_error, rhs_error = 0.0),
        [cond, matrix_error, rhs_error];
    /// The relative change of the solution of a least squares problem of full rank; `residual` is |r|/(|A| |x|).
    ///
    /// Examples
    /// --------
    /// >>> import kappa as kp
    /// >>> round(kp.LeastSquaresPerturbation(2.0, 0.25).bound().upper, 12)
    /// 2.0
    PyLeastSquaresPerturbation, "LeastSquaresPerturbation", "least-squares", (cond, matrix_error, residual = 0.0),
        [cond, matrix_error, residual];
    /// The relative change of the solution of A x = b when every entry has the relative error `error`, by Skeel's
    /// condition numbers.
    ///
    /// Examples
    /// --------
    /// >>> import kappa as kp
    /// >>> round(kp.ComponentwiseSystem(1.0, 1.0, 1e-6).bound().upper, 9)
    /// 2e-06
    PyComponentwiseSystem, "ComponentwiseSystem", "componentwise-system", (cond, cond_at, error),
        [cond, cond_at, error];
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
            let dict = PyDict::new(py);
            dict.set_item("theorem", object(py, &*theorem)?)?;
            dict.set_item("quantity", quantity)?;
            dict.set_item("bound", PyEnclosure::from(bound))?;
            dict.set_item("actual", PyEnclosure::from(actual))?;
            dict.set_item("ratio", ratio)?;
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
    x: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
    componentwise: bool,
    least_squares: bool,
) -> PyResult<(PyEnclosure, Option<Bound<'py, PyAny>>)> {
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
    x: &Bound<'py, PyAny>,
) -> PyResult<(PyEnclosure, Bound<'py, PyAny>)> {
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
