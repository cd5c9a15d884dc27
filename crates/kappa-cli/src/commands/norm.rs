//! `kappa norm`.

use clap::Args;
use kappa::ask::Hutchinson;
use kappa::certificate::SpectralCertificate;
use kappa::{AnyOperator, Enclosure, Guarantee, Lanczos, Norm, Question};
use kappa_model::{Rounded, widened};
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::parse::{number, read};
use crate::plans;
use crate::session::{Input, Session};
use crate::text::DIGITS;

#[derive(Args, Debug, Serialize)]
pub(crate) struct NormArguments {
    #[command(flatten)]
    #[serde(flatten)]
    input: Input,
    /// frobenius (fro), spectral (2), nuclear (nuc), max-abs, max-column-sum (1), max-row-sum (inf), entrywise:p,
    /// induced:p,q,
    /// schatten:p, ky-fan:k, ky-fan:k,p, or dual:NORM.
    #[arg(long, short, value_name = "NORM", default_value = "frobenius", value_parser = read::<Norm>)]
    norm: Norm,
    /// Stop at this relative width of the bounds, such as 1e-6; spectral norm only.
    #[arg(long, value_name = "WIDTH", allow_hyphen_values = true, value_parser = number)]
    width: Option<f64>,
    /// Estimate the Frobenius norm from N products with random vectors, as for an operator without entries.
    #[arg(long, value_name = "N", conflicts_with_all = ["width", "certify"])]
    samples: Option<usize>,
    /// Count every rounding error: the bounds hold for certain.
    #[arg(long)]
    certify: bool,
}

/// A norm of one matrix.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct NormResult {
    tensor: String,
    shape: (usize, usize),
    norm: Norm,
    value: Enclosure,
}

impl Ask for NormArguments {
    type Result = NormResult;
    const ABOUT: &'static str = "A norm of a matrix";
    const EXAMPLES: &'static [&'static str] = &[
        "norm w.npy",
        "norm w.npy --norm nuclear --certify",
        "norm w.npy --norm induced:inf,1",
        "norm w.npy --norm spectral --width 1e-6",
        "norm w.npy --norm spectral --certify",
        "norm w.npy --samples 50",
    ];

    fn files(&self) -> Files<'_> {
        Files::reads([&self.input.file])
    }

    fn answer(&self, session: &Session) -> Result<Answer<NormResult>, Failure> {
        self.check()?;
        session.with_rounded(&self.input, |about, a| {
            let (value, explanation) = self.value(a, about.rounded).map_err(about.error())?;
            let result = NormResult { tensor: about.name.to_owned(), shape: a.shape(), norm: self.norm, value };
            Ok(Answer::new(result, format!("{}\n", value.short(DIGITS))).explained(explanation))
        })
    }
}

impl NormArguments {
    fn check(&self) -> Result<(), Failure> {
        let norm = self.norm;
        match self.width {
            Some(_) if norm != Norm::spectral() => {
                return Err(Failure::new(format!("--width is for the spectral norm, not for {norm}"))
                    .with_hint("other norms are found to full precision; leave --width out"));
            }
            Some(width) if !(width > 0.0 && width.is_finite()) => {
                return Err(Failure::new(format!("--width must be finite and above 0, not {width}"))
                    .with_hint("such as --width 1e-6"));
            }
            _ => {}
        }
        if self.samples.is_some() && norm != Norm::frobenius() {
            return Err(Failure::new(format!("--samples is for the Frobenius norm, not for {norm}"))
                .with_hint("leave --samples out"));
        }
        Ok(())
    }

    /// The norm by the cheapest way that the options allow, and that way in words.
    fn value(&self, a: &AnyOperator<'_>, rounded: Option<&Rounded>) -> kappa::Result<(Enclosure, Explanation)> {
        let (m, n) = a.shape();
        // The bounds are those of the matrix of the file, also where its entries were rounded.
        let whole = |x| rounded.map_or(x, |rounded| widened(&Question::Norm(self.norm), x, rounded));
        if let Some(samples) = self.samples {
            let value = whole(a.frobenius_by_sampling(&Hutchinson { samples, ..Hutchinson::default() })?);
            let plan = format!("{samples} products with random vectors (Hutchinson's estimator) ({m}×{n})");
            let explanation = Explanation::plan(plan)
                .bounds(&value)
                .reference("Roosta-Khorasani and Ascher, Found. Comput. Math. 15 (2015) 1187–1212");
            return Ok((value, explanation));
        }
        if self.norm == Norm::spectral() && self.certify {
            let how = SpectralCertificate { width: self.width.unwrap_or(0.0), ..Default::default() };
            let (value, method) = a.spectral_certificate(&how)?;
            let value = whole(value);
            let plan = format!("‖Ax‖/‖x‖ from below, {} from above ({m}×{n})", method.name());
            let explanation = Explanation::plan(plan)
                .bounds(&value)
                .reference("Rump, Acta Numerica 19 (2010) 287–449; BIT 46 (2006) 433–452");
            return Ok((value, explanation));
        }
        let value = match self.width {
            Some(tolerance) => a.spectral_norm(&Lanczos { tolerance, ..Lanczos::default() })?,
            None => a.norm_by(self.norm, Guarantee::certified_if(self.certify))?,
        };
        let value = whole(value);
        Ok((value, plans::of_norm(self.norm, (m, n), self.certify, &value)))
    }
}
