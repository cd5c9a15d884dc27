//! A regression as statisticians print it.

use kappa::equations::regression::{Coefficient, Influence, Regression, Undetermined};
use kappa::{Enclosure, Result};

use crate::{aligned, counted};

/// A number with at most `digits` digits, as far as they are certain.
fn short(x: Enclosure, digits: usize) -> String {
    match (x.lower(), x.upper()) {
        (f64::NEG_INFINITY, upper) if upper >= 1.0 => NOT_KNOWN.into(),
        // Finite numbers beyond the range of doubles.
        (f64::MAX, f64::INFINITY) => "≥ 1.797e308".into(),
        (f64::NEG_INFINITY, f64::MIN) => "≤ -1.797e308".into(),
        _ => x.short(digits),
    }
}

const NOT_KNOWN: &str = "not known";
const UNDEFINED: &str = "undefined";

fn plain(x: f64, digits: usize) -> String {
    if x.is_nan() { NOT_KNOWN.into() } else { Enclosure::exact(x).short(digits) }
}

/// The number without trailing zeros where all digits are certain, and its certain digits otherwise.
fn tight(x: Enclosure, digits: usize) -> String {
    let read = |x: f64| format!("{:.*e}", digits.saturating_sub(1), x);
    if read(x.lower()) == read(x.upper()) { plain(x.estimate(), digits) } else { short(x, digits) }
}

/// What is shown where a quantity is defined, and else that it is not.
fn if_defined(is_defined: bool, shown: impl FnOnce() -> String) -> String {
    if is_defined { shown() } else { UNDEFINED.into() }
}

/// A probability: small ones as a bound.
fn probability(p: f64) -> String {
    if p.is_nan() {
        NOT_KNOWN.into()
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
    text_of(fit, digits, false)
}

/// As [`regression_text`], with the influence of every row.
///
/// # Errors
///
/// As [`regression_text`].
///
/// # Examples
///
/// ```
/// use kappa::equations::regression::{Cell, Column, Design, Regression};
///
/// let column = |name: &str, cells: [&str; 4]| Column { name: name.into(), cells: cells.map(Cell::parse).into() };
/// let table = [column("x", ["1", "2", "3", "4"]), column("y", ["1.1", "1.9", "3.2", "3.9"])];
/// let fit = Regression::new(Design::new(&table, &"y ~ x".parse()?, None)?)?;
/// assert!(kappa_report::regression_text_of_all_rows(&fit, 5)?.contains("influence of each row"));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn regression_text_of_all_rows(fit: &Regression, digits: usize) -> Result<String> {
    text_of(fit, digits, true)
}

fn text_of(fit: &Regression, digits: usize, has_all_rows: bool) -> Result<String> {
    let design = fit.design();
    let mut text = format!("{} by least squares, {}", design.target, counted(fit.observations(), "observation"));
    if !design.dropped.is_empty() {
        text += &format!(" ({} left out: a value is missing in {})", design.dropped.len(), rows_of(&design.dropped));
    }
    let table = coefficient_table(fit, digits);
    text += &format!("\n\n{}", aligned(&table, &[false, true, true, true, true, true, true, true]));
    text += "proved digits: decimal digits of the coefficient that exact arithmetic would give too\n";
    for (column, level) in &design.references {
        text += &format!("{column}: reference level {level}\n");
    }
    for column in &design.undetermined {
        text += &format!("{}: not determined: {}\n", column.name, reason(column));
    }
    text += exact_fit(fit);
    text.push('\n');
    text += &aligned(&summary(fit), &[false, false]);
    if let Some(centred) = fit.centred_r_squared() {
        text += &format!(
            "the columns span a constant; centred, as of a model with an intercept, R² is {}\n",
            short(centred, 8)
        );
    }
    let words = fit.collinearity()?.words();
    if !words.is_empty() {
        text += &format!("\ncollinearity\n  {}\n", words.join("\n  "));
    }
    text += &influence(fit, has_all_rows);
    Ok(text)
}

/// "rows 3, 7 and 2 more", counted from 1.
fn rows_of(rows: &[usize]) -> String {
    const SHOWN: usize = 8;
    let first: Vec<String> = rows.iter().take(SHOWN).map(|row| (row + 1).to_string()).collect();
    let more = rows.len().saturating_sub(SHOWN);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("row{} {}{rest}", if rows.len() == 1 { "" } else { "s" }, first.join(", "))
}

/// Why a column is left out of the model.
pub(crate) fn reason(column: &Undetermined) -> String {
    if column.combination.is_empty() {
        return "no row has this combination of categories".into();
    }
    let names: Vec<&str> = column.combination.iter().map(|(name, _)| name.as_str()).collect();
    format!("as a combination of categories has no row, the column is a linear combination of {}", names.join(", "))
}

fn exact_fit(fit: &Regression) -> &'static str {
    match fit.is_exact_fit() {
        _ if fit.degrees() == 0 => {
            "as many coefficients as observations: 0 residual degrees of freedom, no standard errors, every residual \
             is 0\n"
        }
        Some(true) => {
            "exact fit: every residual is 0, so that standard errors are 0 and t and F are infinite or undefined\n"
        }
        Some(false) => "",
        None => "whether the fit is exact is not known: every residual may be 0\n",
    }
}

/// The table of coefficients with its titles: at most `digits` digits of each, and only certain ones.
///
/// # Examples
///
/// ```
/// use kappa::equations::regression::{Cell, Column, Design, Regression};
///
/// let column = |name: &str, cells: [&str; 4]| Column { name: name.into(), cells: cells.map(Cell::parse).into() };
/// let table = [column("x", ["1", "2", "3", "4"]), column("y", ["1.1", "1.9", "3.2", "3.9"])];
/// let fit = Regression::new(Design::new(&table, &"y ~ x".parse()?, None)?)?;
/// assert_eq!(kappa_report::coefficient_table(&fit, 5)[2][..2], ["x", "0.97000"]);
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn coefficient_table(fit: &Regression, digits: usize) -> Vec<Vec<String>> {
    let level = (1e10 * 100.0 * fit.confidence()).round() / 1e10;
    let ends = [format!("{level}% CI low"), format!("{level}% CI high")];
    let titles = ["", "coefficient", "std. error", "t", "p", &ends[0], &ends[1], "proved digits"];
    let row = |c: Coefficient| {
        let end = |k: usize| if_defined(c.has_standard_error, || tight(c.interval_ends[k], 5));
        vec![
            c.name.clone(),
            short(c.estimate, digits),
            if_defined(c.has_standard_error, || short(c.standard_error, digits.min(6))),
            if_defined(c.t_is_defined(), || short(c.t, 4)),
            if_defined(c.t_is_defined(), || probability(c.p)),
            end(0),
            end(1),
            format!("{:.0}", c.digits.min(c.estimate_digits()).floor()),
        ]
    };
    let mut rows = vec![titles.map(str::to_owned).to_vec()];
    rows.extend(fit.coefficients().into_iter().map(row));
    for column in &fit.design().undetermined {
        let rest = ["not determined", "–", "–", "–", "–", "–", "–"].map(str::to_owned);
        rows.push([vec![column.name.clone()], rest.to_vec()].concat());
    }
    rows
}

fn summary(fit: &Regression) -> Vec<Vec<String>> {
    let line = |title: &str, value: String| vec![title.to_owned(), value];
    let (has_r, has_degrees) = (fit.r_squared_is_defined(), fit.degrees() > 0);
    let kind = if fit.r_squared_is_centred() { "" } else { " (uncentred)" };
    let degrees = fit.degrees();
    let on = format!("on {degrees} {} of freedom", if degrees == 1 { "degree" } else { "degrees" });
    let mut lines = vec![
        line(&format!("R²{kind}"), if_defined(has_r, || short(fit.r_squared(), 8))),
        line(&format!("adjusted R²{kind}"), if_defined(has_r && has_degrees, || short(fit.adjusted_r_squared(), 8))),
        line(
            "residual standard error",
            format!("{} {on}", if_defined(has_degrees, || short(fit.residual_deviation(), 8))),
        ),
    ];
    if let (Some(f), Some(p)) = (fit.f(), fit.p_of_f()) {
        let shown = || {
            let k = fit.model_degrees();
            format!("{} on {k} and {degrees} degrees of freedom, p {}", short(f, 6), probability(p))
        };
        lines.push(line("F", if_defined(fit.f_is_defined(), shown)));
    }
    lines.push(line("AIC, BIC", format!("{}, {}", plain(fit.aic(), 6), plain(fit.bic(), 6))));
    lines
}

/// Why a row is influential: |studentized| above 3, Cook's distance above 1, or a leverage above three times the mean.
fn reasons(i: &Influence, mean: f64) -> String {
    let found = [
        (i.studentized.abs() > 3.0, "large residual"),
        (i.studentized.is_infinite(), "the other rows are fitted exactly"),
        (i.cook > 1.0, "moves the coefficients"),
        (i.leverage.estimate() > (3.0 * mean).min(0.999), "high leverage"),
    ];
    found.iter().filter(|(holds, _)| *holds).map(|(_, reason)| *reason).collect::<Vec<_>>().join(", ")
}

/// The mean leverage, and the rows that are influential; none where every row has leverage 1.
pub(crate) fn influential(fit: &Regression, has_all_rows: bool) -> (f64, Vec<Influence>) {
    let mean = fit.parameters() as f64 / fit.observations() as f64;
    let is_listed = |i: &Influence| has_all_rows || fit.degrees() > 0 && !reasons(i, mean).is_empty();
    let found = fit.each_influence().filter(is_listed).collect();
    (mean, found)
}

fn influence(fit: &Regression, has_all_rows: bool) -> String {
    const SHOWN: usize = 8;
    let (mean, mut found) = influential(fit, has_all_rows);
    if found.is_empty() {
        return String::new();
    }
    if !has_all_rows {
        found.sort_by(|a, b| b.cook.total_cmp(&a.cook));
    }
    let shown = if has_all_rows { found.len() } else { SHOWN };
    let more = found.len().saturating_sub(shown);
    let mut rows =
        vec![["  row", "residual", "studentized", "leverage", "Cook's distance", "reason"].map(str::to_owned).to_vec()];
    rows.extend(found.iter().take(shown).map(|i| {
        let is_defined = !i.is_undefined(fit);
        vec![
            format!("  {}", i.row + 1),
            tight(i.residual, 4),
            if_defined(is_defined && fit.degrees() > 1, || plain(i.studentized, 3)),
            tight(i.leverage, 3),
            if_defined(is_defined, || plain(i.cook, 3)),
            reasons(i, mean),
        ]
    }));
    let title = if has_all_rows { "influence of each row" } else { "influential rows" };
    let rest = if more > 0 { format!("  and {more} more\n") } else { String::new() };
    format!("\n{title}\n{}{rest}", aligned(&rows, &[false, true, true, true, true, false]))
}
