//! What the commands with a right-hand side share: the two files, and how a solution is printed or written.

use std::cell::Cell;
use std::path::PathBuf;

use clap::Args;
use kappa::{AnyMatrix, AnyOperator};
use kappa_report::Entries;
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Explanation, Files};
use crate::failure::Failure;
use crate::output::Contents;
use crate::output::Kind;
use crate::session::{About, Rounding, Session, file_name};
use crate::text::{matrix, note};

/// A matrix, a right-hand side, and where the solution goes.
#[derive(Args, Debug, Serialize)]
pub(crate) struct Problem {
    /// The matrix A.
    pub(crate) file: PathBuf,
    /// The right-hand side b: a vector, or a matrix with a column for each problem.
    pub(crate) rhs: PathBuf,
    /// The tensor, where the file of the matrix holds more than one.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) tensor: Option<String>,
    /// Write the solution for numpy.load, instead of printing it.
    #[arg(long, short, value_name = "FILE.npy")]
    pub(crate) output: Option<PathBuf>,
    /// Whether the file of b has one dimension, so that the file of x has one too; known when b was read.
    #[arg(skip)]
    #[serde(skip)]
    is_vector: Cell<bool>,
}

/// A result with the solution x, which is left out with an output file.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Solved<R> {
    #[serde(flatten)]
    result: R,
    /// Rows of numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<Entries>,
}

/// What is said beside a solution.
pub(crate) struct Beside<R> {
    pub(crate) result: R,
    /// A table for standard error.
    pub(crate) lines: Vec<Vec<String>>,
    pub(crate) explanation: Explanation,
    /// The solution as it is printed, where only its certain digits are.
    pub(crate) text: Option<String>,
}

impl Problem {
    pub(crate) fn files(&self) -> Files<'_> {
        Files::reads([&self.file, &self.rhs]).writes(self.output.as_ref(), Kind::Array)
    }

    /// Asks the matrix and the right-hand side; a vector is a column whichever way it lies in its file.
    pub(crate) fn with<R>(
        &self,
        session: &Session,
        ask: impl FnOnce(&About<'_>, &AnyOperator<'_>, &AnyMatrix) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let b = session.with_file(&self.rhs, |about, b| {
            self.is_vector.set(about.is_vector);
            b.to_matrix().map_err(about.error())
        })?;
        self.check_finite(&b)?;
        session.with_tensor(&session.open(&self.file)?, self.tensor.as_deref(), Rounding::Ignored, |about, a| {
            let (rows, columns) = b.shape();
            let b = if rows != a.shape().0 && rows.min(columns) == 1 { b.into_column() } else { b };
            ask(about, a, &b)
        })
    }

    /// The right-hand side is named by its own file, before the matrix is blamed.
    fn check_finite(&self, b: &AnyMatrix) -> Result<(), Failure> {
        let (m, n) = b.shape();
        let is_broken = |&(i, j): &(usize, usize)| {
            let z = b.get(i, j);
            !(z.re.is_finite() && z.im.is_finite())
        };
        match (0..n).flat_map(|j| (0..m).map(move |i| (i, j))).find(is_broken) {
            Some((i, j)) => Err(Failure::new(format!(
                "{} has an entry that is not finite (row {}, column {})",
                file_name(&self.rhs),
                i + 1,
                j + 1
            ))
            .with_hint("a right-hand side with NaN or Inf has no solution: remove that row of A and b")),
            None => Ok(()),
        }
    }

    /// Writes or prints X, with the rest beside it.
    pub(crate) fn solved<R>(&self, x: &AnyMatrix, beside: Beside<R>) -> Answer<Solved<R>> {
        let is_printed = self.output.is_none();
        let text = if is_printed { beside.text.unwrap_or_else(|| matrix(x)) } else { String::new() };
        let result = Solved { result: beside.result, x: is_printed.then(|| Entries::from(x)) };
        Answer::new(result, text)
            .note(note(&beside.lines))
            .file(self.output.as_ref(), || if self.is_vector.get() { Contents::vector(x) } else { Contents::array(x) })
            .explained(beside.explanation)
    }
}

/// The right-hand side where it must be one column.
pub(crate) fn single(b: &AnyMatrix) -> Result<&AnyMatrix, Failure> {
    match b.shape().1 {
        1 => Ok(b),
        k => Err(Failure::new(format!("the right-hand side has {k} columns, and this problem takes one"))
            .with_hint("give one vector at a time")),
    }
}
