//! What is to be said about the files of a question, beside its answer.

use std::path::Path;

use kappa_model::{Rounded, printable};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{counted, number_text};

/// A remark about how a file was read.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Remark {
    /// `read` (how a tensor was read), `rounded` (entries that no double holds) or `skipped` (what was not read).
    kind: &'static str,
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tensor: Option<String>,
    /// In words.
    text: String,
    /// How many entries were rounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
    /// The indices of the first of them, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<Vec<usize>>,
    #[serde(skip)]
    is_quiet: bool,
}

impl Remark {
    /// A remark about a file.
    pub fn new(kind: &'static str, file: &Path, text: String) -> Self {
        let file = file.to_string_lossy().into_owned();
        Self { kind, file, tensor: None, text, count: None, first: None, is_quiet: false }
    }

    /// The same about a tensor of the file.
    #[must_use]
    pub fn of(self, tensor: &str) -> Self {
        Self { tensor: Some(tensor.to_owned()), ..self }
    }

    /// The same for JSON and explanations alone, because it does not change how the answer is read.
    #[must_use]
    pub fn quiet(self) -> Self {
        Self { is_quiet: true, ..self }
    }

    /// Whether it is for JSON and explanations alone.
    pub fn is_quiet(&self) -> bool {
        self.is_quiet
    }

    /// Whether entries were rounded.
    pub fn is_of_rounding(&self) -> bool {
        self.kind == "rounded"
    }

    /// What was rounded of a tensor. `is_about_doubles`: the bounds hold for the nearest doubles, not for the file.
    pub fn rounded(file: &Path, tensor: &str, rounded: &Rounded, is_about_doubles: bool) -> Self {
        let are = |count: usize| if count == 1 { "is not a double" } else { "are not doubles" };
        let what = match (rounded.count, rounded.integers) {
            (count, 0) => format!("{} {}", counted(count, "decimal"), are(count)),
            (count, n) if count == n => format!("{} {}", counted(n, "integer"), are(n)),
            (count, n) => format!("{} {}, {n} of them integers", counted(count, "number"), are(count)),
        };
        let (first, place) = (printable(&rounded.text), place(&rounded.first));
        let read = format!(" was read as {}", number_text(rounded.double));
        let read = if rounded.integers > 0 { read } else { String::new() };
        let about = if is_about_doubles { "; the bounds are about the nearest doubles" } else { "" };
        let text = format!("{what} (the first in {place}: {first}{read}){about}");
        let first = Some(rounded.first.iter().map(|k| k + 1).collect());
        Self { count: Some(rounded.count), first, ..Self::new("rounded", file, text).of(tensor) }
    }
}

impl std::fmt::Display for Remark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.file.as_str() {
            "-" => f.write_str("standard input: ")?,
            file => write!(f, "`{}`: ", printable(file))?,
        }
        if let Some(tensor) = &self.tensor {
            write!(f, "`{}`: ", printable(tensor))?;
        }
        f.write_str(&self.text)
    }
}

/// Indices from 0 as people count them.
pub fn place(indices: &[usize]) -> String {
    match *indices {
        [i] => format!("position {}", i + 1),
        [i, j] => format!("row {}, column {}", i + 1, j + 1),
        _ => format!("position {:?}", indices.iter().map(|k| k + 1).collect::<Vec<_>>()),
    }
}
