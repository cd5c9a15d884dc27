//! The files of the repository, and Rust as tokens without its tests.

use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::run::root;

/// A file and its path: in a crate below `src`, otherwise below the repository's folder.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    /// Reads all files below `folder`, itself below the repository's, that end in one of `endings`.
    pub(crate) fn all(folder: &str, endings: &[&str]) -> Result<Vec<File>, String> {
        let (base, mut files) = (root().join(folder), Vec::new());
        collect(&base, &base, endings, &mut files)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// The module that a file of a crate is: `norm/gauge.rs` is `norm::gauge`, `norm/mod.rs` is `norm`.
    pub(super) fn module(&self) -> Vec<String> {
        let path = self.path.trim_end_matches(".rs");
        let path = path.strip_suffix("/mod").unwrap_or(path);
        if path == "lib" { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
    }
}

fn collect(base: &Path, folder: &Path, endings: &[&str], files: &mut Vec<File>) -> Result<(), String> {
    let unreadable = |path: &Path, e: std::io::Error| format!("cannot read {}: {e}", path.display());
    let entries = std::fs::read_dir(folder).map_err(|e| unreadable(folder, e))?;
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // What was built is no source. Links lead to files that are found anyway, or out of the repository.
        if name.starts_with('.') || name == "target" || path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            collect(base, &path, endings, files)?;
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            let text = std::fs::read_to_string(&path).map_err(|e| unreadable(&path, e))?;
            let path = path.strip_prefix(base).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            files.push(File { path, text });
        }
    }
    Ok(())
}

/// The tokens of Rust. Comments are not among them; documentation becomes an attribute with a string.
pub(super) fn tokens(path: &str, text: &str) -> Result<Vec<TokenTree>, String> {
    let stream: TokenStream = text.parse().map_err(|e| format!("{path} cannot be read as Rust: {e}"))?;
    Ok(stream.into_iter().collect())
}

/// Whether this token is the given mark.
pub(super) fn is_mark(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(p)) if p.as_char() == mark)
}

/// The word that this token is. `r#type` is `type`.
pub(super) fn word(token: Option<&TokenTree>) -> Option<String> {
    match token {
        Some(TokenTree::Ident(word)) => Some(word.to_string().trim_start_matches("r#").to_owned()),
        _ => None,
    }
}

/// The tokens between brackets of this kind.
pub(super) fn inside(token: Option<&TokenTree>, delimiter: Delimiter) -> Option<Vec<TokenTree>> {
    match token {
        Some(TokenTree::Group(group)) if group.delimiter() == delimiter => Some(group.stream().into_iter().collect()),
        _ => None,
    }
}

/// Whether an attribute makes its item part of the tests: `#[test]`, `#[cfg(test)]` or `#[cfg(all(test, …))]`.
pub(super) fn is_test(attribute: &str) -> bool {
    let text: String = attribute.chars().filter(|c| !c.is_whitespace()).collect();
    text == "test" || text == "cfg(test)" || text.starts_with("cfg(all(test,")
}

/// Where the item ends whose first token, or first attribute, is `tokens[start]`: the index behind it.
pub(super) fn end_of_item(tokens: &[TokenTree], start: usize) -> usize {
    let mut k = start;
    while is_mark(tokens.get(k), '#') {
        k += 2;
    }
    let is_item = word(tokens.get(k)).is_some_and(|word| ITEMS.contains(&word.as_str()));
    let mut is_use = false;
    while let Some(token) = tokens.get(k) {
        k += 1;
        is_use |= word(Some(token)).as_deref() == Some("use");
        let is_block = !is_use && inside(Some(token), Delimiter::Brace).is_some();
        // The arm of a match or the field of a struct ends with a comma; in an item one stands between parameters.
        if is_block || is_mark(Some(token), ';') || !is_item && is_mark(Some(token), ',') {
            break;
        }
    }
    k
}

/// The words with which an item begins.
const ITEMS: [&str; 15] = [
    "pub", "fn", "struct", "enum", "union", "impl", "trait", "mod", "use", "const", "static", "type", "unsafe",
    "async", "extern",
];
