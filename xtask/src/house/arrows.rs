//! Which of our crates may use which.

use std::collections::BTreeMap;

use super::packages::Package;

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

/// Only `kappa-engine` names faer.
const ENGINE: [&str; 2] = ["faer", "private-gemm-x86"];

pub(super) fn check(packages: &[Package]) -> Result<(), String> {
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    for package in packages.iter().filter(|p| p.is_ours) {
        let name = package.name.as_str();
        let missing = || format!("crate {name} is missing among the arrows of xtask/src/house/arrows.rs");
        let may = allowed.get(name).ok_or_else(missing)?;
        for used in package.uses.iter().map(String::as_str) {
            if allowed.contains_key(used) && !may.contains(&used) {
                return Err(format!("{name} may not use {used} (DESIGN.md, \"Who may use whom\")"));
            }
            if ENGINE.contains(&used) && name != "kappa-engine" {
                return Err(format!("{name} names the engine, which only kappa-engine may"));
            }
        }
    }
    println!("arrows: every crate uses only what it may");
    Ok(())
}
