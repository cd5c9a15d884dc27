//! The bytes of a file, mapped into memory or read. The only `unsafe` code of this crate.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Result};

/// Shared, immutable bytes.
#[derive(Clone, Debug)]
pub(crate) enum Bytes {
    Mapped(Arc<memmap2::Mmap>),
    Owned(Arc<[u8]>),
}

impl std::ops::Deref for Bytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Owned(bytes) => bytes,
        }
    }
}

impl Bytes {
    /// Opens a regular file; maps it if `map` is set and it is not empty.
    pub(crate) fn open(path: &Path, map: bool) -> Result<Self> {
        let here = |error: std::io::Error| Error::io(&error).in_file(path);
        let mut file = File::open(path).map_err(here)?;
        let metadata = file.metadata().map_err(here)?;
        if !metadata.is_file() {
            return Err(Error::unsupported("is not a regular file").in_file(path));
        }
        if map && metadata.len() > 0 {
            return Ok(Self::Mapped(Arc::new(map_file(&file).map_err(here)?)));
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(here)?;
        Ok(Self::Owned(bytes.into()))
    }

    /// Advises the system that these bytes are not needed soon, so that a survey of a large file does not keep all of
    /// it in memory.
    pub(crate) fn forget(&self, start: usize, length: usize) {
        #[cfg(unix)]
        if let Self::Mapped(map) = self {
            drop_pages(map, start, length);
        }
        #[cfg(not(unix))]
        let _ = (start, length);
    }
}

/// # Reason
///
/// Mapping is unsafe because another process may change the file while it is mapped. Every read of the map is of plain
/// bytes, for which any value is valid, and lengths are checked against the map, not the file. If another process
/// truncates the file while it is read, the signal SIGBUS ends this process: the documented cost of not copying
/// checkpoints, which `Opening::map = false` avoids.
#[allow(unsafe_code)]
fn map_file(file: &File) -> std::io::Result<memmap2::Mmap> {
    // SAFETY: see above; the map is read-only and private to this process.
    unsafe { memmap2::Mmap::map(file) }
}

/// # Reason
///
/// `MADV_DONTNEED` is unsafe on maps that hold data not in a file. This map is read-only and backed by a file, so a
/// dropped page is read again from the file with the same contents.
#[cfg(unix)]
#[allow(unsafe_code)]
fn drop_pages(map: &memmap2::Mmap, start: usize, length: usize) {
    // SAFETY: see above.
    let advised = unsafe { map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, start, length) };
    // An error of the hint has no effect on correctness.
    drop(advised);
}
