//! `kappa bound`, `kappa perturb`, `kappa backward-error` and `kappa lab`: what a change may do.

use std::path::PathBuf;

use clap::Args;
use kappa::lab::{Experiment, run};
use kappa::perturb::{
    backward_error_eigenpair, backward_error_least_squares, backward_error_system, componentwise_backward_error,
    theorem, theorems,
};
use kappa::{Enclosure, c64};
use kappa_model::WideMatrix;
use kappa_report::{aligned, enclosure_json, number_json};
use serde_json::{Value, json};

use crate::condition::wide;
use crate::failure::Failure;
use crate::input::Style;
use crate::one::{DIGITS, about};
use crate::parse::complex;
use crate::{array, output};

#[derive(Args, Debug)]
pub(crate) struct BoundArguments {
    /// The theorem, such as davis-kahan; all are listed without one.
    #[arg(value_name = "THEOREM")]
    pub(crate) theorem: Option<String>,
    /// The norm of the change.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) change: Option<f64>,
    /// The gap in the spectrum.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) gap: Option<f64>,
    /// A condition number.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) cond: Option<f64>,
    /// The relative error of the matrix.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) matrix_error: Option<f64>,
    /// The relative error of the right-hand side.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) rhs_error: Option<f64>,
    /// The relative residual.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) residual: Option<f64>,
    /// A sum of norms.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) size: Option<f64>,
    /// The order of the matrix.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) order: Option<f64>,
    /// The defect of the left factor.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) left: Option<f64>,
    /// The defect of the right factor.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) right: Option<f64>,
    #[command(flatten)]
    pub(crate) style: Style,
}

#[derive(Args, Debug)]
pub(crate) struct PerturbArguments {
    /// The matrix before.
    pub(crate) file: PathBuf,
    /// The matrix after.
    pub(crate) other: PathBuf,
    /// The tensor, where a file holds more than one matrix.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) tensor: Option<String>,
    #[command(flatten)]
    pub(crate) style: Style,
}

#[derive(Args, Debug)]
pub(crate) struct BackwardErrorArguments {
    /// The matrix.
    pub(crate) file: PathBuf,
    /// The computed solution, or eigenvector.
    pub(crate) solution: PathBuf,
    /// The right-hand side; none for an eigenvector.
    pub(crate) rhs: Option<PathBuf>,
    /// Errors of each entry by itself (Oettli and Prager).
    #[arg(long, conflicts_with_all = ["least_squares", "eigenvalue"])]
    pub(crate) componentwise: bool,
    /// Of a least squares solution, for changes of the matrix alone.
    #[arg(long, conflicts_with = "eigenvalue")]
    pub(crate) least_squares: bool,
    /// The eigenvalue that goes with the vector; its imaginary part after a comma.
    #[arg(long, value_name = "RE[,IM]", value_parser = complex, allow_hyphen_values = true)]
    pub(crate) eigenvalue: Option<(f64, f64)>,
    /// Write a change of the matrix that makes the answer exact.
    #[arg(long, short, value_name = "FILE.npy")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) style: Style,
}

#[derive(Args, Debug)]
pub(crate) struct LabArguments {
    /// One experiment, with all its numbers; all of them, a line each, without one.
    #[arg(value_name = "EXPERIMENT")]
    pub(crate) experiment: Option<String>,
    #[command(flatten)]
    pub(crate) style: Style,
}

pub(crate) fn bound(a: &BoundArguments) -> Result<u8, Failure> {
    let Some(name) = &a.theorem else { return list(a) };
    let given = |parameter: &str| match parameter {
        "change" => a.change,
        "gap" => a.gap,
        "cond" => a.cond,
        "matrix-error" => a.matrix_error,
        "rhs-error" => a.rhs_error,
        "residual" => a.residual,
        "size" => a.size,
        "order" => a.order,
        "left" => a.left,
        "right" => a.right,
        _ => None,
    };
    let plain = name.trim().to_lowercase().replace('_', "-");
    let Some(info) = theorems().iter().find(|t| t.name == plain) else {
        // The error that names all of them.
        theorem(&plain, &[])?;
        return Err(Failure::new(format!("`{plain}` is not known")));
    };
    let mut numbers = Vec::new();
    for (parameter, meaning) in info.parameters {
        let number = given(parameter).ok_or_else(|| {
            let all: Vec<String> = info.parameters.iter().map(|p| format!("--{} …", p.0)).collect();
            Failure::new(format!("{plain} needs --{parameter}: {meaning}"))
                .with_hint(format!("kappa bound {plain} {}", all.join(" ")))
        })?;
        numbers.push(number);
    }
    let t = theorem(&plain, &numbers)?;
    let value = t.bound();
    if a.style.explain {
        output::words(&format!("{}\nreference: {}", t.statement(), t.reference()));
    }
    if a.style.json {
        let result = json!({
            "theorem": t.name(), "statement": t.statement(), "reference": t.reference(), "bound": enclosure_json(&value),
        });
        let inputs: serde_json::Map<String, Value> =
            info.parameters.iter().zip(&numbers).map(|(p, &x)| (p.0.to_owned(), number_json(x))).collect();
        return output::json("bound", Value::Object(inputs), result);
    }
    output::data(&format!("{}\n", Enclosure::exact(value.upper()).short(DIGITS)))
}

fn list(a: &BoundArguments) -> Result<u8, Failure> {
    let statement = |t: &kappa::perturb::TheoremInfo| {
        // Numbers that satisfy every hypothesis, for the words.
        let sample = vec![0.5; t.parameters.len()];
        theorem(t.name, &sample).map(|t| t.statement()).unwrap_or_default()
    };
    if a.style.json {
        let one = |t: &kappa::perturb::TheoremInfo| {
            let parameters: Vec<Value> = t.parameters.iter().map(|p| json!({ "name": p.0, "meaning": p.1 })).collect();
            json!({ "name": t.name, "statement": statement(t), "parameters": parameters })
        };
        let result = json!({ "theorems": theorems().iter().map(one).collect::<Vec<Value>>() });
        return output::json("bound", json!({}), result);
    }
    let line = |t: &kappa::perturb::TheoremInfo| {
        let parameters: Vec<String> = t.parameters.iter().map(|p| format!("--{}", p.0)).collect();
        vec![t.name.to_owned(), parameters.join(" "), statement(t).to_owned()]
    };
    output::data(&aligned(&theorems().iter().map(line).collect::<Vec<_>>(), &[false; 3]))
}

pub(crate) fn perturb(a: &PerturbArguments) -> Result<u8, Failure> {
    let map = !a.style.no_mmap;
    let ((name, x), (_, y)) = (wide(&a.file, a.tensor.as_deref(), map)?, wide(&a.other, a.tensor.as_deref(), map)?);
    let found = match (&x, &y) {
        (WideMatrix::Real(x), WideMatrix::Real(y)) => kappa::perturb::perturb(x, y),
        (x, y) => kappa::perturb::perturb(&x.complex(), &y.complex()),
    };
    let found = found.map_err(about(&name))?;
    if a.style.explain {
        for t in &found {
            output::words(&format!("{}: {}\n  {}", t.theorem.name(), t.theorem.statement(), t.theorem.reference()));
        }
    }
    if a.style.json {
        let one = |t: &kappa::perturb::Applied| {
            json!({
                "theorem": t.theorem.name(), "quantity": t.quantity, "bound": enclosure_json(&t.bound),
                "actual": enclosure_json(&t.actual), "ratio": number_json(t.ratio()),
            })
        };
        let result = json!({ "tensor": name, "theorems": found.iter().map(one).collect::<Vec<Value>>() });
        return output::json("perturb", json!({ "file": a.file, "other": a.other }), result);
    }
    let mut lines = vec![["theorem", "allows", "happened", "ratio", "what"].map(String::from).to_vec()];
    lines.extend(found.iter().map(|t| {
        let number = |x: f64| if x == 0.0 { "0".into() } else { format!("{x:.3e}") };
        vec![
            t.theorem.name().to_owned(),
            number(t.bound.upper()),
            number(t.actual.estimate()),
            format!("{:.3}", t.ratio()),
            t.quantity.clone(),
        ]
    }));
    output::data(&aligned(&lines, &[false, true, true, true, false]))
}

pub(crate) fn backward_error(a: &BackwardErrorArguments) -> Result<u8, Failure> {
    let map = !a.style.no_mmap;
    let reads = [Some(&a.file), Some(&a.solution), a.rhs.as_ref()];
    array::check(a.output.as_deref(), reads.into_iter().flatten().map(PathBuf::as_path))?;
    let (name, matrix) = wide(&a.file, None, map)?;
    let (_, x) = wide(&a.solution, None, map)?;
    let x = x.into_vector();
    let b = a.rhs.as_deref().map(|path| wide(path, None, map)).transpose()?.map(|(_, b)| b.into_vector());
    if a.eigenvalue.is_none() && b.is_none() {
        return Err(Failure::new("a solution needs its right-hand side")
            .with_hint("kappa backward-error A.npy x.npy b.npy, or --eigenvalue for an eigenvector"));
    }
    let is_real = matches!(
        (&matrix, &x, &b, a.eigenvalue),
        (WideMatrix::Real(_), WideMatrix::Real(_), None | Some(WideMatrix::Real(_)), None | Some((_, 0.0)))
    );
    let (value, change) = match (&matrix, &x, &b) {
        (WideMatrix::Real(m), WideMatrix::Real(x), b) if is_real => {
            let b = match b {
                Some(WideMatrix::Real(b)) => b.as_slice(),
                _ => &[],
            };
            judge(a, m, x.as_slice(), b, a.eigenvalue.map(|z| z.0))
        }
        (m, x, b) => {
            let b = b.as_ref().map(WideMatrix::complex);
            let b = b.as_ref().map(|b| b.as_slice()).unwrap_or_default();
            judge(a, &m.complex(), x.complex().as_slice(), b, a.eigenvalue.map(|(re, im)| c64::new(re, im)))
        }
    }
    .map_err(about(&name))?;
    if let Some(path) = &a.output {
        let change = change.ok_or_else(|| {
            Failure::new("no change of the matrix is known for a least squares solution")
                .with_hint("leave --output out")
        })?;
        array::write(Some(path), &change)?;
    }
    if a.style.explain {
        output::words(&format!(
            "the residual in twice the working precision\nbounds: {} … {}\nevidence: {}\nreference: Rigal and Gaches, J. ACM 14 \
             (1967); Oettli and Prager, Numer. Math. 6 (1964); Waldén, Karlson and Sun, NLAA 2 (1995)",
            value.lower(),
            value.upper(),
            value.evidence()
        ));
    }
    if a.style.json {
        let result = json!({ "tensor": name, "value": enclosure_json(&value) });
        let inputs = json!({ "file": a.file, "solution": a.solution, "rhs": a.rhs });
        return output::json("backward-error", inputs, result);
    }
    output::data(&format!("{}\n", value.short(6)))
}

fn judge<W>(
    a: &BackwardErrorArguments,
    m: &kappa::Matrix<W>,
    x: &[W],
    b: &[W],
    eigenvalue: Option<W>,
) -> kappa::Result<(Enclosure, Option<WideMatrix>)>
where
    W: kappa::Scalar<Wide = W>,
    WideMatrix: From<kappa::Matrix<W>>,
{
    if let Some(value) = eigenvalue {
        let found = backward_error_eigenpair(m, value, x)?;
        return Ok((found.value, Some(found.matrix_change.into())));
    }
    if a.least_squares {
        return Ok((backward_error_least_squares(m, x, b)?, None));
    }
    let found = if a.componentwise { componentwise_backward_error(m, x, b)? } else { backward_error_system(m, x, b)? };
    Ok((found.value, Some(found.matrix_change.into())))
}

pub(crate) fn lab(a: &LabArguments) -> Result<u8, Failure> {
    let experiments = match &a.experiment {
        Some(name) => vec![name.parse::<Experiment>()?],
        None => Experiment::ALL.to_vec(),
    };
    let outcomes = experiments.into_iter().map(run).collect::<kappa::Result<Vec<_>>>()?;
    if a.style.json {
        let one = |o: &kappa::lab::Outcome| {
            let trial = |t: &kappa::lab::Trial| json!({ "cond": number_json(t.cond), "backward": number_json(t.backward), "forward": number_json(t.forward) });
            json!({
                "experiment": o.experiment.name(), "verdict": o.verdict.to_string(),
                "trials": o.trials.iter().map(trial).collect::<Vec<Value>>(),
            })
        };
        let result = json!({ "outcomes": outcomes.iter().map(one).collect::<Vec<Value>>() });
        return output::json("lab", json!({ "experiment": a.experiment }), result);
    }
    if a.style.explain {
        output::words(
            "each algorithm runs on data whose condition grows from 10 to 1e14; errors against double-double arithmetic\n\
             backward stable: the answer is exact for data changed by a few units roundoff; mixed stable: the error is no larger than \
             such a change would make it; unstable: it is\nreference: Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., \
             chapter 1",
        );
    }
    let [one] = &outcomes[..] else {
        let mut lines =
            vec![["experiment", "verdict", "worst backward error", "worst error/(κu)"].map(String::from).to_vec()];
        lines.extend(outcomes.iter().map(|o| {
            let worst = |f: &dyn Fn(&kappa::lab::Trial) -> f64| o.trials.iter().map(f).fold(0.0, f64::max);
            vec![
                o.experiment.name().to_owned(),
                o.verdict.to_string(),
                format!("{:.1e}", worst(&|t| t.backward)),
                format!("{:.1e}", worst(&|t| t.forward / (t.cond * f64::EPSILON / 2.0))),
            ]
        }));
        return output::data(&aligned(&lines, &[false, false, true, true]));
    };
    output::words(&format!("{}: {}\nbackward error: {}", one.experiment, one.verdict, one.experiment.measure()));
    let mut lines =
        vec![["condition", "backward error", "error", "condition × unit roundoff"].map(String::from).to_vec()];
    lines.extend(
        one.trials
            .iter()
            .map(|t| [t.cond, t.backward, t.forward, t.cond * f64::EPSILON / 2.0].map(|x| format!("{x:.1e}")).to_vec()),
    );
    output::data(&aligned(&lines, &[true; 4]))
}
