//! Images as matrices: one for each channel, in the units of the file, the first row at the top.
//!
//! PNG, JPEG, TIFF and the portable grey and pixel maps are decoded by a crate.

use image::{ColorType, ImageDecoder, ImageReader, Limits};

use crate::bytes::Bytes;
use crate::error::{Error, Result, printable};
use crate::source::{Stored, no_such_tensor};
use crate::{DType, Numbers, Order, Source, Tensor, TensorInfo, limits};

/// The beginnings of the formats.
const MAGIC: [&[u8]; 4] = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*"];

/// An image.
pub(crate) struct Picture {
    bytes: Bytes,
    infos: Vec<TensorInfo>,
}

/// Parses a file in memory; for fuzzing and tests.
///
/// # Errors
///
/// When the bytes are no image, or a limit is exceeded.
pub fn parse(bytes: &[u8]) -> Result<impl Source> {
    Picture::new(Bytes::Owned(bytes.into()), "image")
}

/// Whether the bytes may be an image of one of the formats.
pub(crate) fn is_likely(bytes: &[u8]) -> bool {
    // A width or a comment follows; `P1 P2` are titles of a table.
    let is_map = match bytes {
        [b'P', b'1'..=b'6', rest @ ..] => {
            let next = rest.trim_ascii_start();
            next.len() < rest.len() && matches!(next.first(), Some(b'0'..=b'9' | b'#'))
        }
        _ => false,
    };
    is_map || MAGIC.iter().any(|magic| bytes.starts_with(magic))
}

fn damaged(error: &dyn std::fmt::Display) -> Error {
    let reason = printable(error.to_string().trim());
    Error::format(format!("is an image that cannot be decoded: {reason}"))
        .with_hint("the download or copy may have stopped early; open the file in a viewer")
}

/// The channels of a type, and the type of their numbers.
fn channels(color: ColorType) -> Option<(&'static [&'static str], DType)> {
    const GREY: &[&str] = &["grey", "alpha"];
    const RGBA: &[&str] = &["red", "green", "blue", "alpha"];
    Some(match color {
        ColorType::L8 => (&GREY[..1], DType::U8),
        ColorType::La8 => (GREY, DType::U8),
        ColorType::Rgb8 => (&RGBA[..3], DType::U8),
        ColorType::Rgba8 => (RGBA, DType::U8),
        ColorType::L16 => (&GREY[..1], DType::U16),
        ColorType::La16 => (GREY, DType::U16),
        ColorType::Rgb16 => (&RGBA[..3], DType::U16),
        ColorType::Rgba16 => (RGBA, DType::U16),
        ColorType::Rgb32F => (&RGBA[..3], DType::F32),
        ColorType::Rgba32F => (RGBA, DType::F32),
        _ => return None,
    })
}

/// The decoder, with the limits of a file of this length.
fn decoder(bytes: &Bytes) -> Result<impl ImageDecoder + '_> {
    let mut reader = ImageReader::new(std::io::Cursor::new(&bytes[..]));
    let mut allowed = Limits::default();
    let most = (bytes.len() as u64).saturating_mul(limits::UNPACK_RATIO).saturating_add(1 << 22);
    allowed.max_alloc = Some(most.min(limits::UNPACKED));
    reader.limits(allowed);
    let reader = reader.with_guessed_format().map_err(|e| damaged(&e))?;
    let decoder = reader.into_decoder().map_err(|e| damaged(&e))?;
    let total = decoder.total_bytes();
    if total > most.min(limits::UNPACKED) {
        let (width, height) = decoder.dimensions();
        return Err(Error::limit(format!("is an image of {width}×{height} in {} bytes", bytes.len()))
            .with_hint(format!("the limit of unpacked pixels is {most} bytes for this file")));
    }
    Ok(decoder)
}

impl Picture {
    pub(crate) fn new(bytes: Bytes, name: &str) -> Result<Self> {
        let decoder = decoder(&bytes)?;
        let (width, height) = decoder.dimensions();
        let color = decoder.color_type();
        let (names, dtype) =
            channels(color).ok_or_else(|| Error::unsupported(format!("is an image of the type {color:?}")))?;
        let shape = vec![height as usize, width as usize];
        let named = |channel: &&str| match names.len() {
            1 => name.to_owned(),
            _ => format!("{name}.{channel}"),
        };
        let infos = names.iter().map(|channel| TensorInfo { name: named(channel), dtype, shape: shape.clone() });
        let infos = infos.collect();
        drop(decoder);
        Ok(Self { bytes, infos })
    }
}

impl Picture {
    /// The bytes of a channel, in the order of this machine, with its type and shape.
    fn channel(&self, name: &str) -> Result<(&TensorInfo, Vec<u8>)> {
        let k = self.infos.iter().position(|info| info.name == name).ok_or_else(|| no_such_tensor(name))?;
        let decoder = decoder(&self.bytes)?;
        let mut pixels = vec![0u8; usize::try_from(decoder.total_bytes()).unwrap_or(usize::MAX)];
        decoder.read_image(&mut pixels).map_err(|e| damaged(&e).of_tensor(name))?;
        let channels = self.infos.len();
        Ok((
            &self.infos[k],
            match (self.infos[k].dtype.size(), channels) {
                (_, 1) => pixels,
                (1, _) => pixels.iter().skip(k).step_by(channels).copied().collect(),
                (size, _) => {
                    let pixels = pixels.chunks_exact(size * channels);
                    pixels.flat_map(|pixel| &pixel[k * size..(k + 1) * size]).copied().collect()
                }
            },
        ))
    }
}

impl Source for Picture {
    fn infos(&self) -> &[TensorInfo] {
        &self.infos
    }

    fn read(&self, name: &str) -> Result<Tensor<'_>> {
        let (info, bytes) = self.channel(name)?;
        let numbers = Numbers::from_bytes(info.dtype, &bytes, cfg!(target_endian = "big")).into_owned();
        Ok(Tensor { shape: info.shape.clone(), order: Order::RowMajor, numbers })
    }

    fn bytes(&self, name: &str) -> Result<Option<Stored<'_>>> {
        let (_, bytes) = self.channel(name)?;
        Ok(cfg!(target_endian = "little").then(|| (bytes.into(), Order::RowMajor)))
    }

    fn is_data(&self) -> bool {
        true
    }
}
