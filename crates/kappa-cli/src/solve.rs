//! `kappa solve`, and the iterations and certificates that `kappa lstsq` shares with it.

use clap::Args;
use kappa::{
    CertifiedSolution, Enclosure, Iterate, Iterated, Iteration, Matrix, Method, Refinement, Scalar, Solve,
    certified_solve, solve_by, solve_iteratively,
};
use kappa_model::{Model, Opening, WideMatrix};
use kappa_report::{aligned, enclosure_json, number_json};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::one::about;
use crate::parse::read;
use crate::problem::{Both, Problem, Told, about_size, at_most, line, object, single, with_both};

#[derive(Args, Debug)]
pub(crate) struct SolveArguments {
    #[command(flatten)]
    pub(crate) problem: Problem,
    #[command(flatten)]
    pub(crate) iterating: Iterating,
    /// Prove every digit: an enclosure of each entry, every rounding error counted.
    #[arg(long, conflicts_with_all = ["method", "refine"])]
    pub(crate) certify: bool,
    /// diagonal, lower, upper, cholesky, ldlt, lu or mixed (single precision, refined); the entries decide by default.
    #[arg(long, value_name = "NAME", value_parser = read::<Method>)]
    pub(crate) method: Option<Method>,
    /// when-needed, never, or extended (residuals in double-double).
    #[arg(long, value_name = "WHEN", default_value = "when-needed", value_parser = read::<Refinement>)]
    pub(crate) refine: Refinement,
}

pub(crate) fn run(a: &SolveArguments) -> Result<u8, Failure> {
    a.problem.check_output()?;
    if let Some(code) = a.iterating.run("solve", &a.problem)? {
        return Ok(code);
    }
    let how = Solve { method: a.method, refinement: a.refine };
    if !a.certify && a.method.is_none() && a.refine != Refinement::Extended {
        let model = Model::open_with(&a.problem.file, &Opening { map: a.problem.map() })?;
        if let Some((name, matrix)) = model.sparse(a.problem.tensor.as_deref())? {
            let b = a.problem.right(kappa::LinearOperator::shape(&matrix).0)?;
            let WideMatrix::Real(b) = b else {
                return Err(Failure::new("a sparse system needs a real right-hand side")
                    .with_hint("solve for its real and its imaginary part"));
            };
            let s = solve_by(&matrix, &b, &how).map_err(about(&name))?;
            return solved(a, s);
        }
    }
    let (name, both) = a.problem.read()?;
    if a.certify {
        return with_both!(&both, (m, b) => certified(&a.problem, "solve", certified_solve(m, b).map_err(about(&name))?));
    }
    with_both!(&both, (m, b) => solved(a, solve_by(m, b, &how).map_err(about(&name))?))
}

fn solved<W: Scalar<Wide = W>>(a: &SolveArguments, s: kappa::Solution<W>) -> Result<u8, Failure>
where
    WideMatrix: From<Matrix<W>>,
{
    let (backward, cond, forward) = (s.backward_error(), s.cond(), s.forward_error());
    let lines = vec![
        line("solved by", s.plan().to_string()),
        line("backward error", at_most(backward.upper())),
        line("condition κ_∞", format!("about {}", Enclosure::exact(cond.estimate()).short(3))),
        line("relative error", about_size(forward.estimate())),
    ];
    let json = json!({
        "method": s.plan().method.to_string(), "order": s.plan().order, "refined": s.refined(),
        "backward_error": enclosure_json(&backward), "cond": enclosure_json(&cond), "forward_error": enclosure_json(&forward),
        "backward_errors": s.backward_errors().iter().map(enclosure_json).collect::<Vec<_>>(),
    });
    let explanation = format!(
        "plan: {} (order {}), {} steps of refinement\nbackward error: {}\nrelative error: {}\nreference: Higham, Accuracy and \
         Stability of Numerical Algorithms, 2nd ed., chapters 7, 9, 12 and 15",
        s.plan(),
        s.plan().order,
        s.refined(),
        backward.evidence(),
        forward.evidence()
    );
    let told = Told { lines, json: object(json), explanation, text: None };
    a.problem.answer("solve", &s.into_x().into(), told)
}

/// An iteration that needs products alone.
#[derive(Args, Debug)]
pub(crate) struct Iterating {
    /// By products alone, never writing a sparse matrix out: cg (definite), minres (symmetric), lsmr (any).
    #[arg(long, value_name = "NAME", value_parser = read::<Iteration>, conflicts_with_all = ["certify", "method"])]
    pub(crate) iterate: Option<Iteration>,
    /// Stop at this backward error.
    #[arg(long, value_name = "SIZE", requires = "iterate", default_value_t = 1e-12)]
    pub(crate) within: f64,
    /// The most steps; twice the number of unknowns and 20 more by default.
    #[arg(long, value_name = "N", requires = "iterate", default_value_t = 0, hide_default_value = true)]
    pub(crate) steps: usize,
}

impl Iterating {
    /// Runs the iteration, where one is asked for.
    pub(crate) fn run(&self, command: &str, problem: &Problem) -> Result<Option<u8>, Failure> {
        let Some(by) = self.iterate else { return Ok(None) };
        let how = Iterate { by, tolerance: self.within, steps: self.steps };
        let model = Model::open_with(&problem.file, &Opening { map: problem.map() })?;
        if let Some((name, matrix)) = model.sparse(problem.tensor.as_deref())? {
            let WideMatrix::Real(b) = problem.right(kappa::LinearOperator::shape(&matrix).0)? else {
                return Err(Failure::new("a sparse problem needs a real right-hand side"));
            };
            return iterated(
                command,
                problem,
                solve_iteratively(&matrix, single(&b)?, &how).map_err(about(&name))?,
                &how,
            )
            .map(Some);
        }
        let (name, both) = problem.read()?;
        with_both!(&both, (m, b) => {
            iterated(command, problem, solve_iteratively(m, single(b)?, &how).map_err(about(&name))?, &how).map(Some)
        })
    }
}

fn iterated<W: Scalar>(command: &str, problem: &Problem, s: Iterated<W>, how: &Iterate) -> Result<u8, Failure>
where
    WideMatrix: From<Matrix<W>>,
{
    let mut lines = vec![
        line("solved by", format!("{}, {} steps", how.by, s.steps)),
        line("residual norm", Enclosure::exact(s.residual_norm).short(6)),
        line("backward error", at_most(s.backward_error.upper())),
    ];
    if !s.has_converged {
        lines.push(line(
            "beware",
            "the steps ran out before the tolerance was reached: allow more, or scale the problem",
        ));
    }
    let json = json!({
        "method": how.by.to_string(), "steps": s.steps, "has_converged": s.has_converged, "residual_norm": number_json(s.residual_norm),
        "gradient_norm": number_json(s.gradient_norm), "backward_error": enclosure_json(&s.backward_error),
    });
    let explanation = format!(
        "{}, by products alone; the residual was computed anew at the end\nreference: Paige and Saunders, SINUM 12 (1975); Fong and \
         Saunders, SISC 33 (2011) 2950–2971",
        how.by
    );
    let x = Matrix::from_fn(s.x.len(), 1, |i, _| s.x[i]);
    problem.answer(command, &x.into(), Told { lines, json: object(json), explanation, text: None })
}

/// Prints the digits that are certain.
pub(crate) fn certified<W: Scalar>(problem: &Problem, command: &str, s: CertifiedSolution<W>) -> Result<u8, Failure>
where
    WideMatrix: From<Matrix<W>>,
{
    let (n, k) = (s.x().rows(), s.x().columns());
    let part = |e: Enclosure| e.short(17);
    let cell = |i: usize, j: usize| {
        let re = part(s.entry(i, j));
        if !W::IS_COMPLEX {
            return re;
        }
        let im = part(s.imaginary(i, j));
        if im.starts_with('-') { format!("{re}{im}i") } else { format!("{re}+{im}i") }
    };
    let rows: Vec<Vec<String>> = (0..n).map(|i| (0..k).map(|j| cell(i, j)).collect()).collect();
    let digits = (0..n).flat_map(|i| (0..k).map(move |j| (i, j))).map(|(i, j)| s.digits(i, j)).fold(31.0, f64::min);
    let both = |i: usize, j: usize| {
        let re = enclosure_json(&s.entry(i, j));
        if W::IS_COMPLEX { json!([re, enclosure_json(&s.imaginary(i, j))]) } else { re }
    };
    let enclosures: Vec<Vec<Value>> = (0..n).map(|i| (0..k).map(|j| both(i, j)).collect()).collect();
    let mut lines = vec![
        line("proved by", s.algorithm()),
        line(
            "certain digits",
            format!(
                "{:.0} of each entry at least{}",
                digits.floor(),
                if digits > 16.0 { ", so that all of its double are" } else { "" }
            ),
        ),
    ];
    let is_exact = s.residual_norms().iter().all(|r| r.upper() == 0.0);
    if !is_exact {
        let norms: Vec<String> = s.residual_norms().iter().map(|r| r.short(12)).collect();
        lines.push(line("residual norm", norms.join(", ")));
    }
    let json = json!({
        "algorithm": s.algorithm(), "enclosures": enclosures, "certain_digits": digits,
        "residual_norms": s.residual_norms().iter().map(enclosure_json).collect::<Vec<_>>(),
    });
    let explanation = format!(
        "certificate: {}\nevidence: {}\nreference: Rump, JCAM 242 (2013) 157–184 and SIMAX 33 (2012) 130–148",
        s.algorithm(),
        if n * k > 0 { s.entry(0, 0).evidence().to_string() } else { "nothing to prove".into() }
    );
    let told = Told { lines, json: object(json), explanation, text: Some(aligned(&rows, &vec![true; k])) };
    problem.answer(command, &s.x().clone().into(), told)
}
