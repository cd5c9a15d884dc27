//! Regression: a table of data to the table of a statistician, in Python.

use kappa::regression::{Cell, Column, Design, Formula, Regression};
use kappa_report::{regression_json, regression_text};
use numpy::ToPyArray;
use pyo3::exceptions::{PyFileNotFoundError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::answers;
use crate::compute::compute;
use crate::condition::out;
use crate::enclosure::PyEnclosure;
use crate::errors::to_python;

/// A linear model fitted by least squares, every number of it enclosed. `print(fit)` is the table of a statistician.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> fit = kp.regress({"x": [0.0, 1.0, 2.0, 3.0], "y": [1.0, 3.0, 5.0, 7.5]}, "y ~ x")
/// >>> fit.params.round(12)
/// array([0.9 , 2.15])
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
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> fit = kp.regress({"x": [0.0, 1.0, 2.0, 3.0], "y": [1.0, 3.0, 5.0, 7.5]}, "y ~ x")
/// >>> fit.params.round(12), round(float(fit.r_squared), 6)
/// (array([0.9 , 2.15]), 0.996765)
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
