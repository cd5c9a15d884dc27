//! `kappa logdet`.

use clap::Args;
use kappa::ask::LogDeterminant;
use kappa::serialize::{Complex, Number};
use kappa::{Enclosure, Guarantee};
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::session::{Input, Session};
use crate::text::{DIGITS, complex, line, table};

#[derive(Args, Debug, Serialize)]
pub(crate) struct LogdetArguments {
    #[command(flatten)]
    #[serde(flatten)]
    input: Input,
    /// Count every rounding error: the bounds hold for certain.
    #[arg(long)]
    certify: bool,
}

/// ln|det A|, and the sign of det A with its error bound.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LogdetResult {
    tensor: String,
    shape: (usize, usize),
    sign: Complex,
    sign_error: Number,
    log_abs: Enclosure,
    algorithm: &'static str,
}

impl Ask for LogdetArguments {
    type Result = LogdetResult;
    const ABOUT: &'static str = "Sign and logarithm of the determinant";
    const EXAMPLES: &'static [&'static str] = &["logdet a.npy", "logdet a.npy --certify"];

    fn files(&self) -> Files<'_> {
        Files::reads([&self.input.file])
    }

    fn answer(&self, session: &Session) -> Result<Answer<LogdetResult>, Failure> {
        let guarantee = Guarantee::certified_if(self.certify);
        session.with_matrix(&self.input, |about, a| {
            let found = a.logdet_by(guarantee).map_err(about.error())?;
            let (m, n) = a.shape();
            let explanation = Explanation::plan(format!("{} ({m}×{n})", found.algorithm))
                .bounds(&found.log_abs)
                .reference("Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., sections 9.3 and 14.6");
            let result = LogdetResult {
                tensor: about.name.to_owned(),
                shape: (m, n),
                sign: found.sign.into(),
                sign_error: found.sign_error.into(),
                log_abs: found.log_abs,
                algorithm: found.algorithm,
            };
            Ok(Answer::new(result, text(&found)).explained(explanation))
        })
    }
}

fn text(found: &LogDeterminant) -> String {
    let sign = if found.is_sign_known() { complex(found.sign, 12) } else { "unknown".into() };
    table(&[line("sign", sign), line("ln |det A|", found.log_abs.short(DIGITS))])
}
