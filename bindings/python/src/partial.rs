//! A few singular triplets, in Python.

use kappa::{Enclosure, End, Lanczos, Leading, PartialSvd, Precision, RandomizedSvd, Scalar, ThickRestart};
use kappa_model::{PartialDecomposition, SingularTriplets, with_partial};
use numpy::{Element, ToPyArray};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyTuple};

use crate::answers;
use crate::array::with_matrix_of_work;
use crate::compute::{compute, interruptible};
use crate::condition::sparse;
use crate::enclosure::PyEnclosure;
use crate::errors::{named, to_python};
use crate::factor::array;
use crate::operator::PyOperator;

/// Some singular triplets: u, s and vh with u * s @ vh near the matrix, with what is known of all that was left out.
///
/// Examples
/// --------
/// >>> import kappa as kp, numpy as np
/// >>> f = kp.randomized_svd(np.diag([4.0, 2.0, 1e-3]), 2)
/// >>> u, s, vh = f
/// >>> s.round(12), round(float(f.error), 9)
/// (array([4., 2.]), 0.001)
#[pyclass(name = "PartialSvd", module = "kappa", frozen)]
pub(crate) struct PyPartialSvd(PartialDecomposition);

const FIELDS: [&str; 9] = ["u", "s", "vh", "values", "residuals", "error", "spectral_error", "products", "algorithm"];

#[pymethods]
impl PyPartialSvd {
    /// Left singular vectors in columns.
    #[getter]
    fn u<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        with_partial!(&self.0, f => array(py, f.u()))
    }
    /// The singular values, as an array of their estimates.
    #[getter]
    fn s<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        with_partial!(&self.0, f => f.estimates().to_pyarray(py).into_any())
    }
    /// Right singular vectors, conjugated, in rows.
    #[getter]
    fn vh<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        fn adjoint<'py, T: Scalar + Element>(py: Python<'py>, f: &PartialSvd<T>) -> PyResult<Bound<'py, PyAny>> {
            array(py, &compute(py, || f.v().adjoint()))
        }
        with_partial!(&self.0, f => adjoint(py, f))
    }
    /// The singular values, enclosed.
    #[getter]
    fn values(&self) -> Vec<PyEnclosure> {
        with_partial!(&self.0, f => f.values().iter().map(|&x| x.into()).collect())
    }
    /// At least ‖a·v − s·u‖, or that of the adjoint, for each triplet: some singular value lies within this of s.
    #[getter]
    fn residuals<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        with_partial!(&self.0, f => f.residuals().to_pyarray(py).into_any())
    }
    /// ‖a − u·s·vh‖ in the Frobenius norm; None for an operator without entries.
    #[getter]
    fn error(&self) -> Option<PyEnclosure> {
        with_partial!(&self.0, f => f.error().map(Into::into))
    }
    /// The same in the spectral norm.
    #[getter]
    fn spectral_error(&self) -> PyEnclosure {
        with_partial!(&self.0, f => f.spectral_error().into())
    }
    /// Products of the matrix or its adjoint with one vector.
    #[getter]
    fn products(&self) -> usize {
        with_partial!(&self.0, f => f.products())
    }
    /// The algorithm that found them.
    #[getter]
    fn algorithm(&self) -> &'static str {
        with_partial!(&self.0, f => f.algorithm())
    }
    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        PyTuple::new(py, [self.u(py)?, self.s(py), self.vh(py)?])?.try_iter()
    }
    fn __len__(&self) -> usize {
        with_partial!(&self.0, f => f.estimates().len())
    }
    /// The parts of the answer by name.
    fn to_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        answers::dict(slf.as_any(), &FIELDS)
    }
    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<String> {
        answers::html(slf.as_any(), &FIELDS)
    }
    fn __repr__(&self) -> String {
        let first = with_partial!(&self.0, f => f.values().first().copied()).unwrap_or(Enclosure::exact(0.0));
        format!("PartialSvd({} triplets, largest {})", self.__len__(), first.short(8))
    }
}

fn bound_within(width: Option<f64>, seed: u64) -> PyResult<Option<Lanczos>> {
    width.map(|width| Lanczos::within(width, seed)).transpose().map_err(to_python)
}

/// The k largest singular triplets from a random sketch, by block Krylov steps; or, with `within`, as many as bring the error down to that
/// share of the Frobenius norm.
///
/// The matrix may be an array, a sparse matrix or a LinearOperator. `error` is the Frobenius error of what was found, `bound` a relative
/// width within which Lanczos then bounds the norm of the rest, which narrows the singular values. The answer depends on the seed alone.
///
/// Examples
/// --------
/// >>> import kappa as kp, numpy as np
/// >>> a = 1.0 / (1.0 + np.add.outer(np.arange(100.0), np.arange(80.0)))
/// >>> f = kp.randomized_svd(a, 12)
/// >>> float(f.error) < 1e-6, len(kp.randomized_svd(a, within=1e-3))
/// (True, 5)
#[pyfunction]
#[pyo3(signature = (a, k = None, *, within = None, oversampling = 10, steps = 2, sketch = "gaussian", bound = None, seed = 0))]
#[expect(clippy::too_many_arguments, reason = "keywords in Python")]
pub(crate) fn randomized_svd(
    a: &Bound<'_, PyAny>,
    k: Option<usize>,
    within: Option<f64>,
    oversampling: usize,
    steps: usize,
    sketch: &str,
    bound: Option<f64>,
    seed: u64,
) -> PyResult<PyPartialSvd> {
    let sketch = sketch.parse().map_err(to_python)?;
    let how = RandomizedSvd { oversampling, steps, in_single: true, sketch, bound: bound_within(bound, seed)?, seed };
    let which = match (k, within) {
        (Some(k), None) => SingularTriplets::Randomized(k, how),
        (None, Some(share)) => SingularTriplets::Within(share, how),
        _ => {
            let message =
                "either a number of triplets or `within` is needed\n\nhint: randomized_svd(a, 10), or within=1e-3";
            return Err(PyValueError::new_err(message));
        }
    };
    let columns = k.unwrap_or(200).saturating_add(oversampling).saturating_mul(2 * steps + 2);
    answered(a, columns, which)
}

/// Asks a sparse matrix, an operator or an array, which takes so many products with one vector.
fn answered(a: &Bound<'_, PyAny>, products: usize, which: SingularTriplets) -> PyResult<PyPartialSvd> {
    let py = a.py();
    if let Some(matrix) = sparse(a)? {
        let found = interruptible(py, move || which.of(&matrix))?;
        return found.map(|f| PyPartialSvd(f.into())).map_err(to_python);
    }
    if let Some(operator) = PyOperator::of(a)? {
        let found = compute(py, || which.of(&operator));
        return operator.answer(found).map(|f| PyPartialSvd(f.into()));
    }
    // In place up to a second on one core, as a copy would take longer than the answer.
    let work = move |m: usize, n: usize| m.saturating_mul(n).saturating_mul(products) / 8192;
    with_matrix_of_work(a, work, move |view| view.triplets(&which)).map(PyPartialSvd)
}

/// The k largest singular triplets, or those above a threshold, by a direct method: it does not care how slowly the values fall.
///
/// The products of the reduction are made in double precision, or, with `precision="stored"`, in that of the entries: half the time for
/// float32. `error` and `spectral_error` tell what is left out, from all singular values.
///
/// Examples
/// --------
/// >>> import kappa as kp, numpy as np
/// >>> a = np.diag(np.arange(1.0, 301.0))
/// >>> f = kp.truncated_svd(a, above=297.5)
/// >>> f.s.round(9), round(float(f.spectral_error), 9)
/// (array([300., 299., 298.]), 297.0)
#[pyfunction]
#[pyo3(signature = (a, k = None, *, above = None, precision = "double"))]
pub(crate) fn truncated_svd(
    a: &Bound<'_, PyAny>,
    k: Option<usize>,
    above: Option<f64>,
    precision: &str,
) -> PyResult<PyPartialSvd> {
    let precisions = [("double", Precision::Double), ("stored", Precision::Stored)];
    let precision = named(precision, "precision of a reduction", &precisions)?;
    let leading = match (k, above) {
        (Some(k), None) => Leading::Count(k),
        (None, Some(least)) => Leading::Above(least),
        _ => {
            let message =
                "either a number of triplets or `above` is needed\n\nhint: truncated_svd(a, 10), or above=0.5";
            return Err(PyValueError::new_err(message));
        }
    };
    // Never in place: a reduction of a matrix that is not small takes longer than a copy.
    answered(a, usize::MAX, SingularTriplets::Truncated(leading, precision))
}

/// The k largest (or, with `which="smallest"`, smallest) singular triplets by Golub-Kahan-Lanczos with thick restarts.
///
/// For large sparse matrices and LinearOperators, of which it keeps about 2k + 20 vectors. `bound` is a relative width within which Lanczos
/// bounds the norm of all that is left, so that the values are enclosed from above too; None saves those products.
///
/// Examples
/// --------
/// >>> import kappa as kp, numpy as np
/// >>> f = kp.partial_svd(np.diag(np.arange(1.0, 101.0)), 2)
/// >>> f.s.round(9), f.values[0].lower <= 100.0 <= f.values[0].upper
/// (array([100.,  99.]), True)
#[pyfunction]
#[pyo3(signature = (a, k, *, which = "largest", block = 1, width = 0, restarts = 300, tolerance = 1e-10, bound = Some(0.05), seed = 0))]
#[expect(clippy::too_many_arguments, reason = "keywords in Python")]
pub(crate) fn partial_svd(
    a: &Bound<'_, PyAny>,
    k: usize,
    which: &str,
    block: usize,
    width: usize,
    restarts: usize,
    tolerance: f64,
    bound: Option<f64>,
    seed: u64,
) -> PyResult<PyPartialSvd> {
    let ends = [("largest", End::Largest), ("smallest", End::Smallest)];
    let end = named(which, "end of the singular values", &ends)?;
    let how = ThickRestart { end, block, width, restarts, tolerance, bound: bound_within(bound, seed)?, seed };
    // Nobody knows how many restarts it takes.
    answered(a, usize::MAX, SingularTriplets::Partial(k, how))
}
