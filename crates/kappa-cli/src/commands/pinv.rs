//! `kappa pinv`.

use std::path::PathBuf;

use clap::Args;
use kappa::Tolerance;
use kappa_report::Entries;
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::output::Contents;
use crate::output::Kind;
use crate::parse::number;
use crate::session::{Input, Session};
use crate::text::{self, line, note, scientific};

#[derive(Args, Debug, Serialize)]
pub(crate) struct PinvArguments {
    #[command(flatten)]
    #[serde(flatten)]
    input: Input,
    /// Singular values below this share of the largest count as zero; by default max(rows, columns)·ε of the stored
    /// type.
    #[arg(long, value_name = "SHARE", value_parser = number)]
    tolerance: Option<f64>,
    /// Write the pseudoinverse for numpy.load, instead of printing it.
    #[arg(long, short, value_name = "FILE.npy")]
    output: Option<PathBuf>,
}

/// The pseudoinverse.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PinvResult {
    tensor: String,
    rank: usize,
    /// Of AXA = A, XAX = X, (AX)ᴴ = AX and (XA)ᴴ = XA.
    penrose_residuals: [f64; 4],
    /// Left out with an output file.
    #[serde(skip_serializing_if = "Option::is_none")]
    matrix: Option<Entries>,
}

impl Ask for PinvArguments {
    type Result = PinvResult;
    const ABOUT: &'static str = "The pseudoinverse, with its four Penrose residuals";
    const EXAMPLES: &'static [&'static str] = &["pinv t.npy"];

    fn files(&self) -> Files<'_> {
        Files::reads([&self.input.file]).writes(self.output.as_ref(), Kind::Array)
    }

    fn answer(&self, session: &Session) -> Result<Answer<PinvResult>, Failure> {
        let tolerance = self.tolerance.map(Tolerance::relative).transpose()?.unwrap_or_default();
        session.with_matrix(&self.input, |about, a| {
            let found = a.pinv(tolerance).map_err(about.error())?;
            let x = found.matrix().to_matrix().map_err(about.error())?;
            let names = ["‖AXA − A‖/‖A‖", "‖XAX − X‖/‖X‖", "‖(AX)ᴴ − AX‖/‖AX‖", "‖(XA)ᴴ − XA‖/‖XA‖"];
            let mut lines = vec![line("rank", found.rank().to_string())];
            lines.extend(names.iter().zip(found.residuals()).map(|(name, r)| line(name, scientific(r, 1))));
            let explanation =
                Explanation::plan("singular value decomposition; values at most the tolerance count as zero")
                    .line("tolerance", tolerance.to_string())
                    .line("evidence", "residual: how well Penrose's four conditions hold")
                    .reference("Penrose, Proc. Cambridge Phil. Soc. 51 (1955) 406–413");
            let is_printed = self.output.is_none();
            let result = PinvResult {
                tensor: about.name.to_owned(),
                rank: found.rank(),
                penrose_residuals: found.residuals(),
                matrix: is_printed.then(|| Entries::from(&x)),
            };
            let text = if is_printed { text::matrix(&x) } else { String::new() };
            Ok(Answer::new(result, text)
                .note(note(&lines))
                .file(self.output.as_ref(), || Contents::array(&x))
                .explained(explanation))
        })
    }
}
