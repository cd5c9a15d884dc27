//! Errors of Rust as exceptions of Python, by their kind and never by their words.

use kappa::ErrorKind;
use pyo3::exceptions::{
    PyFileNotFoundError, PyKeyboardInterrupt, PyMemoryError, PyOSError, PyPermissionError, PyValueError,
};
use pyo3::prelude::*;

pyo3::import_exception!(numpy.linalg, LinAlgError);
pyo3::create_exception!(kappa, NotFiniteError, LinAlgError, "An entry is NaN or infinite.");

/// Makes an exception of a message.
type Exception = fn(String) -> PyErr;

fn with_hint(message: String, hint: Option<&str>) -> String {
    hint.map_or_else(|| message.clone(), |hint| format!("{message}\n\nhint: {hint}"))
}

/// The value that goes with a name, or an error that lists the known names.
pub(crate) fn named<T: Copy>(name: &str, what: &str, known: &[(&str, T)]) -> PyResult<T> {
    let found = known.iter().find(|(other, _)| *other == name);
    found.map(|(_, meant)| *meant).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        PyValueError::new_err(format!("unknown {what} `{name}`; known: {}", names.join(", ")))
    })
}

/// An error of the mathematics.
pub(crate) fn to_python(error: kappa::Error) -> PyErr {
    let message = with_hint(error.to_string(), error.hint());
    refused(&error)(message)
}

/// The exception that goes with an error.
pub(crate) fn refused(error: &kappa::Error) -> Exception {
    of_question(error.kind())
}

fn of_question(kind: ErrorKind) -> Exception {
    match kind {
        ErrorKind::NotFinite => NotFiniteError::new_err,
        ErrorKind::Singular | ErrorKind::NoConvergence => LinAlgError::new_err,
        ErrorKind::Limit => PyMemoryError::new_err,
        _ => PyValueError::new_err,
    }
}

fn of_source(kind: kappa_tensors::ErrorKind) -> Exception {
    use kappa_tensors::ErrorKind as Source;
    match kind {
        Source::NotFound => PyFileNotFoundError::new_err,
        Source::Denied => PyPermissionError::new_err,
        Source::Io => PyOSError::new_err,
        Source::Limit => PyMemoryError::new_err,
        _ => PyValueError::new_err,
    }
}

/// An error of reading a table.
pub(crate) fn source_to_python(error: kappa_tensors::Error) -> PyErr {
    of_source(error.kind())(with_hint(error.to_string(), error.hint()))
}

/// An error of reading or surveying a model.
pub(crate) fn model_to_python(error: kappa_model::Error) -> PyErr {
    use kappa_model::ErrorKind as Model;
    let exception = match error.kind() {
        Model::Source(kind) => of_source(kind),
        Model::Question(kind) => of_question(kind),
        Model::Limit => PyMemoryError::new_err,
        Model::Cancelled => PyKeyboardInterrupt::new_err,
        _ => PyValueError::new_err,
    };
    exception(with_hint(error.to_string(), error.hint()))
}
