//! `kappa convert`.

use std::path::{Path, PathBuf};

use clap::Args;
use kappa_model::{Convert, Converted, DType, printable};
use kappa_report::{aligned, counted};
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::output;
use crate::parse::bytes;
use crate::session::Session;
use crate::text::titles;

#[derive(Args, Debug, Serialize)]
pub(crate) struct ConvertArguments {
    /// The file, folder, or index of a sharded checkpoint; `-` reads standard input.
    model: PathBuf,
    /// The file to write, whose ending names its format: .safetensors, .npy, .npz, .mtx, .csv, .tsv, .txt, .mat or
    /// .png; a folder with --shard-size.
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// The type of floats: f64, f32, f16, bf16, f8_e4m3 or f8_e5m2; each keeps its own by default. Integers keep
    /// theirs.
    #[arg(long, value_name = "TYPE", value_parser = dtype)]
    #[serde(skip)]
    dtype: Option<DType>,
    /// Only tensors whose name matches: a part of it, or `*` and `?`. May be given more than once.
    #[arg(long, value_name = "GLOB")]
    tensors: Vec<String>,
    /// Replace a part of every name, as OLD=NEW. May be given more than once.
    #[arg(long, value_name = "OLD=NEW", value_parser = renaming)]
    rename: Vec<(String, String)>,
    /// Write shards of at most this size, such as 5GiB, and their index, into a folder.
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    shard_size: Option<u64>,
}

fn dtype(text: &str) -> Result<DType, String> {
    let known = [DType::F64, DType::F32, DType::F16, DType::BF16, DType::F8E4M3, DType::F8E5M2];
    let found = known.into_iter().find(|dtype| dtype.name() == text.to_lowercase().replace('-', "_"));
    found.ok_or_else(|| format!("`{text}` is no type of floats: f64, f32, f16, bf16, f8_e4m3 or f8_e5m2"))
}

fn renaming(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((old, new)) if !old.is_empty() => Ok((old.to_owned(), new.to_owned())),
        _ => Err("a renaming has the form OLD=NEW, such as model.=".into()),
    }
}

/// What became of each tensor.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ConvertResult {
    tensors: Vec<ConvertedTensor>,
    /// The files that were written.
    files: Vec<PathBuf>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ConvertedTensor {
    name: String,
    from: &'static str,
    to: &'static str,
    shape: Vec<usize>,
    /// The Frobenius norm of the change over that of the tensor, about.
    relative_error: f64,
    /// The largest relative error of a number, about.
    largest_error: f64,
    /// Finite numbers that became infinite or NaN.
    overflowed: usize,
    /// Numbers that no double held on the way.
    rounded: usize,
}

impl From<&Converted> for ConvertedTensor {
    fn from(found: &Converted) -> Self {
        Self {
            name: found.name.clone(),
            from: found.dtypes.0.name(),
            to: found.dtypes.1.name(),
            shape: found.shape.clone(),
            relative_error: found.relative,
            largest_error: found.largest,
            overflowed: found.overflowed,
            rounded: found.rounded,
        }
    }
}

impl Ask for ConvertArguments {
    type Result = ConvertResult;
    const ABOUT: &'static str = "Write a file or a checkpoint in another format, with the error of every conversion";
    const EXAMPLES: &'static [&'static str] = &["convert w.npy -o w16.safetensors --dtype f16"];

    fn files(&self) -> Files<'_> {
        Files::reads([&self.model])
    }

    fn answer(&self, session: &Session) -> Result<Answer<ConvertResult>, Failure> {
        let how = Convert {
            dtype: self.dtype,
            tensors: self.tensors.clone(),
            rename: self.rename.clone(),
            shard_bytes: self.shard_size,
        };
        let model = session.open_whole(&self.model)?;
        let conversion = model.conversion(&self.output, &how)?;
        let files = conversion.files(&self.output);
        if self.shard_size.is_some() {
            let failed =
                |e: std::io::Error| Failure::new(format!("cannot make the folder `{}`: {e}", self.output.display()));
            std::fs::create_dir_all(&self.output).map_err(failed)?;
        }
        for file in &files {
            output::check_place(file)?;
            conversion.check_not_lost(file)?;
        }
        let mut done = Vec::new();
        for (k, file) in files.iter().enumerate() {
            done.extend(output::whole(file, |to| conversion.write(k, to).map_err(Failure::from))?);
        }
        let mut written = files;
        if let Some((name, index)) = conversion.index() {
            let path = self.output.join(name);
            output::file(&path, &output::Contents::Bytes(index))?;
            written.push(path);
        }
        let lossless = done.iter().filter(|t| t.is_exact()).count();
        let text = text(&done, &written);
        let explanation =
            Explanation::plan(format!("{lossless} of {} without a change of a number", counted(done.len(), "tensor")))
                .reference("IEEE 754-2019, round to nearest, ties to even");
        let overflowed = done.iter().filter(|t| t.overflowed > 0).count();
        let result = ConvertResult { tensors: done.iter().map(ConvertedTensor::from).collect(), files: written };
        let mut answer = Answer::new(result, text).explained(explanation);
        if overflowed > 0 {
            let tensors = counted(overflowed, "tensor");
            answer = answer
                .note(format!("numbers of {tensors} are beyond the type, and became infinite or NaN"))
                .holds(false);
        }
        Ok(answer)
    }
}

fn text(done: &[Converted], files: &[PathBuf]) -> String {
    let error = |x: f64| if x == 0.0 { "0".into() } else { format!("{x:.1e}") };
    let row = |t: &Converted| {
        let (from, to) = t.dtypes;
        let lost = match (t.overflowed, t.rounded) {
            (0, 0) => String::new(),
            (0, rounded) => format!("{rounded} rounded to doubles"),
            (overflowed, _) => format!("{overflowed} beyond {to}"),
        };
        vec![printable(&t.name), from.name().into(), to.name().into(), error(t.relative), error(t.largest), lost]
    };
    let mut rows =
        vec![titles(["tensor", "from", "to", "relative error", "largest error", ""]).into_iter().collect::<Vec<_>>()];
    // Of many tensors without a change, their number is enough.
    let (exact, changed): (Vec<&Converted>, Vec<&Converted>) = done.iter().partition(|t| t.is_exact());
    rows.extend(changed.iter().map(|t| row(t)));
    let mut text =
        if changed.is_empty() { String::new() } else { aligned(&rows, &[false, false, false, true, true, false]) };
    if !exact.is_empty() {
        text += &format!("{}: every number is kept\n", counted(exact.len(), "tensor"));
    }
    text += &files.iter().map(|file| format!("wrote {}\n", shown(file))).collect::<String>();
    text
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}
