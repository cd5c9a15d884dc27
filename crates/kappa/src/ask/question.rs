//! Questions as values, with the names that the command line and Python use.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::{Enclosure, Norm, Tolerance};

/// A question whose answer is one number.
///
/// ```
/// # use kappa::{Norm, Question};
/// assert_eq!("norm:nuclear".parse::<Question>()?, Question::Norm(Norm::nuclear()));
/// assert_eq!("energy-rank:95".parse::<Question>()?.to_string(), "energy_rank:95");
/// # Ok::<(), kappa::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Question {
    /// A norm.
    Norm(Norm),
    /// The condition number in the spectral norm.
    Cond,
    /// The number of singular values above the tolerance.
    Rank(Tolerance),
    /// The least rank of a matrix that A cannot be told from, up to rounding to the stored type.
    StoredRank,
    /// ‖A‖_F²/‖A‖₂².
    StableRank,
    /// exp of the entropy of the singular values.
    EffectiveRank,
    /// ‖A‖_*/‖A‖₂.
    NuclearRank,
    /// (Σσ²)²/Σσ⁴.
    ParticipationRatio,
    /// The least number of singular values that hold this percentage of Σσ².
    EnergyRank(f64),
    /// The k-th largest singular value, k from 1.
    SingularValue(usize),
    /// The numerical radius.
    NumericalRadius,
    /// The logarithmic norm for the p-norm of vectors, p = 1, 2 or ∞.
    LogNorm(f64),
}

const HINT: &str = "known: cond, rank, rank:TOLERANCE, stored_rank, stable_rank, effective_rank, nuclear_rank, \
                    participation_ratio, energy_rank:PERCENT, singular_value:K, numerical_radius, log_norm:P, norms such as norm:nuclear";

impl Question {
    /// The questions of a survey, in the order of its columns.
    pub fn standard() -> Vec<Self> {
        let norms = [
            Norm::frobenius(),
            Norm::spectral(),
            Norm::nuclear(),
            Norm::max_column_sum(),
            Norm::max_row_sum(),
            Norm::max_abs(),
        ];
        let ranks = [90.0, 95.0, 99.0].map(Self::EnergyRank);
        let rest = [
            Self::Cond,
            Self::Rank(Tolerance::default()),
            Self::StoredRank,
            Self::StableRank,
            Self::EffectiveRank,
            Self::NuclearRank,
            Self::ParticipationRatio,
        ];
        norms.map(Self::Norm).into_iter().chain(rest).chain(ranks).collect()
    }

    pub(crate) fn needs_singular_values(&self) -> bool {
        match self {
            Self::Norm(norm) => norm.needs_singular_values(),
            Self::NumericalRadius | Self::LogNorm(_) => false,
            _ => true,
        }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Norm(norm) => norm.to_string().replace('-', "_"),
            Self::Cond => "cond".into(),
            Self::Rank(tolerance) if *tolerance == Tolerance::default() => "rank".into(),
            Self::Rank(tolerance) => {
                format!("rank:{}", tolerance.to_string().trim_end_matches("·σ₁"))
            }
            Self::StoredRank => "stored_rank".into(),
            Self::StableRank => "stable_rank".into(),
            Self::EffectiveRank => "effective_rank".into(),
            Self::NuclearRank => "nuclear_rank".into(),
            Self::ParticipationRatio => "participation_ratio".into(),
            Self::EnergyRank(percent) => format!("energy_rank:{percent}"),
            Self::SingularValue(k) => format!("singular_value:{k}"),
            Self::NumericalRadius => "numerical_radius".into(),
            Self::LogNorm(p) => format!("log_norm:{p}"),
        };
        f.pad(&text)
    }
}

impl FromStr for Question {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let name = text.trim().to_lowercase().replace('-', "_");
        let unknown = || Error::syntax(format!("unknown question `{}`", text.trim())).with_hint(HINT);
        match name.as_str() {
            "cond" => return Ok(Self::Cond),
            "rank" => return Ok(Self::Rank(Tolerance::default())),
            "stored_rank" => return Ok(Self::StoredRank),
            "stable_rank" => return Ok(Self::StableRank),
            "effective_rank" => return Ok(Self::EffectiveRank),
            "nuclear_rank" => return Ok(Self::NuclearRank),
            "participation_ratio" => return Ok(Self::ParticipationRatio),
            "numerical_radius" => return Ok(Self::NumericalRadius),
            "log_norm" => return Ok(Self::LogNorm(2.0)),
            _ => {}
        }
        if let Ok(norm) = name.parse::<Norm>() {
            return Ok(Self::Norm(norm));
        }
        let (family, rest) = name.split_once(':').ok_or_else(unknown)?;
        let number = || rest.trim().trim_end_matches('%').parse::<f64>().map_err(|_| unknown());
        match family {
            "norm" => Ok(Self::Norm(rest.parse()?)),
            "rank" => {
                Ok(Self::Rank(Tolerance::relative(rest.trim().replace('_', "-").parse().map_err(|_| unknown())?)?))
            }
            "energy_rank" => match number()? {
                percent if percent > 0.0 && percent <= 100.0 => Ok(Self::EnergyRank(percent)),
                percent => {
                    Err(Error::syntax(format!("the percentage of `energy_rank` must lie in (0, 100], got {percent}"))
                        .with_hint(HINT))
                }
            },
            "log_norm" => match number()? {
                p if p == 1.0 || p == 2.0 || p == f64::INFINITY => Ok(Self::LogNorm(p)),
                _ => Err(unknown()),
            },
            "singular_value" => match rest.trim().parse() {
                Ok(k) if k >= 1 => Ok(Self::SingularValue(k)),
                _ => Err(unknown()),
            },
            _ => Err(unknown()),
        }
    }
}

/// The relation of a check.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `=` or `==`
    Equal,
}

/// A claim about a matrix that is true, false, or not decided by what is known: `cond < 1e8`.
///
/// ```
/// # use kappa::{Check, Enclosure, Evidence};
/// let check: Check = "cond < 1e8".parse()?;
/// assert_eq!(check.holds(Enclosure::exact(10.0)), Some(true));
/// let doubtful = Enclosure::new(1e7, 9e7, 2e8, Evidence::Residual);
/// assert_eq!(check.holds(doubtful), None);
/// # Ok::<(), kappa::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Check {
    /// The quantity.
    pub question: Question,
    /// The relation.
    pub comparison: Comparison,
    /// The number it is compared with.
    pub bound: f64,
}

impl Check {
    /// `Some(true)` if every value of the enclosure satisfies the claim, `Some(false)` if none does, `None` otherwise.
    pub fn holds(&self, answer: Enclosure) -> Option<bool> {
        match self.comparison {
            Comparison::Less => answer.is_less_than(self.bound),
            Comparison::AtMost => answer.is_at_most(self.bound),
            Comparison::Greater => answer.is_at_most(self.bound).map(|x| !x),
            Comparison::AtLeast => answer.is_less_than(self.bound).map(|x| !x),
            Comparison::Equal if !answer.contains(self.bound) => Some(false),
            Comparison::Equal => (answer.lower() == answer.upper()).then_some(true),
        }
    }
}

/// Longest first, so that `<=` is not read as `<`.
const SIGNS: [(&str, Comparison); 8] = [
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("==", Comparison::Equal),
    ("≤", Comparison::AtMost),
    ("≥", Comparison::AtLeast),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
    ("=", Comparison::Equal),
];

impl FromStr for Check {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = SIGNS.iter().find_map(|(sign, comparison)| Some((text.split_once(sign)?, *comparison)));
        let ((left, right), comparison) = found.ok_or_else(|| {
            Error::syntax(format!("`{text}` has no comparison sign"))
                .with_hint("write QUESTION < NUMBER, with <, <=, >, >= or =, such as `cond < 1e8`")
        })?;
        let bound = right.trim().parse::<f64>().ok().filter(|x| !x.is_nan()).ok_or_else(|| {
            Error::syntax(format!("`{}` in `{text}` is not a number", right.trim()))
                .with_hint("write QUESTION < NUMBER, such as `cond < 1e8`")
        })?;
        Ok(Self { question: left.parse()?, comparison, bound })
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.comparison {
            Comparison::Less => "<",
            Comparison::AtMost => "<=",
            Comparison::Greater => ">",
            Comparison::AtLeast => ">=",
            Comparison::Equal => "=",
        };
        let size = self.bound.abs();
        if size == 0.0 || (1e-4..1e6).contains(&size) {
            write!(f, "{} {sign} {}", self.question, self.bound)
        } else {
            write!(f, "{} {sign} {:e}", self.question, self.bound)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_standard_question_reads_its_own_name() {
        for question in Question::standard() {
            assert_eq!(question.to_string().parse::<Question>().unwrap(), question);
        }
        let special = [
            "rank:1e-6",
            "singular_value:3",
            "energy_rank:97.5",
            "schatten:3",
            "norm:max-abs",
            "log_norm:inf",
            "numerical_radius",
        ];
        for text in special {
            let question: Question = text.parse().unwrap();
            assert_eq!(question.to_string().parse::<Question>().unwrap(), question, "{text}");
        }
    }

    #[test]
    fn nonsense_says_what_would_be_sense() {
        for text in ["", "condd", "rank:", "rank:x", "energy_rank:0", "energy_rank:101", "singular_value:0", "norm:l2"]
        {
            let error = text.parse::<Question>().unwrap_err();
            assert!(error.is_syntax() && error.hint().is_some(), "{text}: {error}");
        }
        for text in ["cond", "cond < ", "cond < x", "< 3", "cond < nan"] {
            assert!(text.parse::<Check>().unwrap_err().is_syntax(), "{text}");
        }
    }

    #[test]
    fn a_check_is_decided_only_when_both_ends_agree() {
        let wide = Enclosure::new(1.0, 2.0, 3.0, crate::Evidence::Residual);
        let holds = |text: &str| text.parse::<Check>().unwrap().holds(wide);
        assert_eq!(holds("rank < 4"), Some(true));
        assert_eq!(holds("rank < 3"), None);
        assert_eq!(holds("rank <= 3"), Some(true));
        assert_eq!(holds("rank < 1"), Some(false));
        assert_eq!(holds("rank > 0.5"), Some(true));
        assert_eq!(holds("rank >= 3"), None);
        assert_eq!(holds("rank = 7"), Some(false));
        assert_eq!(holds("rank == 2"), None);
    }
}
