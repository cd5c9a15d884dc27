//! The numbers of a tensor in rows, and the tables of codes of four bits.

use crate::error::Result;
use crate::{Numbers, Order, Source};

/// The values of the codes of E2M1: 1 sign, 2 exponent and 1 mantissa bits (OCP Microscaling Formats, version 1.0).
pub(super) const E2M1: [f32; 16] =
    [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0];

/// The numbers of a real tensor as doubles, the last index fastest.
pub(super) fn doubles(source: &dyn Source, name: &str) -> Result<Vec<f64>> {
    let tensor = source.read(name)?;
    let numbers: Vec<f64> = match tensor.numbers {
        Numbers::F32(x) => x.iter().map(|&x| f64::from(x)).collect(),
        Numbers::F64(x) => x.into_owned(),
        Numbers::C32(x) => x.iter().map(|z| f64::from(z.re)).collect(),
        Numbers::C64(x) => x.iter().map(|z| z.re).collect(),
    };
    if tensor.order == Order::RowMajor || tensor.shape.len() < 2 {
        return Ok(numbers);
    }
    // From the first index fastest to the last one fastest.
    let mut strides = vec![1; tensor.shape.len()];
    for k in 1..strides.len() {
        strides[k] = strides[k - 1] * tensor.shape[k - 1];
    }
    let place = |mut at: usize| {
        let mut found = 0;
        for (n, stride) in tensor.shape.iter().zip(&strides).rev() {
            found += at % n * stride;
            at /= n;
        }
        found
    };
    Ok((0..numbers.len()).map(|k| numbers[place(k)]).collect())
}

/// The same as single precision, which holds the types of scales exactly.
pub(super) fn singles(source: &dyn Source, name: &str) -> Result<Vec<f32>> {
    Ok(doubles(source, name)?.into_iter().map(|x| x as f32).collect())
}

/// The same as bytes.
pub(super) fn bytes(source: &dyn Source, name: &str) -> Result<Vec<u8>> {
    Ok(doubles(source, name)?.into_iter().map(|x| x as u8).collect())
}

/// The same as words of 32 bits, signed ones by their two's complement.
pub(super) fn words(source: &dyn Source, name: &str) -> Result<Vec<u32>> {
    Ok(doubles(source, name)?.into_iter().map(|x| x as i64 as u32).collect())
}
