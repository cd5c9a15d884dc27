//! `kappa dominance`.

use std::path::PathBuf;

use clap::Args;
use kappa::Guarantee;
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::plans;
use crate::session::{Rounding, Session};

#[derive(Args, Debug, Serialize)]
pub(crate) struct DominanceArguments {
    /// The matrix that should be the smaller one.
    file: PathBuf,
    /// The matrix that should be the larger one.
    other: PathBuf,
    /// The tensor, where a file holds more than one matrix.
    #[arg(long, short, value_name = "NAME")]
    tensor: Option<String>,
    /// Count every rounding error: the bounds hold for certain.
    #[arg(long)]
    certify: bool,
}

/// Whether one matrix is smaller than another in every unitarily invariant norm.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DominanceResult {
    holds: Option<bool>,
    /// The first k whose Ky Fan norm is larger.
    fails_at: Option<usize>,
}

impl Ask for DominanceArguments {
    type Result = DominanceResult;
    const ABOUT: &'static str = "Check whether a matrix is smaller in every unitarily invariant norm";
    const EXAMPLES: &'static [&'static str] = &["dominance d.npy w.npy"];

    fn files(&self) -> Files<'_> {
        Files::reads([&self.file, &self.other])
    }

    fn answer(&self, session: &Session) -> Result<Answer<DominanceResult>, Failure> {
        let values = |path: &PathBuf| {
            session.with_tensor(&session.open(path)?, self.tensor.as_deref(), Rounding::Ignored, |about, a| {
                let values = a.singular_values_by(Guarantee::certified_if(self.certify));
                values.map_err(about.error())
            })
        };
        let (small, large) = (values(&self.file)?, values(&self.other)?);
        let found = small.dominated_by(&large);
        let (holds, text) = match (found.weak, found.fails_at) {
            (Some(true), _) => (true, "true: smaller in every unitarily invariant norm\n".to_owned()),
            (_, Some(k)) => {
                (false, format!("false: larger in the norm ky-fan:{k}, the first of the Ky Fan norms to fail\n"))
            }
            _ => {
                return Err(Failure::new("undecided: the bounds of the singular values overlap").with_hint(
                    "`--certify` gives narrower bounds; matrices with equal singular values stay undecided",
                ));
            }
        };
        let plan = plans::of_values(small.shape(), self.certify);
        let explanation = Explanation::plan(format!("sums of the k largest singular values, by {plan}"))
            .line(
                "theorem",
                "‖A‖ ≤ ‖B‖ in every unitarily invariant norm if and only if every Ky Fan norm of A \
                is at most that of B",
            )
            .line("evidence", small.first().evidence().and(large.first().evidence()).to_string())
            .reference("Fan, Proc. Nat. Acad. Sci. 37 (1951) 760–766");
        let result = DominanceResult { holds: found.weak, fails_at: found.fails_at };
        Ok(Answer::new(result, text).explained(explanation).holds(holds))
    }
}
