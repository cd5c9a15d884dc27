//! Parameters: the names, order and defaults of `#[pyo3(signature = …)]`, or else those of the function in Rust.

use proc_macro2::{Delimiter, TokenTree};
use syn::{FnArg, Pat, Signature, Type};

use super::super::source::{inside, is_mark, word};
use super::attributes::text;
use super::types::{Place, Types, argument};

/// What `#[pyo3(…)]` says about a function.
#[derive(Default)]
pub(super) struct Said {
    pub(super) name: Option<String>,
    pub(super) parameters: Option<Vec<Parameter>>,
    pub(super) result: Option<String>,
}

/// A parameter, or a mark between parameters.
pub(super) struct Parameter {
    /// Nothing, `*` or `**`; a mark has no name.
    stars: String,
    name: String,
    python: Option<String>,
    default: Option<String>,
}

impl Said {
    pub(super) fn of(tokens: &[TokenTree]) -> Self {
        let mut said = Self::default();
        for k in 0..tokens.len() {
            let is_set = is_mark(tokens.get(k + 1), '=');
            match word(tokens.get(k)).as_deref() {
                Some("name") if is_set => said.name = tokens.get(k + 2).and_then(text),
                Some("signature") if is_set => {
                    said.parameters = inside(tokens.get(k + 2), Delimiter::Parenthesis).map(|inner| parameters(&inner));
                    said.result = is_mark(tokens.get(k + 3), '-').then(|| tokens.get(k + 5)).flatten().and_then(text);
                }
                _ => {}
            }
        }
        said
    }
}

/// The parameters of a signature: `a, p: "float" = 2.0, *questions, certify = false`.
pub(super) fn parameters(tokens: &[TokenTree]) -> Vec<Parameter> {
    let entries = tokens.split(|token| is_mark(Some(token), ',')).filter(|entry| !entry.is_empty());
    entries.map(parameter).collect()
}

fn parameter(entry: &[TokenTree]) -> Parameter {
    let marks = entry.iter().take_while(|token| is_mark(Some(token), '*') || is_mark(Some(token), '/')).count();
    let stars = entry[..marks].iter().map(ToString::to_string).collect();
    let name = word(entry.get(marks)).unwrap_or_default();
    let python = is_mark(entry.get(marks + 1), ':').then(|| entry.get(marks + 2)).flatten().and_then(text);
    let equals = entry.iter().position(|token| is_mark(Some(token), '='));
    Parameter { stars, name, python, default: equals.map(|k| default(&entry[k + 1..])) }
}

/// A default in Python; `...` for what is no plain value.
fn default(tokens: &[TokenTree]) -> String {
    let text: String = tokens.iter().map(ToString::to_string).collect();
    let is_literal = tokens.iter().all(|token| matches!(token, TokenTree::Literal(_)) || is_mark(Some(token), '-'));
    match text.as_str() {
        "true" => "True".to_owned(),
        "false" => "False".to_owned(),
        "None" => text,
        _ if is_literal => text,
        _ => "...".to_owned(),
    }
}

/// The parameters of a function as Python writes them, without `self`.
pub(super) fn written(
    said: &Said,
    inputs: &[(String, Type)],
    types: &Types,
    class: Option<&str>,
) -> Result<Vec<String>, String> {
    let Some(parameters) = &said.parameters else {
        let plain = |(name, ty): &(String, Type)| Ok(format!("{name}: {}", types.python(ty, Place::Argument, class)?));
        return inputs.iter().map(plain).collect();
    };
    parameters.iter().map(|parameter| one(parameter, inputs, types, class)).collect()
}

fn one(p: &Parameter, inputs: &[(String, Type)], types: &Types, class: Option<&str>) -> Result<String, String> {
    if p.name.is_empty() {
        return Ok(p.stars.clone());
    }
    let python = match &p.python {
        Some(python) => python.clone(),
        None => {
            let input = inputs.iter().find(|(name, _)| *name == p.name);
            let (_, ty) = input.ok_or_else(|| format!("`{}` stands in the signature only", p.name))?;
            types.python(if p.stars == "*" { element(ty) } else { ty }, Place::Argument, class)?
        }
    };
    let default = p.default.as_ref().map_or(String::new(), |default| format!(" = {default}"));
    Ok(format!("{}{}: {python}{default}", p.stars, p.name))
}

/// The type of the entries of a vector.
fn element(ty: &Type) -> &Type {
    let Type::Path(path) = ty else { return ty };
    path.path.segments.last().and_then(argument).unwrap_or(ty)
}

/// Names and types of the parameters that Python sees.
pub(super) fn inputs(signature: &Signature) -> Vec<(String, Type)> {
    let input = |input: &FnArg| {
        let FnArg::Typed(typed) = input else { return None };
        let Pat::Ident(name) = &*typed.pat else { return None };
        let name = name.ident.to_string().trim_start_matches("r#").to_owned();
        (name != "slf" && !is_python(&typed.ty)).then(|| (name, (*typed.ty).clone()))
    };
    signature.inputs.iter().filter_map(input).collect()
}

/// Whether it is the proof that the interpreter lock is held.
fn is_python(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|s| s.ident == "Python"))
}
