//! A tensor in memory: its numbers in a computable type, borrowed from the file if possible.

use std::borrow::Cow;

use half::{bf16, f16};
use num_complex::{Complex32, Complex64};

use crate::DType;

/// Name, type and shape of a tensor, known without reading its numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorInfo {
    /// Its name in the file.
    pub name: String,
    /// The storage type of its numbers.
    pub dtype: DType,
    /// Its dimensions; empty for a single number.
    pub shape: Vec<usize>,
}

impl TensorInfo {
    /// The number of entries; it was checked for overflow when the file was opened.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether some dimension is 0.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The index that varies fastest in storage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Order {
    /// The last index: row-major, as in C.
    RowMajor,
    /// The first index: column-major, as in Fortran.
    ColumnMajor,
}

/// Numbers in the narrowest computable type that holds every stored value exactly; integers of 64 bits are rounded to
/// doubles, see [`Source::rounded`](crate::Source::rounded).
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers<'a> {
    /// From f8, f16, bf16 and f32.
    F32(Cow<'a, [f32]>),
    /// From f64 and integers.
    F64(Cow<'a, [f64]>),
    /// From complex numbers of two f32.
    C32(Cow<'a, [Complex32]>),
    /// From complex numbers of two f64.
    C64(Cow<'a, [Complex64]>),
}

/// A tensor with its numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor<'a> {
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// The storage order of the numbers.
    pub order: Order,
    /// The numbers.
    pub numbers: Numbers<'a>,
}

/// The size of a tensor in bytes, if it does not overflow.
pub(crate) fn byte_length(dtype: DType, shape: &[usize]) -> Option<usize> {
    if let DType::Packed(packed) = dtype {
        return packed.bytes_of(shape.iter().try_fold(1usize, |product, &n| product.checked_mul(n))?);
    }
    shape.iter().try_fold(dtype.size(), |product, &n| product.checked_mul(n))
}

/// Big-endian numbers as little-endian ones.
pub(crate) fn little(dtype: DType, bytes: &[u8]) -> Vec<u8> {
    let part = if dtype.is_complex() { dtype.size() / 2 } else { dtype.size() };
    bytes.chunks(part).flat_map(|x| x.iter().rev().copied()).collect()
}

impl<'a> Numbers<'a> {
    /// The numbers stored in these bytes, borrowed from a file or not.
    pub(crate) fn of_stored(dtype: DType, bytes: &Cow<'a, [u8]>, big_endian: bool) -> Self {
        match bytes {
            Cow::Borrowed(bytes) => Numbers::from_bytes(dtype, bytes, big_endian),
            Cow::Owned(bytes) => Numbers::from_bytes(dtype, bytes, big_endian).into_owned(),
        }
    }

    /// The numbers stored in these bytes; borrowed if they are little-endian, aligned, and of a computable type.
    ///
    /// The length must be a multiple of the size of `dtype`, which the readers check.
    pub fn from_bytes(dtype: DType, bytes: &'a [u8], big_endian: bool) -> Self {
        if big_endian && dtype.size() > 1 {
            return Numbers::from_bytes(dtype, &little(dtype, bytes), false).into_owned();
        }
        match dtype {
            DType::F32 => Self::F32(plain(bytes)),
            DType::F64 => Self::F64(plain(bytes)),
            DType::C32 => Self::C32(complex(plain::<f32>(bytes), Complex32::new)),
            DType::C64 => Self::C64(complex(plain::<f64>(bytes), Complex64::new)),
            DType::F16 => Self::F32(widened(bytes, |x| f16::from_le_bytes(x).to_f32())),
            DType::BF16 => Self::F32(widened(bytes, |x| bf16::from_le_bytes(x).to_f32())),
            DType::F8E4M3 => Self::F32(widened(bytes, |[x]: [u8; 1]| f8_e4m3(x))),
            DType::F8E5M2 => Self::F32(widened(bytes, |[x]: [u8; 1]| f16::from_bits(u16::from(x) << 8).to_f32())),
            DType::Bool | DType::U8 => Self::F64(widened(bytes, |[x]: [u8; 1]| f64::from(x))),
            DType::I8 => Self::F64(widened(bytes, |x| f64::from(i8::from_le_bytes(x)))),
            DType::U16 => Self::F64(widened(bytes, |x| f64::from(u16::from_le_bytes(x)))),
            DType::I16 => Self::F64(widened(bytes, |x| f64::from(i16::from_le_bytes(x)))),
            DType::U32 => Self::F64(widened(bytes, |x| f64::from(u32::from_le_bytes(x)))),
            DType::I32 => Self::F64(widened(bytes, |x| f64::from(i32::from_le_bytes(x)))),
            DType::U64 => Self::F64(widened(bytes, |x| u64::from_le_bytes(x) as f64)),
            DType::I64 => Self::F64(widened(bytes, |x| i64::from_le_bytes(x) as f64)),
            // Decoded by the readers that know where the scales are.
            DType::Packed(_) => Self::F32(Vec::new().into()),
        }
    }

    /// The same numbers, owned.
    pub fn into_owned(self) -> Numbers<'static> {
        match self {
            Self::F32(x) => Numbers::F32(Cow::Owned(x.into_owned())),
            Self::F64(x) => Numbers::F64(Cow::Owned(x.into_owned())),
            Self::C32(x) => Numbers::C32(Cow::Owned(x.into_owned())),
            Self::C64(x) => Numbers::C64(Cow::Owned(x.into_owned())),
        }
    }

    /// The number of numbers.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(x) => x.len(),
            Self::F64(x) => x.len(),
            Self::C32(x) => x.len(),
            Self::C64(x) => x.len(),
        }
    }

    /// Whether there are no numbers.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Floats as they are in memory; copied if the bytes are not aligned for them.
fn plain<T: bytemuck::AnyBitPattern + bytemuck::NoUninit + FromLe>(bytes: &[u8]) -> Cow<'_, [T]> {
    if cfg!(target_endian = "little")
        && let Ok(slice) = bytemuck::try_cast_slice(bytes)
    {
        return Cow::Borrowed(slice);
    }
    bytes.chunks_exact(size_of::<T>()).map(T::from_le).collect()
}

trait FromLe {
    fn from_le(bytes: &[u8]) -> Self;
}
impl FromLe for f32 {
    fn from_le(bytes: &[u8]) -> Self {
        bytes.try_into().map_or(0.0, Self::from_le_bytes)
    }
}
impl FromLe for f64 {
    fn from_le(bytes: &[u8]) -> Self {
        bytes.try_into().map_or(0.0, Self::from_le_bytes)
    }
}

fn complex<'a, R: Copy, C: Clone>(parts: Cow<'a, [R]>, join: impl Fn(R, R) -> C) -> Cow<'a, [C]> {
    Cow::Owned(parts.chunks_exact(2).map(|x| join(x[0], x[1])).collect())
}

fn widened<'a, const N: usize, R: Clone>(bytes: &[u8], widen: impl Fn([u8; N]) -> R) -> Cow<'a, [R]> {
    let (chunks, _) = bytes.as_chunks::<N>();
    Cow::Owned(chunks.iter().map(|&x| widen(x)).collect())
}

/// 4 exponent bits with bias 7, 3 mantissa bits, no infinities; S.1111.111 is NaN (Micikevicius et al. 2022).
fn f8_e4m3(x: u8) -> f32 {
    let (exponent, mantissa) = (i32::from(x >> 3 & 15), f32::from(x & 7));
    let size = match (exponent, x & 7) {
        (15, 7) => f32::NAN,
        (0, _) => mantissa * 2f32.powi(-9),
        _ => (8.0 + mantissa) * 2f32.powi(exponent - 10),
    };
    if x & 128 == 0 { size } else { -size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bit_floats_have_their_published_values() {
        // Micikevicius et al., "FP8 formats for deep learning" (2022), table 1.
        for (bits, value) in
            [(0x7e, 448.0), (0x08, 2f32.powi(-6)), (0x07, 0.875 * 2f32.powi(-6)), (0x01, 2f32.powi(-9))]
        {
            assert_eq!(f8_e4m3(bits), value);
            assert_eq!(f8_e4m3(bits | 128), -value);
        }
        assert!(f8_e4m3(0x7f).is_nan() && f8_e4m3(0xff).is_nan());
        let e5m2 = |x: u8| match Numbers::from_bytes(DType::F8E5M2, &[x], false) {
            Numbers::F32(x) => x[0],
            _ => unreachable!(),
        };
        assert_eq!((e5m2(0x7b), e5m2(0x04), e5m2(0x01)), (57344.0, 2f32.powi(-14), 2f32.powi(-16)));
        assert!(e5m2(0x7c).is_infinite() && e5m2(0x7d).is_nan());
    }

    #[test]
    fn both_byte_orders_and_any_alignment_give_the_same_numbers() {
        let numbers = [1.5f64, -2.0, 1e300];
        let little: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        let big: Vec<u8> = numbers.iter().flat_map(|x| x.to_be_bytes()).collect();
        let expected = Numbers::F64(Cow::Borrowed(&numbers[..]));
        assert_eq!(Numbers::from_bytes(DType::F64, &little, false), expected);
        assert_eq!(Numbers::from_bytes(DType::F64, &big, true), expected);
        let mut shifted = vec![0u8];
        shifted.extend(&little);
        assert_eq!(Numbers::from_bytes(DType::F64, &shifted[1..], false), expected);
        let pair: Vec<u8> = [1.0f32, 2.0].iter().flat_map(|x| x.to_be_bytes()).collect();
        let complex = Numbers::from_bytes(DType::C32, &pair, true);
        assert_eq!(complex, Numbers::C32(vec![Complex32::new(1.0, 2.0)].into()));
    }

    #[test]
    fn integers_of_64_bits_become_the_nearest_doubles() {
        let of = |n: i64| Numbers::from_bytes(DType::I64, &n.to_le_bytes(), false).into_owned();
        assert_eq!(of((1 << 53) + 1), Numbers::F64(vec![2f64.powi(53)].into()));
        assert_eq!(of(1 << 60), Numbers::F64(vec![2f64.powi(60)].into()));
    }
}
