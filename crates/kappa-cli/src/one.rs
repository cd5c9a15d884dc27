//! Questions about one matrix.

use kappa::{Enclosure, Norm, Plan, Question, SingularValues, Tolerance};
use kappa_model::{Error, LayerMatrix, Model, Opening};
use kappa_report::{aligned, enclosure_json, measure_key};
use serde_json::{Value, json};

use crate::arguments::{CondArguments, Input, MeasureArguments, NormArguments, RankArguments, SingularValuesArguments};
use crate::failure::Failure;
use crate::output;

/// Digits printed of a number whose bounds allow that many.
const DIGITS: usize = 17;

/// Does something with the matrix that the arguments name.
pub(crate) fn with_matrix<R>(
    input: &Input,
    ask: impl FnOnce(&str, &LayerMatrix<'_>) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let model = Model::open_with(&input.file, &Opening { map: !input.style.no_mmap })?;
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

fn explain(shape: (usize, usize), norm: Option<Norm>, answer: &Enclosure) -> String {
    let (m, n) = shape;
    let how = match norm {
        Some(norm) if !needs_values(norm) => "one pass over the entries, every rounding error counted".into(),
        _ => Plan::singular_values(shape).to_string(),
    };
    format!(
        "plan: {how} ({m}×{n})\nbounds: {} … {}\nevidence: {}\nreference: Higham, Accuracy and Stability of Numerical \
         Algorithms, 2nd ed., chapters 3 and 6; Golub and Van Loan, Matrix Computations, 4th ed., sections 2.4 and 8.6",
        answer.lower(),
        answer.upper(),
        answer.evidence()
    )
}

/// Whether the plan for this norm goes through singular values.
fn needs_values(norm: Norm) -> bool {
    norm.is_unitarily_invariant() && norm != Norm::frobenius()
}

/// Prints one number.
fn answer(
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
    with_matrix(&a.input, |name, matrix| {
        let view = matrix.view()?;
        let value = view.norm(norm).map_err(about(name))?;
        let (m, n) = view.shape();
        let result =
            json!({ "tensor": name, "shape": [m, n], "norm": norm.to_string(), "value": enclosure_json(&value) });
        answer("norm", &a.input, result, &value, || explain((m, n), Some(norm), &value))
    })
}

pub(crate) fn cond(a: &CondArguments) -> Result<u8, Failure> {
    let norm: Norm = a.norm.parse()?;
    with_matrix(&a.input, |name, matrix| {
        let view = matrix.view()?;
        let value = view.cond(norm).map_err(about(name))?;
        let (m, n) = view.shape();
        let result =
            json!({ "tensor": name, "shape": [m, n], "norm": norm.to_string(), "value": enclosure_json(&value) });
        answer("cond", &a.input, result, &value, || explain((m, n), None, &value))
    })
}

pub(crate) fn rank(a: &RankArguments) -> Result<u8, Failure> {
    let tolerance = a.tolerance.map_or(Ok(Tolerance::default()), Tolerance::relative)?;
    with_matrix(&a.input, |name, matrix| {
        let view = matrix.view()?;
        let values = view.singular_values().map_err(about(name))?;
        let value = values.rank(tolerance);
        let (m, n) = view.shape();
        let result = json!({
            "tensor": name, "shape": [m, n], "tolerance": tolerance.to_string(), "value": enclosure_json(&value),
        });
        let explanation = || {
            let size = tolerance.size((m, n), values.first());
            format!("{}\ntolerance: {tolerance} = {:e}", explain((m, n), None, &value), size.estimate())
        };
        answer("rank", &a.input, result, &value, explanation)
    })
}

pub(crate) fn singular_values(a: &SingularValuesArguments) -> Result<u8, Failure> {
    with_matrix(&a.input, |name, matrix| {
        let view = matrix.view()?;
        let values = view.singular_values().map_err(about(name))?;
        let shown: Vec<Enclosure> = values.iter().take(a.top.unwrap_or(usize::MAX)).collect();
        if a.input.style.explain {
            output::words(&explain_values(view.shape(), &values));
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

fn explain_values(shape: (usize, usize), values: &SingularValues) -> String {
    let explanation = explain(shape, None, &values.first());
    format!("{explanation}\nalgorithm: {}\nbounds and evidence are those of the largest", values.algorithm())
}

pub(crate) fn measure(a: &MeasureArguments) -> Result<u8, Failure> {
    let mut questions = a.questions.iter().map(|text| text.parse()).collect::<Result<Vec<Question>, _>>()?;
    if questions.is_empty() {
        questions = Question::standard();
    }
    with_matrix(&a.input, |name, matrix| {
        let view = matrix.view()?;
        let answers = view.measure(&questions).map_err(about(name))?;
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
