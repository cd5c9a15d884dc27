//! The format of every file of Rust.
//!
//! `cargo fmt` follows `mod` from the root of each crate. It sees neither the modules that a macro declares (commands
//! and tests, which `automod` finds in their folder) nor crates outside the workspace, so rustfmt is given every file.

use std::path::Path;

use crate::house::File;
use crate::run::program_quietly;

/// Formats all files, or says which ones are not formatted. What rustfmt is to know stands in rustfmt.toml.
pub(crate) fn run(is_check: bool) -> Result<(), String> {
    let files = File::all("", &[".rs"])?;
    let mut arguments = if is_check { vec!["--check"] } else { vec![] };
    arguments.extend(files.iter().map(|file| file.path.as_str()));
    let outcome = program_quietly(Path::new("rustfmt"), &arguments);
    outcome.map_err(|error| format!("{error}\nhint: `cargo xtask fmt` formats all {} files of Rust", files.len()))
}
