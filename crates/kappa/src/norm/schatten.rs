//! Norms that are functions of the singular values: (Σσᵢᵖ)^(1/p) and σ₁ + … + σₖ.

use crate::values::SingularValues;
use crate::{Enclosure, Evidence};

/// The Schatten p-norm. The Frobenius norm (p = 2) is better taken from the entries.
pub(crate) fn schatten_value(values: &SingularValues, p: f64) -> Enclosure {
    if p == f64::INFINITY {
        return values.first();
    }
    if p == 1.0 {
        return ky_fan_value(values, values.len());
    }
    let first = values.first();
    if first.upper() == 0.0 {
        return first;
    }
    // Monotone in every σᵢ, so the ends go through one by one; powers of σᵢ/σ₁ cannot overflow.
    let scale = first.estimate().min(f64::MAX);
    let norm = |end: fn(&Enclosure) -> f64| {
        let sum: f64 = (0..values.len()).map(|i| (end(&values.get(i)) / scale).powf(p)).sum();
        sum.powf(1.0 / p) * scale
    };
    // Allowance for the powers and the sum, many times what they can lose.
    let slack = (values.len() as f64 + 16.0) * 4.0 * f64::EPSILON;
    let evidence = first.evidence().and(Evidence::Estimate("powers to a few units roundoff"));
    Enclosure::new(
        norm(Enclosure::lower) * (1.0 - slack),
        norm(Enclosure::estimate),
        norm(Enclosure::upper) * (1.0 + slack),
        evidence,
    )
}

/// The sum of the k largest singular values, or of all.
pub(crate) fn ky_fan_value(values: &SingularValues, k: usize) -> Enclosure {
    (0..k.min(values.len())).map(|i| values.get(i)).fold(Enclosure::exact(0.0), Enclosure::plus)
}
