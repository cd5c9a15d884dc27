//! Systems of equations, in Python.

use kappa::{Iterate, Iterated, Matrix, Scalar, Solution, Solve, Solver, c64, certified_solve, solve_by};
use kappa_model::{MatrixView, WideMatrix};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::answers;
use crate::array::with_matrix;
use crate::certified::{Proved, PyCertifiedSolution};
use crate::compute::{compute, interruptible};
use crate::condition::{Pair, pair, sparse, wide};
use crate::enclosure::PyEnclosure;
use crate::errors::to_python;
use crate::operator::PyOperator;
use crate::problem::{Right, column, either, right, shaped, single};

enum Solved {
    Real(Solution<f64>),
    Complex(Solution<c64>),
}

/// x with A x = b about, and how far it can be trusted. `float(s)` is the bound of its relative error.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> s = kp.solve([[2.0, 1.0], [1.0, 3.0]], [3.0, 5.0])
/// >>> s.x.round(12), s.forward_error.upper < 1e-14
/// (array([0.8, 1.4]), True)
#[pyclass(name = "Solution", module = "kappa", frozen)]
pub(crate) struct PySolution {
    found: Solved,
    is_vector: bool,
}

/// What stands in the dict and the table.
const SOLUTION_FIELDS: [&str; 7] = ["x", "residual", "method", "refined", "backward_error", "cond", "forward_error"];

#[pymethods]
impl PySolution {
    /// The solution, shaped like the right-hand side.
    #[getter]
    fn x<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let x: WideMatrix = either!(Solved, &self.found, s => s.x().clone().into());
        shaped(py, &x, self.is_vector)
    }
    /// b - A x.
    #[getter]
    fn residual<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let x: WideMatrix = either!(Solved, &self.found, s => s.residual().clone().into());
        shaped(py, &x, self.is_vector)
    }
    /// How A was factored.
    #[getter]
    fn method(&self) -> String {
        either!(Solved, &self.found, s => s.plan().method.to_string())
    }
    /// Steps of refinement that were taken.
    #[getter]
    fn refined(&self) -> usize {
        either!(Solved, &self.found, s => s.refined())
    }
    /// The least relative change of A and b, in the inf-norm, for which x is exact; of the worst column.
    #[getter]
    fn backward_error(&self) -> PyEnclosure {
        either!(Solved, &self.found, s => s.backward_error()).into()
    }
    /// The condition number in the inf-norm, estimated from the factors.
    #[getter]
    fn cond(&self, py: Python<'_>) -> PyEnclosure {
        compute(py, || either!(Solved, &self.found, s => s.cond())).into()
    }
    /// A bound of the relative error of x in the inf-norm, estimated from the factors.
    #[getter]
    fn forward_error(&self, py: Python<'_>) -> PyEnclosure {
        compute(py, || either!(Solved, &self.found, s => s.forward_error())).into()
    }
    fn __float__(&self, py: Python<'_>) -> f64 {
        self.forward_error(py).inner().upper()
    }
    /// The parts of the answer by name.
    fn to_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        answers::dict(slf.as_any(), &SOLUTION_FIELDS)
    }
    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<String> {
        answers::html(slf.as_any(), &SOLUTION_FIELDS)
    }
    fn __repr__(&self, py: Python<'_>) -> String {
        let (n, k) = either!(Solved, &self.found, s => (s.x().rows(), s.x().columns()));
        format!(
            "Solution({n}×{k}, {}, relative error about {:.1e})",
            self.method(),
            self.forward_error(py).inner().estimate()
        )
    }
}

/// Solves A x = b for a square A, the cheapest way that its entries allow.
///
/// `method` asks for diagonal, lower, upper, cholesky, ldlt, lu or mixed (single precision, refined); `refine` is when-needed,
/// never or extended. `certify=True` encloses every entry, every rounding error counted. SciPy sparse matrices are factored as they
/// are. Raises ValueError for a singular matrix.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> s = kp.solve([[2.0, 1.0], [1.0, 3.0]], [3.0, 5.0])
/// >>> s.x.round(12), s.method
/// (array([0.8, 1.4]), 'Cholesky factorization')
#[pyfunction]
#[pyo3(signature = (a, b, *, certify = false, method = None, refine = "when-needed"))]
pub(crate) fn solve<'py>(
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
    certify: bool,
    method: Option<&str>,
    refine: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let py = a.py();
    let how = how(method, refine)?;
    let Right { b, is_vector } = right(b)?;
    if let Some(matrix) = sparse(a)? {
        let WideMatrix::Real(b) = b else {
            return Err(PyValueError::new_err("a sparse system needs a real right-hand side"));
        };
        if certify {
            let found = interruptible(py, move || certified_solve(&matrix, &b))?.map_err(to_python)?;
            return Ok(Bound::new(py, PyCertifiedSolution { found: Proved::Real(found), is_vector })?.into_any());
        }
        let found = interruptible(py, move || solve_by(&matrix, &b, &how))?.map_err(to_python)?;
        return Ok(Bound::new(py, PySolution { found: Solved::Real(found), is_vector })?.into_any());
    }
    if certify {
        let found = with_matrix(a, move |view| match (view.to_wide(), &b) {
            (WideMatrix::Real(a), WideMatrix::Real(b)) => certified_solve(&a, b).map(Proved::Real),
            (a, b) => certified_solve(&a.complex(), &b.complex()).map(Proved::Complex),
        })?;
        return Ok(Bound::new(py, PyCertifiedSolution { found, is_vector })?.into_any());
    }
    // A matrix in double precision is used where it lies.
    let found = with_matrix(a, move |view| match (&view, &b) {
        (MatrixView::F64(a), WideMatrix::Real(b)) => solve_by(a, b, &how).map(Solved::Real),
        (MatrixView::C64(a), b) => solve_by(a, &b.complex(), &how).map(Solved::Complex),
        (MatrixView::F32(a), WideMatrix::Real(b)) => solve_by(&a.to_wide(), b, &how).map(Solved::Real),
        (view, b) => solve_by(&view.to_wide().complex(), &b.complex(), &how).map(Solved::Complex),
    })?;
    Ok(Bound::new(py, PySolution { found, is_vector })?.into_any())
}

fn how(method: Option<&str>, refine: &str) -> PyResult<Solve> {
    Ok(Solve {
        method: method.map(str::parse).transpose().map_err(to_python)?,
        refinement: refine.parse().map_err(to_python)?,
    })
}

enum Kept {
    Real(Solver<f64>),
    Complex(Solver<c64>),
}

/// A factored matrix, to be solved with again and again.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> solver = kp.Solver([[2.0, 1.0], [1.0, 3.0]])
/// >>> solver.solve([3.0, 5.0]).x.round(12), solver.solve([2.0, 1.0]).x.round(12)
/// (array([0.8, 1.4]), array([1., 0.]))
#[pyclass(name = "Solver", module = "kappa", frozen)]
pub(crate) struct PySolver(Kept);

/// What stands in the dict and the table.
const SOLVER_FIELDS: [&str; 2] = ["method", "cond"];

#[pymethods]
impl PySolver {
    #[new]
    #[pyo3(signature = (a, *, method = None, refine = "when-needed"))]
    fn new(a: &Bound<'_, PyAny>, method: Option<&str>, refine: &str) -> PyResult<Self> {
        let how = how(method, refine)?;
        if let Some(matrix) = sparse(a)? {
            return interruptible(a.py(), move || Solver::by(&matrix, &how))?
                .map(|s| Self(Kept::Real(s)))
                .map_err(to_python);
        }
        with_matrix(a, move |view| match view.to_wide() {
            WideMatrix::Real(a) => Solver::by(&a, &how).map(Kept::Real),
            WideMatrix::Complex(a) => Solver::by(&a, &how).map(Kept::Complex),
        })
        .map(Self)
    }
    /// How A was factored.
    #[getter]
    fn method(&self) -> String {
        either!(Kept, &self.0, s => s.plan().method.to_string())
    }
    /// The condition number in the inf-norm, estimated from the factors.
    #[getter]
    fn cond(&self, py: Python<'_>) -> PyEnclosure {
        compute(py, || either!(Kept, &self.0, s => s.cond())).into()
    }
    /// Solves for one more right-hand side, a vector or a block of columns.
    fn solve(&self, py: Python<'_>, b: &Bound<'_, PyAny>) -> PyResult<PySolution> {
        let Right { b, is_vector } = right(b)?;
        let found = match (&self.0, b) {
            (Kept::Real(s), WideMatrix::Real(b)) => compute(py, || s.solve(&b)).map(Solved::Real),
            (Kept::Complex(s), b) => compute(py, || s.solve(&b.complex())).map(Solved::Complex),
            (Kept::Real(_), WideMatrix::Complex(_)) => {
                return Err(PyValueError::new_err(
                    "a real matrix was factored, and the right-hand side is complex\n\nhint: solve for its real and its imaginary part",
                ));
            }
        };
        Ok(PySolution { found: found.map_err(to_python)?, is_vector })
    }
    /// The parts of the answer by name.
    fn to_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        answers::dict(slf.as_any(), &SOLVER_FIELDS)
    }
    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<String> {
        answers::html(slf.as_any(), &SOLVER_FIELDS)
    }
    fn __repr__(&self) -> String {
        let n = either!(Kept, &self.0, s => s.plan().order);
        format!("Solver({n}×{n}, {})", self.method())
    }
}

/// Solves A x = b, or minimises |A x - b|, from products alone, as a dict: x, residual_norm, gradient_norm, backward_error, steps,
/// has_converged.
///
/// `by` is cg (Hermitian positive definite), minres (Hermitian) or lsmr (any shape); SciPy sparse matrices and
/// LinearOperators are not written out.
///
/// Examples
/// --------
/// >>> import numpy as np, kappa as kp
/// >>> s = kp.solve_iteratively(np.diag([2.0, 4.0]), [2.0, 2.0], by="cg")
/// >>> s["x"].round(12), s["has_converged"]
/// (array([1. , 0.5]), True)
#[pyfunction]
#[pyo3(signature = (a, b, *, by = "lsmr", tolerance = 1e-12, steps = 0))]
pub(crate) fn solve_iteratively<'py>(
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
    by: &str,
    tolerance: f64,
    steps: usize,
) -> PyResult<Bound<'py, PyDict>> {
    fn tell<'py, W: Scalar<Wide = W>>(py: Python<'py>, s: &Iterated<W>) -> PyResult<Bound<'py, PyDict>>
    where
        WideMatrix: From<Matrix<W>>,
    {
        let dict = PyDict::new(py);
        dict.set_item("x", column(py, &s.x)?)?;
        dict.set_item("residual_norm", s.residual_norm)?;
        dict.set_item("gradient_norm", s.gradient_norm)?;
        dict.set_item("backward_error", PyEnclosure::from(s.backward_error))?;
        dict.set_item("steps", s.steps)?;
        dict.set_item("has_converged", s.has_converged)?;
        Ok(dict)
    }
    let py = a.py();
    let how = Iterate { by: by.parse().map_err(to_python)?, tolerance, steps };
    let real = |b| match b {
        WideMatrix::Real(b) => Ok(b),
        WideMatrix::Complex(_) => Err(PyValueError::new_err(
            "a sparse matrix or an operator needs a real right-hand side\n\nhint: solve for its real and its imaginary part",
        )),
    };
    if let Some(matrix) = sparse(a)? {
        let b = real(wide(b)?)?;
        single(&b)?;
        let run = move || kappa::solve_iteratively(&matrix, b.as_slice(), &how);
        return tell(py, &interruptible(py, run)?.map_err(to_python)?);
    }
    if let Some(operator) = PyOperator::of(a)? {
        let b = real(wide(b)?)?;
        let right = single(&b)?;
        let found = compute(py, || kappa::solve_iteratively(&operator, right, &how));
        return tell(py, &operator.answer(found)?);
    }
    match pair(a, b)? {
        Pair::Real(a, b) => {
            single(&b)?;
            let run = move || kappa::solve_iteratively(&a, b.as_slice(), &how);
            tell(py, &interruptible(py, run)?.map_err(to_python)?)
        }
        Pair::Complex(a, b) => {
            single(&b)?;
            let run = move || kappa::solve_iteratively(&a, b.as_slice(), &how);
            tell(py, &interruptible(py, run)?.map_err(to_python)?)
        }
    }
}
