//! A regression as statisticians print it.

use kappa::regression::{Influence, Regression};
use kappa::{Enclosure, Result};
use serde_json::{Value, json};

use crate::{aligned, enclosure_json, number_json};

/// A number in so many digits, as far as they are certain.
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

/// The table of coefficients, what the model explains, collinearity in words, and the rows to look at. `digits` of each coefficient
/// are shown, at most those that are certain.
pub fn regression_text(fit: &Regression, digits: usize) -> Result<String> {
    let design = fit.design();
    let level = 100.0 * fit.confidence();
    let mut rows =
        vec![["", "coefficient", "std. error", "t", "p", "from", "to", "certain"].map(str::to_owned).to_vec()];
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
    let mut text = format!("{} by least squares, {} rows", design.target, fit.observations());
    if !design.dropped.is_empty() {
        text += &format!(" ({} left out: a value is missing)", design.dropped.len());
    }
    text += &format!("\n\n{}", aligned(&rows, &[false, true, true, true, true, true, true, true]));
    text += &format!("from – to: {level} % confidence; certain: digits of the coefficient that are proved\n");
    for (column, level) in &design.references {
        text += &format!("{column}: compared with {level}\n");
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
            "residual deviation",
            format!("{} on {} degrees of freedom", short(fit.residual_deviation(), 8), fit.degrees()),
        ),
    ];
    if let (Some(f), Some(p)) = (fit.f(), fit.p_of_f()) {
        let shown = short(f, 6);
        lines.push(line(
            "F",
            format!("{shown} on {} and {} degrees, p {}", fit.model_degrees(), fit.degrees(), probability(p)),
        ));
    }
    lines.push(line("AIC, BIC", format!("{}, {}", plain(fit.aic(), 6), plain(fit.bic(), 6))));
    lines
}

/// Rows that decide more than others: |studentized| above 3, Cook's distance above 1, or a leverage above three times the mean.
fn is_outstanding(i: &Influence, mean: f64) -> bool {
    i.studentized.abs() > 3.0 || i.cook > 1.0 || i.leverage > (3.0 * mean).min(0.999)
}

fn outstanding(fit: &Regression) -> String {
    const SHOWN: usize = 8;
    let mean = fit.parameters() as f64 / fit.observations() as f64;
    let mut found: Vec<Influence> = fit.influence().into_iter().filter(|i| is_outstanding(i, mean)).collect();
    if found.is_empty() {
        return String::new();
    }
    found.sort_by(|a, b| b.cook.total_cmp(&a.cook));
    let more = found.len().saturating_sub(SHOWN);
    let mut rows = vec![["  row", "residual", "studentized", "leverage", "Cook"].map(str::to_owned).to_vec()];
    rows.extend(found.iter().take(SHOWN).map(|i| {
        vec![
            format!("  {}", i.row + 1),
            plain(i.residual, 4),
            plain(i.studentized, 3),
            plain(i.leverage, 3),
            plain(i.cook, 3),
        ]
    }));
    let rest = if more > 0 { format!("  and {more} more\n") } else { String::new() };
    format!("\nrows to look at\n{}{rest}", aligned(&rows, &[false, true, true, true, true]))
}

/// All of it for machines.
pub fn regression_json(fit: &Regression) -> Result<Value> {
    let design = fit.design();
    let collinearity = fit.collinearity()?;
    let coefficients: Vec<Value> = fit
        .coefficients()
        .into_iter()
        .zip(&collinearity.inflation)
        .map(|(c, vif)| {
            json!({
                "name": c.name, "estimate": enclosure_json(&c.estimate), "standard_error": enclosure_json(&c.standard_error),
                "t": enclosure_json(&c.t), "p": number_json(c.p), "interval": [number_json(c.interval.0), number_json(c.interval.1)],
                "certain_digits": c.digits, "variance_inflation": vif.as_ref().map(enclosure_json),
            })
        })
        .collect();
    let optional = |x: f64| if x.is_nan() { Value::Null } else { number_json(x) };
    let influence: Vec<Value> = fit
        .influence()
        .iter()
        .map(|i| {
            json!({
                "row": i.row, "residual": number_json(i.residual), "leverage": i.leverage, "standardized": optional(i.standardized),
                "studentized": optional(i.studentized), "cook": optional(i.cook), "dffits": optional(i.dffits),
            })
        })
        .collect();
    let dependencies: Vec<Value> = collinearity
        .dependencies
        .iter()
        .map(|d| json!({ "index": number_json(d.index), "proportions": d.proportions }))
        .collect();
    Ok(json!({
        "target": design.target, "rows": fit.observations(), "dropped": design.dropped, "confidence": fit.confidence(),
        "references": design.references.iter().map(|(c, l)| json!({ "column": c, "level": l })).collect::<Vec<_>>(),
        "coefficients": coefficients, "degrees": fit.degrees(), "model_degrees": fit.model_degrees(),
        "residual_deviation": enclosure_json(&fit.residual_deviation()), "residual_square": enclosure_json(&fit.residual_square()),
        "model_square": enclosure_json(&fit.model_square()), "total_square": enclosure_json(&fit.total_square()),
        "r_squared": enclosure_json(&fit.r_squared()), "adjusted_r_squared": enclosure_json(&fit.adjusted_r_squared()),
        "f": fit.f().as_ref().map(enclosure_json), "p_of_f": fit.p_of_f().map(number_json),
        "log_likelihood": number_json(fit.log_likelihood()), "aic": number_json(fit.aic()), "bic": number_json(fit.bic()),
        "collinearity": { "dependencies": dependencies, "words": collinearity.words() },
        "influence": influence, "fitted": fit.fitted(),
    }))
}
