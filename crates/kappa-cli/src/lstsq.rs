//! `kappa lstsq`: least squares, plain, weighted, with equations, with errors in the matrix.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use kappa::{
    Constrained, Enclosure, Errors, Lstsq, LstsqMethod, Matrix, Scalar, Tolerance, c64, certified_lstsq,
    constrained_lstsq, generalized_lstsq, lstsq_by, total_lstsq, weighted_lstsq,
};
use kappa_model::WideMatrix;
use kappa_report::{enclosure_json, number_json};
use serde_json::{Value, json};

use crate::condition::wide;
use crate::failure::Failure;
use crate::one::about;
use crate::parse::read;
use crate::problem::{Both, Problem, Told, about_size, line, object, real_vector, single, with_both};
use crate::solve::{Iterating, certified};

#[derive(Args, Debug)]
pub(crate) struct LstsqArguments {
    #[command(flatten)]
    pub(crate) problem: Problem,
    #[command(flatten)]
    pub(crate) iterating: Iterating,
    /// Prove every digit: an enclosure of each entry, every rounding error counted.
    #[arg(long, conflicts_with_all = ["method", "tolerance", "weights", "equations", "covariance", "total"])]
    pub(crate) certify: bool,
    /// qr, cod, svd, or normal-equations (which squares the condition number).
    #[arg(long, value_name = "NAME", value_parser = read::<LstsqMethod>, conflicts_with_all = ["equations", "covariance", "total"])]
    pub(crate) method: Option<LstsqMethod>,
    /// Singular values below this share of the largest count as zero (asked for by themselves they are computed);
    /// max(rows, columns)·2⁻⁵² by default.
    #[arg(long, value_name = "SHARE", conflicts_with_all = ["iterate", "equations", "covariance", "total"])]
    pub(crate) tolerance: Option<f64>,
    /// A positive weight for each row.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["iterate", "equations", "covariance", "total"])]
    pub(crate) weights: Option<PathBuf>,
    /// Equations that must hold: the matrix C and the vector d of Cx = d.
    #[arg(long, value_names = ["C", "D"], num_args = 2, conflicts_with_all = ["iterate", "covariance", "total"])]
    pub(crate) equations: Option<Vec<PathBuf>>,
    /// Meet the equations by multipliers instead of in their null space.
    #[arg(long, requires = "equations")]
    pub(crate) multipliers: bool,
    /// A factor B of the covariance BBᵀ of the errors.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["iterate", "total"])]
    pub(crate) covariance: Option<PathBuf>,
    /// Errors in the matrix as well: everywhere, in the matrix alone, or everywhere but in --exact-columns.
    #[arg(long, value_enum, value_name = "WHERE", num_args = 0..=1, default_missing_value = "everywhere", require_equals = true, conflicts_with = "iterate")]
    pub(crate) total: Option<Where>,
    /// Weigh the errors of b by this factor against those of the matrix.
    #[arg(long, value_name = "GAMMA", requires = "total")]
    pub(crate) scale: Option<f64>,
    /// Columns without errors, counted from 0.
    #[arg(long, value_name = "J,…", value_delimiter = ',', requires = "total")]
    pub(crate) exact_columns: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum Where {
    /// In the matrix and in b.
    Everywhere,
    /// In the matrix alone.
    Matrix,
}

pub(crate) fn run(a: &LstsqArguments) -> Result<u8, Failure> {
    a.problem.check_output()?;
    if let Some(code) = a.iterating.run("lstsq", &a.problem)? {
        return Ok(code);
    }
    let (name, both) = a.problem.read()?;
    if a.certify {
        return with_both!(&both, (m, b) => certified(&a.problem, "lstsq", certified_lstsq(m, b).map_err(about(&name))?));
    }
    if let Some(total) = a.total {
        let errors = match (total, a.scale, a.exact_columns.as_slice()) {
            (Where::Matrix, None, []) => Errors::Matrix,
            (Where::Everywhere, None, []) => Errors::Everywhere,
            (Where::Everywhere, Some(gamma), []) => Errors::Scaled(gamma),
            (Where::Everywhere, None, columns) => Errors::ExactColumns(columns.to_vec()),
            _ => {
                return Err(Failure::new("--scale, --exact-columns and --total=matrix exclude each other")
                    .with_hint("choose one of them"));
            }
        };
        return with_both!(&both, (m, b) => {
            let b = single(b)?;
            let s = total_lstsq(m, b, &errors).map_err(about(&name))?;
            let lines = vec![
                line("least correction", Enclosure::exact(s.correction_norm).short(6)),
                line("gap σₙ − σₙ₊₁", Enclosure::exact(s.gap.estimate()).short(4)),
                line("unique", if s.is_unique { "yes" } else { "no: the shortest of many" }),
            ];
            let json = json!({ "correction_norm": number_json(s.correction_norm), "gap": enclosure_json(&s.gap), "is_unique": s.is_unique });
            let explanation = "the last singular vector of [A b]\nreference: Van Huffel and Vandewalle, The Total Least Squares Problem (1991)";
            finish(a, s.x, lines, json, explanation)
        });
    }
    if let Some(files) = &a.equations {
        return constrained(a, &name, both, files);
    }
    if let Some(file) = &a.covariance {
        return generalized(a, &name, both, file);
    }
    let weights = a.weights.as_deref().map(|path| real_vector(path, a.problem.map())).transpose()?;
    let how =
        Lstsq { method: a.method, tolerance: a.tolerance.map(Tolerance::relative).transpose()?.unwrap_or_default() };
    with_both!(&both, (m, b) => {
        let s = match &weights {
            Some(w) => weighted_lstsq(m, single(b)?, w, &how),
            None => lstsq_by(m, b, &how),
        };
        plain(a, s.map_err(about(&name))?)
    })
}

fn plain<W: Scalar<Wide = W>>(a: &LstsqArguments, s: kappa::LstsqSolution<W>) -> Result<u8, Failure>
where
    WideMatrix: From<Matrix<W>>,
{
    let (cond, backward, forward) = (s.cond(), s.backward_error(), s.forward_error());
    let norms: Vec<String> = s.residual_norms().iter().map(|&r| Enclosure::exact(r).short(6)).collect();
    let mut lines = vec![
        line("solved by", s.method().to_string()),
        line("rank", format!("{} of {}", s.rank(), s.x().rows())),
        line("residual norm", norms.join(", ")),
        line("condition κ₂", format!("about {}", Enclosure::exact(cond.estimate()).short(3))),
        line("relative error", about_size(forward.estimate())),
    ];
    if s.method() == LstsqMethod::NormalEquations {
        lines.push(line("beware", "the normal equations square the condition number; `--method qr` does not"));
    }
    let json = json!({
        "method": s.method().to_string(), "rank": s.rank(), "residual_norms": s.residual_norms(), "cond": enclosure_json(&cond),
        "backward_error": enclosure_json(&backward), "forward_error": enclosure_json(&forward),
    });
    let explanation = format!(
        "plan: {}\nbackward error: {} ({})\nrelative error: {}\nreference: Björck, Numerical Methods for Least Squares Problems; \
         Higham, Accuracy and Stability, 2nd ed., chapter 20",
        s.method(),
        backward.estimate(),
        backward.evidence(),
        forward.evidence()
    );
    let told = Told { lines, json: object(json), explanation, text: None };
    a.problem.answer("lstsq", &s.into_x().into(), told)
}

fn constrained(a: &LstsqArguments, name: &str, both: Both, files: &[PathBuf]) -> Result<u8, Failure> {
    let [c, d] = files else { return Err(Failure::new("--equations needs a matrix and a vector")) };
    let how = if a.multipliers { Constrained::Multipliers } else { Constrained::NullSpace };
    let (_, c) = wide(c, None, a.problem.map())?;
    let d = wide(d, None, a.problem.map())?.1.into_vector();
    let tell = |residual: f64, constraint: f64, is_unique: bool| {
        let lines = vec![
            line("residual norm", Enclosure::exact(residual).short(6)),
            line("‖d − Cx‖", format!("{constraint:.1e}")),
            line("unique", if is_unique { "yes" } else { "no: the shortest of many" }),
        ];
        (lines, json!({ "residual_norm": residual, "constraint_norm": constraint, "is_unique": is_unique }))
    };
    const EXPLANATION: &str = "QR factorizations of the equations and of what they leave\nreference: Björck, Numerical Methods for Least \
                               Squares Problems, section 5.1";
    match (both, Both::new(c, d)) {
        (Both::Real(m, b), Both::Real(c, d)) => {
            let s = constrained_lstsq(&m, single(&b)?, &c, d.as_slice(), how).map_err(about(name))?;
            let (lines, mut json) = tell(s.residual_norm, s.constraint_norm, s.is_unique);
            json["multipliers"] = json!(s.multipliers);
            finish(a, s.x, lines, json, EXPLANATION)
        }
        (both, other) => {
            let ((m, b), (c, d)) = (complex(both), complex(other));
            let s = constrained_lstsq(&m, single(&b)?, &c, d.as_slice(), how).map_err(about(name))?;
            let (lines, json) = tell(s.residual_norm, s.constraint_norm, s.is_unique);
            finish(a, s.x, lines, json, EXPLANATION)
        }
    }
}

fn complex(both: Both) -> (Matrix<c64>, Matrix<c64>) {
    match both {
        Both::Real(a, b) => (WideMatrix::Real(a).complex(), WideMatrix::Real(b).complex()),
        Both::Complex(a, b) => (a, b),
    }
}

fn generalized(a: &LstsqArguments, name: &str, both: Both, file: &Path) -> Result<u8, Failure> {
    let (_, factor) = wide(file, None, a.problem.map())?;
    let Both::Real(m, b) = both else {
        return Err(Failure::new("a covariance is known for real problems on the command line"));
    };
    let WideMatrix::Real(factor) = factor else {
        return Err(Failure::new(format!("`{}` is complex, and a covariance of real errors is real", file.display())));
    };
    let s = generalized_lstsq(&m, single(&b)?, &factor).map_err(about(name))?;
    let lines = vec![
        line("size of the errors", Enclosure::exact(s.error_norm).short(6)),
        line("unique", if s.is_unique { "yes" } else { "no: the shortest of many" }),
    ];
    let json = json!({ "error_norm": s.error_norm, "errors": s.errors, "is_unique": s.is_unique });
    finish(
        a,
        s.x,
        lines,
        json,
        "the general Gauss–Markov model, by orthogonal factors\nreference: Paige, Math. Comp. 33 (1979) 171–183",
    )
}

fn finish<W: Scalar>(
    a: &LstsqArguments,
    x: Vec<W>,
    lines: Vec<Vec<String>>,
    json: Value,
    explanation: &str,
) -> Result<u8, Failure>
where
    WideMatrix: From<Matrix<W>>,
{
    let x = Matrix::from_fn(x.len(), 1, |i, _| x[i]);
    let told = Told { lines, json: object(json), explanation: explanation.to_owned(), text: None };
    a.problem.answer("lstsq", &x.into(), told)
}
