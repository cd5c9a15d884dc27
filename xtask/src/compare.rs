//! kappa beside its peers: the same data, the same number of threads, one run.

use crate::python;
use crate::run::{cargo, program_with, root};

/// Builds the release command and runs the comparison script: all of it, or the named parts.
pub(crate) fn run(parts: &[String]) -> Result<(), String> {
    cargo(&["build", "--release", "--package", "kappa-cli"])?;
    let python = python::environment("release")?;
    python::peers(&python)?;
    let script = root().join("benches/compare.py").display().to_string();
    let command = root().join("target/release/kappa").display().to_string();
    let mut arguments = vec![script.as_str(), command.as_str()];
    arguments.extend(parts.iter().map(String::as_str));
    let is_asked = parts.is_empty() || parts.iter().any(|part| part == "spectra");
    let peer = is_asked.then(python::weightwatcher).flatten();
    let peer = peer.map(|path| ("KAPPA_WEIGHTWATCHER", path.display().to_string()));
    program_with(&python, &arguments, peer.as_slice())
}
