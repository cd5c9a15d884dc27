//! The public functions of a crate: what its users reach from the root.

use std::collections::{BTreeMap, BTreeSet};

use syn::{Attribute, Expr, ImplItem, Item, Lit, Meta, ReturnType, Type, UseTree, Visibility};

use super::source::{File, is_test};

/// A public function or method and what its documentation says.
pub(super) struct Function {
    pub(super) name: String,
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) documentation: Documentation,
    pub(super) returns_result: bool,
    pub(super) is_free: bool,
}

/// The text of the documentation.
pub(super) enum Documentation {
    None,
    Text(String),
    /// Made by a macro, for example out of a file.
    Made,
}

/// One module: its public names, and all its public functions.
#[derive(Default)]
struct Module {
    modules: BTreeMap<String, bool>,
    /// Names, whether they are public, and the path from which they come.
    uses: Vec<(String, bool, Vec<String>)>,
    types: BTreeSet<String>,
    functions: Vec<Function>,
    /// Methods with the name of their type.
    methods: Vec<(String, Function)>,
}

type Modules = BTreeMap<Vec<String>, Module>;

/// The functions and methods that users of the crate with these files can call.
///
/// Methods belong to every public type of their type's name. Functions that macros make are not seen.
pub(super) fn functions(files: &[File]) -> Result<Vec<Function>, String> {
    let mut modules = Modules::new();
    for file in files {
        let parsed = syn::parse_file(&file.text).map_err(|e| format!("{} cannot be read as Rust: {e}", file.path))?;
        read(&parsed.items, file, &file.module(), &mut modules);
    }
    let mut reached = BTreeSet::new();
    reach_all(&modules, &[], &mut reached);
    let types: BTreeSet<&str> = reached.iter().map(|(_, name)| name.as_str()).collect();
    let types: BTreeSet<String> = types.into_iter().map(str::to_owned).collect();
    let mut functions = Vec::new();
    for (path, module) in modules {
        let is_reached = |function: &Function| reached.contains(&(path.clone(), function.name.clone()));
        functions.extend(module.functions.into_iter().filter(is_reached));
        let methods = module.methods.into_iter().filter(|(owner, _)| types.contains(owner));
        functions.extend(methods.map(|(owner, f)| Function { name: format!("{owner}::{}", f.name), ..f }));
    }
    functions.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    Ok(functions)
}

/// Marks all public names of a module. The set is also what ends circles of modules.
fn reach_all(modules: &Modules, path: &[String], reached: &mut BTreeSet<(Vec<String>, String)>) {
    let Some(module) = modules.get(path) else { return };
    if !reached.insert((path.to_vec(), "*".to_owned())) {
        return;
    }
    let functions = module.functions.iter().map(|f| &f.name);
    let names = module.types.iter().chain(functions);
    let public = module.modules.iter().filter(|(_, is_public)| **is_public).map(|(name, _)| name);
    let uses = module.uses.iter().filter(|(_, is_public, _)| *is_public).map(|(name, ..)| name);
    let names: Vec<&String> = names.chain(public).chain(uses).collect();
    for name in names {
        reach(modules, path, name, reached);
    }
}

/// Marks the item that `name` is in a module, and what it leads to.
fn reach(modules: &Modules, path: &[String], name: &str, reached: &mut BTreeSet<(Vec<String>, String)>) {
    let Some(module) = modules.get(path) else { return };
    if name != "*" && !reached.insert((path.to_vec(), name.to_owned())) {
        return;
    }
    // A private module may have the name of a public function.
    if module.modules.get(name) == Some(&true) {
        reach_all(modules, &[path, &[name.to_owned()]].concat(), reached);
    }
    for (_, _, target) in module.uses.iter().filter(|(imported, ..)| imported == name || imported == "*") {
        let target = absolute(path, module, target);
        match target.split_last() {
            Some((last, parent)) if last == "*" && name == "*" => reach_all(modules, parent, reached),
            Some((last, parent)) if last == "*" => reach(modules, parent, name, reached),
            Some((last, parent)) => reach(modules, parent, last, reached),
            None => {}
        }
    }
}

/// A path of a `use`, from the root on. That of another crate leads to no module of this one.
fn absolute(path: &[String], module: &Module, target: &[String]) -> Vec<String> {
    let (mut base, mut rest) = match target.first().map(String::as_str) {
        Some("crate") => (Vec::new(), &target[1..]),
        Some("self") => (path.to_vec(), &target[1..]),
        Some("super") => (path.to_vec(), target),
        Some(first) if module.modules.contains_key(first) => (path.to_vec(), target),
        _ => return Vec::new(),
    };
    while let [first, others @ ..] = rest
        && first == "super"
    {
        base.pop();
        rest = others;
    }
    base.extend_from_slice(rest);
    base
}

fn read(items: &[Item], file: &File, path: &[String], modules: &mut Modules) {
    modules.entry(path.to_vec()).or_default();
    for item in items {
        if let Item::Mod(inner) = item
            && !is_left_out(&inner.attrs)
        {
            let name = inner.ident.to_string();
            let inner_path = [path, std::slice::from_ref(&name)].concat();
            if let Some((_, items)) = &inner.content {
                read(items, file, &inner_path, modules);
            }
            let module = modules.entry(path.to_vec()).or_default();
            module.modules.insert(name, is_public(&inner.vis));
        } else if let Some(module) = modules.get_mut(path) {
            read_item(item, file, module);
        }
    }
}

fn read_item(item: &Item, file: &File, module: &mut Module) {
    let mut named = |vis: &Visibility, name: &syn::Ident| {
        if is_public(vis) {
            module.types.insert(name.to_string());
        }
    };
    match item {
        Item::Struct(item) => named(&item.vis, &item.ident),
        Item::Enum(item) => named(&item.vis, &item.ident),
        Item::Union(item) => named(&item.vis, &item.ident),
        Item::Trait(item) => named(&item.vis, &item.ident),
        Item::Type(item) => named(&item.vis, &item.ident),
        Item::Use(item) if !is_left_out(&item.attrs) => {
            read_use(&item.tree, &[], &mut |name, target| module.uses.push((name, is_public(&item.vis), target)));
        }
        Item::Fn(item) if is_public(&item.vis) && !is_left_out(&item.attrs) => {
            module.functions.push(function(file, &item.attrs, &item.sig, true));
        }
        Item::Impl(item) if item.trait_.is_none() && !is_left_out(&item.attrs) => {
            let Type::Path(owner) = &*item.self_ty else { return };
            let Some(owner) = owner.path.segments.last().map(|segment| segment.ident.to_string()) else { return };
            for method in &item.items {
                if let ImplItem::Fn(method) = method
                    && is_public(&method.vis)
                    && !is_left_out(&method.attrs)
                {
                    module.methods.push((owner.clone(), function(file, &method.attrs, &method.sig, false)));
                }
            }
        }
        _ => {}
    }
}

/// Hands each name of a `use` and its path to `add`.
pub(super) fn read_use(tree: &UseTree, prefix: &[String], add: &mut impl FnMut(String, Vec<String>)) {
    let with = |name: String| [prefix, &[name]].concat();
    match tree {
        UseTree::Path(path) => read_use(&path.tree, &with(path.ident.to_string()), add),
        UseTree::Name(name) if name.ident == "self" => {
            add(prefix.last().cloned().unwrap_or_default(), prefix.to_vec());
        }
        UseTree::Name(name) => add(name.ident.to_string(), with(name.ident.to_string())),
        UseTree::Rename(name) => add(name.rename.to_string(), with(name.ident.to_string())),
        UseTree::Glob(_) => add("*".to_owned(), with("*".to_owned())),
        UseTree::Group(group) => group.items.iter().for_each(|tree| read_use(tree, prefix, add)),
    }
}

fn function(file: &File, attributes: &[Attribute], signature: &syn::Signature, is_free: bool) -> Function {
    Function {
        name: signature.ident.to_string(),
        file: file.path.clone(),
        line: signature.ident.span().start().line,
        documentation: documentation(attributes),
        returns_result: returns_result(&signature.output),
        is_free,
    }
}

pub(super) fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Whether an item belongs to the tests or is hidden from the documentation.
fn is_left_out(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let Meta::List(list) = &attribute.meta else { return attribute.path().is_ident("test") };
        let inner = list.tokens.to_string();
        let is_hidden = list.path.is_ident("doc") && inner == "hidden";
        is_hidden || list.path.is_ident("cfg") && is_test(&format!("cfg({inner})"))
    })
}

fn documentation(attributes: &[Attribute]) -> Documentation {
    let mut text = String::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("doc")) {
        let Meta::NameValue(pair) = &attribute.meta else { continue };
        match &pair.value {
            Expr::Lit(literal) if let Lit::Str(line) = &literal.lit => text += &format!("{}\n", line.value()),
            _ => return Documentation::Made,
        }
    }
    if text.trim().is_empty() { Documentation::None } else { Documentation::Text(text) }
}

fn returns_result(output: &ReturnType) -> bool {
    let ReturnType::Type(_, output) = output else { return false };
    let Type::Path(path) = &**output else { return false };
    path.path.segments.last().is_some_and(|segment| segment.ident == "Result")
}

#[cfg(test)]
mod tests {
    use super::functions;
    use crate::house::source::File;

    /// The names of the functions that a crate with these files gives to its users.
    fn reached(files: &[(&str, &str)]) -> Vec<String> {
        let file = |(path, text): &(&str, &str)| File { path: (*path).to_owned(), text: (*text).to_owned() };
        let files: Vec<File> = files.iter().map(file).collect();
        functions(&files).expect("it is Rust").into_iter().map(|f| f.name).collect()
    }

    #[test]
    fn what_the_root_re_exports_is_reached_and_nothing_else() {
        let lib = "mod ask; pub mod open; mod closed; pub use ask::{norm, Svd}; pub use crate::open::inner as other;
            pub fn root() {} pub(crate) fn private() {}
            #[cfg(test)] pub fn test() {} #[doc(hidden)] pub fn hidden() {}";
        let ask = "mod norm; mod svd; pub use norm::norm; pub use self::svd::*; pub use norm::not_named;";
        let files = [
            ("lib.rs", lib),
            ("ask/mod.rs", ask),
            ("ask/norm.rs", "pub fn norm() {} pub fn not_named() {}"),
            ("ask/svd.rs", "pub struct Svd; impl Svd { pub fn rank(&self) {} fn own(&self) {} } pub struct Other;"),
            ("open.rs", "pub fn f() {} pub mod inner { pub fn g() {} } mod shut { pub fn h() {} }"),
            (
                "closed.rs",
                "pub fn k() {} impl crate::ask::Svd { pub fn added(&self) {} } impl Clone for Svd {}
                pub struct Closed; impl Closed { pub fn l(&self) {} }",
            ),
        ];
        let expected = ["norm", "Svd::rank", "Svd::added", "root", "f", "g"];
        let mut found = reached(&files);
        let mut expected = expected.map(str::to_owned).to_vec();
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
    }
}
