//! `kappa singular-values`.

use clap::Args;
use kappa::Enclosure;
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Files};
use crate::failure::Failure;
use crate::plans;
use crate::session::{Input, Session};
use crate::text::list;

#[derive(Args, Debug, Serialize)]
pub(crate) struct SingularValuesArguments {
    #[command(flatten)]
    #[serde(flatten)]
    input: Input,
    /// Print only the K largest.
    #[arg(long, value_name = "K")]
    top: Option<usize>,
    /// Values above this share of the largest need single precision only: half the time for matrices stored in 32 bits
    /// or fewer.
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true, conflicts_with = "certify")]
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

    fn files(&self) -> Files<'_> {
        Files::reads([&self.input.file])
    }

    fn answer(&self, session: &Session) -> Result<Answer<SingularValuesResult>, Failure> {
        session.with_matrix(&self.input, |about, a| {
            let values = match self.floor {
                Some(floor) => a.singular_values_above(floor),
                None if self.certify => a.certified_singular_values(),
                None => a.singular_values(),
            };
            let values = values.map_err(about.error())?;
            let shape = a.shape();
            let plan = self.floor.map_or_else(|| plans::of_values(shape, self.certify), |floor| a.plan_above(floor));
            let explanation = plans::explained(plan, shape, &values.first())
                .line("algorithm", values.algorithm())
                .line("note", "bounds and evidence are those of the largest value");
            let shown: Vec<Enclosure> = values.iter().take(self.top.unwrap_or(usize::MAX)).collect();
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
