//! How sensitive, in Python.

use kappa::{
    DataType, Extended, Matrix, Norm, OneNorm, SmallSample, SolveAlgorithm, Sparse, c64, certified_cond, cond_by,
};
use kappa_model::{WideMatrix, with_wide};
use numpy::{PyArrayDyn, PyArrayMethods, ToPyArray};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::array::with_matrix;
use crate::compute::{compute, interruptible};
use crate::enclosure::PyEnclosure;
use crate::errors::to_python;
use crate::factor::array;
use crate::ruler::norm_of;

/// The matrix in double precision.
pub(crate) fn wide(a: &Bound<'_, PyAny>) -> PyResult<WideMatrix> {
    with_matrix(a, move |view| Ok(view.to_wide()))
}

/// Two matrices in double precision, both complex where one is.
pub(crate) enum Pair {
    Real(Matrix<f64>, Matrix<f64>),
    Complex(Matrix<c64>, Matrix<c64>),
}

impl Pair {
    pub(crate) fn of(a: WideMatrix, b: WideMatrix) -> Self {
        match (a, b) {
            (WideMatrix::Real(a), WideMatrix::Real(b)) => Self::Real(a, b),
            (a, b) => Self::Complex(a.complex(), b.complex()),
        }
    }

    /// Both as complex matrices.
    pub(crate) fn complex(self) -> (Matrix<c64>, Matrix<c64>) {
        match self {
            Self::Real(a, b) => (WideMatrix::Real(a).complex(), WideMatrix::Real(b).complex()),
            Self::Complex(a, b) => (a, b),
        }
    }
}

pub(crate) fn pair(a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> PyResult<Pair> {
    Ok(Pair::of(wide(a)?, wide(b)?))
}

pub(crate) fn out<'py>(py: Python<'py>, a: &WideMatrix) -> PyResult<Bound<'py, PyAny>> {
    match a {
        WideMatrix::Real(a) => array(py, a),
        WideMatrix::Complex(a) => array(py, a),
    }
}

/// A SciPy sparse matrix of real numbers, or None for anything else.
pub(crate) fn sparse(a: &Bound<'_, PyAny>) -> PyResult<Option<Sparse<f64>>> {
    if !a.hasattr("tocoo")? || !a.hasattr("nnz")? {
        return Ok(None);
    }
    let coo = a.call_method0("tocoo")?;
    let shape: (usize, usize) = coo.getattr("shape")?.extract()?;
    let kind: String = coo.getattr("dtype")?.getattr("kind")?.extract()?;
    if kind == "c" {
        return Err(PyValueError::new_err(
            "complex sparse matrices are not read\n\nhint: call .toarray() where it fits",
        ));
    }
    let column = |name: &str, dtype: &str| coo.getattr(name)?.call_method1("astype", (dtype,));
    let (rows, columns, data) = (column("row", "int64")?, column("col", "int64")?, column("data", "float64")?);
    let indices = |x: &Bound<'_, PyAny>| -> PyResult<Vec<i64>> {
        let view = x.cast::<PyArrayDyn<i64>>()?.readonly();
        Ok(view.as_slice().map_err(|e| PyValueError::new_err(e.to_string()))?.to_vec())
    };
    let (rows, columns) = (indices(&rows)?, indices(&columns)?);
    let view = data.cast::<PyArrayDyn<f64>>()?.readonly();
    let data = view.as_slice().map_err(|e| PyValueError::new_err(e.to_string()))?;
    let triplets = rows.iter().zip(&columns).zip(data).map(|((&i, &j), &x)| (i as usize, j as usize, x)).collect();
    Sparse::from_triplets(shape, triplets).map(Some).map_err(to_python)
}

/// The condition number in any norm: how much a relative error can grow. Dimensionless; infinite for singular matrices.
///
/// `certify=True` counts every rounding error, in every norm that can be evaluated. A SciPy sparse matrix is factored as it is, in
/// the spectral norm, the largest column sum and the largest row sum. Where the value lies beyond all doubles, `cond_log10` has it.
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
pub(crate) fn cond(a: &Bound<'_, PyAny>, norm: Option<&Bound<'_, PyAny>>, certify: bool) -> PyResult<PyEnclosure> {
    let norm = norm.map_or(Ok(Norm::spectral()), norm_of)?;
    if let Some(matrix) = sparse(a)? {
        let value = compute(a.py(), || {
            if certify {
                certified_cond(&matrix, norm).map(|c| c.value.enclosure())
            } else {
                cond_by(&matrix, norm).map(|c| c.0)
            }
        });
        return value.map(Into::into).map_err(to_python);
    }
    with_matrix(a, move |view| {
        if certify { view.certified_cond(norm).map(|c| c.value.enclosure()) } else { view.cond_by(norm).map(|c| c.0) }
    })
    .map(Into::into)
}

/// log10 of the certified condition number, also where the number itself is beyond all doubles.
///
/// Examples
/// --------
/// >>> import numpy as np, kappa as kp
/// >>> round(kp.cond_log10(np.diag([1e200, 1e-200])), 9)
/// 400.0
#[pyfunction]
#[pyo3(signature = (a, norm = None))]
pub(crate) fn cond_log10(a: &Bound<'_, PyAny>, norm: Option<&Bound<'_, PyAny>>) -> PyResult<f64> {
    let norm = norm.map_or(Ok(Norm::spectral()), norm_of)?;
    with_matrix(a, move |view| view.certified_cond(norm).map(|c| c.value.log10()))
}

/// The condition number in the 1- or inf-norm from one LU factorization: the lower end is proved, the estimate nearly always
/// within a factor of 3.
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
    norm: Option<&Bound<'_, PyAny>>,
    columns: usize,
    seed: u64,
) -> PyResult<PyEnclosure> {
    let norm = norm.map_or(Ok(Norm::max_column_sum()), norm_of)?;
    let how = OneNorm { columns, seed, ..OneNorm::default() };
    let matrix = wide(a)?;
    let found = interruptible(a.py(), move || with_wide!(&matrix, x => kappa::cond_estimate(x, norm, &how)))?;
    found.map(Into::into).map_err(to_python)
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
    let matrix = wide(a)?;
    let found = interruptible(a.py(), move || with_wide!(&matrix, x => kappa::skeel_cond(x)))?;
    found.map(|x| extended(&x)).map_err(to_python)
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
    let matrix = wide(a)?;
    let found = interruptible(a.py(), move || with_wide!(&matrix, x => kappa::bauer_cond(x)))?;
    found.map(|x| extended(&x)).map_err(to_python)
}

/// The best scaling by powers of two: exponents of rows and columns, and the inf-norm condition before, after, and at best.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> found = kp.best_scaling([[1.0, 2.0], [3e6, 4e6]])
/// >>> float(found["after"]) < 1e-3 * float(found["before"])
/// True
#[pyfunction]
pub(crate) fn best_scaling<'py>(py: Python<'py>, a: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    let matrix = wide(a)?;
    let found = interruptible(py, move || with_wide!(&matrix, x => kappa::best_scaling(x)))?.map_err(to_python)?;
    let dict = PyDict::new(py);
    dict.set_item("rows", found.rows.to_pyarray(py))?;
    dict.set_item("columns", found.columns.to_pyarray(py))?;
    dict.set_item("before", extended(&found.before))?;
    dict.set_item("after", extended(&found.after))?;
    dict.set_item("least", extended(&found.least))?;
    Ok(dict)
}

/// Whether every matrix is regular whose entries differ by at most `relative` times themselves plus `absolute`; True is a proof.
///
/// Examples
/// --------
/// >>> import numpy as np, kappa as kp
/// >>> kp.is_regular_within(np.eye(2), relative=0.1)
/// True
#[pyfunction]
#[pyo3(signature = (a, relative = 0.0, absolute = 0.0))]
pub(crate) fn is_regular_within(a: &Bound<'_, PyAny>, relative: f64, absolute: f64) -> PyResult<bool> {
    let matrix = wide(a)?;
    interruptible(a.py(), move || with_wide!(&matrix, x => kappa::is_regular_within(x, relative, absolute)))?
        .map_err(to_python)
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
    norm: Option<&Bound<'_, PyAny>>,
) -> PyResult<(PyEnclosure, PyEnclosure, Bound<'py, PyAny>)> {
    let norm = norm.map_or(Ok(Norm::spectral()), norm_of)?;
    let matrix = wide(a)?;
    let found = compute(py, || {
        with_wide!(&matrix, x => {
            kappa::distance_to_singularity(x, norm).map(|d| (d.value, d.relative, WideMatrix::from(d.nearest)))
        })
    });
    let (value, relative, nearest) = found.map_err(to_python)?;
    Ok((value.into(), relative.into(), out(py, &nearest)?))
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
    let matrix = wide(a)?;
    interruptible(a.py(), move || with_wide!(&matrix, x => kappa::exact_rank(x)))?.map(Into::into).map_err(to_python)
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
    b: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyDict>> {
    let found = match pair(a, b)? {
        Pair::Real(a, b) => interruptible(py, move || kappa::least_squares_cond(&a, b.as_slice()))?,
        Pair::Complex(a, b) => interruptible(py, move || kappa::least_squares_cond(&a, b.as_slice()))?,
    }
    .map_err(to_python)?;
    let dict = PyDict::new(py);
    for (name, value) in [
        ("cond", found.cond),
        ("rank", found.rank as f64),
        ("residual", found.residual),
        ("stretch", found.stretch),
        ("fitted_by_b", found.fitted_by_b),
        ("solution_by_b", found.solution_by_b),
        ("fitted_by_a", found.fitted_by_a),
        ("solution_by_a", found.solution_by_a),
        ("residual_by_both", found.residual_by_both),
    ] {
        dict.set_item(name, value)?;
    }
    Ok(dict)
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
    b: &Bound<'py, PyAny>,
    samples: usize,
    seed: u64,
) -> PyResult<(Bound<'py, PyAny>, f64)> {
    let Pair::Real(a, b) = pair(a, b)? else {
        return Err(PyValueError::new_err("small-sample estimates are for real systems"));
    };
    let how = SmallSample { samples, seed };
    let found = interruptible(py, move || kappa::statistical_cond(&a, b.as_slice(), &how))?.map_err(to_python)?;
    Ok((found.entries.to_pyarray(py).into_any(), found.whole))
}

/// How many digits of a solution survive, as a sentence: `cond` is a number or an Enclosure, `data` bf16, f16, f32, f64 or a
/// relative error, `algorithm` lu, cholesky, qr, normal-equations or exact.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> kp.digits(1e6)["lost"]
/// 6.0
#[pyfunction]
#[pyo3(signature = (cond, n = 1, data = "f64", algorithm = "lu"))]
pub(crate) fn digits<'py>(
    py: Python<'py>,
    cond: &Bound<'py, PyAny>,
    n: usize,
    data: &str,
    algorithm: &str,
) -> PyResult<Bound<'py, PyDict>> {
    let cond = match cond.extract::<PyRef<'_, PyEnclosure>>() {
        Ok(cond) => cond.inner(),
        Err(_) => kappa::Enclosure::exact(cond.extract::<f64>()?),
    };
    let data: DataType = data.parse().map_err(to_python)?;
    let algorithm: SolveAlgorithm = algorithm.parse().map_err(to_python)?;
    let found = kappa::digits(cond, n, data, algorithm);
    let dict = PyDict::new(py);
    dict.set_item("held", found.held)?;
    dict.set_item("lost", found.lost)?;
    dict.set_item("certain", found.certain)?;
    dict.set_item("error", found.error)?;
    dict.set_item("sentence", found.to_string())?;
    Ok(dict)
}
