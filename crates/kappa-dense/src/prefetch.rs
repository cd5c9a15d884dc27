//! Prefetching of cache lines.

/// Bytes of a line.
const LINE: usize = 64;

/// Prefetches the cache lines of `count` entries from `first` on, up to the end of the slice. A hint: without it the
/// results are the same and the code is slower.
///
/// The hardware prefetches streams by itself, but only to the end of a page; the next page begins with cache misses.
#[inline(always)]
pub(crate) fn prefetch<P>(entries: &[P], first: usize, count: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(sse) = pulp::core_arch::x86::Sse::try_new() {
        let rest = entries.get(first..).unwrap_or_default();
        for line in rest.get(..count).unwrap_or(rest).chunks_exact(LINE / size_of::<P>()) {
            sse._mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(line.as_ptr().cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (entries, first, count);
}
