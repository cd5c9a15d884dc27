//! No known vulnerability is among the dependencies.

use crate::run::{cargo, cargo_path, output};

/// The database is in the network: `cargo deny` reads it, where it is installed.
pub(super) fn check() -> Result<(), String> {
    if output(&cargo_path(), &["deny", "--version"]).is_err() {
        eprintln!("SKIPPED: advisories, because cargo-deny is not installed (`cargo install cargo-deny`)");
        return Ok(());
    }
    cargo(&["deny", "check", "advisories"])
}
