//! Files of others that are in this repository are what they claim to be.

use std::process::Command;

use crate::run::root;

/// SHA-256 of vendored files.
const VENDORED: &[(&str, &str)] = &[
    (
        "crates/kappa-report/assets/uPlot.iife.min.js",
        "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    ),
    ("crates/kappa-report/assets/uPlot.min.css", "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04"),
];

pub(super) fn check() -> Result<(), String> {
    for (path, expected) in VENDORED {
        let out = Command::new("sha256sum").arg(root().join(path)).output().map_err(|e| e.to_string())?;
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        if out.status.success() && !text.starts_with(expected) {
            return Err(format!("{path} is not the published file: SHA-256 {}", text.get(..64).unwrap_or("")));
        }
    }
    println!("vendored: {} files are what they claim to be", VENDORED.len());
    Ok(())
}
