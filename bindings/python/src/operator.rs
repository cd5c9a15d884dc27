//! Operators that Python multiplies.

use std::sync::{Mutex, PoisonError};

use kappa::{LinearOperator, Matrix};
use numpy::{PyArray2, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::errors::to_python;
use crate::factor::array;

/// A real operator by its products with blocks of columns; the first exception that they raise is kept.
pub(crate) struct PyOperator {
    shape: (usize, usize),
    apply: Py<PyAny>,
    adjoint: Option<Py<PyAny>>,
    failed: Mutex<Option<PyErr>>,
}

impl LinearOperator<f64> for PyOperator {
    fn shape(&self) -> (usize, usize) {
        self.shape
    }

    fn apply(&self, x: &Matrix<f64>) -> kappa::Result<Matrix<f64>> {
        product(&self.apply, self.shape.0, x).or_else(|error| self.noted(error))
    }

    fn apply_adjoint(&self, x: &Matrix<f64>) -> kappa::Result<Matrix<f64>> {
        let missing =
            || PyValueError::new_err("`adjoint`, the product with the transpose, is needed, and there is none");
        let product = self.adjoint.as_ref().ok_or_else(missing).and_then(|f| product(f, self.shape.1, x));
        product.or_else(|error| self.noted(error))
    }
}

impl PyOperator {
    pub(crate) fn new(shape: (usize, usize), apply: Py<PyAny>, adjoint: Option<Py<PyAny>>) -> Self {
        Self { shape, apply, adjoint, failed: Mutex::new(None) }
    }

    /// The operator that an object with `matmat` and `rmatmat` is, as SciPy's LinearOperator; None for anything else.
    pub(crate) fn of(a: &Bound<'_, PyAny>) -> PyResult<Option<Self>> {
        if !a.hasattr("matmat")? || !a.hasattr("rmatmat")? {
            return Ok(None);
        }
        let shape: (usize, usize) = a.getattr("shape")?.extract()?;
        let dtype = a.getattr("dtype")?;
        if !dtype.is_none() && dtype.getattr("kind")?.extract::<String>()? == "c" {
            return Err(complex_refused());
        }
        Ok(Some(Self::new(shape, a.getattr("matmat")?.unbind(), Some(a.getattr("rmatmat")?.unbind()))))
    }

    /// What was found, or the first exception that Python raised on the way.
    pub(crate) fn answer<R>(self, found: kappa::Result<R>) -> PyResult<R> {
        match self.failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => found.map_err(to_python),
        }
    }

    /// Keeps what Python raised, and stops whoever asked for the product by an error of ours in its place.
    fn noted<R>(&self, error: PyErr) -> kappa::Result<R> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        let stop = Matrix::<f64>::from_column_major(1, 1, Vec::new());
        Err(stop.map_or_else(Into::into, |_| unreachable!("no entry fills no matrix")))
    }
}

fn complex_refused() -> PyErr {
    PyValueError::new_err("complex operators are not multiplied\n\nhint: write the matrix out where it fits")
}

fn product(multiply: &Py<PyAny>, m: usize, x: &Matrix<f64>) -> PyResult<Matrix<f64>> {
    Python::attach(|py| {
        let y = multiply.call1(py, (array(py, x)?,))?;
        let numpy = py.import("numpy")?;
        if numpy.call_method1("iscomplexobj", (&y,))?.extract()? {
            return Err(complex_refused());
        }
        let y = numpy.call_method1("asfortranarray", (y, "float64"))?;
        let y = y.cast::<PyArray2<f64>>()?.readonly();
        let k = x.columns();
        if y.shape() != [m, k] {
            return Err(PyValueError::new_err(format!("the product must have shape ({m}, {k})")));
        }
        let entries: Vec<f64> =
            (0..k).flat_map(|j| (0..m).map(move |i| (i, j))).map(|p| *y.get([p.0, p.1]).unwrap_or(&f64::NAN)).collect();
        Matrix::from_column_major(m, k, entries).map_err(|e| to_python(e.into()))
    })
}
