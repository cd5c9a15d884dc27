//! When a singular value counts as zero.

use std::fmt;

use crate::Enclosure;
use crate::error::{Error, Result};

/// The size below which a singular value counts as zero.
///
/// The default in kappa is max(m, n)·ε·σ₁ with ε = 2⁻⁵² for every storage type, the rule of MATLAB and NumPy. The
/// rounding of a smaller storage type is coarser: use [`Tolerance::relative`] with the ε of that type to take it into
/// account.
///
/// # Examples
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
    /// The tolerance `factor`·σ₁.
    ///
    /// # Errors
    ///
    /// When the factor is negative or not finite.
    pub fn relative(factor: f64) -> Result<Self> {
        Ok(Self(Rule::Relative(valid(factor)?)))
    }

    /// A fixed tolerance for every matrix, in the units of its entries.
    ///
    /// # Errors
    ///
    /// When the size is negative or not finite.
    pub fn absolute(size: f64) -> Result<Self> {
        Ok(Self(Rule::Absolute(valid(size)?)))
    }

    /// The tolerance as a number, for an m×n matrix whose largest singular value is `first`.
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
    Err(Error::argument(format!("the tolerance must be finite and ≥ 0, got {x}")))
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
