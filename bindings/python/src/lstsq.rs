//! Least squares and its relatives, in Python.

use kappa::{
    Constrained, Errors, Lstsq, LstsqSolution, Matrix, Scalar, c64, certified_lstsq, constrained_lstsq,
    generalized_lstsq, lstsq_by, total_lstsq, weighted_lstsq,
};
use kappa_model::{MatrixView, WideMatrix, with_wide};
use numpy::ToPyArray;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::answers;
use crate::array::with_matrix;
use crate::certified::{Proved, PyCertifiedSolution};
use crate::compute::compute;
use crate::condition::{Pair, out, pair, wide};
use crate::enclosure::PyEnclosure;
use crate::errors::to_python;
use crate::problem::{Right, column, either, right, shaped, single};
use crate::tolerance_of;

enum Fitted {
    Real(LstsqSolution<f64>),
    Complex(LstsqSolution<c64>),
}

/// The minimiser of |A x - b| with what it leaves over, and how far it can be trusted. `float(s)` is the bound of its relative error.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> s = kp.lstsq([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], [1.0, 3.0, 5.0])
/// >>> s.x.round(12), s.rank
/// (array([1., 2.]), 2)
#[pyclass(name = "LstsqSolution", module = "kappa", frozen)]
pub(crate) struct PyLstsqSolution {
    found: Fitted,
    is_vector: bool,
}

/// What stands in the dict and the table.
const LSTSQ_SOLUTION_FIELDS: [&str; 9] =
    ["x", "residual", "residual_norms", "rank", "method", "cond", "solution_cond", "backward_error", "forward_error"];

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
        compute(py, || either!(Fitted, &self.found, s => s.cond())).into()
    }
    /// How sensitive x is to relative changes of A.
    #[getter]
    fn solution_cond(&self, py: Python<'_>) -> PyEnclosure {
        compute(py, || either!(Fitted, &self.found, s => s.solution_cond())).into()
    }
    /// How little A must change, relative to its Frobenius norm, for x to be the exact minimiser.
    #[getter]
    fn backward_error(&self, py: Python<'_>) -> PyEnclosure {
        compute(py, || either!(Fitted, &self.found, s => s.backward_error())).into()
    }
    /// A bound of the relative error of x in the 2-norm, to first order.
    #[getter]
    fn forward_error(&self, py: Python<'_>) -> PyEnclosure {
        compute(py, || either!(Fitted, &self.found, s => s.forward_error())).into()
    }
    fn __float__(&self, py: Python<'_>) -> f64 {
        self.forward_error(py).inner().upper()
    }
    /// The parts of the answer by name.
    fn to_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        answers::dict(slf.as_any(), &LSTSQ_SOLUTION_FIELDS)
    }
    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<String> {
        answers::html(slf.as_any(), &LSTSQ_SOLUTION_FIELDS)
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
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> s = kp.lstsq([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], [1.0, 3.0, 5.0])
/// >>> s.x.round(12)
/// array([1., 2.])
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
        let found = with_matrix(a, move |view| match (view.to_wide(), &b) {
            (WideMatrix::Real(a), WideMatrix::Real(b)) => certified_lstsq(&a, b).map(Proved::Real),
            (a, b) => certified_lstsq(&a.complex(), &b.complex()).map(Proved::Complex),
        })?;
        return Ok(Bound::new(py, PyCertifiedSolution { found, is_vector })?.into_any());
    }
    if let Some(weights) = weights {
        let found = match Pair::of(wide(a)?, b) {
            Pair::Real(a, b) => {
                let b = single(&b)?;
                compute(py, || weighted_lstsq(&a, b, &weights, &how)).map(Fitted::Real)
            }
            Pair::Complex(a, b) => {
                let b = single(&b)?;
                compute(py, || weighted_lstsq(&a, b, &weights, &how)).map(Fitted::Complex)
            }
        };
        let found = found.map_err(to_python)?;
        return Ok(Bound::new(py, PyLstsqSolution { found, is_vector })?.into_any());
    }
    let found = with_matrix(a, move |view| match (&view, &b) {
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

/// The x that minimises |A x - b| among those with C x = d, as a dict: x, multipliers, residual_norm, constraint_norm, is_unique.
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
    b: &Bound<'py, PyAny>,
    c: &Bound<'py, PyAny>,
    d: &Bound<'py, PyAny>,
    multipliers: bool,
) -> PyResult<Bound<'py, PyDict>> {
    fn tell<'py, W: Scalar<Wide = W>>(
        py: Python<'py>,
        (a, b): (Matrix<W>, Matrix<W>),
        (c, d): (Matrix<W>, Matrix<W>),
        how: Constrained,
    ) -> PyResult<Bound<'py, PyDict>>
    where
        WideMatrix: From<Matrix<W>>,
    {
        let (right, given) = (single(&b)?, single(&d)?);
        let s = compute(py, || constrained_lstsq(&a, right, &c, given, how)).map_err(to_python)?;
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
    b: &Bound<'py, PyAny>,
    factor: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = a.py();
    let dict = PyDict::new(py);
    let (Pair::Real(m, right), WideMatrix::Real(factor)) = (pair(a, b)?, wide(factor)?) else {
        return Err(PyValueError::new_err("a covariance is known for real problems in Python"));
    };
    let b = single(&right)?;
    let s = compute(py, || generalized_lstsq(&m, b, &factor)).map_err(to_python)?;
    dict.set_item("x", column(py, &s.x)?)?;
    dict.set_item("errors", column(py, &s.errors)?)?;
    dict.set_item("error_norm", s.error_norm)?;
    dict.set_item("is_unique", s.is_unique)?;
    Ok(dict)
}

/// The x of the least correction that makes (A + E) x = b + f true, as a dict: x, correction_norm, gap, is_unique.
///
/// `errors` is "everywhere" or "matrix"; `scale` weighs the errors of b; `exact_columns` lists columns without errors, from 0.
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
    fn tell<'py, W: Scalar<Wide = W>>(
        py: Python<'py>,
        a: &Matrix<W>,
        b: &Matrix<W>,
        errors: &Errors,
    ) -> PyResult<Bound<'py, PyDict>>
    where
        WideMatrix: From<Matrix<W>>,
    {
        let right = single(b)?;
        let s = compute(py, || total_lstsq(a, right, errors)).map_err(to_python)?;
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
    let (x, rank, residuals): (WideMatrix, usize, [f64; 4]) = with_matrix(a, move |view| {
        let wide = view.to_wide();
        with_wide!(&wide, a => kappa::pinv(a, tolerance).map(|p| (p.matrix.into(), p.rank, p.residuals)))
    })?;
    let dict = PyDict::new(py);
    dict.set_item("matrix", out(py, &x)?)?;
    dict.set_item("rank", rank)?;
    dict.set_item("penrose_residuals", residuals.to_pyarray(py))?;
    Ok(dict)
}
