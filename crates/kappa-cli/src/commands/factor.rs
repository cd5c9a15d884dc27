//! `kappa factor`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use kappa::factor::{GuEisenstat, jordan};
use kappa::{AnyMatrix, AnyOperator};
use kappa_tensors::npy;
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::output::Kind;
use crate::output::{Contents, array};
use crate::parse::number;
use crate::session::{Input, Session};

#[derive(Args, Debug, Serialize)]
pub(crate) struct FactorArguments {
    /// Which factorization.
    #[arg(value_enum)]
    kind: FactorKind,
    #[command(flatten)]
    #[serde(flatten)]
    input: Input,
    /// The rank for rank-revealing-qr.
    #[arg(long, value_name = "K")]
    rank: Option<usize>,
    /// Diagonal entries of R below this share of the first one count as zero, for complete-orthogonal.
    #[arg(long, value_name = "SHARE", default_value_t = 1e-13, value_parser = number)]
    tolerance: f64,
    /// The file to write.
    #[arg(long, short, value_name = "FILE.npz")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FactorKind {
    /// A = QR.
    Qr,
    /// A[:, columns] = QR, the longest remaining column first.
    PivotedQr,
    /// The same with columns interchanged until the rank shows (Gu and Eisenstat).
    RankRevealingQr,
    /// A = U·T·Vᴴ with a triangular T of the order of the rank.
    CompleteOrthogonal,
    /// A[rows] = LU.
    Lu,
    /// A = LLᴴ.
    Cholesky,
    /// A[rows][:, rows] = LDLᴴ.
    Ldlt,
    /// A = UH, U with orthonormal columns, H semidefinite.
    Polar,
    /// A = QTQᴴ.
    Schur,
    /// Not computable: the message says why, and what to ask instead.
    Jordan,
}

/// The factors that were written.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FactorResult {
    tensor: String,
    shape: (usize, usize),
    output: PathBuf,
    parts: Vec<&'static str>,
}

impl Ask for FactorArguments {
    type Result = FactorResult;
    const ABOUT: &'static str = "QR, LU, Cholesky, LDLᴴ, polar or Schur factors, written as .npz";
    const EXAMPLES: &'static [&'static str] = &["factor lu a.npy -o lu.npz", "factor polar a.npy -o polar.npz"];

    fn files(&self) -> Files<'_> {
        Files::reads([&self.input.file]).writes(self.output.as_ref(), Kind::Any)
    }

    fn answer(&self, session: &Session) -> Result<Answer<FactorResult>, Failure> {
        if self.kind == FactorKind::Jordan {
            return Err(jordan().into());
        }
        if self.kind == FactorKind::RankRevealingQr && self.rank.is_none() {
            return Err(Failure::new("rank-revealing-qr needs a rank")
                .with_hint("`--rank K`; `kappa rank` finds the numerical one"));
        }
        let Some(path) = &self.output else {
            return Err(Failure::new("no output file is given for the factors")
                .with_hint("name one with `--output factors.npz`"));
        };
        session.with_matrix(&self.input, |about, a| {
            let parts = self.parts(a).map_err(about.error())?;
            let names: Vec<&str> = parts.iter().map(|p| p.0).collect();
            let result =
                FactorResult { tensor: about.name.to_owned(), shape: a.shape(), output: path.clone(), parts: names };
            let note = format!("factors: {}", result.parts.join(", "));
            Ok(Answer::new(result, "")
                .note(note)
                .file(Some(path), || Contents::Arrays(parts))
                .explained(self.explanation()))
        })
    }
}

/// Named parts of a factorization as files for numpy.load.
type Parts = Vec<(&'static str, Vec<u8>)>;

fn order(rows: &[usize]) -> Vec<u8> {
    let numbers: Vec<f64> = rows.iter().map(|&k| k as f64).collect();
    npy::encode_f64(&[rows.len()], &numbers)
}

fn file(a: AnyOperator<'_>) -> kappa::Result<Vec<u8>> {
    Ok(array(&a.to_matrix()?))
}

impl FactorArguments {
    fn parts(&self, a: &AnyOperator<'_>) -> kappa::Result<Parts> {
        Ok(match self.kind {
            FactorKind::Qr => {
                let f = a.qr()?;
                vec![("q", file(f.q())?), ("r", file(f.r())?)]
            }
            FactorKind::PivotedQr => {
                let f = a.pivoted_qr()?;
                vec![("q", file(f.q())?), ("r", file(f.r())?), ("columns", order(f.columns()))]
            }
            FactorKind::RankRevealingQr => {
                let f = a.rank_revealing_qr(self.rank.unwrap_or(1), &GuEisenstat::default())?;
                vec![("q", file(f.q())?), ("r", file(f.r())?), ("columns", order(f.columns()))]
            }
            FactorKind::CompleteOrthogonal => {
                let f = a.complete_orthogonal(self.tolerance)?;
                vec![("u", file(f.u())?), ("t", file(f.t())?), ("v", file(f.v())?)]
            }
            FactorKind::Lu => {
                let f = a.lu()?;
                vec![("l", array(&f.l())), ("u", array(&f.u())), ("rows", order(f.rows()))]
            }
            FactorKind::Cholesky => vec![("l", array(&a.cholesky()?))],
            FactorKind::Ldlt => {
                let f = a.ldlt()?;
                vec![("l", file(f.l())?), ("d", array(&f.d())), ("rows", order(f.rows()))]
            }
            FactorKind::Polar => {
                let f = a.polar()?;
                vec![("u", file(f.unitary())?), ("h", file(f.hermitian())?)]
            }
            FactorKind::Schur => {
                let f = a.schur()?;
                let complex = |x: &kappa::Matrix<kappa::c64>| array(&AnyMatrix::Complex(x.clone()));
                vec![("q", complex(f.q())), ("t", complex(f.t()))]
            }
            FactorKind::Jordan => return Err(jordan()),
        })
    }

    fn explanation(&self) -> Explanation {
        let (plan, evidence, reference) = match self.kind {
            FactorKind::Qr | FactorKind::PivotedQr => (
                "Householder reflections",
                "backward stable: QR equals a matrix within a small multiple of ε‖A‖ of A",
                "Golub and Van Loan, Matrix Computations, 4th ed., sections 5.2 and 5.4",
            ),
            FactorKind::RankRevealingQr => (
                "pivoted QR, then interchanges of columns until no one gains",
                "the diagonal blocks bound the singular values by a factor that is polynomial in the sizes",
                "Gu and Eisenstat, SIAM J. Sci. Comput. 17 (1996) 848–869",
            ),
            FactorKind::CompleteOrthogonal => (
                "pivoted QR, cut at the tolerance, and reflections from the right",
                "backward stable but for what the tolerance leaves out",
                "Golub and Van Loan, Matrix Computations, 4th ed., section 5.4.7",
            ),
            FactorKind::Lu => (
                "Gaussian elimination with partial pivoting",
                "the backward error is within the growth of the entries times n·ε",
                "Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., chapter 9",
            ),
            FactorKind::Cholesky => (
                "Cholesky factorization",
                "backward stable; fails where the matrix is not positive definite to working precision",
                "Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., chapter 10",
            ),
            FactorKind::Ldlt => (
                "symmetric elimination with pivots of order one and two",
                "the backward error is within the growth of the entries times n·ε",
                "Bunch and Kaufman, Math. Comp. 31 (1977) 163–179",
            ),
            FactorKind::Polar => (
                "from the singular value decomposition: U = PQᴴ, H = QΣQᴴ",
                "backward stable as the decomposition",
                "Higham, Functions of Matrices, chapter 8",
            ),
            FactorKind::Schur | FactorKind::Jordan => (
                "Hessenberg form and QR steps with shifts",
                "backward stable: QTQᴴ equals a matrix within a small multiple of ε‖A‖ of A",
                "Golub and Van Loan, Matrix Computations, 4th ed., section 7.5",
            ),
        };
        Explanation::plan(plan).line("evidence", evidence).reference(reference)
    }
}
