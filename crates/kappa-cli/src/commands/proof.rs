//! `kappa prove` and `kappa verify`.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use kappa::Matrix;
use kappa::proof::{Claim, prove as find, verify as confirm};
use kappa_report::{ProofFile, ProofResult, counted};
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::output::Contents;
use crate::output::Kind;
use crate::parse::read;
use crate::session::{About, Rounding, Session, file_name};

#[derive(Args, Debug, Serialize)]
pub(crate) struct ProveArguments {
    /// The file, folder, or index of a sharded checkpoint; `-` reads standard input.
    file: PathBuf,
    /// Such as "norm:spectral <= 3.2", "cond < 1e6", "least_singular_value >= 0.1".
    #[arg(value_name = "CLAIM", value_parser = read::<Claim>)]
    claim: Claim,
    /// The tensor, where the file holds more than one matrix.
    #[arg(long, short, value_name = "NAME")]
    tensor: Option<String>,
    /// Write the proof to a file instead of printing it.
    #[arg(long, short, value_name = "FILE.json")]
    output: Option<PathBuf>,
}

/// A proof; none where the claim is false for certain.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ProveResult {
    tensor: String,
    claim: Claim,
    output: Option<PathBuf>,
    proof: Option<ProofResult>,
}

/// The matrix of a question, in double precision.
fn with_real<R>(
    session: &Session,
    file: &Path,
    tensor: Option<&str>,
    ask: impl FnOnce(&About<'_>, &Matrix<f64>) -> Result<R, Failure>,
) -> Result<R, Failure> {
    session.with_tensor(&session.open(file)?, tensor, Rounding::Ignored, |about, a| {
        match a.to_matrix().map_err(about.error())? {
            kappa::AnyMatrix::Real(a) => ask(about, &a),
            kappa::AnyMatrix::Complex(_) => Err(Failure::new(format!(
                "{}: `{}` is complex, and proofs are about real matrices",
                file_name(file),
                about.name
            ))
            .with_hint("`kappa norm --certify` answers for complex ones")),
        }
    })
}

impl Ask for ProveArguments {
    type Result = ProveResult;
    const ABOUT: &'static str = "Prove a claim, and write a witness that anyone can check";
    const EXAMPLES: &'static [&'static str] = &[r#"prove w.npy "norm:spectral <= 5" -o p.json"#];

    const CERTIFIES: bool = true;

    fn files(&self) -> Files<'_> {
        Files::reads([&self.file]).writes(self.output.as_ref(), Kind::Any)
    }

    fn answer(&self, session: &Session) -> Result<Answer<ProveResult>, Failure> {
        with_real(session, &self.file, self.tensor.as_deref(), |about, a| match find(a, &self.claim) {
            Ok(witness) => Ok(self.proved(about.name, &ProofFile::new(a, self.claim, witness))),
            Err(error) if error.is_not_finite() || error.is_limit() => Err(about.failure(&error)),
            Err(error) => {
                // False for certain is an answer of its own.
                if self.claim.is_false_for(a).map_err(about.error())? {
                    return Ok(self.refuted(about.name));
                }
                Err(about.failure(&error))
            }
        })
    }
}

impl ProveArguments {
    fn proved(&self, name: &str, proof: &ProofFile) -> Answer<ProveResult> {
        let text = proof.to_json().to_string() + "\n";
        let parts: Vec<String> = proof
            .witness
            .parts()
            .iter()
            .map(|(part, d)| format!("{part} ({})", counted(d.rows.len(), "row")))
            .collect();
        let explanation = Explanation::plan(format!("witness: {} {}", proof.witness.method(), parts.join(", ")))
            .line("evidence", "checked in integer arithmetic, exactly")
            .reference("Rump, BIT 46 (2006) 433–452; docs/json.md for the layout");
        let claim = self.claim;
        let proof = Some(proof.result());
        let result = ProveResult { tensor: name.to_owned(), claim, output: self.output.clone(), proof };
        let answer = Answer::new(result, if self.output.is_none() { text.as_str() } else { "" }).explained(explanation);
        match &self.output {
            Some(path) => answer
                .note(format!("proved: `{claim}` for `{name}` ({} bytes)", text.len()))
                .file(Some(path), || Contents::Bytes(text.into_bytes())),
            None => answer,
        }
    }

    fn refuted(&self, name: &str) -> Answer<ProveResult> {
        let claim = self.claim;
        let result = ProveResult { tensor: name.to_owned(), claim, output: None, proof: None };
        Answer::new(result, "")
            .note(format!("false: `{claim}` does not hold for `{name}`"))
            .explained(
                Explanation::plan("certified bounds contradict the claim")
                    .line("evidence", "rounding")
                    .reference("Rump, Acta Numerica 19 (2010) 287–449"),
            )
            .holds(false)
    }
}

#[derive(Args, Debug, Serialize)]
pub(crate) struct VerifyArguments {
    /// The file, folder, or index of a sharded checkpoint; `-` reads standard input.
    file: PathBuf,
    /// The proof that `kappa prove` made.
    #[arg(value_name = "PROOF.json")]
    proof: PathBuf,
    /// The tensor, where the file holds more than one matrix.
    #[arg(long, short, value_name = "NAME")]
    tensor: Option<String>,
}

/// Whether a proof holds, and the reason where it does not.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct VerifyResult {
    tensor: String,
    claim: Claim,
    holds: bool,
    reason: Option<String>,
}

impl Ask for VerifyArguments {
    type Result = VerifyResult;
    const ABOUT: &'static str = "Check a proof with exact arithmetic: exit 0 if it holds, 1 if not";
    const EXAMPLES: &'static [&'static str] = &["verify w.npy p.json"];

    const CERTIFIES: bool = true;

    fn files(&self) -> Files<'_> {
        Files::reads([&self.file, &self.proof])
    }

    fn answer(&self, session: &Session) -> Result<Answer<VerifyResult>, Failure> {
        let proof = opened(&self.proof)?;
        with_real(session, &self.file, self.tensor.as_deref(), |about, a| {
            let reason = fault(&proof, a);
            let (claim, name) = (proof.claim, about.name);
            let text = match &reason {
                None => format!("proved: {claim} for {name} ({}×{})\n", a.rows(), a.columns()),
                Some(reason) => format!("not proved: {claim} for {name}: {reason}\n"),
            };
            let explanation = Explanation::plan(format!("witness: {}", proof.witness.method()))
                .line("evidence", "checked in integer arithmetic, exactly; checker/check_proof.py is a second checker")
                .reference("docs/json.md for the layout");
            let holds = reason.is_none();
            let result = VerifyResult { tensor: name.to_owned(), claim, holds, reason };
            Ok(Answer::new(result, text).explained(explanation).holds(holds))
        })
    }
}

/// Why a proof does not hold for a matrix.
fn fault(proof: &ProofFile, a: &Matrix<f64>) -> Option<String> {
    if proof.is_about(a) {
        return confirm(a, &proof.claim, &proof.witness).err().map(|e| e.to_string());
    }
    let ((m, n), short) = (proof.shape, proof.sha256.get(..12).unwrap_or(&proof.sha256));
    let (rows, columns) = (a.rows(), a.columns());
    Some(format!("the proof is about another matrix: {m}×{n}, SHA-256 {short}…, and this one is {rows}×{columns}"))
}

/// The largest proof file that is read.
const LARGEST_FILE: u64 = 64 << 20;

fn opened(path: &Path) -> Result<ProofFile, Failure> {
    let broken = |reason: String| {
        Failure::new(format!("{} {reason}", file_name(path)))
            .with_hint("a proof is made by `kappa prove FILE CLAIM -o proof.json`")
    };
    let input: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(std::io::stdin()),
        _ => Box::new(std::fs::File::open(path).map_err(|e| broken(format!("cannot be read: {e}")))?),
    };
    let mut text = String::new();
    let read =
        input.take(LARGEST_FILE + 1).read_to_string(&mut text).map_err(|e| broken(format!("cannot be read: {e}")))?;
    if read as u64 > LARGEST_FILE {
        return Err(broken(format!("is larger than {} MiB, the limit for proofs", LARGEST_FILE >> 20)));
    }
    ProofFile::from_json(&text).map_err(broken)
}
