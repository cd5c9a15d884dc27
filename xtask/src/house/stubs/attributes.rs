//! Attributes of pyo3, as tokens.

use proc_macro2::TokenTree;
use syn::{Attribute, Meta};

use super::super::source::{is_mark, word};

/// The attribute of this name.
pub(super) fn attribute<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
    attributes.iter().find(|attribute| attribute.path().is_ident(name))
}

/// What stands between the parentheses of an attribute.
pub(super) fn tokens_of(attribute: &Attribute) -> Vec<TokenTree> {
    match &attribute.meta {
        Meta::List(list) => list.tokens.clone().into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The name in Python of a class with this attribute.
pub(super) fn class_of(tokens: &[TokenTree]) -> Option<String> {
    set(tokens, "name").and_then(text)
}

/// The value of `name = value`.
pub(super) fn set<'a>(tokens: &'a [TokenTree], name: &str) -> Option<&'a TokenTree> {
    let at = tokens.iter().position(|token| word(Some(token)).as_deref() == Some(name))?;
    is_mark(tokens.get(at + 1), '=').then(|| tokens.get(at + 2)).flatten()
}

/// The text of a string.
pub(super) fn text(token: &TokenTree) -> Option<String> {
    let literal = matches!(token, TokenTree::Literal(_)).then(|| token.to_string())?;
    syn::parse_str::<syn::LitStr>(&literal).ok().map(|literal| literal.value())
}
