//! Memory for a large matrix, in large pages where the system has them.
//!
//! A matrix of 4096² doubles takes 33 000 pages of 4 KiB, and creating them takes the system as long as filling them.
//! Linux provides pages of 2 MiB on request (transparent huge pages, Documentation/admin-guide/mm/transhuge.rst); NumPy
//! requests them too.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use bytemuck::Pod;
use memmap2::MmapMut;

/// Minimum number of bytes that are mapped from the system.
const LARGE: usize = 16 << 20;

/// Entries that are initially zero.
pub(crate) enum Pages<P> {
    Mapped(MmapMut, PhantomData<P>),
    Own(Vec<P>),
}

impl<P: Pod> Pages<P> {
    /// `count` zeros.
    pub(crate) fn zeros(count: usize) -> Self {
        Self::mapped(count).unwrap_or_else(|| Self::Own(vec![P::zeroed(); count]))
    }

    fn mapped(count: usize) -> Option<Self> {
        let bytes = count.checked_mul(size_of::<P>()).filter(|&bytes| bytes >= LARGE)?;
        let map = MmapMut::map_anon(bytes).ok()?;
        // If the kernel ignores the hint, 4 KiB pages are used.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::HugePage);
        Some(Self::Mapped(map, PhantomData))
    }
}

impl<P: Pod> Deref for Pages<P> {
    type Target = [P];

    #[inline]
    fn deref(&self) -> &[P] {
        match self {
            Self::Mapped(map, _) => bytemuck::cast_slice(map),
            Self::Own(entries) => entries,
        }
    }
}

impl<P: Pod> DerefMut for Pages<P> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [P] {
        match self {
            Self::Mapped(map, _) => bytemuck::cast_slice_mut(map),
            Self::Own(entries) => entries,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_entries_are_there_and_zero() {
        for count in [0, 1, LARGE / 8 - 1, LARGE / 8, LARGE / 8 + 4097] {
            let mut pages = Pages::<f64>::zeros(count);
            assert_eq!(pages.len(), count);
            assert!(pages.iter().all(|&x| x == 0.0));
            if let Some(last) = pages.last_mut() {
                *last = 1.0;
            }
            assert_eq!(pages.iter().sum::<f64>(), if count == 0 { 0.0 } else { 1.0 });
        }
    }
}
