//! The packages of the lock file, as the rules need them.

use serde_json::Value;

use crate::run::{cargo_path, output};

/// A package, and what it uses in more than its tests.
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) license: String,
    pub(super) is_ours: bool,
    pub(super) uses: Vec<String>,
}

/// Reads all packages.
pub(super) fn read() -> Result<Vec<Package>, String> {
    let text = output(&cargo_path(), &["metadata", "--format-version", "1", "--locked"])?;
    let metadata: Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    Ok(metadata["packages"].as_array().into_iter().flatten().map(package).collect())
}

fn package(p: &Value) -> Package {
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or("").to_owned();
    let name = text(p, "name");
    // Of the benchmarks everything is a dependency of tests.
    let is_use = |d: &&Value| d["kind"].as_str() != Some("dev") || name == "kappa-benches";
    let uses = p["dependencies"].as_array().into_iter().flatten().filter(is_use).map(|d| text(d, "name")).collect();
    let (version, license) = (text(p, "version"), text(p, "license"));
    Package { version, license, is_ours: p["source"].is_null(), uses, name }
}
