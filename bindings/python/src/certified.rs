//! Solutions with an enclosure of each entry, in Python.

use kappa::{CertifiedSolution, Matrix, c64};
use kappa_model::WideMatrix;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::answers;
use crate::enclosure::PyEnclosure;
use crate::problem::{either, shaped};

pub(crate) enum Proved {
    Real(CertifiedSolution<f64>),
    Complex(CertifiedSolution<c64>),
}

/// x with an enclosure of each entry, every rounding error counted. `float(s)` is the largest radius over the largest entry.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> s = kp.solve([[2.0, 1.0], [1.0, 3.0]], [3.0, 5.0], certify=True)
/// >>> bool((s.lower <= [0.8, 1.4]).all() and (s.upper >= [0.8, 1.4]).all())
/// True
#[pyclass(name = "CertifiedSolution", module = "kappa", frozen)]
pub(crate) struct PyCertifiedSolution {
    pub(crate) found: Proved,
    pub(crate) is_vector: bool,
}

impl PyCertifiedSolution {
    /// A number for each entry.
    fn each<'py>(&self, py: Python<'py>, f: impl Fn(usize, usize) -> f64) -> PyResult<Bound<'py, PyAny>> {
        let (n, k) = either!(Proved, &self.found, s => (s.x().rows(), s.x().columns()));
        shaped(py, &Matrix::from_fn(n, k, f).into(), self.is_vector)
    }
}

/// What stands in the dict and the table.
const CERTIFIED_SOLUTION_FIELDS: [&str; 6] = ["x", "lower", "upper", "digits", "residual_norms", "method"];

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
    /// The parts of the answer by name.
    fn to_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        answers::dict(slf.as_any(), &CERTIFIED_SOLUTION_FIELDS)
    }
    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<String> {
        answers::html(slf.as_any(), &CERTIFIED_SOLUTION_FIELDS)
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
