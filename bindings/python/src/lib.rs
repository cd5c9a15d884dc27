//! The native module `_kappa` of the Python package `kappa`.
//!
//! Arrays in C or Fortran order are used where they lie; others are copied once. The interpreter lock is released while
//! anything is computed.

mod array;
mod enclosure;
mod errors;
mod factor;
mod model;

use std::ffi::OsString;

use kappa::{Check, Norm, Question, Tolerance};
use kappa_report::measure_key;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use array::with_matrix;
use enclosure::{PyEnclosure, PySingularValues};
use errors::to_python;
use factor::PySvd;

/// The norm of a matrix: how large it is.
///
/// `norm` is frobenius (default), spectral, nuclear, max-abs, max-column-sum, max-row-sum, entrywise:p, induced:p,q,
/// schatten:p or ky-fan:k. Returns an Enclosure, in the units of the entries. Raises ValueError for an unknown norm and
/// NotFiniteError where an entry is NaN or infinite. One pass over the entries, or the cost of the singular values.
#[pyfunction]
#[pyo3(signature = (a, norm = "frobenius"))]
fn norm(a: &Bound<'_, PyAny>, norm: &str) -> PyResult<PyEnclosure> {
    let norm: Norm = norm.parse().map_err(to_python)?;
    with_matrix(a, |view| view.norm(norm)).map(Into::into)
}

/// The condition number: how much a relative error can grow. Dimensionless, at least 1, infinite for singular matrices.
#[pyfunction]
#[pyo3(signature = (a, norm = "spectral"))]
fn cond(a: &Bound<'_, PyAny>, norm: &str) -> PyResult<PyEnclosure> {
    let norm: Norm = norm.parse().map_err(to_python)?;
    with_matrix(a, |view| view.cond(norm)).map(Into::into)
}

/// The numerical rank: how many singular values exceed `tolerance` times the largest, max(m, n)·2⁻⁵² by default.
#[pyfunction]
#[pyo3(signature = (a, tolerance = None))]
fn rank(a: &Bound<'_, PyAny>, tolerance: Option<f64>) -> PyResult<PyEnclosure> {
    let tolerance = tolerance_of(tolerance)?;
    with_matrix(a, |view| Ok(view.singular_values()?.rank(tolerance))).map(Into::into)
}

pub(crate) fn tolerance_of(share: Option<f64>) -> PyResult<Tolerance> {
    share.map_or(Ok(Tolerance::default()), Tolerance::relative).map_err(to_python)
}

/// The singular values, largest first, each enclosed; the `top` largest where that is given.
#[pyfunction]
#[pyo3(signature = (a, top = None))]
fn singular_values(a: &Bound<'_, PyAny>, top: Option<usize>) -> PyResult<PySingularValues> {
    let values = with_matrix(a, |view| view.singular_values())?;
    Ok(PySingularValues::new(values, top))
}

/// The singular value decomposition: unpack it as `u, s, vh = svd(a)`, or keep it to ask for rank, cond and norm.
#[pyfunction]
#[pyo3(signature = (a, full_matrices = false))]
fn svd(a: &Bound<'_, PyAny>, full_matrices: bool) -> PyResult<PySvd> {
    with_matrix(a, |view| view.svd(full_matrices)).map(PySvd::from)
}

/// Several questions for the price of the dearest: `measure(a, "rank", "cond", "norm:nuclear")`; all without a question.
#[pyfunction]
#[pyo3(signature = (a, *questions))]
fn measure<'py>(py: Python<'py>, a: &Bound<'py, PyAny>, questions: Vec<String>) -> PyResult<Bound<'py, PyDict>> {
    let questions = questions_of(&questions)?;
    let answers = with_matrix(a, |view| view.measure(&questions))?;
    answers_dict(py, &questions, answers)
}

pub(crate) fn questions_of(texts: &[String]) -> PyResult<Vec<Question>> {
    if texts.is_empty() {
        return Ok(Question::standard());
    }
    texts.iter().map(|text| text.parse().map_err(to_python)).collect()
}

pub(crate) fn answers_dict<'py>(
    py: Python<'py>,
    questions: &[Question],
    answers: Vec<kappa::Enclosure>,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (question, answer) in questions.iter().zip(answers) {
        dict.set_item(measure_key(question), PyEnclosure::from(answer))?;
    }
    Ok(dict)
}

/// Whether a claim such as "cond < 1e8" holds: True, False, or None where the bounds cannot tell.
#[pyfunction]
fn check(a: &Bound<'_, PyAny>, check: &str) -> PyResult<Option<bool>> {
    let check: Check = check.parse().map_err(to_python)?;
    let answers = with_matrix(a, |view| view.measure(&[check.question]))?;
    Ok(answers.first().and_then(|answer| check.holds(*answer)))
}

/// Runs the command line and returns its exit code.
#[pyfunction]
fn _main(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| kappa_cli::run(arguments))
}

/// Measures matrices and says how far each answer can be trusted.
#[pymodule(gil_used = false)]
fn _kappa(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    m.add("NotFiniteError", m.py().get_type::<errors::NotFiniteError>())?;
    m.add_class::<PyEnclosure>()?;
    m.add_class::<PySingularValues>()?;
    m.add_class::<PySvd>()?;
    m.add_class::<model::PyModel>()?;
    m.add_class::<model::PySurvey>()?;
    m.add_function(wrap_pyfunction!(norm, m)?)?;
    m.add_function(wrap_pyfunction!(cond, m)?)?;
    m.add_function(wrap_pyfunction!(rank, m)?)?;
    m.add_function(wrap_pyfunction!(singular_values, m)?)?;
    m.add_function(wrap_pyfunction!(svd, m)?)?;
    m.add_function(wrap_pyfunction!(measure, m)?)?;
    m.add_function(wrap_pyfunction!(check, m)?)?;
    m.add_function(wrap_pyfunction!(model::open, m)?)?;
    m.add_function(wrap_pyfunction!(_main, m)?)?;
    Ok(())
}
