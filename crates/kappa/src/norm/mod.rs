//! A ruler for matrices: a small value that can be compared, printed, parsed and asked about itself.

mod entrywise;
mod induced;
mod name;
mod schatten;
mod vector;

use crate::error::{Error, Result};

pub(crate) use entrywise::entrywise_value;
pub(crate) use induced::induced_value;
pub(crate) use schatten::{ky_fan_value, schatten_value};
pub(crate) use vector::{modulus_enclosure, widened};

/// A matrix norm.
///
/// | constructor | definition | also called |
/// |---|---|---|
/// | `entrywise(p)` | (Σ\|aᵢⱼ\|ᵖ)^(1/p) | Hölder |
/// | `induced(p, q)` | max ‖Ax‖_q / ‖x‖_p | operator |
/// | `schatten(p)` | (Σσᵢᵖ)^(1/p) | |
/// | `ky_fan(k)` | σ₁ + … + σₖ | |
///
/// Equal norms are equal: `schatten(2)` *is* `frobenius()`, `induced(2, 2)` *is* `spectral()`.
///
/// ```
/// # use kappa::Norm;
/// assert_eq!(Norm::schatten(2.0)?, Norm::frobenius());
/// assert_eq!("induced:1,inf".parse::<Norm>()?, Norm::max_abs());
/// assert_eq!(Norm::nuclear().dual()?, Norm::spectral());
/// # Ok::<(), kappa::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norm(pub(crate) Family);

/// Each norm in one canonical way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Family {
    /// p ≠ 2, ∞.
    Entrywise(f64),
    /// Neither 2→2 nor 1→∞.
    Induced(f64, f64),
    /// Any p; 2 is Frobenius, ∞ spectral.
    Schatten(f64),
    /// k ≥ 2.
    KyFan(usize),
    /// The largest modulus of an entry.
    MaxAbs,
}

impl Norm {
    /// √Σ|aᵢⱼ|², the 2-norm of the entries and of the singular values.
    pub const fn frobenius() -> Self {
        Self(Family::Schatten(2.0))
    }

    /// The largest singular value: the most a vector's 2-norm can grow.
    pub const fn spectral() -> Self {
        Self(Family::Schatten(f64::INFINITY))
    }

    /// The sum of the singular values.
    pub const fn nuclear() -> Self {
        Self(Family::Schatten(1.0))
    }

    /// The largest |aᵢⱼ|. Not submultiplicative.
    pub const fn max_abs() -> Self {
        Self(Family::MaxAbs)
    }

    /// The largest Σᵢ|aᵢⱼ| of a column: the operator norm for 1-norms.
    pub const fn max_column_sum() -> Self {
        Self(Family::Induced(1.0, 1.0))
    }

    /// The largest Σⱼ|aᵢⱼ| of a row: the operator norm for ∞-norms.
    pub const fn max_row_sum() -> Self {
        Self(Family::Induced(f64::INFINITY, f64::INFINITY))
    }

    /// (Σ|aᵢⱼ|ᵖ)^(1/p) for 1 ≤ p ≤ ∞.
    pub fn entrywise(p: f64) -> Result<Self> {
        Ok(match exponent("entrywise", p)? {
            2.0 => Self::frobenius(),
            f64::INFINITY => Self::max_abs(),
            p => Self(Family::Entrywise(p)),
        })
    }

    /// max ‖Ax‖_q / ‖x‖_p for 1 ≤ p, q ≤ ∞.
    pub fn induced(p: f64, q: f64) -> Result<Self> {
        Ok(match (exponent("induced", p)?, exponent("induced", q)?) {
            (2.0, 2.0) => Self::spectral(),
            (1.0, f64::INFINITY) => Self::max_abs(),
            (p, q) => Self(Family::Induced(p, q)),
        })
    }

    /// (Σσᵢᵖ)^(1/p) for 1 ≤ p ≤ ∞.
    pub fn schatten(p: f64) -> Result<Self> {
        Ok(Self(Family::Schatten(exponent("schatten", p)?)))
    }

    /// σ₁ + … + σₖ for k ≥ 1; the nuclear norm where k ≥ min(m, n).
    pub fn ky_fan(k: usize) -> Result<Self> {
        match k {
            0 => Err(Error::syntax("ky-fan:0 is not a norm").with_hint("k counts singular values and starts at 1")),
            1 => Ok(Self::spectral()),
            k => Ok(Self(Family::KyFan(k))),
        }
    }

    /// The dual norm max |⟨A, X⟩| over ‖X‖ ≤ 1, where it belongs to a family of this type.
    ///
    /// Schatten p and p*, entrywise p and p* with 1/p + 1/p* = 1 are dual to each other. The duals of the Ky Fan and of
    /// the other induced norms are not of these families: an error that says so.
    pub fn dual(&self) -> Result<Self> {
        match self.0 {
            Family::Schatten(p) => Self::schatten(conjugate(p)),
            Family::Entrywise(p) => Self::entrywise(conjugate(p)),
            Family::MaxAbs => Self::entrywise(1.0),
            Family::KyFan(_) | Family::Induced(..) => {
                Err(Error::unsupported(format!("the dual of {self} is not one of the families of Norm")))
            }
        }
    }

    /// Whether the norm is max ‖Ax‖_q / ‖x‖_p for some p and q.
    pub fn is_induced(&self) -> bool {
        matches!(self.0, Family::Induced(..) | Family::MaxAbs | Family::Schatten(f64::INFINITY))
    }

    /// Whether ‖UAV‖ = ‖A‖ for all unitary U and V: exactly the norms that are functions of the singular values.
    pub fn is_unitarily_invariant(&self) -> bool {
        matches!(self.0, Family::Schatten(_) | Family::KyFan(_))
    }

    /// Whether ‖AB‖ ≤ ‖A‖·‖B‖ for all A and B whose product exists.
    ///
    /// Not the max-entry norm: A = B = 11ᵀ of order n gives ‖AB‖ = n. Entrywise p is for p ≤ 2 only.
    pub fn is_submultiplicative(&self) -> bool {
        match self.0 {
            Family::Schatten(_) | Family::KyFan(_) => true,
            Family::Entrywise(p) => p <= 2.0,
            Family::Induced(p, q) => p == q,
            Family::MaxAbs => false,
        }
    }

    /// Whether the value needs singular values.
    pub(crate) fn needs_singular_values(&self) -> bool {
        match self.0 {
            Family::Schatten(p) => p != 2.0,
            Family::KyFan(_) => true,
            _ => false,
        }
    }
}

/// p* with 1/p + 1/p* = 1.
pub(crate) fn conjugate(p: f64) -> f64 {
    if p == 1.0 {
        f64::INFINITY
    } else if p == f64::INFINITY {
        1.0
    } else {
        p / (p - 1.0)
    }
}

fn exponent(family: &str, p: f64) -> Result<f64> {
    if p >= 1.0 {
        return Ok(p);
    }
    Err(Error::syntax(format!("{family}:{p} is not a norm"))
        .with_hint("p must be at least 1 (`inf` is allowed): below 1 the triangle inequality fails"))
}
