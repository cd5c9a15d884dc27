//! From which sizes on faer's work is divided among threads.

pub(crate) use kappa_engine::Cut;

/// From this order on, cutting one matrix pays more than it costs (measured on 2 cores).
const FROM: usize = 1024;

/// From this order on, cutting a triangular factorization pays.
const FACTORS_FROM: usize = 768;

/// LU by panels beats faer's recursion between these orders (measured on 2 cores: by a third at 500 and 1000).
const PANELS: std::ops::Range<usize> = 256..3072;

/// For LU factorizations.
pub(crate) fn for_lu(order: usize) -> Cut {
    match order {
        _ if !PANELS.contains(&order) => for_factors(order),
        0..512 => Cut::Panels(32),
        512..768 => Cut::Panels(64),
        _ => Cut::Panels(96),
    }
}

/// For Cholesky factorizations, which gain earlier than reductions.
pub(crate) fn for_factors(order: usize) -> Cut {
    if order >= FACTORS_FROM { Cut::Pieces } else { Cut::Whole }
}

/// For reductions and decompositions.
pub(crate) fn for_shape(rows: usize, columns: usize) -> Cut {
    if rows.min(columns) >= FROM { Cut::Pieces } else { Cut::Whole }
}

/// For products of an m×k and a k×n matrix: from a millisecond of work on.
pub(crate) fn for_product(m: usize, k: usize, n: usize) -> Cut {
    if m.saturating_mul(k).saturating_mul(n) >= 1 << 24 { Cut::Pieces } else { Cut::Whole }
}
