//! When a singular value counts as zero.

use std::fmt;

use crate::Enclosure;
use crate::error::{Error, Result};

/// The size below which a singular value counts as zero.
///
/// The default in kappa is max(m, n)·ε·σ₁ with the ε of the type in which the entries are stored, the rule of MATLAB,
/// NumPy and PyTorch: 2⁻⁵² for doubles and integers, 2⁻²³ for f32. For types of 16 and 8 bits that rule would exceed
/// σ₁; there it is ½ε·σ₁, at least twice what independent rounding errors of the entries change in a singular value.
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

#[derive(Clone, Copy, Debug, PartialEq)]
enum Rule {
    /// With the ε of the type that the matrix is stored in, or with a given one.
    Dimension(Option<f64>),
    Relative(f64),
    Absolute(f64),
}

impl Default for Rule {
    fn default() -> Self {
        Self::Dimension(None)
    }
}

impl Tolerance {
    /// The default rule for a type with this ε, whatever the type that the entries are widened to: 2⁻⁷ for bf16.
    pub fn of_type(epsilon: f64) -> Self {
        Self(Rule::Dimension(Some(epsilon)))
    }

    /// The same rule, for entries of a type with this ε if no type was given.
    pub(crate) fn resolved(self, epsilon: f64) -> Self {
        if self == Self::default() { Self::of_type(epsilon) } else { self }
    }

    /// Whether the size depends on the shape and the type alone.
    pub(crate) fn is_by_dimension(&self) -> bool {
        matches!(self.0, Rule::Dimension(_))
    }

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

    /// The tolerance as a number, for an m×n matrix whose largest singular value is `first`, stored in a type with this
    /// ε.
    pub fn size(&self, shape: (usize, usize), epsilon: f64, first: Enclosure) -> Enclosure {
        match self.0 {
            Rule::Dimension(given) => first.times_exactly(share(shape, given.unwrap_or(epsilon))),
            Rule::Relative(factor) => first.times_exactly(factor),
            Rule::Absolute(size) => Enclosure::exact(size),
        }
    }
}

/// The tolerance over σ₁. Independent errors of at most u|aᵢⱼ|, u = ε/2, of root mean square u/√3 or less, have a norm
/// of about u/√3·(√m + √n)·‖A‖_F/√(mn), and ‖A‖_F ≤ √min(m, n)·σ₁: at most 1.2·u·σ₁, and half of that for a matrix
/// whose entries are independent too.
fn share((m, n): (usize, usize), epsilon: f64) -> f64 {
    if epsilon <= f64::from(f32::EPSILON) { m.max(n) as f64 * epsilon } else { 0.5 * epsilon }
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
            Rule::Dimension(_) => f.write_str("max(m, n)·ε·σ₁"),
            Rule::Relative(factor) => write!(f, "{factor:e}·σ₁"),
            Rule::Absolute(size) => write!(f, "{size:e}"),
        }
    }
}
