//! kappa beside its peers: the same data, the same number of threads, one run.

use crate::run::{program_with, root};
use crate::{build, python};

/// The parts of the comparison, as `benches/compare.py` names them.
pub(crate) const PARTS: [&str; 9] =
    ["survey", "norms", "certificates", "conditioning", "equations", "regression", "linalg", "spectra", "formats"];

/// Builds the release command and module, and runs the comparison script: all of it, or the named parts.
pub(crate) fn run(parts: &[String]) -> Result<(), String> {
    let built = build::release()?;
    let python = python::environment()?;
    python::lay_out(&python, &built.python_module()?)?;
    python::peers(&python)?;
    let script = root().join("benches/compare.py").display().to_string();
    let command = built.command()?.display().to_string();
    let mut arguments = vec![script.as_str(), command.as_str()];
    arguments.extend(parts.iter().map(String::as_str));
    let is_asked = parts.is_empty() || parts.iter().any(|part| part == "spectra");
    let peer = is_asked.then(python::weightwatcher).flatten().map(|path| path.display().to_string());
    let variable = peer.as_deref().map(|path| ("KAPPA_WEIGHTWATCHER", path));
    program_with(&python, &arguments, variable.as_slice())
}
