//! Solutions with an enclosure of each entry, in Python.

use kappa::equations::EntryEnclosures;
use kappa::{AnyMatrix, Enclosure, Matrix};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;

use crate::answers::{Answer, Kept, PyAnswer, answer, evidence, evidence_state, initializer, lasting};
use crate::array::shaped;
use crate::enclosure::{PyEnclosure, as_dtype, enclosures};
use crate::names::names;
use crate::types::{Array, Dtype, Floats};

names! { [PyCertifiedSolution] [] }

/// x with an enclosure of each entry, every rounding error counted. `float(s)` is the largest radius over the largest
/// entry.
///
/// numpy.asarray gives x.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> s = kp.solve([[2.0, 1.0], [1.0, 3.0]], [3.0, 5.0], certify=True)
/// >>> bool((s.lower <= [0.8, 1.4]).all() and (s.upper >= [0.8, 1.4]).all())
/// True
#[pyclass(name = "CertifiedSolution", module = "kappa", frozen, extends = PyAnswer)]
pub(crate) struct PyCertifiedSolution {
    x: AnyMatrix,
    low: Matrix<f64>,
    radius: Matrix<f64>,
    digits: Matrix<f64>,
    real: Entries,
    imaginary: Option<Entries>,
    residual_norms: Vec<Enclosure>,
    method: &'static str,
    is_vector: bool,
}

/// The ends and best guesses of (one part of) all entries.
#[derive(Clone)]
struct Entries {
    lower: Matrix<f64>,
    estimate: Matrix<f64>,
    upper: Matrix<f64>,
    evidence: kappa::Evidence,
}

type EntriesState = (Kept, Kept, Kept, (String, String, f64));

impl Entries {
    fn new((n, k): (usize, usize), of: impl Fn(usize, usize) -> Enclosure) -> Self {
        let all = |end: fn(&Enclosure) -> f64| Matrix::from_fn(n, k, |i, j| end(&of(i, j)));
        let places = (0..n).flat_map(|i| (0..k).map(move |j| (i, j)));
        let evidence = places.fold(kappa::Evidence::Rounding, |e, (i, j)| e.and(of(i, j).evidence()));
        Self {
            lower: all(Enclosure::lower),
            estimate: all(Enclosure::estimate),
            upper: all(Enclosure::upper),
            evidence,
        }
    }

    fn at(&self, i: usize, j: usize) -> Enclosure {
        Enclosure::new(self.lower[(i, j)], self.estimate[(i, j)], self.upper[(i, j)], self.evidence)
    }

    fn state(&self) -> (Kept, Kept, Kept, (&'static str, &'static str, f64)) {
        let kept = |a: &Matrix<f64>| Kept(a.clone().into());
        (kept(&self.lower), kept(&self.estimate), kept(&self.upper), evidence_state(self.evidence))
    }

    fn restored((lower, estimate, upper, why): EntriesState) -> PyResult<Self> {
        Ok(Self { lower: real(lower)?, estimate: real(estimate)?, upper: real(upper)?, evidence: evidence(why)? })
    }
}

/// A real matrix of a state.
fn real(a: Kept) -> PyResult<Matrix<f64>> {
    match a.0 {
        AnyMatrix::Real(a) => Ok(a),
        AnyMatrix::Complex(_) => Err(pyo3::exceptions::PyValueError::new_err("a complex matrix in a real state")),
    }
}

impl PyCertifiedSolution {
    pub(crate) fn new(x: AnyMatrix, found: &EntryEnclosures, is_vector: bool) -> Self {
        let (n, k) = x.shape();
        Self {
            low: Matrix::from_fn(n, k, |i, j| found.low(i, j)),
            radius: Matrix::from_fn(n, k, |i, j| found.radius(i, j)),
            digits: Matrix::from_fn(n, k, |i, j| found.digits(i, j)),
            real: Entries::new((n, k), |i, j| found.entry(i, j)),
            imaginary: x.is_complex().then(|| Entries::new((n, k), |i, j| found.imaginary(i, j))),
            residual_norms: found.residual_norms().to_vec(),
            method: found.algorithm(),
            x,
            is_vector,
        }
    }

    fn shaped<'py>(&self, py: Python<'py>, a: &Matrix<f64>) -> PyResult<Bound<'py, PyAny>> {
        shaped(py, a.clone().into(), self.is_vector)
    }

    fn check(&self, i: usize, j: usize) -> PyResult<()> {
        let (n, k) = self.x.shape();
        if i < n && j < k {
            return Ok(());
        }
        Err(pyo3::exceptions::PyIndexError::new_err(format!("entry ({i}, {j}) is outside of a {n}×{k} solution")))
    }
}

answer!(PyCertifiedSolution);

impl Answer for PyCertifiedSolution {
    const FIELDS: &'static [&'static str] = &["x", "lower", "upper", "digits", "residual_norms", "method"];

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let kept = |a: &Matrix<f64>| Kept(a.clone().into());
        let numbers = (Kept(self.x.clone()), kept(&self.low), kept(&self.radius), kept(&self.digits));
        let entries = (self.real.state(), self.imaginary.as_ref().map(Entries::state));
        (numbers, entries, enclosures(&self.residual_norms), self.method, self.is_vector).into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        type Whole = ((Kept, Kept, Kept, Kept), (EntriesState, Option<EntriesState>), Vec<PyEnclosure>, String, bool);
        let ((x, low, radius, digits), (first, second), norms, method, is_vector): Whole = state.extract()?;
        Ok(Self {
            x: x.0,
            low: real(low)?,
            radius: real(radius)?,
            digits: real(digits)?,
            real: Entries::restored(first)?,
            imaginary: second.map(Entries::restored).transpose()?,
            residual_norms: norms.into_iter().map(Into::into).collect(),
            method: lasting(&method),
            is_vector,
        })
    }
}

#[pymethods]
impl PyCertifiedSolution {
    /// The solution, shaped like the right-hand side.
    #[getter]
    fn x<'py>(&self, py: Python<'py>) -> PyResult<Array<'py>> {
        shaped(py, self.x.clone(), self.is_vector)
    }
    /// What is left of the (real parts of the) solution beyond the doubles of `x`: together about 106 bits.
    #[getter]
    fn low<'py>(&self, py: Python<'py>) -> PyResult<Floats<'py>> {
        self.shaped(py, &self.low)
    }
    /// A bound of the error of x + low.
    #[getter]
    fn radius<'py>(&self, py: Python<'py>) -> PyResult<Floats<'py>> {
        self.shaped(py, &self.radius)
    }
    /// Lower ends of the (real parts of the) entries.
    #[getter]
    fn lower<'py>(&self, py: Python<'py>) -> PyResult<Floats<'py>> {
        self.shaped(py, &self.real.lower)
    }
    /// Upper ends of the (real parts of the) entries.
    #[getter]
    fn upper<'py>(&self, py: Python<'py>) -> PyResult<Floats<'py>> {
        self.shaped(py, &self.real.upper)
    }
    /// Decimal digits of each entry that are certain, at most 31.
    #[getter]
    fn digits<'py>(&self, py: Python<'py>) -> PyResult<Floats<'py>> {
        self.shaped(py, &self.digits)
    }
    /// The entry (or its real part) at row i of column j, enclosed.
    #[pyo3(signature = (i, j = 0))]
    fn entry(&self, i: usize, j: usize) -> PyResult<PyEnclosure> {
        self.check(i, j)?;
        Ok(self.real.at(i, j).into())
    }
    /// The imaginary part of the entry at row i of column j, enclosed.
    #[pyo3(signature = (i, j = 0))]
    fn imaginary(&self, i: usize, j: usize) -> PyResult<PyEnclosure> {
        self.check(i, j)?;
        Ok(self.imaginary.as_ref().map_or(Enclosure::exact(0.0), |entries| entries.at(i, j)).into())
    }
    /// The 2-norm of b - A x, column by column.
    #[getter]
    fn residual_norms(&self) -> Vec<PyEnclosure> {
        enclosures(&self.residual_norms)
    }
    /// The algorithm that proved it.
    #[getter]
    fn method(&self) -> &'static str {
        self.method
    }
    #[pyo3(signature = (dtype = None, copy = None))]
    fn __array__<'py>(&self, py: Python<'py>, dtype: Dtype<'py>, copy: Option<bool>) -> PyResult<Array<'py>> {
        as_dtype(self.x(py)?, dtype, copy)
    }
    fn __float__(&self) -> f64 {
        let (n, k) = self.x.shape();
        let all = || (0..n).flat_map(move |i| (0..k).map(move |j| (i, j)));
        let radius = all().map(|(i, j)| self.real.at(i, j).width()).fold(0.0, f64::max);
        let size = all().map(|(i, j)| self.real.at(i, j).estimate().abs()).fold(0.0, f64::max);
        if radius == 0.0 { 0.0 } else { radius / size }
    }
    fn __repr__(&self) -> String {
        let (n, k) = self.x.shape();
        format!("CertifiedSolution({n}×{k}, relative width {:.1e})", self.__float__())
    }
}
