//! `kappa nearest` and `kappa align`.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use kappa::nearest::{self, AlternatingProjections, Nearest, Procrustes, align as aligned_sets};
use kappa::{Norm, Scalar};
use kappa_model::{WideMatrix, with_wide};
use kappa_report::{aligned, enclosure_json, number_json};
use serde_json::json;

use crate::condition::wide;
use crate::failure::Failure;
use crate::input::{Input, Style};
use crate::one::{about, inputs, with_matrix};
use crate::problem::{entries_json, line, real_vector, text};
use crate::{ANSWERED, output, svd};

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
    #[arg(long, short, value_name = "NORM", default_value = "frobenius")]
    pub(crate) norm: String,
    /// The least eigenvalue for `semidefinite` and `correlation`.
    #[arg(long, value_name = "X", default_value_t = 0.0)]
    pub(crate) least: f64,
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
    if let Some(path) = &a.output {
        output::check_place_beside(path, &a.input.file)?;
    }
    let norm: Norm = a.norm.parse()?;
    with_matrix(&a.input, |name, matrix| {
        let wide = matrix.view()?.to_wide();
        let about = about(name);
        let told = |x: Told| tell(a, name, &x);
        match a.kind {
            Kind::Normal => told(with_wide!(&wide, m => nearest::normal(m)).map_err(about)?.into()),
            Kind::Correlation => {
                let how = AlternatingProjections { least: a.least, ..AlternatingProjections::default() };
                told(with_wide!(&wide, m => nearest::correlation(m, &how)).map_err(about)?.into())
            }
            kind => with_wide!(&wide, m => {
                let found = match kind {
                    Kind::Symmetric => nearest::symmetric(m),
                    Kind::Skew => nearest::skew(m),
                    Kind::Orthogonal => nearest::orthogonal(m),
                    Kind::Semidefinite => nearest::semidefinite(m, a.least),
                    Kind::Singular => nearest::singular(m, norm),
                    _ => nearest::low_rank(m, a.rank.unwrap_or(0), norm),
                };
                told(found.map_err(about)?.into())
            }),
        }
    })
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
    if let Some(path) = &a.output {
        let bytes = svd::npy(&x.matrix);
        output::file(path, |file| file.write_all(&bytes))?;
        output::words(&format!("wrote {}", path.display()));
    }
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

#[derive(Args, Debug)]
pub(crate) struct AlignArguments {
    /// The set that is turned: one point a row.
    pub(crate) file: PathBuf,
    /// The set that it is turned onto, row by row; with --consensus, all the others.
    #[arg(required = true)]
    pub(crate) onto: Vec<PathBuf>,
    /// Turn all sets onto their common mean (general Procrustes analysis), which is printed.
    #[arg(long, conflicts_with_all = ["tensors", "weights"])]
    pub(crate) consensus: bool,
    /// No mirror images: the determinant is +1.
    #[arg(long)]
    pub(crate) rotation_only: bool,
    /// The first set may be scaled.
    #[arg(long)]
    pub(crate) scaling: bool,
    /// The first set may be moved.
    #[arg(long)]
    pub(crate) translation: bool,
    /// A weight for each row.
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: Option<PathBuf>,
    /// The tensors in the two files, where they hold more than one.
    #[arg(long, value_names = ["A", "B"], num_args = 2)]
    pub(crate) tensors: Option<Vec<String>>,
    /// Write the aligned set for numpy.load.
    #[arg(long, short, value_name = "FILE.npy")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) style: Style,
}

pub(crate) fn align(a: &AlignArguments) -> Result<u8, Failure> {
    let map = !a.style.no_mmap;
    for read in std::iter::once(&a.file).chain(&a.onto) {
        a.output.as_deref().map_or(Ok(()), |path| output::check_place_beside(path, read))?;
    }
    let tensor = |k: usize| a.tensors.as_ref().and_then(|names| names.get(k)).map(String::as_str);
    let real = |path: &std::path::Path, k: usize| match wide(path, tensor(k), map)? {
        (name, WideMatrix::Real(x)) => Ok((name, x)),
        (name, WideMatrix::Complex(_)) => Err(Failure::new(format!("`{name}` is complex, and points are real"))
            .with_hint("give real and imaginary parts as two columns")),
    };
    let onto = match a.onto.as_slice() {
        [one] if !a.consensus => one,
        others => {
            if !a.consensus {
                return Err(Failure::new(format!(
                    "{} sets are given, and one set is turned onto another",
                    others.len() + 1
                ))
                .with_hint("--consensus turns them all onto their common mean"));
            }
            let paths = std::iter::once(&a.file).chain(others);
            let sets = paths.map(|path| real(path, 0).map(|(_, x)| x)).collect::<Result<Vec<_>, _>>()?;
            return consensus(a, &sets);
        }
    };
    let ((name, from), (_, onto)) = (real(&a.file, 0)?, real(onto, 1)?);
    let how = Procrustes {
        rotation_only: a.rotation_only,
        scaling: a.scaling,
        translation: a.translation,
        weights: a.weights.as_deref().map(|path| real_vector(path, map)).transpose()?,
    };
    let s = aligned_sets(&from, &onto, &how).map_err(about(&name))?;
    if let Some(path) = &a.output {
        let bytes = svd::npy(&s.aligned.clone().into());
        output::file(path, |file| file.write_all(&bytes))?;
        output::words(&format!("wrote {}", path.display()));
    }
    if a.style.explain {
        output::words(
            "UVᵀ of the singular value decomposition of the weighted product AᵀB\nreference: Schönemann, Psychometrika 31 (1966); Kabsch, \
             Acta Cryst. A32 (1976); Umeyama, IEEE PAMI 13 (1991)",
        );
    }
    let rotation: WideMatrix = s.rotation.clone().into();
    if a.style.json {
        let result = json!({
            "tensor": name, "rotation": entries_json(&rotation), "scale": s.scale, "translation": s.translation,
            "error": number_json(s.error), "error_before": number_json(s.error_before), "rows": s.rows,
            "determinant": s.determinant, "is_unique": s.is_unique,
        });
        return output::json("align", json!({ "file": a.file, "onto": a.onto }), result);
    }
    let mut lines = vec![
        line("rows in both", format!("{} of {}", s.rows, from.rows())),
        line("error before", kappa::Enclosure::exact(s.error_before).short(6)),
        line("error after", kappa::Enclosure::exact(s.error).short(6)),
        line("determinant", format!("{:+}", s.determinant)),
        line("unique", if s.is_unique { "yes" } else { "no: other rotations do as well" }),
    ];
    if a.scaling {
        lines.push(line("scale", format!("{:?}", s.scale)));
    }
    if a.translation {
        let t: Vec<String> = s.translation.iter().map(|t| format!("{t:?}")).collect();
        lines.push(line("translation", t.join("  ")));
    }
    output::words(aligned(&lines, &[false, false]).trim_end());
    output::data(&text(&rotation))
}

/// All sets onto their common mean.
fn consensus(a: &AlignArguments, sets: &[kappa::Matrix<f64>]) -> Result<u8, Failure> {
    let how =
        Procrustes { rotation_only: a.rotation_only, scaling: a.scaling, translation: a.translation, weights: None };
    let s = nearest::align_all(sets, &how)?;
    let mean: WideMatrix = s.mean.clone().into();
    if let Some(path) = &a.output {
        let bytes = svd::npy(&mean);
        output::file(path, |file| file.write_all(&bytes))?;
        output::words(&format!("wrote {}", path.display()));
    }
    if a.style.explain {
        output::words("each set onto the mean of the last round\nreference: Gower, Psychometrika 40 (1975) 33–51");
    }
    if a.style.json {
        let rotations: Vec<_> = s.alignments.iter().map(|x| entries_json(&x.rotation.clone().into())).collect();
        let result = json!({
            "sets": sets.len(), "rounds": s.rounds, "error": number_json(s.error), "mean": entries_json(&mean), "rotations": rotations,
            "scales": s.alignments.iter().map(|x| x.scale).collect::<Vec<_>>(),
            "translations": s.alignments.iter().map(|x| &x.translation).collect::<Vec<_>>(),
            "errors": s.alignments.iter().map(|x| number_json(x.error)).collect::<Vec<_>>(),
        });
        return output::json("align", json!({ "file": a.file, "onto": a.onto }), result);
    }
    let lines = [
        line("sets", sets.len().to_string()),
        line("rounds", s.rounds.to_string()),
        line("error", kappa::Enclosure::exact(s.error).short(6)),
    ];
    output::words(aligned(&lines, &[false, false]).trim_end());
    if a.output.is_some() { Ok(ANSWERED) } else { output::data(&text(&mean)) }
}
