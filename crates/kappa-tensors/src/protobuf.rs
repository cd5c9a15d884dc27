//! The fields of a message in the wire format of Protocol Buffers, borrowed from the file.
//!
//! Reference: "Encoding", Protocol Buffers documentation.

use crate::cursor::Cursor;
use crate::error::{Error, Result};

/// The value of a field, with its place in the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Field<'a> {
    Varint(u64),
    /// 4 or 8 bytes.
    Fixed(&'a [u8], usize),
    /// Bytes, a text, a message, or packed numbers.
    Bytes(&'a [u8], usize),
}

impl<'a> Field<'a> {
    pub(crate) fn bytes(self) -> Option<(&'a [u8], usize)> {
        match self {
            Self::Bytes(bytes, at) => Some((bytes, at)),
            _ => None,
        }
    }

    pub(crate) fn varint(self) -> Option<u64> {
        match self {
            Self::Varint(x) => Some(x),
            _ => None,
        }
    }

    pub(crate) fn text(self) -> Option<String> {
        Some(String::from_utf8_lossy(self.bytes()?.0).into_owned())
    }
}

/// The number of 7-bit groups that a varint of 64 bits takes at most.
const VARINT: u32 = 10;

pub(crate) fn varint(cursor: &mut Cursor<'_>) -> Result<u64> {
    let mut found = 0u64;
    for k in 0..VARINT {
        let byte = cursor.u8()?;
        found |= u64::from(byte & 0x7f).checked_shl(7 * k).unwrap_or(0);
        if byte & 0x80 == 0 {
            return Ok(found);
        }
    }
    Err(Error::format(format!("has a number of more than 64 bits at byte {}", cursor.at())))
}

/// The fields of a message that begins at byte `start` of the file, with their numbers. Stops behind an error.
pub(crate) fn fields(message: &[u8], start: usize) -> impl Iterator<Item = Result<(u64, Field<'_>)>> {
    let mut cursor = Cursor::new(message);
    let mut is_over = false;
    std::iter::from_fn(move || {
        if is_over || cursor.is_at_end() {
            return None;
        }
        let found = field(&mut cursor, start);
        is_over = found.is_err();
        Some(found)
    })
}

fn field<'a>(cursor: &mut Cursor<'a>, start: usize) -> Result<(u64, Field<'a>)> {
    let key = varint(cursor)?;
    let value = match key & 7 {
        0 => Field::Varint(varint(cursor)?),
        kind @ (1 | 5) => {
            let at = cursor.at();
            Field::Fixed(cursor.take(if kind == 1 { 8 } else { 4 })?, start + at)
        }
        2 => {
            let length = usize::try_from(varint(cursor)?).unwrap_or(usize::MAX);
            let at = cursor.at();
            Field::Bytes(cursor.take(length)?, start + at)
        }
        kind => {
            let at = start + cursor.at();
            return Err(Error::format(format!("has a field of the unknown wire type {kind} before byte {at}")));
        }
    };
    Ok((key >> 3, value))
}

/// The numbers of a field that may be packed.
pub(crate) fn varints(field: Field<'_>) -> Result<Vec<u64>> {
    match field {
        Field::Varint(x) => Ok(vec![x]),
        Field::Bytes(bytes, _) => {
            let mut cursor = Cursor::new(bytes);
            let mut found = Vec::new();
            while !cursor.is_at_end() {
                found.push(varint(&mut cursor)?);
            }
            Ok(found)
        }
        Field::Fixed(..) => Err(Error::format("has a number of fixed length where a varint is needed")),
    }
}
