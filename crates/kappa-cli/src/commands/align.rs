//! `kappa align`: one set of points aligned with another.

use std::path::{Path, PathBuf};

use clap::Args;
use kappa::nearest::{Alignment, Consensus, Procrustes};
use kappa::serialize::Number;
use kappa::{AnyMatrix, AnyOperator, Matrix};
use kappa_report::{Entries, number_text};
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::output::Contents;
use crate::output::Kind;
use crate::session::{About, Session, file_name};
use crate::text::{line, matrix, note, short};

#[derive(Args, Debug, Serialize)]
pub(crate) struct AlignArguments {
    /// The set that is aligned: one point a row.
    file: PathBuf,
    /// The set that it is aligned with, row by row; with --consensus, all the others.
    #[arg(required = true)]
    onto: Vec<PathBuf>,
    /// Align all sets with their common mean (generalized Procrustes analysis), which is printed.
    #[arg(long, conflicts_with_all = ["tensors", "weights"])]
    consensus: bool,
    /// No reflections: the determinant is +1.
    #[arg(long)]
    rotation_only: bool,
    /// Allow scaling of the first set.
    #[arg(long)]
    scaling: bool,
    /// Allow translation of the first set.
    #[arg(long)]
    translation: bool,
    /// A weight for each row.
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// The tensors in the two files, where they hold more than one.
    #[arg(long, value_names = ["A", "B"], num_args = 2)]
    tensors: Option<Vec<String>>,
    /// Write the aligned set for numpy.load.
    #[arg(long, short, value_name = "FILE.npy")]
    output: Option<PathBuf>,
}

/// One alignment, or all sets aligned with their mean.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum AlignResult {
    Pair(Pair),
    Consensus(OfSets),
}

/// s·A·Q + 1tᵀ ≈ B.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Pair {
    tensor: String,
    rotation: Entries,
    scale: f64,
    translation: Vec<f64>,
    error: Number,
    error_before: Number,
    /// How many rows both sets have.
    rows: usize,
    determinant: f64,
    is_unique: bool,
}

/// Several sets and their mean, with one entry for each set.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct OfSets {
    sets: usize,
    rounds: usize,
    error: Number,
    mean: Entries,
    rotations: Vec<Entries>,
    scales: Vec<f64>,
    translations: Vec<Vec<f64>>,
    errors: Vec<Number>,
}

impl Ask for AlignArguments {
    type Result = AlignResult;
    const ABOUT: &'static str = "Align two point sets (Procrustes)";
    const EXAMPLES: &'static [&'static str] =
        &["align p.npy q.npy --scaling --translation", "align p.npy q.npy p.npy --consensus"];

    fn files(&self) -> Files<'_> {
        let reads = std::iter::once(&self.file).chain(&self.onto).chain(&self.weights);
        Files::reads(reads).writes(self.output.as_ref(), Kind::Array)
    }

    fn answer(&self, session: &Session) -> Result<Answer<AlignResult>, Failure> {
        if self.consensus {
            return Ok(self.all(session)?.map(AlignResult::Consensus));
        }
        match self.onto.as_slice() {
            [onto] => Ok(self.pair(session, onto)?.map(AlignResult::Pair)),
            others => {
                Err(Failure::new(format!("{} sets are given, and one set is aligned with another", others.len() + 1))
                    .with_hint("--consensus aligns all of them with their common mean"))
            }
        }
    }
}

fn rotation(s: &Alignment) -> AnyMatrix {
    AnyMatrix::Real(s.rotation.clone())
}

impl AlignArguments {
    fn how(&self, weights: Option<Vec<f64>>) -> Procrustes {
        Procrustes { rotation_only: self.rotation_only, scaling: self.scaling, translation: self.translation, weights }
    }

    fn pair(&self, session: &Session, onto: &Path) -> Result<Answer<Pair>, Failure> {
        let tensor = |k: usize| self.tensors.as_ref().and_then(|names| names.get(k)).map(String::as_str);
        let (name, from) = session.matrix(&self.file, tensor(0))?;
        let (_, onto) = session.matrix(onto, tensor(1))?;
        let weights = self.weights.as_deref().map(|path| session.real_vector(path)).transpose()?;
        let about = About::of(&self.file, &name);
        let s = AnyOperator::from(&from).align(&AnyOperator::from(&onto), &self.how(weights)).map_err(about.error())?;
        let lines = self.lines(&s, from.shape().0);
        let (turn, aligned) = (rotation(&s), AnyMatrix::Real(s.aligned));
        let explanation = Explanation::plan("UVᵀ of the singular value decomposition of the weighted product AᵀB")
            .line("evidence", "a global minimum of the weighted sum of squares, but for rounding")
            .reference(
                "Schönemann, Psychometrika 31 (1966) 1–10; Kabsch, Acta Cryst. A32 (1976) 922; Umeyama, \
                IEEE PAMI 13 (1991) 376–380",
            );
        let result = Pair {
            tensor: name.clone(),
            rotation: Entries::from(&turn),
            scale: s.scale,
            translation: s.translation,
            error: s.error.into(),
            error_before: s.error_before.into(),
            rows: s.rows,
            determinant: s.determinant,
            is_unique: s.is_unique,
        };
        Ok(Answer::new(result, matrix(&turn))
            .note(note(&lines))
            .file(self.output.as_ref(), || Contents::array(&aligned))
            .explained(explanation))
    }

    fn lines(&self, s: &Alignment, rows: usize) -> Vec<Vec<String>> {
        let mut lines = vec![
            line("rows in both", format!("{} of {rows}", s.rows)),
            line("RMS error before", short(s.error_before, 6)),
            line("RMS error after", short(s.error, 6)),
            line("determinant", format!("{:+}", s.determinant)),
            line("unique", if s.is_unique { "yes" } else { "no: other rotations are equally good" }),
        ];
        if self.scaling {
            lines.push(line("scale", number_text(s.scale)));
        }
        if self.translation {
            let t: Vec<String> = s.translation.iter().map(|&t| number_text(t)).collect();
            lines.push(line("translation", t.join("  ")));
        }
        lines
    }

    /// All sets aligned with their common mean.
    fn all(&self, session: &Session) -> Result<Answer<OfSets>, Failure> {
        let paths = std::iter::once(&self.file).chain(&self.onto);
        let sets = paths.map(|path| session.real_matrix(path, None)).collect::<Result<Vec<Matrix<f64>>, _>>()?;
        let operators: Vec<AnyOperator<'_>> = sets.iter().map(AnyOperator::from).collect();
        let s = AnyOperator::align_all(&operators, &self.how(None))
            .map_err(|e| Failure::from(e).within(&file_name(&self.file)))?;
        let lines = [
            line("sets", sets.len().to_string()),
            line("rounds", s.rounds.to_string()),
            line("RMS error", short(s.error, 6)),
        ];
        let explanation =
            Explanation::plan("each set is aligned with the mean of the last round, until the error no longer falls")
                .line("evidence", "a local minimum")
                .reference("Gower, Psychometrika 40 (1975) 33–51");
        let mean = AnyMatrix::Real(s.mean.clone());
        let text = if self.output.is_some() { String::new() } else { matrix(&mean) };
        Ok(Answer::new(of_sets(s, &mean), text)
            .note(note(&lines))
            .file(self.output.as_ref(), || Contents::array(&mean))
            .explained(explanation))
    }
}

fn of_sets(s: Consensus, mean: &AnyMatrix) -> OfSets {
    OfSets {
        sets: s.alignments.len(),
        rounds: s.rounds,
        error: s.error.into(),
        mean: Entries::from(mean),
        rotations: s.alignments.iter().map(|x| Entries::from(&rotation(x))).collect(),
        scales: s.alignments.iter().map(|x| x.scale).collect(),
        errors: s.alignments.iter().map(|x| x.error.into()).collect(),
        translations: s.alignments.into_iter().map(|x| x.translation).collect(),
    }
}
