//! Functions and classes of a source, in its order.

use proc_macro2::{Delimiter, TokenTree};
use syn::{Attribute, ImplItem, ImplItemFn, Item, ItemFn, ItemImpl, ItemMacro, ItemStruct, ReturnType};
use syn::{Signature, Type};

use super::super::source::{inside, is_mark, word};
use super::Source;
use super::arguments::{Said, inputs, parameters, written};
use super::attributes::{attribute, class_of, set, text, tokens_of};
use super::types::{Place, Types};

/// The width of a line.
const WIDTH: usize = 120;

/// What begins a line that gives the result alone.
const RESULT: &str = "-> ";

/// Methods that every object has.
const OF_ALL: [&str; 2] = ["__repr__", "__str__"];

/// A class or a function of a stub.
pub(super) struct Entry {
    pub(super) text: String,
    pub(super) is_class: bool,
}

/// All that a source adds to a stub; an error begins with its line.
pub(super) fn entries(source: &Source, types: &Types) -> Result<Vec<Entry>, String> {
    let mut entries = Vec::new();
    for item in &source.items {
        match item {
            Item::Struct(item) if attribute(&item.attrs, "pyclass").is_some() => {
                entries.push(Entry { text: class(source, item, types)?, is_class: true });
            }
            Item::Fn(item) if attribute(&item.attrs, "pyfunction").is_some() => {
                entries.push(Entry { text: function(source, item, types)?, is_class: false });
            }
            Item::Macro(item) if item.mac.path.is_ident("theorem_classes") => {
                entries.extend(theorems(item)?.into_iter().map(|text| Entry { text, is_class: true }));
            }
            _ => {}
        }
    }
    Ok(entries)
}

fn class(source: &Source, item: &ItemStruct, types: &Types) -> Result<String, String> {
    let tokens = attribute(&item.attrs, "pyclass").map(tokens_of).unwrap_or_default();
    let name = class_of(&tokens).unwrap_or_default();
    let may_be_base = tokens.iter().any(|token| word(Some(token)).as_deref() == Some("subclass"));
    let base = word(set(&tokens, "extends")).and_then(|base| types.class(&base).map(|base| format!("({base})")));
    let head = source.stub(item, &item.ident).unwrap_or_else(|| format!("class {name}{}:", base.unwrap_or_default()));
    let decorator = if may_be_base { "@disjoint_base" } else { "@final" };
    let mut members = String::new();
    for method in methods(source, &item.ident) {
        members += &member(source, method, types, &name)?;
    }
    let members = if members.is_empty() { " ...\n".to_owned() } else { format!("\n{members}") };
    Ok(format!("{decorator}\n{head}{members}"))
}

fn methods<'a>(source: &'a Source, class: &syn::Ident) -> impl Iterator<Item = &'a ImplItemFn> {
    let of_class = |item: &&ItemImpl| {
        attribute(&item.attrs, "pymethods").is_some()
            && matches!(&*item.self_ty, Type::Path(p) if p.path.is_ident(class))
    };
    let blocks = source.items.iter().filter_map(|item| match item {
        Item::Impl(item) => Some(item),
        _ => None,
    });
    blocks.filter(of_class).flat_map(|block| &block.items).filter_map(|item| match item {
        ImplItem::Fn(method) => Some(method),
        _ => None,
    })
}

fn member(source: &Source, method: &ImplItemFn, types: &Types, class: &str) -> Result<String, String> {
    let own = source.stub(method, &method.sig.ident);
    let result = own.as_ref().and_then(|text| text.strip_prefix(RESULT));
    match &own {
        Some(text) if result.is_none() => Ok(text.lines().map(|line| format!("    {line}\n")).collect()),
        None if OF_ALL.iter().any(|name| method.sig.ident == name) => Ok(String::new()),
        _ => definition(&method.sig, &method.attrs, result, types, Some(class)),
    }
}

fn function(source: &Source, item: &ItemFn, types: &Types) -> Result<String, String> {
    let own = source.stub(item, &item.sig.ident);
    let result = own.as_ref().and_then(|text| text.strip_prefix(RESULT));
    match &own {
        Some(text) if result.is_none() => Ok(format!("{text}\n")),
        _ => definition(&item.sig, &item.attrs, result, types, None),
    }
}

/// A function, or a method of `class`; with another `result` where one is given.
fn definition(
    signature: &Signature,
    attributes: &[Attribute],
    result: Option<&str>,
    types: &Types,
    class: Option<&str>,
) -> Result<String, String> {
    let kind = Kind::of(attributes, class.is_some());
    let said = Said::of(&tokens_of_all(attributes, "pyo3"));
    let wrong = |e: String| format!("{}: `{}`: {e}", signature.ident.span().start().line, signature.ident);
    let name = name_of(signature, attributes, &said, &kind);
    let mut parameters = written(&said, &inputs(signature), types, class).map_err(wrong)?;
    // Python calls its own methods by place.
    if name.starts_with("__") && kind != Kind::New && said.parameters.is_none() && !parameters.is_empty() {
        parameters.push("/".to_owned());
    }
    parameters.splice(0..0, kind.receiver().map(str::to_owned));
    let result = match (result.or(said.result.as_deref()), &signature.output) {
        (Some(result), _) => result.to_owned(),
        (None, ReturnType::Default) => "None".to_owned(),
        (None, ReturnType::Type(_, ty)) => types.python(ty, Place::Result, class).map_err(wrong)?,
    };
    let indent = if class.is_some() { "    " } else { "" };
    let decorator = kind.decorator().map_or(String::new(), |decorator| format!("{indent}{decorator}\n"));
    Ok(decorator + &broken(indent, &name, &parameters, &result))
}

/// What a function is.
#[derive(PartialEq)]
enum Kind {
    Function,
    Method,
    Getter,
    New,
    Static,
}

impl Kind {
    fn of(attributes: &[Attribute], is_in_class: bool) -> Self {
        let kinds = [("getter", Self::Getter), ("new", Self::New), ("staticmethod", Self::Static)];
        let found = kinds.into_iter().find(|(name, _)| attribute(attributes, name).is_some());
        found.map_or(if is_in_class { Self::Method } else { Self::Function }, |(_, kind)| kind)
    }

    fn receiver(&self) -> Option<&'static str> {
        match self {
            Self::Method | Self::Getter => Some("self"),
            Self::New => Some("cls"),
            Self::Function | Self::Static => None,
        }
    }

    fn decorator(&self) -> Option<&'static str> {
        match self {
            Self::Getter => Some("@property"),
            Self::Static => Some("@staticmethod"),
            _ => None,
        }
    }
}

fn tokens_of_all(attributes: &[Attribute], name: &str) -> Vec<TokenTree> {
    attributes.iter().filter(|a| a.path().is_ident(name)).flat_map(tokens_of).collect()
}

/// Its name in Python.
fn name_of(signature: &Signature, attributes: &[Attribute], said: &Said, kind: &Kind) -> String {
    if *kind == Kind::New {
        return "__new__".to_owned();
    }
    let of_getter = word(tokens_of_all(attributes, "getter").first());
    let of_rust = || signature.ident.to_string().trim_start_matches("r#").to_owned();
    said.name.clone().or(of_getter).unwrap_or_else(of_rust)
}

/// A definition in one line, or with its parameters in a line or lines of their own.
fn broken(indent: &str, name: &str, parameters: &[String], result: &str) -> String {
    let all = parameters.join(", ");
    let one = format!("{indent}def {name}({all}) -> {result}: ...\n");
    let fits = |line: &str| line.trim_end().chars().count() <= WIDTH;
    if fits(&one) {
        return one;
    }
    let inner = format!("{indent}    {all}\n");
    let inner = if fits(&inner) {
        inner
    } else {
        parameters.iter().map(|parameter| format!("{indent}    {parameter},\n")).collect()
    };
    format!("{indent}def {name}(\n{inner}{indent}) -> {result}: ...\n")
}

/// The classes that the macro of the theorems makes: name in Rust, in Python, of the command; parameters; numbers.
fn theorems(item: &ItemMacro) -> Result<Vec<String>, String> {
    let tokens: Vec<TokenTree> = item.mac.tokens.clone().into_iter().collect();
    let entries = tokens.split(|token| is_mark(Some(token), ';')).filter(|entry| !entry.is_empty());
    entries.map(|entry| theorem(entry).ok_or("a theorem with parts that stubs do not expect".to_owned())).collect()
}

fn theorem(entry: &[TokenTree]) -> Option<String> {
    // Documentation comes as pairs of a mark and brackets.
    let documentation = entry.chunks(2).take_while(|pair| is_mark(pair.first(), '#')).count() * 2;
    let parts: Vec<&[TokenTree]> = entry[documentation..].split(|token| is_mark(Some(token), ',')).collect();
    let [_, name, _, signature, numbers] = parts.as_slice() else { return None };
    let name = name.first().and_then(text)?;
    let said =
        Said { parameters: Some(parameters(&inside(signature.first(), Delimiter::Parenthesis)?)), ..Said::default() };
    let float: Type = syn::parse_str("f64").ok()?;
    let numbers: Vec<String> =
        inside(numbers.first(), Delimiter::Bracket)?.iter().filter_map(|t| word(Some(t))).collect();
    let inputs: Vec<_> = numbers.iter().map(|number| (number.clone(), float.clone())).collect();
    let types = Types::of(&[]).ok()?;
    let mut parameters = written(&said, &inputs, &types, None).ok()?;
    parameters.insert(0, "cls".to_owned());
    let new = broken("    ", "__new__", &parameters, "Self");
    let getter = |number: &String| format!("    @property\n    def {number}(self) -> float: ...\n");
    Some(format!("@final\nclass {name}(Theorem):\n{new}{}", numbers.iter().map(getter).collect::<String>()))
}
