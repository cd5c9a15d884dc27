//! Everything that the module `_kappa` holds, file by file. Each file says what it adds in its [`names`](crate::names);
//! `__all__` of the package and of the module follow from it, and so do the stubs.

use pyo3::prelude::*;

use crate::answers::PyAnswer;
use crate::names::Names;
use crate::{
    answers, certified, command, compute, condition, density, enclosure, errors, factor, linalg, lstsq, matrix, model,
    nearest, partial, perturb, proof, regress, ridge, ruler, sketch, solve, spectra, theorems, theory, update, vector,
};

/// The files in which something is for the module, in the order of the stubs.
// stub: """Types of the native module. The documentation of each name is in the module itself: `help(kappa.norm)`."""
// stub:
// stub: from collections.abc import Callable, Iterator, Sequence
// stub: from os import PathLike
// stub: from typing import Any, Literal, Self, SupportsFloat, final, overload
// stub:
// stub: import numpy as np
// stub: from numpy.typing import ArrayLike, NDArray
// stub: from typing_extensions import disjoint_base
// stub:
// stub: __version__: str
// stub:
// stub: class NotFiniteError(np.linalg.LinAlgError): ...
const FILES: [Names; 25] = [
    answers::NAMES,
    enclosure::NAMES,
    factor::NAMES,
    ruler::NAMES,
    matrix::NAMES,
    vector::NAMES,
    condition::NAMES,
    spectra::NAMES,
    partial::NAMES,
    density::NAMES,
    solve::NAMES,
    certified::NAMES,
    lstsq::NAMES,
    update::NAMES,
    ridge::NAMES,
    regress::NAMES,
    nearest::NAMES,
    theory::NAMES,
    theorems::NAMES,
    perturb::NAMES,
    proof::NAMES,
    model::NAMES,
    sketch::NAMES,
    compute::NAMES,
    command::NAMES,
];

/// Fills the module. Names with an underscore are not for users, and so not in `__all__`.
pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    m.add("NotFiniteError", m.py().get_type::<errors::NotFiniteError>())?;
    m.add("linalg", linalg::module(m.py())?)?;
    m.add_class::<PyAnswer>()?;
    answers::remember(FILES.into_iter().flat_map(|file| file.kinds).copied());
    let mut names = ["__version__", "Answer", "NotFiniteError"].map(String::from).to_vec();
    for file in FILES {
        names.extend((file.add)(m)?);
    }
    names.retain(|name| !name.starts_with('_') || name == "__version__");
    names.sort();
    m.add("__all__", names)
}
