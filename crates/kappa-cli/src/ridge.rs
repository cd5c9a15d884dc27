//! `kappa ridge`: regularized least squares.

use std::path::PathBuf;

use clap::Args;
use kappa::{Choice, Enclosure, Ridge, RidgePoint, Scalar};
use kappa_model::WideMatrix;
use kappa_report::{aligned, draw_filters, draw_l_curve, number_json};
use serde_json::{Map, Value, json};

use crate::condition::wide;
use crate::failure::Failure;
use crate::one::about;
use crate::output;
use crate::parse::read;
use crate::problem::{Both, Problem, Told, line, single, with_both};
use crate::regress::{check_picture, drawn};

#[derive(Args, Debug)]
pub(crate) struct RidgeArguments {
    #[command(flatten)]
    pub(crate) problem: Problem,
    /// λ of min ‖Ax − b‖² + λ‖Lx‖²: a number, gcv, l-curve, leave-one-out, discrepancy:NOISE (the 2-norm of the noise in b) or
    /// norm:BOUND (of ‖Lx‖).
    #[arg(long, value_name = "RULE", default_value = "gcv", value_parser = read::<Choice>)]
    pub(crate) lambda: Choice,
    /// The operator L; the identity by default.
    #[arg(long, value_name = "FILE", conflicts_with = "differences")]
    pub(crate) operator: Option<PathBuf>,
    /// Differences of this order as L: 1 for slopes, 2 for curvatures.
    #[arg(long, value_name = "ORDER", value_parser = clap::value_parser!(u32).range(1..=8))]
    pub(crate) differences: Option<u32>,
    /// Print so many points of the path instead of a solution: λ, residual norm, solution norm, degrees, GCV, curvature.
    #[arg(long, value_name = "N", conflicts_with = "output")]
    pub(crate) path: Option<usize>,
    /// Draw the L-curve, .svg or .png.
    #[arg(long, value_name = "FILE")]
    pub(crate) l_curve: Option<PathBuf>,
    /// Draw the filter factors with the Picard plot, .svg or .png.
    #[arg(long, value_name = "FILE")]
    pub(crate) filters: Option<PathBuf>,
}

pub(crate) fn run(a: &RidgeArguments) -> Result<u8, Failure> {
    a.problem.check_output()?;
    for path in [&a.l_curve, &a.filters].into_iter().flatten() {
        check_picture(path, &a.problem.file)?;
    }
    let (name, both) = a.problem.read()?;
    let l = a.operator.as_deref().map(|path| wide(path, None, !a.problem.style.no_mmap)).transpose()?.map(|(_, l)| l);
    match (both, l) {
        (Both::Real(m, b), Some(WideMatrix::Complex(l))) => {
            let (m, b) = (WideMatrix::Real(m).complex(), WideMatrix::Real(b).complex());
            answered(a, &name, Ridge::with_operator(&m, single(&b)?, &l))
        }
        (both, l) => with_both!(&both, (m, b) => {
            let n = m.columns();
            let given = match (&l, a.differences) {
                (Some(WideMatrix::Real(l)), _) => Some(lifted(l)),
                (Some(WideMatrix::Complex(l)), _) => Some(lifted(l)),
                (None, Some(order)) => Some(lifted(&differences(n, order as usize)?)),
                (None, None) => None,
            };
            let ridge = match &given {
                Some(l) => Ridge::with_operator(m, single(b)?, l),
                None => Ridge::new(m, single(b)?),
            };
            answered(a, &name, ridge)
        }),
    }
}

/// The same numbers with entries of another type; an imaginary part is dropped only where there is none.
fn lifted<T: Scalar, W: Scalar>(l: &kappa::Matrix<T>) -> kappa::Matrix<W> {
    kappa::Matrix::from_fn(l.rows(), l.columns(), |i, j| W::from_parts(l[(i, j)].re(), l[(i, j)].im()))
}

/// (n − k)×n differences of order k.
fn differences(n: usize, order: usize) -> Result<kappa::Matrix<f64>, Failure> {
    if n <= order {
        return Err(
            Failure::new(format!("{n} unknowns have no differences of order {order}")).with_hint("take a lower order")
        );
    }
    let mut row = vec![1.0];
    for _ in 0..order {
        let next = |k: usize| row.get(k.wrapping_sub(1)).copied().unwrap_or(0.0) - row.get(k).copied().unwrap_or(0.0);
        row = (0..=row.len()).map(next).collect();
    }
    Ok(kappa::Matrix::from_fn(n - order, n, |i, j| j.checked_sub(i).and_then(|k| row.get(k)).copied().unwrap_or(0.0)))
}

/// Points of the curve in a picture.
const CURVE: usize = 200;

fn answered<W: Scalar<Wide = W>>(a: &RidgeArguments, name: &str, ridge: kappa::Result<Ridge<W>>) -> Result<u8, Failure>
where
    WideMatrix: From<kappa::Matrix<W>>,
{
    let ridge = ridge.map_err(about(name))?;
    let s = ridge.choose(a.lambda).map_err(about(name))?;
    let chosen = ridge.point(s.lambda);
    if let Some(path) = &a.l_curve {
        drawn(path, &draw_l_curve(name, &ridge.path(CURVE), &chosen))?;
    }
    if let Some(path) = &a.filters {
        let filters = ridge.filter_factors(s.lambda);
        drawn(path, &draw_filters(name, ridge.singular_values(), &ridge.coefficients(), &filters))?;
    }
    let point_json = |p: &RidgePoint| {
        json!({
            "lambda": number_json(p.lambda), "residual_norm": number_json(p.residual_norm),
            "solution_norm": number_json(p.solution_norm), "degrees": number_json(p.degrees), "gcv": number_json(p.gcv),
            "curvature": number_json(p.curvature),
        })
    };
    const EXPLANATION: &str = "singular values of the problem in standard form, never AᵀA; λ multiplies ‖Lx‖², and is the square of what some \
                               books call λ\nreference: Hansen, Rank-Deficient and Discrete Ill-Posed Problems (1998); Golub, Heath and \
                               Wahba, Technometrics 21 (1979)";
    if let Some(count) = a.path {
        if a.problem.style.explain {
            output::words(EXPLANATION);
        }
        let path = ridge.path(count);
        if a.problem.style.json {
            let inputs = json!({ "file": a.problem.file, "rhs": a.problem.rhs });
            return output::json("ridge", inputs, json!({ "path": path.iter().map(point_json).collect::<Vec<_>>() }));
        }
        let number = |x: f64| format!("{x:.6e}");
        let mut rows = vec![["λ", "‖b − Ax‖", "‖Lx‖", "degrees", "GCV", "curvature"].map(str::to_owned).to_vec()];
        rows.extend(path.iter().map(|p| {
            vec![
                number(p.lambda),
                number(p.residual_norm),
                number(p.solution_norm),
                format!("{:.4}", p.degrees),
                number(p.gcv),
                format!("{:.3e}", p.curvature),
            ]
        }));
        return output::data(&aligned(&rows, &[true; 6]));
    }
    let short = |x: f64| Enclosure::exact(x).short(6);
    let lines = vec![
        line("λ", short(s.lambda)),
        line("residual norm", short(s.residual_norm)),
        line("solution norm", short(s.solution_norm)),
        line("effective degrees", format!("{:.3} of {}", s.degrees, s.x.len())),
        line("condition (σ₁² + λ)/(σₙ² + λ)", short(s.cond)),
    ];
    let mut json = Map::new();
    json.insert("chosen".into(), point_json(&chosen));
    json.insert("cond".into(), number_json(s.cond));
    json.insert("filter_factors".into(), Value::from(ridge.filter_factors(s.lambda)));
    json.insert("singular_values".into(), Value::from(ridge.singular_values().to_vec()));
    let explanation = EXPLANATION.to_owned();
    let n = s.x.len();
    let x = kappa::Matrix::from_fn(n, 1, |i, _| s.x[i]);
    a.problem.answer("ridge", &x.into(), Told { lines, json, explanation, text: None })
}
