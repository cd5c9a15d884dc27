//! Least squares and its relatives, in Python.

use std::sync::OnceLock;

use kappa::equations::{AnyLstsqSolution, Constrained, Errors};
use kappa::{AnyMatrix, Enclosure, Guarantee, Lstsq};
use numpy::ToPyArray;
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::answers::{Answer, Kept, Numbers, PyAnswer, answer, dict, initializer};
use crate::array::{Right, matrix, real_numbers, right, shaped, view, with_matrix};
use crate::certified::PyCertifiedSolution;
use crate::compute::compute;
use crate::enclosure::{PyEnclosure, as_dtype};
use crate::errors::to_python;
use crate::names::names;
use crate::ruler::tolerance_of;
use crate::solve::{one_column, single};
use crate::types::{Array, ArrayLike, Dtype, Floats, NumbersLike};

names! { [PyLstsqSolution] [lstsq, constrained, generalized, total, pinv] }

/// The minimiser of |A x - b|, its residual, and how far it can be trusted. `float(s)` is the bound of its relative
/// error, numpy.asarray(s) is x.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> s = kp.lstsq([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], [1.0, 3.0, 5.0])
/// >>> s.x.round(12), s.rank
/// (array([1., 2.]), 2)
#[pyclass(name = "LstsqSolution", module = "kappa", frozen, extends = PyAnswer)]
pub(crate) struct PyLstsqSolution {
    x: AnyMatrix,
    residual: AnyMatrix,
    residual_norms: Vec<f64>,
    rank: usize,
    method: String,
    /// The factors, from which the rest follows when it is asked for; none where it was restored.
    found: Option<AnyLstsqSolution>,
    errors: [OnceLock<Enclosure>; 4],
    is_vector: bool,
}

impl PyLstsqSolution {
    fn new(found: AnyLstsqSolution, is_vector: bool) -> kappa::Result<Self> {
        Ok(Self {
            x: found.x().to_matrix()?,
            residual: found.residual().to_matrix()?,
            residual_norms: found.residual_norms().to_vec(),
            rank: found.rank(),
            method: found.method().to_string(),
            found: Some(found),
            errors: Default::default(),
            is_vector,
        })
    }

    /// What was computed before, or follows from the factors.
    fn lazy(&self, py: Python<'_>, which: usize, ask: fn(&AnyLstsqSolution) -> Enclosure) -> PyEnclosure {
        let known = &self.errors[which];
        if let Some(known) = known.get() {
            return (*known).into();
        }
        let unknown = Enclosure::new(0.0, 0.0, f64::INFINITY, kappa::Evidence::Residual);
        let value = self.found.as_ref().map_or(unknown, |found| compute(py, || ask(found)));
        (*known.get_or_init(|| value)).into()
    }
}

answer!(PyLstsqSolution);

impl Answer for PyLstsqSolution {
    const FIELDS: &'static [&'static str] = &[
        "x",
        "residual",
        "residual_norms",
        "rank",
        "method",
        "cond",
        "solution_cond",
        "backward_error",
        "forward_error",
    ];

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let errors = vec![self.cond(py), self.solution_cond(py), self.backward_error(py), self.forward_error(py)];
        let arrays = (Kept(self.x.clone()), Kept(self.residual.clone()), Numbers(self.residual_norms.clone()));
        (arrays, self.rank, self.method.as_str(), errors, self.is_vector).into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        type Whole = ((Kept, Kept, Numbers), usize, String, [PyEnclosure; 4], bool);
        let ((x, residual, norms), rank, method, errors, is_vector): Whole = state.extract()?;
        let errors = errors.map(|x| OnceLock::from(Enclosure::from(x)));
        Ok(Self { x: x.0, residual: residual.0, residual_norms: norms.0, rank, method, found: None, errors, is_vector })
    }
}

#[pymethods]
impl PyLstsqSolution {
    /// The solution, shaped like the right-hand side.
    #[getter]
    fn x<'py>(&self, py: Python<'py>) -> PyResult<Array<'py>> {
        shaped(py, self.x.clone(), self.is_vector)
    }
    /// b - A x.
    #[getter]
    fn residual<'py>(&self, py: Python<'py>) -> PyResult<Array<'py>> {
        shaped(py, self.residual.clone(), self.is_vector)
    }
    /// The 2-norm of the residual, column by column.
    #[getter]
    fn residual_norms<'py>(&self, py: Python<'py>) -> Floats<'py> {
        self.residual_norms.to_pyarray(py).into_any()
    }
    /// The rank at the tolerance.
    #[getter]
    fn rank(&self) -> usize {
        self.rank
    }
    /// The factorization behind it.
    #[getter]
    fn method(&self) -> &str {
        &self.method
    }
    /// The condition number in the spectral norm over the rank that was found.
    #[getter]
    fn cond(&self, py: Python<'_>) -> PyEnclosure {
        self.lazy(py, 0, AnyLstsqSolution::cond)
    }
    /// How sensitive x is to relative changes of A.
    #[getter]
    fn solution_cond(&self, py: Python<'_>) -> PyEnclosure {
        self.lazy(py, 1, AnyLstsqSolution::solution_cond)
    }
    /// The least change of A, relative to its Frobenius norm, for which x is the exact minimiser.
    #[getter]
    fn backward_error(&self, py: Python<'_>) -> PyEnclosure {
        self.lazy(py, 2, AnyLstsqSolution::backward_error)
    }
    /// A bound of the relative error of x in the 2-norm, to first order.
    #[getter]
    fn forward_error(&self, py: Python<'_>) -> PyEnclosure {
        self.lazy(py, 3, AnyLstsqSolution::forward_error)
    }
    fn __float__(&self, py: Python<'_>) -> f64 {
        self.forward_error(py).inner().upper()
    }
    #[pyo3(signature = (dtype = None, copy = None))]
    fn __array__<'py>(&self, py: Python<'py>, dtype: Dtype<'py>, copy: Option<bool>) -> PyResult<Array<'py>> {
        as_dtype(self.x(py)?, dtype, copy)
    }
    fn __repr__(&self) -> String {
        let (n, k) = self.x.shape();
        format!("LstsqSolution({n}×{k}, rank {}, {})", self.rank, self.method)
    }
}

/// The x that minimises |A x - b|, of least norm where there are many.
///
/// `method` asks for qr, cod, svd or normal-equations; singular values below `tolerance` times the largest count as
/// zero; `weights` multiply the squares of the residuals. `certify=True` encloses every entry, every rounding error
/// counted, and goes with none of the others.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> s = kp.lstsq([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], [1.0, 3.0, 5.0])
/// >>> s.x.round(12)
/// array([1., 2.])
// stub: @overload
// stub: def lstsq(
// stub:     a: Any,
// stub:     b: ArrayLike,
// stub:     *,
// stub:     certify: Literal[False] = False,
// stub:     method: str | None = None,
// stub:     tolerance: float | None = None,
// stub:     weights: Sequence[float] | NDArray[Any] | None = None,
// stub: ) -> LstsqSolution: ...
// stub: @overload
// stub: def lstsq(
// stub:     a: Any,
// stub:     b: ArrayLike,
// stub:     *,
// stub:     certify: Literal[True],
// stub:     method: str | None = None,
// stub:     tolerance: float | None = None,
// stub:     weights: Sequence[float] | NDArray[Any] | None = None,
// stub: ) -> CertifiedSolution: ...
#[pyfunction]
#[pyo3(signature = (a, b, *, certify = false, method = None, tolerance = None, weights = None))]
pub(crate) fn lstsq<'py>(
    a: &Bound<'py, PyAny>,
    b: &ArrayLike<'py>,
    certify: bool,
    method: Option<&str>,
    tolerance: Option<f64>,
    weights: Option<&NumbersLike<'py>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = a.py();
    let how = Lstsq {
        method: method.map(str::parse).transpose().map_err(to_python)?,
        tolerance: tolerance_of(tolerance)?,
        guarantee: Guarantee::certified_if(certify),
    };
    let Right { b, is_vector } = right(b)?;
    let found = match weights.map(real_numbers).transpose()? {
        Some(weights) => {
            one_column(&b)?;
            with_matrix(a, move |a| a.weighted_lstsq(&b, &weights, &how))?
        }
        None => with_matrix(a, move |a| a.lstsq_by(&b, &how))?,
    };
    if let Some(entries) = found.enclosures() {
        let x = found.x().to_matrix().map_err(to_python)?;
        return PyCertifiedSolution::new(x, entries, is_vector).into_bound_py_any(py);
    }
    PyLstsqSolution::new(found, is_vector).map_err(to_python)?.into_bound_py_any(py)
}

/// The x that minimises |A x - b| among those with C x = d, as a dict: x, multipliers, residual_norm, constraint_norm,
/// is_unique.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> s = kp.constrained_lstsq([[1.0, 0.0], [0.0, 1.0]], [1.0, 2.0], [[1.0, 1.0]], [1.0])
/// >>> s["x"].round(12) + 0.0
/// array([0., 1.])
#[pyfunction]
#[pyo3(name = "constrained_lstsq", signature = (a, b, c, d, *, multipliers = false))]
pub(crate) fn constrained<'py>(
    a: &Bound<'py, PyAny>,
    b: &ArrayLike<'py>,
    c: &ArrayLike<'py>,
    d: &ArrayLike<'py>,
    multipliers: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let py = a.py();
    let how = if multipliers { Constrained::Multipliers } else { Constrained::NullSpace };
    let (b, c, d) = (single(b)?, matrix(c)?, single(d)?);
    let s = with_matrix(a, move |a| a.constrained_lstsq(&b, &c, &d, how))?;
    Ok(dict!(py, {
        "x": shaped(py, s.x(), true)?,
        "multipliers": shaped(py, s.multipliers(), true)?,
        "residual_norm": s.residual_norm(),
        "constraint_norm": s.constraint_norm(),
        "is_unique": s.is_unique(),
    }))
}

/// The x that minimises |v| with b = A x + B v, errors with the covariance B B*, as a dict: x, errors, error_norm,
/// is_unique.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> s = kp.generalized_lstsq([[1.0], [1.0]], [1.0, 3.0], [[1.0, 0.0], [0.0, 1.0]])
/// >>> s["x"].round(12)
/// array([2.])
#[pyfunction]
#[pyo3(name = "generalized_lstsq")]
pub(crate) fn generalized<'py>(
    a: &Bound<'py, PyAny>,
    b: &ArrayLike<'py>,
    factor: &ArrayLike<'py>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = a.py();
    let (b, factor) = (single(b)?, matrix(factor)?);
    let s = with_matrix(a, move |a| a.generalized_lstsq(&b, &factor))?;
    Ok(dict!(py, {
        "x": shaped(py, s.x(), true)?,
        "errors": shaped(py, s.errors(), true)?,
        "error_norm": s.error_norm(),
        "is_unique": s.is_unique(),
    }))
}

/// The x of the least correction that makes (A + E) x = b + f true, as a dict: x, correction_norm, gap, is_unique.
///
/// `errors` is "everywhere" or "matrix"; `scale` weighs the errors of b; `exact_columns` lists columns without errors,
/// from 0.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> s = kp.total_lstsq([[1.0], [2.0]], [1.0, 2.0])
/// >>> s["x"].round(12)
/// array([1.])
#[pyfunction]
#[pyo3(name = "total_lstsq", signature = (a, b, *, errors = "everywhere", scale = None, exact_columns = None))]
pub(crate) fn total<'py>(
    a: &Bound<'py, PyAny>,
    b: &ArrayLike<'py>,
    errors: &str,
    scale: Option<f64>,
    exact_columns: Option<Vec<usize>>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = a.py();
    let errors = match (errors, scale, exact_columns) {
        ("everywhere", None, None) => Errors::Everywhere,
        ("matrix", None, None) => Errors::Matrix,
        ("everywhere", Some(gamma), None) => Errors::Scaled(gamma),
        ("everywhere", None, Some(columns)) => Errors::ExactColumns(columns),
        _ => {
            return Err(PyValueError::new_err(
                "errors is 'everywhere' (with scale or exact_columns, not both) or 'matrix'",
            ));
        }
    };
    let b = single(b)?;
    let s = with_matrix(a, move |a| a.total_lstsq(&b, &errors))?;
    Ok(dict!(py, {
        "x": shaped(py, s.x(), true)?,
        "correction_norm": s.correction_norm(),
        "gap": PyEnclosure::from(s.gap()),
        "is_unique": s.is_unique(),
    }))
}

/// The pseudoinverse as a dict: matrix, rank, and the residuals of Penrose's four conditions.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> kp.pinv([[2.0, 0.0], [0.0, 0.0]])["matrix"]
/// array([[0.5, 0. ],
///        [0. , 0. ]])
#[pyfunction]
#[pyo3(signature = (a, tolerance = None))]
pub(crate) fn pinv<'py>(a: &Bound<'py, PyAny>, tolerance: Option<f64>) -> PyResult<Bound<'py, PyDict>> {
    let py = a.py();
    let tolerance = tolerance_of(tolerance)?;
    let found = with_matrix(a, move |a| a.pinv(tolerance))?;
    Ok(dict!(py, {
        "matrix": view(py, &found.matrix())?,
        "rank": found.rank(),
        "penrose_residuals": found.residuals().to_pyarray(py),
    }))
}
