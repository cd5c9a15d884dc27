//! Zip archives from strangers: what their entries are called, where they are, and their bytes within limits.

use std::borrow::Cow;
use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::read::ZipFile;

use crate::bytes::Bytes;
use crate::error::{Error, Result};
use crate::limits;

pub(crate) const MAGIC: &[u8] = b"PK\x03\x04";
/// What an archive without entries begins with.
pub(crate) const EMPTY_MAGIC: &[u8] = b"PK\x05\x06";

pub(crate) type Archive = ZipArchive<Cursor<Bytes>>;

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

/// Where the bytes of an entry are.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// Start and length in the file.
    Stored(usize, usize),
    /// In memory.
    Unpacked(std::sync::Arc<[u8]>),
    /// Compressed, and not read.
    Packed,
}

pub(crate) fn zip_error(error: &zip::result::ZipError) -> Error {
    Error::format(format!("is not a readable zip archive: {error}"))
        .with_hint("the download or copy may have stopped early; fetch the file again")
}

/// Opens an archive, with the names of its entries.
pub(crate) fn open(bytes: Bytes) -> Result<(Archive, Vec<String>)> {
    let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| zip_error(&e))?;
    if archive.len() > limits::ZIP_ENTRIES {
        let count = archive.len();
        return Err(Error::limit(format!("is an archive of {count} files; the limit is {}", limits::ZIP_ENTRIES)));
    }
    let name = |k: usize| {
        let known = archive.name_for_index(k).and_then(|name| name.ok());
        known.map_or_else(|| format!("entry {k}"), |name| name.into_owned())
    };
    let names = (0..archive.len()).map(name).collect();
    Ok((archive, names))
}

/// Refuses an entry that claims to be far larger unpacked than packed.
pub(crate) fn check_size<R: Read>(file: &ZipFile<'_, R>) -> Result<()> {
    let total = file.size();
    if total > limits::UNPACKED || total / limits::UNPACK_RATIO > file.compressed_size() {
        return Err(Error::limit(format!(
            "claims to unpack {} bytes to {total}; the limits are {} bytes and a ratio of {}",
            file.compressed_size(),
            limits::UNPACKED,
            limits::UNPACK_RATIO
        )));
    }
    Ok(())
}

/// All bytes of an entry.
pub(crate) fn unpacked(archive: &mut Archive, index: usize) -> Result<Vec<u8>> {
    let mut file = archive.by_index(index).map_err(|e| zip_error(&e))?;
    check_size(&file)?;
    let size = file.size();
    let mut bytes = Vec::new();
    let read = Read::by_ref(&mut file).take(size + 1).read_to_end(&mut bytes);
    read.map_err(|e| Error::format(format!("cannot be unpacked: {e}")))?;
    Ok(bytes)
}

/// Fills this memory with the bytes of an entry from `skip` to its end.
pub(crate) fn unpack_into(archive: &mut Archive, index: usize, skip: usize, to: &mut [u8]) -> Result<()> {
    let mut file = archive.by_index(index).map_err(|e| zip_error(&e))?;
    check_size(&file)?;
    let here = |e: std::io::Error| Error::format(format!("cannot be unpacked: {e}"));
    std::io::copy(&mut Read::by_ref(&mut file).take(skip as u64), &mut std::io::sink()).map_err(here)?;
    file.read_exact(to).map_err(here)?;
    // The checksum is compared at the end.
    match file.read(&mut [0]).map_err(here)? {
        0 => Ok(()),
        _ => Err(Error::format(format!("has more than {} bytes", to.len()))),
    }
}

/// Where the bytes of an entry are: in the file, where it is stored without compression and inside of its bounds.
pub(crate) fn place(archive: &mut Archive, index: usize, length: usize) -> Result<Place> {
    let stored = {
        let file = archive.by_index_raw(index).map_err(|e| zip_error(&e))?;
        let is_stored = file.compression() == zip::CompressionMethod::Stored && !file.encrypted();
        let start = file.data_start().filter(|_| is_stored).and_then(|start| usize::try_from(start).ok());
        start.zip(usize::try_from(file.size()).ok())
    };
    match stored {
        Some((start, size)) if start.checked_add(size).is_some_and(|end| end <= length) => {
            Ok(Place::Stored(start, size))
        }
        Some(_) => Err(Error::format("is an archive with an entry that ends behind its file")),
        None => Ok(Place::Packed),
    }
}

/// The bytes of an entry: those of the file where it is stored without compression, with their checksum compared.
pub(crate) fn contents<'a>(archive: &mut Archive, index: usize, file: &'a Bytes) -> Result<Cow<'a, [u8]>> {
    let Place::Stored(start, length) = place(archive, index, file.len())? else {
        return Ok(unpacked(archive, index)?.into());
    };
    let bytes = &file[start..start + length];
    let expected = archive.by_index_raw(index).map_err(|e| zip_error(&e))?.crc32();
    if crc32fast::hash(bytes) != expected {
        return Err(Error::format("cannot be unpacked: Invalid checksum"));
    }
    Ok(bytes.into())
}
