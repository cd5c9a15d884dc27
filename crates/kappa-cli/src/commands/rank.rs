//! `kappa rank`.

use clap::Args;
use kappa::{AnyOperator, Enclosure, Guarantee, Tolerance};
use kappa_model::nearest;
use kappa_report::number_text;
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Files};
use crate::failure::Failure;
use crate::parse::number;
use crate::plans;
use crate::session::{About, Input, Rounding, Session};
use crate::text::{DIGITS, line, scientific, table};

#[derive(Args, Debug, Serialize)]
pub(crate) struct RankArguments {
    #[command(flatten)]
    #[serde(flatten)]
    input: Input,
    /// Count singular values above this share of the largest; by default max(rows, columns)·ε of the stored type.
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true, value_parser = number)]
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
    /// The smallest rank among the matrices that differ from this one by no more than rounding to the stored type.
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
        let model = session.open(&self.input.file)?;
        // The rests of integers are carried; decimals have none.
        let rounding = if self.exact { Rounding::Allowed } else { Rounding::Ignored };
        session.with_tensor(&model, self.input.tensor.as_deref(), rounding, |about, a| {
            let values = a.singular_values_by(Guarantee::certified_if(self.certify));
            let values = values.map_err(about.error())?;
            let value = values.rank(tolerance);
            let value = if about.rounded.is_some() { nearest(value) } else { value };
            let shape = a.shape();
            let exact = self.exact.then(|| exact_rank(session, about, a)).transpose()?;
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

/// The rank of the matrix of the file, with the integers that no double holds; of the nearest doubles for decimals.
fn exact_rank(session: &Session, about: &About<'_>, a: &AnyOperator<'_>) -> Result<Enclosure, Failure> {
    let Some(rounded) = about.rounded else { return a.exact_rank().map_err(about.error()) };
    match rounded.rest() {
        Some(rest) => a.exact_rank_with(rest).map_err(about.error()),
        None if rounded.integers == 0 => {
            session.say_about_doubles(about, rounded);
            a.exact_rank().map_err(about.error())
        }
        None => {
            let message =
                format!("an integer such as {} is not a double, and not all of them can be carried", rounded.text);
            Err(Failure::new(message)
                .within(&about.place())
                .with_hint("integers of up to 38 digits are carried, real ones, beside entries that are doubles"))
        }
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
