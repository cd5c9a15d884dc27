//! The JSON schema of all answers, generated from their types.

use kappa_report::Remark;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::verbs::VERBS;

/// The schema as `docs/json.schema.json` holds it.
pub(crate) fn text() -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(&schema()).map_err(|e| Failure::new(format!("cannot write JSON: {e}")))?;
    Ok(text + "\n")
}

fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let results: Vec<Value> = VERBS
        .iter()
        .map(|verb| {
            let result = verb.schema(&mut generator).to_value();
            json!({
                "if": { "properties": { "command": { "const": verb.name } } },
                "then": { "properties": { "result": result } },
            })
        })
        .collect();
    let remark = generator.subschema_for::<Remark>().to_value();
    let names: Vec<&str> = VERBS.iter().map(|verb| verb.name).collect();
    let definitions: Map<String, Value> = generator.take_definitions(true);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What every kappa command prints with --json",
        "type": "object",
        "required": ["kappa", "command", "inputs", "result"],
        "additionalProperties": false,
        "properties": {
            "kappa": { "type": "string", "pattern": "^[0-9]+\\.[0-9]+\\.[0-9]+" },
            "command": { "enum": names },
            "inputs": { "type": "object" },
            "result": { "type": "object" },
            "remarks": { "type": "array", "items": remark },
        },
        "allOf": results,
        "$defs": definitions,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_schema_in_docs_is_the_one_of_the_types() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/json.schema.json");
        let text = super::text().unwrap();
        if std::env::var_os("KAPPA_UPDATE_SNAPSHOTS").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap();
        assert!(
            kept == text,
            "docs/json.schema.json is not that of the types; KAPPA_UPDATE_SNAPSHOTS=1 writes it anew"
        );
    }
}
