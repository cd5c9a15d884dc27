//! `kappa nearest`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use kappa::nearest::{self, AlternatingProjections, Nearest};
use kappa::{Norm, Scalar};
use kappa_model::{WideMatrix, with_wide};
use kappa_report::{aligned, enclosure_json};
use serde_json::json;

use crate::failure::Failure;
use crate::input::Input;
use crate::one::{about, inputs, with_matrix};
use crate::problem::{entries_json, line, text};
use crate::{ANSWERED, array, output};

#[derive(Args, Debug)]
pub(crate) struct NearestArguments {
    /// What the matrix shall be.
    #[arg(value_enum)]
    pub(crate) kind: Kind,
    #[command(flatten)]
    pub(crate) input: Input,
    /// The rank for `low-rank`.
    #[arg(long, value_name = "K", required_if_eq("kind", "low-rank"))]
    pub(crate) rank: Option<usize>,
    /// The norm for `low-rank` and `singular`; the Frobenius norm otherwise.
    #[arg(long, short, value_name = "NORM")]
    pub(crate) norm: Option<String>,
    /// The least eigenvalue for `semidefinite` and `correlation`; 0 otherwise.
    #[arg(long, value_name = "X")]
    pub(crate) least: Option<f64>,
    /// Write the matrix for numpy.load, instead of printing it.
    #[arg(long, short, value_name = "FILE.npy")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum Kind {
    /// A = Aᴴ.
    Symmetric,
    /// A = −Aᴴ.
    Skew,
    /// Orthonormal columns, or rows.
    Orthogonal,
    /// AAᴴ = AᴴA; a local minimum.
    Normal,
    /// No negative eigenvalue.
    Semidefinite,
    /// The same with ones on the diagonal.
    Correlation,
    /// Rank k or less.
    LowRank,
    /// Without an inverse.
    Singular,
}

pub(crate) fn run(a: &NearestArguments) -> Result<u8, Failure> {
    array::check(a.output.as_deref(), [a.input.file.as_path()])?;
    check_choices(a)?;
    let norm: Norm = a.norm.as_deref().unwrap_or("frobenius").parse()?;
    let least = a.least.unwrap_or(0.0);
    with_matrix(&a.input, |name, matrix| {
        let wide = matrix.view()?.to_wide();
        let about = about(name);
        let told = |x: Told| tell(a, name, &x);
        match a.kind {
            Kind::Normal => told(with_wide!(&wide, m => nearest::normal(m)).map_err(about)?.into()),
            Kind::Correlation => {
                let how = AlternatingProjections { least, ..AlternatingProjections::default() };
                told(with_wide!(&wide, m => nearest::correlation(m, &how)).map_err(about)?.into())
            }
            kind => with_wide!(&wide, m => {
                let found = match kind {
                    Kind::Symmetric => nearest::symmetric(m),
                    Kind::Skew => nearest::skew(m),
                    Kind::Orthogonal => nearest::orthogonal(m),
                    Kind::Semidefinite => nearest::semidefinite(m, least),
                    Kind::Singular => nearest::singular(m, norm),
                    _ => nearest::low_rank(m, a.rank.unwrap_or(0), norm),
                };
                told(found.map_err(about)?.into())
            }),
        }
    })
}

/// A choice that would be ignored is a misunderstanding.
fn check_choices(a: &NearestArguments) -> Result<(), Failure> {
    let refused = |option: &str, kinds: &str| {
        Err(Failure::new(format!("{option} is for {kinds}"))
            .with_hint("leave it out: the nearest matrix of this kind is the same"))
    };
    let (in_norm, shifted) =
        (matches!(a.kind, Kind::LowRank | Kind::Singular), matches!(a.kind, Kind::Semidefinite | Kind::Correlation));
    match a {
        _ if a.rank.is_some() && a.kind != Kind::LowRank => refused("--rank", "low-rank"),
        _ if a.norm.is_some() && !in_norm => {
            refused("--norm", "low-rank and singular; the others are nearest in the Frobenius norm")
        }
        _ if a.least.is_some() && !shifted => refused("--least", "semidefinite and correlation"),
        _ => Ok(()),
    }
}

/// A nearest matrix, real or complex.
struct Told {
    matrix: WideMatrix,
    distance: kappa::Enclosure,
    norm: Norm,
    is_unique: Option<bool>,
    steps: usize,
}

impl<W: Scalar> From<Nearest<W>> for Told
where
    WideMatrix: From<kappa::Matrix<W>>,
{
    fn from(x: Nearest<W>) -> Self {
        Self { matrix: x.matrix.into(), distance: x.distance, norm: x.norm, is_unique: x.is_unique, steps: x.steps }
    }
}

fn tell(a: &NearestArguments, name: &str, x: &Told) -> Result<u8, Failure> {
    array::write(a.output.as_deref(), &x.matrix)?;
    let unique = match x.is_unique {
        Some(true) => "yes",
        Some(false) => "no: others are as near",
        None => "not known",
    };
    if a.input.style.explain {
        output::words(&format!(
            "distance: {} … {}\nevidence: {}\nreference: Higham, Matrix Nearness Problems and Applications (1989)",
            x.distance.lower(),
            x.distance.upper(),
            x.distance.evidence()
        ));
    }
    if a.input.style.json {
        let mut result = json!({
            "tensor": name, "distance": enclosure_json(&x.distance), "norm": x.norm.to_string(), "is_unique": x.is_unique,
            "steps": x.steps,
        });
        if a.output.is_none() {
            result["matrix"] = entries_json(&x.matrix);
        }
        return output::json("nearest", inputs(&a.input), result);
    }
    let mut lines = vec![line("distance", format!("{} ({})", x.distance.short(8), x.norm)), line("unique", unique)];
    if x.steps > 0 {
        lines.push(line("steps", x.steps.to_string()));
    }
    output::words(aligned(&lines, &[false, false]).trim_end());
    if a.output.is_some() { Ok(ANSWERED) } else { output::data(&text(&x.matrix)) }
}
