//! What a command is, and what it gives: a result for machines, text for people, and how the answer was found.

use std::path::{Path, PathBuf};

use kappa::Enclosure;
use kappa_report::ends;
use schemars::JsonSchema;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::{Contents, Kind};
use crate::session::Session;

/// The exit code of an answer.
pub(crate) const ANSWERED: u8 = 0;
/// The exit code of a check that is false.
pub(crate) const FALSE: u8 = 1;
/// The exit code of a question without an answer.
pub(crate) const NO_ANSWER: u8 = 2;

/// What a command reads.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Reads {
    /// Files of tensors.
    Tensors,
    /// A table of data.
    Table,
    /// Neither.
    Nothing,
}

/// A command: a struct of arguments, serialized as the `inputs` of the JSON object, and one function to an answer.
pub(crate) trait Ask: clap::Args + Serialize {
    /// The `result` of the JSON object.
    type Result: Serialize + JsonSchema;

    /// One line of help.
    const ABOUT: &'static str;

    /// Command lines without `kappa `, simplest first, for the files of `examples/small`. The help, the manual and
    /// docs/commands.md show them; the tests run them.
    const EXAMPLES: &'static [&'static str];

    /// What the command reads, which some options are about.
    const READS: Reads = Reads::Tensors;

    /// Whether every answer holds for certain, as with `--certify`.
    const CERTIFIES: bool = false;

    /// The files that it reads and writes, for a check before anything is computed.
    fn files(&self) -> Files<'_>;

    /// Computes the answer; printing and writing it is left to the driver.
    fn answer(&self, session: &Session) -> Result<Answer<Self::Result>, Failure>;
}

/// The files of a command.
#[derive(Debug, Default)]
pub(crate) struct Files<'a> {
    pub(crate) reads: Vec<&'a Path>,
    pub(crate) writes: Vec<(&'a Path, Kind)>,
}

impl<'a> Files<'a> {
    pub(crate) fn reads(paths: impl IntoIterator<Item = &'a PathBuf>) -> Self {
        Self { reads: paths.into_iter().map(PathBuf::as_path).collect(), writes: Vec::new() }
    }

    pub(crate) fn writes(mut self, path: Option<&'a PathBuf>, kind: Kind) -> Self {
        self.writes.extend(path.map(|path| (path.as_path(), kind)));
        self
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer<R> {
    pub(crate) result: R,
    /// For standard output; nothing is printed where it is empty.
    pub(crate) text: String,
    /// Lines for standard error, which JSON replaces.
    pub(crate) notes: Vec<String>,
    pub(crate) explanation: Explanation,
    pub(crate) files: Vec<(PathBuf, Contents)>,
    pub(crate) code: u8,
    /// Why there is no answer to the question as a whole, though there is a result to print.
    pub(crate) failure: Option<Failure>,
}

impl<R> Answer<R> {
    pub(crate) fn new(result: R, text: impl Into<String>) -> Self {
        Self {
            result,
            text: text.into(),
            notes: Vec::new(),
            explanation: Explanation::default(),
            files: Vec::new(),
            code: ANSWERED,
            failure: None,
        }
    }

    pub(crate) fn explained(mut self, explanation: Explanation) -> Self {
        self.explanation = explanation;
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    pub(crate) fn file(mut self, path: Option<&PathBuf>, contents: impl FnOnce() -> Contents) -> Self {
        self.files.extend(path.map(|path| (path.clone(), contents())));
        self
    }

    /// The exit code of a check: 0 where it is true, 1 where it is false.
    pub(crate) fn holds(mut self, holds: bool) -> Self {
        self.code = if holds { ANSWERED } else { FALSE };
        self
    }

    /// The same answer with another result, as for a command that answers in several ways.
    pub(crate) fn map<S>(self, into: impl FnOnce(R) -> S) -> Answer<S> {
        let Self { result, text, notes, explanation, files, code, failure } = self;
        Answer { result: into(result), text, notes, explanation, files, code, failure }
    }
}

/// How an answer was found and why it may be believed: titled lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Explanation(Vec<(&'static str, String)>);

impl Explanation {
    /// Begins with the plan: which algorithm, on what.
    pub(crate) fn plan(plan: impl Into<String>) -> Self {
        Self(vec![("plan", plan.into())])
    }

    pub(crate) fn line(mut self, title: &'static str, text: impl Into<String>) -> Self {
        self.0.push((title, text.into()));
        self
    }

    /// Bounds and evidence of a number.
    pub(crate) fn bounds(self, x: &Enclosure) -> Self {
        self.line("bounds", ends(x)).line("evidence", x.evidence().to_string())
    }

    /// Where the algorithm is described.
    pub(crate) fn reference(self, text: &str) -> Self {
        self.line("reference", text)
    }
}

impl std::fmt::Display for Explanation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lines: Vec<String> = self.0.iter().map(|(title, text)| format!("{title}:{}{text}", blank(text))).collect();
        f.write_str(&lines.join("\n"))
    }
}

/// What separates a title from its text: a table begins on its own line.
fn blank(text: &str) -> &'static str {
    if text.starts_with('\n') { "" } else { " " }
}
