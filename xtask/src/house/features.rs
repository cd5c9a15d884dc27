//! No package is compiled twice with one profile, because two commands of xtask want other features of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::build::{SELECTIONS, Selection};
use crate::run::{cargo_path, output};

/// Packages that may differ, with the reason: divan, which only the micro-benchmarks use, wants one more feature of
/// clap. Nothing but the command line depends on clap, and the micro-benchmarks do not compile that.
const MAY_DIFFER: [&str; 2] = ["clap", "clap_builder"];

/// The sets of features of each package and version.
type Resolved = BTreeMap<String, BTreeSet<String>>;

pub(super) fn check() -> Result<(), String> {
    let mut profiles: BTreeMap<&str, Resolved> = BTreeMap::new();
    for selection in &SELECTIONS {
        let resolved = profiles.entry(selection.profile).or_default();
        add(resolved, &output(&cargo_path(), &tree(selection))?);
    }
    let count: usize = profiles.values().map(BTreeMap::len).sum();
    let findings: Vec<String> = profiles.iter().flat_map(|(profile, resolved)| twice(profile, resolved)).collect();
    if findings.is_empty() {
        println!("features: {count} packages in {} profiles, each with one set of features", profiles.len());
        return Ok(());
    }
    Err(format!(
        "packages would be compiled twice:\n{}\n\nhint: the selections of packages stand in xtask/src/build.rs",
        findings.join("\n")
    ))
}

/// The arguments of `cargo tree` that list each package of a selection with its features.
fn tree(selection: &Selection) -> Vec<&'static str> {
    let edges = if selection.has_tests { "normal,build,dev" } else { "normal,build" };
    let mut arguments = vec!["tree", "--locked", "--prefix", "none", "--format", "{p}|{f}", "--edges", edges];
    arguments.extend(selection.packages);
    arguments
}

/// Takes up lines such as `syn v2.0.119|default,full`. Behind a package of ours its folder follows, behind a repeated
/// one ` (*)`.
fn add(resolved: &mut Resolved, lines: &str) {
    for line in lines.lines() {
        let Some((package, features)) = line.split_once('|') else { continue };
        let name: Vec<&str> = package.split_whitespace().take(2).collect();
        let features = features.trim_end_matches("(*)").trim();
        resolved.entry(name.join(" ")).or_default().insert(features.to_owned());
    }
}

/// What to say of the packages with more than one set of features.
fn twice(profile: &str, resolved: &Resolved) -> Vec<String> {
    let may_differ = |package: &str| MAY_DIFFER.contains(&package.split(' ').next().unwrap_or(""));
    let message = |(package, sets): (&String, &BTreeSet<String>)| {
        let sets: Vec<String> = sets.iter().map(|set| format!("[{set}]")).collect();
        format!("  {package} in profile {profile}: with {}", sets.join(" and with "))
    };
    resolved.iter().filter(|(package, sets)| sets.len() > 1 && !may_differ(package)).map(message).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_with_two_sets_of_features_is_named() {
        let mut resolved = Resolved::new();
        add(&mut resolved, "kappa v0.1.0 (/w/crates/kappa)|\nonce_cell v1.21.4|alloc,race,std\nclap v4.6.9|std\n");
        assert_eq!(twice("checked", &resolved), Vec::<String>::new());
        add(
            &mut resolved,
            "kappa v0.1.0 (/w/crates/kappa)| (*)\nonce_cell v1.21.4|alloc,race,std (*)\nsyn v1.0.0|full\n",
        );
        add(&mut resolved, "clap v4.6.9|env,std\nsyn v2.0.0|derive\n");
        assert_eq!(twice("checked", &resolved), Vec::<String>::new());
        add(&mut resolved, "once_cell v1.21.4|default,std\n");
        let found = twice("checked", &resolved);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].contains("once_cell v1.21.4 in profile checked: with [alloc,race,std] and with [default,std]")
        );
    }
}
