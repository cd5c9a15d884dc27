//! Regression: a table of data to the table of a statistician, in Python.

use std::sync::Arc;

use kappa::equations::regression::{Coefficient, Design, Formula, Regression, confidence_level};
use kappa_report::{coefficient_table, regression_json, regression_text};
use numpy::ToPyArray;
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use crate::answers::{self, Answer, PyAnswer, answer, dict, initializer};
use crate::array::out;
use crate::columns::{Raw, RawCell, free_name, of_raw, raw_cells, raw_columns};
use crate::compute::interruptible;
use crate::dialect::{self, Keywords};
use crate::enclosure::PyEnclosure;
use crate::errors::{named, to_python};
use crate::names::names;
use crate::types::{Floats, Sign};

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
    pub(crate) fit: Arc<Regression>,
    pub(crate) input: Arc<Input>,
}

/// What a model was fitted to.
#[derive(Clone)]
pub(crate) struct Input {
    pub(crate) columns: Vec<Raw>,
    pub(crate) formula: Option<String>,
    pub(crate) target: Option<String>,
    pub(crate) weights: Option<Weights>,
    confidence: f64,
    /// How the file of the data is written, if it is one.
    pub(crate) table: dialect::State,
}

/// A column of the data, or a number for each row.
#[derive(Clone, FromPyObject, IntoPyObject)]
pub(crate) enum Weights {
    Column(String),
    Numbers(Vec<RawCell>),
}

impl Weights {
    fn of(given: &Bound<'_, PyAny>) -> PyResult<Self> {
        match given.cast::<PyString>() {
            Ok(name) => Ok(Self::Column(name.to_cow()?.into_owned())),
            Err(_) => Ok(Self::Numbers(raw_cells(given, "weights")?)),
        }
    }
}

pub(crate) fn formula_of(text: Option<&str>) -> PyResult<Formula> {
    match text {
        Some(text) => text.parse::<Formula>().map_err(to_python),
        None => Ok(Formula { target: None, has_constant: true, terms: vec![None] }),
    }
}

/// Whether a model reads a column.
pub(crate) fn is_read(formula: &Formula, target: Option<&str>, weights: Option<&str>, name: &str) -> bool {
    let has_all = formula.terms.iter().any(Option::is_none);
    let mut factors = formula.terms.iter().flatten().flat_map(|term| &term.0);
    let is_named = [target, formula.target.as_deref(), weights].contains(&Some(name));
    has_all || is_named || factors.any(|factor| factor.column() == name)
}

impl Input {
    fn fit(&self, formula: &Formula) -> kappa::Result<Regression> {
        let mut columns = of_raw(&self.columns);
        let target = self.target.as_deref();
        let design = match &self.weights {
            Some(Weights::Column(name)) => Design::with_weights(&columns, formula, target, name)?,
            Some(Weights::Numbers(numbers)) => {
                let name = free_name(&self.columns, "weights");
                columns.extend(of_raw(&[Raw(name.clone(), numbers.clone())]));
                Design::with_weights(&columns, formula, target, &name)?
            }
            None => Design::new(&columns, formula, target)?,
        };
        Regression::new(design)?.with_confidence(self.confidence)
    }
}

impl PyRegression {
    fn of(py: Python<'_>, input: Input) -> PyResult<Self> {
        let formula = formula_of(input.formula.as_deref())?;
        let input = Arc::new(input);
        let own = Arc::clone(&input);
        let fit = interruptible(py, move || own.fit(&formula))?.map_err(to_python)?;
        Ok(Self { fit: Arc::new(fit), input })
    }

    /// Asks the fit something that may take long.
    fn ask<R: Send + 'static>(
        &self,
        py: Python<'_>,
        question: impl FnOnce(&Regression) -> kappa::Result<R> + Send + 'static,
    ) -> PyResult<R> {
        let fit = Arc::clone(&self.fit);
        interruptible(py, move || question(&fit))?.map_err(to_python)
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
        if !(alpha > 0.0 && alpha < 1.0) {
            let message =
                format!("alpha lies strictly between 0 and 1, got {alpha}\n\nhint: alpha=0.05 is a level of 95 %");
            return Err(PyValueError::new_err(message));
        }
        (*self.fit).clone().with_confidence(1.0 - alpha).map_err(to_python)
    }
}

answer!(PyRegression);

impl Answer for PyRegression {
    const FIELDS: &'static [&'static str] = &[];

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let Input { columns, formula, target, weights, confidence, table } = (*self.input).clone();
        (columns, formula, target, weights, confidence, table).into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (columns, formula, target, weights, confidence, table) = state.extract()?;
        Self::of(state.py(), Input { columns, formula, target, weights, confidence, table })
    }
}

/// Fits a linear model: `regress(data, "y ~ x + x^2 + region")`.
///
/// `data` maps names to columns (a dict, a pandas DataFrame), or is the path of a table as text, whose decimals are
/// then taken as they are written. Integers of any size, Decimals and Fractions are not rounded; booleans are 0 and 1.
/// Columns with text are categories, those of a Categorical in its order; the index of a DataFrame is no column.
/// Rows with None, NaN, NA or nothing in a column that is used are left out. `weights` multiply the squares of the
/// residuals: the name of a column, or one number for each row. `confidence` is 0.95 or 95 for 95 %. The other
/// arguments say how the file of a table is written, as those of `open` do.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> fit = kp.regress({"x": [0.0, 1.0, 2.0, 3.0], "y": [1.0, 3.0, 5.0, 7.5]}, "y ~ x")
/// >>> [round(float(x), 12) for x in fit.params], round(float(fit.r_squared), 6)
/// ([0.9, 2.15], 0.996765)
#[pyfunction]
#[pyo3(signature = (
    data, formula = None, *, target = None, weights = None, confidence = 0.95, header = None, decimal = '.',
    thousands = None, missing = None, encoding = "utf-8",
))]
#[expect(clippy::too_many_arguments, reason = "keywords of Python")]
pub(crate) fn regress(
    data: &Bound<'_, PyAny>,
    formula: Option<String>,
    target: Option<String>,
    weights: Option<WeightsLike<'_>>,
    confidence: f64,
    header: Option<bool>,
    decimal: Sign,
    thousands: Option<Sign>,
    missing: Option<f64>,
    encoding: &str,
) -> PyResult<PyRegression> {
    let table = Keywords { header, columns: None, decimal, thousands, missing, encoding }.dialect()?;
    let confidence = confidence_level(confidence).map_err(to_python)?;
    let weights = weights.as_ref().map(Weights::of).transpose()?;
    let wanted = formula_of(formula.as_deref())?;
    let of_weights = if let Some(Weights::Column(name)) = &weights { Some(name.as_str()) } else { None };
    let columns = raw_columns(data, &table, &|name| is_read(&wanted, target.as_deref(), of_weights, name))?;
    let table = dialect::state(&table);
    PyRegression::of(data.py(), Input { columns, formula, target, weights, confidence, table })
}

/// The name of a column, or a number for each row.
// stub: str | Sequence[Any] | NDArray[Any]
pub(crate) type WeightsLike<'py> = Bound<'py, PyAny>;

fn ends<'py>(py: Python<'py>, of: &[kappa::Enclosure]) -> PyResult<Floats<'py>> {
    let end = |i: usize, j: usize| if j == 0 { of[i].lower() } else { of[i].upper() };
    out(py, kappa::Matrix::from_fn(of.len(), 2, end).into())
}

#[pymethods]
impl PyRegression {
    /// One dict a column of the model: name, estimate, standard_error, t, p, interval, certain_digits. Without a
    /// residual degree of freedom standard_error and t are None; p and interval are NaN where they are not
    /// defined or not known.
    // stub: -> list[dict[str, Any]]
    #[getter]
    fn coefficients<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for c in self.fit.coefficients() {
            list.append(dict!(py, {
                "name": &c.name,
                "estimate": PyEnclosure::from(c.estimate),
                "standard_error": c.has_standard_error.then(|| PyEnclosure::from(c.standard_error)),
                "t": c.t_is_defined().then(|| PyEnclosure::from(c.t)),
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
        self.by_name(py, |c| if c.has_standard_error { c.standard_error.estimate() } else { f64::NAN })
    }
    /// The t statistics by name.
    #[getter]
    fn tvalues<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.by_name(py, |c| if c.t_is_defined() { c.t.estimate() } else { f64::NAN })
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
    /// R squared: 1 - rss / sum of (y - mean)^2, or of y^2 without an intercept (see `r_squared_kind`). None where it
    /// is undefined, as all values of y are equal.
    #[getter]
    fn r_squared(&self) -> Option<PyEnclosure> {
        self.fit.r_squared_is_defined().then(|| self.fit.r_squared().into())
    }
    /// "centred", or "uncentred" for a model without an intercept.
    // stub: -> Literal["centred", "uncentred"]
    #[getter]
    fn r_squared_kind(&self) -> &'static str {
        if self.fit.r_squared_is_centred() { "centred" } else { "uncentred" }
    }
    /// The centred R squared of a model without an intercept whose columns span a constant, as those of all categories
    /// do; None for other models.
    #[getter]
    fn centred_r_squared(&self) -> Option<PyEnclosure> {
        self.fit.centred_r_squared().map(Into::into)
    }
    /// Whether every residual is 0; None where that is not known.
    #[getter]
    fn exact_fit(&self) -> Option<bool> {
        self.fit.is_exact_fit()
    }
    /// Columns without a coefficient, as no row has some combination of their categories.
    #[getter]
    fn undetermined(&self) -> Vec<String> {
        self.fit.design().undetermined.iter().map(|c| c.name.clone()).collect()
    }
    /// Adjusted R squared.
    #[getter]
    fn adjusted_r_squared(&self) -> Option<PyEnclosure> {
        let is_defined = self.fit.r_squared_is_defined() && self.fit.degrees() > 0;
        is_defined.then(|| self.fit.adjusted_r_squared().into())
    }
    /// The residual standard error; None without a residual degree of freedom.
    #[getter]
    fn residual_deviation(&self) -> Option<PyEnclosure> {
        (self.fit.degrees() > 0).then(|| self.fit.residual_deviation().into())
    }
    /// The F statistic; None where it is undefined, as for a model with an intercept alone.
    #[getter]
    fn f(&self) -> Option<PyEnclosure> {
        self.fit.f().filter(|_| self.fit.f_is_defined()).map(Into::into)
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
    /// Proved ends of the residuals, two columns.
    #[getter]
    fn residual_bounds<'py>(&self, py: Python<'py>) -> PyResult<Floats<'py>> {
        ends(py, &self.fit.residual_enclosures())
    }
    /// Proved ends of the fitted values, two columns.
    #[getter]
    fn fitted_bounds<'py>(&self, py: Python<'py>) -> PyResult<Floats<'py>> {
        ends(py, &self.fit.fitted_enclosures())
    }
    /// Proved ends of the leverages, two columns.
    #[getter]
    fn leverage_bounds<'py>(&self, py: Python<'py>) -> PyResult<Floats<'py>> {
        ends(py, self.fit.leverages())
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
    /// Everything as a dict, with the influence of every row that is used.
    // stub: -> dict[str, Any]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let json = self.ask(py, regression_json)?;
        py.import("json")?.call_method1("loads", (json.to_string(),))
    }
    /// Near collinearities, in sentences.
    #[getter]
    fn collinearity(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        Ok(self.ask(py, Regression::collinearity)?.words())
    }
    /// The table, with `digits` digits of each coefficient.
    #[pyo3(signature = (digits = 7))]
    fn summary(&self, py: Python<'_>, digits: usize) -> PyResult<String> {
        self.ask(py, move |fit| regression_text(fit, digits))
    }
    fn __str__(&self, py: Python<'_>) -> PyResult<String> {
        self.summary(py, 7)
    }
    fn _repr_html_(&self) -> String {
        answers::table_html(&self.__repr__(), &coefficient_table(&self.fit, 7))
    }
    fn __repr__(&self) -> String {
        let (rows, n) = (self.fit.observations(), self.fit.parameters());
        let kind = if self.fit.r_squared_is_centred() { "" } else { "uncentred " };
        let found = self.r_squared().map_or_else(|| "undefined".to_owned(), |_| self.fit.r_squared().short(6));
        format!("Regression({rows} rows, {n} coefficients, {kind}R² {found})")
    }
}
