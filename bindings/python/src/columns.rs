//! Columns of data for a regression: a dict, a DataFrame or the path of a table, without a rounded number.

use std::collections::HashMap;

use kappa::arithmetic::Decimal;
use kappa::equations::regression::{Cell, Column};
use kappa_tensors::{Dialect, Entry};
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyUserWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyString};

use crate::compute::interruptible;
use crate::errors::source_to_python;

/// A column of the data as it came in; without cells where the formula does not use it.
#[derive(Clone, FromPyObject, IntoPyObject)]
pub(crate) struct Raw(pub(crate) String, pub(crate) Vec<RawCell>);

#[derive(Clone, FromPyObject, IntoPyObject)]
pub(crate) enum RawCell {
    Number(f64),
    Text(String),
    /// A category with its place among the categories of the column.
    Level(u32, String),
    /// A number that is not a double, as numerator and denominator.
    Ratio(String, String),
    Missing(Option<bool>),
}

impl From<Entry<'_>> for RawCell {
    fn from(entry: Entry<'_>) -> Self {
        match entry {
            Entry::Text(text) => Self::Text(text.into_owned()),
            Entry::Double(x) => Self::Number(x),
            Entry::Missing => Self::Missing(None),
        }
    }
}

impl RawCell {
    pub(crate) fn cell(&self) -> Cell {
        match self {
            Self::Number(x) => Cell::from(*x),
            Self::Text(text) => Cell::parse(text),
            Self::Level(place, text) => Cell::Level(*place, text.clone()),
            Self::Ratio(p, q) => Decimal::parse_ratio(&format!("{p}/{q}")).map_or(Cell::Missing, Cell::Number),
            Self::Missing(_) => Cell::Missing,
        }
    }

    /// The name of the category that the cell is, if it is one.
    pub(crate) fn label(&self) -> Option<String> {
        match self.cell() {
            Cell::Text(text) | Cell::Level(_, text) => Some(text),
            _ => match self {
                Self::Number(x) => Some(x.to_string()),
                Self::Ratio(p, q) if q == "1" => Some(p.clone()),
                _ => None,
            },
        }
    }
}

pub(crate) fn of_raw(columns: &[Raw]) -> Vec<Column> {
    let of = |Raw(name, cells): &Raw| Column { name: name.clone(), cells: cells.iter().map(RawCell::cell).collect() };
    columns.iter().map(of).collect()
}

/// Doubles hold all integers up to this size.
const WHOLE: f64 = 9_007_199_254_740_992.0;
/// Bits of an integer beyond the range of doubles.
const BITS: usize = 1100;
/// How many cells are read between two looks for Ctrl-C.
const LOOK: usize = 4096;

/// The place of a cell, for messages.
struct Place<'a> {
    column: &'a str,
    row: usize,
}

impl Place<'_> {
    fn wrong(&self, what: &str, hint: &str) -> String {
        format!("column `{}` has {what} in row {}\n\nhint: {hint}", self.column, self.row + 1)
    }
}

/// The error, unless it only says that a value is of another kind: an interruption must surface.
fn of_another_kind(py: Python<'_>, error: PyErr) -> PyResult<()> {
    let is_kind = error.is_instance_of::<PyTypeError>(py)
        || error.is_instance_of::<PyValueError>(py)
        || error.is_instance_of::<PyOverflowError>(py);
    if is_kind { Ok(()) } else { Err(error) }
}

/// The kinds of values of which no number is made, with what they are and what can be done.
fn refused(kind: &str) -> Option<(&'static str, &'static str)> {
    const NAMES: [&str; 9] =
        ["Timestamp", "datetime", "date", "time", "datetime64", "Timedelta", "timedelta", "timedelta64", "Period"];
    if NAMES.contains(&kind) {
        return Some((
            "a date or time",
            "make numbers of it, such as days since the first, or text for one category for each",
        ));
    }
    kind.starts_with("complex").then_some(("a complex number", "use the real and the imaginary parts as two columns"))
}

fn infinite(place: &Place<'_>) -> PyErr {
    let hint = "remove the row, or write None for a missing value";
    PyValueError::new_err(place.wrong("an infinite value, which cannot be used in a regression,", hint))
}

fn number(x: f64, place: &Place<'_>) -> PyResult<RawCell> {
    if x.is_infinite() {
        return Err(infinite(place));
    }
    Ok(if x.is_nan() { RawCell::Missing(None) } else { RawCell::Number(x) })
}

fn raw_cell(value: &Bound<'_, PyAny>, place: &Place<'_>) -> PyResult<RawCell> {
    let py = value.py();
    if let Ok(x) = value.cast::<PyFloat>() {
        return number(x.value(), place);
    }
    if value.is_none() {
        return Ok(RawCell::Missing(None));
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(RawCell::Text(text.to_cow()?.into_owned()));
    }
    if value.is_instance_of::<PyBool>() {
        return Ok(RawCell::Number(f64::from(value.is_truthy()?)));
    }
    if value.is_instance_of::<PyInt>() {
        return integer(value, place);
    }
    // pandas.NA and NaT name their own types.
    let kind = value.get_type().name()?.to_string();
    match kind.as_str() {
        "NAType" | "NaTType" | "MaskedConstant" => return Ok(RawCell::Missing(None)),
        "bool_" | "bool" => return Ok(RawCell::Number(f64::from(value.is_truthy()?))),
        "float32" | "float16" => return number(value.extract()?, place),
        "Decimal" => return decimal(value, place),
        _ => {}
    }
    if let Some((what, hint)) = refused(&kind) {
        return Err(PyTypeError::new_err(place.wrong(&format!("{what} ({kind})"), hint)));
    }
    if value.is_instance_of::<PyBytes>() {
        return Err(PyTypeError::new_err(place.wrong("bytes", "decode them to text")));
    }
    if value.hasattr("__len__")? {
        let is_one =
            value.hasattr("item")? && value.hasattr("ndim")? && value.getattr("ndim")?.extract::<usize>()? == 0;
        if is_one {
            return raw_cell(&value.call_method0("item")?, place);
        }
        let message = format!("column `{}` needs one value for each row, not a sequence", place.column);
        return Err(PyTypeError::new_err(message));
    }
    match py.import("operator")?.call_method1("index", (value,)) {
        Ok(whole) => return integer(&whole, place),
        Err(error) => of_another_kind(py, error)?,
    }
    if value.hasattr("as_integer_ratio")? {
        return ratio(value, place);
    }
    let has_float = value.hasattr("__float__")?;
    match value.extract::<f64>() {
        Ok(x) if has_float => number(x, place),
        Ok(_) => Err(unknown(&kind, place)),
        Err(error) => of_another_kind(py, error).and_then(|()| Err(unknown(&kind, place))),
    }
}

fn unknown(kind: &str, place: &Place<'_>) -> PyErr {
    let hint = "make it a number or text";
    PyTypeError::new_err(place.wrong(&format!("a value of type {kind}, which is neither a number nor text,"), hint))
}

fn integer(x: &Bound<'_, PyAny>, place: &Place<'_>) -> PyResult<RawCell> {
    if let Ok(small) = x.extract::<i64>()
        && (small as f64).abs() < WHOLE
    {
        return Ok(RawCell::Number(small as f64));
    }
    if x.call_method0("bit_length")?.extract::<usize>()? > BITS {
        return Err(too_large(place));
    }
    checked(x.str()?.to_string(), "1".into(), place)
}

fn too_large(place: &Place<'_>) -> PyErr {
    PyValueError::new_err(place.wrong("a number that overflows or underflows a double", "scale the column"))
}

fn checked(p: String, q: String, place: &Place<'_>) -> PyResult<RawCell> {
    match Decimal::parse_ratio(&format!("{p}/{q}")) {
        Some(_) => Ok(RawCell::Ratio(p, q)),
        None => Err(too_large(place)),
    }
}

/// A fraction or an extended double; NaN has no ratio.
fn ratio(value: &Bound<'_, PyAny>, place: &Place<'_>) -> PyResult<RawCell> {
    let py = value.py();
    match value.call_method0("as_integer_ratio") {
        Ok(found) => {
            let (p, q): (Bound<'_, PyAny>, Bound<'_, PyAny>) = found.extract()?;
            let is_long =
                |x: &Bound<'_, PyAny>| Ok::<_, PyErr>(x.call_method0("bit_length")?.extract::<usize>()? > 8000);
            if is_long(&p)? || is_long(&q)? {
                return Err(too_large(place));
            }
            checked(p.str()?.to_string(), q.str()?.to_string(), place)
        }
        Err(error) if error.is_instance_of::<PyOverflowError>(py) => Err(infinite(place)),
        Err(error) => of_another_kind(py, error).map(|()| RawCell::Missing(None)),
    }
}

/// A number of the module decimal: the digits that it is written with.
fn decimal(value: &Bound<'_, PyAny>, place: &Place<'_>) -> PyResult<RawCell> {
    if value.call_method0("is_nan")?.is_truthy()? {
        return Ok(RawCell::Missing(None));
    }
    if value.call_method0("is_infinite")?.is_truthy()? {
        return Err(infinite(place));
    }
    let text = value.str()?.to_string();
    if Decimal::parse(&text).is_some() { Ok(RawCell::Text(text)) } else { Err(too_large(place)) }
}

/// The categories of a Categorical of pandas or an Enum of polars, in their order.
fn categories(values: &Bound<'_, PyAny>, name: &str) -> PyResult<Option<HashMap<String, u32>>> {
    if !values.hasattr("dtype")? {
        return Ok(None);
    }
    let dtype = values.getattr("dtype")?;
    if !dtype.hasattr("categories")? || dtype.getattr("categories")?.is_none() {
        return Ok(None);
    }
    let mut places = HashMap::new();
    for (k, category) in dtype.getattr("categories")?.try_iter()?.enumerate() {
        let label = label(&category?)?;
        if places.insert(label.clone(), k as u32).is_some() {
            return Err(PyValueError::new_err(format!("column `{name}` has two categories that read `{label}`")));
        }
    }
    Ok(Some(places))
}

fn label(category: &Bound<'_, PyAny>) -> PyResult<String> {
    match category.cast::<PyFloat>() {
        Ok(x) => Ok(x.value().to_string()),
        Err(_) => Ok(category.str()?.to_string()),
    }
}

/// A cell of a column of categories; what is none of them is missing.
fn level(value: &Bound<'_, PyAny>, places: &HashMap<String, u32>) -> PyResult<RawCell> {
    let is_nan = value.cast::<PyFloat>().is_ok_and(|x| x.value().is_nan());
    if value.is_none() || is_nan {
        return Ok(RawCell::Missing(None));
    }
    let label = label(value)?;
    Ok(places.get(&label).map_or(RawCell::Missing(None), |place| RawCell::Level(*place, label.clone())))
}

/// One column of a mapping: numbers, text, categories, or nothing.
pub(crate) fn raw_cells(values: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<RawCell>> {
    if values.is_instance_of::<PyString>() {
        let message = format!("column `{name}` needs one value for each row, not one text");
        return Err(PyTypeError::new_err(message));
    }
    let categories = categories(values, name)?;
    let items = values.try_iter().map_err(|error| match error.is_instance_of::<PyTypeError>(values.py()) {
        true => PyTypeError::new_err(format!("column `{name}` needs one value for each row, not one value")),
        false => error,
    })?;
    let mut found = Vec::new();
    for (row, value) in items.enumerate() {
        if row % LOOK == 0 {
            values.py().check_signals()?;
        }
        let value = value?;
        let cell = match &categories {
            None => raw_cell(&value, &Place { column: name, row })?,
            Some(places) => level(&value, places)?,
        };
        found.push(cell);
    }
    Ok(found)
}

/// Whether the data are the path of a table.
pub(crate) fn is_path(data: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(data.hasattr("__fspath__")? || data.is_instance_of::<PyString>())
}

/// The columns of the data; those that are not used come without cells.
pub(crate) fn raw_columns(
    data: &Bound<'_, PyAny>,
    dialect: &Dialect,
    is_used: &dyn Fn(&str) -> bool,
) -> PyResult<Vec<Raw>> {
    if is_path(data)? {
        let path: std::path::PathBuf = data.extract()?;
        let dialect = dialect.clone();
        let opened = interruptible(data.py(), move || kappa_tensors::Frame::open(&path, &dialect))?;
        let frame = opened.map_err(source_to_python)?;
        for one in frame.left_out() {
            let message = format!("{} is left out: {}", one.name, one.reason);
            // Names of lines and reasons have no NUL.
            let message = std::ffi::CString::new(message).unwrap_or_default();
            PyErr::warn(data.py(), &data.py().get_type::<PyUserWarning>(), &message, 1)?;
        }
        let column = |j: usize| {
            let name = frame.titles[j].clone();
            let cells = if is_used(&name) { frame.column(j).map(RawCell::from).collect() } else { Vec::new() };
            Raw(name, cells)
        };
        return Ok((0..frame.titles.len()).map(column).collect());
    }
    if *dialect != Dialect::default() {
        let message = "the arguments about texts, such as `decimal`, are for the path of a table";
        return Err(PyTypeError::new_err(message));
    }
    // A mapping, pandas, or polars. A Series has items too, which are no columns.
    let is_series = data.hasattr("dtype")? && !data.hasattr("columns")?;
    let is_table = data.hasattr("items")? && !is_series;
    let data = if is_table {
        data.clone()
    } else if data.hasattr("columns")? && data.hasattr("get_columns")? {
        return polars(data, is_used);
    } else if data.hasattr("to_dict")? && !data.hasattr("dtype")? {
        data.call_method0("to_dict")?
    } else {
        return Err(PyTypeError::new_err("data maps names to columns: a dict, a DataFrame, or the path of a table"));
    };
    let mut found = Vec::new();
    for item in data.call_method0("items")?.try_iter()? {
        let (name, values): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item?.extract()?;
        found.push(raw(name.str()?.to_string(), &values, is_used)?);
    }
    Ok(found)
}

fn raw(name: String, values: &Bound<'_, PyAny>, is_used: &dyn Fn(&str) -> bool) -> PyResult<Raw> {
    let cells = if is_used(&name) { raw_cells(values, &name)? } else { Vec::new() };
    Ok(Raw(name, cells))
}

/// The columns of a DataFrame of polars, with their types.
fn polars(data: &Bound<'_, PyAny>, is_used: &dyn Fn(&str) -> bool) -> PyResult<Vec<Raw>> {
    let columns = data.call_method0("get_columns")?;
    columns
        .try_iter()?
        .map(|column| {
            let column = column?;
            raw(column.getattr("name")?.str()?.to_string(), &column, is_used)
        })
        .collect()
}

/// A name that no column has.
pub(crate) fn free_name(columns: &[Raw], wish: &str) -> String {
    let mut name = wish.to_owned();
    while columns.iter().any(|c| c.0 == name) {
        name.push('_');
    }
    name
}

/// The error for new data without a column that the model needs.
pub(crate) fn no_column(name: &str, new: &[Raw]) -> PyErr {
    let names: Vec<&str> = new.iter().map(|c| c.0.as_str()).take(20).collect();
    let has = if names.is_empty() { "no columns".to_owned() } else { format!("the columns {}", names.join(", ")) };
    let message =
        format!("the new data have no column `{name}`, which the formula of the fit uses\n\nhint: they have {has}");
    PyErr::new::<PyValueError, _>(message)
}
