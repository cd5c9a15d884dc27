//! The JSON contract of `docs/json.md`: the fields of each answer are described once, and their schema with them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use kappa::serialize::{Complex, Number};
use kappa::{AnyMatrix, Enclosure, Question};
use kappa_model::{Layer, Report};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::remark::Remark;
use crate::spread::{BulkResult, TailResult};

/// The one object that every command prints with `--json`.
#[derive(Debug, Serialize)]
pub struct Envelope<'a, I, R> {
    /// The version of kappa.
    pub kappa: &'static str,
    /// The command.
    pub command: &'a str,
    /// What it was asked.
    pub inputs: I,
    /// What it answers.
    pub result: R,
    /// What is to be said about the files; left out where that is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<Remark>,
}

impl<'a, I, R> Envelope<'a, I, R> {
    /// An answer of this version of kappa.
    pub fn new(command: &'a str, inputs: I, result: R) -> Self {
        Self { kappa: env!("CARGO_PKG_VERSION"), command, inputs, result, remarks: Vec::new() }
    }

    /// The same with remarks about the files.
    #[must_use]
    pub fn with_remarks(self, remarks: Vec<Remark>) -> Self {
        Self { remarks, ..self }
    }
}

/// The object that every command prints, as a value.
pub fn envelope(command: &str, inputs: Value, result: Value) -> Value {
    to_value(&Envelope::new(command, inputs, result))
}

/// JSON of an answer, whose keys are strings and whose numbers are finite or strings: it has one.
pub(crate) fn to_value(answer: &impl Serialize) -> Value {
    serde_json::to_value(answer).unwrap_or(Value::Null)
}

/// Answers by name, in their order: a JSON object.
#[derive(Clone, Debug, PartialEq)]
pub struct Named<T>(pub Vec<(String, T)>);

impl<T: Serialize> Serialize for Named<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, x)| (name, x)))
    }
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Named{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<String, T>::json_schema(generator)
    }
}

/// The rows of a matrix; complex entries are `[re, im]`, and an entry that is missing is `null`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Entries(Vec<Vec<Entry>>);

#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
enum Entry {
    Real(Number),
    Complex(Complex),
    Missing(()),
}

impl From<&AnyMatrix> for Entries {
    fn from(a: &AnyMatrix) -> Self {
        let is_complex = a.is_complex();
        let entry = |i: usize, j: usize| match a.get(i, j) {
            z if is_complex => Entry::Complex(z.into()),
            z if z.re.is_nan() => Entry::Missing(()),
            z => Entry::Real(z.re.into()),
        };
        let (m, n) = a.shape();
        Self((0..m).map(|i| (0..n).map(|j| entry(i, j)).collect()).collect())
    }
}

/// The key of a question: its name, with `_` for `:`.
pub fn measure_key(question: &Question) -> String {
    question.to_string().replace(':', "_")
}

/// The result of a survey.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SurveyResult {
    layers: Vec<LayerResult>,
    skipped: Vec<SkippedResult>,
}

/// One weight matrix, measured.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct LayerResult {
    /// The name of the tensor, with that of the part in brackets where it holds several matrices.
    name: String,
    /// The tensor that holds it.
    tensor: String,
    /// How the tensor is read, in words; empty for a matrix as it is.
    #[serde(rename = "as")]
    reading: String,
    /// The dimensions of the tensor.
    shape: Vec<usize>,
    /// Rows and columns of the matrix that was measured.
    matrix: (usize, usize),
    #[schemars(schema_with = "dtype")]
    dtype: &'static str,
    role: String,
    /// By question; `null` where the entries are not finite.
    #[schemars(schema_with = "measures")]
    measures: Named<Option<Enclosure>>,
    tail: Option<TailResult>,
    bulk: Option<BulkResult>,
    verdicts: Vec<String>,
}

/// A tensor that was not measured, with the reason.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct SkippedResult {
    name: String,
    reason: String,
}

/// The types of stored numbers, `q4_k` and `gptq` among them; `c64` and `c128` are complex numbers of two 32-bit and
/// two 64-bit parts, as in NumPy.
fn dtype(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string" })
}

fn measures(generator: &mut SchemaGenerator) -> Schema {
    let keys: Vec<String> = Question::standard().iter().map(measure_key).collect();
    let mut schema = Named::<Option<Enclosure>>::json_schema(generator);
    schema.insert("required".into(), keys.into());
    schema
}

impl From<&Report> for SurveyResult {
    fn from(report: &Report) -> Self {
        let skipped = |s: &kappa_model::Skipped| SkippedResult { name: s.name.clone(), reason: s.reason.clone() };
        Self {
            layers: report.layers.iter().map(LayerResult::from).collect(),
            skipped: report.skipped.iter().map(skipped).collect(),
        }
    }
}

impl From<&Layer> for LayerResult {
    fn from(layer: &Layer) -> Self {
        let measures = Question::standard();
        Self {
            name: layer.name.clone(),
            tensor: layer.tensor.clone(),
            reading: layer.reading.clone(),
            shape: layer.shape.clone(),
            matrix: layer.matrix,
            dtype: layer.dtype.name(),
            role: layer.role.to_string(),
            measures: Named(measures.iter().map(|q| (measure_key(q), layer.measure(q))).collect()),
            tail: layer.tail.as_ref().map(TailResult::from),
            bulk: layer.bulk.as_ref().map(BulkResult::from),
            verdicts: layer.verdicts.iter().map(ToString::to_string).collect(),
        }
    }
}

/// The result of a survey, as a value.
pub fn survey_json(report: &Report) -> Value {
    to_value(&SurveyResult::from(report))
}
