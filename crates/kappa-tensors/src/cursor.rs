//! A position in bytes from which numbers are taken, with the end in sight.

use crate::error::{Error, Result};

/// Bytes and how far they were read.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The position from the first byte.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// The number of bytes that are left.
    pub(crate) fn rest(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The next bytes.
    ///
    /// # Errors
    ///
    /// When fewer are left.
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(count).filter(|&end| end <= self.bytes.len());
        let Some(end) = end else {
            return Err(Error::format(format!(
                "is truncated: {count} bytes are needed from byte {} on, and the data end at {}",
                self.at,
                self.bytes.len()
            ))
            .with_hint("the download or copy may have stopped early; fetch the file again"));
        };
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut found = [0; N];
        found.copy_from_slice(self.take(N)?);
        Ok(found)
    }

    pub(crate) fn u8(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    pub(crate) fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A length or a count of 64 bits, which bytes that follow must confirm.
    pub(crate) fn length(&mut self) -> Result<usize> {
        let length = self.u64()?;
        usize::try_from(length).map_err(|_| Error::limit(format!("claims a length of {length}")))
    }

    /// The bytes up to a line feed, without it.
    pub(crate) fn line(&mut self) -> Result<&'a [u8]> {
        let length = self.bytes[self.at..].iter().position(|&b| b == b'\n');
        let line = self.take(length.unwrap_or(self.rest() + 1))?;
        self.at += 1;
        Ok(line)
    }
}
