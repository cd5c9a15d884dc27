//! Decompression of a gzip or Zstandard file within the limits.

use std::io::Read;

use crate::bytes::Bytes;
use crate::error::{Error, Result};
use crate::limits;

pub(crate) const MAGIC: &[u8] = b"\x1f\x8b";

pub(crate) const ZSTANDARD: &[u8] = b"\x28\xb5\x2f\xfd";

pub(crate) fn unpack(bytes: &[u8]) -> Result<Bytes> {
    within_limits(flate2::read::MultiGzDecoder::new(bytes), bytes.len())
}

pub(crate) fn unpack_zstandard(bytes: &[u8]) -> Result<Bytes> {
    let decoder = ruzstd::decoding::StreamingDecoder::new(bytes);
    within_limits(decoder.map_err(|e| Error::format(format!("cannot be unpacked: {e}")))?, bytes.len())
}

fn within_limits(from: impl Read, length: usize) -> Result<Bytes> {
    let most = limits::UNPACKED.min((length as u64 + 64).saturating_mul(limits::UNPACK_RATIO));
    let mut out = Vec::new();
    from.take(most + 1).read_to_end(&mut out).map_err(|e| Error::format(format!("cannot be unpacked: {e}")))?;
    if out.len() as u64 > most {
        return Err(Error::limit(format!("unpacks to more than {most} bytes, the limit")));
    }
    Ok(Bytes::Owned(out.into()))
}
