//! Questions about one matrix.

use clap::Args;
use kappa::{
    Enclosure, Evidence, Hutchinson, Lanczos, Norm, Plan, Question, SingularValues, SpectralCertificate, Tolerance,
};
use kappa_model::{Error, LayerMatrix, MatrixView, Model, Opening, with_wide};
use kappa_report::{aligned, enclosure_json, measure_key};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::input::Input;
use crate::output;

#[derive(Args, Debug)]
pub(crate) struct NormArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// frobenius, spectral, nuclear, max-abs, max-column-sum, max-row-sum, entrywise:p, induced:p,q, schatten:p, ky-fan:k,
    /// ky-fan:k,p, or dual:NORM.
    #[arg(long, short, value_name = "NORM", default_value = "frobenius")]
    pub(crate) norm: String,
    /// Stop at this relative width: the spectral norm only, such as 1e-6.
    #[arg(long, value_name = "WIDTH", allow_hyphen_values = true)]
    pub(crate) within: Option<f64>,
    /// Find the Frobenius norm from this many products with random vectors, as one would for an operator without entries.
    #[arg(long, value_name = "N", conflicts_with_all = ["within", "certify"])]
    pub(crate) samples: Option<usize>,
}

#[derive(Args, Debug)]
pub(crate) struct RankArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Count singular values above this share of the largest; max(rows, columns)·2⁻⁵² by default.
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true)]
    pub(crate) tolerance: Option<f64>,
    /// Also the exact rank, without any tolerance: elimination in whole numbers.
    #[arg(long)]
    pub(crate) exact: bool,
}

#[derive(Args, Debug)]
pub(crate) struct SingularValuesArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Print only the K largest.
    #[arg(long, value_name = "K")]
    pub(crate) top: Option<usize>,
    /// Values above this share of the largest need no more than single precision: half the time for matrices stored in 32 bits or fewer.
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true, conflicts_with = "certify")]
    pub(crate) floor: Option<f64>,
}

#[derive(Args, Debug)]
pub(crate) struct MeasureArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Such as rank, cond, stable_rank, effective_rank, nuclear_rank, participation_ratio, energy_rank:95, singular_value:1, numerical_radius, log_norm:2, norm:nuclear; all when none is
    /// given.
    #[arg(value_name = "QUESTION")]
    pub(crate) questions: Vec<String>,
}

/// Digits printed of a number whose bounds allow that many.
pub(crate) const DIGITS: usize = 17;

/// Does something with the matrix that the arguments name.
pub(crate) fn with_matrix<R>(
    input: &Input,
    ask: impl FnOnce(&str, &LayerMatrix<'_>) -> Result<R, Failure>,
) -> Result<R, Failure> {
    with_matrix_of(&opened(input)?, input, ask)
}

/// The file that the arguments name.
pub(crate) fn opened(input: &Input) -> Result<Model, Failure> {
    Ok(Model::open_with(&input.file, &Opening { map: !input.style.no_mmap })?)
}

/// The same with a matrix of a file that is open.
pub(crate) fn with_matrix_of<R>(
    model: &Model,
    input: &Input,
    ask: impl FnOnce(&str, &LayerMatrix<'_>) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let (name, matrix) = model.matrix(input.tensor.as_deref())?;
    ask(&name, &matrix)
}

/// The error of a question about a tensor, with its name.
pub(crate) fn about(name: &str) -> impl Fn(kappa::Error) -> Failure + '_ {
    move |error| Error::about(name, &error).into()
}

pub(crate) fn inputs(input: &Input) -> Value {
    json!({ "file": input.file, "tensor": input.tensor })
}

/// How an answer was found: the plan in words, then bounds, evidence and references.
pub(crate) fn explain(shape: (usize, usize), how: &str, answer: &Enclosure) -> String {
    let (m, n) = shape;
    format!(
        "plan: {how} ({m}×{n})\nbounds: {} … {}\nevidence: {}\nreference: Higham, Accuracy and Stability of Numerical \
         Algorithms, 2nd ed., chapters 3 and 6; Golub and Van Loan, Matrix Computations, 4th ed., sections 2.4 and 8.6; Rump, \
         Acta Numerica 19 (2010) 287–449",
        answer.lower(),
        answer.upper(),
        answer.evidence()
    )
}

/// The plan for all singular values, in words.
pub(crate) fn plan_of_values(shape: (usize, usize), certify: bool) -> String {
    in_words(usual_plan(shape, certify))
}

fn usual_plan(shape: (usize, usize), certify: bool) -> Plan {
    if certify { Plan::certified_values(shape) } else { Plan::singular_values(shape) }
}

fn in_words(plan: Plan) -> String {
    format!("{plan}; {}", plan.why)
}

/// The plan for a norm, in words.
fn plan_of(norm: Norm, shape: (usize, usize), certify: bool, answer: &Enclosure) -> String {
    match answer.evidence() {
        Evidence::Theorem(name) => format!("nonlinear power method from below, {name} from above"),
        Evidence::Probability(_) => "Lanczos on AᴴA".into(),
        _ if norm.is_unitarily_invariant() && norm != Norm::frobenius() => plan_of_values(shape, certify),
        _ if norm.is_induced() && shape.0 > 1 && norm != Norm::max_abs() => {
            "a closed form, or all sign vectors; every rounding error counted".into()
        }
        _ => "a pass over the entries, every rounding error counted".into(),
    }
}

/// The singular values that the options ask for.
fn values(view: &MatrixView<'_>, certify: bool) -> kappa::Result<SingularValues> {
    if certify { view.certified_singular_values() } else { view.singular_values() }
}

/// Prints one number.
pub(crate) fn answer(
    command: &str,
    input: &Input,
    result: Value,
    value: &Enclosure,
    explanation: impl FnOnce() -> String,
) -> Result<u8, Failure> {
    if input.style.explain {
        output::words(&explanation());
    }
    if input.style.json {
        return output::json(command, inputs(input), result);
    }
    output::data(&format!("{}\n", value.short(DIGITS)))
}

pub(crate) fn norm(a: &NormArguments) -> Result<u8, Failure> {
    let norm: Norm = a.norm.parse()?;
    if let Some(width) = a.within {
        check_within(norm, width)?;
    }
    if a.samples.is_some() && norm != Norm::frobenius() {
        return Err(Failure::new(format!("--samples is for the Frobenius norm, not for {norm}"))
            .with_hint("leave --samples out"));
    }
    with_matrix(&a.input, |name, matrix| {
        let view = matrix.view()?;
        let (value, how) = norm_of(&view, norm, a).map_err(about(name))?;
        let (m, n) = view.shape();
        let result =
            json!({ "tensor": name, "shape": [m, n], "norm": norm.to_string(), "value": enclosure_json(&value) });
        answer("norm", &a.input, result, &value, || explain((m, n), &how, &value))
    })
}

fn check_within(norm: Norm, width: f64) -> Result<(), Failure> {
    if norm != Norm::spectral() {
        return Err(Failure::new(format!("--within is for the spectral norm, not for {norm}"))
            .with_hint("other norms are found to full precision; leave --within out"));
    }
    if !(width > 0.0 && width.is_finite()) {
        return Err(Failure::new(format!("a relative width must be finite and above 0, not {width}"))
            .with_hint("such as --within 1e-6"));
    }
    Ok(())
}

/// The norm by the cheapest way that the options allow, and that way in words.
fn norm_of(view: &MatrixView<'_>, norm: Norm, a: &NormArguments) -> kappa::Result<(Enclosure, String)> {
    let certify = a.input.certify;
    if let Some(samples) = a.samples {
        let value = view.frobenius_by_sampling(&Hutchinson { samples, ..Hutchinson::default() })?;
        return Ok((value, format!("{samples} products with random vectors (Hutchinson)")));
    }
    if norm == Norm::spectral() && certify {
        let how = SpectralCertificate { width: a.within.unwrap_or(0.0), ..Default::default() };
        let (value, method) = view.certified_spectral_norm(&how)?;
        return Ok((value, format!("‖Ax‖/‖x‖ from below, {} from above", method.name())));
    }
    let value = match a.within {
        Some(tolerance) => view.spectral_norm(&Lanczos { tolerance, ..Lanczos::default() })?,
        None if certify => view.certified_norm(norm)?,
        None => view.norm(norm)?,
    };
    Ok((value, plan_of(norm, view.shape(), certify, &value)))
}

pub(crate) fn rank(a: &RankArguments) -> Result<u8, Failure> {
    let tolerance = a.tolerance.map_or(Ok(Tolerance::default()), Tolerance::relative)?;
    with_matrix(&a.input, |name, matrix| {
        let view = matrix.view()?;
        let values = values(&view, a.input.certify).map_err(about(name))?;
        let value = values.rank(tolerance);
        let (m, n) = view.shape();
        let exact =
            a.exact.then(|| with_wide!(view.to_wide(), a => kappa::exact_rank(&a))).transpose().map_err(about(name))?;
        let result = json!({
            "tensor": name, "shape": [m, n], "tolerance": tolerance.to_string(), "value": enclosure_json(&value),
            "exact": exact.as_ref().map(enclosure_json),
        });
        let explanation = || {
            let size = tolerance.size((m, n), values.first());
            let plan = plan_of_values((m, n), a.input.certify);
            format!("{}\ntolerance: {tolerance} = {:e}", explain((m, n), &plan, &value), size.estimate())
        };
        let Some(exact) = exact.filter(|_| !a.input.style.json) else {
            return answer("rank", &a.input, result, &value, explanation);
        };
        if a.input.style.explain {
            output::words(&explanation());
        }
        let proved = match exact.lower() == exact.upper() {
            true => exact.short(DIGITS),
            false => format!("{} to {}, not proved any closer", exact.lower(), exact.upper()),
        };
        output::data(&aligned(
            &[vec!["numerical rank".to_owned(), value.short(DIGITS)], vec!["exact rank".to_owned(), proved]],
            &[false, false],
        ))
    })
}

pub(crate) fn singular_values(a: &SingularValuesArguments) -> Result<u8, Failure> {
    with_matrix(&a.input, |name, matrix| {
        let view = matrix.view()?;
        let values = match a.floor {
            Some(floor) => view.singular_values_above(floor),
            None => values(&view, a.input.certify),
        };
        let values = values.map_err(about(name))?;
        let shown: Vec<Enclosure> = values.iter().take(a.top.unwrap_or(usize::MAX)).collect();
        if a.input.style.explain {
            let plan =
                a.floor.map_or_else(|| usual_plan(view.shape(), a.input.certify), |floor| view.plan_above(floor));
            output::words(&explain_values(view.shape(), &values, plan));
        }
        if a.input.style.json {
            let (m, n) = view.shape();
            let result = json!({
                "tensor": name,
                "shape": [m, n],
                "algorithm": values.algorithm(),
                "values": shown.iter().map(enclosure_json).collect::<Vec<_>>(),
            });
            return output::json("singular-values", inputs(&a.input), result);
        }
        output::data(&shown.iter().map(|s| s.short(DIGITS) + "\n").collect::<String>())
    })
}

fn explain_values(shape: (usize, usize), values: &SingularValues, plan: Plan) -> String {
    let explanation = explain(shape, &in_words(plan), &values.first());
    format!("{explanation}\nalgorithm: {}\nbounds and evidence are those of the largest", values.algorithm())
}

pub(crate) fn measure(a: &MeasureArguments) -> Result<u8, Failure> {
    let mut questions = a.questions.iter().map(|text| text.parse()).collect::<Result<Vec<Question>, _>>()?;
    if questions.is_empty() {
        questions = Question::standard();
    }
    with_matrix(&a.input, |name, matrix| {
        let view = matrix.view()?;
        let answers = if a.input.certify { view.certified_measure(&questions) } else { view.measure(&questions) };
        let answers = answers.map_err(about(name))?;
        let pairs = || questions.iter().zip(&answers);
        if a.input.style.explain {
            let lines = pairs().map(|(q, x)| {
                vec![format!("{q}:"), format!("{} … {}", x.lower(), x.upper()), x.evidence().to_string()]
            });
            output::words(&aligned(&lines.collect::<Vec<_>>(), &[false; 3]));
        }
        if a.input.style.json {
            let (m, n) = view.shape();
            let measures: serde_json::Map<String, Value> =
                pairs().map(|(q, x)| (measure_key(q), enclosure_json(x))).collect();
            let result = json!({ "tensor": name, "shape": [m, n], "measures": measures });
            return output::json("measure", inputs(&a.input), result);
        }
        let lines: Vec<Vec<String>> = pairs().map(|(q, x)| vec![q.to_string(), x.short(DIGITS)]).collect();
        output::data(&aligned(&lines, &[false, false]))
    })
}
