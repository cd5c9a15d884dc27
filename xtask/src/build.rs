//! What cargo is asked to build.
//!
//! Cargo decides the features of every package by the packages that one command names. Two commands that name
//! different packages may therefore compile the engine twice. Each profile here has one selection of packages, and the
//! rule `features` of the house compares them all.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::run::{cargo, cargo_path, each_line};

/// The one profile of all tests; see Cargo.toml.
pub(crate) const PROFILE: &str = "checked";

/// The packages of the tests, of the documentation tests, of clippy and of the Python module that is tested. Without
/// `xtask`, whose tests use the profile with which it is built anyway.
pub(crate) const WORKSPACE: [&str; 3] = ["--workspace", "--exclude", "xtask"];

/// The packages of the comparison with peers.
const RELEASE: [&str; 4] = ["--package", "kappa-cli", "--package", "kappa-python"];

/// The packages of the micro-benchmarks; the second is named for its features only.
const BENCHES: [&str; 4] = ["--package", "kappa-benches", "--package", "kappa-python"];

/// A set of packages that xtask builds with one profile, with or without what only their tests need.
pub(crate) struct Selection {
    pub(crate) profile: &'static str,
    pub(crate) packages: &'static [&'static str],
    pub(crate) has_tests: bool,
}

/// Everything that xtask builds, except itself. The wheel is that of maturin.
pub(crate) const SELECTIONS: [Selection; 4] = [
    Selection { profile: PROFILE, packages: &WORKSPACE, has_tests: true },
    Selection { profile: "release", packages: &RELEASE, has_tests: false },
    Selection { profile: "release", packages: &["--package", "kappa-python"], has_tests: false },
    Selection { profile: "release", packages: &BENCHES, has_tests: true },
];

/// A built test program.
#[derive(Debug, PartialEq)]
pub(crate) struct TestProgram {
    /// For example `kappa-dense (lib)` or `kappa attacks (test)`.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// The folder of its package, in which cargo would start it.
    pub(crate) folder: PathBuf,
}

/// What one invocation of cargo built.
#[derive(Default)]
pub(crate) struct Built {
    pub(crate) tests: Vec<TestProgram>,
    /// Whether nothing failed to compile.
    pub(crate) is_complete: bool,
    python_module: Option<PathBuf>,
    command: Option<PathBuf>,
}

impl Built {
    /// The native module of the Python package.
    pub(crate) fn python_module(&self) -> Result<PathBuf, String> {
        self.python_module.clone().ok_or_else(|| "the Python module was not built".to_owned())
    }

    /// The command `kappa`.
    pub(crate) fn command(&self) -> Result<PathBuf, String> {
        self.command.clone().ok_or_else(|| "the command `kappa` was not built".to_owned())
    }

    /// Takes up one message of cargo.
    fn take(&mut self, message: &Value) {
        if message["reason"] != "compiler-artifact" {
            return;
        }
        let target = &message["target"];
        let name = target["name"].as_str().unwrap_or("");
        let path = message["executable"].as_str().map(PathBuf::from);
        let manifest = Path::new(message["manifest_path"].as_str().unwrap_or(""));
        let folder = manifest.parent().unwrap_or(Path::new("")).to_path_buf();
        if let (true, Some(path)) = (message["profile"]["test"] == true, &path) {
            let name = test_name(message, name);
            self.tests.push(TestProgram { name, path: path.clone(), folder });
        } else if name == "kappa" && path.is_some() {
            self.command = path;
        } else if name == "_kappa" {
            let files = message["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str);
            self.python_module = files.map(PathBuf::from).find(|file| is_library(file));
        }
    }
}

/// The package, the target where it has another name, and the kind of target.
fn test_name(message: &Value, target: &str) -> String {
    let kind = message["target"]["kind"][0].as_str().unwrap_or("");
    let manifest = Path::new(message["manifest_path"].as_str().unwrap_or(""));
    let folder = manifest.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
    if folder.replace('-', "_") == target {
        format!("{folder} ({kind})")
    } else {
        format!("{folder} {target} ({kind})")
    }
}

fn is_library(file: &Path) -> bool {
    file.extension().is_some_and(|e| e == "so" || e == "dylib" || e == "dll")
}

/// Builds all tests, all commands and the Python module, in one invocation.
pub(crate) fn tests() -> Result<Built, String> {
    let mut arguments = vec!["build", "--profile", PROFILE, "--lib", "--bins", "--tests", "--keep-going"];
    arguments.extend(WORKSPACE);
    build(arguments)
}

/// Builds the command and the Python module as they are released.
pub(crate) fn release() -> Result<Built, String> {
    let mut arguments = vec!["build", "--profile", "release", "--lib", "--bins"];
    arguments.extend(RELEASE);
    build(arguments)
}

/// Runs the micro-benchmarks.
pub(crate) fn bench() -> Result<(), String> {
    let mut arguments = vec!["bench", "--bench", "questions"];
    arguments.extend(BENCHES);
    cargo(&arguments)
}

fn build(mut arguments: Vec<&str>) -> Result<Built, String> {
    arguments.push("--message-format=json-render-diagnostics");
    let mut built = Built::default();
    built.is_complete = each_line(&cargo_path(), &arguments, |line| {
        if let Ok(message) = serde_json::from_str(line) {
            built.take(&message);
        }
    })?;
    built.tests.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(built)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_cargo_are_understood() {
        let mut built = Built::default();
        let messages = [
            r#"{"reason":"compiler-artifact","manifest_path":"/w/crates/kappa-dense/Cargo.toml",
                "target":{"kind":["lib"],"name":"kappa_dense"},"profile":{"test":true},
                "filenames":["/t/kappa_dense-1"],"executable":"/t/kappa_dense-1"}"#,
            r#"{"reason":"compiler-artifact","manifest_path":"/w/crates/kappa-cli/Cargo.toml",
                "target":{"kind":["bin"],"name":"kappa"},"profile":{"test":false},
                "filenames":["/t/kappa"],"executable":"/t/kappa"}"#,
            r#"{"reason":"compiler-artifact","manifest_path":"/w/bindings/python/Cargo.toml",
                "target":{"kind":["cdylib"],"name":"_kappa"},"profile":{"test":false},
                "filenames":["/t/lib_kappa.so"],"executable":null}"#,
            r#"{"reason":"compiler-artifact","manifest_path":"/w/crates/kappa/Cargo.toml",
                "target":{"kind":["lib"],"name":"kappa"},"profile":{"test":false},
                "filenames":["/t/libkappa.rlib"],"executable":null}"#,
            r#"{"reason":"build-finished","success":true}"#,
        ];
        for message in messages {
            built.take(&serde_json::from_str(message).expect("JSON"));
        }
        let names: Vec<&str> = built.tests.iter().map(|t| t.name.as_str()).collect();
        assert_eq!(names, ["kappa-dense (lib)"]);
        assert_eq!(built.tests[0].folder, Path::new("/w/crates/kappa-dense"));
        assert_eq!(built.command(), Ok(PathBuf::from("/t/kappa")));
        assert_eq!(built.python_module(), Ok(PathBuf::from("/t/lib_kappa.so")));
    }
}
