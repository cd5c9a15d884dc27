//! The peers' own tests, with our functions in the place of theirs.

use crate::run::{program, root};
use crate::{build, python};

/// Whose tests these are.
pub(crate) const PEERS: [&str; 3] = ["numpy", "scipy", "sklearn"];

/// Runs the tests of the named peers, or of all of them.
pub(crate) fn run(names: &[String]) -> Result<(), String> {
    let module = build::tests()?.python_module()?;
    let python = python::environment()?;
    python::lay_out(&python, &module)?;
    python::peers(&python)?;
    let script = root().join("bindings/python/peers/run.py").display().to_string();
    let all: Vec<String> = PEERS.map(str::to_owned).to_vec();
    let failed: Vec<&String> = (if names.is_empty() { &all } else { names })
        .iter()
        .filter(|name| program(&python, &[&script, name]).is_err())
        .collect();
    match failed.as_slice() {
        [] => Ok(()),
        _ => Err(format!("the tests of {failed:?} do not pass as docs/linalg.md says")),
    }
}
