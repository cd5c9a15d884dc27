//! `kappa check`.

use clap::Args;
use kappa::{Check, Enclosure, Question};
use kappa_model::{Model, printable};
use kappa_report::{aligned, enclosure_json};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::input::Input;
use crate::one::{about, inputs, opened};
use crate::{ANSWERED, FALSE, output};

#[derive(Args, Debug)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Such as "cond < 1e8" or "rank = 768"; all must hold, for the tensor or, without one, for every matrix in the file.
    #[arg(value_name = "CHECK", required = true)]
    pub(crate) checks: Vec<String>,
}

/// One check of one tensor.
struct Outcome {
    tensor: String,
    check: Check,
    value: Enclosure,
    holds: Option<bool>,
}

impl Outcome {
    fn word(&self) -> &'static str {
        match self.holds {
            Some(true) => "true",
            Some(false) => "false",
            None => "undecided",
        }
    }

    fn json(&self) -> Value {
        json!({
            "tensor": self.tensor,
            "check": self.check.to_string(),
            "holds": self.holds,
            "value": enclosure_json(&self.value),
        })
    }
}

pub(crate) fn run(a: &CheckArguments) -> Result<u8, Failure> {
    let checks = a.checks.iter().map(|text| text.parse()).collect::<Result<Vec<Check>, _>>()?;
    let questions: Vec<Question> = checks.iter().map(|check| check.question).collect();
    let model = opened(&a.input)?;
    let mut outcomes = Vec::new();
    for name in tensors(&model, a.input.tensor.as_deref()) {
        let (name, matrix) = model.matrix(name.as_deref())?;
        let view = matrix.view()?;
        let answers = if a.input.certify { view.certified_measure(&questions) } else { view.measure(&questions) };
        let answers = answers.map_err(about(&name))?;
        outcomes.extend(checks.iter().zip(answers).map(|(&check, value)| Outcome {
            tensor: name.clone(),
            check,
            value,
            holds: check.holds(value),
        }));
    }
    // One false is enough, whatever else is undecided; one undecided keeps all from being true.
    let all = if outcomes.iter().any(|o| o.holds == Some(false)) {
        Some(false)
    } else {
        outcomes.iter().all(|o| o.holds == Some(true)).then_some(true)
    };
    if a.input.style.explain {
        let line =
            |o: &Outcome| format!("{}: {} … {}, {}", o.check, o.value.lower(), o.value.upper(), o.value.evidence());
        output::words(&outcomes.iter().map(line).collect::<Vec<_>>().join("\n"));
    }
    if a.input.style.json {
        let list: Vec<Value> = outcomes.iter().map(Outcome::json).collect();
        output::json("check", inputs(&a.input), json!({ "holds": all, "checks": list }))?;
    } else {
        let line = |o: &Outcome| vec![o.word().into(), printable(&o.tensor), o.check.to_string(), o.value.short(6)];
        output::data(&aligned(&outcomes.iter().map(line).collect::<Vec<_>>(), &[false; 4]))?;
    }
    match all {
        Some(true) => Ok(ANSWERED),
        Some(false) => Ok(FALSE),
        None => Err(undecided(&outcomes)),
    }
}

/// The named tensor, or every matrix of the file.
fn tensors(model: &Model, name: Option<&str>) -> Vec<Option<String>> {
    if name.is_some() {
        return vec![name.map(Into::into)];
    }
    let weights = model.weights();
    if weights.is_empty() { vec![None] } else { weights.into_iter().map(Some).collect() }
}

fn undecided(outcomes: &[Outcome]) -> Failure {
    let open = outcomes.iter().find(|o| o.holds.is_none());
    let what = open.map_or(String::new(), |o| {
        format!(
            "`{}`: {} is between {} and {}",
            printable(&o.tensor),
            o.check.question,
            o.value.lower(),
            o.value.upper()
        )
    });
    Failure::new(format!("the check is undecided: {what}"))
        .with_hint("compare with a number outside these bounds, or use < instead of =")
}
