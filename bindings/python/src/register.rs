//! Everything that the module `_kappa` holds, file by file. Each file says itself what it adds, in [`names`];
//! `__all__` of the package and of the module follow from it, and so do the stubs.

use pyo3::prelude::*;
use pyo3::types::PyCFunction;

use crate::answers::{Kind, PyAnswer};
use crate::{
    answers, certified, command, compute, condition, density, enclosure, errors, factor, linalg, lstsq, matrix, model,
    nearest, partial, proof, regress, ridge, ruler, sketch, solve, spectra, theorems, theory, update, vector,
};

/// What a file adds to its module.
pub(crate) struct Names {
    /// The descriptions of its answers.
    pub(crate) kinds: &'static [&'static Kind],
    /// Adds classes and functions, and gives their names.
    pub(crate) add: fn(&Bound<'_, PyModule>) -> PyResult<Vec<String>>,
}

/// Declares what a file adds to its module: `names! { [its answers] [its functions] }`.
macro_rules! names {
    ([$($answer:ident),* $(,)?] [$($function:ident),* $(,)?]) => {
        /// What this file adds to its module.
        pub(crate) const NAMES: $crate::register::Names = $crate::register::Names {
            kinds: &[$(<$answer>::KIND),*],
            add: |m| {
                $(m.add_class::<$answer>()?;)*
                let functions = vec![$(pyo3::wrap_pyfunction!($function, m)?),*];
                $crate::register::added(m, &[$(<$answer>::KIND),*], functions)
            },
        };
    };
}
pub(crate) use names;

/// Adds `functions`, and gives their names and those of the answers.
pub(crate) fn added(
    m: &Bound<'_, PyModule>,
    answers: &[&Kind],
    functions: Vec<Bound<'_, PyCFunction>>,
) -> PyResult<Vec<String>> {
    let mut names: Vec<String> = answers.iter().map(|kind| kind.name.to_owned()).collect();
    for function in functions {
        names.push(function.getattr("__name__")?.extract()?);
        m.add_function(function)?;
    }
    Ok(names)
}

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
const FILES: [Names; 24] = [
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
    proof::NAMES,
    model::NAMES,
    sketch::NAMES,
    compute::NAMES,
    command::NAMES,
];

/// The descriptions of all answers.
pub(crate) fn kinds() -> impl Iterator<Item = &'static Kind> {
    FILES.into_iter().flat_map(|file| file.kinds).copied()
}

/// Fills the module. Names with an underscore are not for users, and so not in `__all__`.
pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    m.add("NotFiniteError", m.py().get_type::<errors::NotFiniteError>())?;
    m.add("linalg", linalg::module(m.py())?)?;
    m.add_class::<PyAnswer>()?;
    let mut names = ["__version__", "Answer", "NotFiniteError"].map(String::from).to_vec();
    for file in FILES {
        names.extend((file.add)(m)?);
    }
    names.retain(|name| !name.starts_with('_') || name == "__version__");
    names.sort();
    m.add("__all__", names)
}
