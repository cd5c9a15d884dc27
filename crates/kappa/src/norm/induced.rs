//! max ‖Ax‖_q / ‖x‖_p where it has a closed form.

use kappa_dense::{MatrixRef, Scalar};

use super::entrywise::modulus;
use super::{Norm, conjugate};
use crate::enclosure::directed::{SMALLEST, add_up, gamma_up, mul_down, mul_up};
use crate::error::{Error, Result};
use crate::{Enclosure, Evidence};

/// The induced norms with a closed form: 1→q is the largest column q-norm, p→∞ the largest row p*-norm.
pub(crate) fn induced_value<T: Scalar>(a: MatrixRef<'_, T>, p: f64, q: f64) -> Result<Enclosure> {
    if p == 1.0 {
        return Ok(largest_column(a, q));
    }
    if q == f64::INFINITY {
        return Ok(largest_column(a.transpose(), conjugate(p)));
    }
    let norm = Norm::induced(p, q)?;
    Err(Error::unsupported(format!("{norm} has no closed form"))
        .with_hint("induced:1,q and induced:p,inf have one, and induced:2,2 is the spectral norm"))
}

/// The largest q-norm of a column.
fn largest_column<T: Scalar>(a: MatrixRef<'_, T>, q: f64) -> Enclosure {
    let column = |j: usize| vector_norm(a.rows(), q, || (0..a.rows()).map(move |i| modulus(a.get(i, j))));
    (0..a.columns()).map(column).fold(Enclosure::exact(0.0), |best, next| {
        let evidence = best.evidence().and(next.evidence());
        Enclosure::new(
            best.lower().max(next.lower()),
            best.estimate().max(next.estimate()),
            best.upper().max(next.upper()),
            evidence,
        )
    })
}

/// The p-norm of non-negative numbers that can be gone through twice.
///
/// Scaled by the largest, so that no power overflows. For p = 1, 2 and ∞ the bound counts every rounding; other powers
/// go through `powf`, which has no proved error, and the evidence says so.
pub(crate) fn vector_norm<I: Iterator<Item = f64>>(count: usize, p: f64, entries: impl Fn() -> I) -> Enclosure {
    let largest = entries().fold(0.0, f64::max);
    // Four units roundoff for the modulus of a complex entry, two for scaling, two for the power.
    let steps = count + 8;
    if largest == 0.0 {
        return Enclosure::exact(0.0);
    }
    if p == f64::INFINITY {
        return widened(largest, largest, 4, Evidence::Rounding);
    }
    let (sum, evidence): (f64, _) = match p {
        1.0 => (entries().map(|x| x / largest).sum(), Evidence::Rounding),
        2.0 => (entries().map(|x| (x / largest) * (x / largest)).sum(), Evidence::Rounding),
        _ => (entries().map(|x| (x / largest).powf(p)).sum(), Evidence::Estimate("powers to a few units roundoff")),
    };
    let root = match p {
        1.0 => sum,
        2.0 => sum.sqrt(),
        _ => sum.powf(1.0 / p),
    };
    let estimate = root * largest;
    // Terms below 2⁻¹⁰⁷⁴ were lost: at most count·2⁻¹⁰⁷⁴ against a sum of at least 1, far below one more roundoff.
    widened(estimate, estimate, 2 * steps + 4, evidence)
}

/// [x·(1 − γₖ), x·(1 + γₖ)], rounded outward.
pub(crate) fn widened(x: f64, estimate: f64, k: usize, evidence: Evidence) -> Enclosure {
    let gamma = gamma_up(k);
    let lower = if gamma >= 1.0 { 0.0 } else { mul_down(x.min(f64::MAX), (1.0 - gamma).next_down()) };
    let upper = add_up(mul_up(x, (1.0 + gamma).next_up()), SMALLEST);
    Enclosure::new(lower.max(0.0), estimate, upper, evidence)
}
