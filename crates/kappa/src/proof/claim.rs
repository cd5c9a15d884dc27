//! The claims that can be proved: a quantity, at most or at least a number.

use std::fmt;
use std::str::FromStr;

use crate::ask::{Check, Comparison, Question};
use crate::ask::{certified_measure, certified_singular_values};
use crate::error::{Error, Result};
use crate::norm::Structure;
use crate::{Matrix, Norm};

/// A claim about a real matrix, such as `norm:spectral <= 3.2`.
///
/// ```
/// # use kappa::proof::Claim;
/// let claim: Claim = "cond < 1e8".parse()?;
/// assert_eq!(claim.to_string(), "cond < 1e8");
/// assert!("effective_rank < 3".parse::<Claim>().is_err());
/// # Ok::<(), kappa::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
    check: Check,
    quantity: Quantity,
}

/// The quantity of a claim.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Quantity {
    /// The largest modulus of an entry.
    MaxAbs,
    /// The sum of all moduli.
    EntrySum,
    /// The largest column sum of moduli.
    ColumnSum,
    /// The largest row sum of moduli.
    RowSum,
    /// The Frobenius norm.
    Frobenius,
    /// The largest singular value.
    Spectral,
    /// The smallest singular value.
    Least,
    /// The condition number: their quotient.
    Cond,
    /// The sum of the singular values.
    Nuclear,
    /// The induced norm ∞→1, ∞→2 or 2→1: whether the argument is measured in the ∞-norm, and the image in the 1-norm.
    Induced {
        /// p = ∞, else 2.
        from_infinity: bool,
        /// q = 1, else 2.
        to_one: bool,
    },
}

const HINT: &str = "proofs are for norm:N with N among max-abs, entrywise:1, max-column-sum, max-row-sum, frobenius, \
                    spectral, nuclear, induced:inf,1, induced:inf,2 and induced:2,1, for cond, and for \
                    singular_value:1 and least_singular_value; with <, <=, > or >=";

impl Claim {
    /// The quantity of the claim.
    pub fn quantity(&self) -> Quantity {
        self.quantity
    }

    /// Whether the claim bounds the quantity from above.
    pub fn is_upper(&self) -> bool {
        matches!(self.check.comparison, Comparison::Less | Comparison::AtMost)
    }

    /// Whether certified bounds of the quantity contradict the claim.
    ///
    /// # Errors
    ///
    /// As [`measure_by`](crate::measure_by) with a guarantee.
    pub fn is_false_for(&self, a: &Matrix<f64>) -> Result<bool> {
        let value = match self.quantity {
            Quantity::Least => certified_singular_values(a)?.last(),
            _ => certified_measure(a, &[self.check.question])?[0],
        };
        Ok(self.check.holds(value) == Some(false))
    }

    /// The bound to be proved: the double nearest to the number of the claim on the stricter side, and its neighbour
    /// for `<` and `>` if it is the number.
    pub fn bound(&self) -> f64 {
        if self.is_upper() { self.check.bound_from_below() } else { self.check.bound_from_above() }
    }
}

impl FromStr for Claim {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refused = || Error::unsupported(format!("there is no proof method for `{}`", text.trim())).with_hint(HINT);
        let lower = text.trim().to_lowercase();
        let least = ["least_singular_value", "least-singular-value"].iter().find_map(|name| lower.strip_prefix(name));
        let (check, quantity) = match least {
            // Parsed as a claim about the first singular value, as its number depends on no shape.
            Some(rest) => (format!("singular_value:1{rest}").parse::<Check>()?, Quantity::Least),
            None => {
                let check: Check = text.parse()?;
                (check, quantity_of(&check.question).ok_or_else(refused)?)
            }
        };
        let claim = Self { check, quantity };
        if check.comparison == Comparison::Equal {
            return Err(refused());
        }
        if !claim.bound().is_finite() || claim.bound() <= 0.0 {
            let why = format!("the bound of `{}` must be finite and > 0, got {}", text.trim(), check.bound);
            return Err(Error::unsupported(why).with_hint("compare with a positive number in the range of doubles"));
        }
        Ok(claim)
    }
}

fn quantity_of(question: &Question) -> Option<Quantity> {
    let Question::Norm(norm) = *question else {
        return match *question {
            Question::Cond => Some(Quantity::Cond),
            Question::SingularValue(1) => Some(Quantity::Spectral),
            _ => None,
        };
    };
    if norm == Norm::spectral() {
        return Some(Quantity::Spectral);
    }
    if norm == Norm::nuclear() {
        return Some(Quantity::Nuclear);
    }
    // By name, not by structure: the conjugate of a huge p rounds to 1, and its norm is no row sum.
    if norm == Norm::max_column_sum() {
        return Some(Quantity::ColumnSum);
    }
    if norm == Norm::max_row_sum() {
        return Some(Quantity::RowSum);
    }
    match norm.structure() {
        Structure::Entries(1.0) => Some(Quantity::EntrySum),
        Structure::Entries(2.0) => Some(Quantity::Frobenius),
        Structure::Entries(f64::INFINITY) => Some(Quantity::MaxAbs),
        Structure::Hard(p, q) if norm == Norm::induced(p, q).ok()? => {
            let (from_infinity, to_one) = (p == f64::INFINITY, q == 1.0);
            let is_known = (from_infinity || p == 2.0) && (to_one || q == 2.0);
            is_known.then_some(Quantity::Induced { from_infinity, to_one })
        }
        _ => None,
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.check.to_string();
        match self.quantity {
            Quantity::Least => f.pad(&text.replacen("singular_value:1", "least_singular_value", 1)),
            _ => f.pad(&text),
        }
    }
}
