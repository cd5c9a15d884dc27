//! Lines of the cache that are asked for before they are read.

/// Bytes of a line.
const LINE: usize = 64;

/// Asks for the lines of so many entries from one on, as far as there are any; a hint, without which all is as it was, but slower.
///
/// The hardware follows streams by itself, but each ends with its page, and the next begins with misses.
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
