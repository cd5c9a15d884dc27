//! How large, which values, how many directions, in Python.

use kappa::certificate::SpectralCertificate;
use kappa::{Check, Guarantee, Lanczos, Norm, Question, SingularValues};
use kappa_report::measure_key;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::array::with_matrix;
use crate::enclosure::{PyEnclosure, PySingularValues};
use crate::errors::to_python;
use crate::factor::PySvd;
use crate::names::names;
use crate::ruler::{norm_of, tolerance_of};
use crate::types::{EnclosureDict, NormLike};

names! { [] [norm, rank, singular_values, numerical_radius, log_norm, svd, measure, check] }

/// The norm of a matrix: how large it is.
///
/// `norm` is frobenius (default), spectral, nuclear, max-abs, max-column-sum, max-row-sum, entrywise:p, induced:p,q,
/// schatten:p, ky-fan:k, ky-fan:k,p, dual:NAME, or a Norm; NumPy's 1, 2, inf, "fro" and "nuc" as well. In the units of
/// the entries. `certify=True` counts every rounding error; `width=1e-6` stops at that relative width (spectral only).
/// Raises ValueError for an unknown norm and NotFiniteError where an entry is NaN or infinite. One pass over the
/// entries, or the cost of the singular values.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> kp.norm([[3.0, 0.0], [0.0, 4.0]], "nuclear").estimate
/// 7.0
/// >>> kp.norm([[3.0, 0.0], [0.0, 4.0]], certify=True)
/// Enclosure(5.0000000000000, evidence='rounding')
#[pyfunction]
#[pyo3(signature = (a, norm = None, *, certify = false, width = None))]
pub(crate) fn norm(
    a: &Bound<'_, PyAny>,
    norm: Option<&NormLike<'_>>,
    certify: bool,
    width: Option<f64>,
) -> PyResult<PyEnclosure> {
    let norm = norm.map_or(Ok(Norm::frobenius()), norm_of)?;
    if let Some(width) = width {
        if norm != Norm::spectral() || !(width > 0.0 && width.is_finite()) {
            return Err(PyValueError::new_err("width must be a relative width above 0, for the spectral norm only"));
        }
        return with_matrix(a, move |a| {
            if certify {
                let how = SpectralCertificate { width, ..SpectralCertificate::default() };
                a.spectral_certificate(&how).map(|found| found.0)
            } else {
                a.spectral_norm(&Lanczos { tolerance: width, ..Lanczos::default() })
            }
        })
        .map(Into::into);
    }
    let guarantee = Guarantee::certified_if(certify);
    with_matrix(a, move |a| a.norm_by(norm, guarantee)).map(Into::into)
}

/// The numerical rank: how many singular values exceed `tolerance` times the largest, max(m, n)·ε of the stored type by
/// default.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> int(kp.rank([[1.0, 2.0], [2.0, 4.0]]))
/// 1
#[pyfunction]
#[pyo3(signature = (a, tolerance = None, *, certify = false))]
pub(crate) fn rank(a: &Bound<'_, PyAny>, tolerance: Option<f64>, certify: bool) -> PyResult<PyEnclosure> {
    let tolerance = tolerance_of(tolerance)?;
    Ok(values_of(a, certify)?.rank(tolerance).into())
}

/// The singular values that the options ask for.
pub(crate) fn values_of(a: &Bound<'_, PyAny>, certify: bool) -> PyResult<SingularValues> {
    let guarantee = Guarantee::certified_if(certify);
    with_matrix(a, move |a| a.singular_values_by(guarantee))
}

/// The singular values, largest first, each enclosed; the `top` largest where that is given, of large sparse matrices
/// and operators without writing them out. `certify=True` counts every rounding error. With a `floor`, those above that
/// share of the largest need no more than single precision: half the time for matrices stored in 32 bits or fewer.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> kp.singular_values([[3.0, 0.0], [0.0, -4.0]]).estimates
/// array([4., 3.])
#[pyfunction]
#[pyo3(signature = (a, top = None, *, certify = false, floor = None))]
pub(crate) fn singular_values(
    a: &Bound<'_, PyAny>,
    top: Option<usize>,
    certify: bool,
    floor: Option<f64>,
) -> PyResult<PySingularValues> {
    let found = match floor {
        Some(_) if certify => {
            return Err(PyValueError::new_err("certified values have no floor\n\nhint: leave out one of the two"));
        }
        Some(floor) => with_matrix(a, move |a| a.singular_values_above(floor))?,
        None => match top {
            Some(k) if !certify => with_matrix(a, move |a| a.top_singular_values(k))?,
            _ => values_of(a, certify)?,
        },
    };
    Ok(PySingularValues::new(found, top))
}

/// The numerical radius max |x* A x| over unit x of a square matrix; always certified.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> round(float(kp.numerical_radius([[0.0, 2.0], [0.0, 0.0]])), 6)
/// 1.0
#[pyfunction]
pub(crate) fn numerical_radius(a: &Bound<'_, PyAny>) -> PyResult<PyEnclosure> {
    with_matrix(a, |a| a.numerical_radius()).map(Into::into)
}

/// The logarithmic norm of a square matrix for p = 1, 2 or inf: the certified growth rate of x' = A x; may be negative.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> round(float(kp.log_norm([[-1.0, 0.0], [0.0, -3.0]])), 12)
/// -1.0
#[pyfunction]
#[pyo3(signature = (a, p = 2.0))]
pub(crate) fn log_norm(a: &Bound<'_, PyAny>, p: f64) -> PyResult<PyEnclosure> {
    with_matrix(a, move |a| a.log_norm(p)).map(Into::into)
}

/// The singular value decomposition: unpack it as `u, s, vh = svd(a)`, or keep it to ask for rank, cond and norm.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> u, s, vh = kp.svd([[3.0, 0.0], [0.0, 4.0]])
/// >>> s
/// array([4., 3.])
#[pyfunction]
#[pyo3(signature = (a, full_matrices = false))]
pub(crate) fn svd(a: &Bound<'_, PyAny>, full_matrices: bool) -> PyResult<PySvd> {
    with_matrix(a, move |a| PySvd::new(&if full_matrices { a.svd_full() } else { a.svd() }?))
}

/// Several questions for the price of the dearest: `measure(a, "rank", "cond", "norm:nuclear")`; all without a
/// question.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> found = kp.measure([[3.0, 0.0], [0.0, 4.0]], "rank", "norm:nuclear")
/// >>> {name: round(float(x), 12) for name, x in found.items()}
/// {'rank': 2.0, 'nuclear': 7.0}
#[pyfunction]
#[pyo3(signature = (a, *questions, certify = false))]
pub(crate) fn measure<'py>(
    py: Python<'py>,
    a: &Bound<'py, PyAny>,
    questions: Vec<String>,
    certify: bool,
) -> PyResult<EnclosureDict<'py>> {
    let questions = questions_of(&questions)?;
    let asked = questions.clone();
    let guarantee = Guarantee::certified_if(certify);
    let answers = with_matrix(a, move |a| a.measure_by(&asked, guarantee))?;
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
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> kp.check([[2.0, 0.0], [0.0, 0.5]], "cond < 10"), kp.check([[2.0, 0.0], [0.0, 0.5]], "cond < 3")
/// (True, False)
#[pyfunction]
#[pyo3(signature = (a, check, *, certify = false))]
pub(crate) fn check(a: &Bound<'_, PyAny>, check: &str, certify: bool) -> PyResult<Option<bool>> {
    let check: Check = check.parse().map_err(to_python)?;
    let questions = [check.question];
    let answers = with_matrix(a, move |a| a.measure_by(&questions, Guarantee::certified_if(certify)))?;
    Ok(answers.first().and_then(|answer| check.holds(*answer)))
}
