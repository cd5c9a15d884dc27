//! `kappa pinv`.

use std::path::PathBuf;

use clap::Args;
use kappa::{Tolerance, pinv};
use kappa_model::{WideMatrix, with_wide};
use kappa_report::aligned;
use serde_json::json;

use crate::failure::Failure;
use crate::input::Input;
use crate::one::{about, inputs, with_matrix};
use crate::problem::{entries_json, line, text};
use crate::{ANSWERED, array, output};

#[derive(Args, Debug)]
pub(crate) struct PinvArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Singular values below this share of the largest count as zero; max(rows, columns)·2⁻⁵² by default.
    #[arg(long, value_name = "SHARE")]
    pub(crate) tolerance: Option<f64>,
    /// Write the pseudoinverse for numpy.load, instead of printing it.
    #[arg(long, short, value_name = "FILE.npy")]
    pub(crate) output: Option<PathBuf>,
}

pub(crate) fn run(a: &PinvArguments) -> Result<u8, Failure> {
    array::check(a.output.as_deref(), [a.input.file.as_path()])?;
    if a.input.certify {
        return Err(Failure::new("a pseudoinverse is not certified entry by entry")
            .with_hint("its four Penrose residuals are printed; `kappa lstsq --certify` proves a solution"));
    }
    let tolerance = a.tolerance.map(Tolerance::relative).transpose()?.unwrap_or_default();
    with_matrix(&a.input, |name, matrix| {
        let wide = matrix.view()?.to_wide();
        let (x, rank, residuals): (WideMatrix, usize, [f64; 4]) = with_wide!(&wide, m => {
            let p = pinv(m, tolerance).map_err(about(name))?;
            (p.matrix.into(), p.rank, p.residuals)
        });
        array::write(a.output.as_deref(), &x)?;
        let names = ["AXA = A", "XAX = X", "AX Hermitian", "XA Hermitian"];
        if a.input.style.explain {
            output::words(
                "singular value decomposition\nreference: Penrose, Proc. Cambridge Phil. Soc. 51 (1955) 406–413",
            );
        }
        if a.input.style.json {
            let mut result = json!({ "tensor": name, "rank": rank, "penrose_residuals": residuals });
            if a.output.is_none() {
                result["matrix"] = entries_json(&x);
            }
            return output::json("pinv", inputs(&a.input), result);
        }
        let mut lines = vec![line("rank", rank.to_string())];
        lines.extend(names.iter().zip(residuals).map(|(name, r)| line(name, format!("to {r:.1e}"))));
        output::words(aligned(&lines, &[false, false]).trim_end());
        if a.output.is_some() { Ok(ANSWERED) } else { output::data(&text(&x)) }
    })
}
