//! The root of kappa holds the names that nearly every program uses; the rest stays in the rooms.

use syn::{Item, UseTree, Visibility};

use crate::run::root;

/// The largest number of modules and names at the root.
const MOST: usize = 90;
const ROOT: &str = "crates/kappa/src/lib.rs";

pub(super) fn check() -> Result<(), String> {
    let text = std::fs::read_to_string(root().join(ROOT)).map_err(|e| format!("{ROOT}: {e}"))?;
    let names = names(&text)?;
    println!("root: kappa has {} names at its root", names.len());
    if names.len() <= MOST {
        return Ok(());
    }
    Err(format!(
        "root: {ROOT} has {} public names, more than {MOST}\n\nhint: export a name from the mod.rs of its room alone",
        names.len()
    ))
}

/// The public modules and names of a file.
fn names(text: &str) -> Result<Vec<String>, String> {
    let parsed = syn::parse_file(text).map_err(|e| format!("{ROOT} cannot be read as Rust: {e}"))?;
    let mut names = Vec::new();
    for item in &parsed.items {
        match item {
            Item::Mod(item) if is_public(&item.vis) => names.push(item.ident.to_string()),
            Item::Use(item) if is_public(&item.vis) => leaves(&item.tree, &mut names)?,
            _ => {}
        }
    }
    Ok(names)
}

fn leaves(tree: &UseTree, names: &mut Vec<String>) -> Result<(), String> {
    match tree {
        UseTree::Path(path) => leaves(&path.tree, names)?,
        UseTree::Name(name) => names.push(name.ident.to_string()),
        UseTree::Rename(name) => names.push(name.rename.to_string()),
        UseTree::Group(group) => group.items.iter().try_for_each(|tree| leaves(tree, names))?,
        UseTree::Glob(_) => return Err(format!("root: {ROOT} exports by `*`\n\nhint: list the names")),
    }
    Ok(())
}

fn is_public(vis: &Visibility) -> bool {
    matches!(vis, Visibility::Public(_))
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn modules_and_names_are_counted_and_a_star_is_refused() {
        let text = "pub mod a; mod b; pub use b::{C, D as E, f::{g}}; use b::H; pub use a::i;";
        assert_eq!(names(text).unwrap(), ["a", "C", "E", "g", "i"]);
        assert!(names("pub use a::*;").unwrap_err().contains("hint"));
    }
}
