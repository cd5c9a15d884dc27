//! Numbers with doubt, in Python.

use kappa::{Enclosure, SingularValues};
use numpy::{PyArray1, ToPyArray};
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::answers;

/// An answer with its error bound: lower ≤ estimate ≤ upper, and the evidence that the truth is between the ends.
///
/// float(x) is the estimate; `y in x` asks whether y lies between the ends.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> x = kp.norm([[3.0, 4.0]], certify=True)
/// >>> float(x), x.lower <= 5 <= x.upper, 5 in x, x.evidence
/// (5.0, True, True, 'rounding')
#[pyclass(name = "Enclosure", module = "kappa", frozen, from_py_object)]
#[derive(Clone, Copy)]
pub(crate) struct PyEnclosure(Enclosure);

impl From<Enclosure> for PyEnclosure {
    fn from(x: Enclosure) -> Self {
        Self(x)
    }
}

impl PyEnclosure {
    /// The enclosure itself.
    pub(crate) fn inner(&self) -> Enclosure {
        self.0
    }
}

/// What stands in the dict and the table.
const ENCLOSURE_FIELDS: [&str; 4] = ["lower", "estimate", "upper", "evidence"];

#[pymethods]
impl PyEnclosure {
    /// The lower end.
    #[getter]
    fn lower(&self) -> f64 {
        self.0.lower()
    }
    /// The best guess.
    #[getter]
    fn estimate(&self) -> f64 {
        self.0.estimate()
    }
    /// The upper end.
    #[getter]
    fn upper(&self) -> f64 {
        self.0.upper()
    }
    /// Why the ends may be believed.
    #[getter]
    fn evidence(&self) -> String {
        self.0.evidence().to_string()
    }
    fn __float__(&self) -> f64 {
        self.0.estimate()
    }
    fn __int__(&self) -> PyResult<i64> {
        let x = self.0.estimate();
        if x.abs() < 9e15 { Ok(x as i64) } else { Err(pyo3::exceptions::PyOverflowError::new_err(format!("{x}"))) }
    }
    fn __contains__(&self, x: f64) -> bool {
        self.0.contains(x)
    }
    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.extract::<Self>().is_ok_and(|other| other.0 == self.0)
    }
    fn __hash__(&self) -> u64 {
        self.0.lower().to_bits() ^ self.0.upper().to_bits().rotate_left(32)
    }
    /// The parts of the answer by name.
    fn to_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        answers::dict(slf.as_any(), &ENCLOSURE_FIELDS)
    }
    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<String> {
        answers::html(slf.as_any(), &ENCLOSURE_FIELDS)
    }
    fn __repr__(&self) -> String {
        let (x, evidence) = (self.0.estimate(), self.0.evidence());
        if self.0.lower() == self.0.upper() {
            format!("Enclosure({x:?}, evidence='{evidence}')")
        } else if self.0.short(17).contains(['…', '≥']) {
            format!("Enclosure({:?} … {:?} … {:?}, evidence='{evidence}')", self.0.lower(), x, self.0.upper())
        } else {
            format!("Enclosure({}, evidence='{evidence}')", self.0.short(17))
        }
    }
    fn __str__(&self) -> String {
        self.0.to_string()
    }
}

/// Singular values, largest first, each an Enclosure; numpy.asarray gives the estimates.
///
/// Examples
/// --------
/// >>> import numpy as np, kappa as kp
/// >>> s = kp.singular_values([[3.0, 0.0], [0.0, -4.0]])
/// >>> np.asarray(s), len(s), float(s[0])
/// (array([4., 3.]), 2, 4.0)
#[pyclass(name = "SingularValues", module = "kappa", frozen, sequence)]
pub(crate) struct PySingularValues {
    values: SingularValues,
    count: usize,
}

impl PySingularValues {
    pub(crate) fn new(values: SingularValues, top: Option<usize>) -> Self {
        let count = values.len().min(top.unwrap_or(usize::MAX));
        Self { values, count }
    }

    fn array<'py>(&self, py: Python<'py>, end: fn(&Enclosure) -> f64) -> Bound<'py, PyArray1<f64>> {
        let numbers: Vec<f64> = self.values.iter().take(self.count).map(|x| end(&x)).collect();
        numbers.to_pyarray(py)
    }
}

/// What stands in the dict and the table.
const SINGULAR_VALUES_FIELDS: [&str; 4] = ["estimates", "lower", "upper", "algorithm"];

#[pymethods]
impl PySingularValues {
    /// The best guesses.
    #[getter]
    fn estimates<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.array(py, Enclosure::estimate)
    }
    /// The lower ends.
    #[getter]
    fn lower<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.array(py, Enclosure::lower)
    }
    /// The upper ends.
    #[getter]
    fn upper<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.array(py, Enclosure::upper)
    }
    /// The algorithm that gave them.
    #[getter]
    fn algorithm(&self) -> &'static str {
        self.values.algorithm()
    }
    fn __len__(&self) -> usize {
        self.count
    }
    fn __getitem__(&self, i: isize) -> PyResult<PyEnclosure> {
        let at = if i < 0 { i + self.count as isize } else { i };
        if at < 0 || at >= self.count as isize {
            return Err(PyIndexError::new_err(format!("there are {} singular values, and no number {i}", self.count)));
        }
        Ok(self.values.get(at as usize).into())
    }
    #[pyo3(signature = (dtype = None, copy = None))]
    fn __array__<'py>(
        &self,
        py: Python<'py>,
        dtype: Option<Bound<'py, PyAny>>,
        copy: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        // The array is made anew each time, so any wish about copies is granted.
        let _ = copy;
        let array = self.array(py, Enclosure::estimate).into_any();
        dtype.map_or(Ok(array.clone()), |dtype| array.call_method1("astype", (dtype,)))
    }
    /// The parts of the answer by name.
    fn to_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        answers::dict(slf.as_any(), &SINGULAR_VALUES_FIELDS)
    }
    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<String> {
        answers::html(slf.as_any(), &SINGULAR_VALUES_FIELDS)
    }
    fn __repr__(&self) -> String {
        let shown: Vec<String> = self.values.iter().take(self.count.min(8)).map(|x| x.short(8)).collect();
        let more = if self.count > 8 { ", …" } else { "" };
        format!("SingularValues([{}{more}])", shown.join(", "))
    }
}
