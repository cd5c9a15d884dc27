//! `kappa measure`.

use clap::Args;
use kappa::{Enclosure, Guarantee, Question};
use kappa_model::measure_rounded;
use kappa_report::{Named, aligned, ends, measure_key};
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::parse::read;
use crate::plans;
use crate::session::{Input, Session};
use crate::text::{DIGITS, line, table};

#[derive(Args, Debug, Serialize)]
pub(crate) struct MeasureArguments {
    #[command(flatten)]
    #[serde(flatten)]
    input: Input,
    /// Such as rank, cond, stable_rank, effective_rank, nuclear_rank, participation_ratio, energy_rank:95,
    /// singular_value:1,
    /// numerical_radius, log_norm:2, norm:nuclear; all of a survey when none is given.
    #[arg(value_name = "QUESTION", value_parser = read::<Question>)]
    questions: Vec<Question>,
    /// Count every rounding error: the bounds hold for certain.
    #[arg(long)]
    certify: bool,
}

/// The answers to several questions, by their names.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct MeasureResult {
    tensor: String,
    shape: (usize, usize),
    measures: Named<Enclosure>,
}

impl Ask for MeasureArguments {
    type Result = MeasureResult;
    const ABOUT: &'static str = "Several questions at once";
    const EXAMPLES: &'static [&'static str] = &["measure w.npy"];

    fn files(&self) -> Files<'_> {
        Files::reads([&self.input.file])
    }

    fn answer(&self, session: &Session) -> Result<Answer<MeasureResult>, Failure> {
        let standard = Question::standard();
        let questions = if self.questions.is_empty() { &standard[..] } else { &self.questions[..] };
        session.with_rounded(&self.input, |about, a| {
            let answers = measure_rounded(a, questions, Guarantee::certified_if(self.certify), about.rounded);
            let answers = answers.map_err(about.error())?;
            let pairs = || questions.iter().zip(&answers);
            let lines: Vec<Vec<String>> = pairs().map(|(q, x)| line(&q.to_string(), x.short(DIGITS))).collect();
            let result = MeasureResult {
                tensor: about.name.to_owned(),
                shape: a.shape(),
                measures: Named(pairs().map(|(q, x)| (measure_key(q), *x)).collect()),
            };
            Ok(Answer::new(result, table(&lines)).explained(explanation(a.shape(), self.certify, pairs())))
        })
    }
}

fn explanation<'a>(
    shape: (usize, usize),
    certify: bool,
    pairs: impl Iterator<Item = (&'a Question, &'a Enclosure)>,
) -> Explanation {
    let plan = plans::of_values(shape, certify);
    let rows: Vec<Vec<String>> =
        pairs.map(|(q, x)| vec![format!("  {q}"), ends(x), x.evidence().to_string()]).collect();
    Explanation::plan(format!("one pass over the entries, then singular values by {plan}"))
        .line("bounds and evidence", format!("\n{}", aligned(&rows, &[false; 3]).trim_end()))
        .reference(plans::reference(plan.algorithm))
}
