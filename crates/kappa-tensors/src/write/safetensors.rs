//! The safetensors format, and the index of a checkpoint in shards.

use std::io::Write;

use serde_json::{Map, Value, json};

use super::{Next, dense, io};
use crate::error::{Error, Result};
use crate::source::Metadata;
use crate::{DType, TensorInfo};

fn name(dtype: DType) -> Option<&'static str> {
    Some(match dtype {
        DType::Bool => "BOOL",
        DType::U8 => "U8",
        DType::I8 => "I8",
        DType::U16 => "U16",
        DType::I16 => "I16",
        DType::U32 => "U32",
        DType::I32 => "I32",
        DType::U64 => "U64",
        DType::I64 => "I64",
        DType::F8E4M3 => "F8_E4M3",
        DType::F8E5M2 => "F8_E5M2",
        DType::F16 => "F16",
        DType::BF16 => "BF16",
        DType::F32 => "F32",
        DType::F64 => "F64",
        DType::C32 => "C64",
        DType::C64 | DType::Packed(_) => return None,
    })
}

/// The metadata as texts, which are all that the format allows.
fn texts(metadata: &Metadata) -> Map<String, Value> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    metadata.iter().map(|(key, value)| (key.clone(), text(value).into())).collect()
}

pub(super) fn write(to: &mut impl Write, infos: &[TensorInfo], metadata: &Metadata, next: &mut Next<'_>) -> Result<()> {
    let mut header = Map::new();
    if !metadata.is_empty() {
        header.insert("__metadata__".into(), texts(metadata).into());
    }
    let mut at = 0;
    for info in infos {
        let dtype = name(info.dtype).ok_or_else(|| Error::unsupported(format!("has no type for {}", info.dtype)))?;
        let end = at + info.len() * info.dtype.size();
        let entry = json!({ "dtype": dtype, "shape": info.shape, "data_offsets": [at, end] });
        if header.insert(info.name.clone(), entry).is_some() {
            return Err(Error::format("is given twice").of_tensor(&info.name));
        }
        at = end;
    }
    let mut header = Value::from(header).to_string().into_bytes();
    // The numbers begin at a multiple of 8 bytes.
    header.resize(header.len().next_multiple_of(8), b' ');
    to.write_all(&(header.len() as u64).to_le_bytes()).map_err(|e| io(&e))?;
    to.write_all(&header).map_err(|e| io(&e))?;
    for (k, info) in infos.iter().enumerate() {
        let bytes = dense(next(k)?, info)?;
        to.write_all(&bytes).map_err(|e| io(&e))?;
    }
    Ok(())
}

/// The index of a checkpoint in shards: the names of the tensors in each file.
pub fn index(shards: &[(String, Vec<String>)], total_bytes: usize) -> Vec<u8> {
    let pairs = shards.iter().flat_map(|(file, names)| names.iter().map(move |name| (name.clone(), json!(file))));
    let map: Map<String, Value> = pairs.collect();
    let index = json!({ "metadata": { "total_size": total_bytes }, "weight_map": map });
    format!("{index:#}\n").into_bytes()
}
