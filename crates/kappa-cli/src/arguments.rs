//! What can be asked on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Measures matrices, from a 3×3 in a paper to every weight of a large model, and says how far each answer can be trusted.
#[derive(Debug, Parser)]
#[command(name = "kappa", version, max_term_width = 100, after_help = AFTER)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER: &str = "\
Reads safetensors (also sharded, or a folder), .npy, .npz, Matrix Market and tables of numbers, by content.

Exit 0: answered. Exit 1: a requested check is false. Exit 2: could not answer.

Examples:
  kappa survey model.safetensors --html report.html
  kappa norm w.npy --norm nuclear
  kappa measure w.npy rank cond norm:nuclear
  kappa check w.npy \"cond < 1e8\"";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure every weight matrix of a checkpoint.
    Survey(SurveyArguments),
    /// How large: one norm of one matrix.
    Norm(NormArguments),
    /// How sensitive: the condition number.
    Cond(CondArguments),
    /// How many directions: the numerical rank.
    Rank(RankArguments),
    /// Which values: the singular values, largest first.
    SingularValues(SingularValuesArguments),
    /// Several questions at once.
    Measure(MeasureArguments),
    /// Factor once, ask many: writes U, σ and Vᴴ as .npz.
    Svd(SvdArguments),
    /// Is it so? Exit 0 when true, 1 when false, 2 when it cannot be told.
    Check(CheckArguments),
    /// Print the completions of a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

/// Which matrix, and how the answer is written.
#[derive(Args, Debug)]
pub(crate) struct Input {
    /// The file, folder, or index of a sharded checkpoint.
    pub(crate) file: PathBuf,
    /// The tensor, where the file holds more than one matrix.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) tensor: Option<String>,
    #[command(flatten)]
    pub(crate) style: Style,
}

#[derive(Args, Debug)]
pub(crate) struct Style {
    /// Print one JSON object (see docs/json.md).
    #[arg(long)]
    pub(crate) json: bool,
    /// Say how the answer was found and why it may be believed.
    #[arg(long)]
    pub(crate) explain: bool,
    /// Read files instead of mapping them into memory; safe against files that are truncated meanwhile.
    #[arg(long)]
    pub(crate) no_mmap: bool,
}

#[derive(Args, Debug)]
pub(crate) struct SurveyArguments {
    /// The file, folder, or index of a sharded checkpoint.
    pub(crate) model: PathBuf,
    /// Only tensors whose name matches: a part of it, or `*` and `?`. May be given more than once.
    #[arg(long, value_name = "GLOB")]
    pub(crate) layers: Vec<String>,
    /// Only layers with a verdict that contains this, such as `finite`, `rank` or `duplicate`.
    #[arg(long, value_name = "VERDICT")]
    pub(crate) only: Option<String>,
    /// Threads; all processors by default. The digits do not depend on it.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) threads: usize,
    /// Memory that may be in use at once, such as 4GiB; half of what is available by default.
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub(crate) memory: Option<u64>,
    /// Print comma-separated values.
    #[arg(long, group = "format", conflicts_with = "json")]
    pub(crate) csv: bool,
    /// Print a Markdown table.
    #[arg(long, group = "format", conflicts_with = "json")]
    pub(crate) markdown: bool,
    /// Print every column, also on a narrow terminal.
    #[arg(long)]
    pub(crate) wide: bool,
    /// Also write a report as one HTML file.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Whether to show progress.
    #[arg(long, value_enum, default_value_t = When::Auto)]
    pub(crate) progress: When,
    #[command(flatten)]
    pub(crate) style: Style,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum When {
    /// When standard error is a terminal.
    Auto,
    /// Never.
    Never,
}

#[derive(Args, Debug)]
pub(crate) struct NormArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// frobenius, spectral, nuclear, max-abs, max-column-sum, max-row-sum, entrywise:p, induced:p,q, schatten:p, ky-fan:k.
    #[arg(long, short, value_name = "NORM", default_value = "frobenius")]
    pub(crate) norm: String,
}

#[derive(Args, Debug)]
pub(crate) struct CondArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// spectral, frobenius, nuclear, or schatten:p.
    #[arg(long, short, value_name = "NORM", default_value = "spectral")]
    pub(crate) norm: String,
}

#[derive(Args, Debug)]
pub(crate) struct RankArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Count singular values above this share of the largest; max(rows, columns)·2⁻⁵² by default.
    #[arg(long, value_name = "SHARE")]
    pub(crate) tolerance: Option<f64>,
}

#[derive(Args, Debug)]
pub(crate) struct SingularValuesArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Print only the K largest.
    #[arg(long, value_name = "K")]
    pub(crate) top: Option<usize>,
}

#[derive(Args, Debug)]
pub(crate) struct MeasureArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Such as rank, cond, stable_rank, effective_rank, energy_rank:95, singular_value:1, norm:nuclear; all when none is given.
    #[arg(value_name = "QUESTION")]
    pub(crate) questions: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct SvdArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// The file to write: u (m×p), s (p) and vh (p×n), for numpy.load.
    #[arg(long, short, value_name = "FILE.npz")]
    pub(crate) output: PathBuf,
    /// Write all of U (m×m) and Vᴴ (n×n).
    #[arg(long)]
    pub(crate) full: bool,
}

#[derive(Args, Debug)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Such as "cond < 1e8" or "rank = 768"; all must hold, for the tensor or, without one, for every matrix in the file.
    #[arg(value_name = "CHECK", required = true)]
    pub(crate) checks: Vec<String>,
}

/// A number of bytes: 4GiB, 512MB, 1000000.
fn bytes(text: &str) -> Result<u64, String> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor = match unit.trim().to_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kib" => 1024.0,
        "kb" => 1e3,
        "m" | "mib" => 1048576.0,
        "mb" => 1e6,
        "g" | "gib" => 1073741824.0,
        "gb" => 1e9,
        "t" | "tib" => 1099511627776.0,
        "tb" => 1e12,
        other => return Err(format!("`{other}` is not a unit of memory; use KiB, MiB, GiB or TiB")),
    };
    let number: f64 = number.parse().map_err(|_| format!("`{text}` is not a size such as 4GiB"))?;
    Ok((number * factor) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_units() {
        assert_eq!(bytes("4GiB"), Ok(4 << 30));
        assert_eq!(bytes("1.5k"), Ok(1536));
        assert_eq!(bytes("2GB"), Ok(2_000_000_000));
        assert_eq!(bytes("77"), Ok(77));
        assert!(bytes("GiB").is_err() && bytes("4 parsecs").is_err() && bytes("-1").is_err());
    }
}
