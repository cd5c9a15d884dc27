//! The stubs of the Python package are made of the sources of its native module, and are committed as they are made.
//!
//! What a function takes and gives follows from its types in Rust and from `#[pyo3(signature = …)]`, in which a type
//! of Python may stand as well: `(a: "ArrayLike") -> "float"`. An alias of a type, or an enum, with a line `// stub: …`
//! is that type of Python wherever it stands. `// stub: -> …` in front of a function is its result; other such lines
//! in front of a function are all that the stub has for it, and in front of a class the line with its bases.

mod arguments;
mod attributes;
mod items;
mod types;

use syn::spanned::Spanned;
use syn::{Expr, Item};

use self::types::Types;
use super::source::File;
use crate::run::root;

/// Where the sources are.
const SOURCES: &str = "bindings/python/src";

/// Where the stubs are.
const PACKAGE: &str = "bindings/python/python/kappa/_kappa";

/// Each stub, and the source that lists in `FILES` what is in it.
const STUBS: [(&str, &str); 2] = [("__init__.pyi", "register.rs"), ("linalg.pyi", "linalg/mod.rs")];

/// The first line of a stub.
const NOTE: &str = "# Made of the sources in `src` by `cargo xtask stubs`, and not written by hand.";

/// What begins a line of a stub in a source.
const MARK: &str = "// stub:";

/// A source of the native module.
struct Source {
    path: String,
    lines: Vec<String>,
    items: Vec<Item>,
}

impl Source {
    fn read(file: &File) -> Result<Self, String> {
        let parsed = syn::parse_file(&file.text).map_err(|e| format!("{} cannot be read as Rust: {e}", file.path))?;
        let lines = file.text.lines().map(str::to_owned).collect();
        Ok(Self { path: file.path.clone(), lines, items: parsed.items })
    }

    /// The lines of a stub among the attributes in front of `name`, and right above them.
    fn stub(&self, item: &impl Spanned, name: &syn::Ident) -> Option<String> {
        let (start, end) = (item.span().start().line - 1, name.span().start().line - 1);
        let text = |k: usize| {
            self.lines
                .get(k)
                .map(|line| line.trim())
                .and_then(|line| line.strip_prefix(MARK))
                .map(|text| text.strip_prefix(' ').unwrap_or(text))
        };
        let above = (0..start).rev().take_while(|&k| text(k).is_some()).count();
        let lines: Vec<&str> = (start - above..end).filter_map(text).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

/// Fails where a committed stub is not what the sources give.
pub(super) fn check() -> Result<(), String> {
    let is_stale =
        |(path, text): &(String, String)| std::fs::read_to_string(root().join(path)).ok().as_ref() != Some(text);
    let stale: Vec<String> = made()?.into_iter().filter(is_stale).map(|(path, _)| path).collect();
    println!("stubs: {} of {} differ from the sources of the Python module", stale.len(), STUBS.len());
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!("stubs differ from the sources: {}\nhint: `cargo xtask stubs` writes them", stale.join(", ")))
}

/// Writes the stubs.
pub(crate) fn write() -> Result<(), String> {
    for (path, text) in made()? {
        std::fs::write(root().join(&path), text).map_err(|e| format!("cannot write {path}: {e}"))?;
    }
    Ok(())
}

/// Paths below the repository's folder and texts of all stubs.
fn made() -> Result<Vec<(String, String)>, String> {
    let files = File::all(SOURCES, &[".rs"])?;
    let sources = files.iter().map(Source::read).collect::<Result<Vec<_>, String>>()?;
    let types = Types::of(&sources)?;
    let stub = |(name, list): (&str, &str)| Ok((format!("{PACKAGE}/{name}"), text(&sources, &types, list)?));
    STUBS.into_iter().map(stub).collect()
}

/// The text of the stub that the source `list` describes.
fn text(sources: &[Source], types: &Types, list: &str) -> Result<String, String> {
    let find = |path: &str| sources.iter().find(|s| s.path == path).ok_or_else(|| format!("{path} is missing"));
    let register = find(list)?;
    let folder = list.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let (head, files) = listed(register).ok_or_else(|| format!("{list} has no FILES with the head of the stub"))?;
    let (mut text, mut is_after_class) = (format!("{NOTE}\n{head}\n"), true);
    for file in files {
        let source = find(&format!("{folder}{file}.rs"))?;
        let entries = items::entries(source, types).map_err(|e| format!("{SOURCES}/{}:{e}", source.path))?;
        for entry in entries {
            if entry.is_class || is_after_class {
                text.push('\n');
            }
            text += &entry.text;
            is_after_class = entry.is_class;
        }
    }
    Ok(text)
}

/// The lines above `FILES`, with which the stub begins, and the names of the files in it.
fn listed(source: &Source) -> Option<(String, Vec<String>)> {
    let constant = source.items.iter().find_map(|item| match item {
        Item::Const(item) if item.ident == "FILES" => Some(item),
        _ => None,
    })?;
    let Expr::Array(array) = &*constant.expr else { return None };
    let first = |e: &Expr| match e {
        Expr::Path(path) => path.path.segments.first().map(|s| s.ident.to_string()),
        _ => None,
    };
    Some((source.stub(constant, &constant.ident)?, array.elems.iter().filter_map(first).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The stub of a module with one file.
    fn stub(text: &str) -> Result<String, String> {
        let register = "// stub: import numpy as np\nconst FILES: [Names; 1] = [a::NAMES];";
        let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        let files = [file("register.rs", register), file("a.rs", text)];
        let sources: Vec<Source> = files.iter().map(|f| Source::read(f).expect("it is Rust")).collect();
        let stub = super::text(&sources, &Types::of(&sources)?, "register.rs")?;
        let (_, rest) = stub.split_once("import numpy as np\n\n").expect("the head");
        Ok(rest.to_owned())
    }

    #[test]
    fn types_and_defaults_of_functions_follow_from_rust() {
        let text = "#[pyfunction]
            #[pyo3(name = \"g\", signature = (a, p = 2.0, *, names = None, all = false, w: \"Literal[1]\" = Some(3)))]
            pub(crate) fn f(py: Python<'_>, a: &ArrayLike<'_>, p: f64, names: Option<Vec<String>>, all: bool,
                w: u64) -> PyResult<(Vec<usize>, Option<c64>)> {}
            // stub: ArrayLike
            type ArrayLike<'py> = Bound<'py, PyAny>;";
        let parameters = "a: ArrayLike, p: float = 2.0, *, names: Sequence[str] | None = None, all: bool = False, \
                          w: Literal[1] = ...";
        let expected = format!("def g(\n    {parameters}\n) -> tuple[list[int], complex | None]: ...\n");
        assert_eq!(stub(text), Ok(expected));
    }

    #[test]
    fn classes_have_bases_members_and_lines_of_their_own() {
        let text = "
            #[pyclass(name = \"Norm\", module = \"kappa\", frozen, extends = PyAnswer)]
            pub(crate) struct PyNorm(Norm);
            #[pyclass(name = \"Answer\", subclass)]
            struct PyAnswer;
            #[pymethods]
            impl PyNorm {
                #[new]
                fn new(name: &str) -> PyResult<PyClassInitializer<Self>> {}
                /// The dual norm.
                #[getter]
                fn dual(&self) -> Self {}
                /// Any number.
                // stub: @overload
                // stub: def f(self) -> int: ...
                fn f(&self) -> PyResult<Py<PyAny>> {}
                fn __contains__(&self, x: f64) -> bool {}
                fn __repr__(&self) -> String {}
            }";
        let expected = "\
@final
class Norm(Answer):
    def __new__(cls, name: str) -> Self: ...
    @property
    def dual(self) -> Norm: ...
    @overload
    def f(self) -> int: ...
    def __contains__(self, x: float, /) -> bool: ...

@disjoint_base
class Answer: ...
";
        assert_eq!(stub(text).as_deref(), Ok(expected));
    }

    #[test]
    fn theorems_have_their_numbers() {
        let text = "theorem_classes! { /// Weyl. \n PyWeyl, \"Weyl\", \"weyl\", (change, by = 0.0), [change, by]; }";
        let expected = "\
@final
class Weyl(Theorem):
    def __new__(cls, change: float, by: float = 0.0) -> Self: ...
    @property
    def change(self) -> float: ...
    @property
    def by(self) -> float: ...
";
        assert_eq!(stub(text).as_deref(), Ok(expected));
    }

    #[test]
    fn a_type_that_python_does_not_have_is_named() {
        let error = stub("#[pyfunction]\nfn f(a: Vec<Strange>) {}").expect_err("there is no such type");
        assert!(error.starts_with("bindings/python/src/a.rs:2: `f`") && error.contains("`Strange`"), "{error}");
    }
}
