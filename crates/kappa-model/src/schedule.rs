//! The schedule of a survey: large layers one at a time with all threads, small ones side by side below the memory
//! ceiling.

use std::sync::{Condvar, Mutex};

/// A limit of the bytes in use at the same time.
pub(crate) struct Ceiling {
    limit: u64,
    state: Mutex<u64>,
    freed: Condvar,
}

impl Ceiling {
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, state: Mutex::new(0), freed: Condvar::new() }
    }

    /// Runs `work` as soon as its bytes fit below the ceiling; work that exceeds the ceiling runs alone.
    pub(crate) fn within<R>(&self, bytes: u64, work: impl FnOnce() -> R) -> R {
        let bytes = bytes.min(self.limit);
        {
            let mut used = self.state.lock().unwrap_or_else(|e| e.into_inner());
            while *used + bytes > self.limit {
                used = self.freed.wait(used).unwrap_or_else(|e| e.into_inner());
            }
            *used += bytes;
        }
        // Releases the bytes also when the work panics.
        struct Back<'a>(&'a Ceiling, u64);
        impl Drop for Back<'_> {
            fn drop(&mut self) {
                *self.0.state.lock().unwrap_or_else(|e| e.into_inner()) -= self.1;
                self.0.freed.notify_all();
            }
        }
        let _back = Back(self, bytes);
        work()
    }
}

/// Half of the available memory that the system reports; no ceiling where it reports none.
pub(crate) fn default_ceiling() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib = line.and_then(|rest| rest.split_whitespace().next()).and_then(|x| x.parse::<u64>().ok());
    kib.map_or(u64::MAX / 2, |kib| kib * 1024 / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn the_ceiling_is_never_exceeded_and_everything_runs() {
        let (ceiling, used, done) = (Ceiling::new(10), AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for k in 0..24 {
                let (ceiling, used, done) = (&ceiling, &used, &done);
                scope.spawn(move || {
                    let bytes = k % 7;
                    ceiling.within(bytes, || {
                        let now = used.fetch_add(bytes, Ordering::SeqCst) + bytes;
                        assert!(now <= 10);
                        std::thread::yield_now();
                        used.fetch_sub(bytes, Ordering::SeqCst);
                        done.fetch_add(1, Ordering::SeqCst);
                    });
                });
            }
        });
        assert_eq!(done.load(Ordering::SeqCst), 24);
        assert_eq!(ceiling.within(1000, || 5), 5);
    }
}
