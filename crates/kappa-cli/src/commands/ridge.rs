//! `kappa ridge`: regularized least squares.

use std::path::PathBuf;

use clap::Args;
use kappa::equations::{AnyRidge, AnyRidgeSolution, Choice, RidgePoint};
use kappa::serialize::Number;
use kappa::{AnyMatrix, Enclosure, Matrix};
use kappa_report::{aligned, draw_filters, draw_l_curve};
use schemars::JsonSchema;
use serde::Serialize;

use super::problem::{Beside, Problem, Solved, single};
use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::output::Contents;
use crate::output::Kind;
use crate::session::{About, Session};
use crate::text::{at_most, certain_digits, line, scientific, short, titles};

#[derive(Args, Debug, Serialize)]
pub(crate) struct RidgeArguments {
    #[command(flatten)]
    #[serde(flatten)]
    problem: Problem,
    /// λ of min ‖Ax − b‖² + λ‖Lx‖²: a number, gcv, l-curve, leave-one-out, discrepancy:NOISE (the 2-norm of the noise
    /// in b) or
    /// norm:BOUND (of ‖Lx‖).
    #[arg(long, value_name = "RULE", default_value = "gcv", allow_hyphen_values = true)]
    lambda: String,
    /// The operator L; the identity by default.
    #[arg(long, value_name = "FILE", conflicts_with = "differences")]
    operator: Option<PathBuf>,
    /// Finite differences of this order as L: 1 for slopes, 2 for curvatures.
    #[arg(long, value_name = "ORDER", value_parser = clap::value_parser!(u32).range(1..=8))]
    differences: Option<u32>,
    /// Print N points of the path instead of a solution: λ, residual norm, solution norm, degrees, GCV, curvature.
    #[arg(long, value_name = "N", conflicts_with = "output")]
    path: Option<usize>,
    /// Draw the L-curve, .svg or .png.
    #[arg(long, value_name = "FILE")]
    l_curve: Option<PathBuf>,
    /// Draw the filter factors with the Picard plot, .svg or .png.
    #[arg(long, value_name = "FILE")]
    filters: Option<PathBuf>,
}

/// A regularized solution, or points of the path.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum RidgeResult {
    Solution(Solved<Chosen>),
    Path { path: Vec<RidgePoint> },
}

/// The solution for the chosen λ.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Chosen {
    chosen: RidgePoint,
    /// Whether the rule ended at an end of the range of λ that it searched, so that the data do not determine λ.
    is_at_end: bool,
    cond: Number,
    /// ‖x − x*‖/‖x‖ for the exact solution x* at this λ.
    error: Enclosure,
    filter_factors: Vec<Number>,
    singular_values: Vec<Number>,
}

impl Ask for RidgeArguments {
    type Result = RidgeResult;
    const ABOUT: &'static str = "Ridge and Tikhonov regularization, with λ by a rule";
    const EXAMPLES: &'static [&'static str] = &["ridge t.npy r.npy --l-curve l.svg", "ridge t.npy r.npy --path 3"];

    fn files(&self) -> Files<'_> {
        let mut files = self.problem.files();
        files.reads.extend(self.operator.as_deref());
        files.writes(self.l_curve.as_ref(), Kind::Picture).writes(self.filters.as_ref(), Kind::Picture)
    }

    fn answer(&self, session: &Session) -> Result<Answer<RidgeResult>, Failure> {
        let choice: Choice = self.lambda.parse()?;
        let given = self.operator.as_deref().map(|path| session.matrix(path, None)).transpose()?.map(|(_, l)| l);
        self.problem.with(session, |about, a, b| {
            let n = a.shape().1;
            let l = match (given, self.differences) {
                (Some(l), _) => Some(l),
                (None, Some(order)) => Some(AnyMatrix::Real(differences(n, order as usize)?)),
                (None, None) => None,
            };
            let ridge = AnyRidge::new(a, single(b)?, l.as_ref()).map_err(about.error())?;
            let s = ridge.choose(choice).map_err(about.error())?;
            let chosen = ridge.point(s.lambda()).map_err(about.error())?;
            let factors = ridge.filter_factors(s.lambda()).map_err(about.error())?;
            let answer = match self.path {
                Some(count) => path(&ridge.path(count).map_err(about.error())?).explained(explanation(&self.lambda)),
                None => {
                    let error = s.error();
                    let mut lines = vec![
                        line("λ", short(s.lambda(), 6)),
                        line("residual norm", short(s.residual_norm(), 6)),
                        line("solution norm", short(s.solution_norm(), 6)),
                        line("effective degrees of freedom", format!("{:.3} of {n}", s.degrees())),
                        line("condition (σ₁² + λ)/(σₙ² + λ)", short(s.cond(), 6)),
                        line(
                            "relative error",
                            if error.upper() < 1.0 { at_most(error.upper()) } else { "not known".into() },
                        ),
                    ];
                    if s.is_at_end() {
                        lines.push(line("warning", AT_END));
                    }
                    let result = Chosen {
                        chosen,
                        is_at_end: s.is_at_end(),
                        cond: s.cond().into(),
                        error,
                        filter_factors: Number::list(&factors),
                        singular_values: Number::list(ridge.singular_values()),
                    };
                    let beside = Beside {
                        result,
                        lines,
                        explanation: explanation(&self.lambda).bounds(&error),
                        text: certain(&s),
                    };
                    let answer = self.problem.solved(&s.x(), beside).map(RidgeResult::Solution);
                    // Exit 1: λ was to be chosen by the data, and was not.
                    if s.is_at_end() { answer.holds(false) } else { answer }
                }
            };
            self.with_pictures(answer, about, &ridge, (&chosen, &factors))
        })
    }
}

const AT_END: &str =
    "the rule has its optimum at the end of the range of λ that it searched: the data do not determine λ";

/// The digits of the solution that its error leaves certain; all of them where the error is not known.
fn certain(s: &AnyRidgeSolution) -> Option<String> {
    let x = s.x();
    let sizes = || (0..x.shape().0).map(|i| x.get(i, 0).norm());
    // The error is relative to ‖x‖₂, the digits to the largest entry.
    let share = sizes().fold(0.0, f64::hypot) / sizes().fold(0.0, f64::max);
    let relative = s.error().upper() * if share.is_finite() { share * (1.0 + 1e-12) } else { 1.0 };
    relative.is_finite().then(|| certain_digits(&x, relative))
}

/// Points of the curve in a picture.
const CURVE: usize = 200;

impl RidgeArguments {
    fn with_pictures(
        &self,
        mut answer: Answer<RidgeResult>,
        about: &About<'_>,
        ridge: &AnyRidge,
        (chosen, factors): (&RidgePoint, &[f64]),
    ) -> Result<Answer<RidgeResult>, Failure> {
        let name = about.name;
        if let Some(path) = &self.l_curve {
            let picture = draw_l_curve(name, &ridge.path(CURVE).map_err(about.error())?, chosen);
            answer = answer.file(Some(path), || Contents::picture(path, &picture));
        }
        if let Some(path) = &self.filters {
            let picture = draw_filters(name, ridge.singular_values(), &ridge.coefficients(), factors);
            answer = answer.file(Some(path), || Contents::picture(path, &picture));
        }
        Ok(answer)
    }
}

fn explanation(rule: &str) -> Explanation {
    Explanation::plan("singular values of the problem in standard form; AᵀA is never formed")
        .line("λ", format!("by `{rule}`; it multiplies ‖Lx‖², and is the square of what some books call λ"))
        .reference(
            "Hansen, Rank-Deficient and Discrete Ill-Posed Problems (1998); Golub, Heath and Wahba, \
            Technometrics 21 (1979) 215–223",
        )
}

fn path(points: &[RidgePoint]) -> Answer<RidgeResult> {
    let mut rows = vec![titles(["λ", "‖b − Ax‖", "‖Lx‖", "degrees", "GCV", "curvature"])];
    rows.extend(points.iter().map(|p| {
        vec![
            scientific(p.lambda, 6),
            scientific(p.residual_norm, 6),
            scientific(p.solution_norm, 6),
            format!("{:.4}", p.degrees),
            scientific(p.gcv, 6),
            scientific(p.curvature, 3),
        ]
    }));
    Answer::new(RidgeResult::Path { path: points.to_vec() }, aligned(&rows, &[true; 6]))
}

/// (n − k)×n differences of order k.
fn differences(n: usize, order: usize) -> Result<Matrix<f64>, Failure> {
    if n <= order {
        return Err(Failure::new(format!("--differences {order} needs more than {order} unknowns, not {n}"))
            .with_hint("take a lower order"));
    }
    let mut row = vec![1.0];
    for _ in 0..order {
        let next = |k: usize| row.get(k.wrapping_sub(1)).copied().unwrap_or(0.0) - row.get(k).copied().unwrap_or(0.0);
        row = (0..=row.len()).map(next).collect();
    }
    Ok(Matrix::from_fn(n - order, n, |i, j| j.checked_sub(i).and_then(|k| row.get(k)).copied().unwrap_or(0.0)))
}
