//! Codes of a byte or of half a byte with scales for parts of the matrix: 8-bit floats and integers, the types of
//! bitsandbytes, microscaling.

use crate::error::{Error, Result};
use crate::{Numbers, Source};

use super::values::{E2M1, bytes, doubles, singles};

/// Codes of 8 bits, with a scale for the whole, for each row, or for each block.
#[derive(Clone, Debug)]
pub(super) struct Scaled {
    pub(super) codes: String,
    pub(super) scales: String,
    /// Rows and columns of the matrix of codes.
    pub(super) shape: (usize, usize),
    /// Rows and columns of a block; the last block of a row or a column may be cut off.
    pub(super) block: (usize, usize),
    /// By which the products are divided: 127 for bitsandbytes, whose scales are the largest moduli of rows.
    pub(super) divisor: f64,
}

/// The side of a block, where several would fit.
const USUAL: usize = 128;

/// The side of `count` blocks that cover a side of the matrix.
fn side(length: usize, count: usize) -> Option<usize> {
    if count == 0 || count > length {
        return None;
    }
    let fits = |side: &usize| length.div_ceil(*side) == count;
    let whole = length.is_multiple_of(count).then_some(length / count);
    let powers = (0..usize::BITS).map(|k| 1 << k);
    std::iter::once(USUAL).filter(|_| count > 1).chain(whole).chain(powers).find(fits)
}

/// Rows and columns of a block, if `scales` cover a matrix of this shape.
pub(super) fn block_of((m, n): (usize, usize), scales: (usize, usize)) -> Option<(usize, usize)> {
    Some((side(m, scales.0)?, side(n, scales.1)?))
}

impl Scaled {
    /// The products of codes and scales. A code has at most 8 significant bits, a scale of a type of up to 32 bits at
    /// most 24: these products are exact in doubles. Quotients by the divisor are rounded.
    pub(super) fn read(&self, source: &dyn Source) -> Result<Numbers<'static>> {
        let mut numbers = doubles(source, &self.codes)?;
        let scales = doubles(source, &self.scales)?;
        let (_, n) = self.shape;
        let across = n.div_ceil(self.block.1);
        for (i, row) in numbers.chunks_mut(n).enumerate() {
            let scales = &scales[i / self.block.0 * across..][..across];
            for (part, scale) in row.chunks_mut(self.block.1).zip(scales) {
                part.iter_mut().for_each(|x| *x = *x * scale / self.divisor);
            }
        }
        Ok(Numbers::F64(numbers.into()))
    }
}

/// bitsandbytes in four bits: two codes a byte, the first in the high bits; a table of the 16 values, and the largest
/// modulus of each block of consecutive numbers, which may be codes themselves.
#[derive(Clone, Debug)]
pub(super) struct Table4 {
    pub(super) codes: String,
    pub(super) table: String,
    pub(super) largest: String,
    pub(super) nested: Option<Nested>,
    pub(super) count: usize,
    pub(super) block: usize,
}

/// Largest moduli as codes: values of a table times those of larger blocks, plus an offset.
#[derive(Clone, Debug)]
pub(super) struct Nested {
    pub(super) table: String,
    pub(super) largest: String,
    pub(super) block: usize,
    pub(super) offset: f32,
}

impl Table4 {
    pub(super) fn read(&self, source: &dyn Source) -> Result<Numbers<'static>> {
        let (codes, table) = (bytes(source, &self.codes)?, singles(source, &self.table)?);
        let largest = match &self.nested {
            None => singles(source, &self.largest)?,
            Some(nested) => {
                let (codes, table) = (bytes(source, &self.largest)?, singles(source, &nested.table)?);
                let largest = singles(source, &nested.largest)?;
                let value =
                    |(k, &code): (usize, &u8)| table[usize::from(code)] * largest[k / nested.block] + nested.offset;
                codes.iter().enumerate().map(value).collect()
            }
        };
        let at = |k: usize| usize::from(if k.is_multiple_of(2) { codes[k / 2] >> 4 } else { codes[k / 2] & 15 });
        let numbers: Vec<f32> = (0..self.count).map(|k| table[at(k)] * largest[k / self.block]).collect();
        Ok(Numbers::F32(numbers.into()))
    }
}

/// Microscaling: codes of E2M1, two a byte, the first in the low bits; a scale for each block of a row.
#[derive(Clone, Debug)]
pub(super) struct Micro {
    pub(super) codes: String,
    pub(super) scales: String,
    pub(super) count: usize,
    pub(super) block: usize,
    pub(super) kind: Scale,
}

/// What the scales of blocks are.
#[derive(Clone, Debug)]
pub(super) enum Scale {
    /// Bytes e for 2^(e − 127); 255 is not a number (E8M0).
    PowerOfTwo,
    /// Floats, times a number for the whole tensor.
    Times(String),
    /// Floats, divided by a number for the whole tensor.
    Over(String),
}

impl Micro {
    pub(super) fn read(&self, source: &dyn Source) -> Result<Numbers<'static>> {
        let codes = bytes(source, &self.codes)?;
        let whole = |name: &String| -> Result<f64> {
            let found = doubles(source, name)?;
            found.first().copied().ok_or_else(|| Error::format(format!("has an empty scale `{name}`")))
        };
        let scales: Vec<f64> = match &self.kind {
            Scale::PowerOfTwo => bytes(source, &self.scales)?.into_iter().map(power_of_two).collect(),
            Scale::Times(name) => {
                let whole = whole(name)?;
                doubles(source, &self.scales)?.into_iter().map(|x| x * whole).collect()
            }
            Scale::Over(name) => {
                let whole = whole(name)?;
                doubles(source, &self.scales)?.into_iter().map(|x| x / whole).collect()
            }
        };
        let at = |k: usize| usize::from(if k.is_multiple_of(2) { codes[k / 2] & 15 } else { codes[k / 2] >> 4 });
        let numbers: Vec<f64> = (0..self.count).map(|k| f64::from(E2M1[at(k)]) * scales[k / self.block]).collect();
        Ok(Numbers::F64(numbers.into()))
    }
}

fn power_of_two(e: u8) -> f64 {
    if e == 255 { f64::NAN } else { 2f64.powi(i32::from(e) - 127) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_follow_from_the_shapes() {
        assert_eq!(block_of((8, 8), (1, 1)), Some((8, 8)));
        assert_eq!(block_of((8, 6), (8, 1)), Some((1, 6)));
        // Ragged blocks of 128.
        assert_eq!(block_of((300, 200), (3, 2)), Some((128, 128)));
        assert_eq!(block_of((8, 6), (9, 1)), None);
        assert_eq!(block_of((8, 6), (0, 1)), None);
    }
}
