use std::fmt;

use crate::Packed;

/// The storage type of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DType {
    /// Boolean in one byte, 0 or 1.
    Bool,
    /// 8-bit unsigned integer.
    U8,
    /// 8-bit signed.
    I8,
    /// 16-bit unsigned.
    U16,
    /// 16-bit signed.
    I16,
    /// 32-bit unsigned.
    U32,
    /// 32-bit signed.
    I32,
    /// 64-bit unsigned.
    U64,
    /// 64-bit signed.
    I64,
    /// 8-bit float, 4 exponent and 3 mantissa bits, no infinities (the OCP format).
    F8E4M3,
    /// 8-bit float, 5 exponent and 2 mantissa bits.
    F8E5M2,
    /// IEEE half precision.
    F16,
    /// The upper half of an `f32`.
    BF16,
    /// IEEE single precision.
    F32,
    /// IEEE double precision.
    F64,
    /// Complex of two `f32`; `complex64` in NumPy.
    C32,
    /// Complex of two `f64`; `complex128` in NumPy.
    C64,
    /// Codes with scales, which are decoded when they are read.
    Packed(Packed),
}

impl DType {
    /// The size of one number in bytes; of a packed one, 1, which is more than it takes.
    pub fn size(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 | Self::F8E4M3 | Self::F8E5M2 | Self::Packed(_) => 1,
            Self::U16 | Self::I16 | Self::F16 | Self::BF16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 | Self::C32 => 8,
            Self::C64 => 16,
        }
    }

    /// The distance from 1 to the next larger number of the type; 2⁻⁵² for integers, which are exact in doubles. For
    /// packed numbers of b bits, the distance 2^(1−b) of two codes relative to the largest number of a block.
    pub fn epsilon(self) -> f64 {
        match self {
            Self::F8E5M2 => 0.25,
            Self::F8E4M3 => 0.125,
            Self::BF16 => 2f64.powi(-7),
            Self::F16 => 2f64.powi(-10),
            Self::F32 | Self::C32 => f64::from(f32::EPSILON),
            Self::Packed(packed) => packed.epsilon(),
            _ => f64::EPSILON,
        }
    }

    /// Whether doubles may round its numbers: integers of 64 bits.
    pub(crate) fn is_wider_than_double(self) -> bool {
        matches!(self, Self::I64 | Self::U64)
    }

    /// Whether this is a complex type.
    pub fn is_complex(self) -> bool {
        matches!(self, Self::C32 | Self::C64)
    }

    /// Whether this is an integer or boolean type: perhaps a code with its own meaning, not a weight.
    pub fn is_integer(self) -> bool {
        matches!(
            self,
            Self::Bool | Self::U8 | Self::I8 | Self::U16 | Self::I16 | Self::U32 | Self::I32 | Self::U64 | Self::I64
        )
    }

    /// Every type that is not packed.
    pub const ALL: [Self; 17] = [
        Self::Bool,
        Self::U8,
        Self::I8,
        Self::U16,
        Self::I16,
        Self::U32,
        Self::I32,
        Self::U64,
        Self::I64,
        Self::F8E4M3,
        Self::F8E5M2,
        Self::F16,
        Self::BF16,
        Self::F32,
        Self::F64,
        Self::C32,
        Self::C64,
    ];

    /// The type of this name, as [`DType::name`] gives it.
    pub fn named(name: &str) -> Option<Self> {
        let plain = Self::ALL.into_iter().find(|dtype| dtype.name() == name);
        plain.or_else(|| Packed::named(name).map(Self::Packed))
    }

    /// The name used in every output; complex types by all of their bits, as in NumPy.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::U8 => "u8",
            Self::I8 => "i8",
            Self::U16 => "u16",
            Self::I16 => "i16",
            Self::U32 => "u32",
            Self::I32 => "i32",
            Self::U64 => "u64",
            Self::I64 => "i64",
            Self::F8E4M3 => "f8_e4m3",
            Self::F8E5M2 => "f8_e5m2",
            Self::F16 => "f16",
            Self::BF16 => "bf16",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::C32 => "c64",
            Self::C64 => "c128",
            Self::Packed(packed) => packed.name(),
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
