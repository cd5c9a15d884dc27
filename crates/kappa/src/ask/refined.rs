//! Certified singular values whose small ones are narrow too: exact ranks, and inverses in many bits.

use kappa_dense::{MatrixRef, Scalar};

use super::Profile;
use super::exact_rank::rank_within_seconds;
use crate::certificate::{Effort, certified_values_of, inverse_in_many_bits};
use crate::enclosure::directed::{add_down, add_up, div_down, div_up, mul_up, times_power};
use crate::error::Result;
use crate::norm::EntryNorms;
use crate::values::SingularValues;
use crate::{Enclosure, Evidence};

/// The relative width from which a certified value is improved.
const WIDE: f64 = 1e-7;

pub(crate) fn is_wide(x: &Enclosure) -> bool {
    x.upper().is_infinite() || x.width() > WIDE * x.upper()
}

/// All singular values, every rounding error counted. Where the smallest one is wide, exact elimination proves values
/// of 0, and an inverse in as many bits as the effort allows encloses small ones.
pub(crate) fn refined_values<T: Scalar>(
    a: MatrixRef<'_, T>,
    entries: &EntryNorms,
    effort: Effort,
) -> Result<SingularValues> {
    let values = certified_values_of(a, entries)?;
    if values.is_empty() || !is_wide(&values.last()) {
        return Ok(values);
    }
    if let Some(rank) = rank_within_seconds(a).filter(|&r| r < values.len()) {
        return Ok(with_zeros(&values, rank));
    }
    Ok(match values_of_inverse(a, effort)? {
        Some(inverse) => intersection(&values, &inverse),
        None => values,
    })
}

/// The values with σᵢ = 0 for i > rank.
fn with_zeros(values: &SingularValues, rank: usize) -> SingularValues {
    let proved = |(i, x): (usize, Enclosure)| if i < rank { x } else { Enclosure::exact(0.0) };
    let enclosures = values.iter().enumerate().map(proved).collect();
    SingularValues::from_enclosures(values.shape(), enclosures).by("residual of a decomposition, and exact elimination")
}

/// 1/σᵢ(A⁺) for each i, smallest first: narrow for the smallest values of A. ‖A⁺‖ = ‖(I − E)⁻¹X‖ with ‖E‖ ≤ g changes
/// every value by a factor between 1/(1 + g) and 1/(1 − g).
fn values_of_inverse<T: Scalar>(a: MatrixRef<'_, T>, effort: Effort) -> Result<Option<Vec<Enclosure>>> {
    let Some(inverse) = inverse_in_many_bits(a, effort).filter(|x| x.relative.spectral < 1.0) else { return Ok(None) };
    let center = inverse.center.as_ref();
    let found = certified_values_of(center, Profile::of_entries(center)?.entries())?;
    let lost = mul_up((center.rows().max(center.columns())) as f64, inverse.lost);
    let g = inverse.relative.spectral;
    let back = |s: Enclosure| {
        let lower = div_down(add_down(s.lower(), -lost).max(0.0), (1.0 + g).next_up());
        let upper = div_up(add_up(s.upper(), lost), (1.0 - g).next_down());
        let (least, most) = (div_down(1.0, upper), div_up(1.0, lower));
        let (least, most) = (times_power(least, -inverse.exponent).0, times_power(most, -inverse.exponent).1);
        Enclosure::new(least, 0.5 * least + 0.5 * most.min(f64::MAX), most, Evidence::Rounding)
    };
    Ok(Some(found.iter().map(back).collect()))
}

fn intersection(values: &SingularValues, smallest_first: &[Enclosure]) -> SingularValues {
    let both = |(x, y): (Enclosure, &Enclosure)| {
        let (lower, upper) = (x.lower().max(y.lower()), x.upper().min(y.upper()));
        Enclosure::new(lower, (0.5 * lower + 0.5 * upper).clamp(lower, upper), upper, Evidence::Rounding)
    };
    let enclosures = values.iter().zip(smallest_first.iter().rev()).map(both).collect();
    SingularValues::from_enclosures(values.shape(), enclosures).by("residuals of a decomposition and of an inverse")
}

/// κ from singular values of any origin; where these leave it unbounded and the matrix is small, from refined ones.
pub(crate) fn cond_of_values<T: Scalar>(a: MatrixRef<'_, T>, values: &SingularValues) -> Result<Enclosure> {
    let known = values.cond()?;
    let (m, n) = (a.rows(), a.columns());
    if known.upper().is_finite() || known.lower() == f64::INFINITY || !Effort::SMALL.suffices(m.max(n), m.min(n)) {
        return Ok(known);
    }
    refined_values(a, Profile::of_entries(a)?.entries(), Effort::SMALL)?.cond()
}
