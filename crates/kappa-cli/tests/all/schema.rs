//! The part of JSON Schema that our schema uses, in a few lines, so that no dependency is needed.

use serde_json::Value;

/// Why a value does not satisfy a schema, with its place.
pub(crate) fn fault(root: &Value, schema: &Value, value: &Value, place: &str) -> Option<String> {
    let Value::Object(rules) = schema else { return (schema == &Value::Bool(false)).then(|| place.to_owned()) };
    rules.iter().find_map(|(rule, of)| broken(root, schema, (rule, of), value, place))
}

fn broken(root: &Value, schema: &Value, (rule, of): (&str, &Value), value: &Value, place: &str) -> Option<String> {
    let no = |what: String| Some(format!("{place}: {what}, not {value}"));
    let each = |items: &[Value], of: &dyn Fn(usize) -> Option<Value>| {
        let check = |(k, item): (usize, &Value)| fault(root, &of(k)?, item, &format!("{place}[{k}]"));
        items.iter().enumerate().find_map(check)
    };
    match (rule, value) {
        ("$ref", _) => {
            let name = of.as_str().unwrap().strip_prefix("#/$defs/").expect("a reference to $defs");
            fault(root, &root["$defs"][name], value, place)
        }
        ("type", _) if !has_type(of, value) => no(format!("type {of}")),
        ("const", _) if of != value => no(format!("{of}")),
        ("enum", _) if !of.as_array().unwrap().contains(value) => no(format!("one of {of}")),
        ("anyOf" | "oneOf", _) => {
            let choices = of.as_array().unwrap();
            let faults: Vec<String> = choices.iter().map_while(|s| fault(root, s, value, place)).collect();
            (faults.len() == choices.len()).then(|| faults.join("; "))
        }
        ("allOf", _) => of.as_array().unwrap().iter().find_map(|s| fault(root, s, value, place)),
        ("if", _) if fault(root, of, value, place).is_none() => fault(root, &schema["then"], value, place),
        ("required", Value::Object(object)) => {
            let missing = |key: &&Value| !object.contains_key(key.as_str().unwrap());
            of.as_array().unwrap().iter().find(missing).and_then(|key| no(format!("a key {key}")))
        }
        ("properties", Value::Object(object)) => of
            .as_object()
            .unwrap()
            .iter()
            .find_map(|(key, s)| object.get(key).and_then(|value| fault(root, s, value, &format!("{place}.{key}")))),
        ("additionalProperties", Value::Object(object)) => {
            let known = |key: &String| schema["properties"].as_object().is_some_and(|p| p.contains_key(key));
            let others = object.iter().filter(|(key, _)| !known(key));
            others.into_iter().find_map(|(key, value)| fault(root, of, value, &format!("{place}.{key}")))
        }
        ("items", Value::Array(items)) => each(items, &|_| Some(of.clone())),
        ("prefixItems", Value::Array(items)) => each(items, &|k| of.get(k).cloned()),
        ("minItems", Value::Array(items)) if (items.len() as u64) < of.as_u64().unwrap() => no(format!("{of} items")),
        ("maxItems", Value::Array(items)) if items.len() as u64 > of.as_u64().unwrap() => no(format!("{of} items")),
        ("minimum", Value::Number(x)) if x.as_f64() < of.as_f64() => no(format!("at least {of}")),
        _ => None,
    }
}

fn has_type(of: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("unknown type {other}"),
    };
    match of {
        Value::Array(names) => names.iter().any(|name| is(name.as_str().unwrap())),
        name => is(name.as_str().unwrap()),
    }
}
