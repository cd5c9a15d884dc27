//! `kappa ball` and `kappa about-norm`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use kappa::{AnyMatrix, AnyOperator, Enclosure, Norm};
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files, Reads};
use crate::failure::Failure;
use crate::output::Contents;
use crate::output::Kind;
use crate::parse::{number, read, shape};
use crate::session::{Input, Session};
use crate::text::{DIGITS, line, table};

#[derive(Args, Debug, Serialize)]
pub(crate) struct AboutNormArguments {
    /// The norm, such as nuclear or induced:1,2.
    #[arg(value_name = "NORM", value_parser = read::<Norm>)]
    norm: Norm,
    /// The largest ratio to this norm over all matrices of the shape and rank.
    #[arg(long, value_name = "NORM", requires = "shape", value_parser = read::<Norm>)]
    against: Option<Norm>,
    /// Rows and columns, such as 9x4.
    #[arg(long, value_name = "MxN", value_parser = shape, requires = "against")]
    shape: Option<(usize, usize)>,
    /// The largest rank; min(M, N) by default.
    #[arg(long, value_name = "R")]
    rank: Option<usize>,
}

/// What is known of a norm.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AboutNormResult {
    norm: Norm,
    dual: Norm,
    induced: bool,
    submultiplicative: bool,
    consistent: bool,
    unitarily_invariant: bool,
    absolute: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    constant: Option<ConstantResult>,
}

/// The largest ratio to another norm.
#[derive(Debug, Serialize, JsonSchema)]
struct ConstantResult {
    against: Norm,
    shape: (usize, usize),
    rank: usize,
    value: Enclosure,
    is_attained: bool,
}

impl Ask for AboutNormArguments {
    type Result = AboutNormResult;
    const ABOUT: &'static str = "Properties and dual of a norm, and its ratio to another one";
    const EXAMPLES: &'static [&'static str] = &["about-norm nuclear --against frobenius --shape 3x2"];
    const READS: Reads = Reads::Nothing;

    fn files(&self) -> Files<'_> {
        Files::default()
    }

    fn answer(&self, _: &Session) -> Result<Answer<AboutNormResult>, Failure> {
        let norm = self.norm;
        let result = AboutNormResult {
            norm,
            dual: norm.dual(),
            induced: norm.is_induced(),
            submultiplicative: norm.is_submultiplicative(),
            consistent: norm.is_consistent(),
            unitarily_invariant: norm.is_unitarily_invariant(),
            absolute: norm.is_absolute(),
            constant: self.constant()?,
        };
        let mut explanation = Explanation::plan("properties of the family of the norm; no matrix is read")
            .line("submultiplicative", "‖AB‖ ≤ ‖A‖‖B‖")
            .line("consistent", "‖Ax‖ ≤ ‖A‖‖x‖ for a norm of vectors")
            .line("absolute", "depends on the moduli of the entries alone");
        if let Some(constant) = &result.constant {
            explanation = explanation.bounds(&constant.value);
        }
        let explanation = explanation.reference(
            "Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 6.2; Horn and Johnson, \
                Matrix Analysis, 5.6",
        );
        let text = table(&result.lines());
        Ok(Answer::new(result, text).explained(explanation))
    }
}

impl AboutNormArguments {
    fn constant(&self) -> Result<Option<ConstantResult>, Failure> {
        let (Some(against), Some((m, n))) = (self.against, self.shape) else { return Ok(None) };
        let rank = self.rank.unwrap_or(m.min(n));
        let found = self.norm.constant(&against, m, n, rank)?;
        let is_attained = found.attained_by.is_some();
        Ok(Some(ConstantResult { against, shape: (m, n), rank, value: found.value, is_attained }))
    }
}

impl AboutNormResult {
    fn lines(&self) -> Vec<Vec<String>> {
        let yes = |title: &str, holds: bool| line(title, if holds { "yes" } else { "no" });
        let mut lines = vec![
            line("norm", self.norm.to_string()),
            line("dual", self.dual.to_string()),
            yes("induced", self.induced),
            yes("submultiplicative", self.submultiplicative),
            yes("consistent", self.consistent),
            yes("unitarily invariant", self.unitarily_invariant),
            yes("absolute", self.absolute),
        ];
        if let Some(ConstantResult { against, shape: (m, n), rank, value, is_attained }) = &self.constant {
            let attained = if *is_attained { "attained" } else { "an upper bound" };
            let value = value.short(DIGITS);
            lines.push(line(
                &format!("largest {}/{against}", self.norm),
                format!("{value} ({attained}, {m}×{n}, rank ≤ {rank})"),
            ));
        }
        lines
    }
}

#[derive(Args, Debug, Serialize)]
pub(crate) struct BallArguments {
    /// What to compute.
    #[arg(value_enum)]
    action: Action,
    #[command(flatten)]
    #[serde(flatten)]
    input: Input,
    /// The norm.
    #[arg(long, short, value_name = "NORM", value_parser = read::<Norm>)]
    norm: Norm,
    /// The radius of the ball, or the weight λ of the norm for prox.
    #[arg(long, short, value_name = "NUMBER", default_value_t = 1.0, allow_hyphen_values = true, value_parser = number)]
    radius: f64,
    /// The file to write.
    #[arg(long, short, value_name = "FILE.npy")]
    output: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Action {
    /// A subgradient of the norm.
    Subgradient,
    /// argmin ½‖X − A‖² + λ‖X‖.
    Prox,
    /// The nearest matrix in the ball.
    Project,
    /// argmin ⟨A, X⟩ over the ball.
    LinearMinimum,
}

/// The matrix that was written.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BallResult {
    tensor: String,
    shape: (usize, usize),
    norm: Norm,
    output: PathBuf,
    /// Of a subgradient; `null` for the other ones.
    is_unique: Option<bool>,
}

impl Ask for BallArguments {
    type Result = BallResult;
    const ABOUT: &'static str = "Subgradient, prox, projection and linear minimization for a norm";
    const EXAMPLES: &'static [&'static str] = &["ball subgradient w.npy --norm spectral -o s.npy"];

    fn files(&self) -> Files<'_> {
        Files::reads([&self.input.file]).writes(Some(&self.output), Kind::Array)
    }

    fn answer(&self, session: &Session) -> Result<Answer<BallResult>, Failure> {
        session.with_matrix(&self.input, |about, a| {
            let (x, is_unique) = self.matrix(a).map_err(about.error())?;
            let result = BallResult {
                tensor: about.name.to_owned(),
                shape: a.shape(),
                norm: self.norm,
                output: self.output.clone(),
                is_unique,
            };
            let answer = Answer::new(result, "")
                .file(Some(&self.output), || Contents::array(&x))
                .explained(self.explanation(is_unique));
            Ok(match is_unique {
                Some(true) => answer.note("the subgradient is unique: the norm is differentiable here"),
                Some(false) => answer.note("the subgradient may not be unique"),
                None => answer,
            })
        })
    }
}

impl BallArguments {
    fn matrix(&self, a: &AnyOperator<'_>) -> kappa::Result<(AnyMatrix, Option<bool>)> {
        Ok(match self.action {
            Action::Subgradient => {
                let found = a.subgradient(self.norm)?;
                (found.matrix().to_matrix()?, Some(found.is_unique()))
            }
            Action::Prox => (a.prox(self.norm, self.radius)?, None),
            Action::Project => (a.project(self.norm, self.radius)?, None),
            Action::LinearMinimum => (a.linear_minimum(self.norm, self.radius)?, None),
        })
    }

    fn explanation(&self, is_unique: Option<bool>) -> Explanation {
        let norm = self.norm;
        let where_it_lives = if norm.is_unitarily_invariant() { "of the singular values" } else { "of the entries" };
        let (plan, reference) = match self.action {
            Action::Subgradient => (
                format!("a dual vector {where_it_lives}: G with ⟨G, A⟩ = ‖A‖ and dual norm 1 ({norm})"),
                "Watson, Linear Algebra Appl. 170 (1992) 33–45",
            ),
            Action::Prox => (
                format!("Moreau: A minus its projection onto the ball of the dual norm, {where_it_lives} ({norm})"),
                "Parikh and Boyd, Found. Trends Optim. 1 (2014), chapter 6",
            ),
            Action::Project => (
                format!("the projection {where_it_lives} onto the ball of radius {} ({norm})", self.radius),
                "Parikh and Boyd, Found. Trends Optim. 1 (2014), chapter 6",
            ),
            Action::LinearMinimum => (
                format!("−radius times a dual vector {where_it_lives}, in the dual norm ({norm})"),
                "Jaggi, Revisiting Frank–Wolfe, ICML 2013",
            ),
        };
        let evidence = match is_unique {
            Some(true) => "computed in doubles; unique for certain",
            _ => "computed in doubles; the rounding is not enclosed",
        };
        Explanation::plan(plan).line("evidence", evidence).reference(reference)
    }
}
