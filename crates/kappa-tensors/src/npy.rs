//! NumPy's array format: a magic string, a header in the syntax of a Python dictionary, and the numbers.
//!
//! The parser of the header accepts exactly what NumPy writes: three keys, with a string, a boolean and a tuple of
//! integers. It is not recursive, and nothing is evaluated. Source: NumPy Enhancement Proposal 1.

use crate::bytes::Bytes;
use crate::error::{Error, Result, printable};
use crate::rounded::of_integers;
use crate::source::{Stored, UNSUPPORTED, no_such_tensor};
use crate::tensor::{byte_length, little};
use crate::{DType, Numbers, Order, Rounded, Source, Tensor, TensorInfo, limits};

pub(crate) const MAGIC: &[u8] = b"\x93NUMPY";

/// The contents of the header.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Header {
    pub(crate) dtype: DType,
    pub(crate) big_endian: bool,
    pub(crate) order: Order,
    pub(crate) shape: Vec<usize>,
    /// The position of the first number.
    pub(crate) start: usize,
}

/// A file with one array.
#[derive(Debug)]
pub(crate) struct Npy {
    bytes: Bytes,
    header: Header,
    infos: [TensorInfo; 1],
}

/// Parses a file in memory; for fuzzing and tests.
///
/// # Errors
///
/// When the header is not one that NumPy writes, the type is not numeric, a limit is exceeded, or the length does not
/// fit the shape.
pub fn parse(bytes: &[u8]) -> Result<impl Source> {
    Npy::new(Bytes::Owned(bytes.into()), "array")
}

impl Npy {
    pub(crate) fn new(bytes: Bytes, name: &str) -> Result<Self> {
        let header = Header::parse(&bytes)?;
        let info = TensorInfo { name: name.into(), dtype: header.dtype, shape: header.shape.clone() };
        header.check_length((bytes.len() - header.start) as u64)?;
        Ok(Self { bytes, header, infos: [info] })
    }
}

impl Npy {
    /// The bytes of `count` numbers from position `start` on.
    fn part(&self, start: usize, count: usize) -> Result<&[u8]> {
        part_of(&self.bytes[self.header.start..], self.header.dtype, start, count)
    }
}

/// The bytes of `count` numbers of a tensor from position `start` on.
pub(crate) fn part_of(bytes: &[u8], dtype: DType, start: usize, count: usize) -> Result<&[u8]> {
    let size = dtype.size();
    let end = start.checked_add(count).and_then(|end| end.checked_mul(size));
    end.and_then(|end| bytes.get(start * size..end)).ok_or_else(|| {
        let held = bytes.len() / size;
        Error::limit(format!("holds {held} numbers; {count} numbers from position {start} on were requested"))
    })
}

impl Source for Npy {
    fn infos(&self) -> &[TensorInfo] {
        &self.infos
    }

    fn read(&self, name: &str) -> Result<Tensor<'_>> {
        if self.infos[0].name != name {
            return Err(no_such_tensor(name));
        }
        let Header { dtype, big_endian, order, ref shape, start } = self.header;
        let numbers = Numbers::from_bytes(dtype, &self.bytes[start..], big_endian);
        Ok(Tensor { shape: shape.clone(), order, numbers })
    }

    fn bytes(&self, name: &str) -> Result<Option<Stored<'_>>> {
        if self.infos[0].name != name {
            return Err(no_such_tensor(name));
        }
        let bytes = &self.bytes[self.header.start..];
        let bytes = if self.header.big_endian { little(self.header.dtype, bytes).into() } else { bytes.into() };
        Ok(Some((bytes, self.header.order)))
    }

    fn read_part(&self, name: &str, start: usize, count: usize) -> Option<Result<Numbers<'_>>> {
        let bytes = self.part(start, count);
        let numbers = |bytes| Numbers::from_bytes(self.header.dtype, bytes, self.header.big_endian);
        Some(if self.infos[0].name == name { bytes.map(numbers) } else { Err(no_such_tensor(name)) })
    }

    fn rounded(&self, name: &str) -> Result<Option<Rounded>> {
        if self.infos[0].name != name {
            return Err(no_such_tensor(name));
        }
        Ok(self.header.rounded(&self.bytes[self.header.start..]))
    }

    fn forget_part(&self, _: &str, start: usize, count: usize) {
        let size = self.header.dtype.size();
        self.bytes.forget(self.header.start + start * size, count * size);
    }

    fn order(&self, _: &str) -> Order {
        self.header.order
    }

    fn is_data(&self) -> bool {
        true
    }

    fn forget(&self, _: &str) {
        self.bytes.forget(0, self.bytes.len());
    }
}

impl Header {
    /// Parses the header at the start of the bytes.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self> {
        let short = || Error::format("is a NumPy array truncated in its header");
        if !bytes.starts_with(MAGIC) {
            return Err(Error::format("does not begin with the magic string of a NumPy array"));
        }
        let version = *bytes.get(6).ok_or_else(short)?;
        let (length, at) = match version {
            1 => (u16::from_le_bytes(bytes.get(8..10).and_then(|b| b.try_into().ok()).ok_or_else(short)?) as usize, 10),
            2 | 3 => {
                let word = bytes.get(8..12).and_then(|b| b.try_into().ok()).ok_or_else(short)?;
                (u32::from_le_bytes(word) as usize, 12)
            }
            _ => return Err(Error::unsupported(format!("has the unknown format version {version}; known: 1, 2, 3"))),
        };
        if length > limits::NPY_HEADER {
            return Err(Error::limit(format!(
                "has a header of {length} bytes; at most {} are read",
                limits::NPY_HEADER
            )));
        }
        let text = bytes.get(at..at + length).ok_or_else(short)?;
        let text = std::str::from_utf8(text).map_err(|_| Error::format("has a NumPy header that is not UTF-8 text"))?;
        let fields = Fields::parse(text)?;
        let (dtype, big_endian) = dtype(&fields.descr)?;
        let order = if fields.fortran_order { Order::ColumnMajor } else { Order::RowMajor };
        Ok(Self { dtype, big_endian, order, shape: fields.shape, start: at + length })
    }

    /// The integers that double precision rounds.
    pub(crate) fn rounded(&self, bytes: &[u8]) -> Option<Rounded> {
        of_integers(self.dtype, bytes, self.big_endian, &self.shape, self.order)
    }

    /// Checks that the number of bytes fits shape and type.
    pub(crate) fn check_length(&self, found: u64) -> Result<()> {
        limits::check_empty(&self.shape)?;
        let expected = byte_length(self.dtype, &self.shape)
            .ok_or_else(|| Error::limit(format!("has shape {:?}, whose number of entries overflows", self.shape)))?;
        if expected as u64 == found {
            return Ok(());
        }
        let what = if found < expected as u64 { "is truncated" } else { "has surplus bytes" };
        Err(Error::format(format!(
            "{what}: shape {:?} of {} needs {expected} bytes, found {found}",
            self.shape, self.dtype
        )))
    }
}

#[derive(Default)]
struct Fields {
    descr: String,
    fortran_order: bool,
    shape: Vec<usize>,
}

impl Fields {
    fn parse(text: &str) -> Result<Self> {
        let bad = || Error::format(format!("has an invalid NumPy header: {}", printable(text.trim())));
        let mut rest = text.trim().strip_prefix('{').and_then(|t| t.strip_suffix('}')).ok_or_else(bad)?.trim();
        let mut fields = Self::default();
        let mut seen = [false; 3];
        while !rest.is_empty() {
            let (key, after) = quoted(rest).ok_or_else(bad)?;
            let value = after.trim_start().strip_prefix(':').ok_or_else(bad)?.trim_start();
            rest = match key {
                "descr" => {
                    seen[0] = true;
                    if value.starts_with('[') {
                        return Err(Error::unsupported("is an array of records, not of numbers")
                            .with_hint("save one field: `np.save(\"x.npy\", a[\"field\"])`"));
                    }
                    let (text, after) = quoted(value).ok_or_else(bad)?;
                    fields.descr = text.into();
                    after
                }
                "fortran_order" => {
                    seen[1] = true;
                    fields.fortran_order = value.starts_with("True");
                    value.strip_prefix("True").or_else(|| value.strip_prefix("False")).ok_or_else(bad)?
                }
                "shape" => {
                    seen[2] = true;
                    let (inside, after) = value.strip_prefix('(').and_then(|t| t.split_once(')')).ok_or_else(bad)?;
                    fields.shape = tuple(inside).ok_or_else(bad)?;
                    after
                }
                _ => return Err(bad()),
            };
            rest = match rest.trim_start() {
                "" => "",
                more => more.strip_prefix(',').ok_or_else(bad)?.trim_start(),
            };
        }
        if fields.shape.len() > limits::DIMENSIONS {
            let count = fields.shape.len();
            return Err(Error::limit(format!("has {count} dimensions; at most {} are read", limits::DIMENSIONS)));
        }
        if seen == [true; 3] { Ok(fields) } else { Err(bad()) }
    }
}

/// A string in single or double quotes, and the text after it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    text[1..].split_once(quote)
}

fn tuple(inside: &str) -> Option<Vec<usize>> {
    let inside = inside.trim().trim_end_matches(',');
    if inside.is_empty() {
        return Some(Vec::new());
    }
    inside.split(',').map(|x| x.trim().trim_end_matches('L').parse().ok()).collect()
}

/// Parses a type string such as `<f4`; returns the type and whether it is big-endian.
fn dtype(descr: &str) -> Result<(DType, bool)> {
    let unknown = || {
        Error::unsupported(format!("{UNSUPPORTED} type `{}`", printable(descr)))
            .with_hint("convert the array: `a.astype(\"f8\")`")
    };
    if descr.contains('O') {
        return Err(Error::unsupported("holds Python objects, which cannot be read without running them")
            .with_hint("save numbers instead: `np.save(path, a.astype(\"f8\"))`"));
    }
    let (order, rest) = match descr.as_bytes().first() {
        Some(b'<' | b'>' | b'|' | b'=') => descr.split_at(1),
        _ => return Err(unknown()),
    };
    let dtype = match rest {
        "b1" => DType::Bool,
        "u1" => DType::U8,
        "i1" => DType::I8,
        "u2" => DType::U16,
        "i2" => DType::I16,
        "u4" => DType::U32,
        "i4" => DType::I32,
        "u8" => DType::U64,
        "i8" => DType::I64,
        "f2" => DType::F16,
        "f4" => DType::F32,
        "f8" => DType::F64,
        "c8" => DType::C32,
        "c16" => DType::C64,
        _ => return Err(unknown()),
    };
    Ok((dtype, order == ">"))
}

/// Encodes an array of doubles in NumPy's format, in row-major order.
pub fn encode_f64(shape: &[usize], numbers: &[f64]) -> Vec<u8> {
    encode("<f8", shape, numbers.len() * 8, numbers.iter().flat_map(|x| x.to_le_bytes()))
}

/// Encodes an array of complex doubles in NumPy's format, in row-major order.
pub fn encode_c64(shape: &[usize], numbers: &[num_complex::Complex64]) -> Vec<u8> {
    let parts = numbers.iter().flat_map(|z| [z.re, z.im]).flat_map(f64::to_le_bytes);
    encode("<c16", shape, numbers.len() * 16, parts)
}

fn encode(descr: &str, shape: &[usize], length: usize, numbers: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut bytes = head(descr, shape);
    bytes.reserve(length);
    bytes.extend(numbers);
    bytes
}

/// What precedes the numbers of an array, in row-major order.
pub(crate) fn head(descr: &str, shape: &[usize]) -> Vec<u8> {
    let dimensions: String = shape.iter().map(|n| format!("{n},")).collect();
    let dictionary = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({dimensions}), }}");
    // The numbers begin at a multiple of 64 bytes, after a line feed.
    let padding = (64 - (10 + dictionary.len() + 1) % 64) % 64;
    let length = dictionary.len() + padding + 1;
    let mut bytes = [MAGIC, &[1, 0], &(length as u16).to_le_bytes(), dictionary.as_bytes()].concat();
    bytes.extend(std::iter::repeat_n(b' ', padding));
    bytes.push(b'\n');
    bytes
}
