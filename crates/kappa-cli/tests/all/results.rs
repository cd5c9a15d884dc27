//! The list of results in docs/json.md is generated from docs/json.schema.json.

use serde_json::Value;

use super::{assert_same, root};

const BEGIN: &str = "<!-- results -->\n```text\n";
const END: &str = "```\n\nA **layer** of a survey";

/// The columns for the name of a command, and those of a line.
const MARGIN: usize = 20;
const WIDTH: usize = 118;

/// The depth to which the keys of nested objects are listed.
const DEPTH: usize = 3;

/// Definitions that docs/json.md explains in words.
const EXPLAINED: [&str; 4] = ["Enclosure", "Evidence", "Number", "LayerResult"];

/// An entry for each form of the result of each command.
fn entries(schema: &Value) -> String {
    let mut text = String::new();
    for command in schema["allOf"].as_array().unwrap() {
        let name = command["if"]["properties"]["command"]["const"].as_str().unwrap();
        for form in forms(schema, &command["then"]["properties"]["result"]) {
            let items: Vec<String> = form.into_iter().flat_map(|part| items(schema, part, DEPTH)).collect();
            text += &entry(name, &format!("{{{}}}", items.join(", ")));
        }
    }
    text
}

/// The name of a command and its keys, in lines of at most [`WIDTH`] columns.
fn entry(name: &str, keys: &str) -> String {
    let mut lines = vec![format!("{name:<MARGIN$}")];
    for key in keys.split_inclusive(", ").map(str::trim_end) {
        let line = lines.last_mut().unwrap();
        if line.chars().count() + key.chars().count() >= WIDTH {
            lines.push(format!("{:MARGIN$} {key}", ""));
        } else {
            let space = if line.ends_with(' ') { "" } else { " " };
            *line += &format!("{space}{key}");
        }
    }
    lines.join("\n") + "\n"
}

/// What a schema stands for, references followed.
fn followed<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(name) => followed(root, &root["$defs"][name.strip_prefix("#/$defs/").unwrap()]),
        None => schema,
    }
}

/// The alternatives of a schema, without `null`: each the objects that its keys come from.
fn forms<'a>(root: &'a Value, schema: &'a Value) -> Vec<Vec<&'a Value>> {
    let schema = followed(root, schema);
    let own = schema.get("properties").map(|_| schema);
    match schema["anyOf"].as_array() {
        Some(choices) => {
            let all = choices.iter().flat_map(|choice| forms(root, choice));
            all.map(|form| own.into_iter().chain(form).collect()).collect()
        }
        None if schema["type"] == "null" => Vec::new(),
        None => vec![own.into_iter().collect()],
    }
}

/// The keys of an object, with what stands inside of their values.
fn items(root: &Value, schema: &Value, depth: usize) -> Vec<String> {
    let required = schema["required"].as_array();
    let item = |(key, of): (&String, &Value)| {
        let is_left_out = !required.is_some_and(|keys| keys.iter().any(|k| k == key));
        let mark = if is_left_out { "?" } else { "" };
        match inner(root, of, depth - 1) {
            Some(inside) => format!("\"{key}\"{mark}: {inside}"),
            None => format!("\"{key}\"{mark}"),
        }
    };
    schema["properties"].as_object().into_iter().flatten().map(item).collect()
}

/// What stands inside of a value: the keys of an object, or of the objects of a list.
fn inner(root: &Value, schema: &Value, depth: usize) -> Option<String> {
    let is_explained = |name: &str| EXPLAINED.iter().any(|known| name.ends_with(&format!("/{known}")));
    if depth == 0 || schema["$ref"].as_str().is_some_and(is_explained) {
        return None;
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        return choices.iter().find_map(|choice| inner(root, choice, depth));
    }
    let schema = followed(root, schema);
    if schema.get("items").is_some() {
        return inner(root, &schema["items"], depth).map(|inside| format!("[{inside}]"));
    }
    if schema["additionalProperties"].is_object() {
        return Some("{name: …}".into());
    }
    schema["properties"].is_object().then(|| format!("{{{}}}", items(root, schema, depth).join(", ")))
}

#[test]
fn the_list_of_results_is_that_of_the_schema() {
    let path = root().join("docs/json.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let schema = std::fs::read_to_string(root().join("docs/json.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the beginning of the list");
    let (_, after) = rest.split_once(END).expect("the text below the list");
    let new = format!("{before}{BEGIN}{}{END}{after}", entries(&schema));
    if std::env::var_os("KAPPA_UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, new).unwrap();
        return;
    }
    assert_same(&text, &new, &path);
}

#[test]
fn keys_of_objects_lists_and_alternatives_are_listed() {
    let schema = serde_json::json!({
        "allOf": [{"if": {"properties": {"command": {"const": "ask"}}},
            "then": {"properties": {"result": {"anyOf": [{"$ref": "#/$defs/One"}, {"type": "null"}]}}}}],
        "$defs": {
            "One": {"properties": {"value": {"$ref": "#/$defs/Enclosure"}, "list": {"items": {"$ref": "#/$defs/Two"}},
                "names": {"type": "object", "additionalProperties": {}}}, "required": ["value", "names"]},
            "Two": {"properties": {"x": {"type": "number"}}, "required": ["x"]},
            "Enclosure": {"properties": {"lower": {}}},
        }
    });
    let entry = "ask                 {\"value\", \"list\"?: [{\"x\"}], \"names\": {name: …}}\n";
    assert_eq!(entries(&schema), entry);
    let long = super::results::entry("ask", &vec!["\"key\""; 30].join(", "));
    assert!(long.lines().all(|line| line.chars().count() <= WIDTH) && long.matches("\"key\"").count() == 30);
    assert!(long.lines().count() == 3 && long.lines().nth(1).unwrap().starts_with(&" ".repeat(MARGIN)));
}
