//! The safetensors format: a length, a JSON header, and the numbers.
//!
//! Parsed here and not by the format's own crate, because a survey must name the damaged tensor, with its numbers, and
//! read the others. The rules are those of the format (huggingface/safetensors, README, "Format"): offsets begin at 0,
//! leave no holes, do not overlap, and match shape and type.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Deserializer, Value};

use crate::bytes::Bytes;
use crate::contents::Contents;
use crate::error::{Error, Result, printable};
use crate::npy::part_of;
use crate::rounded::of_integers;
use crate::source::{Metadata, Stored, UNSUPPORTED};
use crate::tensor::byte_length;
use crate::{DType, Numbers, Order, Rounded, Skipped, Source, Tensor, TensorInfo, limits};

/// A safetensors file.
#[derive(Debug)]
pub(crate) struct SafeTensors {
    bytes: Bytes,
    /// Start and length of each tensor's numbers in the file.
    contents: Contents<(usize, usize)>,
    metadata: Metadata,
}

/// Parses a file in memory; for fuzzing and tests.
///
/// # Errors
///
/// When the header is truncated, too long or not valid JSON, lists a name twice or too many tensors, or the spans of
/// the tensors overlap or leave a hole. A tensor with an invalid entry is skipped.
pub fn parse(bytes: &[u8]) -> Result<impl Source> {
    SafeTensors::new(Bytes::Owned(bytes.into()))
}

/// Whether the bytes may be a safetensors file: a JSON object begins at the position of the header.
pub(crate) fn is_likely(bytes: &[u8]) -> bool {
    bytes.get(8) == Some(&b'{')
}

fn header_length(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?))
}

impl SafeTensors {
    pub(crate) fn new(bytes: Bytes) -> Result<Self> {
        let too_short =
            || Error::format(format!("is truncated: {} bytes, fewer than the header length needs", bytes.len()));
        let length = header_length(&bytes).ok_or_else(too_short)?;
        if length > limits::SAFETENSORS_HEADER {
            let limit = limits::SAFETENSORS_HEADER;
            return Err(Error::limit(format!("claims a header of {length} bytes; the limit is {limit}"))
                .with_hint("check that this is a safetensors file"));
        }
        let end = 8 + length as usize;
        let header = bytes.get(8..end).ok_or_else(|| {
            Error::format(format!("is truncated: the header needs bytes 8 to {end}, the file ends at {}", bytes.len()))
                .with_hint("the download or copy may have stopped early; fetch the file again")
        })?;
        let entries = header_entries(header)?;
        if entries.len() > limits::TENSORS {
            return Err(Error::limit(format!("lists {} tensors; the limit is {}", entries.len(), limits::TENSORS)));
        }
        let mut file = Self { bytes: bytes.clone(), contents: Contents::default(), metadata: Metadata::new() };
        let mut spans = Vec::new();
        for (name, value) in &entries {
            if name == "__metadata__" {
                file.metadata = serde_json::from_str(value.get()).unwrap_or_default();
                continue;
            }
            match parsed(value) {
                Ok(found) => spans.push((name, found)),
                Err(error) => file.contents.add(name.to_string(), Err(error)),
            }
        }
        spans.sort_by_key(|(_, found)| (found.begin, found.end));
        check_layout(&spans, !file.contents.skipped().is_empty())?;
        for (name, found) in spans {
            let placed = placed(found, end, bytes.len());
            file.contents.add(name.to_string(), placed);
        }
        Ok(file)
    }
}

/// The place of a tensor in a file of this length whose data begin here, if its span fits its shape and the file.
fn placed(found: Entry, start: usize, total: usize) -> Result<(DType, Vec<usize>, (usize, usize))> {
    let Entry { dtype, shape, begin, end } = found;
    if (end as u128) + (start as u128) > total as u128 {
        let ends = total - start.min(total);
        let message = format!("is truncated: it needs bytes {begin} to {end} of the data, which end at {ends}");
        return Err(Error::format(message));
    }
    limits::check_empty(&shape)?;
    let (expected, span) = (byte_length(dtype, &shape), end - begin);
    if expected != Some(span) {
        let needs = expected.map_or("more bytes than fit 64 bits".into(), |n| format!("{n} bytes"));
        let shape = words(&shape);
        return Err(Error::format(format!(
            "has shape {shape} of {dtype}, which needs {needs}; its span has {span} bytes"
        )));
    }
    Ok((dtype, shape, (start + begin, span)))
}

fn words(shape: &[usize]) -> String {
    format!("[{}]", shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
}

struct Entry {
    dtype: DType,
    shape: Vec<usize>,
    begin: usize,
    end: usize,
}

/// Checks the format's rule for the spans in order: from 0, no overlap, no hole. A hole is allowed if an entry could
/// not be parsed, because its span is then unknown.
fn check_layout(spans: &[(&Cow<'_, str>, Entry)], some_unknown: bool) -> Result<()> {
    let mut at = 0;
    let mut before: Option<&str> = None;
    for (name, found) in spans {
        if found.begin < at {
            let other = before.map_or("the start".into(), |name| format!("`{}`", printable(name)));
            return Err(Error::format(format!(
                "claims bytes {} to {}, which overlap those of {other}, ending at {at}",
                found.begin, found.end
            ))
            .of_tensor(name)
            .with_hint("the header is damaged or malicious; do not trust this file"));
        }
        if found.begin > at && !some_unknown {
            let gap = found.begin - at;
            return Err(Error::format(format!(
                "begins at byte {} and leaves a hole of {gap} bytes before it",
                found.begin
            ))
            .of_tensor(name)
            .with_hint("the format allows no holes; write the file again with the safetensors library"));
        }
        at = found.end;
        before = Some(name);
    }
    Ok(())
}

/// Parses one entry of the header.
fn entry(value: &Value) -> Result<Entry> {
    let text = value.get("dtype").and_then(Value::as_str).ok_or_else(|| Error::format("has no dtype"))?;
    let dtype = dtype(text).ok_or_else(|| Error::unsupported(format!("{UNSUPPORTED} dtype `{}`", printable(text))))?;
    let whole = |value: &Value| value.as_u64().and_then(|x| usize::try_from(x).ok());
    let list = |key: &str| -> Option<Vec<usize>> { value.get(key)?.as_array()?.iter().map(whole).collect() };
    let shape = list("shape").ok_or_else(|| Error::format("has no shape of nonnegative integers"))?;
    if shape.len() > limits::DIMENSIONS {
        return Err(Error::limit(format!("has {} dimensions; the limit is {}", shape.len(), limits::DIMENSIONS)));
    }
    match list("data_offsets").as_deref() {
        Some(&[begin, end]) if begin <= end => Ok(Entry { dtype, shape, begin, end }),
        Some(&[begin, end]) => Err(Error::format(format!("ends at byte {end}, before it begins at {begin}"))),
        _ => Err(Error::format("has no data_offsets of two nonnegative integers")),
    }
}

fn dtype(name: &str) -> Option<DType> {
    Some(match name {
        "BOOL" => DType::Bool,
        "U8" => DType::U8,
        "I8" => DType::I8,
        "U16" => DType::U16,
        "I16" => DType::I16,
        "U32" => DType::U32,
        "I32" => DType::I32,
        "U64" => DType::U64,
        "I64" => DType::I64,
        "F8_E4M3" => DType::F8E4M3,
        "F8_E5M2" => DType::F8E5M2,
        "F16" => DType::F16,
        "BF16" => DType::BF16,
        "F32" => DType::F32,
        "F64" => DType::F64,
        "C64" => DType::C32,
        _ => return None,
    })
}

/// The members of a JSON object in order, each as its text: a map would hide a name that occurs twice, and a million
/// trees of values would take gigabytes.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// A name, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// An entry without faults.
#[derive(Deserialize)]
struct Plain<'a> {
    #[serde(borrow)]
    dtype: Cow<'a, str>,
    shape: Vec<usize>,
    data_offsets: [usize; 2],
}

/// Parses one entry of the header; slowly where it has a fault, which the message names.
fn parsed(text: &RawValue) -> Result<Entry> {
    if let Ok(Plain { dtype: name, shape, data_offsets: [begin, end] }) = serde_json::from_str::<Plain<'_>>(text.get())
        && let Some(dtype) = dtype(&name)
        && begin <= end
        && shape.len() <= limits::DIMENSIONS
    {
        return Ok(Entry { dtype, shape, begin, end });
    }
    let value: Value = serde_json::from_str(text.get()).map_err(|e| Error::format(format!("has an entry: {e}")))?;
    entry(&value)
}

fn header_entries(header: &[u8]) -> Result<Vec<(Cow<'_, str>, &RawValue)>> {
    let bad = |error: &dyn fmt::Display| {
        Error::format(format!("has a header that is not the JSON of the format: {error}"))
            .with_hint("check that this is a safetensors file")
    };
    let mut deserializer = Deserializer::from_slice(header);
    let members = Members::deserialize(&mut deserializer).map_err(|e| bad(&e))?;
    // Spaces pad the header to a multiple of 8; other bytes after the object are not allowed.
    deserializer.end().map_err(|e| bad(&e))?;
    let mut seen = HashSet::with_capacity(members.0.len());
    if let Some((name, _)) = members.0.iter().find(|(name, _)| !seen.insert(name.as_ref())) {
        return Err(bad(&format!("`{}` is listed twice", printable(name))));
    }
    Ok(members.0)
}

impl Source for SafeTensors {
    fn infos(&self) -> &[TensorInfo] {
        self.contents.infos()
    }

    fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.contents.get(name).map(|(info, _)| info)
    }

    fn read(&self, name: &str) -> Result<Tensor<'_>> {
        let (info, &(start, length)) = self.contents.find(name)?;
        let numbers = Numbers::from_bytes(info.dtype, &self.bytes[start..start + length], false);
        Ok(Tensor { shape: info.shape.clone(), order: Order::RowMajor, numbers })
    }

    fn bytes(&self, name: &str) -> Result<Option<Stored<'_>>> {
        let (_, &(start, length)) = self.contents.find(name)?;
        Ok(Some((self.bytes[start..start + length].into(), Order::RowMajor)))
    }

    fn rounded(&self, name: &str) -> Result<Option<Rounded>> {
        let (info, &(start, length)) = self.contents.find(name)?;
        Ok(of_integers(info.dtype, &self.bytes[start..start + length], false, &info.shape, Order::RowMajor))
    }

    fn skipped(&self) -> &[Skipped] {
        self.contents.skipped()
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    fn read_part(&self, name: &str, start: usize, count: usize) -> Option<Result<Numbers<'_>>> {
        let (info, &(begin, length)) = self.contents.get(name)?;
        let bytes = part_of(&self.bytes[begin..begin + length], info.dtype, start, count);
        let numbers = bytes.map(|bytes| Numbers::from_bytes(info.dtype, bytes, false));
        Some(numbers.map_err(|e| e.of_tensor(name)))
    }

    fn forget_part(&self, name: &str, start: usize, count: usize) {
        if let Some((info, &(begin, _))) = self.contents.get(name) {
            let size = info.dtype.size();
            self.bytes.forget(begin + start * size, count * size);
        }
    }

    fn forget(&self, name: &str) {
        if let Some((_, &(start, length))) = self.contents.get(name) {
            self.bytes.forget(start, length);
        }
    }
}
