//! Plain answers for stacks of matrices: what `kappa.linalg` is made of.
//!
//! Each function takes an array of f4, f8, c8 or c16 with two dimensions or more, and answers for each matrix that its
//! last two span. Names, defaults, broadcasting and the types of answers are the business of the Python side.

mod eigen;
mod equations;
mod factor;
mod length;
mod stack;

use pyo3::prelude::*;

use crate::names::Names;

/// The files in which something is for the module, in the order of its stub.
// stub: """Plain answers for stacks of matrices, of f4, f8, c8 or c16; see `kappa.linalg`, which is made of them."""
// stub:
// stub: from typing import Any
// stub:
// stub: import numpy as np
// stub: from numpy.typing import NDArray
const FILES: [Names; 4] = [length::NAMES, factor::NAMES, eigen::NAMES, equations::NAMES];

/// The module `kappa._kappa.linalg`.
pub(crate) fn module<'py>(py: Python<'py>) -> PyResult<Bound<'py, PyModule>> {
    const NAME: &str = "kappa._kappa.linalg";
    let m = PyModule::new(py, NAME)?;
    // So that it can be imported by its name, as the stubs have it.
    py.import("sys")?.getattr("modules")?.set_item(NAME, &m)?;
    for file in FILES {
        (file.add)(&m)?;
    }
    Ok(m)
}
