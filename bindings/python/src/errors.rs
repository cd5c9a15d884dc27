//! Rust errors as Python exceptions: ValueError for what was asked, LinAlgError for what the numbers refuse.

use pyo3::exceptions::{PyFileNotFoundError, PyKeyboardInterrupt, PyMemoryError, PyOSError, PyValueError};
use pyo3::prelude::*;

pyo3::import_exception!(numpy.linalg, LinAlgError);
pyo3::create_exception!(kappa, NotFiniteError, LinAlgError, "An entry is NaN or infinite.");

fn with_hint(message: String, hint: Option<&str>) -> String {
    hint.map_or_else(|| message.clone(), |hint| format!("{message}\n\nhint: {hint}"))
}

/// What goes with a name among a few, or which there are: `sketch`, `end of a step`.
pub(crate) fn named<T: Copy>(name: &str, what: &str, known: &[(&str, T)]) -> PyResult<T> {
    let found = known.iter().find(|(other, _)| *other == name);
    found.map(|(_, meant)| *meant).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let names = match names.split_last() {
            Some((last, first)) if !first.is_empty() => format!("{} or {last}", first.join(", ")),
            _ => names.concat(),
        };
        PyValueError::new_err(with_hint(format!("`{name}` is no {what}"), Some(&names)))
    })
}

/// An error of the mathematics.
pub(crate) fn to_python(error: kappa::Error) -> PyErr {
    let message = with_hint(error.to_string(), error.hint());
    refused(&error)(message)
}

/// The exception that goes with an error.
pub(crate) fn refused(error: &kappa::Error) -> fn(String) -> PyErr {
    if error.is_not_finite() {
        NotFiniteError::new_err
    } else if error.is_no_convergence() {
        LinAlgError::new_err
    } else if error.is_limit() {
        PyMemoryError::new_err
    } else {
        PyValueError::new_err
    }
}

/// An error of reading or surveying.
pub(crate) fn model_to_python(error: kappa_model::Error) -> PyErr {
    let message = with_hint(error.to_string(), error.hint());
    if error.is_cancelled() {
        PyKeyboardInterrupt::new_err(message)
    } else if error.is_source() && message.contains("there is no such file") {
        PyFileNotFoundError::new_err(message)
    } else if error.is_limit() {
        PyMemoryError::new_err(message)
    } else if error.is_source() && message.contains("ermission denied") {
        PyOSError::new_err(message)
    } else {
        PyValueError::new_err(message)
    }
}
