//! Version 4: matrices one after the other, each with a header of five numbers.

use num_complex::Complex64;

use super::{Matlab, Place, count, doubles};
use crate::bytes::Bytes;
use crate::cursor::Cursor;
use crate::error::{Error, Result, printable};
use crate::rounded::Tally;
use crate::source::UNSUPPORTED;
use crate::triplets::{self, List, Sparse};
use crate::{DType, Numbers, limits};

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
                file.contents.skip(format!("the variable at byte {at}"), &error);
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
        let count = count(&shape)?;
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
                self.contents.add(name, Ok((dtype, shape.to_vec(), Place::Plain(header.dtype, re, im))));
            }
            1 => self.contents.skip(name, &Error::unsupported(format!("{UNSUPPORTED} class: text"))),
            _ => {
                let table = &bytes[re.0..re.0 + re.1];
                let table = doubles(Numbers::from_bytes(header.dtype, table, self.is_big_endian));
                let matrix = sparse(&name, &table, shape)?;
                self.contents.add(name, Ok((matrix.dtype(), matrix.shape(), Place::Sparse(matrix))));
            }
        }
        Ok(())
    }
}

/// A sparse matrix as a table of rows, columns and values, with its shape in the last line.
fn sparse(name: &str, table: &[f64], [lines, width]: [usize; 2]) -> Result<Sparse> {
    if lines == 0 || !matches!(width, 3 | 4) {
        return Err(Error::format(format!("has a sparse matrix `{}` of {width} columns", printable(name))));
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
    Sparse::new(triplets::doubles(width == 4), (rows, columns), entries, Tally::default())
}
