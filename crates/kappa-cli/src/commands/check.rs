//! `kappa check`.

use clap::Args;
use kappa::{Check, Enclosure, Guarantee, Question};
use kappa_model::{Model, printable};
use kappa_report::{aligned, ends, number_text};
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::parse::read;
use crate::plans;
use crate::session::{Input, Session, with_tensor};

#[derive(Args, Debug, Serialize)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    #[serde(flatten)]
    input: Input,
    /// Such as "cond < 1e8" or "rank = 768"; all must hold, for the tensor or, without one, for every matrix in the
    /// file.
    #[arg(value_name = "CHECK", required = true, value_parser = read::<Check>)]
    checks: Vec<Check>,
    /// Count every rounding error: the bounds hold for certain.
    #[arg(long)]
    certify: bool,
}

/// Whether all checks hold; `null` where that is undecided.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CheckResult {
    holds: Option<bool>,
    checks: Vec<Outcome>,
}

/// One check of one tensor.
#[derive(Debug, Serialize, JsonSchema)]
struct Outcome {
    tensor: String,
    check: Check,
    holds: Option<bool>,
    value: Enclosure,
}

impl Outcome {
    fn word(&self) -> &'static str {
        match self.holds {
            Some(true) => "true",
            Some(false) => "false",
            None => "undecided",
        }
    }

    fn line(&self) -> Vec<String> {
        vec![self.word().into(), printable(&self.tensor), self.check.to_string(), self.value.short(6)]
    }
}

impl Ask for CheckArguments {
    type Result = CheckResult;
    const ABOUT: &'static str = "Check claims about a matrix: exit 0 true, 1 false, 2 undecided";
    const EXAMPLES: &'static [&'static str] = &["check w.npy rank=2"];

    fn files(&self) -> Files<'_> {
        Files::reads([&self.input.file])
    }

    fn answer(&self, session: &Session) -> Result<Answer<CheckResult>, Failure> {
        let model = session.open(&self.input.file)?;
        let mut outcomes = Vec::new();
        let mut plan = None;
        for name in tensors(&model, self.input.tensor.as_deref()) {
            with_tensor(&model, name.as_deref(), |about, a| {
                outcomes.extend(self.outcomes(about.name, a).map_err(about.error())?);
                plan = Some(plans::of_values(a.shape(), self.certify));
                Ok(())
            })?;
        }
        // One false is enough, whatever else is undecided; one undecided keeps all from being true.
        let holds = if outcomes.iter().any(|o| o.holds == Some(false)) {
            Some(false)
        } else {
            outcomes.iter().all(|o| o.holds == Some(true)).then_some(true)
        };
        let text = aligned(&outcomes.iter().map(Outcome::line).collect::<Vec<_>>(), &[false; 4]);
        let explanation = explanation(plan, &outcomes);
        let failure = holds.is_none().then(|| undecided(&outcomes));
        let answer = Answer::new(CheckResult { holds, checks: outcomes }, text).explained(explanation);
        Ok(Answer { failure, ..answer.holds(holds == Some(true)) })
    }
}

impl CheckArguments {
    fn outcomes(&self, name: &str, a: &kappa::AnyOperator<'_>) -> kappa::Result<Vec<Outcome>> {
        let questions: Vec<Question> = self.checks.iter().map(|check| check.question).collect();
        let answers = a.measure_by(&questions, Guarantee::certified_if(self.certify))?;
        let outcome = |(&check, value): (&Check, Enclosure)| Outcome {
            tensor: name.to_owned(),
            check,
            holds: check.holds(value),
            value,
        };
        Ok(self.checks.iter().zip(answers).map(outcome).collect())
    }
}

fn explanation(plan: Option<kappa::Plan>, outcomes: &[Outcome]) -> Explanation {
    let row = |o: &Outcome| vec![format!("  {}", o.check), ends(&o.value), o.value.evidence().to_string()];
    let rows: Vec<Vec<String>> = outcomes.iter().map(row).collect();
    let explanation = Explanation::plan("a check holds where every number between the bounds satisfies it")
        .line("bounds and evidence", format!("\n{}", aligned(&rows, &[false; 3]).trim_end()));
    match plan {
        Some(plan) => explanation.reference(plans::reference(plan.algorithm)),
        None => explanation,
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
        let (lower, upper) = (number_text(o.value.lower()), number_text(o.value.upper()));
        format!("`{}`: {} is between {lower} and {upper}", printable(&o.tensor), o.check.question)
    });
    Failure::new(format!("the check is undecided: {what}"))
        .with_hint("compare with a number outside these bounds, or use < instead of =")
}
