//! A few singular triplets, in Python.

use kappa::dense::{Leading, Precision};
use kappa::factor::{AnyPartialSvd, RandomizedSvd, SingularTriplets, ThickRestart};
use kappa::krylov::End;
use kappa::{AnyMatrix, Enclosure, Lanczos};
use numpy::ToPyArray;
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::answers::{Answer, Kept, Numbers, PyAnswer, answer, initializer, lasting};
use crate::array::{out, with_matrix_of_work};
use crate::enclosure::{PyEnclosure, enclosures};
use crate::errors::{named, to_python};
use crate::names::names;
use crate::types::{Array, Arrays, Floats};

names! { [PyPartialSvd] [randomized_svd, partial_svd, truncated_svd] }

/// Some singular triplets: u, s and vh with u * s @ vh near the matrix, with bounds for all that was left out.
///
/// Examples
/// --------
/// >>> import kappa as kp, numpy as np
/// >>> f = kp.randomized_svd(np.diag([4.0, 2.0, 1e-3]), 2)
/// >>> u, s, vh = f
/// >>> s.round(12), round(float(f.error), 9)
/// (array([4., 2.]), 0.001)
#[pyclass(name = "PartialSvd", module = "kappa", frozen, extends = PyAnswer)]
pub(crate) struct PyPartialSvd {
    u: AnyMatrix,
    vh: AnyMatrix,
    estimates: Vec<f64>,
    values: Vec<Enclosure>,
    residuals: Vec<f64>,
    error: Option<Enclosure>,
    spectral_error: Enclosure,
    has_converged: bool,
    products: usize,
    algorithm: &'static str,
}

impl PyPartialSvd {
    pub(crate) fn new(f: &AnyPartialSvd) -> kappa::Result<Self> {
        Ok(Self {
            u: f.u().to_matrix()?,
            vh: f.vh(),
            estimates: f.estimates().to_vec(),
            values: f.values().to_vec(),
            residuals: f.residuals().to_vec(),
            error: f.error(),
            spectral_error: f.spectral_error(),
            has_converged: f.has_converged(),
            products: f.products(),
            algorithm: f.algorithm(),
        })
    }
}

answer!(PyPartialSvd);

impl Answer for PyPartialSvd {
    const FIELDS: &'static [&'static str] =
        &["u", "s", "vh", "values", "residuals", "error", "spectral_error", "has_converged", "products", "algorithm"];

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let vectors = (Kept(self.u.clone()), Numbers(self.estimates.clone()), Kept(self.vh.clone()));
        let bounds = (self.values(), Numbers(self.residuals.clone()), self.error(), self.spectral_error());
        (vectors, bounds, (self.has_converged, self.products), self.algorithm).into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        type Bounds = (Vec<PyEnclosure>, Numbers, Option<PyEnclosure>, PyEnclosure);
        type Whole = ((Kept, Numbers, Kept), Bounds, (bool, usize), String);
        let ((u, estimates, vh), bounds, (has_converged, products), algorithm): Whole = state.extract()?;
        let (values, residuals, error, spectral_error) = bounds;
        Ok(Self {
            u: u.0,
            vh: vh.0,
            estimates: estimates.0,
            values: values.into_iter().map(Into::into).collect(),
            residuals: residuals.0,
            error: error.map(Into::into),
            spectral_error: spectral_error.into(),
            has_converged,
            products,
            algorithm: lasting(&algorithm),
        })
    }
}

#[pymethods]
impl PyPartialSvd {
    /// Left singular vectors in columns.
    #[getter]
    fn u<'py>(&self, py: Python<'py>) -> PyResult<Array<'py>> {
        out(py, self.u.clone())
    }
    /// The singular values, as an array of their estimates.
    #[getter]
    fn s<'py>(&self, py: Python<'py>) -> Floats<'py> {
        self.estimates.to_pyarray(py).into_any()
    }
    /// Right singular vectors, conjugated, in rows.
    #[getter]
    fn vh<'py>(&self, py: Python<'py>) -> PyResult<Array<'py>> {
        out(py, self.vh.clone())
    }
    /// The singular values, enclosed.
    #[getter]
    fn values(&self) -> Vec<PyEnclosure> {
        enclosures(&self.values)
    }
    /// At least ‖a·v − s·u‖ and that of the adjoint, for each triplet: some singular value lies within this of s.
    #[getter]
    fn residuals<'py>(&self, py: Python<'py>) -> Floats<'py> {
        self.residuals.to_pyarray(py).into_any()
    }
    /// ‖a − u·s·vh‖ in the Frobenius norm; None for an operator without entries.
    #[getter]
    fn error(&self) -> Option<PyEnclosure> {
        self.error.map(Into::into)
    }
    /// The same in the spectral norm.
    #[getter]
    fn spectral_error(&self) -> PyEnclosure {
        self.spectral_error.into()
    }
    /// Whether every residual reached the tolerance within the given restarts.
    #[getter]
    fn has_converged(&self) -> bool {
        self.has_converged
    }
    /// Products of the matrix or its adjoint with one vector.
    #[getter]
    fn products(&self) -> usize {
        self.products
    }
    /// The algorithm that found them.
    #[getter]
    fn algorithm(&self) -> &'static str {
        self.algorithm
    }
    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Arrays<'py>> {
        PyTuple::new(py, [self.u(py)?, self.s(py), self.vh(py)?])?.try_iter()
    }
    fn __len__(&self) -> usize {
        self.estimates.len()
    }
    fn __repr__(&self) -> String {
        let first = self.values.first().copied().unwrap_or(Enclosure::exact(0.0));
        format!("PartialSvd({} triplets, largest {})", self.__len__(), first.short(8))
    }
}

fn bound_within(width: Option<f64>, seed: u64) -> PyResult<Option<Lanczos>> {
    width.map(|width| Lanczos::within(width, seed)).transpose().map_err(to_python)
}

/// The k largest singular triplets from a random sketch, by block Krylov steps; or, with `error`, as many as bring the
/// error down to that share of the Frobenius norm.
///
/// The matrix may be an array, a sparse matrix or a LinearOperator. `error` is the Frobenius error of what was found,
/// `bound` a relative width within which Lanczos then bounds the norm of the rest, which narrows the singular values.
/// The answer depends on the seed alone.
///
/// Examples
/// --------
/// >>> import kappa as kp, numpy as np
/// >>> a = 1.0 / (1.0 + np.add.outer(np.arange(100.0), np.arange(80.0)))
/// >>> f = kp.randomized_svd(a, 12)
/// >>> float(f.error) < 1e-6, len(kp.randomized_svd(a, error=1e-3))
/// (True, 5)
#[pyfunction]
#[pyo3(signature = (a, k = None, *, error = None, oversampling = 10, steps = 2, sketch = "gaussian",
    bound = None, seed = 0))]
#[expect(clippy::too_many_arguments, reason = "keywords in Python")]
pub(crate) fn randomized_svd(
    a: &Bound<'_, PyAny>,
    k: Option<usize>,
    error: Option<f64>,
    oversampling: usize,
    steps: usize,
    sketch: &str,
    bound: Option<f64>,
    seed: u64,
) -> PyResult<PyPartialSvd> {
    let sketch = sketch.parse().map_err(to_python)?;
    let how = RandomizedSvd { oversampling, steps, in_single: true, sketch, bound: bound_within(bound, seed)?, seed };
    let which = match (k, error) {
        (Some(k), None) => SingularTriplets::Randomized(k, how),
        (None, Some(share)) => SingularTriplets::Within(share, how),
        _ => {
            let message = "a number of triplets or `error` is needed\n\nhint: randomized_svd(a, 10), or error=1e-3";
            return Err(PyValueError::new_err(message));
        }
    };
    let columns = k.unwrap_or(200).saturating_add(oversampling).saturating_mul(2 * steps + 2);
    answered(a, columns, which)
}

/// Asks for triplets that take `products` products with one vector.
fn answered(a: &Bound<'_, PyAny>, products: usize, which: SingularTriplets) -> PyResult<PyPartialSvd> {
    // In place up to a second on one core, as a copy would take longer than the answer.
    let work = move |m: usize, n: usize| m.saturating_mul(n).saturating_mul(products) / 8192;
    with_matrix_of_work(a, work, move |a| PyPartialSvd::new(&a.triplets(&which)?))
}

/// The k largest singular triplets, or those above a threshold, by a direct method: it does not care how slowly the
/// values fall.
///
/// The products of the reduction are made in double precision, or, with `precision="stored"`, in that of the entries:
/// half the time for float32. `error` and `spectral_error` tell what is left out, from all singular values.
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
            let message = "a number of triplets or `above` is needed\n\nhint: truncated_svd(a, 10), or above=0.5";
            return Err(PyValueError::new_err(message));
        }
    };
    // Never in place: a reduction of a matrix that is not small takes longer than a copy.
    answered(a, usize::MAX, SingularTriplets::Truncated(leading, precision))
}

/// The k largest (or, with `which="smallest"`, smallest) singular triplets by Golub-Kahan-Lanczos with thick restarts.
///
/// For large sparse matrices and LinearOperators, of which it keeps about 2k + 20 vectors. Multiple values and zeros
/// come as often as they occur. `bound` is a relative width within which Lanczos bounds the norm of all that is left,
/// so that the largest values are enclosed from above too; None saves those products. The smallest have no lower end
/// above 0 unless all values are known, as they are of matrices that are decomposed within seconds.
///
/// Examples
/// --------
/// >>> import kappa as kp, numpy as np
/// >>> f = kp.partial_svd(np.diag(np.arange(1.0, 101.0)), 2)
/// >>> f.s.round(9), f.values[0].lower <= 100.0 <= f.values[0].upper
/// (array([100.,  99.]), True)
#[pyfunction]
#[pyo3(signature = (a, k, *, which = "largest", block = 1, width = 0, restarts = 300, tolerance = 1e-10,
    bound = Some(0.05), seed = 0))]
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
