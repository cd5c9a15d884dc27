//! `kappa lstsq`: least squares, plain, weighted, with equations, with errors in the matrix.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use kappa::equations::{AnyLstsqSolution, Constrained, Errors, LstsqMethod};
use kappa::serialize::Number;
use kappa::{AnyMatrix, AnyOperator, Enclosure, Guarantee, Lstsq, Tolerance};
use schemars::JsonSchema;
use serde::Serialize;

use super::problem::{Beside, Problem, Solved, single};
use super::solve::{Certificate, Iterating, Iterations, certified};
use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::parse::{number, read};
use crate::session::{About, Session, file_name};
use crate::text::{about_size, at_most, line, scientific, short};

#[derive(Args, Debug, Serialize)]
pub(crate) struct LstsqArguments {
    #[command(flatten)]
    #[serde(flatten)]
    problem: Problem,
    #[command(flatten)]
    #[serde(flatten)]
    iterating: Iterating,
    /// Prove every digit: an enclosure of each entry, every rounding error counted.
    #[arg(long, conflicts_with_all = ["method", "tolerance", "weights", "equations", "covariance", "total"])]
    certify: bool,
    /// qr, cod, svd, or normal-equations (which squares the condition number).
    #[arg(long, value_name = "NAME", value_parser = read::<LstsqMethod>)]
    #[arg(conflicts_with_all = ["equations", "covariance", "total"])]
    method: Option<LstsqMethod>,
    /// Singular values below this share of the largest count as zero; by default max(rows, columns)·ε of the stored
    /// type. Chooses svd where no method is named.
    #[arg(long, value_name = "SHARE", conflicts_with_all = ["iterate", "equations", "covariance", "total"])]
    #[arg(value_parser = number)]
    tolerance: Option<f64>,
    /// A positive weight for each row.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["iterate", "equations", "covariance", "total"])]
    weights: Option<PathBuf>,
    /// Equality constraints: the matrix C and the vector d of Cx = d.
    #[arg(long, value_names = ["C", "D"], num_args = 2, conflicts_with_all = ["iterate", "covariance", "total"])]
    equations: Option<Vec<PathBuf>>,
    /// Use Lagrange multipliers instead of the null space of the equations.
    #[arg(long, requires = "equations")]
    multipliers: bool,
    /// A factor B of the covariance BBᵀ of the errors.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["iterate", "total"])]
    covariance: Option<PathBuf>,
    /// Errors in the matrix as well: everywhere, in the matrix alone, or everywhere but in --exact-columns.
    #[arg(long, value_enum, value_name = "WHERE", conflicts_with = "iterate")]
    #[arg(num_args = 0..=1, default_missing_value = "everywhere", require_equals = true)]
    total: Option<Where>,
    /// Weigh the errors of b by this factor against those of the matrix.
    #[arg(long, value_name = "GAMMA", requires = "total", value_parser = number)]
    scale: Option<f64>,
    /// Columns without errors, counted from 0.
    #[arg(long, value_name = "J,…", value_delimiter = ',', requires = "total")]
    exact_columns: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Where {
    /// In the matrix and in b.
    Everywhere,
    /// In the matrix alone.
    Matrix,
}

/// A solution of min ‖Ax − b‖.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum LstsqResult {
    Plain(Solved<Plain>),
    Iterated(Solved<Iterations>),
    Certified(Solved<Certificate>),
    Total(Solved<Total>),
    Constrained(Solved<WithEquations>),
    Generalized(Solved<Generalized>),
}

/// By a factorization.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Plain {
    method: LstsqMethod,
    rank: usize,
    residual_norms: Vec<Number>,
    cond: Enclosure,
    backward_error: Enclosure,
    forward_error: Enclosure,
}

/// With errors in the matrix.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Total {
    correction_norm: Number,
    gap: Enclosure,
    is_unique: bool,
}

/// With equality constraints.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WithEquations {
    residual_norm: Number,
    constraint_norm: Number,
    is_unique: bool,
    /// Lagrange's multipliers of a real problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    multipliers: Option<Vec<Number>>,
}

/// With a covariance of the errors.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Generalized {
    error_norm: Number,
    errors: Vec<Number>,
    is_unique: bool,
}

impl Ask for LstsqArguments {
    type Result = LstsqResult;
    const ABOUT: &'static str = "Least squares: plain, weighted, constrained, total";
    const EXAMPLES: &'static [&'static str] = &[
        "lstsq t.npy r.npy",
        "lstsq t.npy r.npy --equations c.npy d.npy",
        "lstsq t.npy r.npy --covariance k.npy",
        "lstsq t.npy r.npy --total",
    ];

    fn files(&self) -> Files<'_> {
        let mut files = self.problem.files();
        let more = [self.weights.as_ref(), self.covariance.as_ref()].into_iter().flatten();
        files.reads.extend(more.chain(self.equations.iter().flatten()).map(PathBuf::as_path));
        files
    }

    fn answer(&self, session: &Session) -> Result<Answer<LstsqResult>, Failure> {
        self.problem.with(session, |about, a, b| {
            if let Some(answer) = self.iterating.answer(&self.problem, about, a, b, true)? {
                return Ok(answer.map(LstsqResult::Iterated));
            }
            if self.certify {
                let how = Lstsq { guarantee: Guarantee::Certified, ..Lstsq::default() };
                let s = a.lstsq_by(b, &how).map_err(about.error())?;
                let answer = certified(&self.problem, about, s.x(), s.enclosures())?;
                return Ok(answer.map(LstsqResult::Certified));
            }
            match (self.total, &self.equations, &self.covariance) {
                (Some(total), ..) => Ok(self.total(about, a, b, total)?.map(LstsqResult::Total)),
                (_, Some(files), _) => Ok(self.constrained(session, about, a, b, files)?.map(LstsqResult::Constrained)),
                (.., Some(file)) => Ok(self.generalized(session, about, a, b, file)?.map(LstsqResult::Generalized)),
                _ => Ok(self.plain(session, about, a, b)?.map(LstsqResult::Plain)),
            }
        })
    }
}

fn unique(is_unique: bool) -> Vec<String> {
    line("unique", if is_unique { "yes" } else { "no: the solution of least norm is given" })
}

/// The parts of a real column.
fn numbers(x: &AnyMatrix) -> Vec<Number> {
    (0..x.shape().0).map(|i| x.get(i, 0).re.into()).collect()
}

impl LstsqArguments {
    fn plain(
        &self,
        session: &Session,
        about: &About<'_>,
        a: &AnyOperator<'_>,
        b: &AnyMatrix,
    ) -> Result<Answer<Solved<Plain>>, Failure> {
        let tolerance = self.tolerance.map(Tolerance::relative).transpose()?.unwrap_or_default();
        let how = Lstsq { method: self.method, tolerance, ..Lstsq::default() };
        let weights = self.weights.as_deref().map(|path| session.real_vector(path)).transpose()?;
        let s = match &weights {
            Some(w) => a.weighted_lstsq(single(b)?, w, &how),
            None => a.lstsq_by(b, &how),
        };
        let s = s.map_err(about.error())?;
        let x = s.x().to_matrix().map_err(about.error())?;
        Ok(self.problem.solved(&x, plain(&s, x.shape().0)))
    }

    fn total(
        &self,
        about: &About<'_>,
        a: &AnyOperator<'_>,
        b: &AnyMatrix,
        total: Where,
    ) -> Result<Answer<Solved<Total>>, Failure> {
        let errors = match (total, self.scale, self.exact_columns.as_slice()) {
            (Where::Matrix, None, []) => Errors::Matrix,
            (Where::Everywhere, None, []) => Errors::Everywhere,
            (Where::Everywhere, Some(gamma), []) => Errors::Scaled(gamma),
            (Where::Everywhere, None, columns) => Errors::ExactColumns(columns.to_vec()),
            _ => {
                return Err(Failure::new("--scale, --exact-columns and --total=matrix exclude each other")
                    .with_hint("choose one of them"));
            }
        };
        let s = a.total_lstsq(single(b)?, &errors).map_err(about.error())?;
        let lines = vec![
            line("correction norm", short(s.correction_norm(), 6)),
            line("gap σₙ − σₙ₊₁", short(s.gap().estimate(), 4)),
            unique(s.is_unique()),
        ];
        let explanation = Explanation::plan("the last right singular vector of [A b]")
            .line("gap", format!("{} ({})", s.gap().short(6), s.gap().evidence()))
            .reference("Van Huffel and Vandewalle, The Total Least Squares Problem (1991)");
        let result = Total { correction_norm: s.correction_norm().into(), gap: s.gap(), is_unique: s.is_unique() };
        Ok(self.problem.solved(&s.x(), Beside { result, lines, explanation, text: None }))
    }

    fn constrained(
        &self,
        session: &Session,
        about: &About<'_>,
        a: &AnyOperator<'_>,
        b: &AnyMatrix,
        files: &[PathBuf],
    ) -> Result<Answer<Solved<WithEquations>>, Failure> {
        let [c, d] = files else { return Err(Failure::new("--equations needs a matrix and a vector")) };
        let how = if self.multipliers { Constrained::Multipliers } else { Constrained::NullSpace };
        let (c, d) = (session.matrix(c, None)?.1, session.column(d)?);
        let s = a.constrained_lstsq(single(b)?, &c, &d, how).map_err(about.error())?;
        let lines = vec![
            line("residual norm", short(s.residual_norm(), 6)),
            line("‖d − Cx‖", scientific(s.constraint_norm(), 1)),
            unique(s.is_unique()),
        ];
        let plan = if self.multipliers {
            "Lagrange multipliers from the QR factorizations of A and of the equations"
        } else {
            "the null space of the equations, by QR factorizations"
        };
        let explanation = Explanation::plan(plan)
            .line("evidence", "residual: ‖d − Cx‖ is printed")
            .reference("Björck, Numerical Methods for Least Squares Problems, section 5.1");
        let multipliers = s.multipliers();
        let result = WithEquations {
            residual_norm: s.residual_norm().into(),
            constraint_norm: s.constraint_norm().into(),
            is_unique: s.is_unique(),
            multipliers: (!multipliers.is_complex()).then(|| numbers(&multipliers)),
        };
        Ok(self.problem.solved(&s.x(), Beside { result, lines, explanation, text: None }))
    }

    fn generalized(
        &self,
        session: &Session,
        about: &About<'_>,
        a: &AnyOperator<'_>,
        b: &AnyMatrix,
        file: &Path,
    ) -> Result<Answer<Solved<Generalized>>, Failure> {
        let factor = AnyMatrix::Real(session.real_matrix(file, None)?);
        if a.is_complex() || b.is_complex() {
            return Err(Failure::new(format!(
                "{} gives a real covariance, and the problem is complex",
                file_name(file)
            ))
            .with_hint("solve for real and imaginary parts as two unknowns"));
        }
        let s = a.generalized_lstsq(single(b)?, &factor).map_err(about.error())?;
        let lines = vec![line("norm of the errors", short(s.error_norm(), 6)), unique(s.is_unique())];
        let explanation = Explanation::plan("the general Gauss–Markov model, by orthogonal factors")
            .line("evidence", "backward stable")
            .reference("Paige, Math. Comp. 33 (1979) 171–183");
        let result =
            Generalized { error_norm: s.error_norm().into(), errors: numbers(&s.errors()), is_unique: s.is_unique() };
        Ok(self.problem.solved(&s.x(), Beside { result, lines, explanation, text: None }))
    }
}

fn plain(s: &AnyLstsqSolution, unknowns: usize) -> Beside<Plain> {
    let (cond, backward, forward) = (s.cond(), s.backward_error(), s.forward_error());
    let norms: Vec<String> = s.residual_norms().iter().map(|&r| short(r, 6)).collect();
    let mut lines = vec![
        line("solved by", s.method().to_string()),
        line("rank", format!("{} of {unknowns}", s.rank())),
        line("residual norm", norms.join(", ")),
        line("condition κ₂", format!("about {}", short(cond.estimate(), 3))),
        line("relative error", about_size(forward.estimate())),
    ];
    if s.method() == LstsqMethod::NormalEquations {
        lines.push(line("warning", "the normal equations square the condition number; `--method qr` does not"));
    }
    let explanation = Explanation::plan(s.method().to_string())
        .line("backward error", format!("{} ({})", at_most(backward.upper()), backward.evidence()))
        .line("relative error", format!("{} ({})", about_size(forward.estimate()), forward.evidence()))
        .reference(
            "Björck, Numerical Methods for Least Squares Problems; Higham, Accuracy and Stability of Numerical \
                Algorithms, 2nd ed., \
             chapter 20",
        );
    let result = Plain {
        method: s.method(),
        rank: s.rank(),
        residual_norms: Number::list(s.residual_norms()),
        cond,
        backward_error: backward,
        forward_error: forward,
    };
    Beside { result, lines, explanation, text: None }
}
