//! `kappa nearest`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use kappa::nearest::{AlternatingProjections, AnyNearest};
use kappa::{AnyOperator, Enclosure, Norm};
use kappa_report::Entries;
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::output::Contents;
use crate::output::Kind;
use crate::parse::{number, read};
use crate::session::{Input, Session};
use crate::text::{self, line, note};

#[derive(Args, Debug, Serialize)]
pub(crate) struct NearestArguments {
    /// The kind of the nearest matrix.
    #[arg(value_enum)]
    kind: NearestKind,
    #[command(flatten)]
    #[serde(flatten)]
    input: Input,
    /// The rank for low-rank.
    #[arg(long, value_name = "K", required_if_eq("kind", "low-rank"))]
    rank: Option<usize>,
    /// The norm for low-rank and singular; frobenius by default, and for all other kinds.
    #[arg(long, short, value_name = "NORM", value_parser = read::<Norm>)]
    norm: Option<Norm>,
    /// The least eigenvalue for semidefinite and correlation; 0 by default.
    #[arg(long, value_name = "X", value_parser = number)]
    min_eigenvalue: Option<f64>,
    /// Write the matrix for numpy.load, instead of printing it.
    #[arg(long, short, value_name = "FILE.npy")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NearestKind {
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

/// The nearest matrix of a kind, and its distance.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct NearestResult {
    tensor: String,
    distance: Enclosure,
    norm: Norm,
    /// `null` where it is not known.
    is_unique: Option<bool>,
    steps: usize,
    /// Left out with an output file.
    #[serde(skip_serializing_if = "Option::is_none")]
    matrix: Option<Entries>,
}

impl Ask for NearestArguments {
    type Result = NearestResult;
    const ABOUT: &'static str = "The nearest matrix of a kind, and its distance";
    const EXAMPLES: &'static [&'static str] = &["nearest orthogonal a.npy"];

    fn files(&self) -> Files<'_> {
        Files::reads([&self.input.file]).writes(self.output.as_ref(), Kind::Array)
    }

    fn answer(&self, session: &Session) -> Result<Answer<NearestResult>, Failure> {
        self.check()?;
        session.with_matrix(&self.input, |about, a| {
            let found = self.nearest(a).map_err(about.error())?;
            let x = found.matrix().to_matrix().map_err(about.error())?;
            let unique = match found.is_unique() {
                Some(true) => "yes",
                Some(false) => "no: other matrices are equally near",
                None => "not known",
            };
            let distance = found.distance();
            let mut lines =
                vec![line("distance", format!("{} ({})", distance.short(8), found.norm())), line("unique", unique)];
            if found.steps() > 0 {
                lines.push(line("steps", found.steps().to_string()));
            }
            let is_printed = self.output.is_none();
            let result = NearestResult {
                tensor: about.name.to_owned(),
                distance,
                norm: found.norm(),
                is_unique: found.is_unique(),
                steps: found.steps(),
                matrix: is_printed.then(|| Entries::from(&x)),
            };
            let text = if is_printed { text::matrix(&x) } else { String::new() };
            Ok(Answer::new(result, text)
                .note(note(&lines))
                .file(self.output.as_ref(), || Contents::array(&x))
                .explained(self.explanation(&distance)))
        })
    }
}

impl NearestArguments {
    fn nearest(&self, a: &AnyOperator<'_>) -> kappa::Result<AnyNearest> {
        let norm = self.norm.unwrap_or_else(Norm::frobenius);
        let least = self.min_eigenvalue.unwrap_or(0.0);
        match self.kind {
            NearestKind::Normal => a.nearest_normal(),
            NearestKind::Correlation => {
                let how = AlternatingProjections { least, ..AlternatingProjections::default() };
                a.nearest_correlation(&how).map(AnyNearest::Real)
            }
            NearestKind::Symmetric => a.nearest_symmetric(),
            NearestKind::Skew => a.nearest_skew(),
            NearestKind::Orthogonal => a.nearest_orthogonal(),
            NearestKind::Semidefinite => a.nearest_semidefinite(least),
            NearestKind::Singular => a.nearest_singular(norm),
            NearestKind::LowRank => a.nearest_low_rank(self.rank.unwrap_or(0), norm),
        }
    }

    /// An option that would be ignored is a misunderstanding.
    fn check(&self) -> Result<(), Failure> {
        let refused = |option: &str, kinds: &str| {
            Err(Failure::new(format!("{option} is for {kinds}"))
                .with_hint("leave it out: the nearest matrix of this kind does not depend on it"))
        };
        let has_norm = matches!(self.kind, NearestKind::LowRank | NearestKind::Singular);
        let is_shifted = matches!(self.kind, NearestKind::Semidefinite | NearestKind::Correlation);
        match self {
            _ if self.rank.is_some() && self.kind != NearestKind::LowRank => refused("--rank", "low-rank"),
            _ if self.norm.is_some() && !has_norm => {
                refused("--norm", "low-rank and singular; the others are nearest in the Frobenius norm")
            }
            _ if self.min_eigenvalue.is_some() && !is_shifted => {
                refused("--min-eigenvalue", "semidefinite and correlation")
            }
            _ => Ok(()),
        }
    }

    fn explanation(&self, distance: &Enclosure) -> Explanation {
        let general = "Higham, Matrix nearness problems and applications (1989)";
        let (plan, reference) = match self.kind {
            NearestKind::Symmetric => ("½(A + Aᴴ)", general),
            NearestKind::Skew => ("½(A − Aᴴ)", general),
            NearestKind::Orthogonal => ("the unitary polar factor", general),
            NearestKind::Normal => ("Jacobi rotations that maximise the diagonal", "Ruhe, BIT 27 (1987) 585–598"),
            NearestKind::Semidefinite => {
                ("eigenvalues of the Hermitian part, cut from below", "Higham, Linear Algebra Appl. 103 (1988) 103–118")
            }
            NearestKind::Correlation => (
                "alternating projections with Anderson acceleration",
                "Higham and Strabić, Numer. Algorithms 72 (2016) 1021–1042",
            ),
            NearestKind::LowRank => ("the largest singular triplets (Eckart, Young and Mirsky)", general),
            NearestKind::Singular => {
                ("a change of rank one (Gastinel and Kahan)", "Kahan, Canad. Math. Bull. 9 (1966) 757–801")
            }
        };
        Explanation::plan(plan).bounds(distance).reference(reference)
    }
}
