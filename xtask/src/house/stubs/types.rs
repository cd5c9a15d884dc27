//! Types of Rust as types of Python.

use std::collections::BTreeMap;

use syn::{GenericArgument, Item, PathArguments, PathSegment, Type};

use super::Source;
use super::attributes::{attribute, class_of, tokens_of};

/// Where a type stands: a sequence is taken, and a list is given.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    Argument,
    Result,
}

/// What an alias stands for.
enum Alias {
    Python(String),
    Rust(Box<Type>),
}

/// The aliases and classes of the module by their names in Rust.
pub(super) struct Types {
    aliases: BTreeMap<String, Alias>,
    classes: BTreeMap<String, String>,
}

/// Types that have the same name wherever they stand.
const PLAIN: [(&str, &str); 18] = [
    ("bool", "bool"),
    ("f64", "float"),
    ("i64", "int"),
    ("isize", "int"),
    ("u8", "int"),
    ("u32", "int"),
    ("u64", "int"),
    ("usize", "int"),
    ("c64", "complex"),
    ("str", "str"),
    ("String", "str"),
    ("OsString", "str"),
    ("PathBuf", "str | PathLike[str]"),
    ("PyAny", "Any"),
    ("PyDict", "dict[str, Any]"),
    ("PyList", "list[Any]"),
    ("PyIterator", "Iterator[Any]"),
    ("PyTuple", "tuple[Any, ...]"),
];

impl Types {
    pub(super) fn of(sources: &[Source]) -> Result<Self, String> {
        let mut types = Self { aliases: BTreeMap::new(), classes: BTreeMap::new() };
        for source in sources {
            for item in &source.items {
                types.take(source, item)?;
            }
        }
        Ok(types)
    }

    fn take(&mut self, source: &Source, item: &Item) -> Result<(), String> {
        match item {
            Item::Type(item) => {
                let alias = source.stub(item, &item.ident);
                let alias = alias.map_or_else(|| Alias::Rust(item.ty.clone()), Alias::Python);
                self.aliases.insert(item.ident.to_string(), alias);
            }
            Item::Enum(item) => {
                let alias = source.stub(item, &item.ident).map(|text| (item.ident.to_string(), Alias::Python(text)));
                self.aliases.extend(alias);
            }
            Item::Struct(item) => {
                if let Some(attribute) = attribute(&item.attrs, "pyclass") {
                    let class = class_of(&tokens_of(attribute)).ok_or_else(|| format!("{} has no name", item.ident))?;
                    self.classes.insert(item.ident.to_string(), class);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The name in Python of a class.
    pub(super) fn class(&self, name: &str) -> Option<&str> {
        self.classes.get(name).map(String::as_str)
    }

    /// A type in Python; `class` is what `Self` stands for.
    pub(super) fn python(&self, ty: &Type, place: Place, class: Option<&str>) -> Result<String, String> {
        let inner = |ty: &Type| self.python(ty, place, class);
        match ty {
            Type::Reference(reference) => inner(&reference.elem),
            Type::Tuple(tuple) if tuple.elems.is_empty() => Ok("None".to_owned()),
            Type::Tuple(tuple) => {
                let parts = tuple.elems.iter().map(inner).collect::<Result<Vec<_>, String>>()?;
                Ok(format!("tuple[{}]", parts.join(", ")))
            }
            Type::Path(path) => match path.path.segments.last() {
                Some(segment) => self.named(segment, place, class),
                None => Err("a type without a name".to_owned()),
            },
            _ => Err("a type that is no name, reference or tuple".to_owned()),
        }
    }

    fn named(&self, segment: &PathSegment, place: Place, class: Option<&str>) -> Result<String, String> {
        let name = segment.ident.to_string();
        if let Some(alias) = self.aliases.get(&name) {
            return match alias {
                Alias::Python(text) => Ok(text.clone()),
                Alias::Rust(ty) => self.python(ty, place, class),
            };
        }
        if let Some((_, plain)) = PLAIN.iter().find(|(rust, _)| *rust == name) {
            return Ok((*plain).to_owned());
        }
        let inner = || match argument(segment) {
            Some(ty) => self.python(ty, place, class),
            None => Err(format!("`{name}` of nothing")),
        };
        match (name.as_str(), place) {
            ("Self", _) => class.map(str::to_owned).ok_or_else(|| "`Self` outside of a class".to_owned()),
            ("PyClassInitializer", _) => Ok("Self".to_owned()),
            ("PyResult" | "Bound" | "Py" | "PyRef", _) => inner(),
            ("Option", _) => inner().map(|ty| if ty == "Any" { ty } else { ty + " | None" }),
            ("Vec", Place::Argument) => Ok(format!("Sequence[{}]", inner()?)),
            ("Vec", Place::Result) => Ok(format!("list[{}]", inner()?)),
            ("PyArray1", _) => Ok("NDArray[np.float64]".to_owned()),
            _ => self.class(&name).map(str::to_owned).ok_or_else(|| {
                format!("nobody knows what `{name}` is in Python\nhint: an alias with `// stub: …` above it says that")
            }),
        }
    }
}

/// The first type between the angle brackets.
pub(super) fn argument(segment: &PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}
