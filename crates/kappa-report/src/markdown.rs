//! A table for a README or an issue.

use kappa_model::{Report, printable};

use crate::columns::columns;

/// A survey as a Markdown table, with notes below it.
pub fn survey_markdown(report: &Report) -> String {
    let columns = columns(true);
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(columns.iter().map(|c| c.title.to_owned()).collect());
    text += &line(columns.iter().map(|c| if c.right { "---:" } else { "---" }.to_owned()).collect());
    for layer in &report.layers {
        text += &line(columns.iter().map(|c| escaped(&(c.cell)(layer))).collect());
    }
    let notes = report.layers.iter().flat_map(|layer| layer.verdicts.iter().map(move |v| (&layer.name, v.to_string())));
    let skipped = report.skipped.iter().map(|s| (&s.name, format!("not measured: {}", s.reason)));
    let notes: Vec<String> =
        notes.chain(skipped).map(|(name, note)| format!("- `{}`: {}\n", printable(name), escaped(&note))).collect();
    if !notes.is_empty() {
        text += "\n";
        text += &notes.concat();
    }
    text
}

fn escaped(cell: &str) -> String {
    cell.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace('*', "\\*")
}
