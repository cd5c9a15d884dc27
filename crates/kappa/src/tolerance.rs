//! When a singular value counts as zero.

use std::fmt;

use crate::Enclosure;
use crate::error::{Error, Result};

/// The size below which a singular value counts as zero.
///
/// The house has one default: max(m, n) × ε × σ₁ with ε = 2⁻⁵² whatever the storage type, the rule of MATLAB and NumPy.
/// The smallest number that a stored type can resolve is larger; use [`Tolerance::relative`] with its ε to ask about that.
///
/// ```
/// # use kappa::Tolerance;
/// let t = Tolerance::default();
/// assert_eq!(t.to_string(), "max(m, n)·ε·σ₁");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tolerance(Rule);

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Rule {
    #[default]
    Dimension,
    Relative(f64),
    Absolute(f64),
}

impl Tolerance {
    /// `factor`·σ₁. Fails unless the factor is finite and at least 0.
    pub fn relative(factor: f64) -> Result<Self> {
        Ok(Self(Rule::Relative(valid(factor)?)))
    }

    /// The same size for every matrix, in the units of its entries. Fails unless finite and at least 0.
    pub fn absolute(size: f64) -> Result<Self> {
        Ok(Self(Rule::Absolute(valid(size)?)))
    }

    /// The size for a matrix of this shape whose largest singular value is `first`.
    pub fn size(&self, (rows, columns): (usize, usize), first: Enclosure) -> Enclosure {
        match self.0 {
            Rule::Dimension => first.times_exactly(rows.max(columns) as f64 * f64::EPSILON),
            Rule::Relative(factor) => first.times_exactly(factor),
            Rule::Absolute(size) => Enclosure::exact(size),
        }
    }
}

fn valid(x: f64) -> Result<f64> {
    if x.is_finite() && x >= 0.0 {
        return Ok(x);
    }
    Err(Error::argument(format!("a tolerance must be finite and at least 0, not {x}")))
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Rule::Dimension => f.write_str("max(m, n)·ε·σ₁"),
            Rule::Relative(factor) => write!(f, "{factor:e}·σ₁"),
            Rule::Absolute(size) => write!(f, "{size:e}"),
        }
    }
}
