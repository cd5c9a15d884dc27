//! Public functions say what they do, when they fail and how they are used; and lines fit the page.

use std::collections::BTreeMap;

use super::exports::{Documentation, Function, functions};
use super::listed;
use super::source::File;

/// The crates that keep this rule already, so that a finding in them is an error. The list grows until all are in it:
/// the crates of [`CRATES`], and the other folders that [`owner`] names.
const DOCUMENTED: &[&str] = &[
    "kappa",
    "kappa-dense",
    "kappa-engine",
    "kappa-tensors",
    "kappa-model",
    "kappa-report",
    "kappa-cli",
    "kappa-benches",
    "examples",
    "kappa-python",
    "xtask",
];

/// The crates whose public functions are looked at.
const CRATES: [&str; 5] = ["kappa", "kappa-dense", "kappa-tensors", "kappa-model", "kappa-report"];

/// The crate whose free functions must show an example.
const WITH_EXAMPLES: &str = "kappa";

/// The width of a line, in characters.
const WIDTH: usize = 120;

/// What is wrong, and in which crate or folder.
struct Finding {
    owner: String,
    text: String,
}

pub(super) fn check(show_all: bool) -> Result<(), String> {
    let mut findings = Vec::new();
    for name in CRATES {
        let folder = format!("crates/{name}/src");
        for function in functions(&File::all(&folder, &[".rs"])?)? {
            findings.extend(of_function(name, &folder, &function));
        }
    }
    for file in File::all("", &[".rs", ".py"])? {
        findings.extend(wide_lines(&file));
    }
    report(&findings, DOCUMENTED, show_all)
}

/// Prints what is found outside the `documented` crates, and returns what is found in them as an error.
fn report(findings: &[Finding], documented: &[&str], show_all: bool) -> Result<(), String> {
    let is_error = |finding: &&Finding| documented.contains(&finding.owner.as_str());
    let (errors, others): (Vec<&Finding>, Vec<&Finding>) = findings.iter().partition(is_error);
    println!(
        "documentation: {} findings in crates that keep the rule already: {}",
        errors.len(),
        documented.join(", ")
    );
    if !others.is_empty() {
        println!("documentation: findings in crates that do not keep it yet, no errors: {}", counts(&others));
        println!("{}", listed(&texts(&others), show_all));
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(format!(
        "documentation or width of lines: {}\n{}\nhint: CONTRIBUTING.md says what a public function says",
        counts(&errors),
        listed(&texts(&errors), show_all)
    ))
}

fn texts(findings: &[&Finding]) -> Vec<String> {
    findings.iter().map(|finding| finding.text.clone()).collect()
}

/// How many findings each crate has: `3 in kappa, 1 in xtask`.
fn counts(findings: &[&Finding]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in findings {
        *counts.entry(&finding.owner).or_default() += 1;
    }
    let counts: Vec<String> = counts.iter().map(|(owner, count)| format!("{count} in {owner}")).collect();
    counts.join(", ")
}

fn of_function(owner: &str, folder: &str, function: &Function) -> Vec<Finding> {
    let place = format!("{folder}/{}:{}: `{}`", function.file, function.line, function.name);
    let finding = |text: &str| Finding { owner: owner.to_owned(), text: format!("{place} {text}") };
    let text = match &function.documentation {
        Documentation::None => return vec![finding("has no documentation")],
        Documentation::Made => return Vec::new(),
        Documentation::Text(text) => text,
    };
    let mut findings = Vec::new();
    if function.returns_result && section(text, "# Errors").is_none() {
        findings.push(finding("returns a Result and has no heading `# Errors`"));
    }
    if owner == WITH_EXAMPLES && function.is_free {
        match section(text, "# Examples") {
            None => findings.push(finding("has no heading `# Examples`")),
            Some(section) if !section.contains("```") => findings.push(finding("has no code below `# Examples`")),
            Some(_) => {}
        }
    }
    findings
}

/// What follows a heading.
fn section<'a>(text: &'a str, heading: &str) -> Option<&'a str> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        start += line.len();
        if line.trim() == heading {
            return text.get(start..);
        }
    }
    None
}

/// The lines of a file that are too wide. Addresses in the Web cannot be broken and are not counted.
fn wide_lines(file: &File) -> Vec<Finding> {
    let finding = |(k, line): (usize, &str)| {
        let width = line.chars().count();
        let addresses: usize = line.split_whitespace().filter(|w| w.contains("://")).map(|w| w.chars().count()).sum();
        let text = format!("{}:{}: {width} characters in a line, more than {WIDTH}", file.path, k + 1);
        (width - addresses > WIDTH).then(|| Finding { owner: owner(&file.path), text })
    };
    file.text.lines().enumerate().filter_map(finding).collect()
}

/// The crate or the folder to which a file belongs.
fn owner(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["crates", name, ..] => (*name).to_owned(),
        ["bindings", "python", ..] => "kappa-python".to_owned(),
        ["benches", ..] => "kappa-benches".to_owned(),
        [folder, _, ..] => (*folder).to_owned(),
        _ => "the root".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found in functions of a crate with this only file.
    fn found(owner: &str, text: &str) -> Vec<String> {
        let files = [File { path: "lib.rs".to_owned(), text: text.to_owned() }];
        let functions = functions(&files).expect("it is Rust");
        functions.iter().flat_map(|f| of_function(owner, "src", f)).map(|finding| finding.text).collect()
    }

    #[test]
    fn documentation_must_be_there() {
        assert_eq!(found("kappa-dense", "\npub fn f() {}"), ["src/lib.rs:2: `f` has no documentation"]);
        assert_eq!(found("kappa-dense", "/// It does.\npub fn f() {}"), Vec::<String>::new());
        assert_eq!(found("kappa", "#[doc = include_str!(\"f.md\")]\npub fn f() {}"), Vec::<String>::new());
    }

    #[test]
    fn a_result_needs_errors() {
        let text = "/// It does.\npub fn f() -> crate::Result<u8> { Ok(1) }";
        assert_eq!(found("kappa-dense", text), ["src/lib.rs:2: `f` returns a Result and has no heading `# Errors`"]);
        let text = "/// It does.\n///\n/// # Errors\n///\n/// Never.\npub fn f() -> Result<u8, ()> { Ok(1) }";
        assert_eq!(found("kappa-dense", text), Vec::<String>::new());
        let text = "pub struct S;\nimpl S {\n/// It does.\npub fn f(&self) -> std::io::Result<u8> { Ok(1) } }";
        assert_eq!(found("kappa", text).len(), 1);
    }

    #[test]
    fn a_free_function_of_kappa_needs_an_example_with_code() {
        let function = |documentation: &str| format!("/// It does.\n{documentation}\npub fn f() {{}}");
        let example = function("/// # Examples\n/// ```\n/// f();\n/// ```");
        assert_eq!(found("kappa", &example), Vec::<String>::new());
        assert_eq!(found("kappa", &function("")).len(), 1);
        assert_eq!(found("kappa", &function("/// # Example\n/// ```\n/// f();\n/// ```")).len(), 1);
        assert_eq!(found("kappa", &function("/// ```\n/// f();\n/// ```\n/// # Examples\n/// f()")).len(), 1);
        assert_eq!(found("kappa-dense", &function("")), Vec::<String>::new());
    }

    #[test]
    fn characters_are_counted_and_addresses_are_not() {
        let line = |line: String| wide_lines(&File { path: "crates/kappa/src/a.rs".to_owned(), text: line });
        assert_eq!(line("σ".repeat(WIDTH)).len(), 0);
        let found = line(format!("\n// {}", "σ".repeat(WIDTH)));
        assert_eq!((found.len(), found[0].owner.as_str()), (1, "kappa"));
        assert_eq!(found[0].text, "crates/kappa/src/a.rs:2: 123 characters in a line, more than 120");
        assert_eq!(line(format!("// see https://{}", "a".repeat(WIDTH))).len(), 0);
    }

    #[test]
    fn only_crates_on_the_list_fail() {
        let finding = |owner: &str, text: &str| Finding { owner: owner.to_owned(), text: text.to_owned() };
        let findings: Vec<Finding> = (0..30).map(|k| finding("kappa", &format!("<{k}>"))).collect();
        assert_eq!(report(&findings, &["kappa-dense"], false), Ok(()));
        let error = report(&findings, &["kappa"], false).expect_err("30 findings");
        assert!(error.contains("30 in kappa") && error.contains("<19>") && !error.contains("<20>"), "{error}");
        assert!(error.contains("and 10 more"), "{error}");
        assert!(report(&findings, &["kappa"], true).expect_err("30 findings").contains("<29>"));
    }

    #[test]
    fn every_file_has_an_owner() {
        let owners = ["crates/kappa/tests/a.rs", "bindings/python/tests/a.py", "xtask/src/a.rs", "setup.py"].map(owner);
        assert_eq!(owners, ["kappa", "kappa-python", "xtask", "the root"]);
    }
}
