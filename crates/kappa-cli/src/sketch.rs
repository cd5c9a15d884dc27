//! `kappa sketch`.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use clap::Args;
use kappa::RowSketch;
use kappa_model::{Model, Opening, Progress, SavedSketch};
use kappa_report::{aligned, enclosure_json, number_json};
use kappa_tensors::npz;
use serde_json::json;

use crate::failure::Failure;
use crate::input::Style;
use crate::one::DIGITS;
use crate::output;
use crate::progress::{Bar, When};

#[derive(Args, Debug)]
pub(crate) struct SketchArguments {
    /// Matrices whose rows go in, and sketches that were written before: all parts of one tall matrix.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The tensor, where a file holds more than one matrix.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) tensor: Option<String>,
    /// The sketch to write.
    #[arg(long, short, value_name = "FILE.npz")]
    pub(crate) output: Option<PathBuf>,
    /// Rows that are kept; as many as there are columns, so that nothing is lost, when left out.
    #[arg(long, value_name = "ROWS")]
    pub(crate) capacity: Option<usize>,
    /// Print the K largest singular values of all rows.
    #[arg(long, value_name = "K")]
    pub(crate) top: Option<usize>,
    /// Whether to show progress.
    #[arg(long, value_enum, default_value_t = When::Auto)]
    pub(crate) progress: When,
    #[command(flatten)]
    pub(crate) style: Style,
}

pub(crate) fn run(a: &SketchArguments) -> Result<u8, Failure> {
    if let Some(path) = &a.output {
        a.files.iter().try_for_each(|file| output::check_place_beside(path, file))?;
    }
    if a.output.is_none() && a.top.is_none() {
        return Err(Failure::new("a sketch is written to a file, or asked for its largest values")
            .with_hint("name a file with `--output rows.npz`, or ask with `--top K`"));
    }
    let bar = Bar::new(a.progress);
    let whole = gathered(a, &bar);
    bar.finish();
    let whole = whole?;
    if let Some(path) = &a.output {
        let parts = SavedSketch::encode(&whole);
        output::file(path, |file| npz::write(file, &parts).map(drop))?;
        output::words(&format!("wrote {}", path.display()));
    }
    let top = a.top.map(|k| whole.top(k)).transpose()?;
    let parts = whole.parts();
    if a.style.explain {
        let how = if whole.is_exact() { "QR of one block of rows after the other" } else { "Frequent Directions" };
        output::words(&format!(
            "{how}: {} rows seen, {} kept, room for {}\nreference: Ghashami, Liberty, Phillips and Woodruff, SIAM J. Comput. 45 (2016) \
             1762–1792",
            parts.rows,
            parts.kept.rows(),
            parts.capacity
        ));
    }
    if a.style.json {
        let result = json!({
            "rows": parts.rows,
            "columns": whole.columns(),
            "capacity": parts.capacity,
            "kept": parts.kept.rows(),
            "is_exact": whole.is_exact(),
            "lost": number_json(whole.lost()),
            "frobenius": enclosure_json(&whole.frobenius()),
            "output": a.output,
            "singular_values": top.as_ref().map(|top| top.values.iter().map(enclosure_json).collect::<Vec<_>>()),
            "error": top.as_ref().map(|top| enclosure_json(&top.error)),
        });
        return output::json("sketch", json!({ "files": a.files, "tensor": a.tensor }), result);
    }
    match top {
        Some(top) => output::data(&top.values.iter().map(|s| s.short(DIGITS) + "\n").collect::<String>()),
        None => {
            let rows = vec![
                vec!["rows".to_owned(), format!("{} of length {}", parts.rows, whole.columns())],
                vec!["frobenius".to_owned(), whole.frobenius().short(DIGITS)],
            ];
            output::data(&aligned(&rows, &[false, false]))
        }
    }
}

/// The sketch of all rows of all files.
fn gathered(a: &SketchArguments, bar: &Bar) -> Result<RowSketch<f64>, Failure> {
    let never = AtomicBool::new(false);
    let mut whole: Option<RowSketch<f64>> = None;
    for (position, file) in a.files.iter().enumerate() {
        let model = Model::open_with(file, &Opening { map: !a.style.no_mmap })?;
        let share = |part: f64| (position as f64 + part) / a.files.len() as f64;
        let advanced = |name: &str, part: f64| bar.advance(name, share(part));
        let progress = Progress { advanced: &advanced, cancelled: &never };
        if let Some(saved) = SavedSketch::read(&model)? {
            match &mut whole {
                Some(whole) => whole.merge(&saved)?,
                None => whole = Some(saved),
            }
            continue;
        }
        let columns = model.columns(a.tensor.as_deref())?;
        let sketch = match &mut whole {
            Some(sketch) => sketch,
            None => whole.insert(RowSketch::new(columns, a.capacity.unwrap_or(columns))?),
        };
        model.sketch_rows(a.tensor.as_deref(), sketch, &progress)?;
    }
    whole.ok_or_else(|| Failure::new("no rows were given"))
}
