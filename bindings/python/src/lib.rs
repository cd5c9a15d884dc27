//! The native module `_kappa` of the Python package `kappa`.
//!
//! Arrays in C or Fortran order are used where they lie; others are copied once. The interpreter lock is released while
//! anything is computed. Each file says what it adds to the module, and
//! `register.rs` lists the files.

mod answers;
mod array;
mod certified;
mod columns;
mod command;
mod compute;
mod condition;
mod density;
mod dialect;
mod enclosure;
mod errors;
mod factor;
mod linalg;
mod lstsq;
mod matrix;
mod model;
mod names;
mod nearest;
mod operator;
mod partial;
mod perturb;
mod predict;
mod proof;
mod register;
mod regress;
mod ridge;
mod ruler;
mod sketch;
mod solve;
mod spectra;
mod theorems;
mod theory;
mod types;
mod update;
mod vector;

use pyo3::prelude::*;

/// Measures matrices and says how far each answer can be trusted.
#[pymodule(gil_used = false)]
fn _kappa(m: &Bound<'_, PyModule>) -> PyResult<()> {
    register::register(m)
}
