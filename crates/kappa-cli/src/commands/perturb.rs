//! `kappa perturb` and `kappa backward-error`: changes of a matrix and what they do.

use std::path::PathBuf;

use clap::Args;
use kappa::perturb::{AnyBackwardError, Applied, QUICK_EIGENVALUES};
use kappa::serialize::Number;
use kappa::{AnyMatrix, AnyOperator, Enclosure, c64};
use kappa_report::aligned;
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::output::Contents;
use crate::output::Kind;
use crate::parse::complex;
use crate::session::{Rounding, Session};
use crate::text::{scientific, titles};

#[derive(Args, Debug, Serialize)]
pub(crate) struct PerturbArguments {
    /// The matrix before.
    file: PathBuf,
    /// The matrix after.
    other: PathBuf,
    /// The tensor, where a file holds more than one matrix.
    #[arg(long, short, value_name = "NAME")]
    tensor: Option<String>,
    /// Also the theorems for eigenvalues and for the inverse, of square matrices above order 250 too: they take minutes
    /// from an order of about 1000 on.
    #[arg(long)]
    eigenvalues: bool,
}

/// Every theorem about a change of a matrix, with the bound and the actual change.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PerturbResult {
    tensor: String,
    theorems: Vec<AppliedTheorem>,
    /// Why theorems for eigenvalues and for the inverse were left out.
    left_out: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct AppliedTheorem {
    theorem: &'static str,
    quantity: String,
    bound: Enclosure,
    actual: Enclosure,
    /// actual/bound: 1 where the bound is attained.
    ratio: Number,
}

impl From<&Applied> for AppliedTheorem {
    fn from(t: &Applied) -> Self {
        Self {
            theorem: t.theorem.name(),
            quantity: t.quantity.clone(),
            bound: t.bound,
            actual: t.actual,
            ratio: t.ratio().into(),
        }
    }
}

impl Ask for PerturbArguments {
    type Result = PerturbResult;
    const ABOUT: &'static str = "Every perturbation theorem for two matrices, with the actual change";
    const EXAMPLES: &'static [&'static str] = &["perturb a.npy b.npy"];

    fn files(&self) -> Files<'_> {
        Files::reads([&self.file, &self.other])
    }

    fn answer(&self, session: &Session) -> Result<Answer<PerturbResult>, Failure> {
        let (_, after) = session.matrix(&self.other, self.tensor.as_deref())?;
        session.with_tensor(&session.open(&self.file)?, self.tensor.as_deref(), Rounding::Ignored, |about, before| {
            let (m, n) = before.shape();
            let with_eigenvalues = self.eigenvalues || n <= QUICK_EIGENVALUES;
            let found = before.perturb_by(&AnyOperator::from(&after), with_eigenvalues).map_err(about.error())?;
            let mut lines = vec![titles(["theorem", "bound", "actual", "ratio", "quantity"])];
            lines.extend(found.iter().map(|t| {
                vec![
                    t.theorem.name().to_owned(),
                    scientific(t.bound.upper(), 3),
                    scientific(t.actual.estimate(), 3),
                    format!("{:.3}", t.ratio()),
                    t.quantity.clone(),
                ]
            }));
            let mut explanation = Explanation::plan(
                "both matrices are decomposed; each theorem is applied to the norm of their difference",
            );
            for t in &found {
                explanation = explanation
                    .line(t.theorem.name(), format!("{} ({})", t.theorem.statement(), t.actual.evidence()))
                    .reference(t.theorem.reference());
            }
            let theorems = found.iter().map(AppliedTheorem::from).collect();
            let left_out = (m == n && !with_eigenvalues).then(|| {
                format!(
                    "the theorems for eigenvalues and for the inverse are left out at order {n}; `--eigenvalues` \
                     applies them"
                )
            });
            let result = PerturbResult { tensor: about.name.to_owned(), theorems, left_out: left_out.clone() };
            let text = aligned(&lines, &[false, true, true, true, false]);
            let answer = Answer::new(result, text).explained(explanation);
            Ok(left_out.into_iter().fold(answer, Answer::note))
        })
    }
}

#[derive(Args, Debug, Serialize)]
pub(crate) struct BackwardErrorArguments {
    /// The matrix.
    file: PathBuf,
    /// The computed solution, or eigenvector.
    solution: PathBuf,
    /// The right-hand side; none for an eigenvector.
    rhs: Option<PathBuf>,
    /// For relative changes of each entry (Oettli and Prager).
    #[arg(long, conflicts_with_all = ["least_squares", "eigenvalue"])]
    componentwise: bool,
    /// Of a least squares solution, for changes of the matrix alone.
    #[arg(long, conflicts_with = "eigenvalue")]
    least_squares: bool,
    /// The eigenvalue that belongs to the vector; its imaginary part after a comma.
    #[arg(long, value_name = "RE[,IM]", value_parser = complex, allow_hyphen_values = true)]
    eigenvalue: Option<(f64, f64)>,
    /// Write a change of the matrix that makes the answer exact.
    #[arg(long, short, value_name = "FILE.npy")]
    output: Option<PathBuf>,
}

/// The least relative change of the data for which an answer is exact.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BackwardErrorResult {
    tensor: String,
    value: Enclosure,
}

impl Ask for BackwardErrorArguments {
    type Result = BackwardErrorResult;
    const ABOUT: &'static str = "The backward error of a computed answer";
    const EXAMPLES: &'static [&'static str] = &["backward-error a.npy rhs.npy rhs.npy"];

    fn files(&self) -> Files<'_> {
        let reads = [Some(&self.file), Some(&self.solution), self.rhs.as_ref()];
        Files::reads(reads.into_iter().flatten()).writes(self.output.as_ref(), Kind::Array)
    }

    fn answer(&self, session: &Session) -> Result<Answer<BackwardErrorResult>, Failure> {
        if self.least_squares && self.output.is_some() {
            return Err(Failure::new("no change of the matrix is known for a least squares solution")
                .with_hint("leave --output out"));
        }
        let x = session.column(&self.solution)?;
        let b = self.rhs.as_deref().map(|path| session.column(path)).transpose()?;
        session.with_file(&self.file, |about, a| {
            let (value, change) = self.judge(a, &x, b.as_ref()).map_err(|e| match e {
                Wrong::Question(e) => about.failure(&e),
                Wrong::Arguments(failure) => failure,
            })?;
            let result = BackwardErrorResult { tensor: about.name.to_owned(), value };
            let mut answer = Answer::new(result, format!("{}\n", value.short(6))).explained(self.explanation(&value));
            if let (Some(path), Some(change)) = (&self.output, &change) {
                answer = answer.file(Some(path), || Contents::array(change));
            }
            Ok(answer)
        })
    }
}

/// Why there is no backward error: an error of the question, or of the arguments.
enum Wrong {
    Question(kappa::Error),
    Arguments(Failure),
}

impl From<kappa::Error> for Wrong {
    fn from(error: kappa::Error) -> Self {
        Self::Question(error)
    }
}

impl BackwardErrorArguments {
    fn judge(
        &self,
        a: &AnyOperator<'_>,
        x: &AnyMatrix,
        b: Option<&AnyMatrix>,
    ) -> Result<(Enclosure, Option<AnyMatrix>), Wrong> {
        let found = match (self.eigenvalue, b) {
            (Some((re, im)), _) => AnyBackwardError::Complex(a.backward_error_eigenpair(c64::new(re, im), x)?),
            (_, None) => {
                return Err(Wrong::Arguments(
                    Failure::new("a solution needs its right-hand side")
                        .with_hint("kappa backward-error A.npy x.npy b.npy, or --eigenvalue for an eigenvector"),
                ));
            }
            (_, Some(b)) if self.least_squares => return Ok((a.backward_error_least_squares(x, b)?, None)),
            (_, Some(b)) if self.componentwise => a.componentwise_backward_error(x, b)?,
            (_, Some(b)) => a.backward_error_system(x, b)?,
        };
        Ok((found.value(), Some(found.matrix_change().to_matrix()?)))
    }

    fn explanation(&self, value: &Enclosure) -> Explanation {
        let (plan, reference) = if self.eigenvalue.is_some() {
            ("‖Ax − λx‖/(‖A‖‖x‖)", "Rigal and Gaches, J. ACM 14 (1967) 543–548")
        } else if self.least_squares {
            (
                "the least singular value of an extended matrix",
                "Waldén, Karlson and Sun, Numer. Linear Algebra Appl. 2 (1995) 271–286",
            )
        } else if self.componentwise {
            ("max |b − Ax|ᵢ/(|A||x| + |b|)ᵢ", "Oettli and Prager, Numer. Math. 6 (1964) 405–409")
        } else {
            ("‖b − Ax‖/(‖A‖‖x‖ + ‖b‖)", "Rigal and Gaches, J. ACM 14 (1967) 543–548")
        };
        Explanation::plan(format!("{plan}, with the residual in twice the working precision"))
            .bounds(value)
            .reference(reference)
    }
}
