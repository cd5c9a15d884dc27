//! `kappa prove` and `kappa verify`.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use kappa::Matrix;
use kappa::proof::{Claim, prove as find, verify as confirm};
use kappa_model::{Model, Opening};
use kappa_report::ProofFile;
use serde_json::json;

use crate::failure::Failure;
use crate::input::Style;
use crate::one::about;
use crate::{ANSWERED, FALSE, output};

#[derive(Args, Debug)]
pub(crate) struct ProveArguments {
    /// The file, folder, or index of a sharded checkpoint.
    pub(crate) file: PathBuf,
    /// Such as "norm:spectral <= 3.2", "cond < 1e6", "least_singular_value >= 0.1".
    #[arg(value_name = "CLAIM")]
    pub(crate) claim: String,
    /// The tensor, where the file holds more than one matrix.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) tensor: Option<String>,
    /// Write the proof here instead of printing it.
    #[arg(long, short, value_name = "FILE.json")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) style: Style,
}

#[derive(Args, Debug)]
pub(crate) struct VerifyArguments {
    /// The file, folder, or index of a sharded checkpoint.
    pub(crate) file: PathBuf,
    /// The proof that `kappa prove` made.
    #[arg(value_name = "PROOF.json")]
    pub(crate) proof: PathBuf,
    /// The tensor, where the file holds more than one matrix.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) tensor: Option<String>,
    #[command(flatten)]
    pub(crate) style: Style,
}

/// A larger file is no proof of ours.
const LARGEST_FILE: u64 = 64 << 20;

/// The matrix that the arguments name, in double precision.
fn matrix(file: &Path, tensor: Option<&str>, map: bool) -> Result<(String, Matrix<f64>), Failure> {
    let model = Model::open_with(file, &Opening { map })?;
    let (name, matrix) = model.matrix(tensor)?;
    let view = matrix.view()?;
    let (m, n) = view.shape();
    let entries = view.real_entries().ok_or_else(|| {
        Failure::new(format!("`{name}` is complex, and proofs are about real matrices"))
            .with_hint("`kappa norm --certify` answers for complex ones")
    })?;
    Ok((name, Matrix::from_row_major(m, n, entries).map_err(kappa::Error::from)?))
}

pub(crate) fn prove(a: &ProveArguments) -> Result<u8, Failure> {
    a.output.as_deref().map_or(Ok(()), |path| output::check_place_beside(path, &a.file))?;
    let claim: Claim = a.claim.parse()?;
    let (name, matrix) = matrix(&a.file, a.tensor.as_deref(), !a.style.no_mmap)?;
    let witness = match find(&matrix, &claim) {
        Ok(witness) => witness,
        Err(error) if error.is_not_finite() || error.is_limit() => return Err(about(&name)(error)),
        Err(error) => {
            // False for certain is an answer of its own.
            if claim.is_false_for(&matrix).map_err(about(&name))? {
                output::words(&format!("false: `{claim}` does not hold for `{name}`"));
                return Ok(FALSE);
            }
            return Err(about(&name)(error));
        }
    };
    let proof = ProofFile::new(&matrix, claim, witness);
    if a.style.explain {
        let parts: Vec<String> =
            proof.witness.parts().iter().map(|(part, d)| format!("{part} ({} rows)", d.rows.len())).collect();
        output::words(&format!(
            "witness: {} {}\nchecked: in whole numbers, exactly",
            proof.witness.method(),
            parts.join(", ")
        ));
    }
    let text = proof.to_json().to_string() + "\n";
    if let Some(path) = &a.output {
        output::file(path, |file| file.write_all(text.as_bytes()))?;
        output::words(&format!("proved: `{claim}` for `{name}`; wrote {} ({} bytes)", path.display(), text.len()));
    }
    if a.style.json {
        let result =
            json!({ "tensor": name, "claim": claim.to_string(), "output": a.output, "proof": proof.to_json() });
        return output::json("prove", json!({ "file": a.file, "tensor": a.tensor }), result);
    }
    if a.output.is_none() { output::data(&text) } else { Ok(ANSWERED) }
}

pub(crate) fn verify(a: &VerifyArguments) -> Result<u8, Failure> {
    let proof = read(&a.proof)?;
    let (name, matrix) = matrix(&a.file, a.tensor.as_deref(), !a.style.no_mmap)?;
    let outcome = if proof.is_about(&matrix) {
        confirm(&matrix, &proof.claim, &proof.witness).map_err(|e| e.to_string())
    } else {
        let (m, n) = proof.shape;
        let (rows, columns) = (matrix.rows(), matrix.columns());
        Err(format!(
            "the proof is about another matrix: {m}×{n}, SHA-256 {}…, and this one is {rows}×{columns}",
            short(&proof.sha256)
        ))
    };
    if a.style.json {
        let result = json!({
            "tensor": name, "claim": proof.claim.to_string(), "holds": outcome.is_ok(), "reason": outcome.as_ref().err(),
        });
        output::json("verify", json!({ "file": a.file, "proof": a.proof }), result)?;
    } else if outcome.is_ok() {
        output::data(&format!("proved: {} for {name} ({}×{})\n", proof.claim, matrix.rows(), matrix.columns()))?;
    } else if let Err(reason) = &outcome {
        output::data(&format!("not proved: {} for {name}: {reason}\n", proof.claim))?;
    }
    Ok(if outcome.is_ok() { ANSWERED } else { FALSE })
}

fn short(text: &str) -> &str {
    text.get(..12).unwrap_or(text)
}

fn read(path: &Path) -> Result<ProofFile, Failure> {
    let broken = |reason: String| {
        Failure::new(format!("`{}` {reason}", path.display()))
            .with_hint("a proof is made by `kappa prove FILE CLAIM -o proof.json`")
    };
    let file = std::fs::File::open(path).map_err(|e| broken(format!("cannot be read: {e}")))?;
    let mut text = String::new();
    let read =
        file.take(LARGEST_FILE + 1).read_to_string(&mut text).map_err(|e| broken(format!("cannot be read: {e}")))?;
    if read as u64 > LARGEST_FILE {
        return Err(broken(format!("is larger than {} MiB, and no proof", LARGEST_FILE >> 20)));
    }
    ProofFile::from_json(&text).map_err(broken)
}
