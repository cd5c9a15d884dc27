//! What a change does, and what a change may do, to matrices in Python.

use kappa::lab;
use kappa::perturb;
use kappa::{Enclosure, c64};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::answers::dict;
use crate::array::{matrix, numbers, out, view, with_matrix};
use crate::enclosure::{PyEnclosure, enclosures};
use crate::errors::to_python;
use crate::names::names;
use crate::theorems;
use crate::types::{Array, ArrayLike};

names! { [] [perturbed, principal_angles, backward_error, backward_error_eigenpair, stability_lab] }

/// Every theorem about the change from a to b: dicts of theorem, quantity, bound, actual and ratio.
///
/// The theorems for eigenvalues and for the inverse of square matrices take minutes from an order of about 1000 on:
/// they are applied up to order 250, or as `eigenvalues` says.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> found = kp.perturb([[2.0, 0.0], [0.0, 1.0]], [[2.1, 0.0], [0.0, 1.0]])[0]
/// >>> round(float(found["actual"]), 12)
/// 0.1
#[pyfunction]
#[pyo3(name = "perturb", signature = (a, b, *, eigenvalues = None))]
pub(crate) fn perturbed<'py>(
    py: Python<'py>,
    a: &Bound<'py, PyAny>,
    b: &ArrayLike<'py>,
    eigenvalues: Option<bool>,
) -> PyResult<Vec<Bound<'py, PyDict>>> {
    // Theorems stay on the thread that made them: what is sent over is made of them.
    type Row = (String, Vec<f64>, String, [Enclosure; 2], f64);
    let other = matrix(b)?;
    let found: Vec<Row> = with_matrix(a, move |a| {
        let of = |t: &perturb::Applied| {
            (t.theorem.name().to_owned(), t.theorem.numbers(), t.quantity.clone(), [t.bound, t.actual], t.ratio())
        };
        let with_eigenvalues = eigenvalues.unwrap_or(a.shape().1 <= perturb::QUICK_EIGENVALUES);
        Ok(a.perturb_by(&(&other).into(), with_eigenvalues)?.iter().map(of).collect())
    })?;
    found
        .into_iter()
        .map(|(name, numbers, quantity, [bound, actual], ratio)| {
            let theorem = perturb::theorem(&name, &numbers).map_err(to_python)?;
            Ok(dict!(py, {
                "theorem": theorems::object(py, &*theorem)?,
                "quantity": quantity,
                "bound": PyEnclosure::from(bound),
                "actual": PyEnclosure::from(actual),
                "ratio": ratio,
            }))
        })
        .collect()
}

/// The principal angles between the ranges of two matrices, in radians, largest first.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> [round(float(x), 6) for x in kp.principal_angles([[1.0], [0.0]], [[1.0], [1.0]])]
/// [0.785398]
#[pyfunction]
pub(crate) fn principal_angles(a: &Bound<'_, PyAny>, b: &ArrayLike<'_>) -> PyResult<Vec<PyEnclosure>> {
    let b = matrix(b)?;
    Ok(enclosures(&with_matrix(a, move |a| a.principal_angles(&(&b).into()))?))
}

/// How little the data must change for x to solve A x = b exactly, and such a change of A.
///
/// `componentwise=True` measures each entry by itself (Oettli and Prager), `least_squares=True` changes of the matrix
/// alone for a least squares solution, and gives no change.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> error, _ = kp.backward_error([[2.0, 0.0], [0.0, 1.0]], [1.0, 1.0], [2.0, 1.0])
/// >>> error.upper < 1e-15
/// True
#[pyfunction]
#[pyo3(signature = (a, x, b, *, componentwise = false, least_squares = false))]
pub(crate) fn backward_error<'py>(
    py: Python<'py>,
    a: &Bound<'py, PyAny>,
    x: &ArrayLike<'py>,
    b: &ArrayLike<'py>,
    componentwise: bool,
    least_squares: bool,
) -> PyResult<(PyEnclosure, Option<Array<'py>>)> {
    let (x, b) = (numbers(x)?, numbers(b)?);
    if least_squares {
        return Ok((with_matrix(a, move |a| a.backward_error_least_squares(&x, &b))?.into(), None));
    }
    let found = with_matrix(a, move |a| {
        if componentwise { a.componentwise_backward_error(&x, &b) } else { a.backward_error_system(&x, &b) }
    })?;
    Ok((found.value().into(), Some(view(py, &found.matrix_change())?)))
}

/// How little A must change for (value, x) to be an eigenpair exactly, and that change.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> error, _ = kp.backward_error_eigenpair([[2.0, 0.0], [0.0, 1.0]], 2.0, [1.0, 0.0])
/// >>> error.upper < 1e-15
/// True
#[pyfunction]
pub(crate) fn backward_error_eigenpair<'py>(
    py: Python<'py>,
    a: &Bound<'py, PyAny>,
    value: c64,
    x: &ArrayLike<'py>,
) -> PyResult<(PyEnclosure, Array<'py>)> {
    let x = numbers(x)?;
    let found = with_matrix(a, move |a| a.backward_error_eigenpair(value, &x))?;
    Ok((found.value.into(), out(py, found.matrix_change.into())?))
}

/// Puts a textbook algorithm to the test: the verdict, and tuples of condition, backward error and error. All verdicts
/// by name without an experiment.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> sorted(kp.stability_lab())[0]
/// 'classical-gram-schmidt'
// stub: -> dict[str, tuple[str, list[tuple[float, float, float]]]]
#[pyfunction]
#[pyo3(signature = (experiment = None))]
pub(crate) fn stability_lab<'py>(py: Python<'py>, experiment: Option<&str>) -> PyResult<Bound<'py, PyDict>> {
    let experiments = match experiment {
        Some(name) => vec![name.parse::<lab::Experiment>().map_err(to_python)?],
        None => lab::Experiment::ALL.to_vec(),
    };
    let dict = PyDict::new(py);
    for e in experiments {
        let found = crate::compute::compute(py, || lab::run(e)).map_err(to_python)?;
        let trials: Vec<(f64, f64, f64)> = found.trials.iter().map(|t| (t.cond, t.backward, t.forward)).collect();
        dict.set_item(e.name(), (found.verdict.to_string(), trials))?;
    }
    Ok(dict)
}
