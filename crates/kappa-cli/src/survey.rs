//! `kappa survey`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clap::Args;
use kappa::{Plan, Tolerance};
use kappa_model::{Model, Opening, Progress, Report, Survey};
use kappa_report::{survey_csv, survey_html, survey_json, survey_markdown, survey_text};
use serde_json::json;

use crate::failure::Failure;
use crate::input::Style;
use crate::output;
use crate::parse::bytes;
use crate::progress::Bar;
use crate::progress::When;

#[derive(Args, Debug)]
pub(crate) struct SurveyArguments {
    /// The file, folder, or index of a sharded checkpoint.
    pub(crate) model: PathBuf,
    /// Only tensors whose name matches: a part of it, or `*` and `?`. May be given more than once.
    #[arg(long, value_name = "GLOB")]
    pub(crate) layers: Vec<String>,
    /// Only layers with a verdict that contains this, such as `finite`, `rank` or `duplicate`.
    #[arg(long, value_name = "VERDICT")]
    pub(crate) only: Option<String>,
    /// Threads; all processors by default. The digits do not depend on it.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) threads: usize,
    /// Memory that may be in use at once, such as 4GiB; half of what is available by default.
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub(crate) memory: Option<u64>,
    /// Count every rounding error: the bounds hold for certain, and the survey takes several times as long.
    #[arg(long)]
    pub(crate) certify: bool,
    /// Print comma-separated values.
    #[arg(long, group = "format", conflicts_with = "json")]
    pub(crate) csv: bool,
    /// Print a Markdown table.
    #[arg(long, group = "format", conflicts_with = "json")]
    pub(crate) markdown: bool,
    /// Print every column, also on a narrow terminal.
    #[arg(long)]
    pub(crate) wide: bool,
    /// Also write a report as one HTML file.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Whether to show progress.
    #[arg(long, value_enum, default_value_t = When::Auto)]
    pub(crate) progress: When,
    #[command(flatten)]
    pub(crate) style: Style,
}

pub(crate) fn run(a: &SurveyArguments) -> Result<u8, Failure> {
    a.html.as_deref().map_or(Ok(()), |path| output::check_place_beside(path, &a.model))?;
    let model = Model::open_with(&a.model, &Opening { map: !a.style.no_mmap })?;
    let how = Survey { layers: a.layers.clone(), threads: a.threads, memory: a.memory, certify: a.certify };
    let bar = Bar::new(a.progress);
    let never = AtomicBool::new(false);
    let progress = Progress { advanced: &|name, share| bar.advance(name, share), cancelled: &never };
    let surveyed = model.survey_with(&how, &progress);
    bar.finish();
    let mut report = surveyed?;
    let broken = report.first_broken().filter(|_| !report.has_measures());
    if let Some(word) = &a.only {
        keep_only(&mut report, word);
    }
    if let Some(path) = &a.html {
        let page = survey_html(&report, &title(&a.model));
        output::file(path, |file| file.write_all(page.as_bytes()))?;
        output::words(&format!("wrote {}", path.display()));
    }
    if a.style.explain {
        output::words(&explanation(&report));
    }
    let written = write(a, &report)?;
    match broken {
        // Nothing could be measured: the report is there, and so is the reason.
        Some(reason) => Err(Failure::new(format!("`{}`: {reason}", a.model.display())).with_hint(format!(
            "no other matrix of the file could be measured; `kappa survey {} --json` lists all",
            a.model.display()
        ))),
        None => Ok(written),
    }
}

fn keep_only(report: &mut Report, word: &str) {
    let word = word.to_lowercase();
    report.layers.retain(|layer| layer.verdicts.iter().any(|v| v.to_string().to_lowercase().contains(&word)));
    report.skipped.retain(|s| s.reason.to_lowercase().contains(&word));
}

fn title(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
}

fn write(a: &SurveyArguments, report: &Report) -> Result<u8, Failure> {
    if a.style.json {
        let inputs = json!({ "model": a.model, "layers": a.layers, "only": a.only });
        return output::json("survey", inputs, survey_json(report));
    }
    if a.csv {
        return output::data(&survey_csv(report));
    }
    if a.markdown {
        return output::data(&survey_markdown(report));
    }
    output::data(&survey_text(report, a.wide))
}

fn explanation(report: &Report) -> String {
    let is_certified = |layer: &kappa_model::Layer| {
        layer.singular_values.as_ref().is_some_and(|values| values.first().evidence().is_certified())
    };
    let values = if report.layers.iter().any(is_certified) {
        "Norms and singular values count every rounding error."
    } else {
        "Norms of the entries count every rounding error. Singular values come from a model of their algorithm's\nerrors."
    };
    let mut text = format!(
        "{values} Ranks count singular values above {}. The last column is log σᵢ/σ₁ over four decades.\n",
        Tolerance::default()
    );
    let lines = report.layers.iter().filter_map(|layer| {
        let values = layer.singular_values.as_ref()?;
        let certified = values.first().evidence().is_certified();
        let plan = if certified { Plan::certified_values(layer.matrix) } else { Plan::singular_values(layer.matrix) };
        Some(vec![
            kappa_model::printable(&layer.name),
            format!("planned: {plan}"),
            format!("done: {}", values.algorithm()),
            values.first().evidence().to_string(),
        ])
    });
    text += &kappa_report::aligned(&lines.collect::<Vec<_>>(), &[false; 4]);
    text
}
