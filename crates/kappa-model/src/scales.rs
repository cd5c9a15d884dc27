//! Floats of eight bits are codes where a tensor of scales belongs to them: the weight is the product of both.
//!
//! `w_scale_inv` (DeepSeek) and `w_scale` (compressed-tensors, ModelOpt) belong to `w`: one number, one for each row,
//! or one for each block. A last block may be cut off by the end of the matrix.

use kappa_tensors::{DType, Numbers, Order, Tensor, TensorInfo};

use crate::layer::matrix_of;
use crate::{Error, Model, Result};

const ENDINGS: [&str; 2] = ["_scale_inv", "_scale"];

/// The side of a block, where several would fit.
const USUAL: usize = 128;

/// Scales and the size of their blocks.
pub(crate) struct Scales<'a> {
    info: &'a TensorInfo,
    /// Rows and columns of a block.
    block: (usize, usize),
    /// Rows and columns of the scales.
    shape: (usize, usize),
}

fn is_code(info: &TensorInfo) -> bool {
    matches!(info.dtype, DType::F8E4M3 | DType::F8E5M2)
}

impl Model {
    /// The tensor of 8-bit codes whose scales this tensor holds.
    pub(crate) fn scaled_by(&self, info: &TensorInfo) -> Option<&TensorInfo> {
        let owners = ENDINGS.iter().filter_map(|ending| self.source().info(info.name.strip_suffix(ending)?));
        owners.into_iter().find(|owner| is_code(owner) && !is_code(info) && !info.dtype.is_integer())
    }

    /// The scales of a tensor; `None` where it has none.
    ///
    /// # Errors
    ///
    /// When there are scales, and their shape does not fit.
    pub(crate) fn scales_of(&self, info: &TensorInfo) -> Result<Option<Scales<'_>>> {
        if !is_code(info) {
            return Ok(None);
        }
        let named = ENDINGS.iter().find_map(|ending| self.source().info(&format!("{}{ending}", info.name)));
        let Some(scales) = named.filter(|scales| self.scaled_by(scales).is_some()) else { return Ok(None) };
        let shape = matrix_of(&scales.name, &scales.shape);
        match block_of(&info.shape, shape) {
            Some(block) => Ok(Some(Scales { info: scales, block, shape })),
            None => Err(Error::filter(format!("`{}` {}", crate::printable(&info.name), misfit(info, scales)))),
        }
    }

    /// A tensor with its scales applied.
    pub(crate) fn with_scales<'a>(&self, info: &TensorInfo, tensor: Tensor<'a>) -> Result<Tensor<'a>> {
        match self.scales_of(info)? {
            Some(scales) => Ok(scales.applied(tensor, &self.source().read(&scales.info.name)?)),
            None => Ok(tensor),
        }
    }
}

/// Why codes are not measured.
pub(crate) fn misfit(info: &TensorInfo, scales: &TensorInfo) -> String {
    let (codes, shape) = (&info.shape, &scales.shape);
    format!("holds codes without scales: {codes:?}, and `{}` has shape {shape:?}", crate::printable(&scales.name))
}

/// The size of the blocks of a matrix of codes; `None` where the scales do not fit.
fn block_of(codes: &[usize], scales: (usize, usize)) -> Option<(usize, usize)> {
    let &[m, n] = codes else { return (scales == (1, 1)).then_some((usize::MAX, usize::MAX)) };
    Some((side(m, scales.0)?, side(n, scales.1)?))
}

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

impl Scales<'_> {
    /// The name of their tensor.
    pub(crate) fn name(&self) -> &str {
        &self.info.name
    }

    /// The products of codes and scales. A code has at most 4 significant bits, a scale of a type of up to 32 bits at
    /// most 24: these products are exact in doubles.
    fn applied(&self, codes: Tensor<'_>, scales: &Tensor<'_>) -> Tensor<'static> {
        let columns = codes.shape.get(1).copied().unwrap_or(1).max(1);
        let rows = codes.shape.first().copied().unwrap_or(1).max(1);
        let place = |k: usize| match codes.order {
            Order::RowMajor => (k / columns, k % columns),
            Order::ColumnMajor => (k % rows, k / rows),
        };
        let at = |(i, j): (usize, usize)| {
            let (p, q) = (i / self.block.0, j / self.block.1);
            match scales.order {
                Order::RowMajor => p * self.shape.1 + q,
                Order::ColumnMajor => q * self.shape.0 + p,
            }
        };
        let (codes_of, scales_of) = (doubles(&codes.numbers), doubles(&scales.numbers));
        let products = codes_of.iter().enumerate().map(|(k, x)| {
            let scale = if scales_of.len() == 1 { scales_of[0] } else { scales_of[at(place(k))] };
            x * scale
        });
        Tensor { numbers: Numbers::F64(products.collect()), shape: codes.shape, order: codes.order }
    }
}

/// The numbers as doubles; the real part of complex ones, which scales are not.
fn doubles(numbers: &Numbers<'_>) -> Vec<f64> {
    match numbers {
        Numbers::F32(x) => x.iter().map(|&x| f64::from(x)).collect(),
        Numbers::F64(x) => x.to_vec(),
        Numbers::C32(x) => x.iter().map(|z| f64::from(z.re)).collect(),
        Numbers::C64(x) => x.iter().map(|z| z.re).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_follow_from_the_shapes() {
        assert_eq!(block_of(&[8, 8], (1, 1)), Some((8, 8)));
        assert_eq!(block_of(&[8, 6], (8, 1)), Some((1, 6)));
        assert_eq!(block_of(&[300, 256], (3, 2)), Some((128, 128)));
        assert_eq!(block_of(&[64, 256], (2, 8)), Some((32, 32)));
        assert_eq!(block_of(&[9, 10], (3, 3)), Some((3, 4)));
        assert_eq!(block_of(&[8, 8], (9, 1)), None);
        assert_eq!(block_of(&[8, 8], (0, 1)), None);
        assert_eq!(block_of(&[2, 3, 4], (2, 3)), None);
    }
}
