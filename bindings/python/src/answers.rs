//! What every answer can do: become a dict, a table in a notebook and a pickle, be copied and compared.

use std::collections::HashSet;
use std::sync::{Mutex, OnceLock, PoisonError};

use kappa::{AnyMatrix, Evidence};
use numpy::PyUntypedArray;
use pyo3::basic::CompareOp;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyList, PyString, PyTuple};
use pyo3::{IntoPyObjectExt, PyClass};

use crate::array::out;
use crate::names::{Kind, names};

names! { [] [_restore] }

/// The base of every answer: `to_dict`, a table in notebooks, pickling, copying and `==` are its methods.
///
/// Examples
/// --------
/// >>> import pickle, kappa as kp
/// >>> f = kp.svd([[3.0, 0.0], [0.0, 4.0]])
/// >>> isinstance(f, kp.Answer), pickle.loads(pickle.dumps(f)) == f
/// (True, True)
#[pyclass(name = "Answer", module = "kappa", frozen, subclass)]
pub(crate) struct PyAnswer(&'static Kind);

/// An answer: a class built on [`PyAnswer`].
pub(crate) trait Answer: PyClass {
    /// The attributes that its dict and its table show.
    const FIELDS: &'static [&'static str];
    /// Whether it can change, and so has no hash.
    const IS_MUTABLE: bool = false;

    /// Plain numbers, arrays and answers that it can be restored from.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>>;

    /// The same answer from its state.
    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self>;

    /// Its description.
    const KIND: &'static Kind = &Kind {
        name: <Self as PyClass>::NAME,
        fields: Self::FIELDS,
        is_mutable: Self::IS_MUTABLE,
        state: state::<Self>,
        restored: restored::<Self>,
    };

    /// The object on top of its base.
    fn initializer(self) -> PyClassInitializer<Self>;
}

fn state<'py, A: Answer>(answer: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    answer.cast::<A>()?.borrow().state(answer.py())
}

fn restored<'py, A: Answer>(state: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    Ok(Bound::new(state.py(), A::restored(state)?.initializer())?.into_any())
}

/// Makes a class an object of Python on top of [`PyAnswer`].
macro_rules! answer {
    ($type:ty) => {
        impl<'py> pyo3::IntoPyObject<'py> for $type {
            type Target = Self;
            type Output = pyo3::Bound<'py, Self>;
            type Error = pyo3::PyErr;

            fn into_pyobject(self, py: pyo3::Python<'py>) -> pyo3::PyResult<pyo3::Bound<'py, Self>> {
                pyo3::Bound::new(py, $crate::answers::Answer::initializer(self))
            }
        }
    };
}
pub(crate) use answer;

/// An answer without a class: a dict of these values by name, in this order.
macro_rules! dict {
    ($py:expr, { $($name:literal: $value:expr),+ $(,)? }) => {{
        let dict = pyo3::types::PyDict::new($py);
        $(dict.set_item($name, $value)?;)+
        dict
    }};
}
pub(crate) use dict;

/// [`Answer::initializer`], which cannot be written for all answers at once.
macro_rules! initializer {
    () => {
        fn initializer(self) -> pyo3::PyClassInitializer<Self> {
            pyo3::PyClassInitializer::from($crate::answers::PyAnswer::of::<Self>()).add_subclass(self)
        }
    };
}
pub(crate) use initializer;

impl PyAnswer {
    pub(crate) fn of<A: Answer>() -> Self {
        Self(A::KIND)
    }

    pub(crate) fn of_kind(kind: &'static Kind) -> Self {
        Self(kind)
    }
}

#[pymethods]
impl PyAnswer {
    /// The parts of the answer by name.
    fn to_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        parts(slf.as_any(), slf.get().0.fields)
    }

    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<String> {
        html(slf.as_any(), slf.get().0.fields)
    }

    // stub: -> tuple[Any, ...]
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let (py, kind) = (slf.py(), slf.get().0);
        let restore = py.import("kappa._kappa")?.getattr("_restore")?;
        (restore, (kind.name, (kind.state)(slf.as_any())?)).into_bound_py_any(py)
    }

    // stub: -> Self
    fn __copy__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let kind = slf.get().0;
        if kind.is_mutable { (kind.restored)(&(kind.state)(slf.as_any())?) } else { Ok(slf.clone().into_any()) }
    }

    // stub: -> Self
    fn __deepcopy__<'py>(slf: &Bound<'py, Self>, memo: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let _ = memo;
        Self::__copy__(slf)
    }

    // stub: def __eq__(self, other: object, /) -> bool: ...
    // stub: def __ne__(self, other: object, /) -> bool: ...
    fn __eq__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let py = slf.py();
        if !other.get_type().is(slf.get_type()) {
            return Ok(py.NotImplemented());
        }
        same(slf.as_any(), other)?.into_py_any(py)
    }

    fn __hash__(slf: &Bound<'_, Self>) -> PyResult<isize> {
        let kind = slf.get().0;
        if kind.is_mutable {
            return Err(PyTypeError::new_err(format!("unhashable type: '{}' (it can change)", kind.name)));
        }
        (kind.name, hashable(&(kind.state)(slf.as_any())?)?).into_bound_py_any(slf.py())?.hash()
    }
}

/// The descriptions of all answers, known when the module is filled.
static KINDS: OnceLock<Vec<&'static Kind>> = OnceLock::new();

/// Keeps the descriptions of all answers, so that they can be restored by name.
pub(crate) fn remember(kinds: impl Iterator<Item = &'static Kind>) {
    KINDS.get_or_init(|| kinds.collect());
}

/// Restores an answer that was pickled.
// stub: -> Answer
#[pyfunction]
pub(crate) fn _restore<'py>(name: &str, state: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let kind = KINDS.get().and_then(|kinds| kinds.iter().find(|kind| kind.name == name));
    let kind = kind.ok_or_else(|| PyValueError::new_err(format!("unknown class of answers `{name}`")))?;
    (kind.restored)(state)
}

/// Whether two states are equal: answers by their own states, arrays entry by entry, and NaN like NaN.
fn same(x: &Bound<'_, PyAny>, y: &Bound<'_, PyAny>) -> PyResult<bool> {
    if x.is(y) {
        return Ok(true);
    }
    if let (Ok(one), Ok(other)) = (x.cast::<PyAnswer>(), y.cast::<PyAnswer>()) {
        let (one, other) = (one.get().0, other.get().0);
        return Ok(one.name == other.name && same(&(one.state)(x)?, &(other.state)(y)?)?);
    }
    if x.is_instance_of::<PyTuple>() || x.is_instance_of::<PyList>() {
        if !y.get_type().is(x.get_type()) || x.len()? != y.len()? {
            return Ok(false);
        }
        for (a, b) in x.try_iter()?.zip(y.try_iter()?) {
            if !same(&a?, &b?)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    if x.is_instance_of::<PyUntypedArray>() {
        let keywords = PyDict::new(x.py());
        keywords.set_item("equal_nan", true)?;
        let equal = x.py().import("numpy")?.call_method("array_equal", (x, y), Some(&keywords))?;
        return equal.extract();
    }
    // SciPy compares sparse matrices entry by entry.
    if x.hasattr("tocoo")? && y.hasattr("tocoo")? {
        return Ok(x.getattr("shape")?.eq(y.getattr("shape")?)?
            && x.rich_compare(y, CompareOp::Ne)?.getattr("nnz")?.extract::<usize>()? == 0);
    }
    if let (Ok(a), Ok(b)) = (x.cast::<PyFloat>(), y.cast::<PyFloat>()) {
        return Ok(a.extract::<f64>()? == b.extract::<f64>()? || x.ne(x)? && y.ne(y)?);
    }
    x.eq(y)
}

/// Something hashable that is equal for equal states.
fn hashable<'py>(x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = x.py();
    if let Ok(answer) = x.cast::<PyAnswer>() {
        return hashable(&(answer.get().0.state)(x)?);
    }
    if x.is_instance_of::<PyTuple>() || x.is_instance_of::<PyList>() {
        let parts = x.try_iter()?.map(|part| hashable(&part?)).collect::<PyResult<Vec<_>>>()?;
        return Ok(PyTuple::new(py, parts)?.into_any());
    }
    // Entries of arrays may be equal and have other bytes (±0): their shape is enough.
    if x.is_instance_of::<PyUntypedArray>() || x.hasattr("tocoo")? {
        return x.getattr("shape");
    }
    if x.is_instance_of::<PyDict>() {
        return x.len()?.into_bound_py_any(py);
    }
    if x.ne(x)? { "nan".into_bound_py_any(py) } else { Ok(x.clone()) }
}

/// A matrix in a state, as an array.
pub(crate) struct Kept(pub(crate) AnyMatrix);

impl<'py> IntoPyObject<'py> for Kept {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        out(py, self.0)
    }
}

impl<'py> FromPyObject<'_, 'py> for Kept {
    type Error = PyErr;

    fn extract(x: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        crate::array::matrix(&x).map(Self)
    }
}

/// Numbers in a state, as an array.
pub(crate) struct Numbers(pub(crate) Vec<f64>);

impl<'py> IntoPyObject<'py> for Numbers {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        Ok(numpy::PyArray1::from_vec(py, self.0).into_any())
    }
}

impl<'py> FromPyObject<'_, 'py> for Numbers {
    type Error = PyErr;

    fn extract(x: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        crate::array::real_numbers(&x).map(Self)
    }
}

/// The same text, kept as long as the process lives: names of algorithms and theorems, of which there are few.
pub(crate) fn lasting(text: &str) -> &'static str {
    static KNOWN: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    if let Some(found) = known.get(text) {
        return found;
    }
    let text: &'static str = Box::leak(text.to_owned().into_boxed_str());
    known.insert(text);
    text
}

/// Evidence as a kind and what belongs to it.
pub(crate) fn evidence_state(evidence: Evidence) -> (&'static str, &'static str, f64) {
    match evidence {
        Evidence::Rounding => ("rounding", "", 0.0),
        Evidence::Theorem(name) => ("theorem", name, 0.0),
        Evidence::Residual => ("residual", "", 0.0),
        Evidence::Probability(p) => ("probability", "", p),
        Evidence::Estimate(model) => ("estimate", model, 0.0),
    }
}

/// The evidence of [`evidence_state`].
pub(crate) fn evidence((kind, name, p): (String, String, f64)) -> PyResult<Evidence> {
    Ok(match kind.as_str() {
        "rounding" => Evidence::Rounding,
        "theorem" => Evidence::Theorem(lasting(&name)),
        "residual" => Evidence::Residual,
        "probability" => Evidence::Probability(p),
        "estimate" => Evidence::Estimate(lasting(&name)),
        _ => return Err(PyValueError::new_err(format!("unknown kind of evidence `{kind}`"))),
    })
}

/// The named attributes of an answer; answers among them become dicts as well, and arrays stay arrays.
fn parts<'py>(answer: &Bound<'py, PyAny>, fields: &[&str]) -> PyResult<Bound<'py, PyDict>> {
    let found = PyDict::new(answer.py());
    for &name in fields {
        let value = answer.getattr(name)?;
        let value = if value.is_callable() { value.call0()? } else { value };
        found.set_item(name, plain(&value)?)?;
    }
    Ok(found)
}

fn plain<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if let Ok(list) = value.cast::<PyList>() {
        let parts: Vec<_> = list.iter().map(|x| plain(&x)).collect::<PyResult<_>>()?;
        return Ok(PyList::new(value.py(), parts)?.into_any());
    }
    if value.hasattr("to_dict")? { value.call_method0("to_dict") } else { Ok(value.clone()) }
}

/// A table with a row for each attribute: its name, and its value as `str` has it.
fn html(answer: &Bound<'_, PyAny>, fields: &[&str]) -> PyResult<String> {
    let mut rows = String::new();
    for &name in fields {
        let value = answer.getattr(name)?;
        let value = if value.is_callable() { value.call0()? } else { value };
        let text = shown(&value)?;
        rows += &format!("<tr><th style=\"text-align:left\">{}</th><td>{}</td></tr>", escaped(name), escaped(&text));
    }
    let title = escaped(&answer.get_type().name()?.to_string());
    Ok(format!("<table><caption>{title}</caption><tbody>{rows}</tbody></table>"))
}

/// A table of dicts with the same keys.
pub(crate) fn rows_html(title: &str, rows: &Bound<'_, PyList>) -> PyResult<String> {
    let Some(first) = rows.iter().next() else {
        return Ok(format!("<table><caption>{}</caption></table>", escaped(title)));
    };
    let keys: Vec<String> =
        first.cast::<PyDict>()?.keys().iter().map(|k| Ok(k.str()?.to_string())).collect::<PyResult<_>>()?;
    let mut table = vec![keys.clone()];
    for row in rows {
        table.push(keys.iter().map(|key| shown(&row.get_item(key)?)).collect::<PyResult<_>>()?);
    }
    Ok(table_html(title, &table))
}

/// A table of text, titles first.
pub(crate) fn table_html(title: &str, rows: &[Vec<String>]) -> String {
    let line = |row: &Vec<String>, tag: &str| -> String {
        let cells: String = row.iter().map(|cell| format!("<{tag}>{}</{tag}>", escaped(cell))).collect();
        format!("<tr>{cells}</tr>")
    };
    let head = rows.first().map(|row| line(row, "th")).unwrap_or_default();
    let body: String = rows.iter().skip(1).map(|row| line(row, "td")).collect();
    let title = escaped(title);
    format!("<table><caption>{title}</caption><thead>{head}</thead><tbody>{body}</tbody></table>")
}

/// As many entries of an array as one line holds.
const FEW: usize = 8;

fn shown(value: &Bound<'_, PyAny>) -> PyResult<String> {
    if value.is_none() {
        return Ok("–".to_owned());
    }
    if value.is_instance_of::<PyString>() {
        return value.extract();
    }
    if value.hasattr("dtype")? && value.hasattr("shape")? {
        if value.getattr("size")?.extract::<usize>()? > FEW {
            let shape = value.getattr("shape")?.cast_into::<PyTuple>()?;
            let sizes: Vec<String> = shape.iter().map(|n| Ok(n.str()?.to_string())).collect::<PyResult<_>>()?;
            return Ok(format!("array {} of {}", sizes.join("×"), value.getattr("dtype")?));
        }
        return Ok(value.str()?.to_string().replace('\n', ""));
    }
    if value.is_instance_of::<PyFloat>() {
        return Ok(value.repr()?.to_string());
    }
    if let Ok(list) = value.cast::<PyList>() {
        let parts: Vec<String> = list.iter().take(FEW).map(|x| Ok(x.str()?.to_string())).collect::<PyResult<_>>()?;
        let more = if list.len() > FEW { ", …" } else { "" };
        return Ok(format!("{}{more}", parts.join(", ")));
    }
    Ok(value.str()?.to_string())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
