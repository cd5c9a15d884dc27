//! Systems of equations, in Python.

use std::sync::OnceLock;

use kappa::equations::{AnySolution, AnySolver};
use kappa::krylov::Iterate;
use kappa::{AnyMatrix, Enclosure, Guarantee, Solve};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::answers::{Answer, Kept, PyAnswer, answer, dict, initializer};
use crate::array::{Right, as_array, matrix, right, shaped, with_matrix, with_matrix_of_work};
use crate::certified::PyCertifiedSolution;
use crate::compute::compute;
use crate::enclosure::{PyEnclosure, as_dtype};
use crate::errors::to_python;
use crate::names::names;
use crate::types::{Array, ArrayLike, Dtype};

names! { [PySolution, PySolver] [solve, solve_iteratively] }

/// x with A x = b about, and how far it can be trusted. `float(s)` is the bound of its relative error, numpy.asarray(s)
/// is x.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> s = kp.solve([[2.0, 1.0], [1.0, 3.0]], [3.0, 5.0])
/// >>> s.x.round(12), s.forward_error.upper < 1e-14
/// (array([0.8, 1.4]), True)
#[pyclass(name = "Solution", module = "kappa", frozen, extends = PyAnswer)]
pub(crate) struct PySolution {
    x: AnyMatrix,
    residual: AnyMatrix,
    method: String,
    refined: usize,
    backward_error: Enclosure,
    /// The factors, from which the rest follows when it is asked for; none where it was restored.
    found: Option<AnySolution>,
    cond: OnceLock<Enclosure>,
    forward_error: OnceLock<Enclosure>,
    is_vector: bool,
}

impl PySolution {
    fn new(found: AnySolution, is_vector: bool) -> kappa::Result<Self> {
        Ok(Self {
            x: found.x().to_matrix()?,
            residual: found.residual().to_matrix()?,
            method: found.plan().method.to_string(),
            refined: found.refined(),
            backward_error: found.backward_error(),
            found: Some(found),
            cond: OnceLock::new(),
            forward_error: OnceLock::new(),
            is_vector,
        })
    }

    /// What was computed before, or follows from the factors.
    fn lazy(
        &self,
        py: Python<'_>,
        known: &OnceLock<Enclosure>,
        ask: impl FnOnce(&AnySolution) -> Enclosure + Send,
    ) -> Enclosure {
        if let Some(known) = known.get() {
            return *known;
        }
        let unknown = Enclosure::new(0.0, 0.0, f64::INFINITY, kappa::Evidence::Residual);
        let value = self.found.as_ref().map_or(unknown, |found| compute(py, || ask(found)));
        *known.get_or_init(|| value)
    }
}

answer!(PySolution);

impl Answer for PySolution {
    const FIELDS: &'static [&'static str] =
        &["x", "residual", "method", "refined", "backward_error", "cond", "forward_error"];

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let errors = (self.backward_error(), self.cond(py), self.forward_error(py));
        (Kept(self.x.clone()), Kept(self.residual.clone()), self.method.as_str(), self.refined, errors, self.is_vector)
            .into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        type Errors = (PyEnclosure, PyEnclosure, PyEnclosure);
        let (x, residual, method, refined, errors, is_vector): (Kept, Kept, String, usize, Errors, bool) =
            state.extract()?;
        Ok(Self {
            x: x.0,
            residual: residual.0,
            method,
            refined,
            backward_error: errors.0.into(),
            found: None,
            cond: OnceLock::from(Enclosure::from(errors.1)),
            forward_error: OnceLock::from(Enclosure::from(errors.2)),
            is_vector,
        })
    }
}

#[pymethods]
impl PySolution {
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
    /// How A was factored.
    #[getter]
    fn method(&self) -> &str {
        &self.method
    }
    /// The number of refinement steps.
    #[getter]
    fn refined(&self) -> usize {
        self.refined
    }
    /// The least relative change of A and b, in the inf-norm, for which x is exact; of the worst column.
    #[getter]
    fn backward_error(&self) -> PyEnclosure {
        self.backward_error.into()
    }
    /// The condition number in the inf-norm, estimated from the factors.
    #[getter]
    fn cond(&self, py: Python<'_>) -> PyEnclosure {
        self.lazy(py, &self.cond, AnySolution::cond).into()
    }
    /// A bound of the relative error of x in the inf-norm, estimated from the factors.
    #[getter]
    fn forward_error(&self, py: Python<'_>) -> PyEnclosure {
        self.lazy(py, &self.forward_error, AnySolution::forward_error).into()
    }
    fn __float__(&self, py: Python<'_>) -> f64 {
        self.forward_error(py).inner().upper()
    }
    #[pyo3(signature = (dtype = None, copy = None))]
    fn __array__<'py>(&self, py: Python<'py>, dtype: Dtype<'py>, copy: Option<bool>) -> PyResult<Array<'py>> {
        as_dtype(self.x(py)?, dtype, copy)
    }
    fn __repr__(&self, py: Python<'_>) -> String {
        let (n, k) = self.x.shape();
        let error = self.forward_error(py).inner().estimate();
        format!("Solution({n}×{k}, {}, relative error about {error:.1e})", self.method)
    }
}

/// Solves A x = b for a square A, the cheapest way that its entries allow.
///
/// `method` asks for diagonal, lower, upper, cholesky, ldlt, lu or mixed (single precision, refined); `refine` is
/// when-needed, never or extended. `certify=True` encloses every entry, every rounding error counted. SciPy sparse
/// matrices are factored as they are. Raises numpy.linalg.LinAlgError for a singular matrix.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> s = kp.solve([[2.0, 1.0], [1.0, 3.0]], [3.0, 5.0])
/// >>> s.x.round(12), s.method
/// (array([0.8, 1.4]), 'Cholesky factorization')
// stub: @overload
// stub: def solve(
// stub:     a: Any,
// stub:     b: ArrayLike,
// stub:     *,
// stub:     certify: Literal[False] = False,
// stub:     method: str | None = None,
// stub:     refine: str = "when-needed",
// stub: ) -> Solution: ...
// stub: @overload
// stub: def solve(
// stub:     a: Any,
// stub:     b: ArrayLike,
// stub:     *,
// stub:     certify: Literal[True],
// stub:     method: str | None = None,
// stub:     refine: str = "when-needed",
// stub: ) -> CertifiedSolution: ...
#[pyfunction]
#[pyo3(signature = (a, b, *, certify = false, method = None, refine = "when-needed"))]
pub(crate) fn solve<'py>(
    a: &Bound<'py, PyAny>,
    b: &ArrayLike<'py>,
    certify: bool,
    method: Option<&str>,
    refine: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let py = a.py();
    let how = Solve { guarantee: Guarantee::certified_if(certify), ..how(method, refine)? };
    let Right { b, is_vector } = right(b)?;
    let found = with_matrix(a, move |a| a.solve_by(&b, &how))?;
    if let Some(entries) = found.enclosures() {
        let x = found.x().to_matrix().map_err(to_python)?;
        return PyCertifiedSolution::new(x, entries, is_vector).into_bound_py_any(py);
    }
    PySolution::new(found, is_vector).map_err(to_python)?.into_bound_py_any(py)
}

fn how(method: Option<&str>, refine: &str) -> PyResult<Solve> {
    Ok(Solve {
        method: method.map(str::parse).transpose().map_err(to_python)?,
        refinement: refine.parse().map_err(to_python)?,
        ..Solve::default()
    })
}

/// A factored matrix, to be solved with again and again. It is pickled as its matrix, and factored anew.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> solver = kp.Solver([[2.0, 1.0], [1.0, 3.0]])
/// >>> solver.solve([3.0, 5.0]).x.round(12), solver.solve([2.0, 1.0]).x.round(12)
/// (array([0.8, 1.4]), array([1., 0.]))
#[pyclass(name = "Solver", module = "kappa", frozen, extends = PyAnswer)]
pub(crate) struct PySolver {
    solver: AnySolver,
    /// What was factored, and how.
    input: (Py<PyAny>, Option<String>, String),
}

impl PySolver {
    fn of(a: &Bound<'_, PyAny>, method: Option<String>, refine: String) -> PyResult<Self> {
        let how = how(method.as_deref(), &refine)?;
        let solver = with_matrix(a, move |a| a.solver(&how))?;
        Ok(Self { solver, input: (kept_input(a)?, method, refine) })
    }
}

/// A copy of what was handed over, so that a later change of it does not change what is pickled.
pub(crate) fn kept_input(a: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    if a.hasattr("tocoo")? {
        return a.call_method0("copy").map(Bound::unbind);
    }
    if a.hasattr("matmat")? && !a.hasattr("__array__")? {
        return Ok(a.clone().unbind());
    }
    as_array(a)?.call_method0("copy").map(Bound::unbind)
}

answer!(PySolver);

impl Answer for PySolver {
    const FIELDS: &'static [&'static str] = &["method", "cond"];

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let (a, method, refine) = &self.input;
        (a.clone_ref(py), method.as_deref(), refine.as_str()).into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (a, method, refine): (Bound<'_, PyAny>, Option<String>, String) = state.extract()?;
        Self::of(&a, method, refine)
    }
}

#[pymethods]
impl PySolver {
    #[new]
    #[pyo3(signature = (a, *, method = None, refine = "when-needed"))]
    fn new(a: &Bound<'_, PyAny>, method: Option<String>, refine: &str) -> PyResult<PyClassInitializer<Self>> {
        Self::of(a, method, refine.to_owned()).map(Answer::initializer)
    }
    /// How A was factored.
    #[getter]
    fn method(&self) -> String {
        self.solver.plan().method.to_string()
    }
    /// The condition number in the inf-norm, estimated from the factors.
    #[getter]
    fn cond(&self, py: Python<'_>) -> PyEnclosure {
        compute(py, || self.solver.cond()).into()
    }
    /// Solves for one more right-hand side, a vector or a block of columns.
    fn solve(&self, py: Python<'_>, b: &ArrayLike<'_>) -> PyResult<PySolution> {
        let Right { b, is_vector } = right(b)?;
        compute(py, || PySolution::new(self.solver.solve(&b)?, is_vector)).map_err(to_python)
    }
    fn __repr__(&self) -> String {
        let n = self.solver.plan().order;
        format!("Solver({n}×{n}, {})", self.method())
    }
}

/// Solves A x = b, or minimises |A x - b|, from products alone, as a dict: x, residual_norm, gradient_norm,
/// backward_error, steps, has_converged.
///
/// `by` is cg (Hermitian positive definite), minres (Hermitian) or lsmr (any shape); SciPy sparse matrices and
/// LinearOperators are not converted to dense arrays. The backward error is that of the system; of the least squares
/// problem with `least_squares`, and where the matrix is not square.
///
/// Examples
/// --------
/// >>> import numpy as np, kappa as kp
/// >>> s = kp.solve_iteratively(np.diag([2.0, 4.0]), [2.0, 2.0], by="cg")
/// >>> s["x"].round(12), s["has_converged"]
/// (array([1. , 0.5]), True)
#[pyfunction]
#[pyo3(signature = (a, b, *, by = "lsmr", tolerance = 1e-12, steps = 0, least_squares = false))]
pub(crate) fn solve_iteratively<'py>(
    a: &Bound<'py, PyAny>,
    b: &ArrayLike<'py>,
    by: &str,
    tolerance: f64,
    steps: usize,
    least_squares: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let py = a.py();
    let how = Iterate { by: by.parse().map_err(to_python)?, tolerance, steps, least_squares };
    let b = single(b)?;
    // Nobody knows how many steps it takes.
    let s = with_matrix_of_work(a, |_, _| usize::MAX, move |a| a.solve_iteratively(&b, &how))?;
    Ok(dict!(py, {
        "x": shaped(py, s.x(), true)?,
        "residual_norm": s.residual_norm(),
        "gradient_norm": s.gradient_norm(),
        "backward_error": PyEnclosure::from(s.backward_error()),
        "steps": s.steps(),
        "has_converged": s.has_converged(),
    }))
}

/// A right-hand side of one column.
pub(crate) fn single(b: &Bound<'_, PyAny>) -> PyResult<AnyMatrix> {
    let b = matrix(b)?;
    one_column(&b)?;
    Ok(b)
}

/// Refuses more than one right-hand side.
pub(crate) fn one_column(b: &AnyMatrix) -> PyResult<()> {
    match b.shape().1 {
        0 | 1 => Ok(()),
        k => Err(PyValueError::new_err(format!(
            "the right-hand side has {k} columns, and this problem takes one\n\nhint: give one vector at a time"
        ))),
    }
}
