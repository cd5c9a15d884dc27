//! NumPy's archive format: a zip file of arrays.

use std::borrow::Cow;
use std::io::{Read, Write};
use std::sync::Mutex;

use zip::write::SimpleFileOptions;

use crate::archive::{self, Archive, check_size, zip_error};
use crate::bytes::Bytes;
use crate::contents::Contents;
use crate::error::{Error, Result, printable};
use crate::npy::Header;
use crate::source::Stored;
use crate::tensor::little;
use crate::{Numbers, Order, Rounded, Skipped, Source, Tensor, TensorInfo, limits, torch};

/// A zip file of arrays.
pub(crate) struct Npz {
    bytes: Bytes,
    archive: Mutex<Archive>,
    /// The index of each array in the archive.
    contents: Contents<usize>,
}

/// Parses a file in memory; for fuzzing and tests.
///
/// # Errors
///
/// When the bytes are not a zip archive, the archive has no NumPy arrays or is a PyTorch checkpoint, or a limit is
/// exceeded.
pub fn parse(bytes: &[u8]) -> Result<impl Source> {
    Npz::new(Bytes::Owned(bytes.into()))
}

impl Npz {
    pub(crate) fn new(bytes: Bytes) -> Result<Self> {
        let (archive, names) = archive::open(bytes.clone())?;
        if torch::is_archive(&names) {
            return Err(Error::unsupported("is a PyTorch checkpoint, whatever its name"));
        }
        Self::of(bytes, archive, names)
    }

    /// The arrays of an archive with these names.
    pub(crate) fn of(bytes: Bytes, mut archive: Archive, names: Vec<String>) -> Result<Self> {
        let mut contents = Contents::default();
        for (index, name) in names.into_iter().enumerate() {
            match header_of(&mut archive, index) {
                Ok(header) => {
                    let name = name.strip_suffix(".npy").unwrap_or(&name).to_owned();
                    contents.add(name, Ok((header.dtype, header.shape, index)));
                }
                Err(error) => contents.leave_out(Skipped {
                    is_broken: name.ends_with(".npy") && !error.is_unsupported(),
                    reason: error.reason().into(),
                    name,
                }),
            }
        }
        let skipped = contents.skipped();
        if contents.infos().is_empty() && !skipped.iter().any(|s| s.name.ends_with(".npy")) {
            let what = match skipped.len() {
                0 => "is an archive that holds no arrays".to_owned(),
                1 => format!("is a zip archive without NumPy arrays: it holds `{}`", printable(&skipped[0].name)),
                n => format!("is a zip archive without NumPy arrays: it holds {n} other files"),
            };
            return Err(Error::unsupported(what).with_hint("save arrays by name: `np.savez(path, a=a)`"));
        }
        Ok(Self { bytes, archive: Mutex::new(archive), contents })
    }
}

impl Npz {
    /// A short text that NumPy stores as an array of bytes or of UTF-32 letters; `None` where there is no such entry
    /// or it is longer than 16 letters.
    pub(crate) fn text(&self, file: &str) -> Result<Option<String>> {
        let mut archive = self.locked()?;
        let Ok(entry) = archive.by_name(file) else { return Ok(None) };
        let mut bytes = Vec::new();
        entry.take(1024).read_to_end(&mut bytes).map_err(|e| Error::format(format!("cannot be unpacked: {e}")))?;
        // The header ends with a line feed; what follows are the letters.
        let Some(end) = bytes.iter().position(|&b| b == b'\n') else { return Ok(None) };
        let letters: String = bytes[end + 1..].iter().filter(|&&b| b != 0).map(|&b| char::from(b)).collect();
        Ok((letters.len() <= 16 && letters.is_ascii()).then_some(letters))
    }
}

/// The header of an entry, checked against the sizes in the archive.
fn header_of(archive: &mut Archive, index: usize) -> Result<Header> {
    let mut file = archive.by_index(index).map_err(|e| zip_error(&e))?;
    let mut start = Vec::new();
    let most = limits::NPY_HEADER as u64 + 64;
    let here = |e: std::io::Error| Error::format(format!("cannot be unpacked: {e}"));
    // The first bytes of the header contain its length; a small array is read whole.
    Read::by_ref(&mut file).take(512.min(most)).read_to_end(&mut start).map_err(here)?;
    let header = match Header::parse(&start) {
        Err(error) if error.is_format() && start.len() == 512 => {
            Read::by_ref(&mut file).take(most - 512).read_to_end(&mut start).map_err(here)?;
            Header::parse(&start).map_err(|_| error)?
        }
        other => other?,
    };
    let total = file.size();
    header.check_length(total.saturating_sub(header.start as u64))?;
    check_size(&file)?;
    Ok(header)
}

impl Source for Npz {
    fn infos(&self) -> &[TensorInfo] {
        self.contents.infos()
    }

    fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.contents.get(name).map(|(info, _)| info)
    }

    fn read(&self, name: &str) -> Result<Tensor<'_>> {
        let (header, bytes) = self.unpacked(name)?;
        let numbers = match bytes {
            Cow::Borrowed(bytes) => Numbers::from_bytes(header.dtype, &bytes[header.start..], header.big_endian),
            Cow::Owned(bytes) => {
                Numbers::from_bytes(header.dtype, &bytes[header.start..], header.big_endian).into_owned()
            }
        };
        Ok(Tensor { shape: header.shape, order: header.order, numbers })
    }

    fn bytes(&self, name: &str) -> Result<Option<Stored<'_>>> {
        let (header, bytes) = self.unpacked(name)?;
        let bytes: Cow<'_, [u8]> = match bytes {
            bytes if header.big_endian => little(header.dtype, &bytes[header.start..]).into(),
            Cow::Borrowed(bytes) => bytes[header.start..].into(),
            Cow::Owned(mut bytes) => {
                bytes.drain(..header.start);
                bytes.into()
            }
        };
        Ok(Some((bytes, header.order)))
    }

    fn copy(&self, name: &str, to: &mut [u8]) -> Result<Option<Order>> {
        let (_, &index) = self.contents.find(name)?;
        let here = |e: Error| e.of_tensor(name);
        let mut archive = self.locked().map_err(here)?;
        let header = header_of(&mut archive, index).map_err(here)?;
        archive::unpack_into(&mut archive, index, header.start, to).map_err(here)?;
        if header.big_endian {
            to.copy_from_slice(&little(header.dtype, to));
        }
        Ok(Some(header.order))
    }

    fn rounded(&self, name: &str) -> Result<Option<Rounded>> {
        if self.info(name).is_some_and(|info| !info.dtype.is_wider_than_double()) {
            return Ok(None);
        }
        let (header, bytes) = self.unpacked(name)?;
        Ok(header.rounded(&bytes[header.start..]))
    }

    fn skipped(&self) -> &[Skipped] {
        self.contents.skipped()
    }
}

impl Npz {
    fn locked(&self) -> Result<std::sync::MutexGuard<'_, Archive>> {
        let panicked = || Error::format("cannot be read: an earlier reader of the archive panicked");
        self.archive.lock().map_err(|_| panicked())
    }

    /// The header of an array, and its bytes with the header.
    pub(crate) fn unpacked(&self, name: &str) -> Result<(Header, Cow<'_, [u8]>)> {
        let (_, &index) = self.contents.find(name)?;
        let here = |e: Error| e.of_tensor(name);
        let bytes = {
            let mut archive = self.locked().map_err(here)?;
            archive::contents(&mut archive, index, &self.bytes).map_err(here)?
        };
        let header = Header::parse(&bytes).map_err(here)?;
        header.check_length((bytes.len() - header.start) as u64).map_err(here)?;
        Ok((header, bytes))
    }
}

/// Writes an archive of arrays, each already encoded in NumPy's format, which `numpy.load` reads.
///
/// # Errors
///
/// When writing fails.
pub fn write<W: Write + std::io::Seek>(to: W, arrays: &[(&str, Vec<u8>)]) -> std::io::Result<W> {
    let mut archive = zip::ZipWriter::new(to);
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored).large_file(true);
    for (name, bytes) in arrays {
        archive.start_file(format!("{name}.npy"), options)?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?)
}

impl std::fmt::Debug for Npz {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Npz {:?}", self.contents.infos().iter().map(|info| printable(&info.name)).collect::<Vec<_>>())
    }
}
