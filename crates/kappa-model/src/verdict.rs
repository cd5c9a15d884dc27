//! Findings about a layer, as text.

use std::fmt;

use kappa::{Enclosure, Profile, Tolerance};

use crate::Result;

/// A finding about a layer.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Entries are NaN or infinite.
    NotFinite {
        /// The message with the number of such entries and the first position.
        message: String,
    },
    /// Every entry is zero.
    Zero,
    /// The rank at the default tolerance is below min(m, n).
    RankDeficient {
        /// The rank.
        rank: usize,
        /// min(m, n).
        full: usize,
    },
    /// Full rank, but σₘᵢₙ is below 1e-8·σ₁: a solve loses half of the digits of a double.
    NearSingular,
    /// The largest singular value has more than nine tenths of the energy Σσ².
    OneDirectionDominates,
    /// Rows of zeros.
    DeadRows(usize),
    /// Columns of zeros.
    DeadColumns(usize),
    /// The same numbers as an earlier tensor.
    DuplicateOf(String),
}

/// κ above which a matrix of full rank is near singular.
const NEAR_SINGULAR: f64 = 1e8;
/// Stable rank below which one direction dominates: σ₁² exceeds 90 % of Σσ².
const DOMINATED: f64 = 1.0 / 0.9;

impl Verdict {
    /// The short name, as in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotFinite { .. } => "not finite",
            Self::Zero => "zero",
            Self::RankDeficient { .. } => "rank deficient",
            Self::NearSingular => "near singular",
            Self::OneDirectionDominates => "one direction dominates",
            Self::DeadRows(_) => "dead rows",
            Self::DeadColumns(_) => "dead columns",
            Self::DuplicateOf(_) => "duplicate",
        }
    }

    /// Whether the tensor could not be measured.
    pub fn is_broken(&self) -> bool {
        matches!(self, Self::NotFinite { .. })
    }

    /// The verdicts that follow from a profile. A verdict is given only if it holds for every value in the enclosure.
    pub(crate) fn of(profile: &Profile) -> Result<Vec<Self>> {
        let mut verdicts = Vec::new();
        let (m, n) = profile.shape();
        let Some(values) = profile.singular_values() else { return Ok(verdicts) };
        if values.first().upper() == 0.0 {
            return Ok(vec![Self::Zero]);
        }
        // For types of 16 and 8 bits small values mean little one by one; the rank up to rounding means all of them.
        let is_narrow = values.epsilon() > f64::from(f32::EPSILON);
        let rank: Enclosure = if is_narrow { values.stored_rank() } else { values.rank(Tolerance::default()) };
        let full = m.min(n);
        if rank.upper() < full as f64 {
            verdicts.push(Self::RankDeficient { rank: rank.estimate() as usize, full });
        } else if values.cond().is_ok_and(|cond| cond.lower() > NEAR_SINGULAR) {
            verdicts.push(Self::NearSingular);
        }
        if full > 1 && profile.stable_rank().is_ok_and(|rank| rank.upper() < DOMINATED) {
            verdicts.push(Self::OneDirectionDominates);
        }
        match profile.zero_rows() {
            0 => {}
            count => verdicts.push(Self::DeadRows(count)),
        }
        match profile.zero_columns() {
            0 => {}
            count => verdicts.push(Self::DeadColumns(count)),
        }
        Ok(verdicts)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFinite { message } => write!(f, "not finite: {message}"),
            Self::RankDeficient { rank, full } => write!(f, "rank deficient: {rank} of {full}"),
            Self::DeadRows(count) => write!(f, "dead rows: {count}"),
            Self::DeadColumns(count) => write!(f, "dead columns: {count}"),
            Self::DuplicateOf(name) => write!(f, "duplicate of {}", crate::printable(name)),
            other => f.write_str(other.name()),
        }
    }
}
