//! kappa beside its peers: the same data, the same number of threads, one run.

use crate::python;
use crate::run::{cargo, program, root};

/// Builds the release command and runs the comparison script.
pub(crate) fn run() -> Result<(), String> {
    cargo(&["build", "--release", "--package", "kappa-cli"])?;
    let python = python::environment("release")?;
    let script = root().join("benches/compare.py").display().to_string();
    let command = root().join("target/release/kappa").display().to_string();
    program(&python, &[&script, &command])
}
