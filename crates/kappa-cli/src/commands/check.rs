//! `kappa check`.

use clap::Args;
use kappa::{Check, Enclosure, Guarantee, Question};
use kappa_model::{Model, Skipped, measure_rounded, printable};
use kappa_report::{aligned, counted, ends, number_text};
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::parse::read;
use crate::plans;
use crate::session::{About, Input, Rounding, Session};

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
    /// The matrices that could not be looked at, so that the checks are not known to hold.
    not_checked: Vec<NotChecked>,
}

/// A matrix that could not be looked at.
#[derive(Debug, Serialize, JsonSchema)]
struct NotChecked {
    tensor: String,
    reason: String,
}

impl From<Skipped> for NotChecked {
    fn from(skipped: Skipped) -> Self {
        Self { tensor: skipped.name, reason: skipped.reason }
    }
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
        let (outcomes, not_checked, shape) = match &self.input.tensor {
            Some(name) => {
                let model = session.open(&self.input.file)?;
                let (outcomes, shape) = self.of_tensor(session, &model, Some(name), Rounding::Allowed)?;
                (outcomes, Vec::new(), Some(shape))
            }
            None => self.of_all(session)?,
        };
        // One false is enough, whatever else is undecided; one undecided keeps all from being true.
        let holds = if outcomes.iter().any(|o| o.holds == Some(false)) {
            Some(false)
        } else {
            (not_checked.is_empty() && outcomes.iter().all(|o| o.holds == Some(true))).then_some(true)
        };
        let text = aligned(&outcomes.iter().map(Outcome::line).collect::<Vec<_>>(), &[false; 4]);
        let explanation = explanation(shape.map(|shape| plans::of_values(shape, self.certify)), &outcomes);
        let failure = holds.is_none().then(|| undecided(&outcomes, &not_checked));
        let notes = not_checked.iter().map(|one| format!("not checked: `{}` {}", printable(&one.tensor), one.reason));
        let notes: Vec<String> = notes.collect();
        let answer = Answer::new(CheckResult { holds, checks: outcomes, not_checked }, text).explained(explanation);
        Ok(Answer { failure, notes, ..answer.holds(holds == Some(true)) })
    }
}

/// The outcomes, what could not be looked at, and the shape of the last matrix.
type All = (Vec<Outcome>, Vec<NotChecked>, Option<(usize, usize)>);

impl CheckArguments {
    /// Every matrix of the file. One that cannot be looked at does not end the check, and keeps it from being true.
    fn of_all(&self, session: &Session) -> Result<All, Failure> {
        let model = session.open_whole(&self.input.file)?;
        let weights = model.weights();
        let others = model.unmeasured().into_iter().chain(model.skipped().iter().cloned());
        let (broken, left_out): (Vec<Skipped>, Vec<Skipped>) = others.partition(|skipped| skipped.is_broken);
        session.say_left_out(&model, &left_out);
        let is_whole = model.skipped().iter().all(|skipped| !skipped.is_broken);
        if weights.is_empty() && (broken.is_empty() || (model.tensors().len() == 1 && is_whole)) {
            // A vector or an empty matrix, or an error that says that there is no matrix.
            let (outcomes, shape) = self.of_tensor(session, &model, None, Rounding::Allowed)?;
            return Ok((outcomes, Vec::new(), Some(shape)));
        }
        let (mut outcomes, mut not_checked, mut last) = (Vec::new(), Vec::new(), None);
        let is_one = weights.len() == 1 && broken.is_empty();
        for name in weights {
            match self.of_tensor(session, &model, Some(&name), Rounding::OneOfMany) {
                Ok((found, shape)) => {
                    outcomes.extend(found);
                    last = Some(shape);
                }
                Err(failure) if is_one => return Err(failure),
                Err(failure) => not_checked.push(NotChecked { tensor: name, reason: failure.message().to_owned() }),
            }
        }
        not_checked.extend(broken.into_iter().map(NotChecked::from));
        Ok((outcomes, not_checked, last))
    }

    fn of_tensor(
        &self,
        session: &Session,
        model: &Model,
        name: Option<&str>,
        rounding: Rounding,
    ) -> Result<(Vec<Outcome>, (usize, usize)), Failure> {
        session.with_tensor(model, name, rounding, |about, a| {
            Ok((self.outcomes(about, a).map_err(about.error())?, a.shape()))
        })
    }

    fn outcomes(&self, about: &About<'_>, a: &kappa::AnyOperator<'_>) -> kappa::Result<Vec<Outcome>> {
        let questions: Vec<Question> = self.checks.iter().map(|check| check.question).collect();
        let answers = measure_rounded(a, &questions, Guarantee::certified_if(self.certify), about.rounded)?;
        let outcome = |(&check, value): (&Check, Enclosure)| Outcome {
            tensor: about.name.to_owned(),
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

fn undecided(outcomes: &[Outcome], not_checked: &[NotChecked]) -> Failure {
    if let Some(o) = outcomes.iter().find(|o| o.holds.is_none()) {
        let (lower, upper) = (number_text(o.value.lower()), number_text(o.value.upper()));
        let what = format!("`{}`: {} is between {lower} and {upper}", printable(&o.tensor), o.check.question);
        return Failure::new(format!("the check is undecided: {what}"))
            .with_hint("compare with a number outside these bounds, or use < instead of =");
    }
    let first =
        not_checked.first().map_or(String::new(), |one| format!(": `{}` {}", printable(&one.tensor), one.reason));
    let count = counted(not_checked.len(), "tensor");
    Failure::new(format!("the check is undecided: {count} could not be looked at{first}"))
        .with_hint("name one matrix with `--tensor NAME` to check it alone")
}
