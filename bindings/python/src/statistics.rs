//! Regularization, regression, nearest matrices and alignment, in Python.

use kappa::nearest::{self, AlternatingProjections, Nearest, Procrustes};
use kappa::regression::{Cell, Column, Design, Formula, Regression};
use kappa::{Matrix, Norm, RidgePoint, Scalar, WideEngine, c64};
use kappa_model::{WideMatrix, with_wide};
use kappa_report::{regression_json, regression_text};
use numpy::ToPyArray;
use pyo3::exceptions::{PyFileNotFoundError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::answers;
use crate::array::with_matrix;
use crate::compute::{compute, interruptible};
use crate::condition::{Pair, out, pair, wide};
use crate::enclosure::PyEnclosure;
use crate::errors::to_python;
use crate::ruler::norm_of;

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
#[pyclass(name = "Ridge", module = "kappa", frozen)]
pub(crate) struct PyRidge(Decomposed);

fn made<W: Scalar<Wide = W> + WideEngine>(
    a: &Matrix<W>,
    b: &Matrix<W>,
    l: Option<&Matrix<W>>,
) -> kappa::Result<kappa::Ridge<W>> {
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

/// A linear model fitted by least squares, every number of it enclosed. `print(fit)` is the table of a statistician.
#[pyclass(name = "Regression", module = "kappa", frozen)]
pub(crate) struct PyRegression(Regression);

/// One column of a mapping: numbers, text, or None.
fn cells(values: &Bound<'_, PyAny>) -> PyResult<Vec<Cell>> {
    let cell = |value: Bound<'_, PyAny>| -> PyResult<Cell> {
        // pandas.NA and NaT name their own types.
        let kind = value.get_type().name()?.to_string();
        if value.is_none() || matches!(kind.as_str(), "NAType" | "NaTType" | "MaskedConstant") {
            return Ok(Cell::Missing);
        }
        if value.hasattr("__len__")? && value.extract::<String>().is_err() {
            return Err(PyTypeError::new_err("a column has one value for each row, and this one has a sequence"));
        }
        if let Ok(x) = value.extract::<f64>() {
            if x.is_infinite() {
                return Err(PyValueError::new_err("an infinite value cannot be used in a regression"));
            }
            return Ok(Cell::from(x));
        }
        match value.extract::<String>() {
            Ok(text) => Ok(Cell::parse(&text)),
            Err(_) => Ok(Cell::parse(&value.str()?.to_string())),
        }
    };
    values.try_iter()?.map(|value| cell(value?)).collect()
}

/// A column of the data, or a number for each row.
#[derive(FromPyObject)]
pub(crate) enum Weights {
    Column(String),
    Numbers(Vec<f64>),
}

/// Fits a linear model: `regress(data, "y ~ x + x^2 + region")`.
///
/// `data` maps names to columns (a dict, a pandas DataFrame), or is the path of a table as text, whose decimals are then taken as
/// they are written. Columns with text are categories; rows with None, NaN or nothing in a column that is used are left out.
/// `weights` multiply the squares of the residuals: the name of a column, or one number for each row.
#[pyfunction]
#[pyo3(signature = (data, formula = None, *, target = None, weights = None, confidence = 0.95))]
pub(crate) fn regress(
    data: &Bound<'_, PyAny>,
    formula: Option<&str>,
    target: Option<&str>,
    weights: Option<Weights>,
    confidence: f64,
) -> PyResult<PyRegression> {
    let columns = columns(data)?;
    let formula = match formula {
        Some(text) => text.parse::<Formula>().map_err(to_python)?,
        None => Formula { target: None, has_constant: true, terms: vec![None] },
    };
    let fit = compute(data.py(), || {
        let fit = match &weights {
            Some(Weights::Column(name)) => Regression::new(Design::with_weights(&columns, &formula, target, name)?),
            Some(Weights::Numbers(w)) => Regression::weighted(Design::new(&columns, &formula, target)?, Some(w)),
            None => Regression::new(Design::new(&columns, &formula, target)?),
        };
        fit?.with_confidence(confidence)
    });
    fit.map(PyRegression).map_err(to_python)
}

fn columns(data: &Bound<'_, PyAny>) -> PyResult<Vec<Column>> {
    let is_path = data.hasattr("__fspath__")? || data.extract::<String>().is_ok();
    if is_path {
        let path: std::path::PathBuf = data.extract()?;
        if !path.exists() {
            return Err(PyFileNotFoundError::new_err(format!("there is no file `{}`", path.display())));
        }
        let frame = kappa_tensors::Frame::open(&path).map_err(|e| PyValueError::new_err(e.to_string()))?;
        let column =
            |j: usize| Column { name: frame.titles[j].clone(), cells: frame.column(j).map(Cell::parse).collect() };
        return Ok((0..frame.titles.len()).map(column).collect());
    }
    // A mapping, pandas, or polars.
    let data = if data.hasattr("items")? {
        data.clone()
    } else if data.hasattr("to_dict")? {
        data.call_method0("to_dict")?
    } else {
        return Err(PyTypeError::new_err("data maps names to columns: a dict, a DataFrame, or the path of a table"));
    };
    let mut found = Vec::new();
    for item in data.call_method0("items")?.try_iter()? {
        let (name, values): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item?.extract()?;
        found.push(Column { name: name.str()?.to_string(), cells: cells(&values)? });
    }
    Ok(found)
}

#[pymethods]
impl PyRegression {
    /// One dict a column of the model: name, estimate, standard_error, t, p, interval, certain_digits.
    #[getter]
    fn coefficients<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for c in self.0.coefficients() {
            let dict = PyDict::new(py);
            dict.set_item("name", &c.name)?;
            dict.set_item("estimate", PyEnclosure::from(c.estimate))?;
            dict.set_item("standard_error", PyEnclosure::from(c.standard_error))?;
            dict.set_item("t", PyEnclosure::from(c.t))?;
            dict.set_item("p", c.p)?;
            dict.set_item("interval", c.interval)?;
            dict.set_item("certain_digits", c.digits)?;
            list.append(dict)?;
        }
        Ok(list)
    }
    /// The estimates alone.
    #[getter]
    fn params<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        let all: Vec<f64> = self.0.coefficients().iter().map(|c| c.estimate.estimate()).collect();
        all.to_pyarray(py).into_any()
    }
    /// R squared.
    #[getter]
    fn r_squared(&self) -> PyEnclosure {
        self.0.r_squared().into()
    }
    /// R squared that pays for each coefficient.
    #[getter]
    fn adjusted_r_squared(&self) -> PyEnclosure {
        self.0.adjusted_r_squared().into()
    }
    /// The residual standard deviation.
    #[getter]
    fn residual_deviation(&self) -> PyEnclosure {
        self.0.residual_deviation().into()
    }
    /// The F statistic; None for a model of a constant alone.
    #[getter]
    fn f(&self) -> Option<PyEnclosure> {
        self.0.f().map(Into::into)
    }
    /// Akaike's criterion, the variance counted as a parameter as R does.
    #[getter]
    fn aic(&self) -> f64 {
        self.0.aic()
    }
    /// Schwarz's criterion, likewise.
    #[getter]
    fn bic(&self) -> f64 {
        self.0.bic()
    }
    /// Rows minus coefficients.
    #[getter]
    fn degrees(&self) -> usize {
        self.0.degrees()
    }
    /// The covariance of the coefficients.
    #[getter]
    fn covariance<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        out(py, &self.0.covariance().into())
    }
    /// y - X beta, for the rows that are used.
    #[getter]
    fn residuals<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.0.residuals().to_pyarray(py).into_any()
    }
    /// X beta, for the rows that are used.
    #[getter]
    fn fitted<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.0.fitted().to_pyarray(py).into_any()
    }
    /// The rows that are used, from 0.
    #[getter]
    fn rows(&self) -> Vec<usize> {
        self.0.design().rows.clone()
    }
    /// The diagonal of the hat matrix.
    #[getter]
    fn leverages<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        let all: Vec<f64> = self.0.leverages().iter().map(kappa::Enclosure::estimate).collect();
        all.to_pyarray(py).into_any()
    }
    /// Everything as a dict, as `kappa regress --json` prints it.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let json = regression_json(&self.0).map_err(to_python)?;
        py.import("json")?.call_method1("loads", (json.to_string(),))
    }
    /// What cannot be told apart, in sentences.
    #[getter]
    fn collinearity(&self) -> PyResult<Vec<String>> {
        Ok(self.0.collinearity().map_err(to_python)?.words())
    }
    /// The table, with so many digits of each coefficient.
    #[pyo3(signature = (digits = 7))]
    fn summary(&self, digits: usize) -> PyResult<String> {
        regression_text(&self.0, digits).map_err(to_python)
    }
    fn __str__(&self) -> PyResult<String> {
        self.summary(7)
    }
    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<String> {
        let rows = slf.getattr("coefficients")?.cast_into::<PyList>()?;
        answers::rows_html(&slf.repr()?.to_string(), &rows)
    }
    fn __repr__(&self) -> String {
        let (rows, n) = (self.0.observations(), self.0.parameters());
        format!("Regression({} rows, {n} coefficients, R² {})", rows, self.0.r_squared().short(6))
    }
}

/// The nearest matrix of a kind, as a dict: matrix, distance, norm, is_unique, steps.
///
/// `kind` is symmetric, skew, orthogonal, normal, semidefinite, correlation, low-rank (with `rank`) or singular; `norm` is for the
/// last two, `least` is the least eigenvalue of the two before.
#[pyfunction]
#[pyo3(name = "nearest", signature = (a, kind, *, rank = None, norm = None, least = None))]
pub(crate) fn nearest_matrix<'py>(
    a: &Bound<'py, PyAny>,
    kind: &str,
    rank: Option<i64>,
    norm: Option<&Bound<'py, PyAny>>,
    least: Option<f64>,
) -> PyResult<Bound<'py, PyDict>> {
    fn told<W: Scalar>(x: Nearest<W>) -> Nearby
    where
        WideMatrix: From<Matrix<W>>,
    {
        Nearby { distance: x.distance, norm: x.norm, is_unique: x.is_unique, steps: x.steps, matrix: x.matrix.into() }
    }
    struct Nearby {
        matrix: WideMatrix,
        distance: kappa::Enclosure,
        norm: Norm,
        is_unique: Option<bool>,
        steps: usize,
    }
    let py = a.py();
    let kind = kind.to_lowercase().replace('_', "-");
    let known = ["symmetric", "skew", "orthogonal", "normal", "semidefinite", "correlation", "low-rank", "singular"];
    if !known.contains(&kind.as_str()) {
        return Err(PyValueError::new_err(format!("`{kind}` is no kind of matrix\n\nhint: {}", known.join(", "))));
    }
    let rank = match rank.map(usize::try_from) {
        Some(Ok(rank)) => Some(rank),
        None if kind != "low-rank" => None,
        _ => {
            let text = "a low-rank matrix needs its rank, 0 or more\n\nhint: nearest(a, 'low-rank', rank=2)";
            return Err(PyValueError::new_err(text));
        }
    };
    // A choice that would be ignored is a misunderstanding.
    for (is_given, name, kinds) in [
        (rank.is_some(), "rank", ["low-rank"].as_slice()),
        (norm.is_some(), "norm", ["low-rank", "singular"].as_slice()),
        (least.is_some(), "least", ["semidefinite", "correlation"].as_slice()),
    ] {
        if is_given && !kinds.contains(&kind.as_str()) {
            return Err(PyValueError::new_err(format!("{name} is for {}, and not for {kind}", kinds.join(" and "))));
        }
    }
    let norm = norm.map_or(Ok(Norm::frobenius()), norm_of)?;
    let least = least.unwrap_or(0.0);
    let x = with_matrix(a, move |view| {
        let wide = view.to_wide();
        with_wide!(&wide, a => match kind.as_str() {
            "symmetric" => nearest::symmetric(a).map(told),
            "skew" => nearest::skew(a).map(told),
            "orthogonal" => nearest::orthogonal(a).map(told),
            "normal" => nearest::normal(a).map(told),
            "semidefinite" => nearest::semidefinite(a, least).map(told),
            "correlation" => nearest::correlation(a, &AlternatingProjections { least, ..Default::default() }).map(told),
            "singular" => nearest::singular(a, norm).map(told),
            _ => nearest::low_rank(a, rank.unwrap_or(0), norm).map(told),
        })
    })?;
    let dict = PyDict::new(py);
    dict.set_item("matrix", out(py, &x.matrix)?)?;
    dict.set_item("distance", PyEnclosure::from(x.distance))?;
    dict.set_item("norm", x.norm.to_string())?;
    dict.set_item("is_unique", x.is_unique)?;
    dict.set_item("steps", x.steps)?;
    Ok(dict)
}

/// Turns (and scales, and moves) the rows of a onto those of b; a row with a NaN in either is left out. Returns a dict: rotation,
/// scale, translation, aligned, error, error_before, rows, determinant, is_unique.
#[pyfunction]
#[pyo3(signature = (a, b, *, rotation_only = false, scaling = false, translation = false, weights = None))]
pub(crate) fn align<'py>(
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
    rotation_only: bool,
    scaling: bool,
    translation: bool,
    weights: Option<Vec<f64>>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = a.py();
    let Pair::Real(a, b) = pair(a, b)? else {
        return Err(PyTypeError::new_err("points are real\n\nhint: give real and imaginary parts as two columns"));
    };
    let how = Procrustes { rotation_only, scaling, translation, weights };
    let s = interruptible(py, move || nearest::align(&a, &b, &how))?.map_err(to_python)?;
    let dict = PyDict::new(py);
    dict.set_item("rotation", out(py, &s.rotation.into())?)?;
    dict.set_item("scale", s.scale)?;
    dict.set_item("translation", s.translation.to_pyarray(py))?;
    dict.set_item("aligned", out(py, &s.aligned.into())?)?;
    dict.set_item("error", s.error)?;
    dict.set_item("error_before", s.error_before)?;
    dict.set_item("rows", s.rows)?;
    dict.set_item("determinant", s.determinant)?;
    dict.set_item("is_unique", s.is_unique)?;
    Ok(dict)
}

/// Turns several sets of points onto their common mean (general Procrustes analysis), as a dict: mean, error, rounds, and for each set
/// in lists rotations, scales, translations and errors.
#[pyfunction]
#[pyo3(signature = (sets, *, rotation_only = false, scaling = false, translation = false))]
pub(crate) fn align_all<'py>(
    sets: Vec<Bound<'py, PyAny>>,
    py: Python<'py>,
    rotation_only: bool,
    scaling: bool,
    translation: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let real = |a: &Bound<'py, PyAny>| match wide(a)? {
        WideMatrix::Real(a) => Ok(a),
        WideMatrix::Complex(_) => Err(PyTypeError::new_err("points are real")),
    };
    let sets: Vec<Matrix<f64>> = sets.iter().map(real).collect::<PyResult<_>>()?;
    let how = Procrustes { rotation_only, scaling, translation, weights: None };
    let s = interruptible(py, move || nearest::align_all(&sets, &how))?.map_err(to_python)?;
    let dict = PyDict::new(py);
    dict.set_item("mean", out(py, &s.mean.into())?)?;
    dict.set_item("error", s.error)?;
    dict.set_item("rounds", s.rounds)?;
    let rotations = s.alignments.iter().map(|a| out(py, &a.rotation.clone().into())).collect::<PyResult<Vec<_>>>()?;
    dict.set_item("rotations", rotations)?;
    dict.set_item("scales", s.alignments.iter().map(|a| a.scale).collect::<Vec<_>>())?;
    dict.set_item("translations", s.alignments.iter().map(|a| a.translation.to_pyarray(py)).collect::<Vec<_>>())?;
    dict.set_item("errors", s.alignments.iter().map(|a| a.error).collect::<Vec<_>>())?;
    Ok(dict)
}
