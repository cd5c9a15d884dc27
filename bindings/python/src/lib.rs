//! The native module `_kappa` of the Python package `kappa`.
//!
//! Arrays in C or Fortran order are used where they lie; others are copied once. The interpreter lock is released while
//! anything is computed.

mod answers;
mod array;
mod certified;
mod compute;
mod condition;
mod density;
mod enclosure;
mod errors;
mod factor;
mod linalg;
mod lstsq;
mod model;
mod nearest;
mod operator;
mod partial;
mod problem;
mod proof;
mod regress;
mod ridge;
mod ruler;
mod sketch;
mod solve;
mod spectra;
mod theory;
mod update;
mod vector;

use std::ffi::OsString;

use kappa::{Check, Lanczos, Norm, Question, SingularValues, SpectralCertificate, Tolerance};
use kappa_report::measure_key;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use array::with_matrix;
use compute::compute;
use enclosure::{PyEnclosure, PySingularValues};
use errors::to_python;
use factor::PySvd;
use ruler::norm_of;

/// The norm of a matrix: how large it is.
///
/// `norm` is frobenius (default), spectral, nuclear, max-abs, max-column-sum, max-row-sum, entrywise:p, induced:p,q,
/// schatten:p, ky-fan:k, ky-fan:k,p, dual:NAME, or a Norm. In the units of the entries. `certify=True` counts every rounding
/// error; `within=1e-6` stops at that relative width (spectral only). Raises ValueError for an unknown norm and
/// NotFiniteError where an entry is NaN or infinite. One pass over the entries, or the cost of the singular values.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> kp.norm([[3.0, 0.0], [0.0, 4.0]], "nuclear").estimate
/// 7.0
/// >>> kp.norm([[3.0, 0.0], [0.0, 4.0]], certify=True)
/// Enclosure(5.0000000000000, evidence='rounding')
#[pyfunction]
#[pyo3(signature = (a, norm = None, *, certify = false, within = None))]
fn norm(
    a: &Bound<'_, PyAny>,
    norm: Option<&Bound<'_, PyAny>>,
    certify: bool,
    within: Option<f64>,
) -> PyResult<PyEnclosure> {
    let norm = norm.map_or(Ok(Norm::frobenius()), norm_of)?;
    if let Some(width) = within {
        if norm != Norm::spectral() || !(width > 0.0 && width.is_finite()) {
            return Err(PyValueError::new_err("within is a relative width above 0, for the spectral norm only"));
        }
        return with_matrix(a, move |view| {
            if certify {
                let how = SpectralCertificate { width, ..SpectralCertificate::default() };
                view.certified_spectral_norm(&how).map(|found| found.0)
            } else {
                view.spectral_norm(&Lanczos { tolerance: width, ..Lanczos::default() })
            }
        })
        .map(Into::into);
    }
    with_matrix(a, move |view| if certify { view.certified_norm(norm) } else { view.norm(norm) }).map(Into::into)
}

/// The numerical rank: how many singular values exceed `tolerance` times the largest, max(m, n)·2⁻⁵² by default.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> int(kp.rank([[1.0, 2.0], [2.0, 4.0]]))
/// 1
#[pyfunction]
#[pyo3(signature = (a, tolerance = None, *, certify = false))]
fn rank(a: &Bound<'_, PyAny>, tolerance: Option<f64>, certify: bool) -> PyResult<PyEnclosure> {
    let tolerance = tolerance_of(tolerance)?;
    Ok(values_of(a, certify)?.rank(tolerance).into())
}

pub(crate) fn tolerance_of(share: Option<f64>) -> PyResult<Tolerance> {
    share.map_or(Ok(Tolerance::default()), Tolerance::relative).map_err(to_python)
}

/// The singular values that the options ask for.
pub(crate) fn values_of(a: &Bound<'_, PyAny>, certify: bool) -> PyResult<SingularValues> {
    with_matrix(a, move |view| if certify { view.certified_singular_values() } else { view.singular_values() })
}

/// The singular values, largest first, each enclosed; the `top` largest where that is given. `certify=True` counts every
/// rounding error. With a `floor`, those above that share of the largest need no more than single precision: half the time for matrices
/// stored in 32 bits or fewer.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> kp.singular_values([[3.0, 0.0], [0.0, -4.0]]).estimates
/// array([4., 3.])
#[pyfunction]
#[pyo3(signature = (a, top = None, *, certify = false, floor = None))]
fn singular_values(
    a: &Bound<'_, PyAny>,
    top: Option<usize>,
    certify: bool,
    floor: Option<f64>,
) -> PyResult<PySingularValues> {
    let found = match floor {
        Some(_) if certify => {
            return Err(PyValueError::new_err("certified values have no floor\n\nhint: leave out one of the two"));
        }
        Some(floor) => with_matrix(a, move |view| view.singular_values_above(floor))?,
        None => values_of(a, certify)?,
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
fn numerical_radius(a: &Bound<'_, PyAny>) -> PyResult<PyEnclosure> {
    one_answer(a, Question::NumericalRadius)
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
fn log_norm(a: &Bound<'_, PyAny>, p: f64) -> PyResult<PyEnclosure> {
    one_answer(a, Question::LogNorm(p))
}

fn one_answer(a: &Bound<'_, PyAny>, question: Question) -> PyResult<PyEnclosure> {
    let answers = with_matrix(a, move |view| view.measure(&[question]))?;
    answers.first().map(|x| (*x).into()).ok_or_else(|| PyValueError::new_err("no answer"))
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
fn svd(a: &Bound<'_, PyAny>, full_matrices: bool) -> PyResult<PySvd> {
    with_matrix(a, move |view| view.svd(full_matrices)).map(PySvd::from)
}

/// Several questions for the price of the dearest: `measure(a, "rank", "cond", "norm:nuclear")`; all without a question.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> found = kp.measure([[3.0, 0.0], [0.0, 4.0]], "rank", "norm:nuclear")
/// >>> {name: round(float(x), 12) for name, x in found.items()}
/// {'rank': 2.0, 'nuclear': 7.0}
#[pyfunction]
#[pyo3(signature = (a, *questions, certify = false))]
fn measure<'py>(
    py: Python<'py>,
    a: &Bound<'py, PyAny>,
    questions: Vec<String>,
    certify: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let questions = questions_of(&questions)?;
    let asked = questions.clone();
    let answers =
        with_matrix(a, move |view| if certify { view.certified_measure(&asked) } else { view.measure(&asked) })?;
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
fn check(a: &Bound<'_, PyAny>, check: &str, certify: bool) -> PyResult<Option<bool>> {
    let check: Check = check.parse().map_err(to_python)?;
    let questions = [check.question];
    let answers = with_matrix(
        a,
        move |view| if certify { view.certified_measure(&questions) } else { view.measure(&questions) },
    )?;
    Ok(answers.first().and_then(|answer| check.holds(*answer)))
}

/// Runs the command line and returns its exit code.
#[pyfunction]
fn _main(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    compute(py, || kappa_cli::run(arguments))
}

/// Measures matrices and says how far each answer can be trusted.
#[pymodule(gil_used = false)]
fn _kappa(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    m.add("NotFiniteError", m.py().get_type::<errors::NotFiniteError>())?;
    m.add_class::<PyEnclosure>()?;
    m.add_class::<PySingularValues>()?;
    m.add_class::<PySvd>()?;
    m.add_class::<sketch::PyRowSketch>()?;
    m.add_class::<sketch::PyTopRight>()?;
    m.add_class::<sketch::PyStreamedSvd>()?;
    m.add_class::<density::PyTail>()?;
    m.add_class::<density::PyBulk>()?;
    m.add_class::<density::PyDensity>()?;
    m.add_class::<density::PyLanczosDensity>()?;
    m.add_function(wrap_pyfunction!(density::tail, m)?)?;
    m.add_function(wrap_pyfunction!(density::density, m)?)?;
    m.add_function(wrap_pyfunction!(density::lanczos_density, m)?)?;
    m.add_class::<partial::PyPartialSvd>()?;
    m.add_function(wrap_pyfunction!(partial::randomized_svd, m)?)?;
    m.add_function(wrap_pyfunction!(partial::partial_svd, m)?)?;
    m.add_function(wrap_pyfunction!(partial::truncated_svd, m)?)?;
    m.add_class::<model::PyModel>()?;
    m.add_class::<model::PySurvey>()?;
    m.add_function(wrap_pyfunction!(norm, m)?)?;
    m.add_function(wrap_pyfunction!(rank, m)?)?;
    m.add_function(wrap_pyfunction!(singular_values, m)?)?;
    m.add_function(wrap_pyfunction!(svd, m)?)?;
    m.add_function(wrap_pyfunction!(measure, m)?)?;
    m.add_function(wrap_pyfunction!(check, m)?)?;
    m.add_class::<ruler::PyNorm>()?;
    m.add_class::<vector::PyInequality>()?;
    m.add_class::<vector::PySum>()?;
    m.add_function(wrap_pyfunction!(numerical_radius, m)?)?;
    m.add_function(wrap_pyfunction!(log_norm, m)?)?;
    m.add_function(wrap_pyfunction!(vector::vector_norm, m)?)?;
    m.add_function(wrap_pyfunction!(vector::dual_vector, m)?)?;
    m.add_function(wrap_pyfunction!(vector::vector_constant, m)?)?;
    m.add_function(wrap_pyfunction!(vector::inner_product, m)?)?;
    m.add_function(wrap_pyfunction!(vector::nuclear_norm_of_factors, m)?)?;
    m.add_function(wrap_pyfunction!(vector::holder, m)?)?;
    m.add_function(wrap_pyfunction!(vector::bessel, m)?)?;
    m.add_function(wrap_pyfunction!(vector::parallelogram, m)?)?;
    m.add_function(wrap_pyfunction!(vector::sum, m)?)?;
    m.add_function(wrap_pyfunction!(vector::dot, m)?)?;
    m.add_function(wrap_pyfunction!(vector::mean_and_variance, m)?)?;
    m.add_function(wrap_pyfunction!(vector::hypot, m)?)?;
    m.add_function(wrap_pyfunction!(vector::difference_of_squares, m)?)?;
    m.add_function(wrap_pyfunction!(vector::quadratic_roots, m)?)?;
    m.add_function(wrap_pyfunction!(vector::formats, m)?)?;
    m.add_function(wrap_pyfunction!(vector::majorization, m)?)?;
    m.add_function(wrap_pyfunction!(vector::fan_dominance, m)?)?;
    m.add_function(wrap_pyfunction!(proof::prove, m)?)?;
    m.add_function(wrap_pyfunction!(proof::verify, m)?)?;
    m.add_function(wrap_pyfunction!(proof::frobenius_by_sampling, m)?)?;
    m.add_function(wrap_pyfunction!(proof::norm_by_gauge, m)?)?;
    m.add_class::<spectra::PyEig>()?;
    m.add_class::<theory::PyTheorem>()?;
    m.add_function(wrap_pyfunction!(condition::cond, m)?)?;
    m.add_function(wrap_pyfunction!(condition::cond_log10, m)?)?;
    m.add_function(wrap_pyfunction!(condition::cond_estimate, m)?)?;
    m.add_function(wrap_pyfunction!(condition::skeel_cond, m)?)?;
    m.add_function(wrap_pyfunction!(condition::bauer_cond, m)?)?;
    m.add_function(wrap_pyfunction!(condition::best_scaling, m)?)?;
    m.add_function(wrap_pyfunction!(condition::is_regular_within, m)?)?;
    m.add_function(wrap_pyfunction!(condition::distance_to_singularity, m)?)?;
    m.add_function(wrap_pyfunction!(condition::exact_rank, m)?)?;
    m.add_function(wrap_pyfunction!(condition::least_squares_cond, m)?)?;
    m.add_function(wrap_pyfunction!(condition::statistical_cond, m)?)?;
    m.add_function(wrap_pyfunction!(condition::digits, m)?)?;
    m.add_function(wrap_pyfunction!(spectra::eig, m)?)?;
    m.add_function(wrap_pyfunction!(spectra::eigh, m)?)?;
    m.add_function(wrap_pyfunction!(spectra::eigenvalue_cond, m)?)?;
    m.add_function(wrap_pyfunction!(spectra::separation, m)?)?;
    m.add_function(wrap_pyfunction!(spectra::factor, m)?)?;
    m.add_function(wrap_pyfunction!(spectra::gershgorin, m)?)?;
    m.add_function(wrap_pyfunction!(spectra::numerical_range, m)?)?;
    m.add_function(wrap_pyfunction!(spectra::pseudospectrum, m)?)?;
    m.add_function(wrap_pyfunction!(spectra::pseudospectrum_cells, m)?)?;
    m.add_function(wrap_pyfunction!(spectra::normality, m)?)?;
    m.add_function(wrap_pyfunction!(spectra::gelfand, m)?)?;
    m.add_function(wrap_pyfunction!(spectra::polynomial_roots, m)?)?;
    m.add_function(wrap_pyfunction!(spectra::draw, m)?)?;
    m.add_function(wrap_pyfunction!(theory::perturbed, m)?)?;
    m.add_function(wrap_pyfunction!(theory::principal_angles, m)?)?;
    m.add_function(wrap_pyfunction!(theory::backward_error, m)?)?;
    m.add_function(wrap_pyfunction!(theory::backward_error_eigenpair, m)?)?;
    m.add_function(wrap_pyfunction!(theory::stability_lab, m)?)?;
    m.add_class::<solve::PySolution>()?;
    m.add_class::<certified::PyCertifiedSolution>()?;
    m.add_class::<solve::PySolver>()?;
    m.add_class::<lstsq::PyLstsqSolution>()?;
    m.add_class::<update::PyWoodbury>()?;
    m.add_class::<update::PyCholeskyUpdate>()?;
    m.add_class::<ridge::PyRidge>()?;
    m.add_class::<regress::PyRegression>()?;
    m.add_function(wrap_pyfunction!(solve::solve, m)?)?;
    m.add_function(wrap_pyfunction!(lstsq::lstsq, m)?)?;
    m.add_function(wrap_pyfunction!(solve::solve_iteratively, m)?)?;
    m.add_function(wrap_pyfunction!(lstsq::constrained, m)?)?;
    m.add_function(wrap_pyfunction!(lstsq::generalized, m)?)?;
    m.add_function(wrap_pyfunction!(lstsq::total, m)?)?;
    m.add_function(wrap_pyfunction!(lstsq::pinv, m)?)?;
    m.add_function(wrap_pyfunction!(regress::regress, m)?)?;
    m.add_function(wrap_pyfunction!(nearest::nearest_matrix, m)?)?;
    m.add_function(wrap_pyfunction!(nearest::align, m)?)?;
    m.add_function(wrap_pyfunction!(nearest::align_all, m)?)?;
    m.add("linalg", linalg::module(m.py())?)?;
    m.add_function(wrap_pyfunction!(compute::set_threads, m)?)?;
    m.add_function(wrap_pyfunction!(compute::threads, m)?)?;
    m.add_function(wrap_pyfunction!(compute::_after_fork, m)?)?;
    m.add_function(wrap_pyfunction!(model::open, m)?)?;
    m.add_function(wrap_pyfunction!(_main, m)?)?;
    Ok(())
}
