//! The command line, in Python.

use std::ffi::OsString;

use pyo3::prelude::*;

use crate::compute::compute;
use crate::names::names;

names! { [] [_main] }

/// Runs the command line and returns its exit code.
// stub: -> Literal[0, 1, 2]
#[pyfunction]
fn _main(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    compute(py, || kappa_cli::run(arguments))
}
