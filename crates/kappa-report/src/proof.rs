//! Proofs as files: a claim, which matrix it is about, and the witness.

use std::collections::BTreeMap;

use kappa::proof::{Claim, Dyadic, Witness};
use kappa::{LinearOperator, Matrix};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::json::Named;

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

/// The object of a proof file.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ProofResult {
    /// The version of the layout.
    kappa_proof: u64,
    claim: Claim,
    matrix: MatrixResult,
    witness: WitnessResult,
}

/// Which matrix a proof is about.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct MatrixResult {
    rows: usize,
    columns: usize,
    /// Of its entries as doubles, row after row, little-endian.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    sha256: String,
}

/// Why the claim holds: the parts that the method needs, by name.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct WitnessResult {
    method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    middle: Option<f64>,
    #[serde(flatten)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    parts: Named<DyadicResult>,
}

/// Whole numbers over 2^shift.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct DyadicResult {
    shift: i32,
    rows: Vec<Vec<i64>>,
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
        crate::json::to_value(&self.result())
    }

    /// The fields of the file.
    pub fn result(&self) -> ProofResult {
        let dyadic = |part: &Dyadic| DyadicResult { shift: part.shift, rows: part.rows.clone() };
        let middle = match self.witness {
            Witness::Between { middle, .. } => Some(middle),
            _ => None,
        };
        ProofResult {
            kappa_proof: VERSION,
            claim: self.claim,
            matrix: MatrixResult { rows: self.shape.0, columns: self.shape.1, sha256: self.sha256.clone() },
            witness: WitnessResult {
                method: self.witness.method(),
                middle,
                parts: Named(
                    self.witness.parts().iter().map(|(name, part)| (name.to_string(), dyadic(part))).collect(),
                ),
            },
        }
    }

    /// A proof from the text of a file.
    ///
    /// # Errors
    ///
    /// In words, where the text is not a proof.
    ///
    /// # Examples
    ///
    /// ```
    /// use kappa::{Matrix, proof::prove};
    /// use kappa_report::ProofFile;
    ///
    /// let (a, claim) = (Matrix::from_row_major(1, 2, vec![3.0, 4.0])?, "norm:frobenius <= 5.5".parse()?);
    /// let proof = ProofFile::new(&a, claim, prove(&a, &claim)?);
    /// assert_eq!(ProofFile::from_json(&proof.to_json().to_string()), Ok(proof));
    /// # Ok::<(), kappa::Error>(())
    /// ```
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
        let claim = text(&value, "claim")?.parse::<Claim>().map_err(|e| format!("has an invalid claim: {e}"))?;
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
            .ok_or_else(|| format!("has an incomplete witness of the kind `{method}`"))?;
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
            (r#"{"kappa_proof": 1, "claim": "rank > 3"}"#, "invalid claim"),
            (no_matrix, "matrix.rows"),
            (no_part, "incomplete"),
        ] {
            let error = ProofFile::from_json(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
        // A hostile depth is refused, not recursed into.
        assert!(ProofFile::from_json(&"[".repeat(100_000)).is_err());
    }
}
