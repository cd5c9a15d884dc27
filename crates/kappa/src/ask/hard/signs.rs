//! ∞→1 and ∞→2 norms of matrices with few columns, exactly: all sign vectors.

use kappa_dense::{Matrix, Scalar};
use rayon::prelude::*;

use crate::enclosure::directed::{add_up, gamma_up, mul_down, mul_up};
use crate::norm::{Gauge, modulus};
use crate::{Enclosure, Evidence};

/// max ‖Ax‖_q over sign vectors, q = 1 or 2: two tables of partial sums, so that no sum is longer than n.
pub(super) fn over_signs<W: Scalar<Wide = W>>(
    a: &Matrix<W>,
    q: f64,
    image_bounds: impl Fn(&[W]) -> Vec<(f64, f64)>,
) -> Enclosure {
    let (m, n) = (a.rows(), a.columns());
    let low_count = (n - 1) / 2;
    let sums = |columns: std::ops::Range<usize>, bits: usize| -> Vec<f64> {
        let mut y = vec![0.0; m];
        for (k, j) in columns.enumerate() {
            let sign = if bits >> k & 1 == 1 { -1.0 } else { 1.0 };
            y.iter_mut().zip(a.column(j)).for_each(|(y, a)| *y += sign * a.re());
        }
        y
    };
    let low: Vec<Vec<f64>> = (0..1usize << low_count).map(|bits| sums(0..low_count, bits)).collect();
    // The last column keeps its sign: x and −x give the same value.
    let high_count = n - 1 - low_count;
    let value = |high: &[f64], low: &[f64]| -> f64 {
        let terms = high.iter().zip(low).map(|(x, y)| x + y);
        if q == 1.0 { terms.map(f64::abs).sum() } else { terms.map(|y| y * y).sum() }
    };
    let tops: Vec<(f64, Vec<f64>)> = (0..1usize << high_count)
        .into_par_iter()
        .map(|bits| {
            let high = sums(low_count..n, bits);
            let values: Vec<f64> = low.iter().map(|low| value(&high, low)).collect();
            (values.iter().copied().fold(0.0, f64::max), values)
        })
        .collect();
    let best = tops.iter().map(|(top, _)| *top).fold(0.0, f64::max);
    // The rounding error of any of these values, counted once or twice more for the candidates.
    let rows: Vec<f64> = (0..m).map(|i| (0..n).map(|j| modulus(a[(i, j)])).sum()).collect();
    let whole = if q == 1.0 { rows.iter().sum::<f64>() } else { rows.iter().map(|r| r * r).sum() };
    let error = mul_up(mul_up(gamma_up(4 * (m + n) + 32), whole), 1.001);
    let threshold = best - 4.0 * error;
    let (mut lower, mut upper, mut count) = (0.0f64, 0.0f64, 0usize);
    for (bits, (top, values)) in tops.iter().enumerate() {
        if *top < threshold {
            continue;
        }
        for (low_bits, _) in values.iter().enumerate().filter(|(_, v)| **v >= threshold) {
            count += 1;
            if count > 512 {
                // With too many ties to evaluate one by one, the plain bound holds for all of them.
                let most = add_up(best, error);
                upper = upper.max(if q == 1.0 { most } else { most.sqrt().next_up() });
                break;
            }
            let sign = |j: usize| {
                let bit = if j < low_count { low_bits >> j & 1 } else { bits >> (j - low_count) & 1 };
                W::from_parts(if bit == 1 { -1.0 } else { 1.0 }, 0.0)
            };
            let x: Vec<W> = (0..n).map(sign).collect();
            let image = image_bounds(&x);
            let sorted = |end: fn(&(f64, f64)) -> f64| {
                let mut ends: Vec<f64> = image.iter().map(end).collect();
                ends.sort_by(|x, y| y.total_cmp(x));
                ends
            };
            lower = lower.max(Gauge::lp(q).bounds(&sorted(|e| e.0)).0);
            upper = upper.max(Gauge::lp(q).bounds(&sorted(|e| e.1)).1);
        }
    }
    Enclosure::new(lower, mul_down(0.5, lower) + 0.5 * upper, upper, Evidence::Rounding)
}
