//! `kappa lab`: textbook algorithms put to the test.

use clap::Args;
use kappa::lab::{Experiment, Outcome, Trial, Verdict, run};
use kappa_report::aligned;
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files, Reads};
use crate::failure::Failure;
use crate::parse::read;
use crate::session::Session;
use crate::text::{scientific, titles};

#[derive(Args, Debug, Serialize)]
pub(crate) struct LabArguments {
    /// One experiment with all its numbers; without one, a line for each.
    #[arg(value_name = "EXPERIMENT", value_parser = read::<Experiment>)]
    experiment: Option<Experiment>,
}

/// Measured errors of algorithms.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LabResult {
    outcomes: Vec<OutcomeResult>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct OutcomeResult {
    experiment: Experiment,
    verdict: Verdict,
    trials: Vec<Trial>,
}

impl Ask for LabArguments {
    type Result = LabResult;
    const ABOUT: &'static str = "Measured stability of textbook algorithms";
    const EXAMPLES: &'static [&'static str] = &["lab householder-qr"];
    const READS: Reads = Reads::Nothing;

    fn files(&self) -> Files<'_> {
        Files::default()
    }

    fn answer(&self, _: &Session) -> Result<Answer<LabResult>, Failure> {
        let experiments = self.experiment.map_or_else(|| Experiment::ALL.to_vec(), |one| vec![one]);
        let outcomes = experiments.into_iter().map(run).collect::<kappa::Result<Vec<_>>>()?;
        let explanation =
            Explanation::plan("data whose condition grows from 10 to 1e14; errors against double-double arithmetic")
                .line("backward stable", "the answer is exact for data changed by a few units roundoff")
                .line("mixed stable", "the error is no larger than such a change would cause")
                .line("unstable", "the error is larger")
                .reference("Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., chapter 1");
        let one =
            |o: &Outcome| OutcomeResult { experiment: o.experiment, verdict: o.verdict, trials: o.trials.clone() };
        let result = LabResult { outcomes: outcomes.iter().map(one).collect() };
        let answer = match &outcomes[..] {
            [one] => Answer::new(result, trials(one)).note(format!(
                "{}: {}\nbackward error: {}",
                one.experiment,
                one.verdict,
                one.experiment.measure()
            )),
            all => Answer::new(result, summary(all)),
        };
        Ok(answer.explained(explanation))
    }
}

fn trials(one: &Outcome) -> String {
    let mut lines = vec![titles(["condition", "backward error", "error", "condition × unit roundoff"])];
    let row =
        |t: &Trial| [t.cond, t.backward, t.forward, t.cond * f64::EPSILON / 2.0].map(|x| scientific(x, 1)).to_vec();
    lines.extend(one.trials.iter().map(row));
    aligned(&lines, &[true; 4])
}

fn summary(all: &[Outcome]) -> String {
    let mut lines = vec![titles(["experiment", "verdict", "worst backward error", "worst error/(κu)"])];
    lines.extend(all.iter().map(|o| {
        let worst = |f: &dyn Fn(&Trial) -> f64| scientific(o.trials.iter().map(f).fold(0.0, f64::max), 1);
        vec![
            o.experiment.name().to_owned(),
            o.verdict.to_string(),
            worst(&|t| t.backward),
            worst(&|t| t.forward / (t.cond * f64::EPSILON / 2.0)),
        ]
    }));
    aligned(&lines, &[false, false, true, true])
}
