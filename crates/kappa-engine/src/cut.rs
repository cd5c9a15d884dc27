//! How work is divided among threads.

use std::num::NonZeroUsize;

use faer::Par;

/// How faer may use threads. The work is divided by the size of the matrix alone, never by the number of threads, so
/// that the digits do not depend on that number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cut {
    /// One piece.
    Whole,
    /// Eight pieces, run by as many threads as the current pool has.
    Pieces,
    /// For LU factorizations: panels of this many columns, the next one factored while the rest is updated.
    Panels(usize),
}

impl Cut {
    const PIECES: NonZeroUsize = NonZeroUsize::new(8).unwrap();

    pub(crate) fn par(self) -> Par {
        match self {
            Self::Whole | Self::Panels(_) => Par::Seq,
            Self::Pieces => Par::Rayon(Self::PIECES),
        }
    }
}
