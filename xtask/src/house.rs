//! The rules of the house that the compiler does not know: who may use whom, which versions are refused, which licences
//! are allowed, and that vendored files are what they claim to be.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::run::{cargo_path, root};

/// The arrows of DESIGN.md: each crate, and which of ours it may use.
const MAY_USE: &[(&str, &[&str])] = &[
    ("kappa-engine", &[]),
    ("kappa-dense", &["kappa-engine"]),
    ("kappa", &["kappa-dense"]),
    ("kappa-tensors", &[]),
    ("kappa-model", &["kappa", "kappa-tensors"]),
    ("kappa-report", &["kappa", "kappa-model"]),
    ("kappa-cli", &["kappa", "kappa-tensors", "kappa-model", "kappa-report"]),
    ("kappa-python", &["kappa", "kappa-tensors", "kappa-model", "kappa-report", "kappa-cli"]),
    ("kappa-benches", &["kappa", "kappa-dense"]),
    ("xtask", &[]),
];

/// Only these name the engine.
const ENGINE: [&str; 2] = ["faer", "private-gemm-x86"];

/// Licences that may be used; an expression is allowed when one of its alternatives is.
const LICENCES: [&str; 12] = [
    "MIT",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unlicense",
    "0BSD",
    "Unicode-3.0",
    "CC0-1.0",
    "MIT-0",
    "BSL-1.0",
];

/// Below this version products are wrong, in silence, from order 5000 on.
const GEMM_FLOOR: [u64; 3] = [0, 1, 22];

/// SHA-256 of vendored files.
const VENDORED: &[(&str, &str)] = &[
    (
        "crates/kappa-report/assets/uPlot.iife.min.js",
        "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    ),
    ("crates/kappa-report/assets/uPlot.min.css", "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04"),
];

/// Checks every rule.
pub(crate) fn check() -> Result<(), String> {
    let packages = packages()?;
    arrows(&packages)?;
    engine_floor(&packages)?;
    licences(&packages)?;
    advisories()?;
    vendored()
}

struct Package {
    name: String,
    version: String,
    license: String,
    is_ours: bool,
    uses: Vec<String>,
}

fn packages() -> Result<Vec<Package>, String> {
    let out = Command::new(cargo_path())
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root())
        .output()
        .map_err(|e| e.to_string())?;
    if !out.status.success() {
        return Err(format!("cargo metadata --locked failed: {}", String::from_utf8_lossy(&out.stderr)));
    }
    let metadata: Value = serde_json::from_slice(&out.stdout).map_err(|e| e.to_string())?;
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or("").to_owned();
    let package = |p: &Value| Package {
        name: text(p, "name"),
        version: text(p, "version"),
        license: text(p, "license"),
        is_ours: p["source"].is_null(),
        uses: p["dependencies"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|d| d["kind"].as_str() != Some("dev") || text(p, "name") == "kappa-benches")
            .map(|d| text(d, "name"))
            .collect(),
    };
    Ok(metadata["packages"].as_array().into_iter().flatten().map(package).collect())
}

fn arrows(packages: &[Package]) -> Result<(), String> {
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    for package in packages.iter().filter(|p| p.is_ours) {
        let may = allowed.get(package.name.as_str());
        let may =
            may.ok_or_else(|| format!("crate {} has no place among the arrows of xtask/src/house.rs", package.name))?;
        for used in &package.uses {
            if allowed.contains_key(used.as_str()) && !may.contains(&used.as_str()) {
                return Err(format!("{} may not use {used} (DESIGN.md, \"Who may use whom\")", package.name));
            }
            if ENGINE.contains(&used.as_str()) && package.name != "kappa-dense" {
                return Err(format!("{} names the engine, which only kappa-dense may", package.name));
            }
        }
    }
    println!("arrows: every crate uses only what it may");
    Ok(())
}

fn engine_floor(packages: &[Package]) -> Result<(), String> {
    for package in packages.iter().filter(|p| p.name == "private-gemm-x86") {
        let version: Vec<u64> = package.version.split('.').filter_map(|part| part.parse().ok()).collect();
        if version.as_slice() < GEMM_FLOOR.as_slice() {
            return Err(format!(
                "Cargo.lock holds private-gemm-x86 {}, which multiplies wrongly from order 5000 on",
                package.version
            ));
        }
        println!("engine: private-gemm-x86 {}", package.version);
    }
    Ok(())
}

fn licences(packages: &[Package]) -> Result<(), String> {
    let is_allowed = |expression: &str| {
        let alternatives = expression.replace('/', " OR ");
        alternatives.split(" OR ").any(|alternative| {
            alternative.split(" AND ").all(|name| {
                let name = name.trim_matches(|c: char| c == '(' || c == ')' || c.is_whitespace());
                LICENCES.contains(&name) || LICENCES.contains(&name.split(" WITH ").next().unwrap_or(""))
            })
        })
    };
    let refused = packages.iter().filter(|p| !p.is_ours).find(|p| !is_allowed(&p.license));
    if let Some(p) = refused {
        return Err(format!(
            "{} {} has the licence `{}`, which is not on the list of xtask/src/house.rs",
            p.name, p.version, p.license
        ));
    }
    println!("licences: {} packages, all allowed", packages.len());
    Ok(())
}

/// Known vulnerabilities need a database from the network: asked of `cargo deny` where it is installed.
fn advisories() -> Result<(), String> {
    let is_there = Command::new(cargo_path()).args(["deny", "--version"]).output().is_ok_and(|o| o.status.success());
    if !is_there {
        eprintln!("SKIPPED: advisories, because cargo-deny is not installed (`cargo install cargo-deny`)");
        return Ok(());
    }
    crate::run::cargo(&["deny", "check", "advisories"])
}

fn vendored() -> Result<(), String> {
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
