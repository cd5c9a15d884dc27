//! Nearest matrices and alignment, in Python.

use kappa::nearest::{self, AlternatingProjections, AnyNearest, Procrustes};
use kappa::{Matrix, Norm};
use numpy::ToPyArray;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::answers::dict;
use crate::array::{matrix, out, real_matrix, real_numbers, view, with_matrix};
use crate::compute::interruptible;
use crate::enclosure::PyEnclosure;
use crate::errors::to_python;
use crate::names::names;
use crate::ruler::norm_of;
use crate::types::{ArrayLike, NormLike, NumbersLike};

names! { [] [nearest_matrix, align, align_all] }

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
    norm: Option<&NormLike<'py>>,
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
        "normal" => a.nearest_normal(),
        "semidefinite" => a.nearest_semidefinite(least),
        "correlation" => {
            a.nearest_correlation(&AlternatingProjections { least, ..Default::default() }).map(AnyNearest::Real)
        }
        "singular" => a.nearest_singular(norm),
        _ => a.nearest_low_rank(rank.unwrap_or(0), norm),
    })?;
    Ok(dict!(py, {
        "matrix": view(py, &x.matrix())?,
        "distance": PyEnclosure::from(x.distance()),
        "norm": x.norm().to_string(),
        "is_unique": x.is_unique(),
        "steps": x.steps(),
    }))
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
    b: &ArrayLike<'py>,
    rotation_only: bool,
    scaling: bool,
    translation: bool,
    weights: Option<&NumbersLike<'py>>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = a.py();
    let b = matrix(b)?;
    let how = Procrustes { rotation_only, scaling, translation, weights: weights.map(real_numbers).transpose()? };
    let s = with_matrix(a, move |a| a.align(&(&b).into(), &how))?;
    Ok(dict!(py, {
        "rotation": out(py, s.rotation.into())?,
        "scale": s.scale,
        "translation": s.translation.to_pyarray(py),
        "aligned": out(py, s.aligned.into())?,
        "error": s.error,
        "error_before": s.error_before,
        "rows": s.rows,
        "determinant": s.determinant,
        "is_unique": s.is_unique,
    }))
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
    sets: Vec<ArrayLike<'py>>,
    py: Python<'py>,
    rotation_only: bool,
    scaling: bool,
    translation: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let sets: Vec<Matrix<f64>> = sets.iter().map(|a| real_matrix(a, "a set of points")).collect::<PyResult<_>>()?;
    let how = Procrustes { rotation_only, scaling, translation, weights: None };
    let s = interruptible(py, move || nearest::align_all(&sets, &how))?.map_err(to_python)?;
    let rotations = s.alignments.iter().map(|a| out(py, a.rotation.clone().into())).collect::<PyResult<Vec<_>>>()?;
    Ok(dict!(py, {
        "mean": out(py, s.mean.into())?,
        "error": s.error,
        "rounds": s.rounds,
        "rotations": rotations,
        "scales": s.alignments.iter().map(|a| a.scale).collect::<Vec<_>>(),
        "translations": s.alignments.iter().map(|a| a.translation.to_pyarray(py)).collect::<Vec<_>>(),
        "errors": s.alignments.iter().map(|a| a.error).collect::<Vec<_>>(),
    }))
}
