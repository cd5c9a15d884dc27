//! How sensitive, in Python.

use kappa::condition::{DataType, Extended, SmallSample, SolveAlgorithm};
use kappa::krylov::OneNorm;
use kappa::{AnyOperator, Guarantee, Norm, c64};
use numpy::ToPyArray;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::answers::dict;
use crate::array::{view, with_matrix};
use crate::enclosure::PyEnclosure;
use crate::errors::to_python;
use crate::names::names;
use crate::ruler::norm_of;
use crate::solve::single;
use crate::types::{Array, ArrayLike, FloatDict, Floats, NormLike};

names! {
    []
    [
        cond, cond_log10, cond_estimate, skeel_cond, bauer_cond, best_scaling, is_regular_within,
        distance_to_singularity, exact_rank, logdet, least_squares_cond, statistical_cond, digits,
    ]
}

/// The condition number in any norm: how much a relative error can grow. Dimensionless; infinite for singular matrices.
///
/// `certify=True` counts every rounding error, in every norm that can be evaluated. A SciPy sparse matrix is factored
/// as it is. Where the value lies beyond all doubles, `cond_log10` has it.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> round(float(kp.cond([[2.0, 0.0], [0.0, 0.5]])), 12)
/// 4.0
/// >>> kp.cond([[2.0, 0.0], [0.0, 0.5]], certify=True).evidence
/// 'rounding'
#[pyfunction]
#[pyo3(signature = (a, norm = None, *, certify = false))]
pub(crate) fn cond(a: &Bound<'_, PyAny>, norm: Option<&NormLike<'_>>, certify: bool) -> PyResult<PyEnclosure> {
    let norm = norm.map_or(Ok(Norm::spectral()), norm_of)?;
    let guarantee = Guarantee::certified_if(certify);
    with_matrix(a, move |a| a.cond_by(norm, guarantee).map(|found| found.value.enclosure())).map(Into::into)
}

/// log10 of the condition number, every rounding error counted, also where the number itself is beyond all doubles.
///
/// Examples
/// --------
/// >>> import numpy as np, kappa as kp
/// >>> round(float(kp.cond_log10(np.diag([1e200, 1e-200]))), 9)
/// 400.0
#[pyfunction]
#[pyo3(signature = (a, norm = None))]
pub(crate) fn cond_log10(a: &Bound<'_, PyAny>, norm: Option<&NormLike<'_>>) -> PyResult<PyEnclosure> {
    let norm = norm.map_or(Ok(Norm::spectral()), norm_of)?;
    let log = move |a: AnyOperator<'_>| a.cond_by(norm, Guarantee::Certified).map(|found| found.value.log10_enclosed());
    with_matrix(a, log).map(Into::into)
}

/// The condition number in the 1- or inf-norm from one LU factorization: the lower end is proved, the estimate nearly
/// always within a factor of 3.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> float(kp.cond_estimate([[2.0, 0.0], [0.0, 0.5]], "max-column-sum"))
/// 4.0
#[pyfunction]
#[pyo3(signature = (a, norm = None, *, columns = 2, seed = 0))]
pub(crate) fn cond_estimate(
    a: &Bound<'_, PyAny>,
    norm: Option<&NormLike<'_>>,
    columns: usize,
    seed: u64,
) -> PyResult<PyEnclosure> {
    let norm = norm.map_or(Ok(Norm::max_column_sum()), norm_of)?;
    let how = OneNorm { columns, seed, ..OneNorm::default() };
    with_matrix(a, move |a| a.cond_estimate(norm, &how)).map(Into::into)
}

fn extended(x: &Extended) -> PyEnclosure {
    x.enclosure().into()
}

/// Skeel's condition number, for errors of each entry by itself; certified.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> round(float(kp.skeel_cond([[1.0, 1.0], [0.0, 1.0]])), 12)
/// 3.0
#[pyfunction]
pub(crate) fn skeel_cond(a: &Bound<'_, PyAny>) -> PyResult<PyEnclosure> {
    with_matrix(a, |a| a.skeel_cond()).map(|x| extended(&x))
}

/// Bauer's condition number: the least inf-norm condition that scaling rows and columns can reach; certified.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> round(float(kp.bauer_cond([[2.0, 1.0], [1.0, 2.0]])), 9)
/// 3.0
#[pyfunction]
pub(crate) fn bauer_cond(a: &Bound<'_, PyAny>) -> PyResult<PyEnclosure> {
    with_matrix(a, |a| a.bauer_cond()).map(|x| extended(&x))
}

/// The best scaling by powers of two: exponents of rows and columns, and the inf-norm condition before, after, and at
/// best.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> found = kp.best_scaling([[1.0, 2.0], [3e6, 4e6]])
/// >>> float(found["after"]) < 1e-3 * float(found["before"])
/// True
#[pyfunction]
pub(crate) fn best_scaling<'py>(py: Python<'py>, a: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    let found = with_matrix(a, |a| a.best_scaling())?;
    Ok(dict!(py, {
        "rows": found.rows.to_pyarray(py),
        "columns": found.columns.to_pyarray(py),
        "before": extended(&found.before),
        "after": extended(&found.after),
        "least": extended(&found.least),
    }))
}

/// Whether every matrix is regular whose entries differ by at most `relative` times themselves plus `absolute`; True is
/// a proof.
///
/// Examples
/// --------
/// >>> import numpy as np, kappa as kp
/// >>> kp.is_regular_within(np.eye(2), relative=0.1)
/// True
#[pyfunction]
#[pyo3(signature = (a, relative = 0.0, absolute = 0.0))]
pub(crate) fn is_regular_within(a: &Bound<'_, PyAny>, relative: f64, absolute: f64) -> PyResult<bool> {
    with_matrix(a, move |a| a.is_regular_within(relative, absolute))
}

/// How far the nearest matrix without full rank is: the distance, the same relative to the norm, and that matrix.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> distance, relative, nearest = kp.distance_to_singularity([[2.0, 0.0], [0.0, 1.0]])
/// >>> round(float(distance), 12), nearest.round(12)
/// (1.0, array([[2., 0.],
///        [0., 0.]]))
#[pyfunction]
#[pyo3(signature = (a, norm = None))]
pub(crate) fn distance_to_singularity<'py>(
    py: Python<'py>,
    a: &Bound<'py, PyAny>,
    norm: Option<&NormLike<'_>>,
) -> PyResult<(PyEnclosure, PyEnclosure, Array<'py>)> {
    let norm = norm.map_or(Ok(Norm::spectral()), norm_of)?;
    let found = with_matrix(a, move |a| a.distance_to_singularity(norm))?;
    Ok((found.value().into(), found.relative().into(), view(py, &found.nearest())?))
}

/// Sign and logarithm of the determinant, as numpy.linalg.slogdet gives them: `sign, log_abs = kp.logdet(a)`.
///
/// `log_abs` is an Enclosure of ln|det A|, -inf for a singular matrix. `sign` is 1, -1 or 0, or a complex number of
/// modulus 1, and nan where the matrix is numerically singular. `certify=True` counts every rounding error. A SciPy
/// sparse matrix is factored as it is.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> sign, log_abs = kp.logdet([[0.0, 2.0], [3.0, 0.0]])
/// >>> sign, round(float(log_abs), 12)
/// (-1.0, 1.791759469228)
// stub: -> tuple[float | complex, Enclosure]
#[pyfunction]
#[pyo3(signature = (a, *, certify = false))]
pub(crate) fn logdet<'py>(a: &Bound<'py, PyAny>, certify: bool) -> PyResult<(Bound<'py, PyAny>, PyEnclosure)> {
    let guarantee = Guarantee::certified_if(certify);
    let (found, is_complex) = with_matrix(a, move |a| Ok((a.logdet_by(guarantee)?, a.is_complex())))?;
    let sign = if found.is_sign_known() { found.sign } else { c64::new(f64::NAN, 0.0) };
    let py = a.py();
    let sign = if is_complex { sign.into_bound_py_any(py)? } else { sign.re.into_bound_py_any(py)? };
    Ok((sign, found.log_abs.into()))
}

/// The rank of the matrix as exact numbers, without any tolerance: elimination modulo primes.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> int(kp.exact_rank([[1, 2], [2, 4]]))
/// 1
#[pyfunction]
pub(crate) fn exact_rank(a: &Bound<'_, PyAny>) -> PyResult<PyEnclosure> {
    with_matrix(a, |a| a.exact_rank()).map(Into::into)
}

/// Relative condition numbers of min |A x - b| in the 2-norm, by name.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> round(kp.least_squares_cond([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [1.0, 2.0, 4.0])["cond"], 6)
/// 1.732051
#[pyfunction]
pub(crate) fn least_squares_cond<'py>(
    py: Python<'py>,
    a: &Bound<'py, PyAny>,
    b: &ArrayLike<'py>,
) -> PyResult<FloatDict<'py>> {
    let b = single(b)?;
    let found = with_matrix(a, move |a| a.least_squares_cond(&b))?;
    Ok(dict!(py, {
        "cond": found.cond,
        "rank": found.rank as f64,
        "residual": found.residual,
        "stretch": found.stretch,
        "fitted_by_b": found.fitted_by_b,
        "solution_by_b": found.solution_by_b,
        "fitted_by_a": found.fitted_by_a,
        "solution_by_a": found.solution_by_a,
        "residual_by_both": found.residual_by_both,
    }))
}

/// How sensitive each entry of the solution of A x = b is, from a few random changes: per entry, and for x as a whole.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> entries, estimate = kp.statistical_cond([[2.0, 0.0], [0.0, 1.0]], [1.0, 1.0])
/// >>> entries.shape
/// (2,)
#[pyfunction]
#[pyo3(signature = (a, b, *, samples = 3, seed = 0))]
pub(crate) fn statistical_cond<'py>(
    py: Python<'py>,
    a: &Bound<'py, PyAny>,
    b: &ArrayLike<'py>,
    samples: usize,
    seed: u64,
) -> PyResult<(Floats<'py>, f64)> {
    let (b, how) = (single(b)?, SmallSample { samples, seed });
    let found = with_matrix(a, move |a| a.statistical_cond(&b, &how))?;
    Ok((found.entries.to_pyarray(py).into_any(), found.whole))
}

/// How many digits of a solution survive, as a sentence: `cond` is a number or an Enclosure, `data` bf16, f16, f32, f64
/// or a relative error, `algorithm` lu, cholesky, qr, normal-equations or exact.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> kp.digits(1e6)["lost"]
/// 6.0
#[pyfunction]
#[pyo3(signature = (cond: "float | Enclosure", n = 1, data = "f64", algorithm = "lu"))]
pub(crate) fn digits<'py>(
    py: Python<'py>,
    cond: &Bound<'py, PyAny>,
    n: usize,
    data: &str,
    algorithm: &str,
) -> PyResult<Bound<'py, PyDict>> {
    let cond = match cond.extract::<PyRef<'_, PyEnclosure>>() {
        Ok(cond) => cond.inner(),
        Err(_) => match cond.extract::<f64>()? {
            x if x >= 1.0 => kappa::Enclosure::exact(x),
            x => {
                let message = format!("a condition number is at least 1, got {x}\n\nhint: pass kp.cond(a)");
                return Err(pyo3::exceptions::PyValueError::new_err(message));
            }
        },
    };
    let data: DataType = data.parse().map_err(to_python)?;
    let algorithm: SolveAlgorithm = algorithm.parse().map_err(to_python)?;
    let found = kappa::digits(cond, n, data, algorithm);
    Ok(dict!(py, {
        "held": found.held,
        "lost": found.lost,
        "certain": found.certain,
        "error": found.error,
        "sentence": found.to_string(),
    }))
}
