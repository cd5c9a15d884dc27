//! `kappa survey`.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clap::Args;
use kappa::Tolerance;
use kappa::plan::Algorithm;
use kappa_model::{Layer, Progress, Report, Skipped, Survey, printable};
use kappa_report::{SurveyResult, aligned, survey_csv, survey_html, survey_markdown, survey_text};
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::output::Contents;
use crate::output::Kind;
use crate::parse::bytes;
use crate::plans;
use crate::progress::{Bar, When};
use crate::session::{Rounding, Session, file_name, in_file};

#[derive(Args, Debug, Serialize)]
pub(crate) struct SurveyArguments {
    /// The file, folder, or index of a sharded checkpoint; `-` reads standard input.
    model: PathBuf,
    /// Only tensors whose name matches: a part of it, or `*` and `?`. May be given more than once.
    #[arg(long, value_name = "GLOB")]
    layers: Vec<String>,
    /// Only layers with a verdict that contains this, such as finite, rank or duplicate.
    #[arg(long, value_name = "VERDICT")]
    only: Option<String>,
    /// Number of threads; all processors by default. The digits do not depend on it.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    #[serde(skip)]
    threads: usize,
    /// Maximum memory in use at once, such as 4GiB; half of what is available by default.
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    #[serde(skip)]
    memory: Option<u64>,
    /// Count every rounding error: the bounds hold for certain; takes several times as long.
    #[arg(long)]
    certify: bool,
    /// Print comma-separated values.
    #[arg(long, group = "format", conflicts_with = "json")]
    #[serde(skip)]
    csv: bool,
    /// Print a Markdown table.
    #[arg(long, group = "format", conflicts_with = "json")]
    #[serde(skip)]
    markdown: bool,
    /// Print every column, also on a narrow terminal.
    #[arg(long)]
    #[serde(skip)]
    wide: bool,
    /// Also write a report as one HTML file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Whether to show progress.
    #[arg(long, value_enum, default_value_t = When::Auto)]
    #[serde(skip)]
    progress: When,
}

impl Ask for SurveyArguments {
    type Result = SurveyResult;
    const ABOUT: &'static str = "Measure every weight matrix of a checkpoint";
    const EXAMPLES: &'static [&'static str] = &["survey w.npy"];

    fn files(&self) -> Files<'_> {
        Files::reads([&self.model]).writes(self.html.as_ref(), Kind::Any)
    }

    fn answer(&self, session: &Session) -> Result<Answer<SurveyResult>, Failure> {
        let mut report = self.report(session)?;
        let is_sound = report.is_sound();
        let mut notes = notes(&report, self.csv);
        let broken = report.first_broken().filter(|_| !report.has_measures()).map(|reason| self.broken(&reason));
        if let Some(word) = &self.only {
            keep_only(&mut report, word);
        }
        let answer = Answer::new(SurveyResult::from(&report), self.text(&report))
            .file(self.html.as_ref(), || Contents::Bytes(survey_html(&report, &title(&self.model)).into_bytes()))
            .explained(explanation(&report));
        let is_empty = report.layers.is_empty() && report.skipped.is_empty();
        if let Some(word) = self.only.as_ref().filter(|_| is_empty) {
            notes.push(format!("no layer, and nothing that was skipped, is `{word}`"));
        }
        // Nothing could be measured: the report is printed, and so is the reason.
        Ok(Answer { failure: broken, notes, ..answer.holds(is_sound) })
    }
}

impl SurveyArguments {
    fn report(&self, session: &Session) -> Result<Report, Failure> {
        let model = session.open_whole(&self.model)?;
        for name in model.weights() {
            session.say_reading(&model, &name, Rounding::OneOfMany)?;
        }
        let how =
            Survey { layers: self.layers.clone(), threads: self.threads, memory: self.memory, certify: self.certify };
        let bar = Bar::new(self.progress);
        let never = AtomicBool::new(false);
        let progress = Progress { advanced: &|name, share| bar.advance(name, share), cancelled: &never };
        let surveyed = model.survey_with(&how, &progress);
        bar.finish();
        surveyed.map_err(in_file(&self.model))
    }

    fn broken(&self, reason: &str) -> Failure {
        Failure::new(format!("{}: {reason}", file_name(&self.model))).with_hint(format!(
            "no other matrix of the file could be measured; `kappa survey {} --json` lists all",
            self.model.display()
        ))
    }

    fn text(&self, report: &Report) -> String {
        match self {
            Self { csv: true, .. } => survey_csv(report),
            Self { markdown: true, .. } => survey_markdown(report),
            _ => survey_text(report, self.wide),
        }
    }
}

/// What the report itself does not say where it is read: why the exit code is 1, and what a table of values leaves out.
fn notes(report: &Report, is_csv: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if is_csv {
        let skipped = |s: &Skipped| format!("not measured: `{}`: {}", printable(&s.name), s.reason);
        notes.extend(report.skipped.iter().map(skipped));
    }
    match report.first_broken() {
        Some(reason) if report.has_measures() && !report.is_sound() => notes.push(format!("not sound: {reason}")),
        None if !report.has_measures() => {
            let why =
                report.skipped.first().map_or(String::new(), |s| format!(": `{}` {}", printable(&s.name), s.reason));
            notes.push(format!("no matrix was measured{why}"));
        }
        _ => {}
    }
    if report.has_measures() && !report.unreached.is_empty() {
        let (count, first) = (report.unreached.len(), printable(&report.unreached[0]));
        notes.push(format!("not measured for lack of memory: {count} (the first is `{first}`); raise --memory"));
    }
    let mut reasons: Vec<&str> = report.doubts.iter().map(|(_, reason)| *reason).collect();
    reasons.sort_unstable();
    reasons.dedup();
    for reason in reasons {
        let names: Vec<&String> = report.doubts.iter().filter(|(_, r)| *r == reason).map(|(name, _)| name).collect();
        let more = if names.len() > 1 { format!(" and {} more", names.len() - 1) } else { String::new() };
        notes.push(format!("measured whole: `{}`{more}: {reason}", printable(names[0])));
    }
    notes
}

fn keep_only(report: &mut Report, word: &str) {
    let word = word.to_lowercase();
    report.layers.retain(|layer| layer.verdicts.iter().any(|v| v.to_string().to_lowercase().contains(&word)));
    report.skipped.retain(|s| s.reason.to_lowercase().contains(&word));
}

fn title(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
}

fn explanation(report: &Report) -> Explanation {
    let is_certified =
        |layer: &Layer| layer.singular_values.as_ref().is_some_and(|v| v.first().evidence().is_certified());
    let evidence = if report.layers.iter().any(is_certified) {
        "rounding: norms and singular values count every rounding error"
    } else {
        "norms of the entries count every rounding error; the bounds of singular values are a model of the \
            algorithm's errors"
    };
    let mut references: Vec<&str> = Vec::new();
    let lines: Vec<Vec<String>> = report
        .layers
        .iter()
        .filter_map(|layer| {
            let values = layer.singular_values.as_ref()?;
            let plan = plans::of_values(layer.matrix, is_certified(layer));
            let reference = plans::reference(plan.algorithm);
            if plan.algorithm != Algorithm::Length && !references.contains(&reference) {
                references.push(reference);
            }
            Some(vec![
                format!("  {}", printable(&layer.name)),
                format!("planned: {plan}"),
                format!("done: {}", values.algorithm()),
                values.first().evidence().to_string(),
            ])
        })
        .collect();
    let explanation = Explanation::plan("one pass over the entries and all singular values of each matrix")
        .line("evidence", evidence)
        .line("ranks", format!("singular values above {} are counted", Tolerance::default()))
        .line("spectrum", "log σᵢ/σ₁ over four decades")
        .line("layers", format!("\n{}", aligned(&lines, &[false; 4]).trim_end()));
    references.into_iter().fold(explanation, Explanation::reference)
}
