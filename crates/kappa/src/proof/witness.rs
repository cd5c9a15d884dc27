//! Witnesses: integers over a power of two.

/// A matrix of integers over a power of two: entry(i, j)·2^(−shift). Rows may be shorter than the widest, as in a lower
/// triangle.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dyadic {
    /// The exponent of the power of two.
    pub shift: i32,
    /// The integers, row after row.
    pub rows: Vec<Vec<i64>>,
}

impl Dyadic {
    /// Numbers rounded to multiples of 2^(−shift); `None` where one does not fit.
    pub(crate) fn rounded(shift: i32, rows: impl IntoIterator<Item = Vec<f64>>) -> Option<Self> {
        let whole = |x: f64| {
            let scaled = (x * 2f64.powi(shift)).round();
            // A limit of 2⁶² leaves room for arithmetic by readers.
            (scaled.abs() < 4.6e18).then_some(scaled as i64)
        };
        let row = |row: Vec<f64>| row.into_iter().map(whole).collect::<Option<Vec<i64>>>();
        Some(Self { shift, rows: rows.into_iter().map(row).collect::<Option<_>>()? })
    }

    /// The value of one entry.
    pub(crate) fn value(&self, i: usize, j: usize) -> f64 {
        self.rows[i][j] as f64 * 2f64.powi(-self.shift)
    }
}

/// The reason why a claim holds.
///
/// "M is positive semidefinite by L" means that M − LLᵀ is diagonally dominant with a non-negative diagonal, in exact
/// arithmetic. G is AᵀA, or AAᵀ where A has fewer rows than columns.
#[derive(Clone, Debug, PartialEq)]
pub enum Witness {
    /// The entries alone prove the claim.
    Entries,
    /// σ₁ ≤ c: c²I − G is positive semidefinite by this factor.
    Above {
        /// L.
        factor: Dyadic,
    },
    /// σₘᵢₙ ≥ c: G − c²I is positive semidefinite by this factor.
    Below {
        /// L.
        factor: Dyadic,
    },
    /// ‖Ax‖ ≥ c‖x‖ for this x (or σₘᵢₙ ≤ c by ‖Ax‖ ≤ c‖x‖).
    Vector {
        /// x, one row.
        x: Dyadic,
    },
    /// κ ≤ c: t²I − G and c²G − t²I are positive semidefinite by these factors.
    Between {
        /// t.
        middle: f64,
        /// L for the first.
        above: Dyadic,
        /// L for the second.
        below: Dyadic,
    },
    /// κ ≥ c: ‖Ax‖‖y‖ ≥ c‖Ay‖‖x‖ for these vectors.
    Pair {
        /// x, one row.
        x: Dyadic,
        /// y, one row.
        y: Dyadic,
    },
    /// An induced norm ≤ c: [[diag(a), A], [Aᵀ, diag(b)]] is positive semidefinite by this factor, and half the sum of
    /// a (its largest entry, for an image measured in 2) and of b (its largest, for an argument bounded in 2) is at
    /// most c.
    Weights {
        /// a, one row.
        a: Dyadic,
        /// b, one row.
        b: Dyadic,
        /// L.
        factor: Dyadic,
    },
    /// Σσ ≤ c: ½(‖U‖_F² + ‖V‖_F²) + Σ|A − UVᵀ| ≤ c.
    Factors {
        /// U, m×r.
        u: Dyadic,
        /// V, n×r.
        v: Dyadic,
    },
    /// Σσ ≥ c: ⟨Y, A⟩ ≥ c, and I − YᵀY (or I − YYᵀ) is positive semidefinite by this factor.
    Dual {
        /// Y, m×n.
        y: Dyadic,
        /// L.
        factor: Dyadic,
    },
}

impl Witness {
    /// The name in a proof file.
    pub fn method(&self) -> &'static str {
        match self {
            Self::Entries => "entries",
            Self::Above { .. } => "above",
            Self::Below { .. } => "below",
            Self::Vector { .. } => "vector",
            Self::Between { .. } => "between",
            Self::Pair { .. } => "pair",
            Self::Weights { .. } => "weights",
            Self::Factors { .. } => "factors",
            Self::Dual { .. } => "dual",
        }
    }

    /// The parts of the witness by their names in a proof file.
    pub fn parts(&self) -> Vec<(&'static str, &Dyadic)> {
        match self {
            Self::Entries => vec![],
            Self::Above { factor } | Self::Below { factor } => vec![("factor", factor)],
            Self::Vector { x } => vec![("x", x)],
            Self::Between { above, below, .. } => vec![("above", above), ("below", below)],
            Self::Pair { x, y } => vec![("x", x), ("y", y)],
            Self::Weights { a, b, factor } => vec![("a", a), ("b", b), ("factor", factor)],
            Self::Factors { u, v } => vec![("u", u), ("v", v)],
            Self::Dual { y, factor } => vec![("y", y), ("factor", factor)],
        }
    }

    /// A witness from its method and parts; `None` where they do not belong together.
    pub fn from_parts(method: &str, middle: Option<f64>, mut part: impl FnMut(&str) -> Option<Dyadic>) -> Option<Self> {
        Some(match method {
            "entries" => Self::Entries,
            "above" => Self::Above { factor: part("factor")? },
            "below" => Self::Below { factor: part("factor")? },
            "vector" => Self::Vector { x: part("x")? },
            "between" => Self::Between { middle: middle?, above: part("above")?, below: part("below")? },
            "pair" => Self::Pair { x: part("x")?, y: part("y")? },
            "weights" => Self::Weights { a: part("a")?, b: part("b")?, factor: part("factor")? },
            "factors" => Self::Factors { u: part("u")?, v: part("v")? },
            "dual" => Self::Dual { y: part("y")?, factor: part("factor")? },
            _ => return None,
        })
    }
}
