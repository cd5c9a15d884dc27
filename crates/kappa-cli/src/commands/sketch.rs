//! `kappa sketch`.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use clap::Args;
use kappa::Enclosure;
use kappa::factor::{AnyRowSketch, RowSketch};
use kappa::serialize::Number;
use kappa_model::{Progress, SavedSketch};
use kappa_report::counted;
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::output::Contents;
use crate::output::Kind;
use crate::progress::{Bar, When};
use crate::session::{Rounding, Session, file_name, in_file};
use crate::text::{DIGITS, line, list, table};

#[derive(Args, Debug, Serialize)]
pub(crate) struct SketchArguments {
    /// Matrices whose rows are added, and sketches written before: all are parts of one tall matrix.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The tensor, where a file holds more than one matrix.
    #[arg(long, short, value_name = "NAME")]
    tensor: Option<String>,
    /// The sketch to write.
    #[arg(long, short, value_name = "FILE.npz")]
    output: Option<PathBuf>,
    /// Number of rows that are kept; as many as there are columns by default, so that nothing is lost.
    #[arg(long, value_name = "ROWS")]
    capacity: Option<usize>,
    /// Print the K largest singular values of all rows.
    #[arg(long, value_name = "K")]
    top: Option<usize>,
    /// Whether to show progress.
    #[arg(long, value_enum, default_value_t = When::Auto)]
    #[serde(skip)]
    progress: When,
}

/// A sketch of rows.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SketchResult {
    rows: u64,
    columns: usize,
    capacity: usize,
    kept: usize,
    is_exact: bool,
    lost: Number,
    frobenius: Enclosure,
    output: Option<PathBuf>,
    singular_values: Option<Vec<Enclosure>>,
    /// ‖A − AVVᴴ‖_F of the values that are printed.
    error: Option<Enclosure>,
}

impl Ask for SketchArguments {
    type Result = SketchResult;
    const ABOUT: &'static str = "One-pass sketch of a tall matrix, written and merged";
    const EXAMPLES: &'static [&'static str] = &["sketch t.npy --top 2", "sketch t.npy -o rows.npz"];

    fn files(&self) -> Files<'_> {
        Files::reads(&self.files).writes(self.output.as_ref(), Kind::Any)
    }

    fn answer(&self, session: &Session) -> Result<Answer<SketchResult>, Failure> {
        if self.output.is_none() && self.top.is_none() {
            return Err(Failure::new("neither an output file nor --top is given")
                .with_hint("write the sketch with `--output rows.npz`, or print its largest values with `--top K`"));
        }
        let bar = Bar::new(self.progress);
        let whole = self.gathered(session, &bar);
        bar.finish();
        let whole = whole?;
        let top = self.top.map(|k| whole.top(k)).transpose()?;
        let result = SketchResult {
            rows: whole.rows(),
            columns: whole.columns(),
            capacity: whole.capacity(),
            kept: whole.kept(),
            is_exact: whole.is_exact(),
            lost: whole.lost().into(),
            frobenius: whole.frobenius(),
            output: self.output.clone(),
            singular_values: top.as_ref().map(|top| top.values().to_vec()),
            error: top.as_ref().map(|top| top.error()),
        };
        let text = match &result.singular_values {
            Some(values) => list(values),
            None => table(&[
                line("rows", format!("{} of length {}", result.rows, result.columns)),
                line("frobenius", result.frobenius.short(DIGITS)),
            ]),
        };
        let explanation = explanation(&whole);
        let answer = Answer::new(result, text).explained(explanation);
        Ok(match &whole {
            AnyRowSketch::Real(sketch) => {
                answer.file(self.output.as_ref(), || Contents::Arrays(SavedSketch::encode(sketch)))
            }
            AnyRowSketch::Complex(_) => answer,
        })
    }
}

fn explanation(whole: &AnyRowSketch) -> Explanation {
    let (how, reference) = if whole.is_exact() {
        (
            "QR of one block of rows after the other",
            "Demmel, Grigori, Hoemmen and Langou, SIAM J. Sci. Comput. 34 (2012) A206–A239",
        )
    } else {
        ("Frequent Directions", "Ghashami, Liberty, Phillips and Woodruff, SIAM J. Comput. 45 (2016) 1762–1792")
    };
    let plan = format!("{how}: {} seen, {} kept, capacity {}", whole.rows(), whole.kept(), whole.capacity());
    Explanation::plan(plan).line("frobenius", "of all rows").bounds(&whole.frobenius()).reference(reference)
}

impl SketchArguments {
    /// The sketch of all rows of all files.
    fn gathered(&self, session: &Session, bar: &Bar) -> Result<AnyRowSketch, Failure> {
        let never = AtomicBool::new(false);
        let mut whole: Option<AnyRowSketch> = None;
        for (position, file) in self.files.iter().enumerate() {
            let about = |error: kappa::Error| Failure::from(error).within(&file_name(file));
            let model = session.open(file)?;
            let share = |part: f64| (position as f64 + part) / self.files.len() as f64;
            let advanced = |name: &str, part: f64| bar.advance(name, share(part));
            let progress = Progress { advanced: &advanced, cancelled: &never };
            if let Some(saved) = SavedSketch::read(&model)? {
                match &mut whole {
                    Some(whole) => whole.merge(&AnyRowSketch::Real(saved)).map_err(about)?,
                    None => whole = Some(AnyRowSketch::Real(saved)),
                }
                continue;
            }
            let columns = model.columns(self.tensor.as_deref())?;
            session.say_reading(&model, &model.chosen(self.tensor.as_deref())?, Rounding::Ignored)?;
            let sketch = match &mut whole {
                Some(sketch) => sketch,
                None => {
                    whole.insert(AnyRowSketch::new(columns, self.capacity.unwrap_or(columns), false).map_err(about)?)
                }
            };
            model.sketch_rows(self.tensor.as_deref(), real(sketch)?, &progress).map_err(in_file(file))?;
        }
        whole.ok_or_else(|| Failure::new(format!("{} hold no rows", counted(self.files.len(), "file"))))
    }
}

fn real(sketch: &mut AnyRowSketch) -> Result<&mut RowSketch<f64>, Failure> {
    match sketch {
        AnyRowSketch::Real(sketch) => Ok(sketch),
        AnyRowSketch::Complex(_) => Err(Failure::new("a saved sketch holds real rows only")),
    }
}
