//! Questions as values, with the names that the command line and Python use.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::arithmetic::{is_printed, printed};
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
    /// The smallest rank among the matrices that differ from A by no more than rounding to the stored type.
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
                    participation_ratio, energy_rank:PERCENT, singular_value:K, numerical_radius, log_norm:P, norms \
                    such as norm:nuclear";

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
    /// The number it is compared with: the decimal number that this double prints as. 0.1 is no double, and less than
    /// the double 0.1.
    pub bound: f64,
}

impl Check {
    /// `Some(true)` if every value of the enclosure satisfies the claim, `Some(false)` if none does, `None` otherwise.
    pub fn holds(&self, answer: Enclosure) -> Option<bool> {
        // No double lies between the decimal and the double: where they differ, `<` and `<=` are the same.
        let (is_less, is_at_most) = match printed(self.bound) {
            Ordering::Equal => (answer.is_less_than(self.bound), answer.is_at_most(self.bound)),
            Ordering::Less => [answer.is_less_than(self.bound); 2].into(),
            Ordering::Greater => [answer.is_at_most(self.bound); 2].into(),
        };
        match self.comparison {
            Comparison::Less => is_less,
            Comparison::AtMost => is_at_most,
            Comparison::Greater => is_at_most.map(|x| !x),
            Comparison::AtLeast => is_less.map(|x| !x),
            Comparison::Equal if is_less == Some(true) || is_at_most == Some(false) => Some(false),
            Comparison::Equal => (answer.lower() == answer.upper()).then_some(true),
        }
    }

    /// The largest double that an upper end may have so that the claim holds for the decimal as it was written.
    pub(crate) fn bound_from_below(&self) -> f64 {
        match (printed(self.bound), self.comparison) {
            (Ordering::Less, _) | (Ordering::Equal, Comparison::Less) => self.bound.next_down(),
            _ => self.bound,
        }
    }

    /// The smallest double that a lower end may have so that the claim holds for the decimal as it was written.
    pub(crate) fn bound_from_above(&self) -> f64 {
        match (printed(self.bound), self.comparison) {
            (Ordering::Greater, _) | (Ordering::Equal, Comparison::Greater) => self.bound.next_up(),
            _ => self.bound,
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
        Ok(Self { question: left.parse()?, comparison, bound: bound(right.trim(), text)? })
    }
}

/// The number of a check, which must be one that a double stands for.
fn bound(number: &str, check: &str) -> Result<f64> {
    let refused = |why: String| Error::syntax(format!("`{number}` in `{check}` {why}"));
    let x =
        number.parse::<f64>().ok().filter(|x| !x.is_nan()).ok_or_else(|| {
            refused("is not a number".into()).with_hint("write QUESTION < NUMBER, such as `cond < 1e8`")
        })?;
    let has_digits = number.contains(|c: char| c.is_ascii_digit());
    if x.is_infinite() && has_digits {
        return Err(refused("is beyond the largest double, 1.7976931348623157e308".into())
            .with_hint("compare with `inf`, or scale the matrix by a power of two and compare with a smaller number"));
    }
    if x == 0.0 && number.split(['e', 'E']).next().is_some_and(|digits| digits.contains(|c| matches!(c, '1'..='9'))) {
        return Err(refused("is not 0, and nearer to 0 than to the smallest double, 5e-324".into())
            .with_hint("compare with 0, or scale the matrix by a power of two and compare with a larger number"));
    }
    if x != 0.0 && x.is_finite() && !is_printed(number, x) {
        return Err(refused("has more digits than are compared".into()).with_hint(format!(
            "compare with {x:e}, or with its neighbours {:e} and {:e}",
            x.next_down(),
            x.next_up()
        )));
    }
    Ok(x)
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

    #[test]
    fn decimals_are_compared_and_not_their_doubles() {
        let holds = |text: &str, x: f64| text.parse::<Check>().unwrap().holds(Enclosure::exact(x));
        // The double 0.1 is more than the tenth, and the double 0.3 less than three of them.
        assert_eq!(holds("max-abs <= 0.1", 0.1), Some(false));
        assert_eq!(holds("max-abs > 0.1", 0.1), Some(true));
        assert_eq!(holds("max-abs < 0.3", 0.3), Some(true));
        assert_eq!(holds("max-abs >= 0.3", 0.3), Some(false));
        assert_eq!(holds("max-abs = 0.3", 0.3), Some(false));
        assert_eq!(holds("log_norm:1 < -0.1", -0.1), Some(true));
        assert_eq!(holds("max-abs = 0.5", 0.5), Some(true));
        assert_eq!(holds("max-abs < 0.5", 0.5), Some(false));
        assert_eq!(holds("max-abs < 0.1", 0.1_f64.next_down()), Some(true));
        let about = Enclosure::new(0.1_f64.next_down(), 0.1, 0.1_f64.next_up(), crate::Evidence::Rounding);
        assert_eq!("max-abs = 0.1".parse::<Check>().unwrap().holds(about), None);
        for text in ["cond < 1e400", "cond > 1e-999", "max-abs <= 0.09999999999999999999999", "cond < 9007199254740993"]
        {
            let error = text.parse::<Check>().unwrap_err();
            assert!(error.is_syntax() && error.hint().is_some(), "{text}: {error}");
        }
        assert!("cond < inf".parse::<Check>().unwrap().bound.is_infinite());
    }
}
