//! Nearest matrices and alignment, in Python.

use kappa::any::AnyNearest;
use kappa::nearest::{self, AlternatingProjections, Procrustes};
use kappa::{Matrix, Norm};
use numpy::ToPyArray;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::array::{matrix, out, real_matrix, real_numbers, view, with_matrix};
use crate::compute::interruptible;
use crate::enclosure::PyEnclosure;
use crate::errors::to_python;
use crate::ruler::norm_of;

/// The nearest matrix of a kind, as a dict: matrix, distance, norm, is_unique, steps.
///
/// `kind` is symmetric, skew, orthogonal, normal, semidefinite, correlation, low-rank (with `rank`) or singular; `norm`
/// is for the last two, `least` is the least eigenvalue of the two before.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> kp.nearest([[1.0, 2.0], [0.0, 1.0]], "symmetric")["matrix"]
/// array([[1., 1.],
///        [1., 1.]])
#[pyfunction]
#[pyo3(name = "nearest", signature = (a, kind, *, rank = None, norm = None, least = None))]
pub(crate) fn nearest_matrix<'py>(
    a: &Bound<'py, PyAny>,
    kind: &str,
    rank: Option<i64>,
    norm: Option<&Bound<'py, PyAny>>,
    least: Option<f64>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = a.py();
    let kind = kind.to_lowercase().replace('_', "-");
    let known = ["symmetric", "skew", "orthogonal", "normal", "semidefinite", "correlation", "low-rank", "singular"];
    if !known.contains(&kind.as_str()) {
        return Err(PyValueError::new_err(format!("unknown kind of matrix `{kind}`; known: {}", known.join(", "))));
    }
    let rank = match rank.map(usize::try_from) {
        Some(Ok(rank)) => Some(rank),
        None if kind != "low-rank" => None,
        _ => {
            let text = "a low-rank matrix needs its rank, 0 or more\n\nhint: nearest(a, 'low-rank', rank=2)";
            return Err(PyValueError::new_err(text));
        }
    };
    // A choice that would be ignored is a misunderstanding.
    for (is_given, name, kinds) in [
        (rank.is_some(), "rank", ["low-rank"].as_slice()),
        (norm.is_some(), "norm", ["low-rank", "singular"].as_slice()),
        (least.is_some(), "least", ["semidefinite", "correlation"].as_slice()),
    ] {
        if is_given && !kinds.contains(&kind.as_str()) {
            return Err(PyValueError::new_err(format!("{name} is for {}, and not for {kind}", kinds.join(" and "))));
        }
    }
    let norm = norm.map_or(Ok(Norm::frobenius()), norm_of)?;
    let least = least.unwrap_or(0.0);
    let x = with_matrix(a, move |a| match kind.as_str() {
        "symmetric" => a.nearest_symmetric(),
        "skew" => a.nearest_skew(),
        "orthogonal" => a.nearest_orthogonal(),
        "normal" => a.nearest_normal().map(AnyNearest::Complex),
        "semidefinite" => a.nearest_semidefinite(least),
        "correlation" => {
            a.nearest_correlation(&AlternatingProjections { least, ..Default::default() }).map(AnyNearest::Real)
        }
        "singular" => a.nearest_singular(norm),
        _ => a.nearest_low_rank(rank.unwrap_or(0), norm),
    })?;
    let dict = PyDict::new(py);
    dict.set_item("matrix", view(py, &x.matrix())?)?;
    dict.set_item("distance", PyEnclosure::from(x.distance()))?;
    dict.set_item("norm", x.norm().to_string())?;
    dict.set_item("is_unique", x.is_unique())?;
    dict.set_item("steps", x.steps())?;
    Ok(dict)
}

/// Turns (and scales, and moves) the rows of a onto those of b; a row with a NaN in either is left out. Returns a dict:
/// rotation, scale, translation, aligned, error, error_before, rows, determinant, is_unique.
///
/// Examples
/// --------
/// >>> import numpy as np, kappa as kp
/// >>> turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
/// >>> points = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 1.0]])
/// >>> kp.align(points, points @ turn)["rotation"].round(12) + 0.0
/// array([[ 0.,  1.],
///        [-1.,  0.]])
#[pyfunction]
#[pyo3(signature = (a, b, *, rotation_only = false, scaling = false, translation = false, weights = None))]
pub(crate) fn align<'py>(
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
    rotation_only: bool,
    scaling: bool,
    translation: bool,
    weights: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = a.py();
    let b = matrix(b)?;
    let how = Procrustes { rotation_only, scaling, translation, weights: weights.map(real_numbers).transpose()? };
    let s = with_matrix(a, move |a| a.align(&(&b).into(), &how))?;
    let dict = PyDict::new(py);
    dict.set_item("rotation", out(py, s.rotation.into())?)?;
    dict.set_item("scale", s.scale)?;
    dict.set_item("translation", s.translation.to_pyarray(py))?;
    dict.set_item("aligned", out(py, s.aligned.into())?)?;
    dict.set_item("error", s.error)?;
    dict.set_item("error_before", s.error_before)?;
    dict.set_item("rows", s.rows)?;
    dict.set_item("determinant", s.determinant)?;
    dict.set_item("is_unique", s.is_unique)?;
    Ok(dict)
}

/// Turns several sets of points onto their common mean (general Procrustes analysis), as a dict: mean, error, rounds,
/// and for each set in lists rotations, scales, translations and errors.
///
/// Examples
/// --------
/// >>> import numpy as np, kappa as kp
/// >>> points = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 1.0]])
/// >>> round(float(kp.align_all([points, points @ np.array([[0.0, 1.0], [-1.0, 0.0]])])["error"]), 12)
/// 0.0
#[pyfunction]
#[pyo3(signature = (sets, *, rotation_only = false, scaling = false, translation = false))]
pub(crate) fn align_all<'py>(
    sets: Vec<Bound<'py, PyAny>>,
    py: Python<'py>,
    rotation_only: bool,
    scaling: bool,
    translation: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let sets: Vec<Matrix<f64>> = sets.iter().map(|a| real_matrix(a, "a set of points")).collect::<PyResult<_>>()?;
    let how = Procrustes { rotation_only, scaling, translation, weights: None };
    let s = interruptible(py, move || nearest::align_all(&sets, &how))?.map_err(to_python)?;
    let dict = PyDict::new(py);
    dict.set_item("mean", out(py, s.mean.into())?)?;
    dict.set_item("error", s.error)?;
    dict.set_item("rounds", s.rounds)?;
    let rotations = s.alignments.iter().map(|a| out(py, a.rotation.clone().into())).collect::<PyResult<Vec<_>>>()?;
    dict.set_item("rotations", rotations)?;
    dict.set_item("scales", s.alignments.iter().map(|a| a.scale).collect::<Vec<_>>())?;
    dict.set_item("translations", s.alignments.iter().map(|a| a.translation.to_pyarray(py)).collect::<Vec<_>>())?;
    dict.set_item("errors", s.alignments.iter().map(|a| a.error).collect::<Vec<_>>())?;
    Ok(dict)
}
