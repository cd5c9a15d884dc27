//! The root of kappa holds the names that nearly every program uses; the rest stays in the rooms.

use syn::Item;

use super::exports::{is_public, read_use};
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
            Item::Use(item) if is_public(&item.vis) => read_use(&item.tree, &[], &mut |name, _| names.push(name)),
            _ => {}
        }
    }
    match names.iter().any(|name| name == "*") {
        true => Err(format!("root: {ROOT} exports by `*`\n\nhint: list the names")),
        false => Ok(names),
    }
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
