//! A regression for machines.

use kappa::equations::regression::{Coefficient, Dependency, Influence, Regression, Undetermined};
use kappa::serialize::Number;
use kappa::{Enclosure, Result};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::regression_text::{influential, reason};

/// A regression for machines.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RegressionResult {
    target: String,
    /// How many rows of the table are used.
    rows: usize,
    /// Rows that are left out because a value is missing, counted from 1.
    dropped_row_numbers: Vec<usize>,
    confidence: f64,
    references: Vec<ReferenceResult>,
    /// Columns without a coefficient: no row has their combination of categories.
    undetermined: Vec<UndeterminedResult>,
    coefficients: Vec<CoefficientResult>,
    degrees: usize,
    model_degrees: usize,
    /// Whether every residual is 0; `null` where that is not known.
    exact_fit: Option<bool>,
    /// `null` without a residual degree of freedom.
    residual_deviation: Option<Enclosure>,
    residual_square: Enclosure,
    model_square: Enclosure,
    total_square: Enclosure,
    /// `null` where all values of the response are equal, or 0 without an intercept.
    r_squared: Option<Enclosure>,
    adjusted_r_squared: Option<Enclosure>,
    /// Without an intercept R² is uncentred: the total is Σy².
    r_squared_kind: RSquaredKind,
    /// R² with the centred total, of a model without an intercept whose columns span a constant.
    centred_r_squared: Option<Enclosure>,
    /// `null` where it is undefined.
    f: Option<Enclosure>,
    p_of_f: Option<Number>,
    /// `null` where the residual sum of squares is not known to six digits.
    log_likelihood: Option<Number>,
    aic: Option<Number>,
    bic: Option<Number>,
    collinearity: CollinearityResult,
    /// Whether `influence` has every row that is used, or only the influential ones.
    influence_rows: InfluenceRows,
    influence: Vec<InfluenceResult>,
    /// Of every row that is used, where every row was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    fitted: Option<Vec<Number>>,
}

/// Which R² it is.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum RSquaredKind {
    Centred,
    Uncentred,
}

/// Which rows are listed.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum InfluenceRows {
    All,
    Influential,
}

/// A column whose coefficient is not determined.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct UndeterminedResult {
    name: String,
    reason: String,
}

/// The level that the other ones of a categorical column are compared with.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct ReferenceResult {
    column: String,
    level: String,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
struct CoefficientResult {
    name: String,
    estimate: Enclosure,
    /// `null` without a residual degree of freedom.
    standard_error: Option<Enclosure>,
    /// `null` where it is undefined.
    t: Option<Enclosure>,
    /// `null` where it is undefined or not known.
    p: Option<Number>,
    /// The confidence interval.
    interval: Option<(Number, Number)>,
    certain_digits: f64,
    variance_inflation: Option<Enclosure>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
struct CollinearityResult {
    dependencies: Vec<DependencyResult>,
    words: Vec<String>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
struct DependencyResult {
    index: Number,
    proportions: Vec<Number>,
}

/// What one row does to the fit; `null` where a quantity is not defined or not known.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct InfluenceResult {
    /// Counted from 1.
    row_number: usize,
    residual: Enclosure,
    leverage: Enclosure,
    standardized: Option<Number>,
    studentized: Option<Number>,
    cook: Option<Number>,
    dffits: Option<Number>,
}

/// The number, unless it is NaN.
fn defined(x: f64) -> Option<Number> {
    (!x.is_nan()).then_some(Number(x))
}

impl From<&Influence> for InfluenceResult {
    fn from(i: &Influence) -> Self {
        Self {
            row_number: i.row + 1,
            residual: i.residual,
            leverage: i.leverage,
            standardized: defined(i.standardized),
            studentized: defined(i.studentized),
            cook: defined(i.cook),
            dffits: defined(i.dffits),
        }
    }
}

impl CoefficientResult {
    fn new(c: Coefficient, variance_inflation: Option<Enclosure>) -> Self {
        let interval = (c.interval.0.into(), c.interval.1.into());
        Self {
            standard_error: c.has_standard_error.then_some(c.standard_error),
            t: c.t_is_defined().then_some(c.t),
            p: defined(c.p),
            interval: c.has_standard_error.then_some(interval),
            name: c.name,
            estimate: c.estimate,
            certain_digits: c.digits,
            variance_inflation,
        }
    }
}

impl RegressionResult {
    /// The fields of a fit.
    ///
    /// # Errors
    ///
    /// Where the singular values behind the collinearity cannot be found.
    ///
    /// # Examples
    ///
    /// ```
    /// use kappa::equations::regression::{Cell, Column, Design, Regression};
    ///
    /// let column = |name: &str, cells: [&str; 4]| Column { name: name.into(), cells: cells.map(Cell::parse).into() };
    /// let table = [column("x", ["1", "2", "3", "4"]), column("y", ["1.1", "1.9", "3.2", "3.9"])];
    /// let fit = Regression::new(Design::new(&table, &"y ~ x".parse()?, None)?)?;
    /// assert!(serde_json::to_string(&kappa_report::RegressionResult::new(&fit)?).is_ok());
    /// # Ok::<(), kappa::Error>(())
    /// ```
    pub fn new(fit: &Regression) -> Result<Self> {
        Self::with_rows(fit, InfluenceRows::Influential)
    }

    /// The fields of a fit, with the influence and the fitted value of every row.
    ///
    /// # Errors
    ///
    /// As [`RegressionResult::new`].
    pub fn of_all_rows(fit: &Regression) -> Result<Self> {
        Self::with_rows(fit, InfluenceRows::All)
    }

    fn with_rows(fit: &Regression, rows: InfluenceRows) -> Result<Self> {
        let (design, collinearity) = (fit.design(), fit.collinearity()?);
        let coefficients = fit.coefficients().into_iter().zip(&collinearity.inflation);
        let reference =
            |(column, level): &(String, String)| ReferenceResult { column: column.clone(), level: level.clone() };
        let undetermined = |c: &Undetermined| UndeterminedResult { name: c.name.clone(), reason: reason(c) };
        let dependency =
            |d: &Dependency| DependencyResult { index: d.index.into(), proportions: Number::list(&d.proportions) };
        let (has_r, has_degrees, has_f) = (fit.r_squared_is_defined(), fit.degrees() > 0, fit.f_is_defined());
        let has_all_rows = matches!(rows, InfluenceRows::All);
        let (_, influence) = influential(fit, has_all_rows);
        Ok(Self {
            target: design.target.clone(),
            rows: fit.observations(),
            dropped_row_numbers: design.dropped.iter().map(|row| row + 1).collect(),
            confidence: fit.confidence(),
            references: design.references.iter().map(reference).collect(),
            undetermined: design.undetermined.iter().map(undetermined).collect(),
            coefficients: coefficients.map(|(c, inflation)| CoefficientResult::new(c, *inflation)).collect(),
            degrees: fit.degrees(),
            model_degrees: fit.model_degrees(),
            exact_fit: fit.is_exact_fit(),
            residual_deviation: has_degrees.then(|| fit.residual_deviation()),
            residual_square: fit.residual_square(),
            model_square: fit.model_square(),
            total_square: fit.total_square(),
            r_squared: has_r.then(|| fit.r_squared()),
            adjusted_r_squared: (has_r && has_degrees).then(|| fit.adjusted_r_squared()),
            r_squared_kind: if fit.r_squared_is_centred() { RSquaredKind::Centred } else { RSquaredKind::Uncentred },
            centred_r_squared: fit.centred_r_squared(),
            f: fit.f().filter(|_| has_f),
            p_of_f: fit.p_of_f().and_then(defined),
            log_likelihood: defined(fit.log_likelihood()),
            aic: defined(fit.aic()),
            bic: defined(fit.bic()),
            collinearity: CollinearityResult {
                dependencies: collinearity.dependencies.iter().map(dependency).collect(),
                words: collinearity.words(),
            },
            influence_rows: rows,
            influence: influence.iter().map(InfluenceResult::from).collect(),
            fitted: has_all_rows.then(|| Number::list(&fit.fitted())),
        })
    }
}

/// A regression for machines, as a value, with the influence and the fitted value of every row.
///
/// # Errors
///
/// As [`RegressionResult::new`].
///
/// # Examples
///
/// ```
/// use kappa::equations::regression::{Cell, Column, Design, Regression};
///
/// let column = |name: &str, cells: [&str; 4]| Column { name: name.into(), cells: cells.map(Cell::parse).into() };
/// let table = [column("x", ["1", "2", "3", "4"]), column("y", ["1.1", "1.9", "3.2", "3.9"])];
/// let fit = Regression::new(Design::new(&table, &"y ~ x".parse()?, None)?)?;
/// assert_eq!(kappa_report::regression_json(&fit)?["rows"], 4);
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn regression_json(fit: &Regression) -> Result<Value> {
    Ok(crate::json::to_value(&RegressionResult::of_all_rows(fit)?))
}
