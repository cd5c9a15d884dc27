//! Inside a crate, the modules below its root ("rooms") have one order: a room uses only rooms that stand before it.
//!
//! Every path that starts at the root is followed: `use` with all its groups, paths in code and in macros, and
//! `super::` where it leaves the room. A name that `lib.rs` re-exports belongs to the room from which it comes.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenTree};

use super::listed;
use super::source::{File, end_of_item, inside, is_mark, is_test, tokens, word};

/// The order of the rooms of each crate, the lowest first. A crate without a list has no order yet.
const ORDERS: &[(&str, &[&str])] = &[("kappa", KAPPA), ("kappa-dense", KAPPA_DENSE)];

const KAPPA: &[&str] = &[
    "error",
    "enclosure",
    "tolerance",
    "arithmetic",
    "random",
    "norm",
    "values",
    "operator",
    "krylov",
    "certificate",
    "plan",
    "factor",
    "ask",
    "condition",
    "equations",
    "regions",
    "nearest",
    "perturb",
    "proof",
    "lab",
    "gallery",
    "laws",
    "serialize",
    "any",
    "parts",
    "dense",
    "design",
];

const KAPPA_DENSE: &[&str] = &[
    "error",
    "instructions",
    "prefetch",
    "pages",
    "pool",
    "concrete",
    "cut",
    "power",
    "lane",
    "matrix",
    "bisect",
    "dqds",
    "sparse",
    "balance",
    "hessenberg",
    "jacobi",
    "length",
    "multiply",
    "normal",
    "pair",
    "product",
    "row_panels",
    "scale",
    "scan",
    "small_qr",
    "triangular_vectors",
    "wide",
    "testing",
    "francis",
    "guard",
    "narrow_qr",
    "blocked_qr",
    "schur",
    "triangle",
    "reduce",
    "reflections",
    "decompose",
    "eigen",
    "factorize",
    "gram",
    "cholesky_qr",
    "inverse_iteration",
    "single",
    "truncated",
];

pub(super) fn check(show_all: bool) -> Result<(), String> {
    let mut errors = Vec::new();
    for (name, order) in ORDERS {
        if order.is_empty() {
            println!("rooms: {name} has no order yet (xtask/src/house/rooms.rs)");
            continue;
        }
        let found = violations(&File::all(&format!("crates/{name}/src"), &[".rs"])?, order)?;
        if found.is_empty() {
            println!("rooms: {name} keeps its order of {} rooms", order.len());
            continue;
        }
        let found: Vec<String> = found.iter().map(|v| format!("crates/{name}/src/{v}")).collect();
        errors.push(format!(
            "{} paths run against the order of the rooms of {name}:\n{}\n\
             hint: move what is used into the lower room, or both into a third; the order stands in \
             xtask/src/house/rooms.rs",
            found.len(),
            listed(&found, show_all)
        ));
    }
    if errors.is_empty() { Ok(()) } else { Err(errors.join("\n\n")) }
}

/// A path that starts at the root of the crate, in the room itself or above it.
#[derive(Clone, Debug, PartialEq)]
struct Path {
    line: usize,
    /// `["crate", "norm", "Norm"]`; the last is `*` where everything is imported.
    names: Vec<String>,
    /// The name that a `use` gives it in its file.
    imported_as: Option<String>,
}

/// What a file contains.
#[derive(Default)]
struct Contents {
    /// Each path, with the module in which it stands.
    paths: Vec<(Vec<String>, Path)>,
    /// Modules that belong to the tests and stand in files of their own.
    tests: Vec<Vec<String>>,
    /// Modules that stand in this file or are declared in it.
    modules: BTreeSet<Vec<String>>,
    /// Words of the code that are called, or in front of `::`.
    called: BTreeSet<String>,
    opened: BTreeSet<String>,
}

/// What `lib.rs` says of the names below the root.
struct Root {
    rooms: BTreeSet<String>,
    /// A name, and the room that it comes from; `None` for names of other crates.
    exports: BTreeMap<String, Option<String>>,
}

/// Each path against the order: its file, line, and what is wrong.
fn violations(files: &[File], order: &[&str]) -> Result<Vec<String>, String> {
    let read = |file: &File| Ok((file.path.clone(), contents(file)?));
    let read: Vec<(String, Contents)> = files.iter().map(read).collect::<Result<_, String>>()?;
    let lib = read.iter().find(|(path, _)| path == "lib.rs").ok_or("there is no lib.rs")?;
    let root = Root::new(&lib.1);
    let tests: Vec<&Vec<String>> = read.iter().flat_map(|(_, contents)| &contents.tests).collect();
    let mut found = missing(&root, order);
    for ((path, contents), file) in read.iter().zip(files) {
        let module = file.module();
        if tests.iter().any(|test| module.starts_with(test)) {
            continue;
        }
        for (module, used) in &contents.paths {
            // The root itself uses all rooms.
            let Some(room) = module.first() else { continue };
            let wrong = root.owners(contents, module, used).iter().find_map(|owner| against(room, owner, order));
            found.extend(wrong.map(|wrong| format!("{path}:{}: `{}`: {wrong}", used.line, used.names.join("::"))));
        }
    }
    Ok(found)
}

fn missing(root: &Root, order: &[&str]) -> Vec<String> {
    let missing = root.rooms.iter().filter(|room| !order.contains(&room.as_str()));
    missing.map(|room| format!("lib.rs: room `{room}` is missing in the order")).collect()
}

/// Whether a room may use what a path leads to, and if not, why.
fn against(room: &str, owner: &Owner, order: &[&str]) -> Option<String> {
    let place = |room: &str| order.iter().position(|name| *name == room);
    let owner = match owner {
        Owner::Room(owner) => owner,
        Owner::Everything => return Some("names the whole crate; name what is used".to_owned()),
        Owner::Unknown(name) => return Some(format!("lib.rs neither has a room `{name}` nor names it in a `use`")),
    };
    // A room that is missing in the order is reported once, for lib.rs.
    let (user, used) = (place(room)?, place(owner)?);
    (user < used).then(|| format!("room `{room}` uses room `{owner}`, which stands after it"))
}

/// Where a path leads.
enum Owner {
    Room(String),
    Everything,
    Unknown(String),
}

impl Root {
    fn new(lib: &Contents) -> Root {
        let rooms: BTreeSet<String> = lib.modules.iter().filter_map(|module| module.first().cloned()).collect();
        let mut exports = BTreeMap::new();
        for (module, path) in &lib.paths {
            let names = path.names.iter().skip_while(|name| *name == "crate" || *name == "self");
            if let (true, Some(first), Some(name)) = (module.is_empty(), names.clone().next(), &path.imported_as) {
                let owner = rooms.contains(first).then(|| first.clone());
                exports.insert(name.clone(), owner);
            }
        }
        Root { rooms, exports }
    }

    /// The rooms that a path leads to: two if a name is that of a room and also of a function in another, and the
    /// file uses both.
    fn owners(&self, contents: &Contents, module: &[String], path: &Path) -> Vec<Owner> {
        let Some(absolute) = absolute(module, &path.names) else { return Vec::new() };
        let Some((first, rest)) = absolute.split_first().filter(|(first, _)| *first != "*") else {
            return vec![Owner::Everything];
        };
        let as_room = self.rooms.contains(first).then(|| Owner::Room(first.clone()));
        let export = self.exports.get(first);
        let as_export = export.map(|owner| owner.clone().map(Owner::Room));
        match (as_room, as_export) {
            (Some(room), None) => vec![room],
            (Some(room), Some(_)) if !rest.is_empty() => vec![room],
            (None, Some(owner)) => owner.into_iter().collect(),
            (None, None) => vec![Owner::Unknown(first.clone())],
            (Some(room), Some(export)) => {
                let name = path.imported_as.as_deref();
                let is_opened = name.is_some_and(|name| contents.opened.contains(name));
                let is_called = name.is_none_or(|name| !is_opened || contents.called.contains(name));
                is_opened.then_some(room).into_iter().chain(export.filter(|_| is_called)).collect()
            }
        }
    }
}

/// A path from the root on, without `crate`, `self` and `super`; `None` if it starts elsewhere.
fn absolute(module: &[String], names: &[String]) -> Option<Vec<String>> {
    let mut base = match names.first()?.as_str() {
        "crate" => Vec::new(),
        "self" | "super" => module.to_vec(),
        _ => return None,
    };
    let rest = names.iter().skip_while(|name| *name == "crate" || *name == "self");
    let ups = rest.clone().take_while(|name| *name == "super").count();
    base.truncate(base.len().saturating_sub(ups));
    base.extend(rest.skip(ups).filter(|name| *name != "self").cloned());
    Some(base)
}

fn contents(file: &File) -> Result<Contents, String> {
    let mut contents = Contents::default();
    scan(&tokens(&file.path, &file.text)?, &file.module(), &mut contents);
    Ok(contents)
}

/// Collects what stands in `tokens`, which are code of `module`.
fn scan(tokens: &[TokenTree], module: &[String], contents: &mut Contents) {
    let mut k = 0;
    while k < tokens.len() {
        if let Some(attribute) = attribute(tokens, k)
            && is_test(&attribute)
        {
            let end = end_of_item(tokens, k);
            contents.tests.extend(declared(&tokens[k..end]).map(|name| [module, &[name]].concat()));
            k = end;
            continue;
        }
        k = match word(tokens.get(k)).as_deref() {
            Some("mod") => scan_module(tokens, k, module, contents),
            Some("use") if !is_mark(tokens.get(k + 1), '<') => scan_use(tokens, k, module, contents),
            Some("crate" | "super" | "self") if is_path(tokens, k + 1) => scan_path(tokens, k, module, contents),
            Some(name) => scan_word(tokens, k, name, contents),
            None => scan_group(tokens, k, module, contents),
        };
    }
}

/// The text of the attribute that begins here.
fn attribute(tokens: &[TokenTree], k: usize) -> Option<String> {
    let bracket = is_mark(tokens.get(k), '#').then(|| inside(tokens.get(k + 1), Delimiter::Bracket)).flatten()?;
    Some(bracket.iter().map(ToString::to_string).collect())
}

/// The name of the module that an item declares without its contents.
fn declared(item: &[TokenTree]) -> Option<String> {
    let at = item.iter().position(|token| word(Some(token)).as_deref() == Some("mod"))?;
    word(item.get(at + 1)).filter(|_| is_mark(item.get(at + 2), ';'))
}

fn scan_module(tokens: &[TokenTree], k: usize, module: &[String], contents: &mut Contents) -> usize {
    let Some(name) = word(tokens.get(k + 1)) else { return k + 1 };
    let inner = [module, &[name]].concat();
    if let Some(body) = inside(tokens.get(k + 2), Delimiter::Brace) {
        scan(&body, &inner, contents);
    }
    contents.modules.insert(inner);
    k + 3
}

fn scan_use(tokens: &[TokenTree], k: usize, module: &[String], contents: &mut Contents) -> usize {
    let length = tokens[k..].iter().position(|token| is_mark(Some(token), ';')).unwrap_or(tokens.len() - k);
    let mut paths = Vec::new();
    tree(&tokens[k + 1..k + length], &[], &mut paths);
    contents.paths.extend(paths.into_iter().map(|path| (module.to_vec(), path)));
    k + length
}

/// The paths of a `use`, or of a group in it: `a::{b as c, d::*}`.
fn tree(tokens: &[TokenTree], prefix: &[String], paths: &mut Vec<Path>) {
    for entry in tokens.split(|token| is_mark(Some(token), ',')) {
        let (mut names, mut line, mut k) = (prefix.to_vec(), 0, 0);
        while let Some(name) = word(entry.get(k)).filter(|name| name != "as") {
            (line, k) = (entry[k].span().start().line, k + 1);
            names.push(name);
            k += if is_path(entry, k) { 2 } else { 0 };
        }
        if is_mark(entry.get(k), '*') {
            line = entry[k].span().start().line;
            names.push("*".to_owned());
        }
        if let Some(group) = inside(entry.get(k), Delimiter::Brace) {
            tree(&group, &names, paths);
        } else if line > 0 {
            let renamed = (word(entry.get(k)).as_deref() == Some("as")).then(|| word(entry.get(k + 1))).flatten();
            let own = names.iter().rev().find(|name| *name != "self").cloned();
            paths.push(Path { line, imported_as: renamed.or(own), names });
        }
    }
}

/// Whether `::` stands here.
fn is_path(tokens: &[TokenTree], k: usize) -> bool {
    is_mark(tokens.get(k), ':') && is_mark(tokens.get(k + 1), ':')
}

fn scan_path(tokens: &[TokenTree], start: usize, module: &[String], contents: &mut Contents) -> usize {
    let line = tokens[start].span().start().line;
    let (mut names, mut k) = (Vec::new(), start);
    while let Some(name) = word(tokens.get(k)) {
        names.push(name);
        k += 1;
        if !is_path(tokens, k) {
            break;
        }
        k += 2;
    }
    contents.paths.push((module.to_vec(), Path { line, names, imported_as: None }));
    k
}

/// Notes a word in front of `::` or of parentheses that is not itself behind `::`, `.` or `fn`.
fn scan_word(tokens: &[TokenTree], k: usize, name: &str, contents: &mut Contents) -> usize {
    let before = k.checked_sub(1).and_then(|before| tokens.get(before));
    let is_behind = k >= 2 && is_path(tokens, k - 2) || is_mark(before, '.') || word(before).as_deref() == Some("fn");
    if !is_behind && is_path(tokens, k + 1) {
        contents.opened.insert(name.to_owned());
    }
    if !is_behind && inside(tokens.get(k + 1), Delimiter::Parenthesis).is_some() {
        contents.called.insert(name.to_owned());
    }
    k + 1
}

fn scan_group(tokens: &[TokenTree], k: usize, module: &[String], contents: &mut Contents) -> usize {
    if let Some(TokenTree::Group(group)) = tokens.get(k) {
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        scan(&tokens, module, contents);
    }
    k + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: [&str; 5] = ["error", "norm", "plan", "ask", "dense"];

    const LIB: &str = "
        mod ask; mod error; mod norm; mod plan;
        #[cfg(test)] mod testing;
        pub mod dense { pub use kappa_dense::svd; }
        pub use ask::{Profile, norm, rank as exact_rank};
        pub use error::Error; pub use self::plan::Plan;
        pub use kappa_dense::Matrix;
    ";

    /// What is found in a crate with these files beside `lib.rs`.
    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let file = |(path, text): &(&str, &str)| File { path: (*path).to_owned(), text: (*text).to_owned() };
        let files: Vec<File> = [("lib.rs", LIB)].iter().chain(files).map(file).collect();
        violations(&files, &ORDER).expect("it is Rust")
    }

    /// The lines of findings in one file of room `norm`.
    fn lines(text: &str) -> Vec<usize> {
        let line = |finding: &String| finding.split(':').nth(1).and_then(|n| n.parse().ok()).expect("a line");
        found(&[("norm/gauge.rs", text)]).iter().map(line).collect()
    }

    #[test]
    fn a_planted_path_fails_with_file_line_and_both_rooms() {
        let found = found(&[("norm/mod.rs", "\nuse crate::ask::norm;\n")]);
        let expected = "norm/mod.rs:2: `crate::ask::norm`: room `norm` uses room `ask`, which stands after it";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn paths_to_lower_rooms_and_other_crates_pass() {
        let text = "use crate::error::Error; use crate::{Matrix, norm::Norm}; use std::fmt; use ::ask::x; use gauge::y;
            fn f() -> crate::Error { self::g(); super::h(); crate::norm::k() }";
        assert_eq!(found(&[("norm/gauge.rs", text), ("error.rs", "pub struct Error;")]), Vec::<String>::new());
        assert_eq!(found(&[("ask/norm.rs", "use crate::{Plan, norm::Norm, plan};")]), Vec::<String>::new());
    }

    #[test]
    fn groups_renames_and_globs_are_seen() {
        let text = "use crate::{
            error::Error,
            ask::{self, Profile as P},
            norm::{a, b::{c, d}},
            plan::*,
        };";
        assert_eq!(lines(text), [3, 3, 5]);
        assert_eq!(lines("use crate::*;"), [1]);
        assert_eq!(lines("use {crate::ask, crate::error};"), [1]);
    }

    #[test]
    fn inline_paths_are_seen_in_code_types_attributes_and_macros() {
        let text = "fn f(x: crate::ask::Profile) -> u8 {
            let y = <crate::plan::Plan>::new();
            println!(\"{}\", crate::ask::g::<u8>());
            macro_rules! m { () => { $crate::ask::h() }; }
            use crate::ask::k;
        }
        impl From<crate::ask::Q> for u8 {}
        mod inner { fn f() { super::super::super::ask::f() } }
        fn f() -> impl Sized + use<> { super::super::ask::f() }";
        assert_eq!(lines(text), [1, 2, 3, 4, 5, 7, 8, 9]);
    }

    #[test]
    fn names_of_the_root_belong_to_their_rooms() {
        let text = "use crate::Profile;
            use crate::{Error, Plan, Matrix};
            fn f() { crate::exact_rank(); crate::norm::g(); }
            fn g() { crate::norm(1); }
            use super::super::Plan as P;
            use crate::nowhere;";
        assert_eq!(lines(text), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_room_with_the_name_of_a_function_is_what_the_file_uses_it_for() {
        assert_eq!(lines("use crate::norm;\nfn f() -> norm::Norm { x.norm() }"), Vec::<usize>::new());
        assert_eq!(lines("use crate::norm;\nfn f() { norm(1) }"), [1]);
        assert_eq!(lines("use crate::norm;\nfn f() { norm(1); norm::g(); }"), [1]);
        assert_eq!(lines("use crate::norm;\nfn f() { a.map(norm) }"), [1]);
    }

    #[test]
    fn comments_strings_documentation_and_tests_are_not_code() {
        let text = "//! crate::ask::a
            /// crate::ask::b, [`crate::ask::c`]
            fn f() { /* crate::ask::d */ let s = \"crate::ask::e\"; let r = r#\"crate::ask::f\"#; } // crate::ask::g
            #[cfg(test)]
            mod tests { use crate::ask::h; }
            #[cfg(all(test, unix))]
            use crate::ask::{i, j};
            #[cfg(test)]
            #[allow(unused)]
            fn k() { crate::ask::k() }
            #[cfg(test)] mod cases;
            fn l() { #[cfg(test)] let x = crate::ask::l; }
            fn m() { crate::ask::m() }";
        assert_eq!(lines(text), [13]);
        assert_eq!(found(&[("norm/gauge.rs", text), ("norm/gauge/cases.rs", "use crate::ask::x;")]).len(), 1);
        assert_eq!(found(&[("testing.rs", "use crate::ask::x;")]), Vec::<String>::new());
    }

    #[test]
    fn a_room_that_is_missing_in_the_order_is_named() {
        let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        let files = [file("lib.rs", "mod norm; pub mod cellar;"), file("norm.rs", "use crate::cellar::wine;")];
        let found = violations(&files, &ORDER).expect("it is Rust");
        assert_eq!(found, ["lib.rs: room `cellar` is missing in the order"]);
    }

    #[test]
    fn rooms_inside_the_root_have_a_place_too() {
        let lib = "mod ask { use crate::dense::svd; } pub mod dense { use crate::ask::f; }";
        let files = [File { path: "lib.rs".to_owned(), text: lib.to_owned() }];
        assert_eq!(violations(&files, &ORDER).expect("it is Rust").len(), 1);
    }
}
