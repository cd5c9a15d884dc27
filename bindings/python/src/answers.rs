//! What every answer can do: become a dict, and be a table in a notebook.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyList, PyString, PyTuple};

/// The named attributes of an answer; answers among them become dicts as well, and arrays stay arrays.
pub(crate) fn dict<'py>(answer: &Bound<'py, PyAny>, fields: &[&str]) -> PyResult<Bound<'py, PyDict>> {
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
pub(crate) fn html(answer: &Bound<'_, PyAny>, fields: &[&str]) -> PyResult<String> {
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
    let head: String = keys.iter().map(|k| format!("<th>{}</th>", escaped(k))).collect();
    let mut body = String::new();
    for row in rows {
        body += "<tr>";
        for key in &keys {
            body += &format!("<td>{}</td>", escaped(&shown(&row.get_item(key)?)?));
        }
        body += "</tr>";
    }
    let title = escaped(title);
    Ok(format!("<table><caption>{title}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"))
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
