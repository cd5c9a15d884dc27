//! `kappa svd`.

use std::path::PathBuf;

use clap::Args;
use kappa_model::Decomposition;
use kappa_report::enclosure_json;
use kappa_tensors::{npy, npz};
use serde_json::json;

use crate::failure::Failure;
use crate::input::Input;
use crate::one::{about, inputs, with_matrix};
use crate::{ANSWERED, array, output};

#[derive(Args, Debug)]
pub(crate) struct SvdArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// The file to write: u (m×p), s (p) and vh (p×n), for numpy.load.
    #[arg(long, short, value_name = "FILE.npz")]
    pub(crate) output: PathBuf,
    /// Write all of U (m×m) and Vᴴ (n×n).
    #[arg(long)]
    pub(crate) full: bool,
}

pub(crate) fn run(a: &SvdArguments) -> Result<u8, Failure> {
    output::check_place_beside(&a.output, &a.input.file)?;
    with_matrix(&a.input, |name, matrix| {
        let view = matrix.view()?;
        let f = view.svd(a.full).map_err(about(name))?;
        let (u, vh) = match &f {
            Decomposition::Real(f) => (array::encode(&f.u().clone().into()), array::encode(&f.v().adjoint().into())),
            Decomposition::Complex(f) => (array::encode(&f.u().clone().into()), array::encode(&f.v().adjoint().into())),
        };
        let certified = a.input.certify.then(|| view.certified_singular_values()).transpose().map_err(about(name))?;
        let values = certified.as_ref().unwrap_or(f.singular_values());
        let s = npy::encode_f64(&[values.len()], values.estimates());
        output::file(&a.output, |file| npz::write(file, &[("u", u), ("s", s), ("vh", vh)]).map(drop))?;
        if a.input.style.explain {
            let first = values.first();
            output::words(&format!("algorithm: {}\nevidence: {}", values.algorithm(), first.evidence()));
        }
        if !a.input.style.json {
            output::words(&format!("wrote {}", a.output.display()));
            return Ok(ANSWERED);
        }
        let (m, n) = view.shape();
        let result = json!({
            "tensor": name,
            "shape": [m, n],
            "output": a.output,
            "singular_values": values.iter().map(|s| enclosure_json(&s)).collect::<Vec<_>>(),
        });
        output::json("svd", inputs(&a.input), result)
    })
}
