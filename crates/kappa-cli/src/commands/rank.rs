//! `kappa rank`.

use clap::Args;
use kappa::{Enclosure, Guarantee, Tolerance};
use kappa_report::number_text;
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Files};
use crate::failure::Failure;
use crate::plans;
use crate::session::{Input, Session};
use crate::text::{DIGITS, line, scientific, table};

#[derive(Args, Debug, Serialize)]
pub(crate) struct RankArguments {
    #[command(flatten)]
    #[serde(flatten)]
    input: Input,
    /// Count singular values above this share of the largest; by default max(rows, columns)·ε of the stored type.
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true)]
    tolerance: Option<f64>,
    /// Also the exact rank, without any tolerance: exact integer elimination.
    #[arg(long)]
    exact: bool,
    /// Count every rounding error: the bounds hold for certain.
    #[arg(long)]
    certify: bool,
}

/// The numerical rank at a tolerance, and the exact one where it is asked for.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RankResult {
    tensor: String,
    shape: (usize, usize),
    tolerance: Tolerance,
    value: Enclosure,
    /// The least rank of a matrix that this one cannot be told from, up to rounding to the stored type.
    stored_rank: Enclosure,
    exact: Option<Enclosure>,
}

impl Ask for RankArguments {
    type Result = RankResult;
    const ABOUT: &'static str = "The numerical rank, or the exact one";
    const EXAMPLES: &'static [&'static str] = &["rank a.npy --exact"];

    fn files(&self) -> Files<'_> {
        Files::reads([&self.input.file])
    }

    fn answer(&self, session: &Session) -> Result<Answer<RankResult>, Failure> {
        let tolerance = self.tolerance.map_or(Ok(Tolerance::default()), Tolerance::relative)?;
        session.with_matrix(&self.input, |about, a| {
            let values = a.singular_values_by(Guarantee::certified_if(self.certify));
            let values = values.map_err(about.error())?;
            let value = values.rank(tolerance);
            let shape = a.shape();
            let exact = self.exact.then(|| a.exact_rank()).transpose().map_err(about.error())?;
            let (epsilon, stored_rank) = (values.epsilon(), values.stored_rank());
            let size = scientific(tolerance.size(shape, epsilon, values.first()).estimate(), 3);
            let mut explanation = plans::explained(plans::of_values(shape, self.certify), shape, &value)
                .line(
                    "tolerance",
                    format!("{tolerance} = {size}, with ε = {} of the stored type", scientific(epsilon, 2)),
                )
                .line("stored rank", format!("{}, up to rounding to the stored type", stored_rank.short(DIGITS)));
            if let Some(exact) = &exact {
                explanation = explanation.line("exact rank", "elimination modulo primes").bounds(exact);
            }
            let text = text(&value, exact.as_ref());
            let result = RankResult { tensor: about.name.to_owned(), shape, tolerance, value, stored_rank, exact };
            Ok(Answer::new(result, text).explained(explanation))
        })
    }
}

fn text(value: &Enclosure, exact: Option<&Enclosure>) -> String {
    let Some(exact) = exact else { return format!("{}\n", value.short(DIGITS)) };
    let proved = if exact.lower() == exact.upper() {
        exact.short(DIGITS)
    } else {
        format!("between {} and {}", number_text(exact.lower()), number_text(exact.upper()))
    };
    table(&[line("numerical rank", value.short(DIGITS)), line("exact rank", proved)])
}
