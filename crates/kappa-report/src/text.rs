//! Aligned text for a terminal.

use kappa::Enclosure;
use kappa_model::{Report, printable};

use crate::columns::columns;

/// A survey as an aligned table, with its findings and the tensors that were not measured. `all` shows every column.
pub fn survey_text(report: &Report, all: bool) -> String {
    let columns = columns(all);
    let mut text = String::new();
    if !report.layers.is_empty() {
        let titles = columns.iter().map(|c| c.title.to_owned()).collect();
        let rows = report.layers.iter().map(|layer| columns.iter().map(|c| (c.cell)(layer)).collect());
        let table: Vec<Vec<String>> = std::iter::once(titles).chain(rows).collect();
        text += &aligned(&table, &columns.iter().map(|c| c.right).collect::<Vec<_>>());
    }
    let notes: Vec<Vec<String>> = report
        .layers
        .iter()
        .flat_map(|layer| layer.verdicts.iter().map(|v| vec![format!("  {}", printable(&layer.name)), v.to_string()]))
        .collect();
    if !notes.is_empty() {
        text += "\nfindings\n";
        text += &aligned(&notes, &[false, false]);
    }
    if !report.skipped.is_empty() {
        text += &format!("\nnot measured ({})\n", report.skipped.len());
        text += &aligned(&skipped(report), &[false, false]);
    }
    text
}

/// Reasons with their names; many tensors with one reason share a line.
fn skipped(report: &Report) -> Vec<Vec<String>> {
    const SHOWN: usize = 3;
    let mut groups: Vec<(&str, Vec<String>)> = Vec::new();
    for skipped in &report.skipped {
        let name = printable(&skipped.name);
        match groups.iter_mut().find(|(reason, _)| *reason == skipped.reason) {
            Some((_, names)) => names.push(name),
            None => groups.push((&skipped.reason, vec![name])),
        }
    }
    let line = |(reason, names): (&str, Vec<String>)| {
        let more = names.len().saturating_sub(SHOWN);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        vec![format!("  {reason}"), format!("{}{rest}", names[..names.len().min(SHOWN)].join(", "))]
    };
    groups.into_iter().map(line).collect()
}

/// Rows of cells as lines, each column as wide as its widest cell.
pub fn aligned(rows: &[Vec<String>], right: &[bool]) -> String {
    let width = |j: usize| rows.iter().filter_map(|row| row.get(j)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..right.len()).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).zip(right).map(|((cell, &width), &right)| {
            let space = " ".repeat(width - cell.chars().count());
            if right { format!("{space}{cell}") } else { format!("{cell}{space}") }
        });
        text += cells.collect::<Vec<_>>().join("  ").trim_end();
        text.push('\n');
    }
    text
}

/// `1 row`, `2 rows`: a count with the noun that it counts.
pub fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// A double with all its digits, and with `∞` for infinity.
pub fn number_text(x: f64) -> String {
    match x {
        f64::INFINITY => "∞".into(),
        f64::NEG_INFINITY => "-∞".into(),
        0.0 => "0".into(),
        _ => {
            let text = format!("{x:?}");
            text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
        }
    }
}

/// Both ends of an enclosure with all their digits.
pub fn ends(x: &Enclosure) -> String {
    format!("{} … {}", number_text(x.lower()), number_text(x.upper()))
}
