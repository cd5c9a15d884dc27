//! Systems and least squares, in Python.

use kappa::{
    CertifiedSolution, CholeskyUpdate, Constrained, Errors, Iterate, LinearOperator, Lstsq, LstsqSolution, Matrix,
    Scalar, Solution, Solve, Solver, WideEngine, Woodbury, c64, certified_lstsq, certified_solve, constrained_lstsq,
    generalized_lstsq, lstsq_by, solve_by, total_lstsq, weighted_lstsq,
};
use kappa_model::{MatrixView, WideMatrix, with_wide};
use numpy::ToPyArray;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::array::with_matrix;
use crate::condition::{Pair, out, pair, sparse, wide};
use crate::enclosure::PyEnclosure;
use crate::errors::to_python;
use crate::tolerance_of;

/// A right-hand side, and whether it was one vector.
struct Right {
    b: WideMatrix,
    is_vector: bool,
}

fn right(b: &Bound<'_, PyAny>) -> PyResult<Right> {
    let array = b.py().import("numpy")?.call_method1("asarray", (b,))?;
    let dimensions: usize = array.getattr("ndim")?.extract()?;
    Ok(Right { b: wide(&array)?, is_vector: dimensions == 1 })
}

/// A block of columns as an array; one column as a vector where the right-hand side was one.
fn shaped<'py>(py: Python<'py>, x: &WideMatrix, is_vector: bool) -> PyResult<Bound<'py, PyAny>> {
    let array = out(py, x)?;
    if is_vector { array.call_method0("ravel") } else { Ok(array) }
}

/// The one column of a right-hand side.
fn single<T: Scalar>(b: &Matrix<T>) -> PyResult<&[T]> {
    match b.columns() {
        1 => Ok(b.as_slice()),
        k => Err(PyValueError::new_err(format!(
            "the right-hand side has {k} columns, and this problem takes one\n\nhint: give one vector at a time"
        ))),
    }
}

/// Does the same for real and complex answers.
macro_rules! either {
    ($kind:ident, $value:expr, $s:ident => $body:expr) => {
        match $value {
            $kind::Real($s) => $body,
            $kind::Complex($s) => $body,
        }
    };
}

enum Solved {
    Real(Solution<f64>),
    Complex(Solution<c64>),
}

/// x with A x = b about, and how far it can be trusted. `float(s)` is the bound of its relative error.
#[pyclass(name = "Solution", module = "kappa", frozen)]
pub(crate) struct PySolution {
    found: Solved,
    is_vector: bool,
}

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
        py.detach(|| either!(Solved, &self.found, s => s.cond())).into()
    }
    /// A bound of the relative error of x in the inf-norm, estimated from the factors.
    #[getter]
    fn forward_error(&self, py: Python<'_>) -> PyEnclosure {
        py.detach(|| either!(Solved, &self.found, s => s.forward_error())).into()
    }
    fn __float__(&self, py: Python<'_>) -> f64 {
        self.forward_error(py).inner().upper()
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

enum Proved {
    Real(CertifiedSolution<f64>),
    Complex(CertifiedSolution<c64>),
}

/// x with an enclosure of each entry, every rounding error counted. `float(s)` is the largest radius over the largest entry.
#[pyclass(name = "CertifiedSolution", module = "kappa", frozen)]
pub(crate) struct PyCertifiedSolution {
    found: Proved,
    is_vector: bool,
}

impl PyCertifiedSolution {
    /// A number for each entry.
    fn each<'py>(&self, py: Python<'py>, f: impl Fn(usize, usize) -> f64) -> PyResult<Bound<'py, PyAny>> {
        let (n, k) = either!(Proved, &self.found, s => (s.x().rows(), s.x().columns()));
        shaped(py, &Matrix::from_fn(n, k, f).into(), self.is_vector)
    }
}

#[pymethods]
impl PyCertifiedSolution {
    /// The solution, shaped like the right-hand side.
    #[getter]
    fn x<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let x: WideMatrix = either!(Proved, &self.found, s => s.x().clone().into());
        shaped(py, &x, self.is_vector)
    }
    /// What is left of the (real parts of the) solution beyond the doubles of `x`: together about 106 bits.
    #[getter]
    fn low<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.each(py, |i, j| either!(Proved, &self.found, s => s.low(i, j)))
    }
    /// How far x + low may be off.
    #[getter]
    fn radius<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.each(py, |i, j| either!(Proved, &self.found, s => s.radius(i, j)))
    }
    /// Lower ends of the (real parts of the) entries.
    #[getter]
    fn lower<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.each(py, |i, j| either!(Proved, &self.found, s => s.entry(i, j).lower()))
    }
    /// Upper ends of the (real parts of the) entries.
    #[getter]
    fn upper<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.each(py, |i, j| either!(Proved, &self.found, s => s.entry(i, j).upper()))
    }
    /// Decimal digits of each entry that are certain, at most 31.
    #[getter]
    fn digits<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.each(py, |i, j| either!(Proved, &self.found, s => s.digits(i, j)))
    }
    /// The entry (or its real part) at row i of column j, enclosed.
    #[pyo3(signature = (i, j = 0))]
    fn entry(&self, i: usize, j: usize) -> PyResult<PyEnclosure> {
        self.check(i, j)?;
        Ok(either!(Proved, &self.found, s => s.entry(i, j)).into())
    }
    /// The imaginary part of the entry at row i of column j, enclosed.
    #[pyo3(signature = (i, j = 0))]
    fn imaginary(&self, i: usize, j: usize) -> PyResult<PyEnclosure> {
        self.check(i, j)?;
        Ok(either!(Proved, &self.found, s => s.imaginary(i, j)).into())
    }
    /// The 2-norm of b - A x, column by column.
    #[getter]
    fn residual_norms(&self) -> Vec<PyEnclosure> {
        either!(Proved, &self.found, s => s.residual_norms().iter().map(|r| (*r).into()).collect())
    }
    /// How it was proved.
    #[getter]
    fn method(&self) -> &'static str {
        either!(Proved, &self.found, s => s.algorithm())
    }
    fn __float__(&self) -> f64 {
        either!(Proved, &self.found, s => {
            let (n, k) = (s.x().rows(), s.x().columns());
            let all = || (0..n).flat_map(move |i| (0..k).map(move |j| (i, j)));
            let radius = all().map(|(i, j)| s.entry(i, j).width()).fold(0.0, f64::max);
            let size = all().map(|(i, j)| s.entry(i, j).estimate().abs()).fold(0.0, f64::max);
            if radius == 0.0 { 0.0 } else { radius / size }
        })
    }
    fn __repr__(&self) -> String {
        let (n, k) = either!(Proved, &self.found, s => (s.x().rows(), s.x().columns()));
        format!("CertifiedSolution({n}×{k}, relative width {:.1e})", self.__float__())
    }
}

impl PyCertifiedSolution {
    fn check(&self, i: usize, j: usize) -> PyResult<()> {
        let (n, k) = either!(Proved, &self.found, s => (s.x().rows(), s.x().columns()));
        if i < n && j < k {
            return Ok(());
        }
        Err(pyo3::exceptions::PyIndexError::new_err(format!("there is no entry ({i}, {j}) in a {n}×{k} solution")))
    }
}

/// Solves A x = b for a square A, the cheapest way that its entries allow.
///
/// `method` asks for diagonal, lower, upper, cholesky, ldlt, lu or mixed (single precision, refined); `refine` is when-needed,
/// never or extended. `certify=True` encloses every entry, every rounding error counted. SciPy sparse matrices are factored as they
/// are. Raises ValueError for a singular matrix.
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
            let found = py.detach(|| certified_solve(&matrix, &b)).map_err(to_python)?;
            return Ok(Bound::new(py, PyCertifiedSolution { found: Proved::Real(found), is_vector })?.into_any());
        }
        let found = py.detach(|| solve_by(&matrix, &b, &how)).map_err(to_python)?;
        return Ok(Bound::new(py, PySolution { found: Solved::Real(found), is_vector })?.into_any());
    }
    if certify {
        let found = with_matrix(a, |view| match (view.to_wide(), &b) {
            (WideMatrix::Real(a), WideMatrix::Real(b)) => certified_solve(&a, b).map(Proved::Real),
            (a, b) => certified_solve(&a.complex(), &b.complex()).map(Proved::Complex),
        })?;
        return Ok(Bound::new(py, PyCertifiedSolution { found, is_vector })?.into_any());
    }
    // A matrix in double precision is used where it lies.
    let found = with_matrix(a, |view| match (&view, &b) {
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

/// Solves A x = b, or minimises |A x - b|, from products alone, as a dict: x, residual_norm, gradient_norm, backward_error, steps,
/// has_converged.
///
/// `by` is cg (Hermitian positive definite), minres (Hermitian) or lsmr (any shape); SciPy sparse matrices are not written out.
#[pyfunction]
#[pyo3(signature = (a, b, *, by = "lsmr", tolerance = 1e-12, steps = 0))]
pub(crate) fn solve_iteratively<'py>(
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
    by: &str,
    tolerance: f64,
    steps: usize,
) -> PyResult<Bound<'py, PyDict>> {
    fn tell<'py, W: Scalar<Wide = W>>(
        py: Python<'py>,
        a: &(impl LinearOperator<W> + Sync),
        b: &Matrix<W>,
        how: &Iterate,
    ) -> PyResult<Bound<'py, PyDict>>
    where
        WideMatrix: From<Matrix<W>>,
    {
        let right = single(b)?;
        let s = py.detach(|| kappa::solve_iteratively(a, right, how)).map_err(to_python)?;
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
    if let Some(matrix) = sparse(a)? {
        return match wide(b)? {
            WideMatrix::Real(b) => tell(py, &matrix, &b, &how),
            WideMatrix::Complex(_) => Err(PyValueError::new_err("a sparse problem needs a real right-hand side")),
        };
    }
    match pair(a, b)? {
        Pair::Real(a, b) => tell(py, &a, &b, &how),
        Pair::Complex(a, b) => tell(py, &a, &b, &how),
    }
}

enum Kept {
    Real(Solver<f64>),
    Complex(Solver<c64>),
}

/// A factored matrix, to be solved with again and again.
#[pyclass(name = "Solver", module = "kappa", frozen)]
pub(crate) struct PySolver(Kept);

#[pymethods]
impl PySolver {
    #[new]
    #[pyo3(signature = (a, *, method = None, refine = "when-needed"))]
    fn new(a: &Bound<'_, PyAny>, method: Option<&str>, refine: &str) -> PyResult<Self> {
        let how = how(method, refine)?;
        if let Some(matrix) = sparse(a)? {
            return a.py().detach(|| Solver::by(&matrix, &how)).map(|s| Self(Kept::Real(s))).map_err(to_python);
        }
        with_matrix(a, |view| match view.to_wide() {
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
        py.detach(|| either!(Kept, &self.0, s => s.cond())).into()
    }
    /// Solves for one more right-hand side, a vector or a block of columns.
    fn solve(&self, py: Python<'_>, b: &Bound<'_, PyAny>) -> PyResult<PySolution> {
        let Right { b, is_vector } = right(b)?;
        let found = match (&self.0, b) {
            (Kept::Real(s), WideMatrix::Real(b)) => py.detach(|| s.solve(&b)).map(Solved::Real),
            (Kept::Complex(s), b) => py.detach(|| s.solve(&b.complex())).map(Solved::Complex),
            (Kept::Real(_), WideMatrix::Complex(_)) => {
                return Err(PyValueError::new_err(
                    "a real matrix was factored, and the right-hand side is complex\n\nhint: solve for its real and its imaginary part",
                ));
            }
        };
        Ok(PySolution { found: found.map_err(to_python)?, is_vector })
    }
    fn __repr__(&self) -> String {
        let n = either!(Kept, &self.0, s => s.plan().order);
        format!("Solver({n}×{n}, {})", self.method())
    }
}

enum Fitted {
    Real(LstsqSolution<f64>),
    Complex(LstsqSolution<c64>),
}

/// The minimiser of |A x - b| with what it leaves over, and how far it can be trusted. `float(s)` is the bound of its relative error.
#[pyclass(name = "LstsqSolution", module = "kappa", frozen)]
pub(crate) struct PyLstsqSolution {
    found: Fitted,
    is_vector: bool,
}

#[pymethods]
impl PyLstsqSolution {
    /// The solution, shaped like the right-hand side.
    #[getter]
    fn x<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let x: WideMatrix = either!(Fitted, &self.found, s => s.x().clone().into());
        shaped(py, &x, self.is_vector)
    }
    /// b - A x.
    #[getter]
    fn residual<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let x: WideMatrix = either!(Fitted, &self.found, s => s.residual().clone().into());
        shaped(py, &x, self.is_vector)
    }
    /// The 2-norm of the residual, column by column.
    #[getter]
    fn residual_norms<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        either!(Fitted, &self.found, s => s.residual_norms().to_pyarray(py).into_any())
    }
    /// The rank at the tolerance.
    #[getter]
    fn rank(&self) -> usize {
        either!(Fitted, &self.found, s => s.rank())
    }
    /// The factorization behind it.
    #[getter]
    fn method(&self) -> String {
        either!(Fitted, &self.found, s => s.method().to_string())
    }
    /// The condition number in the spectral norm over the rank that was found.
    #[getter]
    fn cond(&self, py: Python<'_>) -> PyEnclosure {
        py.detach(|| either!(Fitted, &self.found, s => s.cond())).into()
    }
    /// How sensitive x is to relative changes of A.
    #[getter]
    fn solution_cond(&self, py: Python<'_>) -> PyEnclosure {
        py.detach(|| either!(Fitted, &self.found, s => s.solution_cond())).into()
    }
    /// How little A must change, relative to its Frobenius norm, for x to be the exact minimiser.
    #[getter]
    fn backward_error(&self, py: Python<'_>) -> PyEnclosure {
        py.detach(|| either!(Fitted, &self.found, s => s.backward_error())).into()
    }
    /// A bound of the relative error of x in the 2-norm, to first order.
    #[getter]
    fn forward_error(&self, py: Python<'_>) -> PyEnclosure {
        py.detach(|| either!(Fitted, &self.found, s => s.forward_error())).into()
    }
    fn __float__(&self, py: Python<'_>) -> f64 {
        self.forward_error(py).inner().upper()
    }
    fn __repr__(&self) -> String {
        let (n, k) = either!(Fitted, &self.found, s => (s.x().rows(), s.x().columns()));
        format!("LstsqSolution({n}×{k}, rank {}, {})", self.rank(), self.method())
    }
}

/// The x that minimises |A x - b|, of least norm where there are many.
///
/// `method` asks for qr, cod, svd or normal-equations; singular values below `tolerance` times the largest count as zero; `weights`
/// multiply the squares of the residuals. `certify=True` encloses every entry, every rounding error counted, and goes with none of the
/// others.
#[pyfunction]
#[pyo3(signature = (a, b, *, certify = false, method = None, tolerance = None, weights = None))]
pub(crate) fn lstsq<'py>(
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
    certify: bool,
    method: Option<&str>,
    tolerance: Option<f64>,
    weights: Option<Vec<f64>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = a.py();
    if certify && (method.is_some() || tolerance.is_some() || weights.is_some()) {
        return Err(PyValueError::new_err(
            "certify=True solves the plain problem by its own method: leave out method, tolerance and weights",
        ));
    }
    let how =
        Lstsq { method: method.map(str::parse).transpose().map_err(to_python)?, tolerance: tolerance_of(tolerance)? };
    let dense = dense(a)?;
    let a = dense.as_ref().unwrap_or(a);
    let Right { b, is_vector } = right(b)?;
    if certify {
        let found = with_matrix(a, |view| match (view.to_wide(), &b) {
            (WideMatrix::Real(a), WideMatrix::Real(b)) => certified_lstsq(&a, b).map(Proved::Real),
            (a, b) => certified_lstsq(&a.complex(), &b.complex()).map(Proved::Complex),
        })?;
        return Ok(Bound::new(py, PyCertifiedSolution { found, is_vector })?.into_any());
    }
    if let Some(weights) = weights {
        let found = match Pair::of(wide(a)?, b) {
            Pair::Real(a, b) => weighted_lstsq(&a, single(&b)?, &weights, &how).map(Fitted::Real),
            Pair::Complex(a, b) => weighted_lstsq(&a, single(&b)?, &weights, &how).map(Fitted::Complex),
        };
        let found = found.map_err(to_python)?;
        return Ok(Bound::new(py, PyLstsqSolution { found, is_vector })?.into_any());
    }
    let found = with_matrix(a, |view| match (&view, &b) {
        (MatrixView::F64(a), WideMatrix::Real(b)) => lstsq_by(a, b, &how).map(Fitted::Real),
        (MatrixView::C64(a), b) => lstsq_by(a, &b.complex(), &how).map(Fitted::Complex),
        (MatrixView::F32(a), WideMatrix::Real(b)) => lstsq_by(&a.to_wide(), b, &how).map(Fitted::Real),
        (view, b) => lstsq_by(&view.to_wide().complex(), &b.complex(), &how).map(Fitted::Complex),
    })?;
    Ok(Bound::new(py, PyLstsqSolution { found, is_vector })?.into_any())
}

/// A SciPy sparse matrix written out.
fn dense<'py>(a: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    if a.hasattr("toarray")? && a.hasattr("nnz")? { a.call_method0("toarray").map(Some) } else { Ok(None) }
}

fn column<'py, W: Scalar>(py: Python<'py>, x: &[W]) -> PyResult<Bound<'py, PyAny>>
where
    WideMatrix: From<Matrix<W>>,
{
    shaped(py, &Matrix::from_fn(x.len(), 1, |i, _| x[i]).into(), true)
}

/// The x that minimises |A x - b| among those with C x = d, as a dict: x, multipliers, residual_norm, constraint_norm, is_unique.
#[pyfunction]
#[pyo3(name = "constrained_lstsq", signature = (a, b, c, d, *, multipliers = false))]
pub(crate) fn constrained<'py>(
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
    c: &Bound<'py, PyAny>,
    d: &Bound<'py, PyAny>,
    multipliers: bool,
) -> PyResult<Bound<'py, PyDict>> {
    fn tell<'py, W: Scalar<Wide = W> + WideEngine>(
        py: Python<'py>,
        (a, b): (Matrix<W>, Matrix<W>),
        (c, d): (Matrix<W>, Matrix<W>),
        how: Constrained,
    ) -> PyResult<Bound<'py, PyDict>>
    where
        WideMatrix: From<Matrix<W>>,
    {
        let (right, given) = (single(&b)?, single(&d)?);
        let s = py.detach(|| constrained_lstsq(&a, right, &c, given, how)).map_err(to_python)?;
        let dict = PyDict::new(py);
        dict.set_item("x", column(py, &s.x)?)?;
        dict.set_item("multipliers", column(py, &s.multipliers)?)?;
        dict.set_item("residual_norm", s.residual_norm)?;
        dict.set_item("constraint_norm", s.constraint_norm)?;
        dict.set_item("is_unique", s.is_unique)?;
        Ok(dict)
    }
    let py = a.py();
    let how = if multipliers { Constrained::Multipliers } else { Constrained::NullSpace };
    match (pair(a, b)?, pair(c, d)?) {
        (Pair::Real(a, b), Pair::Real(c, d)) => tell(py, (a, b), (c, d), how),
        (one, two) => tell(py, one.complex(), two.complex(), how),
    }
}

/// The x that minimises |v| with b = A x + B v, errors with the covariance B B*, as a dict: x, errors, error_norm, is_unique.
#[pyfunction]
#[pyo3(name = "generalized_lstsq")]
pub(crate) fn generalized<'py>(
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
    factor: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = a.py();
    let dict = PyDict::new(py);
    let (Pair::Real(m, right), WideMatrix::Real(factor)) = (pair(a, b)?, wide(factor)?) else {
        return Err(PyValueError::new_err("a covariance is known for real problems in Python"));
    };
    let b = single(&right)?;
    let s = py.detach(|| generalized_lstsq(&m, b, &factor)).map_err(to_python)?;
    dict.set_item("x", column(py, &s.x)?)?;
    dict.set_item("errors", column(py, &s.errors)?)?;
    dict.set_item("error_norm", s.error_norm)?;
    dict.set_item("is_unique", s.is_unique)?;
    Ok(dict)
}

/// The x of the least correction that makes (A + E) x = b + f true, as a dict: x, correction_norm, gap, is_unique.
///
/// `errors` is "everywhere" or "matrix"; `scale` weighs the errors of b; `exact_columns` lists columns without errors, from 0.
#[pyfunction]
#[pyo3(name = "total_lstsq", signature = (a, b, *, errors = "everywhere", scale = None, exact_columns = None))]
pub(crate) fn total<'py>(
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
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
    fn tell<'py, W: Scalar<Wide = W> + WideEngine>(
        py: Python<'py>,
        a: &Matrix<W>,
        b: &Matrix<W>,
        errors: &Errors,
    ) -> PyResult<Bound<'py, PyDict>>
    where
        WideMatrix: From<Matrix<W>>,
    {
        let right = single(b)?;
        let s = py.detach(|| total_lstsq(a, right, errors)).map_err(to_python)?;
        let dict = PyDict::new(py);
        dict.set_item("x", column(py, &s.x)?)?;
        dict.set_item("correction_norm", s.correction_norm)?;
        dict.set_item("gap", PyEnclosure::from(s.gap))?;
        dict.set_item("is_unique", s.is_unique)?;
        Ok(dict)
    }
    match pair(a, b)? {
        Pair::Real(a, b) => tell(py, &a, &b, &errors),
        Pair::Complex(a, b) => tell(py, &a, &b, &errors),
    }
}

/// The pseudoinverse as a dict: matrix, rank, and the residuals of Penrose's four conditions.
#[pyfunction]
#[pyo3(signature = (a, tolerance = None))]
pub(crate) fn pinv<'py>(a: &Bound<'py, PyAny>, tolerance: Option<f64>) -> PyResult<Bound<'py, PyDict>> {
    let py = a.py();
    let tolerance = tolerance_of(tolerance)?;
    let (x, rank, residuals): (WideMatrix, usize, [f64; 4]) = with_matrix(a, |view| {
        let wide = view.to_wide();
        with_wide!(&wide, a => kappa::pinv(a, tolerance).map(|p| (p.matrix.into(), p.rank, p.residuals)))
    })?;
    let dict = PyDict::new(py);
    dict.set_item("matrix", out(py, &x)?)?;
    dict.set_item("rank", rank)?;
    dict.set_item("penrose_residuals", residuals.to_pyarray(py))?;
    Ok(dict)
}

enum Changing {
    Real(Woodbury<f64>),
    Complex(Woodbury<c64>),
}

/// A matrix that changes by U V*, solved with the factors of the first one, and factored again where that loses accuracy.
#[pyclass(name = "Woodbury", module = "kappa")]
pub(crate) struct PyWoodbury(Changing);

#[pymethods]
impl PyWoodbury {
    #[new]
    fn new(a: &Bound<'_, PyAny>) -> PyResult<Self> {
        with_matrix(a, |view| match view.to_wide() {
            WideMatrix::Real(a) => Woodbury::new(&a).map(Changing::Real),
            WideMatrix::Complex(a) => Woodbury::new(&a).map(Changing::Complex),
        })
        .map(Self)
    }
    /// The matrix becomes A + U V*.
    fn update(&mut self, u: &Bound<'_, PyAny>, v: &Bound<'_, PyAny>) -> PyResult<()> {
        match (&mut self.0, pair(u, v)?) {
            (Changing::Real(w), Pair::Real(u, v)) => w.update(&u, &v),
            (Changing::Complex(w), change) => {
                let (u, v) = change.complex();
                w.update(&u, &v)
            }
            (Changing::Real(_), Pair::Complex(..)) => {
                return Err(PyValueError::new_err("a real matrix cannot change by a complex one"));
            }
        }
        .map_err(to_python)
    }
    /// X with (A + U V*) X = B about.
    fn solve<'py>(&mut self, py: Python<'py>, b: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let Right { b, is_vector } = right(b)?;
        let x: WideMatrix = match (&mut self.0, b) {
            (Changing::Real(w), WideMatrix::Real(b)) => w.solve(&b).map_err(to_python)?.into(),
            (Changing::Complex(w), b) => w.solve(&b.complex()).map_err(to_python)?.into(),
            (Changing::Real(_), WideMatrix::Complex(_)) => {
                return Err(PyValueError::new_err("the matrix is real, and the right-hand side complex"));
            }
        };
        shaped(py, &x, is_vector)
    }
    /// How often a matrix was factored so far.
    #[getter]
    fn factorizations(&self) -> usize {
        either!(Changing, &self.0, w => w.factorizations())
    }
    /// The matrix as it is now.
    #[getter]
    fn matrix<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let a: WideMatrix = either!(Changing, &self.0, w => w.matrix().clone().into());
        out(py, &a)
    }
}

enum Following {
    Real(CholeskyUpdate<f64>),
    Complex(CholeskyUpdate<c64>),
}

/// A Cholesky factor that follows its matrix when x x* is added or taken away, and is made anew where it has drifted.
#[pyclass(name = "CholeskyUpdate", module = "kappa")]
pub(crate) struct PyCholeskyUpdate(Following);

impl PyCholeskyUpdate {
    fn change(&mut self, x: &Bound<'_, PyAny>, up: bool) -> PyResult<()> {
        fn by<W: Scalar<Wide = W> + WideEngine>(f: &mut CholeskyUpdate<W>, x: &[W], up: bool) -> kappa::Result<()> {
            if up { f.update(x) } else { f.downdate(x) }
        }
        match (&mut self.0, wide(x)?.into_vector()) {
            (Following::Real(f), WideMatrix::Real(x)) => by(f, x.as_slice(), up),
            (Following::Complex(f), x) => by(f, x.complex().as_slice(), up),
            (Following::Real(_), WideMatrix::Complex(_)) => {
                return Err(PyValueError::new_err("a real matrix cannot change by a complex vector"));
            }
        }
        .map_err(to_python)
    }
}

#[pymethods]
impl PyCholeskyUpdate {
    #[new]
    fn new(a: &Bound<'_, PyAny>) -> PyResult<Self> {
        with_matrix(a, |view| match view.to_wide() {
            WideMatrix::Real(a) => CholeskyUpdate::new(&a).map(Following::Real),
            WideMatrix::Complex(a) => CholeskyUpdate::new(&a).map(Following::Complex),
        })
        .map(Self)
    }
    /// A becomes A + x x*.
    fn update(&mut self, x: &Bound<'_, PyAny>) -> PyResult<()> {
        self.change(x, true)
    }
    /// A becomes A - x x*; raises where that is not positive definite, and stays as it was.
    fn downdate(&mut self, x: &Bound<'_, PyAny>) -> PyResult<()> {
        self.change(x, false)
    }
    /// The lower triangular factor.
    #[getter]
    fn l<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let l: WideMatrix = either!(Following, &self.0, f => f.l().clone().into());
        out(py, &l)
    }
    /// How often the matrix was factored so far.
    #[getter]
    fn factorizations(&self) -> usize {
        either!(Following, &self.0, f => f.factorizations())
    }
}
