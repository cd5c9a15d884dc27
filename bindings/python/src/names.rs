//! What a file adds to its module, said in that file.

use pyo3::prelude::*;
use pyo3::types::PyCFunction;

/// What the base of all answers must know of a class that is built on it.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) fields: &'static [&'static str],
    pub(crate) is_mutable: bool,
    pub(crate) state: for<'py> fn(&Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>,
    pub(crate) restored: for<'py> fn(&Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>,
}

impl Kind {
    pub(crate) const fn of(
        name: &'static str,
        fields: &'static [&'static str],
        state: for<'py> fn(&Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>,
        restored: for<'py> fn(&Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>,
    ) -> Self {
        Self { name, fields, is_mutable: false, state, restored }
    }
}

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
        pub(crate) const NAMES: $crate::names::Names = $crate::names::Names {
            kinds: &[$(<$answer>::KIND),*],
            add: |m| {
                $(m.add_class::<$answer>()?;)*
                let functions = vec![$(pyo3::wrap_pyfunction!($function, m)?),*];
                $crate::names::added(m, &[$(<$answer>::KIND),*], functions)
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
