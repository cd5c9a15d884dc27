//! `kappa singular-values`.

use clap::Args;
use kappa::factor::{SingularTriplets, ThickRestart};
use kappa::krylov::End;
use kappa::{AnyOperator, Enclosure, Guarantee};
use kappa_model::widened_by;
use schemars::JsonSchema;
use serde::Serialize;

use super::triplets::remarked;
use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::parse::{count, number};
use crate::plans;
use crate::session::{Input, Session};
use crate::text::list;

#[derive(Args, Debug, Serialize)]
pub(crate) struct SingularValuesArguments {
    #[command(flatten)]
    #[serde(flatten)]
    input: Input,
    /// Print only the K largest.
    #[arg(long, value_name = "K", value_parser = count)]
    top: Option<usize>,
    /// Print only the K smallest, smallest first.
    #[arg(long, value_name = "K", value_parser = count, conflicts_with_all = ["top", "floor", "certify"])]
    smallest: Option<usize>,
    /// Values above this share of the largest need single precision only: half the time for matrices stored in 32 bits
    /// or fewer.
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true, conflicts_with = "certify", value_parser = number)]
    floor: Option<f64>,
    /// Count every rounding error: the bounds hold for certain.
    #[arg(long)]
    certify: bool,
}

/// Singular values, largest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SingularValuesResult {
    tensor: String,
    shape: (usize, usize),
    algorithm: String,
    values: Vec<Enclosure>,
}

impl Ask for SingularValuesArguments {
    type Result = SingularValuesResult;
    const ABOUT: &'static str = "Singular values, largest first";
    const EXAMPLES: &'static [&'static str] = &[
        "singular-values w.npy",
        "singular-values w.npy --smallest 1",
        "singular-values w.npy --top 1",
        "singular-values w.npy --floor 1e-6",
    ];

    fn files(&self) -> Files<'_> {
        Files::reads([&self.input.file])
    }

    fn answer(&self, session: &Session) -> Result<Answer<SingularValuesResult>, Failure> {
        session.with_rounded(&self.input, |about, a| {
            // Each value of the matrix of the file differs by at most the norm of what was rounded (Weyl).
            let whole = |x| about.rounded.map_or(x, |rounded| widened_by(x, rounded.length(), false));
            if let Some(k) = self.smallest.filter(|_| a.is_written_out()) {
                let values = a.smallest_singular_values(k).map_err(about.error())?;
                return Ok(some(about.name, a, values.into_iter().map(whole).collect(), "all singular values"));
            }
            let is_plain = self.floor.is_none() && !self.certify && !a.is_written_out();
            if let Some(k) = self.smallest.or(self.top).filter(|_| is_plain) {
                let end = if self.smallest.is_some() { End::Smallest } else { End::Largest };
                let which = SingularTriplets::Partial(k, ThickRestart { end, ..ThickRestart::default() });
                let f = a.triplets(&which).map_err(about.error())?;
                let values = f.values().iter().copied().map(whole).collect();
                let answer = some(about.name, a, values, f.algorithm());
                return Ok(remarked(answer, &f, end == End::Smallest));
            }
            let values = match self.floor {
                Some(floor) => a.singular_values_above(floor),
                None => a.singular_values_by(Guarantee::certified_if(self.certify)),
            };
            let values = values.map_err(about.error())?;
            let shape = a.shape();
            let plan = self.floor.map_or_else(|| plans::of_values(shape, self.certify), |floor| a.plan_above(floor));
            let explanation = plans::explained(plan, shape, &whole(values.first()))
                .line("algorithm", values.algorithm())
                .line("note", "bounds and evidence are those of the largest value");
            let shown: Vec<Enclosure> = values.iter().take(self.top.unwrap_or(usize::MAX)).map(whole).collect();
            let text = list(&shown);
            let result = SingularValuesResult {
                tensor: about.name.to_owned(),
                shape,
                algorithm: values.algorithm().to_owned(),
                values: shown,
            };
            Ok(Answer::new(result, text).explained(explanation))
        })
    }
}

/// Some values at one end.
fn some(name: &str, a: &AnyOperator<'_>, values: Vec<Enclosure>, algorithm: &str) -> Answer<SingularValuesResult> {
    let (m, n) = a.shape();
    let mut explanation = Explanation::plan(format!("{algorithm} ({m}×{n})"));
    if let Some(first) = values.first() {
        explanation = explanation.bounds(first);
    }
    let explanation = explanation.reference("Baglama and Reichel, SIAM J. Sci. Comput. 27 (2005) 19–42");
    let text = list(&values);
    let result =
        SingularValuesResult { tensor: name.to_owned(), shape: (m, n), algorithm: algorithm.to_owned(), values };
    Answer::new(result, text).explained(explanation)
}
