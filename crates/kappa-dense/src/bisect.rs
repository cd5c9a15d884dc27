//! Singular values of a bidiagonal matrix and eigenvalues of a tridiagonal one, by counting signs.
//!
//! The engine's QR iteration loses about n·ε·σ₁; counting loses a few ε. Each count is exact for a matrix whose entries
//! differ by a few units roundoff (Demmel and Kahan, SISSC 11 (1990) 873–912; Kahan 1966), so bisection is as accurate
//! as the entries are, cannot fail to converge, and takes no branch that depends on the data: 16 shifts go side by side.

use rayon::prelude::*;

/// Shifts counted side by side: enough to hide the latency of a division.
const LANES: usize = 16;
/// Halvings before giving up on the last bits; 53 + the 7 bits below are enough for every value.
const HALVINGS: usize = 64;
/// From this order on, groups of shifts go to other threads.
const SHARED: usize = 192;
/// Pivots are kept this far from zero; entries are near 1 in size.
const PIVOT: f64 = 1e-290;

/// How many values lie below each of 16 shifts.
trait Count: Sync {
    fn order(&self) -> usize;
    fn below(&self, shifts: &[f64; LANES]) -> [f64; LANES];
}

/// BᵀB for a bidiagonal B with diagonal a and superdiagonal b, by its squares; shifts are squared as well.
struct Bidiagonal {
    a_squared: Vec<f64>,
    b_squared: Vec<f64>,
}

impl Count for Bidiagonal {
    fn order(&self) -> usize {
        self.a_squared.len()
    }

    #[inline(always)]
    fn below(&self, shifts: &[f64; LANES]) -> [f64; LANES] {
        // BᵀB − x·I = LDLᵀ without forming it: sᵢ₊₁ = bᵢ²·sᵢ/dᵢ − x, dᵢ = aᵢ² + sᵢ (dstqds).
        let x = shifts.map(|s| s * s);
        let mut s = x.map(|x| -x);
        let mut count = [0.0; LANES];
        for (&a, &b) in self.a_squared.iter().zip(&self.b_squared) {
            for l in 0..LANES {
                let d = a + s[l];
                let d = if d.abs() < PIVOT { -PIVOT } else { d };
                count[l] += if d < 0.0 { 1.0 } else { 0.0 };
                s[l] = b * (s[l] / d) - x[l];
            }
        }
        count
    }
}

/// A symmetric tridiagonal matrix by its diagonal and the squares below it.
struct Tridiagonal {
    diagonal: Vec<f64>,
    /// The square of the entry before each diagonal one; 0 first.
    off_squared: Vec<f64>,
}

impl Count for Tridiagonal {
    fn order(&self) -> usize {
        self.diagonal.len()
    }

    #[inline(always)]
    fn below(&self, shifts: &[f64; LANES]) -> [f64; LANES] {
        let mut d = [1.0; LANES];
        let mut count = [0.0; LANES];
        for (&a, &b) in self.diagonal.iter().zip(&self.off_squared) {
            for l in 0..LANES {
                let next = (a - shifts[l]) - b / d[l];
                d[l] = if next.abs() < PIVOT { -PIVOT } else { next };
                count[l] += if d[l] < 0.0 { 1.0 } else { 0.0 };
            }
        }
        count
    }
}

/// Singular values of the bidiagonal matrix with these moduli on the diagonal and above it, largest first.
///
/// Each within unit/64 of the largest. The entries must be finite and near 1 in size.
pub(crate) fn bidiagonal_singular_values(diagonal: &[f64], above: &[f64], unit: f64) -> Vec<f64> {
    let n = diagonal.len();
    let b = |i: usize| above.get(i).copied().unwrap_or(0.0).abs();
    let bound = (0..n).map(|i| diagonal[i].abs() + b(i).max(if i > 0 { b(i - 1) } else { 0.0 })).fold(0.0, f64::max);
    let squares = Bidiagonal {
        a_squared: diagonal.iter().map(|a| a * a).collect(),
        b_squared: (0..n).map(|i| if i + 1 < n { b(i) * b(i) } else { 0.0 }).collect(),
    };
    let mut values = bisect_all(&squares, 0.0, bound * (1.0 + 8.0 * f64::EPSILON), unit);
    values.reverse();
    values
}

/// Eigenvalues of the symmetric tridiagonal matrix with this diagonal and these entries beside it, smallest first.
///
/// The entries must be finite and at most near 1 in size.
pub(crate) fn tridiagonal_eigenvalues(diagonal: &[f64], beside: &[f64]) -> Vec<f64> {
    let n = diagonal.len();
    let b = |i: usize| beside.get(i).copied().unwrap_or(0.0).abs();
    let radius = |i: usize| (if i + 1 < n { b(i) } else { 0.0 }) + if i > 0 { b(i - 1) } else { 0.0 };
    let upper = (0..n).map(|i| diagonal[i] + radius(i)).fold(f64::NEG_INFINITY, f64::max);
    let lower = (0..n).map(|i| diagonal[i] - radius(i)).fold(f64::INFINITY, f64::min);
    let room = 8.0 * f64::EPSILON * upper.abs().max(lower.abs());
    let matrix = Tridiagonal {
        diagonal: diagonal.to_vec(),
        off_squared: (0..n).map(|i| if i > 0 { b(i - 1) * b(i - 1) } else { 0.0 }).collect(),
    };
    bisect_all(&matrix, lower - room, upper + room, f64::EPSILON)
}

/// Every value in [lower, upper], smallest first.
fn bisect_all(matrix: &impl Count, lower: f64, upper: f64, unit: f64) -> Vec<f64> {
    let n = matrix.order();
    // A count costs n divisions: only a large matrix is worth the threads. Each group stands alone, so the result
    // does not depend on their number.
    let first = (0..n).step_by(LANES);
    let group = |k: usize| bisect_group(matrix, k, lower, upper, unit);
    let groups: Vec<[f64; LANES]> = if n >= SHARED {
        first.collect::<Vec<_>>().into_par_iter().map(group).collect()
    } else {
        first.map(group).collect()
    };
    let mut values: Vec<f64> = groups.into_iter().flatten().take(n).collect();
    // Neighbours in different groups may cross by a rounding.
    values.sort_by(f64::total_cmp);
    values
}

/// The values number k, k + 1, …, counted from the smallest.
fn bisect_group<M: Count>(matrix: &M, k: usize, lower: f64, upper: f64, unit: f64) -> [f64; LANES] {
    struct Bisect<'a, M>(&'a M, usize, f64, f64, f64);
    impl<M: Count> pulp::WithSimd for Bisect<'_, M> {
        type Output = [f64; LANES];
        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) -> [f64; LANES] {
            let Self(matrix, k, lower, upper, unit) = self;
            let (mut low, mut high) = ([lower; LANES], [upper; LANES]);
            // Below this the entries themselves carry no more information.
            let floor = upper.abs().max(lower.abs()) * unit / 64.0;
            for _ in 0..HALVINGS {
                let mut middle = [0.0; LANES];
                let mut done = true;
                for l in 0..LANES {
                    middle[l] = low[l] + (high[l] - low[l]) / 2.0;
                    done &= high[l] - low[l] <= floor.max(f64::EPSILON * low[l].abs());
                }
                if done {
                    break;
                }
                let count = matrix.below(&middle);
                for l in 0..LANES {
                    let index = (k + l) as f64;
                    let is_above = count[l] > index;
                    high[l] = if is_above { middle[l] } else { high[l] };
                    low[l] = if is_above { low[l] } else { middle[l] };
                }
            }
            let mut values = [0.0; LANES];
            for l in 0..LANES {
                values[l] = low[l] + (high[l] - low[l]) / 2.0;
            }
            // What cannot be told from zero is zero: a bracket that never left its end.
            values.map(|x| if lower == 0.0 && x <= floor { 0.0 } else { x })
        }
    }
    pulp::Arch::new().dispatch(Bisect(matrix, k, lower, upper, unit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    #[test]
    fn the_second_difference_has_its_closed_form() {
        for n in [1, 2, 15, 16, 17, 100, 1100] {
            let values = tridiagonal_eigenvalues(&vec![0.5; n], &vec![-0.25; n.saturating_sub(1)]);
            for (k, x) in values.iter().enumerate() {
                let expected = ((k + 1) as f64 * PI / (2 * (n + 1)) as f64).sin().powi(2);
                assert!((x - expected).abs() < 4.0 * f64::EPSILON, "{n}, {k}: {x} beside {expected}");
            }
        }
    }

    #[test]
    fn a_graded_bidiagonal_keeps_its_small_values() {
        // [[1, 1], [0, δ]]: σ₂ = δ/σ₁, and σ₁² + σ₂² = 2 + δ².
        let values = bidiagonal_singular_values(&[1.0, 1e-8], &[1.0], f64::EPSILON);
        assert!((values[1] / (1e-8 / values[0]) - 1.0).abs() < 1e-8);
        assert!((values[0] - 2f64.sqrt()).abs() < 4.0 * f64::EPSILON);
        assert_eq!(bidiagonal_singular_values(&[0.0, 0.0], &[0.0], f64::EPSILON), [0.0, 0.0]);
        assert_eq!(bidiagonal_singular_values(&[], &[], f64::EPSILON), [0.0; 0]);
    }
}
