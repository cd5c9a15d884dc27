//! The JSON contract of `docs/json.md`.

use kappa::{Enclosure, Question};
use kappa_model::{Layer, Report};
use serde_json::{Map, Value, json};

use crate::spread::{bulk_json, tail_json};

/// The one object that every command prints.
pub fn envelope(command: &str, inputs: Value, result: Value) -> Value {
    json!({ "kappa": env!("CARGO_PKG_VERSION"), "command": command, "inputs": inputs, "result": result })
}

/// A number, or "inf" and "-inf", for which JSON has no numbers. There is no NaN in any answer.
pub fn number_json(x: f64) -> Value {
    if x == f64::INFINITY {
        "inf".into()
    } else if x == f64::NEG_INFINITY {
        "-inf".into()
    } else {
        x.into()
    }
}

/// `{"lower", "estimate", "upper", "evidence"}`.
pub fn enclosure_json(x: &Enclosure) -> Value {
    json!({
        "lower": number_json(x.lower()),
        "estimate": number_json(x.estimate()),
        "upper": number_json(x.upper()),
        "evidence": x.evidence().to_string(),
    })
}

/// The key of a question: its name, with `_` for `:`.
pub fn measure_key(question: &Question) -> String {
    question.to_string().replace(':', "_")
}

/// The result of a survey.
pub fn survey_json(report: &Report) -> Value {
    let skipped = report.skipped.iter().map(|s| json!({ "name": s.name, "reason": s.reason }));
    json!({
        "layers": report.layers.iter().map(layer).collect::<Vec<_>>(),
        "skipped": skipped.collect::<Vec<_>>(),
    })
}

fn layer(layer: &Layer) -> Value {
    let measures: Map<String, Value> = Question::standard()
        .iter()
        .map(|question| (measure_key(question), layer.measure(question).map_or(Value::Null, |x| enclosure_json(&x))))
        .collect();
    json!({
        "name": layer.name,
        "shape": layer.shape,
        "matrix": [layer.matrix.0, layer.matrix.1],
        "dtype": layer.dtype.name(),
        "role": layer.role.to_string(),
        "measures": measures,
        "tail": layer.tail.as_ref().map(tail_json),
        "bulk": layer.bulk.as_ref().map(bulk_json),
        "verdicts": layer.verdicts.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
