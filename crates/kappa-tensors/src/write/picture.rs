//! PNG: one grey channel, or red, green and blue, with or without alpha.

use std::io::Write;

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

use super::{Next, dense};
use crate::error::{Error, Result};
use crate::{DType, TensorInfo};

pub(super) fn write(to: &mut impl Write, infos: &[TensorInfo], next: &mut Next<'_>) -> Result<()> {
    let is_deep = infos.iter().any(|info| info.dtype == DType::U16);
    let color = match (infos.len(), is_deep) {
        (1, false) => ExtendedColorType::L8,
        (2, false) => ExtendedColorType::La8,
        (3, false) => ExtendedColorType::Rgb8,
        (4, false) => ExtendedColorType::Rgba8,
        (1, true) => ExtendedColorType::L16,
        (2, true) => ExtendedColorType::La16,
        (3, true) => ExtendedColorType::Rgb16,
        (4, true) => ExtendedColorType::Rgba16,
        (count, _) => {
            return Err(Error::unsupported(format!("a picture has 1 to 4 channels, and {count} tensors are given"))
                .with_hint("choose them with `--tensors GLOB`"));
        }
    };
    let first = &infos[0];
    let (height, width) = super::sides(&first.shape);
    if let Some(other) = infos.iter().find(|info| info.shape != first.shape || info.dtype != first.dtype) {
        let (a, b) = (&first.shape, &other.shape);
        return Err(Error::unsupported(format!("is of another kind than `{}`: {a:?}, {b:?}", first.name))
            .of_tensor(&other.name));
    }
    let size = first.dtype.size();
    let channels = infos.iter().enumerate().map(|(k, info)| dense(next(k)?, info)).collect::<Result<Vec<_>>>()?;
    let mut pixels = Vec::with_capacity(infos.len() * channels[0].len());
    for k in 0..width * height {
        channels.iter().for_each(|channel| pixels.extend_from_slice(&channel[k * size..(k + 1) * size]));
    }
    if first.dtype == DType::Bool {
        pixels.iter_mut().for_each(|x| *x *= 255);
    }
    if cfg!(target_endian = "big") && size == 2 {
        pixels.chunks_exact_mut(2).for_each(<[u8]>::reverse);
    }
    let side = |n: usize| u32::try_from(n).ok().filter(|n| *n > 0);
    let (Some(width), Some(height)) = (side(width), side(height)) else {
        return Err(Error::unsupported(format!("is no picture: {height}×{width}")).of_tensor(&first.name));
    };
    let encoded = PngEncoder::new(to).write_image(&pixels, width, height, color);
    encoded.map_err(|e| Error::format(format!("cannot be written as a picture: {e}")))
}
