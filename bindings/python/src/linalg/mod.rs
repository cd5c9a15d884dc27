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

/// The module `kappa._kappa.linalg`.
pub(crate) fn module<'py>(py: Python<'py>) -> PyResult<Bound<'py, PyModule>> {
    const NAME: &str = "kappa._kappa.linalg";
    let m = PyModule::new(py, NAME)?;
    // So that it can be imported by its name, as the stubs have it.
    py.import("sys")?.getattr("modules")?.set_item(NAME, &m)?;
    m.add_function(wrap_pyfunction!(length::length, &m)?)?;
    m.add_function(wrap_pyfunction!(length::lengths, &m)?)?;
    m.add_function(wrap_pyfunction!(factor::svdvals, &m)?)?;
    m.add_function(wrap_pyfunction!(factor::svd, &m)?)?;
    m.add_function(wrap_pyfunction!(factor::qr, &m)?)?;
    m.add_function(wrap_pyfunction!(factor::raw_qr, &m)?)?;
    m.add_function(wrap_pyfunction!(factor::lu, &m)?)?;
    m.add_function(wrap_pyfunction!(factor::cholesky, &m)?)?;
    m.add_function(wrap_pyfunction!(eigen::eigh, &m)?)?;
    m.add_function(wrap_pyfunction!(eigen::eigvalsh, &m)?)?;
    m.add_function(wrap_pyfunction!(eigen::eig, &m)?)?;
    m.add_function(wrap_pyfunction!(eigen::eigvals, &m)?)?;
    m.add_function(wrap_pyfunction!(eigen::schur, &m)?)?;
    m.add_function(wrap_pyfunction!(equations::solve, &m)?)?;
    m.add_function(wrap_pyfunction!(equations::inv, &m)?)?;
    m.add_function(wrap_pyfunction!(equations::slogdet, &m)?)?;
    Ok(m)
}
