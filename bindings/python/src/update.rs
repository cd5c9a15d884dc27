//! Factors that follow their matrix, in Python.

use kappa::equations::{AnyCholeskyUpdate, AnyWoodbury};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;

use crate::answers::{Answer, Kept, PyAnswer, answer, initializer};
use crate::array::{Right, matrix, numbers, right, shaped, view, with_matrix};
use crate::compute::compute;
use crate::errors::to_python;
use crate::names::names;
use crate::types::{Array, ArrayLike};

names! { [PyWoodbury, PyCholeskyUpdate] [] }

/// A matrix that changes by U V*, solved with the factors of the first one, and factored again where that loses
/// accuracy.
///
/// It is pickled as its present matrix, and factored anew.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> w = kp.Woodbury([[2.0, 0.0], [0.0, 2.0]])
/// >>> w.update([[1.0], [0.0]], [[2.0], [0.0]])
/// >>> w.solve([4.0, 4.0]).round(12)
/// array([1., 2.])
#[pyclass(name = "Woodbury", module = "kappa", extends = PyAnswer)]
pub(crate) struct PyWoodbury(AnyWoodbury);

answer!(PyWoodbury);

impl Answer for PyWoodbury {
    const FIELDS: &'static [&'static str] = &["matrix", "factorizations"];
    const IS_MUTABLE: bool = true;

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        (self.matrix(py)?,).into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (a,): (Bound<'_, PyAny>,) = state.extract()?;
        with_matrix(&a, |a| AnyWoodbury::new(&a)).map(Self)
    }
}

#[pymethods]
impl PyWoodbury {
    #[new]
    fn new(a: &Bound<'_, PyAny>) -> PyResult<PyClassInitializer<Self>> {
        Ok(Self(with_matrix(a, |a| AnyWoodbury::new(&a))?).initializer())
    }
    /// The matrix becomes A + U V*.
    fn update(&mut self, py: Python<'_>, u: &ArrayLike<'_>, v: &ArrayLike<'_>) -> PyResult<()> {
        let (u, v) = (matrix(u)?, matrix(v)?);
        compute(py, || self.0.update(&u, &v)).map_err(to_python)
    }
    /// X with (A + U V*) X = B about.
    fn solve<'py>(&mut self, py: Python<'py>, b: &ArrayLike<'py>) -> PyResult<Array<'py>> {
        let Right { b, is_vector } = right(b)?;
        shaped(py, compute(py, || self.0.solve(&b)).map_err(to_python)?, is_vector)
    }
    /// The number of factorizations so far.
    #[getter]
    fn factorizations(&self) -> usize {
        self.0.factorizations()
    }
    /// The matrix as it is now.
    #[getter]
    fn matrix<'py>(&self, py: Python<'py>) -> PyResult<Array<'py>> {
        view(py, &self.0.matrix())
    }
    fn __repr__(&self) -> String {
        let (n, _) = self.0.matrix().shape();
        format!("Woodbury({n}×{n}, {} factorizations)", self.0.factorizations())
    }
}

/// A Cholesky factor that follows its matrix when x x* is added or taken away, and is computed anew where it has
/// drifted.
///
/// It is pickled as its present matrix, and factored anew.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> f = kp.CholeskyUpdate([[4.0, 0.0], [0.0, 1.0]])
/// >>> f.update([0.0, 2.0])
/// >>> (f.l @ f.l.T).round(12)
/// array([[4., 0.],
///        [0., 5.]])
#[pyclass(name = "CholeskyUpdate", module = "kappa", extends = PyAnswer)]
pub(crate) struct PyCholeskyUpdate(AnyCholeskyUpdate);

answer!(PyCholeskyUpdate);

impl Answer for PyCholeskyUpdate {
    const FIELDS: &'static [&'static str] = &["l", "factorizations"];
    const IS_MUTABLE: bool = true;

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        (self.matrix(py)?,).into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (a,): (Kept,) = state.extract()?;
        AnyCholeskyUpdate::new(&(&a.0).into()).map(Self).map_err(to_python)
    }
}

#[pymethods]
impl PyCholeskyUpdate {
    #[new]
    fn new(a: &Bound<'_, PyAny>) -> PyResult<PyClassInitializer<Self>> {
        Ok(Self(with_matrix(a, |a| AnyCholeskyUpdate::new(&a))?).initializer())
    }
    /// A becomes A + x x*.
    fn update(&mut self, py: Python<'_>, x: &ArrayLike<'_>) -> PyResult<()> {
        let x = numbers(x)?;
        compute(py, || self.0.update(&x)).map_err(to_python)
    }
    /// A becomes A - x x*; raises where that is not positive definite, and stays as it was.
    fn downdate(&mut self, py: Python<'_>, x: &ArrayLike<'_>) -> PyResult<()> {
        let x = numbers(x)?;
        compute(py, || self.0.downdate(&x)).map_err(to_python)
    }
    /// The lower triangular factor.
    #[getter]
    fn l<'py>(&self, py: Python<'py>) -> PyResult<Array<'py>> {
        view(py, &self.0.l())
    }
    /// The matrix as it is now.
    #[getter]
    fn matrix<'py>(&self, py: Python<'py>) -> PyResult<Array<'py>> {
        view(py, &self.0.matrix())
    }
    /// The number of factorizations so far.
    #[getter]
    fn factorizations(&self) -> usize {
        self.0.factorizations()
    }
    fn __repr__(&self) -> String {
        let (n, _) = self.0.l().shape();
        format!("CholeskyUpdate({n}×{n}, {} factorizations)", self.0.factorizations())
    }
}
