//! `kappa solve`, and the iterations and certificates that `kappa lstsq` shares with it.

use clap::Args;
use kappa::equations::{AnySolution, EntryEnclosures, Method, Refinement};
use kappa::krylov::{AnyIterated, Iterate, Iteration};
use kappa::serialize::Number;
use kappa::{AnyMatrix, AnyOperator, Enclosure, Guarantee, Solve};
use kappa_report::{aligned, counted};
use schemars::JsonSchema;
use serde::Serialize;

use super::problem::{Beside, Problem, Solved, single};
use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::parse::{number, read};
use crate::session::{About, Session};
use crate::text::{about_size, at_most, certain_digits, line, scientific, short};

#[derive(Args, Debug, Serialize)]
pub(crate) struct SolveArguments {
    #[command(flatten)]
    #[serde(flatten)]
    problem: Problem,
    #[command(flatten)]
    #[serde(flatten)]
    iterating: Iterating,
    /// Prove every digit: an enclosure of each entry, every rounding error counted.
    #[arg(long, conflicts_with_all = ["method", "refine"])]
    certify: bool,
    /// diagonal, lower, upper, cholesky, ldlt, lu or mixed (single precision, refined); chosen by the entries by
    /// default.
    #[arg(long, value_name = "NAME", value_parser = read::<Method>)]
    method: Option<Method>,
    /// when-needed, never, or extended (residuals in double-double).
    #[arg(long, value_name = "WHEN", default_value = "when-needed", value_parser = read::<Refinement>)]
    refine: Refinement,
}

/// A solution of Ax = b.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum SolveResult {
    Direct(Solved<Direct>),
    Iterated(Solved<Iterations>),
    Certified(Solved<Certificate>),
}

/// By a factorization.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Direct {
    method: Method,
    order: usize,
    /// Steps of refinement.
    refined: usize,
    backward_error: Enclosure,
    cond: Enclosure,
    forward_error: Enclosure,
    backward_errors: Vec<Enclosure>,
}

impl Ask for SolveArguments {
    type Result = SolveResult;
    const ABOUT: &'static str = "Solve Ax = b with an error bound";
    const EXAMPLES: &'static [&'static str] = &[
        "solve a.npy rhs.npy",
        "solve a.npy rhs.npy --certify",
        "solve z.mtx two.npy --certify",
        "solve s.mtx y.npy --iterate lsmr",
    ];

    fn files(&self) -> Files<'_> {
        self.problem.files()
    }

    fn answer(&self, session: &Session) -> Result<Answer<SolveResult>, Failure> {
        self.problem.with(session, |about, a, b| {
            if let Some(answer) = self.iterating.answer(&self.problem, about, a, b, false)? {
                return Ok(answer.map(SolveResult::Iterated));
            }
            if self.certify {
                let how = Solve { guarantee: Guarantee::Certified, ..Solve::default() };
                let s = a.solve_by(b, &how).map_err(about.error())?;
                return Ok(certified(&self.problem, about, s.x(), s.enclosures())?.map(SolveResult::Certified));
            }
            let how = Solve { method: self.method, refinement: self.refine, ..Solve::default() };
            let s = a.solve_by(b, &how).map_err(about.error())?;
            let x = s.x().to_matrix().map_err(about.error())?;
            let error = s.forward_error();
            let answer = self.problem.solved(&x, direct(&x, &s)).map(SolveResult::Direct);
            let is_known = error.estimate() < 1.0;
            let lost = "warning: no digit of the solution is certain: the matrix is singular to working precision";
            Ok(if is_known { answer } else { answer.note(lost).holds(false) })
        })
    }
}

fn direct(x: &AnyMatrix, s: &AnySolution) -> Beside<Direct> {
    let (backward, cond, forward, plan) = (s.backward_error(), s.cond(), s.forward_error(), s.plan());
    let lines = vec![
        line("solved by", plan.to_string()),
        line("backward error", at_most(backward.upper())),
        line("condition κ_∞", format!("about {}", short(cond.estimate(), 3))),
        line("relative error", about_size(forward.estimate())),
    ];
    let explanation = Explanation::plan(format!("{plan} (order {}), {} steps of refinement", plan.order, s.refined()))
        .line("backward error", format!("{} ({})", at_most(backward.upper()), backward.evidence()))
        .line("relative error", format!("{} ({})", about_size(forward.estimate()), forward.evidence()))
        .reference("Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., chapters 7, 9, 12 and 15");
    let result = Direct {
        method: plan.method,
        order: plan.order,
        refined: s.refined(),
        backward_error: backward,
        cond,
        forward_error: forward,
        backward_errors: s.backward_errors().to_vec(),
    };
    // The error is that of each column, relative to its largest entry.
    let relative = forward.estimate().max(if forward.upper().is_finite() { forward.upper() } else { 0.0 });
    Beside { result, lines, explanation, text: Some(certain_digits(x, relative)) }
}

/// An iteration that needs products alone.
#[derive(Args, Debug, Serialize)]
pub(crate) struct Iterating {
    /// By products alone: cg (definite), minres (symmetric), lsmr (any matrix, any shape).
    #[arg(long, value_name = "NAME", value_parser = read::<Iteration>, conflicts_with_all = ["certify", "method"])]
    pub(crate) iterate: Option<Iteration>,
    /// Stop the iteration at this backward error.
    #[arg(long, value_name = "SIZE", requires = "iterate", default_value_t = 1e-12, value_parser = number)]
    pub(crate) backward_error: f64,
    /// Maximum number of steps of the iteration; twice the number of unknowns and 20 more by default.
    #[arg(long, value_name = "N", requires = "iterate", default_value_t = 0, hide_default_value = true)]
    pub(crate) steps: usize,
}

/// Where an iteration stopped.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Iterations {
    method: String,
    steps: usize,
    has_converged: bool,
    residual_norm: Number,
    gradient_norm: Number,
    backward_error: Enclosure,
}

impl Iterating {
    /// Runs the iteration, where one is asked for.
    pub(crate) fn answer(
        &self,
        problem: &Problem,
        about: &About<'_>,
        a: &AnyOperator<'_>,
        b: &AnyMatrix,
        least_squares: bool,
    ) -> Result<Option<Answer<Solved<Iterations>>>, Failure> {
        let Some(by) = self.iterate else { return Ok(None) };
        let how = Iterate { by, tolerance: self.backward_error, steps: self.steps, least_squares };
        let s = a.solve_iteratively(single(b)?, &how).map_err(about.error())?;
        Ok(Some(problem.solved(&s.x(), iterated(by, &s)).holds(s.has_converged())))
    }
}

fn iterated(by: Iteration, s: &AnyIterated) -> Beside<Iterations> {
    let backward = s.backward_error();
    let mut lines = vec![
        line("solved by", format!("{by}, {}", counted(s.steps(), "step"))),
        line("residual norm", short(s.residual_norm(), 6)),
        line("backward error", at_most(backward.upper())),
    ];
    if !s.has_converged() {
        let advice = "not converged: the backward error was not reached; allow more steps with --steps, or ask `kappa \
                      lstsq` where the system may have no solution";
        lines.push(line("warning", advice));
    }
    let reference = match by {
        Iteration::ConjugateGradients => "Hestenes and Stiefel, J. Res. Nat. Bur. Standards 49 (1952) 409–436",
        Iteration::Minres => "Paige and Saunders, SIAM J. Numer. Anal. 12 (1975) 617–629",
        Iteration::Lsmr => "Fong and Saunders, SIAM J. Sci. Comput. 33 (2011) 2950–2971",
    };
    let explanation = Explanation::plan(format!("{by}, by products alone; the residual is computed anew at the end"))
        .line("backward error", scientific(backward.estimate(), 1))
        .line("evidence", backward.evidence().to_string())
        .reference(reference);
    let result = Iterations {
        method: by.to_string(),
        steps: s.steps(),
        has_converged: s.has_converged(),
        residual_norm: s.residual_norm().into(),
        gradient_norm: s.gradient_norm().into(),
        backward_error: backward,
    };
    Beside { result, lines, explanation, text: None }
}

/// A proved solution.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Certificate {
    algorithm: &'static str,
    enclosures: Vec<Vec<Entry>>,
    certain_digits: f64,
    residual_norms: Vec<Enclosure>,
}

/// The enclosure of an entry; two for a complex one.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum Entry {
    Real(Enclosure),
    Complex([Enclosure; 2]),
}

impl Entry {
    fn of(s: &EntryEnclosures, (i, j): (usize, usize), is_complex: bool) -> Self {
        if is_complex { Self::Complex([s.entry(i, j), s.imaginary(i, j)]) } else { Self::Real(s.entry(i, j)) }
    }

    fn text(&self) -> String {
        match self {
            Self::Real(re) => re.short(17),
            Self::Complex([re, im]) => {
                let (re, im) = (re.short(17), im.short(17));
                if im.starts_with('-') { format!("{re}{im}i") } else { format!("{re}+{im}i") }
            }
        }
    }
}

/// Prints the digits that are certain.
pub(crate) fn certified(
    problem: &Problem,
    about: &About<'_>,
    x: AnyOperator<'_>,
    enclosures: Option<&EntryEnclosures>,
) -> Result<Answer<Solved<Certificate>>, Failure> {
    let x = x.to_matrix().map_err(about.error())?;
    let s = enclosures.ok_or_else(|| Failure::new("the certified solution came without enclosures"))?;
    let ((n, k), is_complex) = (x.shape(), x.is_complex());
    let entry = |i: usize, j: usize| Entry::of(s, (i, j), is_complex);
    let enclosures: Vec<Vec<Entry>> = (0..n).map(|i| (0..k).map(|j| entry(i, j)).collect()).collect();
    let rows: Vec<Vec<String>> = enclosures.iter().map(|row| row.iter().map(Entry::text).collect()).collect();
    let digits = (0..n).flat_map(|i| (0..k).map(move |j| (i, j))).map(|(i, j)| s.digits(i, j)).fold(31.0, f64::min);
    let every = if digits > 16.0 { ": every printed digit is proved" } else { "" };
    let mut lines = vec![
        line("proved by", s.algorithm()),
        line("certain digits", format!("at least {:.0} of each entry{every}", digits.floor())),
    ];
    if s.residual_norms().iter().any(|r| r.upper() != 0.0) {
        let norms: Vec<String> = s.residual_norms().iter().map(|r| r.short(12)).collect();
        lines.push(line("residual norm", norms.join(", ")));
    }
    let evidence = if n * k > 0 { s.entry(0, 0).evidence().to_string() } else { "nothing to prove".into() };
    let explanation = Explanation::plan(s.algorithm())
        .line("evidence", evidence)
        .reference("Rump, J. Comput. Appl. Math. 242 (2013) 157–184 and SIAM J. Matrix Anal. Appl. 33 (2012) 130–148");
    let residual_norms = s.residual_norms().to_vec();
    let result = Certificate { algorithm: s.algorithm(), enclosures, certain_digits: digits, residual_norms };
    let text = Some(aligned(&rows, &vec![true; k]));
    Ok(problem.solved(&x, Beside { result, lines, explanation, text }))
}
