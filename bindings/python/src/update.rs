//! Factors that follow their matrix, in Python.

use kappa::{CholeskyUpdate, Scalar, Woodbury, c64};
use kappa_model::WideMatrix;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::array::with_matrix;
use crate::condition::{Pair, out, pair, wide};
use crate::errors::to_python;
use crate::problem::{Right, either, right, shaped};

enum Changing {
    Real(Woodbury<f64>),
    Complex(Woodbury<c64>),
}

/// A matrix that changes by U V*, solved with the factors of the first one, and factored again where that loses accuracy.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> w = kp.Woodbury([[2.0, 0.0], [0.0, 2.0]])
/// >>> w.update([[1.0], [0.0]], [[2.0], [0.0]])
/// >>> w.solve([4.0, 4.0]).round(12)
/// array([1., 2.])
#[pyclass(name = "Woodbury", module = "kappa")]
pub(crate) struct PyWoodbury(Changing);

#[pymethods]
impl PyWoodbury {
    #[new]
    fn new(a: &Bound<'_, PyAny>) -> PyResult<Self> {
        with_matrix(a, move |view| match view.to_wide() {
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
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> f = kp.CholeskyUpdate([[4.0, 0.0], [0.0, 1.0]])
/// >>> f.update([0.0, 2.0])
/// >>> (f.l @ f.l.T).round(12)
/// array([[4., 0.],
///        [0., 5.]])
#[pyclass(name = "CholeskyUpdate", module = "kappa")]
pub(crate) struct PyCholeskyUpdate(Following);

impl PyCholeskyUpdate {
    fn change(&mut self, x: &Bound<'_, PyAny>, up: bool) -> PyResult<()> {
        fn by<W: Scalar<Wide = W>>(f: &mut CholeskyUpdate<W>, x: &[W], up: bool) -> kappa::Result<()> {
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
        with_matrix(a, move |view| match view.to_wide() {
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
