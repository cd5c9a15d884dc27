//! `kappa regress`: a table of data to the table of a statistician.

use std::path::PathBuf;

use clap::Args;
use kappa::equations::regression::{Cell, Column, Design, Formula, Regression, confidence_level, normal_quantile};
use kappa_report::{
    RegressionResult, counted, draw_quantiles, draw_residuals, regression_text, regression_text_of_all_rows,
};
use kappa_tensors::{Entry, Frame};
use serde::{Serialize, Serializer};

use crate::answer::{Answer, Ask, Explanation, Files, Reads};
use crate::failure::Failure;
use crate::output::Contents;
use crate::output::Kind;
use crate::parse::read;
use crate::session::{Session, file_name};

#[derive(Args, Debug, Serialize)]
pub(crate) struct RegressArguments {
    /// A table as text: a title for each column; commas, semicolons, tabs or blanks between the cells. `-` reads
    /// standard input. With the feature `parquet` also a file of Parquet or Arrow.
    file: PathBuf,
    /// The response variable, where the formula does not name it.
    #[arg(long, value_name = "COLUMN")]
    target: Option<String>,
    /// Such as "y ~ x + x^2 + region", "powers(x, 10)", "log(x)", "C(year)", "C(g, base=b)", "a:b", "a*b", "- 1";
    /// every other column by default.
    #[arg(long, short, value_name = "FORMULA", value_parser = read::<Formula>, allow_hyphen_values = true)]
    #[serde(serialize_with = "shown")]
    formula: Option<Formula>,
    /// A column with a positive weight for each row.
    #[arg(long, value_name = "COLUMN")]
    weights: Option<String>,
    /// Level of the confidence intervals: 95, 95% or 0.95.
    #[arg(long, value_name = "PERCENT", default_value_t = 95.0, value_parser = percent)]
    confidence: f64,
    /// Maximum number of digits of a coefficient; only certain digits are shown.
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u8).range(1..=17))]
    digits: u8,
    /// List the residual, leverage and influence of every row, not of the influential rows only.
    #[arg(long)]
    influence: bool,
    /// Draw residuals over fitted values, .svg or .png.
    #[arg(long, value_name = "FILE")]
    residuals: Option<PathBuf>,
    /// Draw residuals over the quantiles of the normal distribution, .svg or .png.
    #[arg(long, value_name = "FILE")]
    quantiles: Option<PathBuf>,
}

/// The formula that is used, with every other column where none is given.
fn shown<S: Serializer>(formula: &Option<Formula>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&formula.clone().unwrap_or_else(every_other))
}

fn every_other() -> Formula {
    Formula { target: None, has_constant: true, terms: vec![None] }
}

/// A level of confidence in percent: 95, 95% or 0.95.
fn percent(text: &str) -> Result<f64, String> {
    let (number, is_percent) = match text.trim().strip_suffix('%') {
        Some(number) => (number.trim_end(), true),
        None => (text.trim(), false),
    };
    let x: f64 = number.parse().map_err(|_| "a level of confidence is a number such as 95, 95% or 0.95".to_owned())?;
    if is_percent && x > 0.0 && x < 100.0 {
        return Ok(x);
    }
    match confidence_level(if is_percent { f64::NAN } else { x }) {
        Ok(_) if x > 1.0 => Ok(x),
        // Without the rounding error of the product: 99.9 for 0.999.
        Ok(level) => Ok((level * 1e14).round() / 1e12),
        Err(error) => Err(format!(
            "a level of confidence lies strictly between 0 and 100 %: {}",
            error.hint().unwrap_or_default()
        )),
    }
}

impl Ask for RegressArguments {
    type Result = RegressionResult;
    const ABOUT: &'static str = "Linear regression of a table, with proved digits and diagnostics";
    const EXAMPLES: &'static [&'static str] = &["regress table.csv --target y --residuals res.svg"];
    const READS: Reads = Reads::Table;

    fn files(&self) -> Files<'_> {
        let files = Files::reads([&self.file]);
        files.writes(self.residuals.as_ref(), Kind::Picture).writes(self.quantiles.as_ref(), Kind::Picture)
    }

    fn answer(&self, session: &Session) -> Result<Answer<RegressionResult>, Failure> {
        if self.target.is_none() && self.formula.as_ref().is_none_or(|formula| formula.target.is_none()) {
            return Err(Failure::new(format!("{}: no response variable", file_name(&self.file)))
                .with_hint("name a column with --target, or write a formula: --formula \"y ~ x\""));
        }
        let opened = Frame::open(&self.file, session.dialect());
        let frame = opened.map_err(|e| Failure::from(kappa_model::Error::from(e)))?;
        let about = |error: kappa::Error| Failure::from(error).within(&file_name(&self.file));
        let (lines, word) = ((0..frame.rows()).map(|i| frame.line(i)).collect::<Vec<_>>(), frame.line_word());
        let left_out = frame.left_out().iter().map(|one| format!("{} is left out: {}", one.name, one.reason));
        let left_out: Vec<String> = left_out.collect();
        let fit = self.fit(frame).map_err(about)?;
        let design = fit.design();
        let digits = self.digits.into();
        let (result, text) = match self.influence {
            true => (RegressionResult::of_all_rows(&fit), regression_text_of_all_rows(&fit, digits)),
            false => (RegressionResult::new(&fit), regression_text(&fit, digits)),
        };
        let mut answer = Answer::new(result.map_err(about)?, text.map_err(about)?).explained(explanation());
        answer = left_out.into_iter().fold(answer, Answer::note);
        if let Some(&first) = design.dropped.first() {
            answer = answer.note(format!(
                "{} of {} left out because of a missing value (the first in {word} {} of the file)",
                design.dropped.len(),
                counted(lines.len(), "row"),
                lines[first]
            ));
        }
        if let Some(first) = design.undetermined.first() {
            answer = answer.note(format!(
                "{} left out because a combination of categories has no row (the first is {})",
                counted(design.undetermined.len(), "column"),
                first.name
            ));
        }
        Ok(self.with_pictures(answer, &fit))
    }
}

impl RegressArguments {
    fn fit(&self, frame: Frame) -> kappa::Result<Regression> {
        let columns = columns(&frame);
        // A large table is in memory once at a time.
        drop(frame);
        let formula = self.formula.clone().unwrap_or_else(every_other);
        let target = self.target.as_deref();
        let design = match &self.weights {
            Some(weights) => Design::with_weights(&columns, &formula, target, weights),
            None => Design::new(&columns, &formula, target),
        };
        drop(columns);
        Regression::new(design?)?.with_confidence(self.confidence / 100.0)
    }

    fn with_pictures(&self, mut answer: Answer<RegressionResult>, fit: &Regression) -> Answer<RegressionResult> {
        let target = &fit.design().target;
        if let Some(path) = &self.residuals {
            let deviation = fit.residual_deviation().estimate();
            let picture = draw_residuals(target, &fit.fitted(), &fit.residuals(), deviation);
            answer = answer.file(Some(path), || Contents::picture(path, &picture));
        }
        if let Some(path) = &self.quantiles {
            let studentized: Vec<f64> = fit.influence().iter().map(|i| i.studentized).collect();
            let picture = draw_quantiles(target, &studentized, normal_quantile);
            answer = answer.file(Some(path), || Contents::picture(path, &picture));
        }
        answer
    }
}

fn explanation() -> Explanation {
    Explanation::plan("the design matrix as pairs of doubles, a triangular factor and two residuals in 106 bits")
        .line("bounds", "each enclosure holds what exact arithmetic gives for the numbers as the table prints them")
        .line("evidence", "rounding; p and confidence intervals are doubles of the distribution functions")
        .reference(
            "Rump, SIAM J. Matrix Anal. Appl. 33 (2012) 130–148; Belsley, Kuh and Welsch, Regression \
            Diagnostics (1980)",
        )
}

/// The columns by name.
fn columns(frame: &Frame) -> Vec<Column> {
    let cell = |entry: Entry<'_>| match entry {
        Entry::Text(text) => Cell::parse(&text),
        Entry::Double(x) => Cell::from(x),
        Entry::Missing => Cell::Missing,
    };
    let column = |j: usize| Column { name: frame.titles[j].clone(), cells: frame.column(j).map(cell).collect() };
    (0..frame.titles.len()).map(column).collect()
}
