//! NumPy's array format: a magic string, a header that looks like a Python dictionary, and the numbers.
//!
//! The header is read by a parser for exactly what NumPy writes: three keys, a type, a truth value and a tuple. It cannot
//! recurse, and nothing is evaluated. Source: NumPy Enhancement Proposal 1.

use crate::bytes::Bytes;
use crate::error::{Error, Result, printable};
use crate::source::no_such_tensor;
use crate::tensor::byte_length;
use crate::{DType, Numbers, Order, Source, Tensor, TensorInfo, limits};

pub(crate) const MAGIC: &[u8] = b"\x93NUMPY";

/// What the header says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Header {
    pub(crate) dtype: DType,
    pub(crate) big_endian: bool,
    pub(crate) order: Order,
    pub(crate) shape: Vec<usize>,
    /// Where the numbers begin.
    pub(crate) start: usize,
}

/// One array in a file of its own.
#[derive(Debug)]
pub(crate) struct Npy {
    bytes: Bytes,
    header: Header,
    infos: [TensorInfo; 1],
}

/// Reads a file held in memory; for fuzzing and tests.
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
    /// The bytes of so many numbers.
    fn part(&self, start: usize, count: usize) -> Result<&[u8]> {
        part_of(&self.bytes[self.header.start..], self.header.dtype, start, count)
    }
}

/// The bytes of so many numbers among those of a tensor.
pub(crate) fn part_of(bytes: &[u8], dtype: DType, start: usize, count: usize) -> Result<&[u8]> {
    let size = dtype.size();
    let end = start.checked_add(count).and_then(|end| end.checked_mul(size));
    end.and_then(|end| bytes.get(start * size..end)).ok_or_else(|| {
        let held = bytes.len() / size;
        Error::limit(format!("holds {held} numbers, and not numbers {start} to {start} + {count}"))
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
        let numbers = Numbers::from_bytes(dtype, &self.bytes[start..], big_endian)?;
        Ok(Tensor { shape: shape.clone(), order, numbers })
    }

    fn read_part(&self, name: &str, start: usize, count: usize) -> Option<Result<Numbers<'_>>> {
        let bytes = self.part(start, count);
        let numbers = |bytes| Numbers::from_bytes(self.header.dtype, bytes, self.header.big_endian);
        Some(if self.infos[0].name == name { bytes.and_then(numbers) } else { Err(no_such_tensor(name)) })
    }

    fn forget_part(&self, _: &str, start: usize, count: usize) {
        let size = self.header.dtype.size();
        self.bytes.forget(self.header.start + start * size, count * size);
    }

    fn order(&self, _: &str) -> Order {
        self.header.order
    }

    fn is_single_matrix(&self) -> bool {
        true
    }

    fn forget(&self, _: &str) {
        self.bytes.forget(0, self.bytes.len());
    }
}

impl Header {
    /// Reads the header at the start of the bytes.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self> {
        let short = || Error::format("is truncated inside the header of a NumPy array");
        if !bytes.starts_with(MAGIC) {
            return Err(Error::format("does not begin like a NumPy array"));
        }
        let version = *bytes.get(6).ok_or_else(short)?;
        let (length, at) = match version {
            1 => (u16::from_le_bytes(bytes.get(8..10).and_then(|b| b.try_into().ok()).ok_or_else(short)?) as usize, 10),
            2 | 3 => {
                let word = bytes.get(8..12).and_then(|b| b.try_into().ok()).ok_or_else(short)?;
                (u32::from_le_bytes(word) as usize, 12)
            }
            _ => return Err(Error::unsupported(format!("is a NumPy array of format version {version}"))),
        };
        if length > limits::NPY_HEADER {
            return Err(Error::limit(format!(
                "has a header of {length} bytes; at most {} are read",
                limits::NPY_HEADER
            )));
        }
        let text = bytes.get(at..at + length).ok_or_else(short)?;
        let text = std::str::from_utf8(text).map_err(|_| Error::format("has a header that is not text"))?;
        let fields = Fields::parse(text)?;
        let (dtype, big_endian) = dtype(&fields.descr)?;
        let order = if fields.fortran_order { Order::ColumnMajor } else { Order::RowMajor };
        Ok(Self { dtype, big_endian, order, shape: fields.shape, start: at + length })
    }

    /// Whether this many bytes are what shape and type need.
    pub(crate) fn check_length(&self, found: u64) -> Result<()> {
        let expected = byte_length(self.dtype, &self.shape)
            .ok_or_else(|| Error::limit(format!("has shape {:?}, more entries than can be counted", self.shape)))?;
        if expected as u64 == found {
            return Ok(());
        }
        let what = if found < expected as u64 { "is truncated" } else { "has bytes left over" };
        Err(Error::format(format!(
            "{what}: shape {:?} of {} needs {expected} bytes, and there are {found}",
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
        let bad = || Error::format(format!("has a header that NumPy would not write: {}", printable(text.trim())));
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

/// A string in single or double quotes, and what follows it.
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

/// A type string such as `<f4`, and whether it is big endian.
fn dtype(descr: &str) -> Result<(DType, bool)> {
    let unknown = || {
        Error::unsupported(format!("holds `{}`, which is not a number that kappa reads", printable(descr)))
            .with_hint("convert first: `a.astype(\"f8\")`")
    };
    if descr.contains('O') {
        return Err(Error::unsupported("holds Python objects, which would have to be run to be read")
            .with_hint("save numbers: `np.save(path, a.astype(\"f8\"))`"));
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

/// An array of doubles in NumPy's format, row after row.
pub fn encode_f64(shape: &[usize], numbers: &[f64]) -> Vec<u8> {
    encode("<f8", shape, numbers.len() * 8, numbers.iter().flat_map(|x| x.to_le_bytes()))
}

/// An array of complex doubles in NumPy's format, row after row.
pub fn encode_c64(shape: &[usize], numbers: &[num_complex::Complex64]) -> Vec<u8> {
    let parts = numbers.iter().flat_map(|z| [z.re, z.im]).flat_map(f64::to_le_bytes);
    encode("<c16", shape, numbers.len() * 16, parts)
}

fn encode(descr: &str, shape: &[usize], length: usize, numbers: impl Iterator<Item = u8>) -> Vec<u8> {
    let dimensions: String = shape.iter().map(|n| format!("{n},")).collect();
    let dictionary = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({dimensions}), }}");
    // Numbers begin at a multiple of 64 bytes, after a line feed.
    let padding = (64 - (10 + dictionary.len() + 1) % 64) % 64;
    let header = dictionary.len() + padding + 1;
    let mut bytes = Vec::with_capacity(10 + header + length);
    bytes.extend(MAGIC);
    bytes.extend([1, 0]);
    bytes.extend((header as u16).to_le_bytes());
    bytes.extend(dictionary.bytes());
    bytes.extend(std::iter::repeat_n(b' ', padding));
    bytes.push(b'\n');
    bytes.extend(numbers);
    bytes
}
