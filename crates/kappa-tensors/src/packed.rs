//! Types of numbers that are stored as codes with scales: decoded, they are floats.

use anamnesis::{F32Out, GgufType};

use crate::error::{Error, Result};

/// A type of quantised numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Packed(u8);

/// A type of ggml: numbers are stored in blocks.
struct Block {
    /// Its number in the enumeration `ggml_type`.
    id: u32,
    /// Numbers in a block.
    numbers: usize,
    /// Bytes of a block.
    bytes: usize,
    decoded_as: GgufType,
}

struct Row {
    name: &'static str,
    /// Bits of a code.
    bits: u8,
    block: Option<Block>,
}

const fn block(name: &'static str, bits: u8, id: u32, (numbers, bytes): (usize, usize), decoded_as: GgufType) -> Row {
    Row { name, bits, block: Some(Block { id, numbers, bytes, decoded_as }) }
}

const fn codes(name: &'static str, bits: u8) -> Row {
    Row { name, bits, block: None }
}

/// Sizes from `ggml-common.h` and `ggml.c` of llama.cpp; the bits of a code without those of its scales.
static TABLE: [Row; 36] = [
    block("q4_0", 4, 2, (32, 18), GgufType::Q4_0),
    block("q4_1", 4, 3, (32, 20), GgufType::Q4_1),
    block("q5_0", 5, 6, (32, 22), GgufType::Q5_0),
    block("q5_1", 5, 7, (32, 24), GgufType::Q5_1),
    block("q8_0", 8, 8, (32, 34), GgufType::Q8_0),
    block("q8_1", 8, 9, (32, 36), GgufType::Q8_1),
    block("q2_k", 2, 10, (256, 84), GgufType::Q2_K),
    block("q3_k", 3, 11, (256, 110), GgufType::Q3_K),
    block("q4_k", 4, 12, (256, 144), GgufType::Q4_K),
    block("q5_k", 5, 13, (256, 176), GgufType::Q5_K),
    block("q6_k", 6, 14, (256, 210), GgufType::Q6_K),
    block("q8_k", 8, 15, (256, 292), GgufType::Q8_K),
    block("iq2_xxs", 2, 16, (256, 66), GgufType::IQ2_XXS),
    block("iq2_xs", 2, 17, (256, 74), GgufType::IQ2_XS),
    block("iq3_xxs", 3, 18, (256, 98), GgufType::IQ3_XXS),
    block("iq1_s", 2, 19, (256, 50), GgufType::IQ1_S),
    block("iq4_nl", 4, 20, (32, 18), GgufType::IQ4_NL),
    block("iq3_s", 3, 21, (256, 110), GgufType::IQ3_S),
    block("iq2_s", 2, 22, (256, 82), GgufType::IQ2_S),
    block("iq4_xs", 4, 23, (256, 136), GgufType::IQ4_XS),
    block("iq1_m", 2, 29, (256, 56), GgufType::IQ1_M),
    block("tq1_0", 2, 34, (256, 54), GgufType::TQ1_0),
    block("tq2_0", 2, 35, (256, 66), GgufType::TQ2_0),
    block("mxfp4_block", 4, 39, (32, 17), GgufType::MXFP4),
    block("nvfp4_block", 4, 40, (64, 36), GgufType::NVFP4),
    block("q1_0", 1, 41, (128, 18), GgufType::Q1_0),
    block("q2_0", 2, 42, (64, 18), GgufType::Q2_0),
    codes("gptq", 4),
    codes("awq", 4),
    codes("bnb_int8", 8),
    codes("nf4", 4),
    codes("fp4", 4),
    codes("int4", 4),
    codes("int8", 8),
    codes("mxfp4", 4),
    codes("nvfp4", 4),
];

impl Packed {
    /// The type of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        TABLE.iter().zip(0..).find(|(row, _)| row.name == name).map(|(_, k)| Self(k))
    }

    /// The block type with this number in `ggml_type`.
    pub(crate) fn of_ggml(id: u32) -> Option<Self> {
        TABLE.iter().zip(0..).find(|(row, _)| row.block.as_ref().is_some_and(|b| b.id == id)).map(|(_, k)| Self(k))
    }

    fn row(self) -> &'static Row {
        &TABLE[usize::from(self.0)]
    }

    /// The name, as in every output.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The relative distance of two codes near the largest one, 2^(1−bits).
    pub(crate) fn epsilon(self) -> f64 {
        2f64.powi(1 - i32::from(self.row().bits))
    }

    /// The bytes of `count` numbers of a block type; `None` where they fill no whole blocks, and for other types.
    pub(crate) fn bytes_of(self, count: usize) -> Option<usize> {
        let block = self.row().block.as_ref()?;
        if count.is_multiple_of(block.numbers) { (count / block.numbers).checked_mul(block.bytes) } else { None }
    }

    /// The numbers in a block, for a block type.
    pub(crate) fn block_length(self) -> Option<usize> {
        self.row().block.as_ref().map(|block| block.numbers)
    }

    /// The numbers that are stored in whole blocks.
    ///
    /// # Errors
    ///
    /// When the bytes are no whole blocks.
    pub(crate) fn decoded(self, bytes: &[u8]) -> Result<Vec<f32>> {
        let of = |block: &'static Block| {
            let count = bytes.len() / block.bytes * block.numbers;
            let mut numbers = Vec::with_capacity(count);
            let sink = |part: &[u8]| {
                numbers.extend(part.as_chunks::<4>().0.iter().map(|&x| f32::from_le_bytes(x)));
                Ok(())
            };
            anamnesis::dequantize_gguf_blocks::<F32Out, _>(bytes, block.decoded_as, count, sink)
                .map_err(|e| Error::format(format!("cannot be decoded: {e}")))?;
            Ok(numbers)
        };
        match self.row().block.as_ref() {
            Some(block) => of(block),
            None => Err(Error::unsupported(format!("is no block type of ggml: {}", self.name()))),
        }
    }
}
