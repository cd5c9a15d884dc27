//! Matrix norms as values that can be compared, printed and parsed, and that know their properties.

mod entries;
mod entrywise;
mod gauge;
mod induced;
mod inequality;
mod mixed;
mod name;
mod shape;
mod sums;
mod vector;
mod vector_norm;

use crate::error::{Error, Result};

pub(crate) use entries::EntryNorms;
pub(crate) use entrywise::entrywise_value;
pub(crate) use gauge::{Gauge, PairSum, conjugate_bounds, norm_bounds};
pub(crate) use induced::{induced_value, larger};
pub use inequality::{Inequality, InnerProduct, bessel, holder, inner_product, parallelogram};
pub(crate) use mixed::{dual_vector, gauge_of, project, proximal};
pub(crate) use shape::{Mixed, Outside, Structure};
pub(crate) use sums::{Lines, Sums};
pub(crate) use vector::{
    largest_part, length, modulus, modulus_enclosure, modulus_ends, times_vector, vector_norm, widened, with_modulus,
};
pub use vector_norm::{Equivalence, VectorNorm};

/// A matrix norm.
///
/// | constructor | definition | also called |
/// |---|---|---|
/// | `entrywise(p)` | (Σ\|aᵢⱼ\|ᵖ)^(1/p) | Hölder |
/// | `induced(p, q)` | max ‖Ax‖_q / ‖x‖_p | operator |
/// | `schatten(p)` | (Σσᵢᵖ)^(1/p) | |
/// | `ky_fan(k)` | σ₁ + … + σₖ | |
/// | `ky_fan_power(k, p)` | (σ₁ᵖ + … + σₖᵖ)^(1/p) | Ky Fan p–k |
/// | `dual()` of any | max \|⟨A, X⟩\| over ‖X‖ ≤ 1 | |
///
/// Equal norms compare equal: `schatten(2)` is `frobenius()`, `induced(2, 2)` is `spectral()`.
///
/// # Examples
///
/// ```
/// # use kappa::Norm;
/// assert_eq!(Norm::schatten(2.0)?, Norm::frobenius());
/// assert_eq!("induced:1,inf".parse::<Norm>()?, Norm::max_abs());
/// assert_eq!(Norm::nuclear().dual(), Norm::spectral());
/// # Ok::<(), kappa::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norm(pub(crate) Family);

/// Each norm in one canonical form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Family {
    /// p ≠ 2, ∞.
    Entrywise(f64),
    /// Neither 2→2 nor 1→∞.
    Induced(f64, f64),
    /// Any p; 2 is Frobenius, ∞ spectral.
    Schatten(f64),
    /// k ≥ 2 and p < ∞.
    KyFan(usize, f64),
    /// The largest modulus of an entry.
    MaxAbs,
    /// The dual of `KyFan`.
    DualKyFan(usize, f64),
    /// The dual of `Induced`.
    DualInduced(f64, f64),
}

impl Norm {
    /// The Frobenius norm √Σ|aᵢⱼ|²: the 2-norm of the entries and of the singular values.
    pub const fn frobenius() -> Self {
        Self(Family::Schatten(2.0))
    }

    /// The spectral norm σ₁ = max ‖Ax‖₂/‖x‖₂, the largest singular value.
    pub const fn spectral() -> Self {
        Self(Family::Schatten(f64::INFINITY))
    }

    /// The nuclear norm Σσᵢ, the sum of the singular values.
    pub const fn nuclear() -> Self {
        Self(Family::Schatten(1.0))
    }

    /// The largest modulus max |aᵢⱼ|. It is not submultiplicative.
    pub const fn max_abs() -> Self {
        Self(Family::MaxAbs)
    }

    /// The largest column sum max Σᵢ|aᵢⱼ|: the operator norm for 1-norms.
    pub const fn max_column_sum() -> Self {
        Self(Family::Induced(1.0, 1.0))
    }

    /// The largest row sum max Σⱼ|aᵢⱼ|: the operator norm for ∞-norms.
    pub const fn max_row_sum() -> Self {
        Self(Family::Induced(f64::INFINITY, f64::INFINITY))
    }

    /// The entrywise norm (Σ|aᵢⱼ|ᵖ)^(1/p) for 1 ≤ p ≤ ∞.
    ///
    /// # Errors
    ///
    /// When p < 1 or p is NaN.
    pub fn entrywise(p: f64) -> Result<Self> {
        Ok(match exponent("entrywise", p)? {
            2.0 => Self::frobenius(),
            f64::INFINITY => Self::max_abs(),
            p => Self(Family::Entrywise(p)),
        })
    }

    /// The induced norm max ‖Ax‖_q / ‖x‖_p for 1 ≤ p, q ≤ ∞.
    ///
    /// # Errors
    ///
    /// When p or q is below 1 or NaN.
    pub fn induced(p: f64, q: f64) -> Result<Self> {
        Ok(match (exponent("induced", p)?, exponent("induced", q)?) {
            (2.0, 2.0) => Self::spectral(),
            (1.0, f64::INFINITY) => Self::max_abs(),
            (p, q) => Self(Family::Induced(p, q)),
        })
    }

    /// The Schatten norm (Σσᵢᵖ)^(1/p) for 1 ≤ p ≤ ∞.
    ///
    /// # Errors
    ///
    /// When p < 1 or p is NaN.
    pub fn schatten(p: f64) -> Result<Self> {
        Ok(Self(Family::Schatten(exponent("schatten", p)?)))
    }

    /// The Ky Fan norm σ₁ + … + σₖ for k ≥ 1; it is the nuclear norm for k ≥ min(m, n).
    ///
    /// # Errors
    ///
    /// When k = 0.
    pub fn ky_fan(k: usize) -> Result<Self> {
        Self::ky_fan_power(k, 1.0)
    }

    /// The Ky Fan p–k norm (σ₁ᵖ + … + σₖᵖ)^(1/p) for k ≥ 1 and 1 ≤ p ≤ ∞.
    ///
    /// # Errors
    ///
    /// When k = 0, p < 1 or p is NaN.
    pub fn ky_fan_power(k: usize, p: f64) -> Result<Self> {
        match (k, exponent("ky-fan", p)?) {
            (0, _) => {
                Err(Error::syntax("ky-fan:0 is not a norm")
                    .with_hint("k counts singular values; it must be at least 1"))
            }
            (1, _) | (_, f64::INFINITY) => Ok(Self::spectral()),
            (k, p) => Ok(Self(Family::KyFan(k, p))),
        }
    }

    /// The dual norm max |⟨A, X⟩| over ‖X‖ ≤ 1. The dual of the dual norm is the norm itself.
    ///
    /// Schatten p and p*, entrywise p and p* with 1/p + 1/p* = 1 are dual to each other. When p* is not a double, the
    /// nearest double replaces it; the values differ by a factor of at most n^(2u), below 1 + 10⁻¹⁴. The dual of
    /// `ky-fan:k` is max(σ₁, (σ₁ + … + σₚ)/k). The dual of `induced:1,q` is the sum of the q*-norms of the columns,
    /// that of `induced:p,inf` the sum of the p-norms of the rows. The dual of another induced norm is a separate norm,
    /// which cannot be evaluated.
    pub fn dual(&self) -> Self {
        Self(match self.0 {
            Family::Schatten(p) => Family::Schatten(conjugate(p)),
            Family::Entrywise(1.0) => Family::MaxAbs,
            Family::Entrywise(p) => Family::Entrywise(conjugate(p)),
            Family::MaxAbs => Family::Entrywise(1.0),
            Family::KyFan(k, p) => Family::DualKyFan(k, p),
            Family::DualKyFan(k, p) => Family::KyFan(k, p),
            Family::Induced(p, q) => Family::DualInduced(p, q),
            Family::DualInduced(p, q) => Family::Induced(p, q),
        })
    }

    /// Whether the norm is max ‖Ax‖_q / ‖x‖_p for some p and q.
    pub fn is_induced(&self) -> bool {
        matches!(self.0, Family::Induced(..) | Family::MaxAbs | Family::Schatten(f64::INFINITY))
    }

    /// Whether ‖UAV‖ = ‖A‖ for all unitary U and V. These are exactly the norms that are functions of the singular
    /// values.
    pub fn is_unitarily_invariant(&self) -> bool {
        self.gauge().is_some()
    }

    /// Whether the unit ball is strictly convex. Of the unitarily invariant norms, the Schatten norms with 1 < p < ∞
    /// are.
    pub(crate) fn is_strictly_convex(&self) -> bool {
        matches!(self.0, Family::Schatten(p) if p > 1.0 && p < f64::INFINITY)
    }

    /// Whether ‖A‖ depends on the moduli of the entries only, and is nondecreasing in each.
    pub fn is_absolute(&self) -> bool {
        *self == Self::frobenius() || !matches!(self.structure(), Structure::Singular(_) | Structure::Hard(..))
    }

    /// Whether ‖AB‖ ≤ ‖A‖·‖B‖ for all A and B whose product exists.
    ///
    /// The norm max |aᵢⱼ| is not: A = B = 11ᵀ of order n gives ‖AB‖ = n. Entrywise norms are for p ≤ 2 only, induced
    /// norms p→q for p ≥ q only.
    pub fn is_submultiplicative(&self) -> bool {
        match self.0 {
            // A unitarily invariant norm that is 1 on e₁e₁ᵀ is at least the spectral norm.
            Family::Schatten(_) | Family::KyFan(..) | Family::DualKyFan(..) => true,
            Family::Entrywise(p) => p <= 2.0,
            // ‖ABx‖_q ≤ ‖A‖‖Bx‖_p ≤ ‖A‖‖Bx‖_q needs ‖·‖_p ≤ ‖·‖_q, which holds for p ≥ q.
            Family::Induced(p, q) => p >= q,
            Family::DualInduced(p, q) => p <= q,
            Family::MaxAbs => false,
        }
    }

    /// Whether ‖Ax‖ ≤ ‖A‖‖x‖ for some vector norm. This holds if and only if the norm is submultiplicative, with
    /// ‖x‖ = ‖x·yᵀ‖.
    pub fn is_consistent(&self) -> bool {
        self.is_submultiplicative()
    }

    /// The gauge function of the singular values, for a unitarily invariant norm.
    pub(crate) fn gauge(&self) -> Option<Gauge> {
        match self.0 {
            Family::Schatten(p) => Some(Gauge::lp(p)),
            Family::KyFan(k, p) => Some(Gauge { p, k, is_dual: false }),
            Family::DualKyFan(k, p) => Some(Gauge { p, k, is_dual: true }),
            _ => None,
        }
    }

    /// Whether the value needs singular values.
    pub(crate) fn needs_singular_values(&self) -> bool {
        self.gauge().is_some() && *self != Self::frobenius()
    }
}

/// The conjugate exponent p* with 1/p + 1/p* = 1, rounded.
pub(crate) fn conjugate(p: f64) -> f64 {
    if p == 1.0 {
        f64::INFINITY
    } else if p == f64::INFINITY {
        1.0
    } else {
        p / (p - 1.0)
    }
}

/// Whether p* is a double: 1, 1.5, 2, 3, ∞ and a few more.
pub(crate) fn has_exact_conjugate(p: f64) -> bool {
    let q = conjugate(p);
    let (less, rest) = kappa_dense::pair::two_sum(p, -1.0);
    p == 1.0 || p == f64::INFINITY || rest == 0.0 && kappa_dense::pair::two_product(q, less) == (p, 0.0)
}

fn exponent(family: &str, p: f64) -> Result<f64> {
    if p >= 1.0 {
        return Ok(p);
    }
    Err(Error::syntax(format!("{family}:{p} is not a norm: the exponent must be ≥ 1, got {p}"))
        .with_hint("`inf` is allowed; for exponents below 1 the triangle inequality fails"))
}
