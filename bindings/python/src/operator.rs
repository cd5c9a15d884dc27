//! Operators that Python multiplies.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use kappa::{AnyOperator, Error, LinearOperator, Matrix, Scalar, c64};
use numpy::{Element, PyArray1, PyArrayDyn, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::compute::{Slot, interruptible};
use crate::errors::to_python;

/// A question that leaves its answer elsewhere: what asks it is compiled once, and not for each kind of answer.
pub(crate) type Question = Box<dyn FnOnce(AnyOperator<'_>) -> kappa::Result<()> + Send>;

pub(crate) fn question<R: Send + 'static>(
    ask: impl FnOnce(AnyOperator<'_>) -> kappa::Result<R> + Send + 'static,
) -> (Question, Slot<R>) {
    let slot = Slot::new();
    let filled = slot.shared();
    (Box::new(move |a| ask(a).map(|found| filled.fill(found))), slot)
}

/// An operator by its products with blocks of columns. It fails with an error of kappa, and keeps the exception that
/// Python raised.
pub(crate) struct PyOperator {
    shape: (usize, usize),
    is_complex: bool,
    apply: Py<PyAny>,
    adjoint: Option<Py<PyAny>>,
    fate: Arc<Fate>,
}

/// What became of an operator while it was multiplied.
#[derive(Default)]
struct Fate {
    /// The first exception that Python raised.
    raised: Mutex<Option<PyErr>>,
    /// Whether the wait for the answer was interrupted.
    is_stopped: AtomicBool,
}

impl<T: Scalar + Element> LinearOperator<T> for PyOperator {
    fn shape(&self) -> (usize, usize) {
        self.shape
    }

    fn apply(&self, x: &Matrix<T>) -> kappa::Result<Matrix<T>> {
        self.product(Some(&self.apply), self.shape.0, x)
    }

    fn apply_adjoint(&self, x: &Matrix<T>) -> kappa::Result<Matrix<T>> {
        self.product(self.adjoint.as_ref(), self.shape.1, x)
    }
}

impl PyOperator {
    pub(crate) fn new(shape: (usize, usize), apply: Py<PyAny>, adjoint: Option<Py<PyAny>>) -> Self {
        Self { shape, is_complex: false, apply, adjoint, fate: Arc::default() }
    }

    /// The operator that an object with `shape` and `matmat` is, as SciPy's LinearOperator; None for arrays and
    /// anything else.
    pub(crate) fn of(a: &Bound<'_, PyAny>) -> PyResult<Option<Self>> {
        if !a.hasattr("matmat")? || a.hasattr("__array__")? {
            return Ok(None);
        }
        let shape: (usize, usize) = a.getattr("shape")?.extract()?;
        let kind = match a.getattr_opt("dtype")? {
            Some(dtype) if !dtype.is_none() => dtype.getattr("kind")?.extract::<String>()?,
            _ => "f".to_owned(),
        };
        let is_complex = match kind.as_str() {
            "c" => true,
            "f" | "i" | "u" | "b" => false,
            _ => {
                return Err(PyTypeError::new_err(format!(
                    "an operator of dtype kind `{kind}` does not multiply numbers"
                )));
            }
        };
        let adjoint = a.getattr_opt("rmatmat")?.map(Bound::unbind);
        Ok(Some(Self { is_complex, ..Self::new(shape, a.getattr("matmat")?.unbind(), adjoint) }))
    }

    /// Asks the operator on a thread of its own; an exception that Python raised on the way is raised again.
    pub(crate) fn asked(self, py: Python<'_>, ask: Question) -> PyResult<()> {
        let fate = self.fate.clone();
        let found = interruptible(py, move || {
            if self.is_complex {
                ask((&self as &(dyn LinearOperator<c64> + Sync)).into())
            } else {
                ask((&self as &(dyn LinearOperator<f64> + Sync)).into())
            }
        });
        if found.is_err() {
            // The thread ends at its next product.
            fate.is_stopped.store(true, Ordering::Relaxed);
        }
        match fate.raised.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) => Err(error),
            None => found?.map_err(to_python),
        }
    }

    fn product<T: Scalar + Element>(
        &self,
        multiply: Option<&Py<PyAny>>,
        rows: usize,
        x: &Matrix<T>,
    ) -> kappa::Result<Matrix<T>> {
        if self.fate.is_stopped.load(Ordering::Relaxed) {
            return Err(Error::operator("the wait for the answer was interrupted"));
        }
        let missing = || {
            PyValueError::new_err(
                "the operator has no product with its adjoint\n\nhint: define rmatmat (or pass `adjoint`)",
            )
        };
        multiply.ok_or_else(missing).and_then(|f| called(f, rows, x)).map_err(|error| {
            let message = error.to_string();
            self.fate.raised.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            Error::operator(message)
        })
    }
}

/// The product as Python computes it, checked and copied.
fn called<T: Scalar + Element>(multiply: &Py<PyAny>, m: usize, x: &Matrix<T>) -> PyResult<Matrix<T>> {
    Python::attach(|py| {
        let k = x.columns();
        let block = PyArray1::from_slice(py, x.as_slice()).reshape([k, x.rows()])?.getattr("T")?;
        let y = multiply.call1(py, (block,))?;
        let numpy = py.import("numpy")?;
        if !T::IS_COMPLEX && numpy.call_method1("iscomplexobj", (&y,))?.extract()? {
            return Err(PyTypeError::new_err(
                "the product is complex, and the operator is declared real\n\nhint: give it dtype=complex",
            ));
        }
        let y = numpy.call_method1("asarray", (y, T::get_dtype(py)))?.getattr("T")?;
        let y = numpy.call_method1("ascontiguousarray", (y,))?;
        let y = y.cast::<PyArrayDyn<T>>()?.readonly();
        if y.shape() != [k, m] {
            let found: Vec<usize> = y.shape().iter().rev().copied().collect();
            return Err(PyValueError::new_err(format!("the product must have shape ({m}, {k}), and has {found:?}")));
        }
        let entries = y.as_slice().map_err(|e| PyValueError::new_err(e.to_string()))?.to_vec();
        Matrix::from_column_major(m, k, entries).map_err(|e| to_python(e.into()))
    })
}
