//! Memory that the steps of a reduction use one after the other: each needs what the one before needed, or a little less.
//!
//! An allocator may give such memory back to the system whenever a step ends, and every page of it is then made, and cleared, once a step.

use std::mem::take;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

/// Where buffers come from and go to.
#[derive(Debug, Default, Clone)]
pub(crate) struct Pool<T>(Arc<Mutex<Vec<Vec<T>>>>);

/// Entries that go back when nobody needs them.
#[derive(Debug)]
pub(crate) struct Buffer<T> {
    entries: Vec<T>,
    pool: Pool<T>,
}

impl<T: Copy + Default> Pool<T> {
    /// So many zeros, in the least of the free buffers that have room for them.
    pub(crate) fn zeros(&self, count: usize) -> Buffer<T> {
        let entries = match self.with_room(count) {
            Some(mut entries) => {
                entries.clear();
                entries.resize(count, T::default());
                entries
            }
            None => vec![T::default(); count],
        };
        Buffer { entries, pool: self.clone() }
    }

    fn with_room(&self, count: usize) -> Option<Vec<T>> {
        let mut free = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sizes = free.iter().enumerate().map(|(at, entries)| (entries.capacity(), at));
        let (_, at) = sizes.filter(|&(size, _)| size >= count).min()?;
        Some(free.swap_remove(at))
    }
}

impl<T> Drop for Buffer<T> {
    fn drop(&mut self) {
        self.pool.0.lock().unwrap_or_else(PoisonError::into_inner).push(take(&mut self.entries));
    }
}

impl<T> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.entries
    }
}

impl<T> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_come_back_as_zeros() {
        let pool = Pool::default();
        let (mut long, short) = (pool.zeros(100), pool.zeros(10));
        long.fill(7);
        let places = [long.as_ptr(), short.as_ptr()];
        drop((long, short));
        // The least that has room.
        let (short, long) = (pool.zeros(9), pool.zeros(50));
        assert_eq!([long.as_ptr(), short.as_ptr()], places);
        assert_eq!((&long[..], &short[..]), (&[0; 50][..], &[0; 9][..]));
        // Where none has room, a new one.
        drop(short);
        assert_eq!(pool.zeros(20).len(), 20);
        drop(long);
        assert_eq!(pool.zeros(100).as_ptr(), places[0]);
    }
}
