//! Vectors and plain numbers, in Python.

use kappa::arithmetic::{self, Format, QuadraticRoots, Summed};
use kappa::norm::Inequality;
use kappa::values::Majorization;
use kappa::{AnyMatrix, VectorNorm};
use numpy::ToPyArray;
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::answers::{Answer, PyAnswer, answer, dict, initializer};
use crate::array::{numbers, real_matrix, real_numbers};
use crate::compute::compute;
use crate::enclosure::PyEnclosure;
use crate::errors::to_python;
use crate::matrix::values_of;
use crate::names::names;
use crate::ruler::vector;
use crate::types::{Array, ArrayLike, Floats};

names! {
    [PyInequality, PySum]
    [
        vector_norm, dual_vector, vector_constant, inner_product, nuclear_norm_of_factors, holder, bessel,
        parallelogram, sum, dot, mean_and_variance, hypot, difference_of_squares, quadratic_roots, formats,
        majorization, fan_dominance,
    ]
}

fn vector_norm_of(
    p: f64,
    weights: Option<&Bound<'_, PyAny>>,
    mahalanobis: Option<&Bound<'_, PyAny>>,
) -> PyResult<VectorNorm> {
    let norm = match (weights, mahalanobis) {
        (Some(_), Some(_)) => return Err(PyValueError::new_err("weights and mahalanobis are two different norms")),
        (Some(w), None) => VectorNorm::weighted(p, real_numbers(w)?),
        (None, Some(m)) => VectorNorm::mahalanobis(real_matrix(m, "the matrix of a norm")?),
        (None, None) => VectorNorm::p(p),
    };
    norm.map_err(to_python)
}

/// The norm of a vector: (sum |x|^p)^(1/p), with weights (sum w |x|^p)^(1/p), or sqrt(x' M x) for `mahalanobis=M`.
///
/// p = 0 counts the non-zeros; below 1 it is a quasi-norm. `dual=True` measures in the dual norm.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> 5 in kp.vector_norm([3.0, 4.0])
/// True
#[pyfunction]
#[pyo3(signature = (x, p = 2.0, *, weights = None, mahalanobis = None, dual = false))]
pub(crate) fn vector_norm(
    x: &ArrayLike<'_>,
    p: f64,
    weights: Option<&ArrayLike<'_>>,
    mahalanobis: Option<&ArrayLike<'_>>,
    dual: bool,
) -> PyResult<PyEnclosure> {
    let norm = vector_norm_of(p, weights, mahalanobis)?;
    let norm = if dual { norm.dual().map_err(to_python)? } else { norm };
    let value = match numbers(x)? {
        AnyMatrix::Real(x) => norm.of(x.as_slice()),
        AnyMatrix::Complex(x) => norm.of(x.as_slice()),
    };
    value.map(Into::into).map_err(to_python)
}

/// A y of dual norm 1 with <y, x> equal to the norm of x.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> kp.dual_vector([3.0, 4.0]).round(12)
/// array([0.6, 0.8])
#[pyfunction]
#[pyo3(signature = (x, p = 2.0, *, weights = None, mahalanobis = None))]
pub(crate) fn dual_vector<'py>(
    x: &ArrayLike<'py>,
    p: f64,
    weights: Option<&ArrayLike<'_>>,
    mahalanobis: Option<&ArrayLike<'_>>,
) -> PyResult<Array<'py>> {
    let norm = vector_norm_of(p, weights, mahalanobis)?;
    let py = x.py();
    Ok(match numbers(x)? {
        AnyMatrix::Real(x) => vector(py, &norm.dual_vector(x.as_slice()).map_err(to_python)?),
        AnyMatrix::Complex(x) => norm.dual_vector(x.as_slice()).map_err(to_python)?.to_pyarray(py).into_any(),
    })
}

/// The largest ratio of the p-norm to the q-norm over vectors of length n, and a vector that attains it.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> constant, vector = kp.vector_constant(1, 2, 4)
/// >>> round(float(constant), 12)
/// 2.0
#[pyfunction]
pub(crate) fn vector_constant(py: Python<'_>, p: f64, q: f64, n: usize) -> PyResult<(PyEnclosure, Floats<'_>)> {
    let constant = VectorNorm::p(p).and_then(|x| x.constant(&VectorNorm::p(q)?, n)).map_err(to_python)?;
    Ok((constant.value.into(), vector(py, &constant.attained_by)))
}

/// The inner product <x, y>, the first conjugated, every rounding error counted: an enclosure for real vectors, and the
/// enclosures of the real and the imaginary part where a vector is complex.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> float(kp.inner_product([1.0, 2.0], [3.0, -4.0]))
/// -5.0
/// >>> [float(part) for part in kp.inner_product([1j], [2.0])]
/// [0.0, -2.0]
// stub: -> Any
#[pyfunction]
pub(crate) fn inner_product<'py>(
    py: Python<'py>,
    x: &ArrayLike<'py>,
    y: &ArrayLike<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let (x, y) = (numbers(x)?, numbers(y)?);
    let found = x.inner_product(&y).map_err(to_python)?;
    let re = PyEnclosure::from(found.re);
    if x.is_complex() || y.is_complex() {
        (re, PyEnclosure::from(found.im)).into_bound_py_any(py)
    } else {
        re.into_bound_py_any(py)
    }
}

/// The nuclear norm of b @ a from its factors, without forming the product: at most the product of their Frobenius
/// norms.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> round(float(kp.nuclear_norm_of_factors([[2.0], [0.0]], [[0.0, 3.0]])), 12)
/// 6.0
#[pyfunction]
pub(crate) fn nuclear_norm_of_factors(b: &ArrayLike<'_>, a: &Bound<'_, PyAny>) -> PyResult<PyEnclosure> {
    let py = b.py();
    let (b, a) = (real_matrix(b, "the first factor")?, real_matrix(a, "the second factor")?);
    compute(py, || kappa::ask::nuclear_norm_of_factors(&b, &a)).map(Into::into).map_err(to_python)
}

/// Both sides of an inequality, and their difference.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> holds = kp.holder([1.0, 2.0], [3.0, 4.0])
/// >>> round(float(holds.left), 12), float(holds.slack) >= 0
/// (11.0, True)
#[pyclass(name = "Inequality", module = "kappa", frozen, extends = PyAnswer)]
pub(crate) struct PyInequality(Inequality);

answer!(PyInequality);

impl Answer for PyInequality {
    const FIELDS: &'static [&'static str] = &["left", "right", "slack"];

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        (self.left(), self.right(), self.slack()).into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (left, right, slack): (PyEnclosure, PyEnclosure, PyEnclosure) = state.extract()?;
        Ok(Self(Inequality { left: left.into(), right: right.into(), slack: slack.into() }))
    }
}

#[pymethods]
impl PyInequality {
    /// The smaller side.
    #[getter]
    fn left(&self) -> PyEnclosure {
        self.0.left.into()
    }
    /// The larger side.
    #[getter]
    fn right(&self) -> PyEnclosure {
        self.0.right.into()
    }
    /// right - left.
    #[getter]
    fn slack(&self) -> PyEnclosure {
        self.0.slack.into()
    }
    fn __repr__(&self) -> String {
        format!("Inequality({} <= {}, slack {})", self.0.left.short(8), self.0.right.short(8), self.0.slack.short(8))
    }
}

/// Hoelder's inequality |<x, y>| <= |x|_p |y|_q for 1/p + 1/q = 1; Cauchy-Schwarz for p = 2.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> holds = kp.holder([1.0, 2.0], [3.0, 4.0])
/// >>> round(float(holds.left), 12), float(holds.left) <= float(holds.right)
/// (11.0, True)
#[pyfunction]
#[pyo3(signature = (x, y, p = 2.0))]
pub(crate) fn holder(x: &ArrayLike<'_>, y: &ArrayLike<'_>, p: f64) -> PyResult<PyInequality> {
    let norm = VectorNorm::p(p).map_err(to_python)?;
    let found = match (numbers(x)?, numbers(y)?) {
        (AnyMatrix::Real(x), AnyMatrix::Real(y)) => kappa::norm::holder(x.as_slice(), y.as_slice(), &norm),
        (x, y) => kappa::norm::holder(x.to_complex().as_slice(), y.to_complex().as_slice(), &norm),
    };
    found.map(PyInequality).map_err(to_python)
}

/// Bessel's inequality: the squared inner products with orthonormal columns add up to at most |x|^2.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> holds = kp.bessel([3.0, 4.0], [[1.0], [0.0]])
/// >>> round(float(holds.left), 12), round(float(holds.right), 12)
/// (9.0, 25.0)
#[pyfunction]
pub(crate) fn bessel(x: &ArrayLike<'_>, columns: &ArrayLike<'_>) -> PyResult<PyInequality> {
    let py = x.py();
    let (x, columns) = (real_numbers(x)?, real_matrix(columns, "the matrix of orthonormal columns")?);
    compute(py, || kappa::norm::bessel(&x, &columns)).map(PyInequality).map_err(to_python)
}

/// The parallelogram law in the p-norm: |x + y|^2 + |x - y|^2 against 2 |x|^2 + 2 |y|^2; equal for all x and y only for
/// p = 2.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> float(kp.parallelogram([1.0, 0.0], [0.0, 1.0]).slack) < 1e-14
/// True
#[pyfunction]
#[pyo3(signature = (x, y, p = 2.0))]
pub(crate) fn parallelogram(x: &ArrayLike<'_>, y: &ArrayLike<'_>, p: f64) -> PyResult<PyInequality> {
    let norm = VectorNorm::p(p).map_err(to_python)?;
    kappa::norm::parallelogram(&real_numbers(x)?, &real_numbers(y)?, &norm).map(PyInequality).map_err(to_python)
}

/// A sum with its error bound, beside what plain addition makes of it.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> kp.sum([1e16, 1.0, -1e16]).value.estimate, kp.sum([1e16, 1.0, -1e16]).naive
/// (1.0, 0.0)
#[pyclass(name = "Sum", module = "kappa", frozen, extends = PyAnswer)]
pub(crate) struct PySum(Summed);

answer!(PySum);

impl Answer for PySum {
    const FIELDS: &'static [&'static str] = &["value", "naive", "condition", "digits_lost", "naive_digits"];

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        (self.value(), self.naive(), self.condition()).into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (value, naive, condition): (PyEnclosure, f64, PyEnclosure) = state.extract()?;
        Ok(Self(Summed { value: value.into(), naive, condition: condition.into() }))
    }
}

#[pymethods]
impl PySum {
    /// The sum, every rounding error counted.
    #[getter]
    fn value(&self) -> PyEnclosure {
        self.0.value.into()
    }
    /// What adding from left to right gives.
    #[getter]
    fn naive(&self) -> f64 {
        self.0.naive
    }
    /// Sum of the moduli over the modulus of the sum.
    #[getter]
    fn condition(&self) -> PyEnclosure {
        self.0.condition.into()
    }
    /// Decimal digits lost to cancellation.
    #[getter]
    fn digits_lost(&self) -> f64 {
        self.0.digits_lost()
    }
    /// Correct decimal digits of the naive sum.
    #[getter]
    fn naive_digits(&self) -> f64 {
        self.0.naive_digits()
    }
    fn __float__(&self) -> f64 {
        self.0.value.estimate()
    }
    fn __repr__(&self) -> String {
        format!("Sum({}, naive={:?}, digits_lost={:.1})", self.0.value.short(17), self.0.naive, self.0.digits_lost())
    }
}

/// The sum of real numbers, every rounding error counted, with a report of what cancels.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> kp.sum([1e16, 1.0, -1e16]).value.estimate
/// 1.0
#[pyfunction]
pub(crate) fn sum(x: &ArrayLike<'_>) -> PyResult<PySum> {
    arithmetic::sum(&real_numbers(x)?).map(PySum).map_err(to_python)
}

/// The inner product of real vectors, every rounding error counted, with a report of what cancels.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> float(kp.dot([1e16, 1.0, -1e16], [1.0, 1.0, 1.0]).value)
/// 1.0
#[pyfunction]
pub(crate) fn dot(x: &ArrayLike<'_>, y: &ArrayLike<'_>) -> PyResult<PySum> {
    arithmetic::dot(&real_numbers(x)?, &real_numbers(y)?).map(PySum).map_err(to_python)
}

/// The mean and the unbiased variance, in two passes, every rounding error counted.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> mean, variance = kp.mean_and_variance([1.0, 2.0, 3.0])
/// >>> float(mean), float(variance)
/// (2.0, 1.0)
#[pyfunction]
pub(crate) fn mean_and_variance(x: &ArrayLike<'_>) -> PyResult<(PyEnclosure, PyEnclosure)> {
    let m = arithmetic::mean_and_variance(&real_numbers(x)?).map_err(to_python)?;
    Ok((m.mean.into(), m.variance.into()))
}

/// sqrt(a^2 + b^2) without overflow.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> 5 in kp.hypot(3.0, 4.0)
/// True
#[pyfunction]
pub(crate) fn hypot(a: f64, b: f64) -> PyEnclosure {
    arithmetic::hypot(a, b).into()
}

/// a^2 - b^2 without cancellation.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> 4.0 in kp.difference_of_squares(2.5, 1.5)
/// True
#[pyfunction]
pub(crate) fn difference_of_squares(a: f64, b: f64) -> PyEnclosure {
    arithmetic::difference_of_squares(a, b).into()
}

/// The roots of a x^2 + b x + c without cancellation: a list of two real enclosures, of one for a = 0, or of the real
/// part and the modulus of the imaginary part, with the kind first: "real", "one", "conjugate", "none" or "all".
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> kind, roots = kp.quadratic_roots(1.0, -3.0, 2.0)
/// >>> kind, [float(x) for x in roots]
/// ('real', [1.0, 2.0])
// stub: -> tuple[Literal["all", "none", "one", "real", "conjugate"], list[Enclosure]]
#[pyfunction]
pub(crate) fn quadratic_roots(a: f64, b: f64, c: f64) -> PyResult<(&'static str, Vec<PyEnclosure>)> {
    Ok(match arithmetic::quadratic_roots(a, b, c).map_err(to_python)? {
        QuadraticRoots::Everything => ("all", vec![]),
        QuadraticRoots::Nothing => ("none", vec![]),
        QuadraticRoots::One(x) => ("one", vec![x.into()]),
        QuadraticRoots::Real(x, y) => ("real", vec![x.into(), y.into()]),
        QuadraticRoots::Conjugate(re, im) => ("conjugate", vec![re.into(), im.into()]),
    })
}

/// The number formats by name: precision, unit_roundoff, largest, smallest_normal, smallest; and, for a number, what it
/// becomes and the unit in the last place there.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> sorted(kp.formats())[:4]
/// ['bf16', 'f16', 'f32', 'f64']
// stub: -> dict[str, dict[str, float]]
#[pyfunction]
#[pyo3(signature = (number = None))]
pub(crate) fn formats(py: Python<'_>, number: Option<f64>) -> PyResult<Bound<'_, PyDict>> {
    let all = PyDict::new(py);
    for f in Format::ALL {
        let one = dict!(py, {
            "precision": f.precision(),
            "unit_roundoff": f.unit_roundoff(),
            "largest": f.largest(),
            "smallest_normal": f.smallest_normal(),
            "smallest": f.smallest(),
        });
        if let Some(x) = number {
            one.set_item("becomes", f.round(x))?;
            one.set_item("ulp", f.ulp(x))?;
        }
        all.set_item(f.name(), one)?;
    }
    Ok(all)
}

fn majorized(py: Python<'_>, m: Majorization) -> PyResult<Bound<'_, PyDict>> {
    Ok(dict!(py, {
        "weak": m.weak,
        "strong": m.strong,
        "fails_at": m.fails_at,
    }))
}

/// Whether y majorizes x: {"weak", "strong", "fails_at"}, None where the doubt decides.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> kp.majorization([2.0, 2.0], [3.0, 1.0])["strong"]
/// True
#[pyfunction]
pub(crate) fn majorization<'py>(x: &ArrayLike<'py>, y: &ArrayLike<'py>) -> PyResult<Bound<'py, PyDict>> {
    majorized(x.py(), kappa::values::majorization(&real_numbers(x)?, &real_numbers(y)?).map_err(to_python)?)
}

/// Whether a is at most b in every unitarily invariant norm: "weak" is the answer, "fails_at" the first Ky Fan norm to
/// fail.
///
/// Examples
/// --------
/// >>> import numpy as np, kappa as kp
/// >>> kp.fan_dominance(np.diag([1.0, 1.0]), np.diag([2.0, 1.0]))["weak"]
/// True
#[pyfunction]
#[pyo3(signature = (a, b, *, certify = false))]
pub(crate) fn fan_dominance<'py>(
    a: &Bound<'py, PyAny>,
    b: &ArrayLike<'py>,
    certify: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let (x, y) = (values_of(a, certify)?, values_of(b, certify)?);
    majorized(a.py(), x.dominated_by(&y))
}
