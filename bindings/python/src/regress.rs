//! Regression: a table of data to the table of a statistician, in Python.

use kappa::equations::regression::{Cell, Coefficient, Column, Design, Formula, Regression};
use kappa_report::{regression_json, regression_text};
use numpy::ToPyArray;
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::answers::{self, Answer, PyAnswer, answer, dict, initializer};
use crate::array::out;
use crate::compute::compute;
use crate::enclosure::PyEnclosure;
use crate::errors::{named, source_to_python, to_python};
use crate::names::names;
use crate::types::Floats;

names! { [PyRegression] [regress] }

/// A linear model fitted by least squares, with an enclosure of every number. `print(fit)` shows the table.
///
/// `params`, `bse`, `pvalues` and `tvalues` are pandas Series by the names of the columns where pandas is installed,
/// else dicts. It is pickled as its data and formula, and fitted anew.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> fit = kp.regress({"x": [0.0, 1.0, 2.0, 3.0], "y": [1.0, 3.0, 5.0, 7.5]}, "y ~ x")
/// >>> round(float(fit.params["x"]), 12), fit.predict({"x": [4.0]}).round(12)
/// (2.15, array([9.5]))
#[pyclass(name = "Regression", module = "kappa", frozen, extends = PyAnswer)]
pub(crate) struct PyRegression {
    fit: Regression,
    input: Input,
}

/// What a model was fitted to.
#[derive(Clone)]
struct Input {
    columns: Vec<Raw>,
    formula: Option<String>,
    target: Option<String>,
    weights: Option<Weights>,
    confidence: f64,
}

/// A column of the data as it came in.
#[derive(Clone, FromPyObject, IntoPyObject)]
struct Raw(String, Vec<RawCell>);

#[derive(Clone, FromPyObject, IntoPyObject)]
enum RawCell {
    Number(f64),
    Text(String),
    Missing(Option<bool>),
}

impl RawCell {
    fn cell(&self) -> Cell {
        match self {
            Self::Number(x) => Cell::from(*x),
            Self::Text(text) => Cell::parse(text),
            Self::Missing(_) => Cell::Missing,
        }
    }
}

fn of_raw(columns: &[Raw]) -> Vec<Column> {
    let of = |Raw(name, cells): &Raw| Column { name: name.clone(), cells: cells.iter().map(RawCell::cell).collect() };
    columns.iter().map(of).collect()
}

fn formula_of(text: Option<&str>) -> PyResult<Formula> {
    match text {
        Some(text) => text.parse::<Formula>().map_err(to_python),
        None => Ok(Formula { target: None, has_constant: true, terms: vec![None] }),
    }
}

impl PyRegression {
    fn of(py: Python<'_>, input: Input) -> PyResult<Self> {
        let formula = formula_of(input.formula.as_deref())?;
        let columns = of_raw(&input.columns);
        let target = input.target.as_deref();
        let fit = compute(py, || {
            let fit = match &input.weights {
                Some(Weights::Column(name)) => Regression::new(Design::with_weights(&columns, &formula, target, name)?),
                Some(Weights::Numbers(w)) => Regression::weighted(Design::new(&columns, &formula, target)?, Some(w)),
                None => Regression::new(Design::new(&columns, &formula, target)?),
            };
            fit?.with_confidence(input.confidence)
        });
        Ok(Self { fit: fit.map_err(to_python)?, input })
    }

    /// Numbers by the names of the columns: a Series of pandas where it is installed, else a dict.
    fn by_name<'py>(&self, py: Python<'py>, of: fn(&Coefficient) -> f64) -> PyResult<Bound<'py, PyAny>> {
        let coefficients = self.fit.coefficients();
        let numbers: Vec<f64> = coefficients.iter().map(of).collect();
        let names: Vec<&str> = coefficients.iter().map(|c| c.name.as_str()).collect();
        if let Ok(pandas) = py.import("pandas") {
            return pandas.call_method1("Series", (numbers.to_pyarray(py), names));
        }
        let dict = PyDict::new(py);
        names.into_iter().zip(numbers).try_for_each(|(name, x)| dict.set_item(name, x))?;
        Ok(dict.into_any())
    }

    fn at(&self, alpha: f64) -> PyResult<Regression> {
        self.fit.clone().with_confidence(1.0 - alpha).map_err(to_python)
    }

    /// The rows of the model matrix for new data; None for rows with a missing value.
    fn rows_for(&self, new: &Bound<'_, PyAny>) -> PyResult<Vec<Option<Vec<f64>>>> {
        let design = self.fit.design();
        let new = raw_columns(new)?;
        let count = new.first().map_or(0, |c| c.1.len());
        if let Some(Raw(name, cells)) = new.iter().find(|c| c.1.len() != count) {
            return Err(PyValueError::new_err(format!(
                "column `{name}` has {} rows, and the first has {count}",
                cells.len()
            )));
        }
        let formula = formula_of(self.input.formula.as_deref())?;
        let weights = match &self.input.weights {
            Some(Weights::Column(name)) => Some(name.as_str()),
            _ => None,
        };
        let used: Vec<&Raw> = self.input.columns.iter().filter(|c| Some(c.0.as_str()) != weights).collect();
        // Rows of both, so that categories have the same columns. The response of the new rows is not read.
        let mut columns = Vec::new();
        for Raw(name, cells) in used {
            let mut cells = cells.clone();
            if *name == design.target {
                cells.extend(std::iter::repeat_n(RawCell::Number(0.0), count));
            } else if let Some(found) = new.iter().find(|c| c.0 == *name) {
                cells.extend(found.1.iter().cloned());
            } else {
                // Left out: an error only where the formula uses it.
                continue;
            }
            columns.push(Raw(name.clone(), cells));
        }
        let before = columns.first().map_or(0, |c| c.1.len() - count);
        let both = Design::new(&of_raw(&columns), &formula, self.input.target.as_deref()).map_err(to_python)?;
        if let Some(unknown) = both.names.iter().find(|name| !design.names.contains(name)) {
            return Err(PyValueError::new_err(format!("`{unknown}` does not occur in the data of the fit")));
        }
        if let Some(missing) = design.names.iter().find(|name| !both.names.contains(name)) {
            return Err(PyValueError::new_err(format!("the new data have no column for `{missing}`")));
        }
        let order: Vec<usize> =
            design.names.iter().filter_map(|name| both.names.iter().position(|other| other == name)).collect();
        let matrix = both.matrix();
        let row = |i: usize| {
            let at = both.rows.iter().position(|&row| row == before + i)?;
            Some(order.iter().map(|&j| matrix[(at, j)]).collect())
        };
        Ok((0..count).map(row).collect())
    }
}

answer!(PyRegression);

impl Answer for PyRegression {
    const FIELDS: &'static [&'static str] = &[];

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let Input { columns, formula, target, weights, confidence } = self.input.clone();
        (columns, formula, target, weights, confidence).into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (columns, formula, target, weights, confidence) = state.extract()?;
        Self::of(state.py(), Input { columns, formula, target, weights, confidence })
    }
}

/// One column of a mapping: numbers, text, or nothing.
fn raw_cells(values: &Bound<'_, PyAny>) -> PyResult<Vec<RawCell>> {
    let cell = |value: Bound<'_, PyAny>| -> PyResult<RawCell> {
        // pandas.NA and NaT name their own types.
        let kind = value.get_type().name()?.to_string();
        if value.is_none() || matches!(kind.as_str(), "NAType" | "NaTType" | "MaskedConstant") {
            return Ok(RawCell::Missing(None));
        }
        if value.hasattr("__len__")? && value.extract::<String>().is_err() {
            return Err(PyTypeError::new_err("a column needs one value for each row, not a sequence"));
        }
        if let Ok(x) = value.extract::<f64>() {
            if x.is_infinite() {
                return Err(PyValueError::new_err("an infinite value cannot be used in a regression"));
            }
            return Ok(if x.is_nan() { RawCell::Missing(None) } else { RawCell::Number(x) });
        }
        match value.extract::<String>() {
            Ok(text) => Ok(RawCell::Text(text)),
            Err(_) => Ok(RawCell::Text(value.str()?.to_string())),
        }
    };
    values.try_iter()?.map(|value| cell(value?)).collect()
}

/// A column of the data, or a number for each row.
// stub: str | Sequence[float] | NDArray[Any]
#[derive(Clone, FromPyObject, IntoPyObject)]
pub(crate) enum Weights {
    Column(String),
    Numbers(Vec<f64>),
}

/// Fits a linear model: `regress(data, "y ~ x + x^2 + region")`.
///
/// `data` maps names to columns (a dict, a pandas DataFrame), or is the path of a table as text, whose decimals are
/// then taken as they are written. Columns with text are categories; rows with None, NaN or nothing in a column that is
/// used are left out. `weights` multiply the squares of the residuals: the name of a column, or one number for each
/// row.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> fit = kp.regress({"x": [0.0, 1.0, 2.0, 3.0], "y": [1.0, 3.0, 5.0, 7.5]}, "y ~ x")
/// >>> [round(float(x), 12) for x in fit.params], round(float(fit.r_squared), 6)
/// ([0.9, 2.15], 0.996765)
#[pyfunction]
#[pyo3(signature = (data, formula = None, *, target = None, weights = None, confidence = 0.95))]
pub(crate) fn regress(
    data: &Bound<'_, PyAny>,
    formula: Option<String>,
    target: Option<String>,
    weights: Option<Weights>,
    confidence: f64,
) -> PyResult<PyRegression> {
    let columns = raw_columns(data)?;
    PyRegression::of(data.py(), Input { columns, formula, target, weights, confidence })
}

fn raw_columns(data: &Bound<'_, PyAny>) -> PyResult<Vec<Raw>> {
    let is_path = data.hasattr("__fspath__")? || data.extract::<String>().is_ok();
    if is_path {
        let path: std::path::PathBuf = data.extract()?;
        let frame = kappa_tensors::Frame::open(&path).map_err(source_to_python)?;
        let column = |j: usize| {
            Raw(frame.titles[j].clone(), frame.column(j).map(|text| RawCell::Text(text.to_owned())).collect())
        };
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
        found.push(Raw(name.str()?.to_string(), raw_cells(&values)?));
    }
    Ok(found)
}

#[pymethods]
impl PyRegression {
    /// One dict a column of the model: name, estimate, standard_error, t, p, interval, certain_digits.
    // stub: -> list[dict[str, Any]]
    #[getter]
    fn coefficients<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for c in self.fit.coefficients() {
            list.append(dict!(py, {
                "name": &c.name,
                "estimate": PyEnclosure::from(c.estimate),
                "standard_error": PyEnclosure::from(c.standard_error),
                "t": PyEnclosure::from(c.t),
                "p": c.p,
                "interval": c.interval,
                "certain_digits": c.digits,
            }))?;
        }
        Ok(list)
    }
    /// The names of the columns of the model.
    #[getter]
    fn names(&self) -> Vec<String> {
        self.fit.design().names.clone()
    }
    /// The estimates by name.
    #[getter]
    fn params<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.by_name(py, |c| c.estimate.estimate())
    }
    /// The standard errors by name.
    #[getter]
    fn bse<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.by_name(py, |c| c.standard_error.estimate())
    }
    /// The t statistics by name.
    #[getter]
    fn tvalues<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.by_name(py, |c| c.t.estimate())
    }
    /// The p-values by name.
    #[getter]
    fn pvalues<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.by_name(py, |c| c.p)
    }
    /// The confidence intervals at the level 1 - alpha: a pandas DataFrame with a row for each name, or an array
    /// without pandas.
    #[pyo3(signature = (alpha = 0.05))]
    fn conf_int<'py>(&self, py: Python<'py>, alpha: f64) -> PyResult<Bound<'py, PyAny>> {
        let intervals: Vec<(f64, f64)> = self.at(alpha)?.coefficients().iter().map(|c| c.interval).collect();
        let table = kappa::Matrix::from_fn(intervals.len(), 2, |i, j| [intervals[i].0, intervals[i].1][j]);
        let table = out(py, table.into())?;
        match py.import("pandas") {
            Ok(pandas) => pandas.call_method1("DataFrame", (table, self.names())),
            Err(_) => Ok(table),
        }
    }
    /// The predicted response for new data, a mapping or a DataFrame; NaN for rows with a missing value.
    ///
    /// With `interval="confidence"` (of the mean) or `"prediction"` (of a new observation) an array of three columns:
    /// the prediction and the ends of the interval at the level 1 - alpha. Weights of new rows count as 1.
    #[pyo3(signature = (new, interval: "Literal['confidence', 'prediction'] | None" = None, alpha = 0.05))]
    fn predict<'py>(
        &self,
        py: Python<'py>,
        new: &Bound<'py, PyAny>,
        interval: Option<&str>,
        alpha: f64,
    ) -> PyResult<Floats<'py>> {
        let of_observation =
            interval.map(|name| named(name, "interval", &[("confidence", false), ("prediction", true)]));
        let of_observation = of_observation.transpose()?;
        let (fit, rows) = (self.at(alpha)?, self.rows_for(new)?);
        let beta: Vec<f64> = fit.coefficients().iter().map(|c| c.estimate.estimate()).collect();
        let (covariance, reach) = (fit.covariance(), fit.quantile());
        let variance = fit.residual_deviation().estimate().powi(2);
        let n = beta.len();
        let predicted = |x: &Vec<f64>| {
            let mean: f64 = x.iter().zip(&beta).map(|(x, b)| x * b).sum();
            let square: f64 = (0..n).map(|i| (0..n).map(|j| x[i] * covariance[(i, j)] * x[j]).sum::<f64>()).sum();
            let own = if of_observation == Some(true) { variance } else { 0.0 };
            let half = reach * (square.max(0.0) + own).sqrt();
            [mean, mean - half, mean + half]
        };
        let found: Vec<[f64; 3]> = rows.iter().map(|row| row.as_ref().map_or([f64::NAN; 3], predicted)).collect();
        if of_observation.is_none() {
            return Ok(found.iter().map(|p| p[0]).collect::<Vec<f64>>().to_pyarray(py).into_any());
        }
        out(py, kappa::Matrix::from_fn(found.len(), 3, |i, j| found[i][j]).into())
    }
    /// The number of rows that are used.
    #[getter]
    fn nobs(&self) -> usize {
        self.fit.observations()
    }
    /// R squared.
    #[getter]
    fn r_squared(&self) -> PyEnclosure {
        self.fit.r_squared().into()
    }
    /// Adjusted R squared.
    #[getter]
    fn adjusted_r_squared(&self) -> PyEnclosure {
        self.fit.adjusted_r_squared().into()
    }
    /// The residual standard error.
    #[getter]
    fn residual_deviation(&self) -> PyEnclosure {
        self.fit.residual_deviation().into()
    }
    /// The F statistic; None for a model with an intercept alone.
    #[getter]
    fn f(&self) -> Option<PyEnclosure> {
        self.fit.f().map(Into::into)
    }
    /// Akaike's information criterion; the variance counts as a parameter, as in R.
    #[getter]
    fn aic(&self) -> f64 {
        self.fit.aic()
    }
    /// Schwarz's (Bayesian) information criterion; the variance counts as a parameter, as in R.
    #[getter]
    fn bic(&self) -> f64 {
        self.fit.bic()
    }
    /// Residual degrees of freedom: rows minus coefficients.
    #[getter]
    fn degrees(&self) -> usize {
        self.fit.degrees()
    }
    /// The covariance of the coefficients.
    #[getter]
    fn covariance<'py>(&self, py: Python<'py>) -> PyResult<Floats<'py>> {
        out(py, self.fit.covariance().into())
    }
    /// y - X beta, for the rows that are used.
    #[getter]
    fn residuals<'py>(&self, py: Python<'py>) -> Floats<'py> {
        self.fit.residuals().to_pyarray(py).into_any()
    }
    /// X beta, for the rows that are used.
    #[getter]
    fn fitted<'py>(&self, py: Python<'py>) -> Floats<'py> {
        self.fit.fitted().to_pyarray(py).into_any()
    }
    /// The rows that are used, from 0.
    #[getter]
    fn rows(&self) -> Vec<usize> {
        self.fit.design().rows.clone()
    }
    /// The diagonal of the hat matrix.
    #[getter]
    fn leverages<'py>(&self, py: Python<'py>) -> Floats<'py> {
        let all: Vec<f64> = self.fit.leverages().iter().map(kappa::Enclosure::estimate).collect();
        all.to_pyarray(py).into_any()
    }
    /// Everything as a dict, as `kappa regress --json` prints it.
    // stub: -> dict[str, Any]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let json = compute(py, || regression_json(&self.fit)).map_err(to_python)?;
        py.import("json")?.call_method1("loads", (json.to_string(),))
    }
    /// Near collinearities, in sentences.
    #[getter]
    fn collinearity(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        Ok(compute(py, || self.fit.collinearity()).map_err(to_python)?.words())
    }
    /// The table, with `digits` digits of each coefficient.
    #[pyo3(signature = (digits = 7))]
    fn summary(&self, py: Python<'_>, digits: usize) -> PyResult<String> {
        compute(py, || regression_text(&self.fit, digits)).map_err(to_python)
    }
    fn __str__(&self, py: Python<'_>) -> PyResult<String> {
        self.summary(py, 7)
    }
    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<String> {
        let rows = slf.getattr("coefficients")?.cast_into::<PyList>()?;
        answers::rows_html(&slf.repr()?.to_string(), &rows)
    }
    fn __repr__(&self) -> String {
        let (rows, n) = (self.fit.observations(), self.fit.parameters());
        format!("Regression({} rows, {n} coefficients, R² {})", rows, self.fit.r_squared().short(6))
    }
}
