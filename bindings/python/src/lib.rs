//! The native module `_kappa` of the Python package `kappa`.
//!
//! Arrays in C or Fortran order are used where they lie; others are copied once. The interpreter lock is released while
//! anything is computed. What the module holds stands in the table of `register.rs`.

mod answers;
mod array;
mod certified;
mod compute;
mod condition;
mod density;
mod enclosure;
mod errors;
mod factor;
mod linalg;
mod lstsq;
mod matrix;
mod model;
mod nearest;
mod operator;
mod partial;
mod proof;
mod register;
mod regress;
mod ridge;
mod ruler;
mod sketch;
mod solve;
mod spectra;
mod theory;
mod update;
mod vector;

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs the command line and returns its exit code.
#[pyfunction]
fn _main(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    compute::compute(py, || kappa_cli::run(arguments))
}

/// Measures matrices and says how far each answer can be trusted.
#[pymodule(gil_used = false)]
fn _kappa(m: &Bound<'_, PyModule>) -> PyResult<()> {
    register::register(m)
}
