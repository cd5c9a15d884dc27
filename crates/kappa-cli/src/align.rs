//! `kappa align`: a set of points turned onto another.

use std::path::{Path, PathBuf};

use clap::Args;
use kappa::nearest::{self, Procrustes};
use kappa_model::WideMatrix;
use kappa_report::{aligned, number_json};
use serde_json::json;

use crate::condition::wide;
use crate::failure::Failure;
use crate::input::Style;
use crate::one::about;
use crate::problem::{entries_json, line, real_vector, text};
use crate::{ANSWERED, array, output};

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

pub(crate) fn run(a: &AlignArguments) -> Result<u8, Failure> {
    let map = !a.style.no_mmap;
    array::check(a.output.as_deref(), std::iter::once(&a.file).chain(&a.onto).map(PathBuf::as_path))?;
    let tensor = |k: usize| a.tensors.as_ref().and_then(|names| names.get(k)).map(String::as_str);
    let real = |path: &Path, k: usize| match wide(path, tensor(k), map)? {
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
    let s = nearest::align(&from, &onto, &how).map_err(about(&name))?;
    array::write(a.output.as_deref(), &s.aligned.clone().into())?;
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
    array::write(a.output.as_deref(), &mean)?;
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
