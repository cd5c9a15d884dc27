//! The GGUF format, versions 1 to 3: a header, metadata, and tensors in plain or block types.
//!
//! The header is read here, so that a damaged or unknown tensor is named and the others are read; the block types are
//! decoded by a crate. Reference: ggml, docs/gguf.md.

use crate::bytes::Bytes;
use crate::contents::Contents;
use crate::cursor::Cursor;
use crate::error::{Error, Result, printable};
use crate::rounded::of_integers;
use crate::source::{Metadata, Stored, UNSUPPORTED};
use crate::tensor::byte_length;
use crate::{DType, Numbers, Order, Packed, Rounded, Skipped, Source, Tensor, TensorInfo, limits};

pub(crate) const MAGIC: &[u8] = b"GGUF";

/// The key of the alignment of the data, and its default.
const ALIGNMENT: &str = "general.alignment";
const DEFAULT_ALIGNMENT: u64 = 32;

/// The longest array of numbers that is kept as metadata; lists of tokens are passed over.
const KEPT: usize = 4096;

/// A GGUF file.
pub(crate) struct Gguf {
    bytes: Bytes,
    /// Start and length of each tensor's bytes in the file.
    contents: Contents<(usize, usize)>,
    metadata: Metadata,
}

/// Parses a file in memory; for fuzzing and tests.
///
/// # Errors
///
/// When the header is truncated or breaks the rules of the format, or exceeds a limit. A tensor that does not fit the
/// file, or has an unknown type, is skipped.
pub fn parse(bytes: &[u8]) -> Result<impl Source> {
    Gguf::new(Bytes::Owned(bytes.into()))
}

/// The header while it is read. Version 1 has lengths of 32 bits, later ones of 64.
struct Header<'a> {
    cursor: Cursor<'a>,
    is_first: bool,
    /// Values of metadata that may still be kept.
    room: usize,
}

impl<'a> Header<'a> {
    fn length(&mut self) -> Result<usize> {
        if self.is_first { Ok(self.cursor.u32()? as usize) } else { self.cursor.length() }
    }

    /// A text; bytes that are no UTF-8 are replaced.
    fn text(&mut self) -> Result<String> {
        let length = self.length()?;
        Ok(String::from_utf8_lossy(self.cursor.take(length)?).into_owned())
    }

    /// A value of metadata, or `None` for one that is not kept.
    fn value(&mut self, kind: u32, depth: usize) -> Result<Option<serde_json::Value>> {
        let c = &mut self.cursor;
        let float = |x: f64| serde_json::Number::from_f64(x).map(serde_json::Value::Number);
        Ok(match kind {
            0 => Some(c.u8()?.into()),
            1 => Some((c.u8()? as i8).into()),
            2 => Some(c.u16()?.into()),
            3 => Some((c.u16()? as i16).into()),
            4 => Some(c.u32()?.into()),
            5 => Some((c.u32()? as i32).into()),
            6 => float(f64::from(f32::from_bits(c.u32()?))),
            7 => Some((c.u8()? != 0).into()),
            8 => Some(self.text()?.into()),
            9 => self.array(depth)?,
            10 => Some(c.u64()?.into()),
            11 => Some((c.u64()? as i64).into()),
            12 => float(f64::from_bits(c.u64()?)),
            _ => return Err(Error::format(format!("has metadata of the unknown type {kind} at byte {}", c.at()))),
        })
    }

    /// An array: kept where it is short and of numbers.
    fn array(&mut self, depth: usize) -> Result<Option<serde_json::Value>> {
        if depth > 4 {
            return Err(Error::limit(format!("nests arrays of metadata deeper than 4 at byte {}", self.cursor.at())));
        }
        let kind = self.cursor.u32()?;
        let count = self.length()?;
        let size = match kind {
            0 | 1 | 7 => Some(1),
            2 | 3 => Some(2),
            4..=6 => Some(4),
            10..=12 => Some(8),
            _ => None,
        };
        let is_kept = count <= KEPT.min(self.room);
        if let Some(size) = size.filter(|_| !is_kept) {
            self.cursor.take(count.saturating_mul(size))?;
            return Ok(None);
        }
        let mut kept = Vec::new();
        for _ in 0..count {
            // Every value takes at least a byte, so that a count alone costs nothing.
            if self.cursor.is_at_end() {
                self.cursor.take(1)?;
            }
            let value = self.value(kind, depth + 1)?;
            if size.is_some() {
                kept.extend(value);
                self.room = self.room.saturating_sub(1);
            }
        }
        Ok(size.map(|_| kept.into()))
    }
}

/// A tensor as the header announces it.
struct Entry {
    name: String,
    shape: Vec<usize>,
    kind: u32,
    offset: usize,
}

impl Gguf {
    pub(crate) fn new(bytes: Bytes) -> Result<Self> {
        let owned = bytes.clone();
        let mut header = Header { cursor: Cursor::new(&owned), is_first: false, room: limits::KEPT_VALUES };
        header.cursor.take(MAGIC.len())?;
        let version = header.cursor.u32()?;
        if version.swap_bytes() < 16 && version >= 16 {
            return Err(Error::unsupported("is a GGUF file of big-endian numbers")
                .with_hint("convert it with `gguf_convert_endian.py` of llama.cpp"));
        }
        if !(1..=3).contains(&version) {
            return Err(Error::unsupported(format!("is a GGUF file of version {version}; versions 1 to 3 are known")));
        }
        header.is_first = version == 1;
        let (tensors, pairs) = (header.length()?, header.length()?);
        if tensors > limits::TENSORS {
            return Err(Error::limit(format!("lists {tensors} tensors; the limit is {}", limits::TENSORS)));
        }
        let mut metadata = Metadata::new();
        for _ in 0..pairs {
            let key = header.text()?;
            let kind = header.cursor.u32()?;
            let value = header.value(kind, 0)?;
            if let Some(value) = value.filter(|_| metadata.len() < limits::KEPT_VALUES) {
                metadata.insert(key, value);
            }
        }
        let entries = (0..tensors).map(|_| entry(&mut header)).collect::<Result<Vec<_>>>()?;
        let alignment = metadata.get(ALIGNMENT).and_then(serde_json::Value::as_u64).unwrap_or(DEFAULT_ALIGNMENT);
        if alignment == 0 || alignment > 1 << 30 {
            return Err(Error::format(format!("has an alignment of {alignment} bytes")));
        }
        let start = header.cursor.at().next_multiple_of(alignment as usize);
        let mut file = Self { bytes, contents: Contents::default(), metadata };
        for entry in entries {
            let placed = file.placed(&entry, start);
            file.contents.add(entry.name, placed.map(|(dtype, range)| (dtype, entry.shape, range)));
        }
        Ok(file)
    }

    /// The type of a tensor, and where its bytes are.
    fn placed(&self, entry: &Entry, start: usize) -> Result<(DType, (usize, usize))> {
        let Entry { shape, kind, offset, .. } = entry;
        let dtype =
            dtype(*kind).ok_or_else(|| Error::unsupported(format!("{UNSUPPORTED} type number {kind} of ggml")))?;
        limits::check_empty(shape)?;
        let row = shape.last().copied().unwrap_or(1);
        if let DType::Packed(packed) = dtype
            && packed.bytes_of(row).is_none()
        {
            let block = packed.block_length().unwrap_or(1);
            return Err(Error::format(format!("has rows of {row} numbers, and {dtype} has blocks of {block}")));
        }
        let length = byte_length(dtype, shape)
            .ok_or_else(|| Error::limit(format!("has shape {shape:?}: its size overflows 64 bits")))?;
        let end = start.checked_add(*offset).and_then(|from| from.checked_add(length));
        match end.filter(|&end| end <= self.bytes.len()) {
            Some(end) => Ok((dtype, (end - length, length))),
            None => Err(Error::format(format!(
                "is truncated: it needs {length} bytes from byte {offset} of the data on, which end at {}",
                self.bytes.len().saturating_sub(start)
            ))),
        }
    }
}

/// One entry of the list of tensors. The first dimension varies fastest in storage, so that the shape is the reverse.
fn entry(header: &mut Header<'_>) -> Result<Entry> {
    let name = header.text()?;
    let dimensions = header.cursor.u32()? as usize;
    if dimensions > limits::DIMENSIONS {
        return Err(Error::limit(format!(
            "has a tensor `{}` of {dimensions} dimensions; the limit is {}",
            printable(&name),
            limits::DIMENSIONS
        )));
    }
    let mut shape = (0..dimensions).map(|_| header.length()).collect::<Result<Vec<_>>>()?;
    shape.reverse();
    let kind = header.cursor.u32()?;
    Ok(Entry { name, shape, kind, offset: header.cursor.length()? })
}

/// The type with this number in the enumeration `ggml_type`.
fn dtype(kind: u32) -> Option<DType> {
    Some(match kind {
        0 => DType::F32,
        1 => DType::F16,
        24 => DType::I8,
        25 => DType::I16,
        26 => DType::I32,
        27 => DType::I64,
        28 => DType::F64,
        30 => DType::BF16,
        kind => DType::Packed(Packed::of_ggml(kind)?),
    })
}

impl Source for Gguf {
    fn infos(&self) -> &[TensorInfo] {
        self.contents.infos()
    }

    fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.contents.get(name).map(|(info, _)| info)
    }

    fn read(&self, name: &str) -> Result<Tensor<'_>> {
        let (info, &(start, length)) = self.contents.find(name)?;
        let bytes = &self.bytes[start..start + length];
        let numbers = match info.dtype {
            DType::Packed(packed) => Numbers::F32(packed.decoded(bytes).map_err(|e| e.of_tensor(name))?.into()),
            dtype => Numbers::from_bytes(dtype, bytes, false),
        };
        Ok(Tensor { shape: info.shape.clone(), order: Order::RowMajor, numbers })
    }

    fn bytes(&self, name: &str) -> Result<Option<Stored<'_>>> {
        let (info, &(start, length)) = self.contents.find(name)?;
        let is_packed = matches!(info.dtype, DType::Packed(_));
        Ok((!is_packed).then(|| (self.bytes[start..start + length].into(), Order::RowMajor)))
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

    fn forget(&self, name: &str) {
        if let Some((_, &(start, length))) = self.contents.get(name) {
            self.bytes.forget(start, length);
        }
    }
}
