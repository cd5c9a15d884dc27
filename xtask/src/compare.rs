//! kappa beside its peers: the same data, the same number of threads, one run.

use crate::python;
use crate::run::{cargo, program, root};

/// Builds the release command and runs the comparison script: all of it, or the named parts.
pub(crate) fn run(parts: &[String]) -> Result<(), String> {
    cargo(&["build", "--release", "--package", "kappa-cli"])?;
    let python = python::environment("release")?;
    python::peers(&python)?;
    let script = root().join("benches/compare.py").display().to_string();
    let command = root().join("target/release/kappa").display().to_string();
    let mut arguments = vec![script.as_str(), command.as_str()];
    arguments.extend(parts.iter().map(String::as_str));
    program(&python, &arguments)
}
