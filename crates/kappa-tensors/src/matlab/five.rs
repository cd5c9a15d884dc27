//! Version 5: elements with a type and a length; a matrix is an element of elements, and may be compressed.

use std::io::Read;
use std::sync::Arc;

use num_complex::Complex64;

use super::{Matlab, Parts, Place, count, doubles};
use crate::bytes::Bytes;
use crate::cursor::Cursor;
use crate::error::{Error, Result};
use crate::rounded::{Tally, integers};
use crate::source::UNSUPPORTED;
use crate::triplets::{self, List, Sparse};
use crate::{DType, Numbers, limits};

/// Length of the header.
const HEADER: usize = 128;
/// Bytes of a compressed element that are unpacked for its header.
const START: u64 = 4096;
/// The deepest nesting of structs and cells.
const DEPTH: usize = 32;

/// Where the content of an element is.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// Start and length in the file.
    Plain(usize, usize),
    /// Start and length in the file of the compressed element.
    Compressed(usize, usize),
    /// Start and length in what was unpacked with it.
    Unpacked(Arc<[u8]>, usize, usize),
}

/// The type of a data element of version 5.
fn stored(kind: u32) -> Option<DType> {
    Some(match kind {
        1 => DType::I8,
        2 => DType::U8,
        3 => DType::I16,
        4 => DType::U16,
        5 => DType::I32,
        6 => DType::U32,
        7 => DType::F32,
        9 => DType::F64,
        12 => DType::I64,
        13 => DType::U64,
        _ => return None,
    })
}

/// The type of the numbers of a class, or what it is instead.
fn class(kind: u8) -> std::result::Result<DType, &'static str> {
    Ok(match kind {
        6 => DType::F64,
        7 => DType::F32,
        8 => DType::I8,
        9 => DType::U8,
        10 => DType::I16,
        11 => DType::U16,
        12 => DType::I32,
        13 => DType::U32,
        14 => DType::I64,
        15 => DType::U64,
        3 => return Err("object"),
        4 => return Err("text"),
        16 => return Err("function"),
        17 => return Err("opaque object"),
        _ => return Err("unknown class"),
    })
}

const CELL: u8 = 1;
const STRUCT: u8 = 2;
const SPARSE: u8 = 5;

/// The elements in bytes, with the byte order of the file.
#[derive(Clone)]
struct Elements<'a> {
    cursor: Cursor<'a>,
    is_big_endian: bool,
}

/// A data element: its type and its bytes, with their place.
struct Element<'a> {
    kind: u32,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Elements<'a> {
    fn new(bytes: &'a [u8], is_big_endian: bool) -> Self {
        Self { cursor: Cursor::new(bytes), is_big_endian }
    }

    fn word(&mut self) -> Result<u32> {
        let word = self.cursor.u32()?;
        Ok(if self.is_big_endian { word.swap_bytes() } else { word })
    }

    /// The type and the length of the next element, which leaves the cursor at its bytes; whether they follow in the
    /// same 8 bytes.
    fn tag(&mut self) -> Result<(u32, usize, bool)> {
        let kind = self.word()?;
        if kind >> 16 != 0 {
            return Ok((kind & 0xffff, (kind >> 16) as usize, true));
        }
        Ok((kind, self.word()? as usize, false))
    }

    fn next(&mut self) -> Result<Element<'a>> {
        let (kind, length, is_small) = self.tag()?;
        let at = self.cursor.at();
        if is_small && length > 4 {
            return Err(Error::format(format!("has a small element of {length} bytes at byte {at}")));
        }
        let bytes = self.cursor.take(length)?;
        // Elements are padded to 8 bytes, except for compressed ones; the last padding may be missing.
        let padding = if is_small {
            4 - length
        } else if kind == COMPRESSED {
            0
        } else {
            length.wrapping_neg() & 7
        };
        self.cursor.take(padding.min(self.cursor.rest()))?;
        Ok(Element { kind, bytes, at })
    }

    /// Integers of 32 bits.
    fn words(&self, element: &Element<'_>) -> Result<Vec<u32>> {
        if !matches!(element.kind, 5 | 6) || !element.bytes.len().is_multiple_of(4) {
            return Err(Error::format(format!("has an element of type {} where integers are needed", element.kind)));
        }
        let (words, _) = element.bytes.as_chunks::<4>();
        let word = |x: &[u8; 4]| if self.is_big_endian { u32::from_be_bytes(*x) } else { u32::from_le_bytes(*x) };
        Ok(words.iter().map(word).collect())
    }
}

const MATRIX: u32 = 14;
const COMPRESSED: u32 = 15;

/// The beginning of a matrix, with the cursor at its parts.
struct Head<'a> {
    class: u8,
    is_complex: bool,
    is_logical: bool,
    shape: Vec<usize>,
    name: String,
    parts: Elements<'a>,
}

fn head(bytes: &[u8], is_big_endian: bool) -> Result<Head<'_>> {
    let mut parts = Elements::new(bytes, is_big_endian);
    let element = parts.next()?;
    let flags = parts.words(&element)?;
    let &[flags, _] = flags.as_slice() else { return Err(Error::format("has a matrix without its flags")) };
    let class = (flags & 0xff) as u8;
    let element = parts.next()?;
    let shape: Vec<usize> = parts.words(&element)?.into_iter().map(|n| n as usize).collect();
    if shape.len() > limits::DIMENSIONS {
        return Err(Error::limit(format!("has {} dimensions; the limit is {}", shape.len(), limits::DIMENSIONS)));
    }
    let name = String::from_utf8_lossy(parts.next()?.bytes).into_owned();
    Ok(Head { class, is_complex: flags & 0x800 != 0, is_logical: flags & 0x200 != 0, shape, name, parts })
}

/// Unpacks the bytes of a compressed element, at most `most` of them.
fn inflated(bytes: &[u8], most: u64) -> Result<Vec<u8>> {
    let mut found = Vec::new();
    let read = flate2::read::ZlibDecoder::new(bytes).take(most).read_to_end(&mut found);
    // A damaged end does not matter to a beginning.
    match read {
        Err(error) if (found.len() as u64) < most => Err(Error::format(format!("cannot be unpacked: {error}"))),
        _ => Ok(found),
    }
}

/// The content of the matrix in an unpacked element: its start and length.
fn content(unpacked: &[u8], is_big_endian: bool) -> Result<(usize, usize)> {
    let mut elements = Elements::new(unpacked, is_big_endian);
    let (kind, length, _) = elements.tag()?;
    if kind != MATRIX {
        return Err(Error::format(format!("has a compressed element of type {kind}, which is no matrix")));
    }
    Ok((elements.cursor.at(), length))
}

/// All bytes of a compressed matrix, which announces its length.
fn whole(bytes: &[u8], is_big_endian: bool) -> Result<(Vec<u8>, usize, usize)> {
    let (start, length) = content(&inflated(bytes, 8)?, is_big_endian)?;
    let total = (start + length) as u64;
    if total > limits::UNPACKED || total / limits::UNPACK_RATIO > bytes.len() as u64 {
        return Err(Error::limit(format!(
            "claims to unpack {} bytes to {total}; the limits are {} bytes and a ratio of {}",
            bytes.len(),
            limits::UNPACKED,
            limits::UNPACK_RATIO
        )));
    }
    let found = inflated(bytes, total)?;
    if found.len() as u64 != total {
        return Err(Error::format(format!("is truncated: it unpacks to {} of {total} bytes", found.len())));
    }
    Ok((found, start, length))
}

impl Matlab {
    pub(crate) fn version5(bytes: Bytes) -> Result<Self> {
        let owned = bytes.clone();
        let mut cursor = Cursor::new(&owned);
        let header = cursor.take(HEADER)?;
        let is_big_endian = match &header[126..] {
            b"IM" => false,
            b"MI" => true,
            _ => return Err(Error::format("is a MATLAB file without the mark of its byte order")),
        };
        let mut file = Self::empty(bytes, is_big_endian);
        let mut elements = Elements::new(&owned[HEADER..], is_big_endian);
        while !elements.cursor.is_at_end() {
            let element = match elements.next() {
                Ok(element) => element,
                // What was read so far is kept.
                Err(error) => {
                    file.contents.skip("the rest of the file".into(), &error);
                    break;
                }
            };
            let (start, length) = (HEADER + element.at, element.bytes.len());
            let added = match element.kind {
                MATRIX => file.add(element.bytes, &Content::Plain(start, length), "", 0),
                COMPRESSED => file.add_compressed(element.bytes, start),
                // Other elements belong to the subsystem.
                _ => Ok(()),
            };
            if let Err(error) = added {
                file.contents.skip(format!("the variable at byte {start}"), &error);
            }
        }
        file.finish()
    }

    fn add_compressed(&mut self, bytes: &[u8], start: usize) -> Result<()> {
        let beginning = inflated(bytes, START)?;
        let (at, _) = content(&beginning, self.is_big_endian)?;
        let class = head(&beginning[at..], self.is_big_endian).map(|head| head.class);
        // Of a numeric matrix the beginning is enough; of others, and of a very long name, all is needed.
        if class.is_ok_and(|class| self::class(class).is_ok()) {
            return self.add(&beginning[at..], &Content::Compressed(start, bytes.len()), "", 0);
        }
        let (all, at, length) = whole(bytes, self.is_big_endian)?;
        let all: Arc<[u8]> = all.into();
        self.add(&all[at..at + length], &Content::Unpacked(all.clone(), at, length), "", 0)
    }

    /// The matrices in the content of an element: itself, or its members.
    fn add(&mut self, bytes: &[u8], content: &Content, prefix: &str, depth: usize) -> Result<()> {
        let mut head = head(bytes, self.is_big_endian)?;
        let name = if prefix.is_empty() { head.name.clone() } else { prefix.to_owned() };
        if self.contents.len() > limits::TENSORS {
            return Err(Error::limit(format!("holds more than {} variables", limits::TENSORS)));
        }
        match head.class {
            STRUCT | CELL => return self.members(&mut head, content, &name, depth),
            SPARSE => {
                let matrix = self.sparse(&mut head)?;
                self.contents.add(name, Ok((matrix.dtype(), matrix.shape(), Place::Sparse(matrix))));
                return Ok(());
            }
            _ => {}
        }
        let dtype = match class(head.class) {
            Ok(dtype) if head.is_complex && dtype == DType::F32 => DType::C32,
            Ok(_) if head.is_complex => DType::C64,
            Ok(_) if head.is_logical => DType::Bool,
            Ok(dtype) => dtype,
            Err(what) => {
                self.contents.skip(name, &Error::unsupported(format!("{UNSUPPORTED} class: {what}")));
                return Ok(());
            }
        };
        let (number, length, _) = head.parts.tag()?;
        let (count, kind) = (count(&head.shape)?, stored(number));
        let fits = |kind: &DType| count.checked_mul(kind.size()) == Some(length);
        let shape = head.shape;
        let found = match kind.filter(fits) {
            Some(kind) => Ok((dtype, shape, Place::Element(kind, content.clone()))),
            None => Err(Error::format(format!("has shape {shape:?} and {length} bytes of numbers of type {number}"))),
        };
        self.contents.add(name, found);
        Ok(())
    }

    /// The members of a struct by their names, those of a cell by their numbers from 1.
    fn members(&mut self, head: &mut Head<'_>, content: &Content, name: &str, depth: usize) -> Result<()> {
        let count = count(&head.shape)?;
        if name.len() > limits::NAME {
            return Err(Error::limit(format!("has a cell or struct with a name of {} bytes", name.len())));
        }
        if depth >= DEPTH {
            return Err(Error::limit(format!("nests structs and cells deeper than {DEPTH}")));
        }
        let names: Vec<String> = if head.class == STRUCT {
            let element = head.parts.next()?;
            let width = head.parts.words(&element)?.first().copied().unwrap_or(0) as usize;
            let texts = head.parts.next()?.bytes;
            let text = |x: &[u8]| String::from_utf8_lossy(x.split(|&b| b == 0).next().unwrap_or_default()).into_owned();
            if width == 0 { Vec::new() } else { texts.chunks(width).map(text).collect() }
        } else {
            vec![String::new()]
        };
        for k in 0..count {
            for field in &names {
                // A file that ends is not gone through to the end of what it announces.
                let element = head.parts.next()?;
                let member = match (head.class, count) {
                    (STRUCT, 1) => format!("{name}.{field}"),
                    (STRUCT, _) => format!("{name}.{}.{field}", k + 1),
                    _ => format!("{name}.{}", k + 1),
                };
                let inner = match content {
                    Content::Plain(start, _) => Content::Plain(start + element.at, element.bytes.len()),
                    Content::Unpacked(all, start, _) => {
                        Content::Unpacked(all.clone(), start + element.at, element.bytes.len())
                    }
                    other => other.clone(),
                };
                if element.kind == MATRIX && !element.bytes.is_empty() {
                    self.add(element.bytes, &inner, &member, depth + 1)?;
                }
            }
            if names.is_empty() {
                break;
            }
        }
        Ok(())
    }

    fn sparse(&self, head: &mut Head<'_>) -> Result<Sparse> {
        let &[rows, columns] = head.shape.as_slice() else {
            return Err(Error::format(format!("has a sparse matrix of {} dimensions", head.shape.len())));
        };
        let element = head.parts.next()?;
        let of_row = head.parts.words(&element)?;
        let element = head.parts.next()?;
        let starts = head.parts.words(&element)?;
        let count = starts.last().map_or(0, |&n| n as usize);
        if starts.len() != columns + 1 || of_row.len() < count || !starts.is_sorted() || starts[0] != 0 {
            return Err(Error::format(format!(
                "has a sparse matrix of {columns} columns with {} starts",
                starts.len()
            )));
        }
        limits::check_sparse(rows, columns, count)?;
        // The doubles, and the integers where doubles may not hold them.
        let mut part = || -> Result<(Vec<f64>, Option<Vec<i128>>)> {
            let element = head.parts.next()?;
            let kind = stored(element.kind).filter(|kind| element.bytes.len() >= count * kind.size());
            let kind = kind.ok_or_else(|| Error::format(format!("has a sparse matrix without its {count} numbers")))?;
            let bytes = &element.bytes[..count * kind.size()];
            let exact = integers(kind, bytes, self.is_big_endian).map(Iterator::collect);
            Ok((doubles(Numbers::from_bytes(kind, bytes, self.is_big_endian)), exact))
        };
        let re = part()?;
        let im = if head.is_complex { Some(part()?) } else { None };
        let (mut entries, mut tally) = (List::new(), Tally::default());
        for (j, ends) in starts.windows(2).enumerate() {
            for k in ends[0] as usize..ends[1] as usize {
                let i = of_row[k] as usize;
                if i >= rows {
                    return Err(Error::format(format!("has an entry in row {} of {rows}", i + 1)));
                }
                entries.push((i, j, Complex64::new(re.0[k], im.as_ref().map_or(0.0, |im| im.0[k]))));
                for (part, is_imaginary) in [(Some(&re), false), (im.as_ref(), true)] {
                    if let Some((_, Some(exact))) = part {
                        tally.note_integer(&[i, j], exact[k], is_imaginary);
                    }
                }
            }
        }
        Sparse::new(triplets::doubles(head.is_complex), (rows, columns), entries, tally)
    }

    /// Calls `read` with the bytes of an element.
    pub(super) fn with_content<R>(&self, content: &Content, read: impl FnOnce(&[u8]) -> Result<R>) -> Result<R> {
        match content {
            Content::Plain(start, length) => read(&self.bytes[*start..start + length]),
            Content::Unpacked(all, start, length) => read(&all[*start..start + length]),
            Content::Compressed(start, length) => {
                let (all, at, length) = whole(&self.bytes[*start..start + length], self.is_big_endian)?;
                read(&all[at..at + length])
            }
        }
    }

    /// The parts of a matrix: the type in which they are stored, and their bytes.
    pub(super) fn parts<'a>(&self, content: &'a [u8]) -> Result<Parts<'a>> {
        let mut head = head(content, self.is_big_endian)?;
        let count = count(&head.shape)?;
        let mut part = || -> Result<(DType, &'a [u8])> {
            let element = head.parts.next()?;
            let kind = stored(element.kind).filter(|kind| element.bytes.len() == count * kind.size());
            let kind = kind.ok_or_else(|| Error::format(format!("has no {count} numbers")))?;
            Ok((kind, element.bytes))
        };
        let (kind, re) = part()?;
        if !head.is_complex {
            return Ok((kind, re, None));
        }
        let (other, im) = part()?;
        // Both parts are stored in the same type.
        if other == kind { Ok((kind, re, Some(im))) } else { Err(Error::format("has parts of two types")) }
    }
}
