//! MATLAB files, versions 4 and 5 (the formats of `save -v4`, `-v6` and `-v7`): numeric, logical and sparse matrices,
//! also in structs and cells.
//!
//! Reference: "MAT-File Format", The MathWorks.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

use num_complex::Complex64;

use crate::bytes::Bytes;
use crate::cursor::Cursor;
use crate::error::{Error, Result, printable};
use crate::rounded::of_integers;
use crate::source::{Stored, Triplets, UNSUPPORTED, no_such_tensor, positions};
use crate::tensor::little;
use crate::triplets::{List, sparse};
use crate::{DType, Numbers, Order, Rounded, Skipped, Source, Tensor, TensorInfo, limits};

/// What version 5 begins with.
pub(crate) const MAGIC: &[u8] = b"MATLAB 5.0 MAT-file";

/// Length of the header of version 5.
const HEADER: usize = 128;
/// Bytes of a compressed element that are unpacked for its header.
const START: u64 = 4096;
/// The deepest nesting of structs and cells.
const DEPTH: usize = 32;

/// Where the bytes of a matrix are.
#[derive(Clone, Debug)]
enum Place {
    /// An element of version 5: start and length in the file.
    Element(usize, usize),
    /// A compressed element: start and length in the file.
    Compressed(usize, usize),
    /// An element that was unpacked with what it is in.
    Unpacked(Arc<[u8]>, usize, usize),
    /// The parts of a matrix of version 4: the type of its numbers, the real part, and the imaginary one.
    Plain(DType, (usize, usize), Option<(usize, usize)>),
    /// The entries of a sparse matrix.
    Sparse(List),
}

/// The type of stored numbers, and the bytes of the real and the imaginary part.
type Parts<'a> = (DType, &'a [u8], Option<&'a [u8]>);

/// A MATLAB file.
pub(crate) struct Matlab {
    bytes: Bytes,
    infos: Vec<TensorInfo>,
    places: Vec<Place>,
    positions: HashMap<String, usize>,
    skipped: Vec<Skipped>,
    is_big_endian: bool,
}

/// Parses a file in memory; for fuzzing and tests.
///
/// # Errors
///
/// When the file is truncated or breaks the rules of the format, and when a limit is exceeded. Other variables than
/// numeric matrices are skipped.
pub fn parse(bytes: &[u8]) -> Result<impl Source> {
    if bytes.starts_with(MAGIC) {
        Matlab::version5(Bytes::Owned(bytes.into()))
    } else {
        Matlab::version4(Bytes::Owned(bytes.into()))
    }
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
    fn empty(bytes: Bytes, is_big_endian: bool) -> Self {
        Self {
            bytes,
            infos: Vec::new(),
            places: Vec::new(),
            positions: HashMap::new(),
            skipped: Vec::new(),
            is_big_endian,
        }
    }

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
                    file.skip("the rest of the file".into(), &error);
                    break;
                }
            };
            let (start, length) = (HEADER + element.at, element.bytes.len());
            let added = match element.kind {
                MATRIX => file.add(element.bytes, &Place::Element(start, length), "", 0),
                COMPRESSED => file.add_compressed(element.bytes, start),
                // Other elements belong to the subsystem.
                _ => Ok(()),
            };
            if let Err(error) = added {
                file.skip(format!("the variable at byte {start}"), &error);
            }
        }
        file.finish()
    }

    fn finish(mut self) -> Result<Self> {
        if self.infos.is_empty() && self.skipped.is_empty() {
            return Err(Error::unsupported("is a MATLAB file without variables"));
        }
        let mut seen = std::collections::HashSet::new();
        let is_new: Vec<bool> = self.infos.iter().map(|info| seen.insert(info.name.clone())).collect();
        for k in (0..is_new.len()).rev().filter(|&k| !is_new[k]) {
            let info = self.infos.remove(k);
            self.places.remove(k);
            self.skip(info.name, &Error::format("is a second variable of this name"));
        }
        self.positions = positions(&self.infos);
        Ok(self)
    }

    fn skip(&mut self, name: String, error: &Error) {
        self.skipped.push(Skipped { name, reason: error.reason().into(), is_broken: !error.is_unsupported() });
    }

    fn add_compressed(&mut self, bytes: &[u8], start: usize) -> Result<()> {
        let beginning = inflated(bytes, START)?;
        let (at, _) = content(&beginning, self.is_big_endian)?;
        let class = head(&beginning[at..], self.is_big_endian).map(|head| head.class);
        // Of a numeric matrix the beginning is enough; of others, and of a very long name, all is needed.
        if class.is_ok_and(|class| self::class(class).is_ok()) {
            return self.add(&beginning[at..], &Place::Compressed(start, bytes.len()), "", 0);
        }
        let (all, at, length) = whole(bytes, self.is_big_endian)?;
        let all: Arc<[u8]> = all.into();
        self.add(&all[at..at + length], &Place::Unpacked(all.clone(), at, length), "", 0)
    }

    /// The matrices in the content of an element: itself, or its members.
    fn add(&mut self, bytes: &[u8], place: &Place, prefix: &str, depth: usize) -> Result<()> {
        let mut head = head(bytes, self.is_big_endian)?;
        let name = if prefix.is_empty() { head.name.clone() } else { prefix.to_owned() };
        if self.infos.len() + self.skipped.len() > limits::TENSORS {
            return Err(Error::limit(format!("holds more than {} variables", limits::TENSORS)));
        }
        match head.class {
            STRUCT | CELL => return self.members(&mut head, place, &name, depth),
            SPARSE => return self.sparse(&mut head, name),
            _ => {}
        }
        let dtype = match class(head.class) {
            Ok(dtype) if head.is_complex && dtype == DType::F32 => DType::C32,
            Ok(_) if head.is_complex => DType::C64,
            Ok(_) if head.is_logical => DType::Bool,
            Ok(dtype) => dtype,
            Err(what) => {
                self.skip(name, &Error::unsupported(format!("{UNSUPPORTED} class: {what}")));
                return Ok(());
            }
        };
        let (kind, length, _) = head.parts.tag()?;
        let (count, size) = (self.count(&head.shape)?, stored(kind).map_or(0, DType::size));
        if count.checked_mul(size) != Some(length) || size == 0 {
            let shape = &head.shape;
            let error = Error::format(format!("has shape {shape:?} and {length} bytes of numbers of type {kind}"));
            self.skip(name, &error);
            return Ok(());
        }
        self.infos.push(TensorInfo { name, dtype, shape: head.shape });
        self.places.push(place.clone());
        Ok(())
    }

    fn count(&self, shape: &[usize]) -> Result<usize> {
        limits::check_empty(shape)?;
        let count = shape.iter().try_fold(1usize, |product, &n| product.checked_mul(n));
        count.ok_or_else(|| Error::limit(format!("has shape {shape:?}: its size overflows 64 bits")))
    }

    /// The members of a struct by their names, those of a cell by their numbers from 1.
    fn members(&mut self, head: &mut Head<'_>, place: &Place, name: &str, depth: usize) -> Result<()> {
        let count = self.count(&head.shape)?;
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
                let place = match place {
                    Place::Element(start, _) => Place::Element(start + element.at, element.bytes.len()),
                    Place::Unpacked(all, start, _) => {
                        Place::Unpacked(all.clone(), start + element.at, element.bytes.len())
                    }
                    other => other.clone(),
                };
                if element.kind == MATRIX && !element.bytes.is_empty() {
                    self.add(element.bytes, &place, &member, depth + 1)?;
                }
            }
            if names.is_empty() {
                break;
            }
        }
        Ok(())
    }

    fn sparse(&mut self, head: &mut Head<'_>, name: String) -> Result<()> {
        let &[rows, columns] = head.shape.as_slice() else {
            return Err(Error::format(format!("has a sparse matrix of {} dimensions", head.shape.len())));
        };
        let element = head.parts.next()?;
        let of_row = head.parts.words(&element)?;
        let element = head.parts.next()?;
        let starts = head.parts.words(&element)?;
        let count = starts.last().map_or(0, |&n| n as usize);
        if starts.len() != columns + 1 || of_row.len() < count || !starts.is_sorted() {
            return Err(Error::format(format!(
                "has a sparse matrix of {columns} columns with {} starts",
                starts.len()
            )));
        }
        limits::check_sparse(rows, columns, count)?;
        let mut part = || -> Result<Vec<f64>> {
            let element = head.parts.next()?;
            let kind = stored(element.kind).filter(|kind| element.bytes.len() >= count * kind.size());
            let kind = kind.ok_or_else(|| Error::format(format!("has a sparse matrix without its {count} numbers")))?;
            let bytes = &element.bytes[..count * kind.size()];
            Ok(doubles(Numbers::from_bytes(kind, bytes, self.is_big_endian)))
        };
        let re = part()?;
        let im = if head.is_complex { Some(part()?) } else { None };
        let mut entries = List::new();
        for (j, ends) in starts.windows(2).enumerate() {
            for k in ends[0] as usize..ends[1] as usize {
                let i = of_row[k] as usize;
                if i >= rows {
                    return Err(Error::format(format!("has an entry in row {} of {rows}", i + 1)));
                }
                entries.push((i, j, Complex64::new(re[k], im.as_ref().map_or(0.0, |im| im[k]))));
            }
        }
        self.add_sparse(name, (rows, columns), entries, head.is_complex)
    }

    fn add_sparse(&mut self, name: String, shape: (usize, usize), entries: List, is_complex: bool) -> Result<()> {
        let (info, entries) = sparse(name, shape, entries, is_complex)?;
        self.infos.push(info);
        self.places.push(Place::Sparse(entries));
        Ok(())
    }

    fn find(&self, name: &str) -> Result<(&TensorInfo, &Place)> {
        let &k = self.positions.get(name).ok_or_else(|| no_such_tensor(name))?;
        Ok((&self.infos[k], &self.places[k]))
    }

    /// Calls `read` with the content of an element.
    fn with_content<R>(&self, place: &Place, read: impl FnOnce(&[u8]) -> Result<R>) -> Result<R> {
        match place {
            Place::Element(start, length) => read(&self.bytes[*start..start + length]),
            Place::Unpacked(all, start, length) => read(&all[*start..start + length]),
            Place::Compressed(start, length) => {
                let (all, at, length) = whole(&self.bytes[*start..start + length], self.is_big_endian)?;
                read(&all[at..at + length])
            }
            Place::Plain(..) | Place::Sparse(..) => Err(Error::format("is no element")),
        }
    }

    /// The parts of a matrix: the type in which they are stored, and their bytes.
    fn parts<'a>(&self, content: &'a [u8]) -> Result<Parts<'a>> {
        let mut head = head(content, self.is_big_endian)?;
        let count = self.count(&head.shape)?;
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

    fn numbers(&self, kind: DType, re: &[u8], im: Option<&[u8]>) -> Numbers<'static> {
        let of = |bytes: &[u8]| Numbers::from_bytes(kind, bytes, self.is_big_endian).into_owned();
        match im {
            None => of(re),
            Some(im) => {
                let (re, im) = (doubles(of(re)), doubles(of(im)));
                Numbers::C64(re.into_iter().zip(im).map(|(re, im)| Complex64::new(re, im)).collect())
            }
        }
    }
}

fn doubles(numbers: Numbers<'_>) -> Vec<f64> {
    match numbers {
        Numbers::F32(x) => x.iter().map(|&x| f64::from(x)).collect(),
        Numbers::F64(x) => x.into_owned(),
        Numbers::C32(x) => x.iter().map(|z| f64::from(z.re)).collect(),
        Numbers::C64(x) => x.iter().map(|z| z.re).collect(),
    }
}

/// The header of a matrix of version 4.
struct Plain {
    is_big_endian: bool,
    dtype: DType,
    /// 0 for a full matrix, 1 for a text, 2 for a sparse matrix.
    form: u32,
    rows: usize,
    columns: usize,
    is_complex: bool,
    name: usize,
}

/// The largest number that a header of version 4 begins with.
const MOST: u32 = 1052;

fn plain(bytes: &[u8]) -> Option<Plain> {
    let (words, _) = bytes.get(..20)?.as_chunks::<4>();
    let first = u32::from_le_bytes(words[0]);
    let is_big_endian = first > MOST;
    let word = |k: usize| if is_big_endian { u32::from_be_bytes(words[k]) } else { u32::from_le_bytes(words[k]) };
    let kind = word(0);
    let (order, zero, precision, form) = (kind / 1000, kind / 100 % 10, kind / 10 % 10, kind % 10);
    let dtype =
        [DType::F64, DType::F32, DType::I32, DType::I16, DType::U16, DType::U8].get(precision as usize).copied()?;
    let fits = kind <= MOST && order == u32::from(is_big_endian) && zero == 0 && form <= 2 && word(3) <= 1;
    let name = word(4) as usize;
    (fits && (1..=64).contains(&name)).then(|| Plain {
        is_big_endian,
        dtype,
        form,
        rows: word(1) as usize,
        columns: word(2) as usize,
        is_complex: word(3) == 1,
        name,
    })
}

/// Whether the bytes may be a file of version 4: a header, and a name that ends with a zero.
pub(crate) fn is_version4(bytes: &[u8]) -> bool {
    let Some(header) = plain(bytes) else { return false };
    let name = bytes.get(20..20 + header.name).unwrap_or_default();
    let is_letter = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    matches!(name, [first, inner @ .., 0] if first.is_ascii_alphabetic() && inner.iter().all(is_letter))
}

impl Matlab {
    pub(crate) fn version4(bytes: Bytes) -> Result<Self> {
        let owned = bytes.clone();
        let first = plain(&owned).ok_or_else(|| Error::format("is no MATLAB file"))?;
        let mut file = Self::empty(bytes, first.is_big_endian);
        let mut cursor = Cursor::new(&owned);
        while !cursor.is_at_end() {
            let at = cursor.at();
            if let Err(error) = file.add_plain(&mut cursor, &owned) {
                file.skip(format!("the variable at byte {at}"), &error);
                break;
            }
        }
        file.finish()
    }

    fn add_plain(&mut self, cursor: &mut Cursor<'_>, bytes: &[u8]) -> Result<()> {
        let header = plain(&bytes[cursor.at()..]).filter(|header| header.is_big_endian == self.is_big_endian);
        let header = header.ok_or_else(|| Error::format("has no header of a MATLAB matrix"))?;
        cursor.take(20)?;
        let name = cursor.take(header.name)?;
        let name = String::from_utf8_lossy(name.strip_suffix(b"\0").unwrap_or(name)).into_owned();
        let shape = [header.rows, header.columns];
        let count = self.count(&shape)?;
        let length = count.checked_mul(header.dtype.size()).ok_or_else(|| Error::limit("has a size beyond 64 bits"))?;
        let mut part = || -> Result<(usize, usize)> {
            let at = cursor.at();
            cursor.take(length).map(|_| (at, length))
        };
        let re = part()?;
        let im = if header.is_complex { Some(part()?) } else { None };
        match header.form {
            0 => {
                let dtype = if header.is_complex { DType::C64 } else { header.dtype };
                self.infos.push(TensorInfo { name, dtype, shape: shape.to_vec() });
                self.places.push(Place::Plain(header.dtype, re, im));
            }
            1 => self.skip(name, &Error::unsupported(format!("{UNSUPPORTED} class: text"))),
            _ => {
                let table = &bytes[re.0..re.0 + re.1];
                let table = doubles(Numbers::from_bytes(header.dtype, table, self.is_big_endian));
                self.triplets_of(name, &table, shape)?;
            }
        }
        Ok(())
    }

    /// A sparse matrix as a table of rows, columns and values, with its shape in the last line.
    fn triplets_of(&mut self, name: String, table: &[f64], [lines, width]: [usize; 2]) -> Result<()> {
        if lines == 0 || !matches!(width, 3 | 4) {
            return Err(Error::format(format!("has a sparse matrix `{}` of {width} columns", printable(&name))));
        }
        let at = |k: usize, j: usize| table[j * lines + k];
        let whole = |x: f64| (x >= 0.0 && x <= limits::SPARSE_SIDE as f64 && x.fract() == 0.0).then_some(x as usize);
        let last = whole(at(lines - 1, 0)).zip(whole(at(lines - 1, 1)));
        let (rows, columns) = last.ok_or_else(|| Error::format("has a sparse matrix without its shape"))?;
        limits::check_sparse(rows, columns, lines - 1)?;
        let mut entries = List::new();
        for k in 0..lines - 1 {
            let place = whole(at(k, 0)).zip(whole(at(k, 1)));
            let place = place.filter(|&(i, j)| (1..=rows).contains(&i) && (1..=columns).contains(&j));
            let (i, j) = place.ok_or_else(|| {
                let (i, j) = (at(k, 0), at(k, 1));
                Error::format(format!("has an entry at ({i}, {j}), outside its {rows}×{columns} shape"))
            })?;
            let im = if width == 4 { at(k, 3) } else { 0.0 };
            entries.push((i - 1, j - 1, Complex64::new(at(k, 2), im)));
        }
        self.add_sparse(name, (rows, columns), entries, width == 4)
    }
}

impl Source for Matlab {
    fn infos(&self) -> &[TensorInfo] {
        &self.infos
    }

    fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.find(name).ok().map(|(info, _)| info)
    }

    fn read(&self, name: &str) -> Result<Tensor<'_>> {
        let (info, place) = self.find(name)?;
        let here = |error: Error| error.of_tensor(name);
        let numbers = match place {
            Place::Sparse(entries) => Triplets::of(info, entries).columns().map_err(here)?,
            Place::Plain(kind, re, im) => {
                let of = |&(start, length): &(usize, usize)| &self.bytes[start..start + length];
                self.numbers(*kind, of(re), im.as_ref().map(of))
            }
            Place::Element(start, length) => {
                let (kind, re, im) = self.parts(&self.bytes[*start..start + length]).map_err(here)?;
                match im {
                    None => Numbers::from_bytes(kind, re, self.is_big_endian),
                    im => self.numbers(kind, re, im),
                }
            }
            place => {
                let read = |content: &[u8]| {
                    let (kind, re, im) = self.parts(content)?;
                    Ok(self.numbers(kind, re, im))
                };
                self.with_content(place, read).map_err(here)?
            }
        };
        Ok(Tensor { shape: info.shape.clone(), order: Order::ColumnMajor, numbers })
    }

    fn bytes(&self, name: &str) -> Result<Option<Stored<'_>>> {
        let (info, place) = self.find(name)?;
        let of = |kind: DType, re: &[u8], im: Option<&[u8]>| -> Option<Vec<u8>> {
            // A class may be stored in a narrower type.
            let is_plain = kind == info.dtype || info.dtype == DType::Bool && kind == DType::U8;
            (is_plain && im.is_none()).then(|| if self.is_big_endian { little(kind, re) } else { re.to_vec() })
        };
        let bytes = match place {
            Place::Sparse(..) => None,
            Place::Plain(kind, (start, length), im) => {
                of(*kind, &self.bytes[*start..start + length], im.map(|_| &[][..]))
            }
            place => self
                .with_content(place, |content| self.parts(content).map(|(kind, re, im)| of(kind, re, im)))
                .map_err(|e| e.of_tensor(name))?,
        };
        Ok(bytes.map(|bytes| (bytes.into(), Order::ColumnMajor)))
    }

    fn order(&self, _: &str) -> Order {
        Order::ColumnMajor
    }

    fn rounded(&self, name: &str) -> Result<Option<Rounded>> {
        let (info, place) = self.find(name)?;
        if !info.dtype.is_wider_than_double() {
            return Ok(None);
        }
        self.with_content(place, |content| {
            let (kind, re, _) = self.parts(content)?;
            Ok(of_integers(kind, re, self.is_big_endian, &info.shape, Order::ColumnMajor))
        })
    }

    fn triplets(&self, name: &str) -> Option<Triplets<'_>> {
        match self.find(name).ok()? {
            (info, Place::Sparse(entries)) => Some(Triplets::of(info, entries)),
            _ => None,
        }
    }

    fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    fn is_data(&self) -> bool {
        true
    }
}
