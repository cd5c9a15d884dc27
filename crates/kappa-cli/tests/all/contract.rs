//! Every command prints JSON that its schema describes, and a true explanation.

use serde_json::Value;

use super::help::{self, Listed};
use super::schema::fault;
use super::{Done, Folder, root};

fn schema() -> Value {
    serde_json::from_str(&std::fs::read_to_string(root().join("docs/json.schema.json")).unwrap()).unwrap()
}

/// Command lines that must hold as well, but are no examples for a reader.
const MORE: [&str; 2] = ["eig a.npy --condition --powers 4 -o e.npz", "nearest normal a.npy"];

/// The examples of all commands, in their order: `verify` reads what `prove` writes.
fn command_lines(folder: &Folder) -> Vec<String> {
    let examples = help::verbs(folder).into_iter().flat_map(|verb| verb.examples);
    examples.chain(MORE.map(str::to_owned)).collect()
}

/// The words of a command line as a shell takes them apart, which need know double quotes only.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut is_quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words
}

fn run(folder: &Folder, line: &str, flag: &str) -> Done {
    let words = words(line);
    let words = words.iter().map(String::as_str).chain(Some(flag).filter(|flag| !flag.is_empty()));
    folder.run(&words.collect::<Vec<&str>>())
}

#[test]
fn json_is_what_the_schema_says() {
    let (folder, schema) = (Folder::with_examples(), schema());
    for line in command_lines(&folder) {
        let done = run(&folder, &line, "--json");
        assert_eq!(done.code, 0, "{line}: {}", done.err);
        let value: Value = serde_json::from_str(&done.out).unwrap_or_else(|e| panic!("{line}: {e}\n{}", done.out));
        assert_eq!(fault(&schema, &schema, &value, ""), None, "{line}: {}", done.out);
        assert_eq!(value["command"], words(&line)[0], "{line}");
    }
}

#[test]
fn a_wrong_answer_is_refused_by_the_schema() {
    let schema = schema();
    let wrong = serde_json::json!({"kappa": "0.2.0", "command": "norm", "inputs": {}, "result": {"value": 3}});
    assert!(fault(&schema, &schema, &wrong, "").is_some());
}

#[test]
fn every_command_has_an_example_a_section_and_a_schema() {
    let (folder, schema) = (Folder::with_examples(), schema());
    let page = std::fs::read_to_string(root().join("docs/commands.md")).unwrap();
    let verbs = help::verbs(&folder);
    assert_eq!(schema["properties"]["command"]["enum"].as_array().unwrap().len(), verbs.len());
    for Listed { name, names, examples, .. } in verbs {
        let is_own = |example: &String| words(example)[0] == name;
        assert!(!examples.is_empty() && examples.iter().all(is_own), "{name}: {examples:?}");
        let heading = format!("### {names}");
        // The section is written by another test at the same time.
        let is_update = std::env::var_os("KAPPA_UPDATE_SNAPSHOTS").is_some();
        let has_section = is_update || page.lines().any(|line| line == heading);
        assert!(has_section, "docs/commands.md has no `{heading}`; KAPPA_UPDATE_SNAPSHOTS=1 writes it");
        let rules = schema["allOf"].as_array().unwrap();
        let has_rule = rules.iter().any(|rule| rule["if"]["properties"]["command"]["const"] == *name);
        assert!(has_rule, "docs/json.schema.json has no rule for `{name}`");
    }
}

#[test]
fn every_command_explains_itself() {
    let folder = Folder::with_examples();
    for line in command_lines(&folder) {
        let done = run(&folder, &line, "--explain");
        let has = |title: &str| done.err.lines().any(|line| line.starts_with(title));
        assert!(has("plan: ") && has("reference: "), "{line}: {}", done.err);
        assert!(!done.err.contains("inf") || done.err.contains("infin"), "∞ is written so: {line}: {}", done.err);
        assert_eq!(done.out, run(&folder, &line, "").out, "{line}");
    }
}
