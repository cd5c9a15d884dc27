//! `kappa svd`.

use std::path::PathBuf;

use clap::Args;
use kappa::{Matrix, Scalar, c64};
use kappa_model::{Decomposition, WideMatrix};
use kappa_report::enclosure_json;
use kappa_tensors::{npy, npz};
use serde_json::json;

use crate::failure::Failure;
use crate::input::Input;
use crate::one::{about, inputs, with_matrix};
use crate::{ANSWERED, output};

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
            Decomposition::Real(f) => (real(f.u()), real(&f.v().adjoint())),
            Decomposition::Complex(f) => (complex(f.u()), complex(&f.v().adjoint())),
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

/// The matrix as a file for numpy.load.
pub(crate) fn npy(a: &WideMatrix) -> Vec<u8> {
    match a {
        WideMatrix::Real(a) => real(a),
        WideMatrix::Complex(a) => complex(a),
    }
}

/// The entries row after row, as NumPy reads them.
fn by_rows<T: Scalar>(a: &Matrix<T>) -> Vec<T> {
    (0..a.rows()).flat_map(|i| (0..a.columns()).map(move |j| a[(i, j)])).collect()
}

fn real(a: &Matrix<f64>) -> Vec<u8> {
    npy::encode_f64(&[a.rows(), a.columns()], &by_rows(a))
}

fn complex(a: &Matrix<c64>) -> Vec<u8> {
    npy::encode_c64(&[a.rows(), a.columns()], &by_rows(a))
}
