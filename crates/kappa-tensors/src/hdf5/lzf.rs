//! The filter LZF of h5py.

use crate::cursor::Cursor;

/// The number of the LZF filter of h5py.
pub(super) const LZF: u16 = 32000;

pub(super) fn broken() -> hdf5_reader::error::Error {
    hdf5_reader::error::Error::InvalidData("a block of LZF is damaged".into())
}

/// Unpacks LZF (Lehmann): runs of literal bytes, and copies of at most 264 bytes from at most 8192 bytes before.
pub(super) fn unpacked(packed: &[u8]) -> Option<Vec<u8>> {
    let mut found: Vec<u8> = Vec::new();
    let mut cursor = Cursor::new(packed);
    while !cursor.is_at_end() {
        let control = usize::from(cursor.u8().ok()?);
        if control < 32 {
            found.extend_from_slice(cursor.take(control + 1).ok()?);
            continue;
        }
        let long = control >> 5;
        let length = 2 + if long == 7 { 7 + usize::from(cursor.u8().ok()?) } else { long };
        let back = ((control & 31) << 8 | usize::from(cursor.u8().ok()?)) + 1;
        let from = found.len().checked_sub(back)?;
        // A copy may read what it writes.
        for k in from..from + length {
            found.push(found[k]);
        }
    }
    Some(found)
}
