//! Memory reused by the steps of a reduction: each step needs as much as the one before, or a little less.
//!
//! An allocator may return such memory to the system after every step; all pages would then be created and cleared
//! again for the next.

use std::mem::take;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

/// A pool of free buffers.
#[derive(Debug, Default, Clone)]
pub(crate) struct Pool<T>(Arc<Mutex<Vec<Vec<T>>>>);

/// A buffer that returns to its pool when it is dropped.
#[derive(Debug)]
pub(crate) struct Buffer<T> {
    entries: Vec<T>,
    pool: Pool<T>,
}

impl<T: Copy + Default> Pool<T> {
    /// `count` zeros, in the smallest free buffer with enough capacity.
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
        // The smallest with enough capacity.
        let (short, long) = (pool.zeros(9), pool.zeros(50));
        assert_eq!([long.as_ptr(), short.as_ptr()], places);
        assert_eq!((&long[..], &short[..]), (&[0; 50][..], &[0; 9][..]));
        // If none is large enough, a new one is allocated.
        drop(short);
        assert_eq!(pool.zeros(20).len(), 20);
        drop(long);
        assert_eq!(pool.zeros(100).as_ptr(), places[0]);
    }
}
