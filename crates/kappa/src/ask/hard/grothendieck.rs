//! The factorisation bound for p ≥ 2 ≥ q: the only bound within a constant factor of these NP-hard norms.

use kappa_dense::{Matrix, Scalar, svd};

use crate::arithmetic::power::Exponent;
use crate::certificate::spectral_norm_up;
use crate::enclosure::directed::{UNIT_ROUNDOFF, add_up, mul_up};
use crate::norm::{entrywise_value, norm_bounds};

/// Updates of the weights of the factorisation bound, and the largest order for which all of them are affordable.
const UPDATES: usize = 96;
const UPDATES_UP_TO: usize = 400;

/// For p ≥ 2 ≥ q and any positive α, β: ‖A‖ ≤ ‖diag(α)⁻¹·A·diag(β)⁻¹‖₂·‖α‖ₛ·‖β‖ₜ with 1/s = 1/q − 1/2 and 1/t =
/// 1/2 − 1/p, by Hölder. The best weights give the value of the semidefinite relaxation, within 1.7823 for ∞→1 and
/// √(π/2) for ∞→2 (Nesterov 1998; Pisier, Bull. AMS 49 (2012) 237–323).
pub(super) fn grothendieck_bound<W: Scalar<Wide = W>>(a: &Matrix<W>, p: f64, q: f64) -> f64 {
    let (m, n) = (a.rows(), a.columns());
    let (alpha, beta) = grothendieck_weights(a, p, q);
    let scaled = Matrix::from_fn(m, n, |i, j| a[(i, j)].scale(1.0 / alpha[i]).scale(1.0 / beta[j]));
    // Four roundings for each part of an entry.
    let frobenius = entrywise_value(scaled.as_ref(), 2.0).upper();
    let middle = add_up(spectral_norm_up(&scaled), mul_up(mul_up(8.0 * UNIT_ROUNDOFF, frobenius), 1.001));
    let size = |weights: &[f64], exponent: Option<Exponent>| match exponent {
        None => 1.0,
        Some(exponent) => {
            let mut sorted = weights.to_vec();
            sorted.sort_by(|x, y| y.total_cmp(x));
            norm_bounds(exponent, &sorted).1
        }
    };
    let s = (q < 2.0).then(|| Exponent::harmonic(2.0, q));
    let t = (p > 2.0).then(|| Exponent::harmonic(p, 2.0));
    mul_up(mul_up(middle, size(&alpha, s)), size(&beta, t))
}

/// α and β (untrusted): an iteration towards the stationary point of a Schatten norm of growing order of the scaled
/// matrix, where α² and β² are the shares of the rows and columns in its dominant singular vectors. Returns the best
/// weights found.
pub(crate) fn grothendieck_weights<W: Scalar<Wide = W>>(matrix: &Matrix<W>, p: f64, q: f64) -> (Vec<f64>, Vec<f64>) {
    let (m, n) = (matrix.rows(), matrix.columns());
    if m == 0 || n == 0 {
        return (vec![1.0; m], vec![1.0; n]);
    }
    let (mut a, mut b) = (vec![1.0 / m as f64; m], vec![1.0 / n as f64; n]);
    // a is normalised in s/2 = q/(2 − q), b in t/2 = p/(p − 2).
    let (s, t) = (q / (2.0 - q), if p == f64::INFINITY { 1.0 } else { p / (p - 2.0) });
    let mut best = (f64::INFINITY, a.clone(), b.clone());
    let updates = if m.min(n) <= UPDATES_UP_TO { UPDATES } else { UPDATES / 8 };
    for k in 0..updates {
        let scaled = Matrix::from_fn(m, n, |i, j| matrix[(i, j)].scale(1.0 / (a[i] * b[j]).sqrt()));
        let Ok(f) = svd(scaled.as_ref(), kappa_dense::Shape::Thin) else { break };
        let values = &f.values.values;
        let size = |w: &[f64], e: f64| w.iter().map(|w| w.powf(e)).sum::<f64>().powf(0.5 / e);
        let bound = values[0] * if q < 2.0 { size(&a, s) } else { 1.0 } * if p > 2.0 { size(&b, t) } else { 1.0 };
        if bound < best.0 {
            best = (bound, a.clone(), b.clone());
        }
        let order = 4.0 * 32f64.powf(k as f64 / updates as f64);
        // The curvature grows with the order, which requires smaller steps.
        let step = 2.0 / order;
        let share: Vec<f64> = values.iter().map(|s| (s / values[0]).powf(order)).collect();
        let total: f64 = share.iter().sum();
        let update = |weights: &mut [f64], vectors: &Matrix<W>, exponent: f64| {
            for (i, weight) in weights.iter_mut().enumerate() {
                let sum: f64 = share.iter().enumerate().map(|(l, s)| s * vectors[(i, l)].abs_squared()).sum();
                let wanted = (sum / total).max(1e-12).powf(1.0 / exponent);
                *weight = weight.powf(1.0 - step) * wanted.powf(step);
            }
            let sum: f64 = weights.iter().sum();
            weights.iter_mut().for_each(|w| *w = (*w / sum).max(1e-12));
        };
        if q < 2.0 {
            update(&mut a, &f.vectors.u, s);
        }
        if p > 2.0 {
            update(&mut b, &f.vectors.v, t);
        }
    }
    let root = |weights: Vec<f64>, is_used: bool| -> Vec<f64> {
        weights.into_iter().map(|w| if is_used { w.sqrt() } else { 1.0 }).collect()
    };
    (root(best.1, q < 2.0), root(best.2, p > 2.0))
}
