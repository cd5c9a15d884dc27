//! `kappa regress`: a table of data to the table of a statistician.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use kappa::regression::{Cell, Column, Design, Formula, Regression, normal_quantile};
use kappa_report::{Picture, draw_quantiles, draw_residuals, regression_json, regression_text};
use kappa_tensors::{Frame, printable};
use serde_json::json;

use crate::failure::Failure;
use crate::parse::read;
use crate::{ANSWERED, output};

#[derive(Args, Debug)]
pub(crate) struct RegressArguments {
    /// A table as text: a title for each column, commas, semicolons, tabs or blanks between the cells.
    pub(crate) file: PathBuf,
    /// What is explained, where the formula does not say it.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) target: Option<String>,
    /// Such as "y ~ x + x^2 + region", "powers(x, 10)", "log(x)", "C(year)", "a:b", "a*b", "- 1"; every other column by default.
    #[arg(long, short, value_name = "FORMULA", value_parser = read::<Formula>, allow_hyphen_values = true)]
    pub(crate) formula: Option<Formula>,
    /// A column with a positive weight for each row.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) weights: Option<String>,
    /// The level of the confidence intervals, in percent.
    #[arg(long, value_name = "PERCENT", default_value_t = 95.0, value_parser = percent)]
    pub(crate) confidence: f64,
    /// Digits of each coefficient; no more are shown than are certain.
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u8).range(1..=17))]
    pub(crate) digits: u8,
    /// Draw residuals over fitted values, .svg or .png.
    #[arg(long, value_name = "FILE")]
    pub(crate) residuals: Option<PathBuf>,
    /// Draw residuals over the quantiles of the normal distribution, .svg or .png.
    #[arg(long, value_name = "FILE")]
    pub(crate) quantiles: Option<PathBuf>,
    /// Print one JSON object (see docs/json.md).
    #[arg(long)]
    pub(crate) json: bool,
    /// Say how the answer was found and why it may be believed.
    #[arg(long)]
    pub(crate) explain: bool,
}

fn percent(text: &str) -> Result<f64, String> {
    match text.trim().trim_end_matches('%').parse::<f64>() {
        Ok(x) if x > 0.0 && x < 100.0 => Ok(x),
        _ => Err("a level of confidence lies between 0 and 100 percent, both left out".into()),
    }
}

/// The bytes of a picture in the format that its ending names.
pub(crate) fn drawn(path: &Path, picture: &Picture) -> Result<(), Failure> {
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    let bytes = match ending.as_deref() {
        Some("svg") => picture.svg().into_bytes(),
        Some("png") => picture.png(),
        _ => return Err(unknown_ending(path)),
    };
    output::file(path, |file| file.write_all(&bytes))?;
    output::words(&format!("wrote {}", path.display()));
    Ok(())
}

fn unknown_ending(path: &Path) -> Failure {
    Failure::new(format!("`{}` is neither .svg nor .png", path.display())).with_hint("the ending decides: picture.svg")
}

/// Fails before anything is computed where a picture cannot be written.
pub(crate) fn check_picture(path: &Path, input: &Path) -> Result<(), Failure> {
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    if !matches!(ending.as_deref(), Some("svg" | "png")) {
        return Err(unknown_ending(path));
    }
    output::check_place_beside(path, input)
}

pub(crate) fn run(a: &RegressArguments) -> Result<u8, Failure> {
    for path in [&a.residuals, &a.quantiles].into_iter().flatten() {
        check_picture(path, &a.file)?;
    }
    if a.residuals.is_some() && a.residuals == a.quantiles {
        return Err(
            Failure::new("--residuals and --quantiles name the same file").with_hint("one picture would be lost")
        );
    }
    let frame = Frame::open(&a.file).map_err(|e| Failure::from(kappa_model::Error::from(e)))?;
    let columns = columns(&frame);
    let formula = formula(a)?;
    let about = |error: kappa::Error| {
        let failure = Failure::new(format!("`{}`: {error}", printable(&a.file.display().to_string())));
        match error.hint() {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        }
    };
    let design = match &a.weights {
        Some(weights) => Design::with_weights(&columns, &formula, a.target.as_deref(), weights),
        None => Design::new(&columns, &formula, a.target.as_deref()),
    };
    let design = design.map_err(about)?;
    if let Some(&first) = design.dropped.first() {
        output::words(&format!(
            "{} of {} rows are left out, because a value that is used is missing (the first in line {})",
            design.dropped.len(),
            frame.rows(),
            frame.line(first)
        ));
    }
    let fit = Regression::new(design).and_then(|fit| fit.with_confidence(a.confidence / 100.0)).map_err(about)?;
    if let Some(path) = &a.residuals {
        let deviation = fit.residual_deviation().estimate();
        drawn(path, &draw_residuals(&fit.design().target, &fit.fitted(), &fit.residuals(), deviation))?;
    }
    if let Some(path) = &a.quantiles {
        let studentized: Vec<f64> = fit.influence().iter().map(|i| i.studentized).collect();
        drawn(path, &draw_quantiles(&fit.design().target, &studentized, normal_quantile))?;
    }
    if a.explain {
        output::words(
            "the design matrix as pairs of doubles, a triangular factor and two residuals in 106 bits: each enclosure holds what exact \
             arithmetic gives for the numbers as the table prints them\nevidence: rounding; p and confidence intervals: doubles of the \
             distribution functions\nreference: Rump, SIMAX 33 (2012) 130–148; Belsley, Kuh and Welsch, Regression Diagnostics (1980)",
        );
    }
    if a.json {
        let inputs =
            json!({ "file": a.file, "formula": formula.to_string(), "target": a.target, "weights": a.weights });
        return output::json("regress", inputs, regression_json(&fit).map_err(about)?);
    }
    output::data(&regression_text(&fit, a.digits.into()).map_err(about)?)?;
    Ok(ANSWERED)
}

/// The columns by name.
fn columns(frame: &Frame) -> Vec<Column> {
    let column = |j: usize| Column { name: frame.titles[j].clone(), cells: frame.column(j).map(Cell::parse).collect() };
    (0..frame.titles.len()).map(column).collect()
}

/// The formula, with every other column where none is given.
fn formula(a: &RegressArguments) -> Result<Formula, Failure> {
    let formula = match &a.formula {
        Some(formula) => formula.clone(),
        None => Formula { target: None, has_constant: true, terms: vec![None] },
    };
    if formula.target.is_none() && a.target.is_none() {
        return Err(Failure::new("it is not said what is to be explained")
            .with_hint("name a column: --target y, or write a formula: --formula \"y ~ x\""));
    }
    Ok(formula)
}
