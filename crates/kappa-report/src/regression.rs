//! A regression as statisticians print it.

use kappa::equations::regression::{Coefficient, Dependency, Influence, Regression};
use kappa::serialize::Number;
use kappa::{Enclosure, Result};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{aligned, counted};

/// A number with at most `digits` digits, as far as they are certain.
fn short(x: Enclosure, digits: usize) -> String {
    x.short(digits)
}

fn plain(x: f64, digits: usize) -> String {
    if x.is_nan() { "–".into() } else { Enclosure::exact(x).short(digits) }
}

/// A probability: small ones as a bound.
fn probability(p: f64) -> String {
    if p.is_nan() {
        "unknown".into()
    } else if p < 1e-16 {
        "<1e-16".into()
    } else if p < 1e-3 {
        format!("{p:.1e}")
    } else {
        format!("{p:.4}")
    }
}

/// The table of coefficients, the quality of the fit, collinearity in words, and influential rows.
///
/// At most `digits` digits of each coefficient are shown, and only those that are certain.
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
/// assert!(kappa_report::regression_text(&fit, 5)?.contains("residual standard error"));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn regression_text(fit: &Regression, digits: usize) -> Result<String> {
    let design = fit.design();
    let level = 100.0 * fit.confidence();
    let ends = [format!("{level}% CI low"), format!("{level}% CI high")];
    let titles = ["", "coefficient", "std. error", "t", "p", &ends[0], &ends[1], "proved digits"];
    let mut rows = vec![titles.map(str::to_owned).to_vec()];
    for c in fit.coefficients() {
        rows.push(vec![
            c.name.clone(),
            short(c.estimate, digits),
            short(c.standard_error, digits.min(6)),
            short(c.t, 4),
            probability(c.p),
            plain(c.interval.0, 5),
            plain(c.interval.1, 5),
            format!("{:.0}", c.digits.min(c.estimate_digits()).floor()),
        ]);
    }
    let mut text = format!("{} by least squares, {}", design.target, counted(fit.observations(), "observation"));
    if !design.dropped.is_empty() {
        text += &format!(" ({} left out: a value is missing)", design.dropped.len());
    }
    text += &format!("\n\n{}", aligned(&rows, &[false, true, true, true, true, true, true, true]));
    text += "proved digits: decimal digits of the coefficient that exact arithmetic would give too\n";
    for (column, level) in &design.references {
        text += &format!("{column}: reference level {level}\n");
    }
    text.push('\n');
    text += &aligned(&summary(fit), &[false, false]);
    let words = fit.collinearity()?.words();
    if !words.is_empty() {
        text += &format!("\ncollinearity\n  {}\n", words.join("\n  "));
    }
    text += &outstanding(fit);
    Ok(text)
}

fn summary(fit: &Regression) -> Vec<Vec<String>> {
    let line = |title: &str, value: String| vec![title.to_owned(), value];
    let mut lines = vec![
        line("R²", short(fit.r_squared(), 8)),
        line("adjusted R²", short(fit.adjusted_r_squared(), 8)),
        line(
            "residual standard error",
            format!("{} on {} degrees of freedom", short(fit.residual_deviation(), 8), fit.degrees()),
        ),
    ];
    if let (Some(f), Some(p)) = (fit.f(), fit.p_of_f()) {
        let shown = short(f, 6);
        lines.push(line(
            "F",
            format!(
                "{shown} on {} and {} degrees of freedom, p {}",
                fit.model_degrees(),
                fit.degrees(),
                probability(p)
            ),
        ));
    }
    lines.push(line("AIC, BIC", format!("{}, {}", plain(fit.aic(), 6), plain(fit.bic(), 6))));
    lines
}

/// Why a row is influential: |studentized| above 3, Cook's distance above 1, or a leverage above three times the mean.
fn reasons(i: &Influence, mean: f64) -> String {
    let found = [
        (i.studentized.abs() > 3.0, "large residual"),
        (i.cook > 1.0, "moves the coefficients"),
        (i.leverage > (3.0 * mean).min(0.999), "high leverage"),
    ];
    found.iter().filter(|(holds, _)| *holds).map(|(_, reason)| *reason).collect::<Vec<_>>().join(", ")
}

fn outstanding(fit: &Regression) -> String {
    const SHOWN: usize = 8;
    let mean = fit.parameters() as f64 / fit.observations() as f64;
    let mut found: Vec<Influence> = fit.influence().into_iter().filter(|i| !reasons(i, mean).is_empty()).collect();
    if found.is_empty() {
        return String::new();
    }
    found.sort_by(|a, b| b.cook.total_cmp(&a.cook));
    let more = found.len().saturating_sub(SHOWN);
    let mut rows =
        vec![["  row", "residual", "studentized", "leverage", "Cook's distance", "reason"].map(str::to_owned).to_vec()];
    rows.extend(found.iter().take(SHOWN).map(|i| {
        vec![
            format!("  {}", i.row + 1),
            plain(i.residual, 4),
            plain(i.studentized, 3),
            plain(i.leverage, 3),
            plain(i.cook, 3),
            reasons(i, mean),
        ]
    }));
    let rest = if more > 0 { format!("  and {more} more\n") } else { String::new() };
    format!("\ninfluential rows\n{}{rest}", aligned(&rows, &[false, true, true, true, true, false]))
}

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
    coefficients: Vec<CoefficientResult>,
    degrees: usize,
    model_degrees: usize,
    residual_deviation: Enclosure,
    residual_square: Enclosure,
    model_square: Enclosure,
    total_square: Enclosure,
    r_squared: Enclosure,
    adjusted_r_squared: Enclosure,
    f: Option<Enclosure>,
    p_of_f: Option<Number>,
    log_likelihood: Number,
    aic: Number,
    bic: Number,
    collinearity: CollinearityResult,
    influence: Vec<InfluenceResult>,
    fitted: Vec<Number>,
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
    standard_error: Enclosure,
    t: Enclosure,
    p: Number,
    /// The confidence interval.
    interval: (Number, Number),
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

/// What one row does to the fit; `null` where a quantity is not defined.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct InfluenceResult {
    /// Counted from 1.
    row_number: usize,
    residual: Number,
    leverage: Number,
    standardized: Option<Number>,
    studentized: Option<Number>,
    cook: Option<Number>,
    dffits: Option<Number>,
}

impl From<&Influence> for InfluenceResult {
    fn from(i: &Influence) -> Self {
        let defined = |x: f64| (!x.is_nan()).then_some(Number(x));
        Self {
            row_number: i.row + 1,
            residual: i.residual.into(),
            leverage: i.leverage.into(),
            standardized: defined(i.standardized),
            studentized: defined(i.studentized),
            cook: defined(i.cook),
            dffits: defined(i.dffits),
        }
    }
}

impl CoefficientResult {
    fn new(c: Coefficient, variance_inflation: Option<Enclosure>) -> Self {
        Self {
            name: c.name,
            estimate: c.estimate,
            standard_error: c.standard_error,
            t: c.t,
            p: c.p.into(),
            interval: (c.interval.0.into(), c.interval.1.into()),
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
        let (design, collinearity) = (fit.design(), fit.collinearity()?);
        let coefficients = fit.coefficients().into_iter().zip(&collinearity.inflation);
        let reference =
            |(column, level): &(String, String)| ReferenceResult { column: column.clone(), level: level.clone() };
        let dependency =
            |d: &Dependency| DependencyResult { index: d.index.into(), proportions: Number::list(&d.proportions) };
        Ok(Self {
            target: design.target.clone(),
            rows: fit.observations(),
            dropped_row_numbers: design.dropped.iter().map(|row| row + 1).collect(),
            confidence: fit.confidence(),
            references: design.references.iter().map(reference).collect(),
            coefficients: coefficients.map(|(c, inflation)| CoefficientResult::new(c, *inflation)).collect(),
            degrees: fit.degrees(),
            model_degrees: fit.model_degrees(),
            residual_deviation: fit.residual_deviation(),
            residual_square: fit.residual_square(),
            model_square: fit.model_square(),
            total_square: fit.total_square(),
            r_squared: fit.r_squared(),
            adjusted_r_squared: fit.adjusted_r_squared(),
            f: fit.f(),
            p_of_f: fit.p_of_f().map(Number),
            log_likelihood: fit.log_likelihood().into(),
            aic: fit.aic().into(),
            bic: fit.bic().into(),
            collinearity: CollinearityResult {
                dependencies: collinearity.dependencies.iter().map(dependency).collect(),
                words: collinearity.words(),
            },
            influence: fit.influence().iter().map(InfluenceResult::from).collect(),
            fitted: Number::list(&fit.fitted()),
        })
    }
}

/// A regression for machines, as a value.
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
    Ok(crate::json::to_value(&RegressionResult::new(fit)?))
}
