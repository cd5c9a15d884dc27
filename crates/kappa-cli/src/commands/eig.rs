//! `kappa eig`.

use std::path::PathBuf;

use clap::Args;
use kappa::condition::EigenvalueCondition;
use kappa::factor::{Arnoldi, Eig, PartialEig};
use kappa::regions::Normality;
use kappa::serialize::{Complex, Number};
use kappa::{AnyMatrix, AnyOperator, Enclosure, Evidence, Guarantee, Norm};
use kappa_report::{aligned, counted};
use kappa_tensors::npy;
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::output::Kind;
use crate::output::{Contents, array};
use crate::parse::count;
use crate::session::{Input, Session};
use crate::text::{complex, line, scientific, table};

#[derive(Args, Debug, Serialize)]
pub(crate) struct EigArguments {
    #[command(flatten)]
    #[serde(flatten)]
    input: Input,
    /// Print only the K of largest modulus; of a large sparse matrix by products alone.
    #[arg(long, value_name = "K", value_parser = count)]
    top: Option<usize>,
    /// Also the condition number of each eigenvalue and of its vector, and the departure from normality.
    #[arg(long)]
    condition: bool,
    /// Also Gelfand's sequence ‖Aᵏ‖^(1/k) for k = 1, 2, 4, … up to K.
    #[arg(long, value_name = "K")]
    powers: Option<u64>,
    /// Write values, right and left eigenvectors.
    #[arg(long, short, value_name = "FILE.npz")]
    output: Option<PathBuf>,
}

/// Eigenvalues, each with the radius of a disc.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct EigResult {
    tensor: String,
    shape: (usize, usize),
    values: Vec<Eigenvalue>,
    evidence: Evidence,
    spectral_radius: Enclosure,
    spectral_abscissa: Enclosure,
    departure: Option<Enclosure>,
    powers: Option<Vec<(u64, Enclosure)>>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Eigenvalue {
    value: Complex,
    radius: Number,
    condition: Option<Number>,
    vector_condition: Option<Number>,
}

/// What is asked besides the eigenvalues.
struct More {
    conditions: Option<Vec<EigenvalueCondition>>,
    normality: Option<Normality>,
    powers: Option<Vec<(u64, Enclosure)>>,
}

impl Ask for EigArguments {
    type Result = EigResult;
    const ABOUT: &'static str = "Eigenvalues with discs that contain them, and their conditions";
    const EXAMPLES: &'static [&'static str] = &["eig m.npy", "eig m.npy --condition --powers 4 -o e.npz"];

    fn files(&self) -> Files<'_> {
        Files::reads([&self.input.file]).writes(self.output.as_ref(), Kind::Any)
    }

    fn answer(&self, session: &Session) -> Result<Answer<EigResult>, Failure> {
        session.with_matrix(&self.input, |about, a| {
            let is_plain = !self.condition && self.powers.is_none() && self.output.is_none();
            if let Some(k) = self.top.filter(|_| is_plain && !a.is_written_out()) {
                let found = a.partial_eig(k, &Arnoldi::default()).map_err(about.error())?;
                let norms = [Norm::max_row_sum(), Norm::max_column_sum(), Norm::frobenius()]
                    .map(|norm| a.norm_by(norm, Guarantee::Usual));
                let mut reach = f64::INFINITY;
                for norm in norms {
                    reach = reach.min(norm.map_err(about.error())?.upper());
                }
                return Ok(partial(about.name, a.shape(), &found, reach));
            }
            let f = a.eig().map_err(about.error())?;
            let more = self.more(a).map_err(about.error())?;
            let result = self.result(about.name, a.shape(), &f, &more);
            let text = text(&result);
            Ok(Answer::new(result, text).file(self.output.as_ref(), || factors(&f)).explained(explanation(&f)))
        })
    }
}

/// The values of largest modulus, by products alone; no eigenvalue has a modulus above `reach`, a norm.
fn partial(name: &str, shape: (usize, usize), found: &PartialEig, reach: f64) -> Answer<EigResult> {
    let evidence =
        if found.is_hermitian { Evidence::Residual } else { Evidence::Estimate("residuals of Arnoldi vectors") };
    let values = found.values.iter().zip(found.radii()).map(|(&value, radius)| Eigenvalue {
        value: value.into(),
        radius: radius.into(),
        condition: None,
        vector_condition: None,
    });
    let first = found.values.first().map_or(0.0, |x| x.norm());
    let rightmost = found.values.iter().map(|x| x.re).fold(f64::NEG_INFINITY, f64::max);
    let lower = if found.is_hermitian { (first - found.residuals[0]).max(0.0) } else { 0.0 };
    let result = EigResult {
        tensor: name.to_owned(),
        shape,
        values: values.collect(),
        evidence,
        spectral_radius: Enclosure::new(lower.min(reach), first, reach, evidence),
        spectral_abscissa: Enclosure::new(-reach, rightmost, reach, evidence),
        departure: None,
        powers: None,
    };
    let (m, n) = shape;
    let worst = found.residuals.iter().copied().fold(0.0, f64::max);
    let explanation = Explanation::plan(format!("Arnoldi with thick restarts, {} products ({m}×{n})", found.products))
        .line("residuals", format!("‖Ax − λx‖ is at most {}", scientific(worst, 1)))
        .line("evidence", evidence.to_string())
        .reference("Stewart, SIAM J. Matrix Anal. Appl. 23 (2001) 601–614");
    let text = text(&result);
    let answer = Answer::new(result, text).explained(explanation);
    if found.has_converged {
        return answer;
    }
    answer.note("warning: not converged: the restarts ran out before all residuals reached the tolerance").holds(false)
}

fn factors(f: &Eig) -> Contents {
    let values = f.eigenvalues();
    Contents::Arrays(vec![
        ("values", npy::encode_c64(&[values.len()], values.estimates())),
        ("right", array(&AnyMatrix::Complex(f.right().clone()))),
        ("left", array(&AnyMatrix::Complex(f.left().clone()))),
    ])
}

fn explanation(f: &Eig) -> Explanation {
    let plan = if f.parts().is_normal {
        "the matrix equals its adjoint: orthonormal eigenvectors, and each eigenvalue enclosed"
    } else {
        "eigenvalues by QR steps, or the diagonal of a triangular matrix; discs from the residual and the defect of \
         the eigenvectors"
    };
    Explanation::plan(plan)
        .line("bounds", "the discs hold all eigenvalues, and a group of k discs that touches no other holds exactly k")
        .line("evidence", f.eigenvalues().evidence().to_string())
        .reference(
            "Miyajima, J. Comput. Appl. Math. 233 (2010) 2994–3004; Golub and Van Loan, Matrix \
            Computations, 4th ed., chapter 7",
        )
}

impl EigArguments {
    fn more(&self, a: &AnyOperator<'_>) -> kappa::Result<More> {
        Ok(More {
            conditions: self.condition.then(|| a.eigenvalue_cond()).transpose()?,
            normality: self.condition.then(|| a.normality()).transpose()?,
            powers: self.powers.map(|most| a.gelfand(most)).transpose()?,
        })
    }

    fn result(&self, tensor: &str, shape: (usize, usize), f: &Eig, more: &More) -> EigResult {
        let values = f.eigenvalues();
        let shown = values.len().min(self.top.unwrap_or(usize::MAX));
        let one = |k: usize| {
            let condition = more.conditions.as_ref().and_then(|c| c.get(k));
            Eigenvalue {
                value: values.get(k).into(),
                radius: values.radius(k).into(),
                condition: condition.map(|c| c.condition.into()),
                vector_condition: condition.map(|c| c.vector_condition.into()),
            }
        };
        EigResult {
            tensor: tensor.to_owned(),
            shape,
            values: (0..shown).map(one).collect(),
            evidence: values.evidence(),
            spectral_radius: values.spectral_radius(),
            spectral_abscissa: values.spectral_abscissa(),
            departure: more.normality.as_ref().map(|x| x.departure),
            powers: more.powers.clone(),
        }
    }
}

fn text(result: &EigResult) -> String {
    let mut titles = vec!["eigenvalue", "radius of its disc"];
    if result.values.iter().any(|x| x.condition.is_some()) {
        titles.extend(["condition", "condition of the vector"]);
    }
    let mut lines: Vec<Vec<String>> = vec![titles.iter().map(|t| (*t).to_owned()).collect()];
    for x in &result.values {
        let Number(radius) = x.radius;
        let disc = if radius.is_finite() { scientific(radius, 1) } else { "no bound".into() };
        let mut line = vec![complex(x.value.into(), 12), disc];
        line.extend([x.condition, x.vector_condition].into_iter().flatten().map(|Number(x)| scientific(x, 2)));
        lines.push(line);
    }
    let mut notes = vec![
        line("spectral radius", result.spectral_radius.short(10)),
        line("largest real part", result.spectral_abscissa.short(10)),
    ];
    if let Some(departure) = result.departure {
        notes.push(line("departure from normality", departure.short(6)));
    }
    for (k, x) in result.powers.iter().flatten() {
        notes.push(line(&format!("‖A^{k}‖^(1/{k})"), x.short(8)));
    }
    let unbounded = result.values.iter().filter(|x| !x.radius.0.is_finite()).count();
    if unbounded > 0 {
        notes.push(line("without a bound", counted(unbounded, "eigenvalue")));
    }
    format!("{}\n{}", aligned(&lines, &[false, true, true, true]), table(&notes))
}
