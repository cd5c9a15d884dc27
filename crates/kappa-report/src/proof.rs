//! Proofs as files: a claim, which matrix it is about, and the witness.

use kappa::proof::{Claim, Dyadic, Witness};
use kappa::{LinearOperator, Matrix};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// What a proof file says.
#[derive(Clone, Debug, PartialEq)]
pub struct ProofFile {
    /// The claim.
    pub claim: Claim,
    /// Rows and columns of the matrix.
    pub shape: (usize, usize),
    /// SHA-256 of its entries as doubles, row after row, little-endian, in hexadecimal.
    pub sha256: String,
    /// Why the claim holds.
    pub witness: Witness,
}

/// The version of the layout.
const VERSION: u64 = 1;

/// SHA-256 of the entries as doubles, row after row, little-endian, in hexadecimal.
pub fn digest(a: &Matrix<f64>) -> String {
    let mut hash = Sha256::new();
    for i in 0..a.rows() {
        for j in 0..a.columns() {
            hash.update(a[(i, j)].to_le_bytes());
        }
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl ProofFile {
    /// The proof of a claim about this matrix.
    pub fn new(a: &Matrix<f64>, claim: Claim, witness: Witness) -> Self {
        Self { claim, shape: a.shape(), sha256: digest(a), witness }
    }

    /// Whether this is the matrix that the proof is about.
    pub fn is_about(&self, a: &Matrix<f64>) -> bool {
        self.shape == a.shape() && self.sha256 == digest(a)
    }

    /// The JSON object of the file.
    pub fn to_json(&self) -> Value {
        let mut witness = Map::new();
        witness.insert("method".into(), self.witness.method().into());
        if let Witness::Between { middle, .. } = self.witness {
            witness.insert("middle".into(), middle.into());
        }
        for (name, part) in self.witness.parts() {
            witness.insert(name.into(), json!({ "shift": part.shift, "rows": part.rows }));
        }
        json!({
            "kappa_proof": VERSION,
            "claim": self.claim.to_string(),
            "matrix": { "rows": self.shape.0, "columns": self.shape.1, "sha256": self.sha256 },
            "witness": witness,
        })
    }

    /// A proof from the text of a file; in words, why it is none.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|e| format!("is not JSON: {e}"))?;
        match value["kappa_proof"].as_u64() {
            Some(VERSION) => {}
            Some(other) => {
                return Err(format!("is a proof of version {other}, and this kappa reads version {VERSION}"));
            }
            None => return Err("is not a proof: it has no `kappa_proof`".into()),
        }
        let text = |value: &Value, key: &str| {
            value[key].as_str().map(str::to_owned).ok_or_else(|| format!("has no text `{key}`"))
        };
        let claim = text(&value, "claim")?.parse::<Claim>().map_err(|e| format!("makes no claim: {e}"))?;
        let matrix = &value["matrix"];
        let size = |key: &str| {
            matrix[key]
                .as_u64()
                .and_then(|n| usize::try_from(n).ok())
                .ok_or_else(|| format!("has no number `matrix.{key}`"))
        };
        let shape = (size("rows")?, size("columns")?);
        let witness = &value["witness"];
        let method = text(witness, "method")?;
        let part = |name: &str| dyadic(&witness[name]);
        let witness = Witness::from_parts(&method, witness["middle"].as_f64(), part)
            .ok_or_else(|| format!("has a witness of the kind `{method}` that is not whole"))?;
        Ok(Self { claim, shape, sha256: text(matrix, "sha256")?, witness })
    }
}

fn dyadic(value: &Value) -> Option<Dyadic> {
    let shift = i32::try_from(value["shift"].as_i64()?).ok()?;
    let row = |row: &Value| row.as_array()?.iter().map(Value::as_i64).collect::<Option<Vec<i64>>>();
    Some(Dyadic { shift, rows: value["rows"].as_array()?.iter().map(row).collect::<Option<_>>()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_reads_its_own_file() {
        let a = Matrix::from_fn(5, 4, |i, j| ((i * 3 + j * 5) % 7) as f64 - 3.0);
        for text in [
            "norm:spectral <= 20",
            "norm:nuclear >= 1",
            "cond < 1e9",
            "norm:induced:inf,1 <= 100",
            "norm:frobenius < 30",
        ] {
            let claim: Claim = text.parse().unwrap();
            let proof = ProofFile::new(&a, claim, kappa::proof::prove(&a, &claim).unwrap());
            let back = ProofFile::from_json(&proof.to_json().to_string()).unwrap();
            assert_eq!(back, proof);
            assert!(back.is_about(&a) && !back.is_about(&a.adjoint()));
        }
        let empty = Matrix::<f64>::zeros(0, 0);
        assert_eq!(digest(&empty), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn broken_files_are_refused_in_words() {
        let no_matrix = r#"{"kappa_proof": 1, "claim": "cond < 3"}"#;
        let no_part = r#"{"kappa_proof": 1, "claim": "cond < 3", "matrix": {"rows": 1, "columns": 1, "sha256": ""},
            "witness": {"method": "above", "factor": {"shift": 1e99, "rows": [[1.5]]}}}"#;
        for (text, words) in [
            ("", "is not JSON"),
            ("[]", "is not a proof"),
            (r#"{"kappa_proof": 7}"#, "version 7"),
            (r#"{"kappa_proof": 1, "claim": "rank > 3"}"#, "makes no claim"),
            (no_matrix, "matrix.rows"),
            (no_part, "not whole"),
        ] {
            let error = ProofFile::from_json(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
        // A hostile depth is refused, not recursed into.
        assert!(ProofFile::from_json(&"[".repeat(100_000)).is_err());
    }
}
