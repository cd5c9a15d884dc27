//! `kappa list`.

use std::path::PathBuf;

use clap::Args;
use kappa_model::{Listed, Model, Pattern, Reading, printable};
use kappa_report::{aligned, counted};
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::session::Session;
use crate::text::titles;

#[derive(Args, Debug, Serialize)]
pub(crate) struct ListArguments {
    /// The file, folder, or index of a sharded checkpoint; `-` reads standard input.
    model: PathBuf,
    /// One line for all tensors of a type and a shape whose names differ by numbers.
    #[arg(long)]
    patterns: bool,
}

/// What a file or a checkpoint holds.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ListResult {
    /// The tensors, or those of a pattern together.
    tensors: Vec<ListedTensor>,
    /// The numbers in all tensors.
    numbers: usize,
    /// The bytes of all tensors in their files.
    bytes: usize,
    /// What is not read, with the reasons.
    skipped: Vec<NotRead>,
    /// What the file says about itself.
    metadata: serde_json::Map<String, serde_json::Value>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ListedTensor {
    /// The name, or a pattern with ranges of numbers in braces.
    name: String,
    /// How many tensors the pattern stands for.
    count: usize,
    dtype: &'static str,
    shape: Vec<usize>,
    /// The bytes in the file, of all tensors of the pattern, with their scales.
    bytes: usize,
    role: String,
    /// Rows and columns of the matrix as which it is measured; null for one that is not, and for several matrices.
    matrix: Option<(usize, usize)>,
    /// In words, the matrices as which it is measured; null for a tensor that is not.
    #[serde(rename = "as")]
    reading: Option<String>,
    /// The stored tensors that it is decoded from.
    parts: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct NotRead {
    name: String,
    reason: String,
}

impl Ask for ListArguments {
    type Result = ListResult;
    const ABOUT: &'static str = "List the tensors of a file or a checkpoint without reading their numbers";
    const EXAMPLES: &'static [&'static str] = &["list w.npy"];

    fn files(&self) -> Files<'_> {
        Files::reads([&self.model])
    }

    fn answer(&self, session: &Session) -> Result<Answer<ListResult>, Failure> {
        let model = session.open_whole(&self.model)?;
        let tensors = if self.patterns { of_patterns(model.patterns()) } else { of_tensors(model.listing()) };
        let result = ListResult {
            numbers: model.tensors().iter().map(|info| info.len()).sum(),
            bytes: tensors.iter().map(|t| t.bytes).sum(),
            skipped: (model.skipped().iter())
                .map(|s| NotRead { name: s.name.clone(), reason: s.reason.clone() })
                .collect(),
            metadata: model.metadata().clone(),
            tensors,
        };
        let is_sound = !model.skipped().iter().any(|s| s.is_broken && !s.is_unsupported());
        let text = text(&result, &model);
        Ok(Answer::new(result, text)
            .explained(
                Explanation::plan("headers only; the numbers are not read")
                    .reference("docs/formats.md names the specification of each format"),
            )
            .holds(is_sound))
    }
}

fn of_tensors(tensors: Vec<Listed>) -> Vec<ListedTensor> {
    let one = |t: Listed| {
        let name = t.name.clone();
        of_pattern(Pattern { name, count: 1, bytes: t.bytes, first: t })
    };
    tensors.into_iter().map(one).collect()
}

fn of_patterns(patterns: Vec<Pattern>) -> Vec<ListedTensor> {
    patterns.into_iter().map(of_pattern).collect()
}

fn of_pattern(pattern: Pattern) -> ListedTensor {
    let Pattern { name, count, first, bytes } = pattern;
    ListedTensor {
        name,
        count,
        dtype: first.dtype.name(),
        shape: first.shape,
        bytes,
        role: first.role.to_string(),
        matrix: first.reading.as_ref().and_then(Reading::shape),
        reading: first.reading.as_ref().map(Reading::text),
        parts: first.parts,
    }
}

/// Bytes in the largest unit that leaves a number of at least 1.
fn size(bytes: usize) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let unit = (0..units.len()).rev().find(|&k| bytes >> (10 * k) > 0).unwrap_or(0);
    match unit {
        0 => format!("{bytes} B"),
        _ => format!("{:.1} {}", bytes as f64 / (1u64 << (10 * unit)) as f64, units[unit]),
    }
}

fn text(result: &ListResult, model: &Model) -> String {
    let has_counts = result.tensors.iter().any(|t| t.count > 1);
    let has_parts = result.tensors.iter().any(|t| !t.parts.is_empty());
    let mut head = titles(["tensor", "count", "shape", "type", "bytes", "role", "measured as", "decoded from"]);
    let row = |t: &ListedTensor| {
        let shape = t.shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("×");
        // Parts of the same module are named by what differs.
        let short = |part: &String| printable(part.rsplit('.').next().unwrap_or(part));
        vec![
            printable(&t.name),
            t.count.to_string(),
            if shape.is_empty() { "–".into() } else { shape },
            t.dtype.to_owned(),
            size(t.bytes),
            t.role.clone(),
            t.reading.clone().unwrap_or_else(|| "–".into()),
            t.parts.iter().map(short).collect::<Vec<_>>().join(", "),
        ]
    };
    let mut rows: Vec<Vec<String>> = result.tensors.iter().map(row).collect();
    let mut right = vec![false, true, false, false, true, false, false, false];
    for (k, is_shown) in [(7, has_parts), (1, has_counts)] {
        if !is_shown {
            rows.iter_mut().chain([&mut head]).for_each(|row| drop(row.remove(k)));
            right.remove(k);
        }
    }
    rows.insert(0, head);
    let tensors = counted(model.tensors().len(), "tensor");
    let mut text = if result.tensors.is_empty() { String::new() } else { aligned(&rows, &right) + "\n" };
    text += &format!("{tensors}, {}, {}\n", counted(result.numbers, "number"), size(result.bytes));
    if !result.skipped.is_empty() {
        let rows = result.skipped.iter().map(|s| vec![format!("  {}", s.reason), printable(&s.name)]);
        text +=
            &format!("\nnot read ({})\n{}", result.skipped.len(), aligned(&rows.collect::<Vec<_>>(), &[false, false]));
    }
    text
}
