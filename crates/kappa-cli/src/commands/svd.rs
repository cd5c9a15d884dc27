//! `kappa svd`.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use clap::Args;
use kappa::factor::SingularTriplets;
use kappa::serialize::Number;
use kappa::{AnyMatrix, Enclosure, Guarantee};
use kappa_model::{Model, Progress, Streamed, Streaming};
use kappa_report::ends;
use kappa_tensors::npy;
use schemars::JsonSchema;
use serde::Serialize;

use super::triplets::{self, NOT_TOP, TripletArguments};
use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::output::Kind;
use crate::output::{Contents, array};
use crate::parse::bytes;
use crate::progress::{Bar, When};
use crate::session::{Input, Rounding, Session, in_file};
use crate::text::{line, list, note};

#[derive(Args, Debug, Serialize)]
pub(crate) struct SvdArguments {
    #[command(flatten)]
    #[serde(flatten)]
    input: Input,
    /// The file to write: u (m×p), s (p) and vh (p×n), for numpy.load.
    #[arg(long, short, value_name = "FILE.npz", required_unless_present = "part")]
    output: Option<PathBuf>,
    /// Write all of U (m×m) and Vᴴ (n×n).
    #[arg(long, conflicts_with = "part")]
    full: bool,
    #[command(flatten)]
    #[serde(flatten)]
    triplets: TripletArguments,
    /// Maximum memory in use at once, such as 2GiB, by blocks of the file; half of what is available by default.
    #[arg(long, value_name = "SIZE", value_parser = bytes, requires = "top", conflicts_with_all = NOT_TOP)]
    memory: Option<u64>,
    /// Read the file once, by blocks: values and the vectors of the short side only.
    #[arg(long, requires = "top", conflicts_with_all = NOT_TOP)]
    one_pass: bool,
    /// Number of rows that are kept, by blocks; as many as the short side has by default, where that fits, so that
    /// nothing is lost.
    #[arg(long, value_name = "ROWS", requires = "top", conflicts_with_all = NOT_TOP)]
    capacity: Option<usize>,
    /// Count every rounding error of the singular values.
    #[arg(long)]
    certify: bool,
    /// Whether to show progress.
    #[arg(long, value_enum, default_value_t = When::Auto)]
    #[serde(skip)]
    progress: When,
}

/// A singular value decomposition, or some triplets.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SvdResult {
    tensor: String,
    shape: (usize, usize),
    output: Option<PathBuf>,
    singular_values: Vec<Enclosure>,
    #[serde(flatten)]
    more: More,
}

/// How some triplets were found, and what is left out.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum More {
    /// Of a matrix in memory.
    InMemory {
        algorithm: String,
        /// ‖A − UΣVᴴ‖_F.
        error: Option<Enclosure>,
        /// ‖A − UΣVᴴ‖₂.
        spectral_error: Enclosure,
        /// How far from each value some singular value is at most.
        residuals: Vec<Number>,
        /// Whether the residuals reached the tolerance within the restarts.
        has_converged: bool,
    },
    /// Of a file that is read block by block.
    ByBlocks { error: Enclosure, passes: usize, block: usize, capacity: usize, is_exact: bool },
    /// Of all triplets.
    Nothing {},
}

impl Ask for SvdArguments {
    type Result = SvdResult;
    const ABOUT: &'static str = "Singular value decomposition, or some triplets, written as .npz";
    const EXAMPLES: &'static [&'static str] = &[
        "svd w.npy -o f.npz",
        "svd w.npy --top 1",
        "svd w.npy --top 1 --one-pass",
        "svd w.npy --error 0.7",
        "svd w.npy --smallest 1",
    ];

    fn files(&self) -> Files<'_> {
        Files::reads([&self.input.file]).writes(self.output.as_ref(), Kind::Any)
    }

    fn answer(&self, session: &Session) -> Result<Answer<SvdResult>, Failure> {
        for (option, count) in [("--top", self.triplets.top), ("--smallest", self.triplets.smallest)] {
            if count == Some(0) {
                return Err(Failure::new(format!("{option} must be at least 1"))
                    .with_hint(format!("`{option} 1`, or more singular triplets")));
            }
        }
        let model = session.open(&self.input.file)?;
        match self.triplets.top {
            Some(top) if self.is_by_blocks(session, &model)? => self.by_blocks(session, &model, top),
            _ => self.in_memory(session, &model),
        }
    }
}

/// The factors that are known, for numpy.load.
fn factors(s: &[f64], u: Option<Vec<u8>>, vh: Option<Vec<u8>>) -> Contents {
    let parts = [("u", u), ("s", Some(npy::encode_f64(&[s.len()], s))), ("vh", vh)];
    Contents::Arrays(parts.into_iter().filter_map(|(name, part)| Some((name, part?))).collect())
}

impl SvdArguments {
    /// Whether blocks are asked for, or no method is and the matrix is too large to be reduced in memory.
    fn is_by_blocks(&self, session: &Session, model: &Model) -> Result<bool, Failure> {
        let tensor = self.input.tensor.as_deref();
        let is_asked = self.memory.is_some() || self.one_pass || self.capacity.is_some();
        if is_asked || self.triplets.method.is_some() || model.fits_in_memory(tensor)? {
            return Ok(is_asked);
        }
        // A large sparse matrix is multiplied, not read in blocks.
        session.with_tensor(model, tensor, Rounding::Ignored, |_, a| Ok(!a.is_sparse()))
    }

    fn in_memory(&self, session: &Session, model: &Model) -> Result<Answer<SvdResult>, Failure> {
        session.with_tensor(model, self.input.tensor.as_deref(), Rounding::Ignored, |about, a| {
            let Some(which) = self.triplets.which(a.is_sparse(), a.shape())? else {
                return self.whole(about.name, a).map_err(about.error());
            };
            self.some(about.name, a, &which).map_err(about.error())
        })
    }

    fn whole(&self, name: &str, a: &kappa::AnyOperator<'_>) -> kappa::Result<Answer<SvdResult>> {
        let f = if self.full { a.svd_full()? } else { a.svd()? };
        let certified = if self.certify { Some(a.singular_values_by(Guarantee::Certified)?) } else { None };
        let values = certified.as_ref().unwrap_or(f.singular_values());
        let plan = crate::plans::of_values(a.shape(), self.certify);
        let explanation = Explanation::plan(format!("singular vectors with the values: {}", values.algorithm()))
            .line("algorithm", values.algorithm())
            .bounds(&values.first())
            .reference(crate::plans::reference(plan.algorithm));
        let (u, vh) = (array(&f.u().to_matrix()?), array(&f.vh()));
        let result = SvdResult {
            tensor: name.to_owned(),
            shape: a.shape(),
            output: self.output.clone(),
            singular_values: values.iter().collect(),
            more: More::Nothing {},
        };
        Ok(Answer::new(result, "")
            .file(self.output.as_ref(), || factors(values.estimates(), Some(u), Some(vh)))
            .explained(explanation))
    }

    /// Some triplets of a matrix in memory.
    fn some(
        &self,
        name: &str,
        a: &kappa::AnyOperator<'_>,
        which: &SingularTriplets,
    ) -> kappa::Result<Answer<SvdResult>> {
        let f = a.triplets(which)?;
        let result = SvdResult {
            tensor: name.to_owned(),
            shape: a.shape(),
            output: self.output.clone(),
            singular_values: f.values().to_vec(),
            more: More::InMemory {
                algorithm: f.algorithm().to_owned(),
                error: f.error(),
                spectral_error: f.spectral_error(),
                residuals: Number::list(f.residuals()),
                has_converged: f.has_converged(),
            },
        };
        let left_out = [
            f.error().map(|x| ("error in the Frobenius norm", x)),
            Some(("error in the spectral norm", f.spectral_error())),
        ];
        let lines: Vec<Vec<String>> =
            left_out.into_iter().flatten().map(|(title, x)| line(title, x.short(6))).collect();
        let (u, text) = (f.u().to_matrix()?, list(f.values()));
        let answer = Answer::new(result, text)
            .file(self.output.as_ref(), || factors(f.estimates(), Some(array(&u)), Some(array(&f.vh()))))
            .explained(triplets::explanation(which, a.shape(), &f));
        Ok(triplets::remarked(answer.note(note(&lines)), &f, self.triplets.smallest.is_some()))
    }

    /// The largest triplets, block by block.
    fn by_blocks(&self, session: &Session, model: &Model, top: usize) -> Result<Answer<SvdResult>, Failure> {
        if !session.map() {
            return Err(Failure::new("--no-mmap would read the whole file, and blocks are read from its map")
                .with_hint("leave --no-mmap out"));
        }
        let both = self.output.is_some() && !self.one_pass;
        let how = Streaming { top, memory: self.memory, capacity: self.capacity, both };
        let bar = Bar::new(self.progress);
        let never = AtomicBool::new(false);
        let progress = Progress { advanced: &|name, share| bar.advance(name, share), cancelled: &never };
        let found = model.stream_svd(self.input.tensor.as_deref(), &how, &progress);
        bar.finish();
        let found = found.map_err(in_file(&self.input.file))?;
        session.say_reading(model, &found.name, Rounding::Ignored)?;
        let explanation = blocks(&found);
        let text = list(&found.values);
        let contents = || {
            let estimates: Vec<f64> = found.values.iter().map(Enclosure::estimate).collect();
            let vh = found.v.as_ref().map(|v| array(&v.adjoint()));
            factors(&estimates, found.u.as_ref().map(|u: &AnyMatrix| array(u)), vh)
        };
        let result = SvdResult {
            tensor: found.name.clone(),
            shape: found.shape,
            output: self.output.clone(),
            singular_values: found.values.clone(),
            more: More::ByBlocks {
                error: found.error,
                passes: found.passes,
                block: found.block,
                capacity: found.capacity,
                is_exact: found.is_exact,
            },
        };
        let lines = [line("error in the Frobenius norm", found.error.short(6))];
        let answer = Answer::new(result, text).note(note(&lines));
        Ok(answer.file(self.output.as_ref(), contents).explained(explanation))
    }
}

fn blocks(found: &Streamed) -> Explanation {
    let (how, reference) = if found.is_exact {
        (
            "QR of one block of rows after the other, and the singular values of R",
            "Demmel, Grigori, Hoemmen and Langou, SIAM J. Sci. Comput. 34 (2012) A206–A239",
        )
    } else {
        (
            "Frequent Directions: σᵢ² of the matrix lies between that of the sketch and what it lost above",
            "Ghashami, Liberty, Phillips and Woodruff, SIAM J. Comput. 45 (2016) 1762–1792",
        )
    };
    let (m, n) = found.shape;
    let first = found.values.first().copied().unwrap_or(Enclosure::exact(0.0));
    let passes = if found.passes == 1 { "one pass" } else { "two passes" };
    Explanation::plan(format!(
        "{how} ({m}×{n}, {} rows in a block, capacity {}, {passes} over the file)",
        found.block, found.capacity
    ))
    .line("evidence", first.evidence().to_string())
    .line("error", format!("‖A − UΣVᴴ‖_F in {}", ends(&found.error)))
    .reference(reference)
}
