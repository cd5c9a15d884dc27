//! What nearly every command is told: which matrix, and how the answer is written.

use std::path::PathBuf;

use clap::Args;

/// Which matrix, and how the answer is written.
#[derive(Args, Debug)]
pub(crate) struct Input {
    /// The file, folder, or index of a sharded checkpoint.
    pub(crate) file: PathBuf,
    /// The tensor, where the file holds more than one matrix.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) tensor: Option<String>,
    /// Count every rounding error: the bounds hold for certain.
    #[arg(long)]
    pub(crate) certify: bool,
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
