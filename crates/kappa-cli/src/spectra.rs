//! `kappa eig` and `kappa factor`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use kappa::{
    GuEisenstat, Matrix, Scalar, cholesky, complete_orthogonal, eigenvalue_cond, jordan, ldlt, lu, pivoted_qr, polar,
    qr, rank_revealing_qr, regions, schur,
};
use kappa_model::{WideMatrix, with_wide};
use kappa_report::{aligned, enclosure_json, number_json};
use kappa_tensors::{npy, npz};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::input::Input;
use crate::numbers::complex_text;
use crate::one::{about, inputs, with_matrix};
use crate::{ANSWERED, array, output};

#[derive(Args, Debug)]
pub(crate) struct EigArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Print only the K largest.
    #[arg(long, value_name = "K")]
    pub(crate) top: Option<usize>,
    /// Also how sensitive each eigenvalue and its vector are, and how far the matrix is from a normal one.
    #[arg(long)]
    pub(crate) condition: bool,
    /// Also Gelfand's sequence ‖Aᵏ‖^(1/k) for k = 1, 2, 4, … up to this.
    #[arg(long, value_name = "K")]
    pub(crate) powers: Option<u64>,
    /// Write values, right and left eigenvectors.
    #[arg(long, short, value_name = "FILE.npz")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct FactorArguments {
    /// Which factorization.
    #[arg(value_enum)]
    pub(crate) kind: FactorKind,
    #[command(flatten)]
    pub(crate) input: Input,
    /// The rank for rank-revealing-qr.
    #[arg(long, value_name = "K")]
    pub(crate) rank: Option<usize>,
    /// Where the diagonal of R counts as zero for complete-orthogonal, relative to its first entry.
    #[arg(long, value_name = "SHARE", default_value_t = 1e-13)]
    pub(crate) tolerance: f64,
    /// The file to write.
    #[arg(long, short, value_name = "FILE.npz")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
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
    /// Not computable: says why, and what to take instead.
    Jordan,
}

pub(crate) fn eig(a: &EigArguments) -> Result<u8, Failure> {
    a.output.as_deref().map_or(Ok(()), |path| output::check_place_beside(path, &a.input.file))?;
    with_matrix(&a.input, |name, matrix| {
        let wide = matrix.view()?.to_wide();
        let f = with_wide!(&wide, x => kappa::eig(x)).map_err(about(name))?;
        let values = f.eigenvalues();
        if let Some(path) = &a.output {
            let parts = [
                ("values", npy::encode_c64(&[values.len()], values.estimates())),
                ("right", array::encode(&WideMatrix::Complex(f.right().clone()))),
                ("left", array::encode(&WideMatrix::Complex(f.left().clone()))),
            ];
            output::file(path, |file| npz::write(file, &parts).map(drop))?;
            output::words(&format!("wrote {}", path.display()));
        }
        let conditions =
            a.condition.then(|| with_wide!(&wide, x => eigenvalue_cond(x))).transpose().map_err(about(name))?;
        let normality =
            a.condition.then(|| with_wide!(&wide, x => regions::normality(x))).transpose().map_err(about(name))?;
        let powers =
            a.powers.map(|most| with_wide!(&wide, x => regions::gelfand(x, most))).transpose().map_err(about(name))?;
        let (radius, abscissa) = (values.spectral_radius(), values.spectral_abscissa());
        let shown = values.len().min(a.top.unwrap_or(usize::MAX));
        if a.input.style.explain {
            output::words(&format!(
                "eigenvalues by QR steps; discs from the residual and the defect of the eigenvectors, every rounding error counted: \
                 together they hold all eigenvalues, and a group of k discs that touches no other holds exactly k\n\
                 evidence: {}\nreference: Miyajima, JCAM 233 (2010); Golub and Van Loan, Matrix Computations, 4th ed., chapter 7",
                values.evidence()
            ));
        }
        if a.input.style.json {
            let (m, n) = wide.shape();
            let one = |k: usize| {
                let z = values.get(k);
                let condition = conditions.as_ref().and_then(|c| c.get(k));
                json!({
                    "value": [z.re, z.im], "radius": number_json(values.radius(k)),
                    "condition": condition.map(|c| number_json(c.condition)),
                    "vector_condition": condition.map(|c| number_json(c.vector_condition)),
                })
            };
            let result = json!({
                "tensor": name, "shape": [m, n], "values": (0..shown).map(one).collect::<Vec<Value>>(),
                "evidence": values.evidence().to_string(), "spectral_radius": enclosure_json(&radius),
                "spectral_abscissa": enclosure_json(&abscissa),
                "departure": normality.as_ref().map(|x| enclosure_json(&x.departure)),
                "powers": powers.as_ref().map(|p| p.iter().map(|(k, x)| json!([k, enclosure_json(x)])).collect::<Vec<Value>>()),
            });
            return output::json("eig", inputs(&a.input), result);
        }
        let mut titles = vec!["eigenvalue", "disc"];
        if conditions.is_some() {
            titles.extend(["condition", "of the vector"]);
        }
        let mut lines: Vec<Vec<String>> = vec![titles.iter().map(|t| (*t).to_owned()).collect()];
        for k in 0..shown {
            let radius = values.radius(k);
            let disc = if radius.is_finite() { format!("{radius:.1e}") } else { "not known".into() };
            let mut line = vec![complex_text(values.get(k), 12), disc];
            if let Some(c) = conditions.as_ref().and_then(|c| c.get(k)) {
                line.extend([c.condition, c.vector_condition].map(|x| format!("{x:.2e}")));
            }
            lines.push(line);
        }
        output::data(&aligned(&lines, &[false, true, true, true]))?;
        let mut notes = vec![
            vec!["spectral radius".to_owned(), radius.short(10)],
            vec!["largest real part".to_owned(), abscissa.short(10)],
        ];
        if let Some(found) = normality {
            notes.push(vec!["departure from normality".into(), found.departure.short(6)]);
        }
        for (k, x) in powers.into_iter().flatten() {
            notes.push(vec![format!("‖A^{k}‖^(1/{k})"), x.short(8)]);
        }
        output::data(&format!("\n{}", aligned(&notes, &[false, false])))
    })
}

/// Named parts of a factorization as files for numpy.load.
type Parts = Vec<(&'static str, Vec<u8>)>;

fn order(rows: &[usize]) -> Vec<u8> {
    let numbers: Vec<f64> = rows.iter().map(|&k| k as f64).collect();
    npy::encode_f64(&[rows.len()], &numbers)
}

pub(crate) fn factor(a: &FactorArguments) -> Result<u8, Failure> {
    if a.kind == FactorKind::Jordan {
        return Err(jordan().into());
    }
    if a.kind == FactorKind::RankRevealingQr && a.rank.is_none() {
        return Err(Failure::new("rank-revealing-qr needs the rank that is to be shown")
            .with_hint("`--rank K`; `kappa rank` finds the numerical one"));
    }
    let Some(path) = &a.output else {
        return Err(
            Failure::new("a factorization is written to a file").with_hint("name it with `--output factors.npz`")
        );
    };
    output::check_place_beside(path, &a.input.file)?;
    with_matrix(&a.input, |name, matrix| {
        let wide = matrix.view()?.to_wide();
        let parts = with_wide!(&wide, x => parts(a, x)).map_err(about(name))?;
        output::file(path, |file| npz::write(file, &parts).map(drop))?;
        let names: Vec<&str> = parts.iter().map(|p| p.0).collect();
        if a.input.style.json {
            let (m, n) = wide.shape();
            let result = json!({ "tensor": name, "shape": [m, n], "output": path, "parts": names });
            return output::json("factor", inputs(&a.input), result);
        }
        output::words(&format!("wrote {} ({})", path.display(), names.join(", ")));
        Ok(ANSWERED)
    })
}

fn parts<W>(a: &FactorArguments, x: &Matrix<W>) -> kappa::Result<Parts>
where
    W: Scalar<Wide = W>,
    WideMatrix: From<Matrix<W>>,
{
    fn file<W: Scalar>(m: &Matrix<W>) -> Vec<u8>
    where
        WideMatrix: From<Matrix<W>>,
    {
        array::encode(&m.clone().into())
    }
    let complex = |m: &Matrix<kappa::c64>| array::encode(&WideMatrix::Complex(m.clone()));
    Ok(match a.kind {
        FactorKind::Qr => {
            let f = qr(x)?;
            vec![("q", file(f.q())), ("r", file(f.r()))]
        }
        FactorKind::PivotedQr => {
            let f = pivoted_qr(x)?;
            vec![("q", file(f.q())), ("r", file(f.r())), ("columns", order(f.columns()))]
        }
        FactorKind::RankRevealingQr => {
            let f = rank_revealing_qr(x, a.rank.unwrap_or(1), &GuEisenstat::default())?;
            vec![("q", file(f.q())), ("r", file(f.r())), ("columns", order(f.columns()))]
        }
        FactorKind::CompleteOrthogonal => {
            let f = complete_orthogonal(x, a.tolerance)?;
            vec![("u", file(&f.u)), ("t", file(&f.t)), ("v", file(&f.v))]
        }
        FactorKind::Lu => {
            let f = lu(x)?;
            vec![("l", file(&f.l())), ("u", file(&f.u())), ("rows", order(f.rows()))]
        }
        FactorKind::Cholesky => vec![("l", file(&cholesky(x)?))],
        FactorKind::Ldlt => {
            let f = ldlt(x)?;
            vec![("l", file(f.l())), ("d", file(&f.d())), ("rows", order(f.rows()))]
        }
        FactorKind::Polar => {
            let f = polar(x)?;
            vec![("u", file(&f.unitary)), ("h", file(&f.hermitian))]
        }
        FactorKind::Schur => {
            let f = schur(x)?;
            vec![("q", complex(f.q())), ("t", complex(f.t()))]
        }
        FactorKind::Jordan => return Err(jordan()),
    })
}
