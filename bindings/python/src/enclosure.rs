//! Numbers with error bounds, in Python.

use kappa::values::{Doubt, Residual, SingularValuesParts};
use kappa::{Enclosure, SingularValues};
use numpy::{PyArray1, ToPyArray};
use pyo3::IntoPyObjectExt;
use pyo3::basic::CompareOp;
use pyo3::exceptions::{PyIndexError, PyOverflowError, PyValueError, PyZeroDivisionError};
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt, PySlice, PyString};

use crate::answers::{Answer, Numbers, PyAnswer, answer, evidence, evidence_state, initializer, lasting};
use crate::errors::to_python;
use crate::names::names;
use crate::types::{Dtype, EnclosureOrNot, Floats, NumberLike};

names! { [PyEnclosure, PySingularValues] [] }

/// An answer with its error bound: lower ≤ estimate ≤ upper, and the evidence that the true value is between the ends.
///
/// float(x) is the estimate; `y in x` asks whether y lies between the ends. `<`, `<=`, `>`, `>=`, `==` and `!=` with
/// numbers and other enclosures are True or False where all values between the ends agree; otherwise they compare the
/// estimates (`is_less_than` and `is_at_most` answer None instead). +, -, *, /, ** and abs give enclosures of the
/// result. `f"{x:.3g}"` formats the estimate.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> x = kp.norm([[3.0, 4.0]], certify=True)
/// >>> float(x), x.lower <= 5 <= x.upper, 5 in x, x.evidence
/// (5.0, True, True, 'rounding')
/// >>> kp.rank([[1.0, 2.0], [2.0, 4.0]]) == 1, kp.cond([[2.0, 0.0], [0.0, 0.5]]) < 1e8
/// (True, True)
/// >>> f"{x:.2f}", 10.0 in 2 * x
/// ('5.00', True)
#[pyclass(name = "Enclosure", module = "kappa", frozen, extends = PyAnswer, from_py_object)]
#[derive(Clone, Copy)]
pub(crate) struct PyEnclosure(Enclosure);

impl From<Enclosure> for PyEnclosure {
    fn from(x: Enclosure) -> Self {
        Self(x)
    }
}

impl From<PyEnclosure> for Enclosure {
    fn from(x: PyEnclosure) -> Self {
        x.0
    }
}

/// Enclosures for Python.
pub(crate) fn enclosures(all: &[Enclosure]) -> Vec<PyEnclosure> {
    all.iter().map(|&x| PyEnclosure(x)).collect()
}

impl PyEnclosure {
    /// The enclosure itself.
    pub(crate) fn inner(&self) -> Enclosure {
        self.0
    }
}

answer!(PyEnclosure);

impl Answer for PyEnclosure {
    const FIELDS: &'static [&'static str] = &["lower", "estimate", "upper", "evidence"];

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let x = self.0;
        (x.lower(), x.estimate(), x.upper(), evidence_state(x.evidence())).into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (lower, estimate, upper, why) = state.extract()?;
        Ok(Self(Enclosure::new(lower, estimate, upper, evidence(why)?)))
    }
}

/// A number of Python, enclosed; None for anything that is no number.
fn enclosed(x: &Bound<'_, PyAny>) -> PyResult<Option<Enclosure>> {
    if let Ok(x) = x.cast::<PyEnclosure>() {
        return Ok(Some(x.get().0));
    }
    let is_scalar = x.is_instance_of::<PyFloat>() || x.is_instance_of::<PyInt>();
    if x.is_instance_of::<PyString>() || !is_scalar && (x.hasattr("__len__")? || !x.hasattr("__float__")?) {
        return Ok(None);
    }
    if x.getattr_opt("ndim")?.is_some_and(|n| n.extract::<usize>().is_ok_and(|n| n > 0)) {
        return Ok(None);
    }
    let float = match x.extract::<f64>() {
        Ok(float) => float,
        Err(error) if error.is_instance_of::<PyOverflowError>(x.py()) => return Err(error),
        Err(_) => return Ok(None),
    };
    if float.is_nan() || x.is_instance_of::<PyFloat>() || x.eq(float)? {
        return Ok(Some(Enclosure::exact(float)));
    }
    // A whole number or a fraction that was rounded.
    let around = Enclosure::new(float.next_down(), float, float.next_up(), kappa::Evidence::Rounding);
    Ok(Some(around))
}

fn root(x: Enclosure) -> PyResult<Enclosure> {
    if x.upper() < 0.0 {
        return Err(PyValueError::new_err("the square root of a negative number is not real"));
    }
    Ok(x.sqrt())
}

/// Applies an operation to a number of Python, or answers NotImplemented.
fn with_number(
    other: &Bound<'_, PyAny>,
    operation: impl FnOnce(Enclosure) -> PyResult<Enclosure>,
) -> PyResult<Py<PyAny>> {
    let py = other.py();
    match enclosed(other)? {
        Some(other) => PyEnclosure(operation(other)?).into_py_any(py),
        None => Ok(py.NotImplemented()),
    }
}

fn divided(x: Enclosure, y: Enclosure) -> PyResult<Enclosure> {
    if y.lower() == 0.0 && y.upper() == 0.0 {
        return Err(PyZeroDivisionError::new_err("division by zero"));
    }
    Ok(x.over(y))
}

#[pymethods]
impl PyEnclosure {
    /// An enclosure of your own: `Enclosure(1.0, 2.0)`, or with the best guess `Enclosure(1.0, 2.0, estimate=1.2)`.
    ///
    /// Its evidence is "rounding": the bounds are taken as they are given.
    #[new]
    #[pyo3(signature = (lower, upper = None, *, estimate = None))]
    fn new(lower: f64, upper: Option<f64>, estimate: Option<f64>) -> PyResult<PyClassInitializer<Self>> {
        let upper = upper.unwrap_or(lower);
        let middle = estimate.unwrap_or_else(|| if lower == upper { lower } else { lower.midpoint(upper) });
        if !(lower <= middle && middle <= upper) {
            return Err(PyValueError::new_err(format!(
                "lower ≤ estimate ≤ upper is needed, not {lower}, {middle}, {upper}"
            )));
        }
        Ok(Self(Enclosure::new(lower, middle, upper, kappa::Evidence::Rounding)).initializer())
    }
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
    /// upper - lower, rounded up.
    #[getter]
    fn width(&self) -> f64 {
        self.0.width()
    }
    /// Whether the value is below `bound`: True, False, or None where the doubt decides.
    fn is_less_than(&self, bound: f64) -> Option<bool> {
        self.0.is_less_than(bound)
    }
    /// Whether the value is at most `bound`: True, False, or None where the doubt decides.
    fn is_at_most(&self, bound: f64) -> Option<bool> {
        self.0.is_at_most(bound)
    }
    /// The square root of a value that is not negative.
    fn sqrt(&self) -> PyResult<Self> {
        root(self.0).map(Self)
    }
    fn __float__(&self) -> f64 {
        self.0.estimate()
    }
    // stub: -> int
    fn __int__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        PyFloat::new(py, self.0.estimate()).call_method0("__int__")
    }
    fn __bool__(&self) -> bool {
        self.0.estimate() != 0.0
    }
    // stub: @overload
    // stub: def __round__(self, ndigits: None = None) -> int: ...
    // stub: @overload
    // stub: def __round__(self, ndigits: int) -> float: ...
    #[pyo3(signature = (ndigits = None))]
    fn __round__<'py>(&self, py: Python<'py>, ndigits: Option<i64>) -> PyResult<Bound<'py, PyAny>> {
        PyFloat::new(py, self.0.estimate()).call_method1("__round__", (ndigits,))
    }
    fn __format__(slf: &Bound<'_, Self>, spec: &str) -> PyResult<String> {
        if spec.is_empty() {
            return Ok(slf.str()?.to_string());
        }
        PyFloat::new(slf.py(), slf.get().0.estimate()).call_method1("__format__", (spec,))?.extract()
    }
    // stub: def __contains__(self, x: SupportsFloat, /) -> bool: ...
    fn __contains__(&self, x: f64) -> bool {
        self.0.contains(x)
    }
    // stub: def __eq__(self, other: object, /) -> bool: ...
    // stub: def __ne__(self, other: object, /) -> bool: ...
    // stub: def __lt__(self, other: SupportsFloat, /) -> bool: ...
    // stub: def __le__(self, other: SupportsFloat, /) -> bool: ...
    // stub: def __gt__(self, other: SupportsFloat, /) -> bool: ...
    // stub: def __ge__(self, other: SupportsFloat, /) -> bool: ...
    fn __richcmp__(&self, other: &Bound<'_, PyAny>, how: CompareOp) -> PyResult<Py<PyAny>> {
        let py = other.py();
        let Some(y) = enclosed(other)? else { return Ok(py.NotImplemented()) };
        let x = self.0;
        let (less, at_most) = (
            if x.upper() < y.lower() {
                Some(true)
            } else if x.lower() >= y.upper() {
                Some(false)
            } else {
                None
            },
            if x.upper() <= y.lower() {
                Some(true)
            } else if x.lower() > y.upper() {
                Some(false)
            } else {
                None
            },
        );
        let (a, b) = (x.estimate(), y.estimate());
        let (less, at_most) = (less.unwrap_or(a < b), at_most.unwrap_or(a <= b));
        // A number is never NaN in an enclosure: comparisons with NaN are those of the estimate.
        let is_nan = !other.is_instance_of::<Self>() && other.extract::<f64>().is_ok_and(f64::is_nan);
        let found = match how {
            // Where all values agree, so do the estimates.
            CompareOp::Eq => !is_nan && a == b,
            CompareOp::Ne => is_nan || a != b,
            _ if is_nan => false,
            CompareOp::Lt => less,
            CompareOp::Le => at_most,
            CompareOp::Gt => !at_most,
            CompareOp::Ge => !less,
        };
        found.into_py_any(py)
    }
    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        // Equal to a number, and so of its hash.
        PyFloat::new(py, self.0.estimate()).hash()
    }
    fn __add__(&self, other: &NumberLike<'_>) -> PyResult<EnclosureOrNot> {
        with_number(other, |y| Ok(self.0.plus(y)))
    }
    fn __radd__(&self, other: &NumberLike<'_>) -> PyResult<EnclosureOrNot> {
        with_number(other, |y| Ok(y.plus(self.0)))
    }
    fn __sub__(&self, other: &NumberLike<'_>) -> PyResult<EnclosureOrNot> {
        with_number(other, |y| Ok(self.0.minus(y)))
    }
    fn __rsub__(&self, other: &NumberLike<'_>) -> PyResult<EnclosureOrNot> {
        with_number(other, |y| Ok(y.minus(self.0)))
    }
    fn __mul__(&self, other: &NumberLike<'_>) -> PyResult<EnclosureOrNot> {
        with_number(other, |y| Ok(self.0.times(y)))
    }
    fn __rmul__(&self, other: &NumberLike<'_>) -> PyResult<EnclosureOrNot> {
        with_number(other, |y| Ok(y.times(self.0)))
    }
    fn __truediv__(&self, other: &NumberLike<'_>) -> PyResult<EnclosureOrNot> {
        with_number(other, |y| divided(self.0, y))
    }
    fn __rtruediv__(&self, other: &NumberLike<'_>) -> PyResult<EnclosureOrNot> {
        with_number(other, |y| divided(y, self.0))
    }
    // stub: def __pow__(self, exponent: float, modulo: None = None, /) -> Enclosure: ...
    fn __pow__(&self, exponent: f64, modulo: &Bound<'_, PyAny>) -> PyResult<Self> {
        if !modulo.is_none() {
            return Err(PyValueError::new_err("an enclosure has no power modulo a number"));
        }
        if exponent == 0.5 {
            return self.sqrt();
        }
        if exponent.fract() != 0.0 || exponent.abs() > f64::from(i32::MAX) {
            return Err(PyValueError::new_err(format!("an exponent must be a whole number or 0.5, not {exponent}")));
        }
        Ok(Self(self.0.powi(exponent as i32)))
    }
    fn __neg__(&self) -> Self {
        Self(self.0.negated())
    }
    fn __pos__(&self) -> Self {
        *self
    }
    fn __abs__(&self) -> Self {
        Self(self.0.abs())
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

/// Singular values, largest first, each an Enclosure; numpy.asarray gives the estimates, a slice a list.
///
/// Examples
/// --------
/// >>> import numpy as np, kappa as kp
/// >>> s = kp.singular_values([[3.0, 0.0], [0.0, -4.0]])
/// >>> np.asarray(s), len(s), float(s[0]), s[:1] == [4]
/// (array([4., 3.]), 2, 4.0, True)
// stub: class SingularValues(Answer, Sequence[Enclosure]):
#[pyclass(name = "SingularValues", module = "kappa", frozen, sequence, extends = PyAnswer, from_py_object)]
#[derive(Clone)]
pub(crate) struct PySingularValues {
    values: SingularValues,
    count: usize,
}

answer!(PySingularValues);

type DoubtState = (String, Vec<PyEnclosure>, f64, (String, String, f64));
type ResidualState = (Numbers, f64, f64, f64, i32);

impl Answer for PySingularValues {
    const FIELDS: &'static [&'static str] = &["estimates", "lower", "upper", "algorithm"];

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let parts = self.values.parts();
        let none = ("rounding", "", 0.0);
        let doubt = match &parts.doubt {
            Doubt::Each(each) => ("each", enclosures(each), 0.0, none),
            Doubt::Absolute { radius, evidence } => ("absolute", vec![], *radius, evidence_state(*evidence)),
            Doubt::Squares { radius, evidence } => ("squares", vec![], *radius, evidence_state(*evidence)),
        };
        let residual =
            parts.residual.map(|r| (Numbers(r.values), r.lower_factor, r.upper_factor, r.frobenius, r.exponent));
        let values = (parts.shape, Numbers(parts.estimates), doubt, parts.algorithm, residual, parts.epsilon);
        (values, self.count).into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        type Values = ((usize, usize), Numbers, DoubtState, String, Option<ResidualState>, f64);
        let ((shape, estimates, doubt, algorithm, residual, epsilon), count): (Values, usize) = state.extract()?;
        let (kind, each, radius, why) = doubt;
        let doubt = match kind.as_str() {
            "each" => Doubt::Each(each.into_iter().map(Into::into).collect()),
            "absolute" => Doubt::Absolute { radius, evidence: evidence(why)? },
            "squares" => Doubt::Squares { radius, evidence: evidence(why)? },
            _ => return Err(PyValueError::new_err(format!("unknown kind of doubt `{kind}`"))),
        };
        let residual = residual.map(|(values, lower_factor, upper_factor, frobenius, exponent)| Residual {
            values: values.0,
            lower_factor,
            upper_factor,
            frobenius,
            exponent,
        });
        let algorithm = lasting(&algorithm);
        let parts = SingularValuesParts { shape, estimates: estimates.0, doubt, algorithm, residual, epsilon };
        let values = SingularValues::from_parts(parts).map_err(to_python)?;
        Ok(Self::new(values, Some(count)))
    }
}

impl PySingularValues {
    pub(crate) fn new(values: SingularValues, top: Option<usize>) -> Self {
        let count = values.len().min(top.unwrap_or(usize::MAX));
        Self { values, count }
    }

    /// The values themselves, with those beyond the ones that were asked for.
    pub(crate) fn inner(&self) -> &SingularValues {
        &self.values
    }

    fn array<'py>(&self, py: Python<'py>, end: fn(&Enclosure) -> f64) -> Bound<'py, PyArray1<f64>> {
        let numbers: Vec<f64> = self.values.iter().take(self.count).map(|x| end(&x)).collect();
        numbers.to_pyarray(py)
    }
}

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
    /// The place of the first value that is equal to `value`.
    // stub: def index(self, value: Any) -> int: ...  # type: ignore[override]
    fn index(&self, value: &Bound<'_, PyAny>) -> PyResult<usize> {
        for k in 0..self.count {
            if Bound::new(value.py(), PyEnclosure(self.values.get(k)).initializer())?.eq(value)? {
                return Ok(k);
            }
        }
        Err(PyValueError::new_err("no singular value is equal to this number"))
    }
    /// How many values are equal to `value`.
    fn count(&self, value: &Bound<'_, PyAny>) -> PyResult<usize> {
        let mut found = 0;
        for k in 0..self.count {
            found += usize::from(Bound::new(value.py(), PyEnclosure(self.values.get(k)).initializer())?.eq(value)?);
        }
        Ok(found)
    }
    fn __len__(&self) -> usize {
        self.count
    }
    // stub: @overload
    // stub: def __getitem__(self, i: int, /) -> Enclosure: ...
    // stub: @overload
    // stub: def __getitem__(self, i: slice, /) -> list[Enclosure]: ...
    fn __getitem__<'py>(&self, py: Python<'py>, i: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if let Ok(slice) = i.cast::<PySlice>() {
            let places = slice.indices(self.count as isize)?;
            let at = |k: usize| (places.start + k as isize * places.step) as usize;
            let found: Vec<PyEnclosure> = (0..places.slicelength).map(|k| self.values.get(at(k)).into()).collect();
            return found.into_bound_py_any(py);
        }
        let i: isize = i.extract()?;
        let at = if i < 0 { i + self.count as isize } else { i };
        if at < 0 || at >= self.count as isize {
            return Err(PyIndexError::new_err(format!("index {i} is out of range for {} singular values", self.count)));
        }
        PyEnclosure::from(self.values.get(at as usize)).into_bound_py_any(py)
    }
    #[pyo3(signature = (dtype = None, copy = None))]
    fn __array__<'py>(&self, py: Python<'py>, dtype: Dtype<'py>, copy: Option<bool>) -> PyResult<Floats<'py>> {
        as_dtype(self.array(py, Enclosure::estimate).into_any(), dtype, copy)
    }
    fn __repr__(&self) -> String {
        let shown: Vec<String> = self.values.iter().take(self.count.min(8)).map(|x| x.short(8)).collect();
        let more = if self.count > 8 { ", …" } else { "" };
        format!("SingularValues([{}{more}])", shown.join(", "))
    }
}

/// What `__array__` returns: a new array each time, so that `copy=False` cannot be granted.
pub(crate) fn as_dtype<'py>(
    array: Bound<'py, PyAny>,
    dtype: Option<Bound<'py, PyAny>>,
    copy: Option<bool>,
) -> PyResult<Bound<'py, PyAny>> {
    if copy == Some(false) {
        return Err(PyValueError::new_err("the array is made anew each time and cannot be had without a copy"));
    }
    dtype.map_or(Ok(array.clone()), |dtype| array.call_method1("astype", (dtype,)))
}
