//! The smallest singular value of zI − T for a triangular T, at many points z.

use kappa_dense::{Matrix, c64};

use crate::condition::{solve_upper, solve_upper_adjoint};
use crate::krylov::{Tridiagonal, combine, inner, subtract, unit_length};
use crate::random::random_unit;

/// σₘᵢₙ(zI − T) at one point, between its bounds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) value: f64,
    pub(super) lower: f64,
    pub(super) upper: f64,
}

/// A triangular matrix with entries near 1.
pub(super) struct Resolvent<'a> {
    t: &'a Matrix<c64>,
    /// ‖T‖_F.
    size: f64,
    /// ‖T‖_F without the diagonal: 0 for a normal matrix, up to rounding.
    beside: f64,
    /// The rounding errors of the Schur form and of solves with it, by a model.
    doubt: f64,
}

/// The probability with which a lower bound may fail.
const FAILURE: f64 = 1e-8;
/// A lower bound of the largest eigenvalue of the inverse that lies within this share of the upper one is close enough.
const CLOSE: f64 = 0.1;
/// Ritz values that grow by less than this have settled.
const SETTLED: f64 = 1e-4;
/// The maximum number of steps at a point.
const STEPS: usize = 120;

impl<'a> Resolvent<'a> {
    pub(super) fn new(t: &'a Matrix<c64>) -> Self {
        let n = t.rows();
        let square = |is_beside: bool| -> f64 {
            let column = |j: usize| t.column(j)[..=j].iter().enumerate().filter(move |(i, _)| (*i != j) == is_beside);
            (0..n).flat_map(column).map(|(_, x)| x.norm_sqr()).sum()
        };
        let (on, off) = (square(false), square(true));
        let size = (on + off).sqrt();
        Self { t, size, beside: off.sqrt(), doubt: f64::EPSILON * (8.0 + 8.0 * (n as f64).sqrt()) * size }
    }

    pub(super) fn size(&self) -> f64 {
        self.size
    }

    /// The values at points of a line, one after the other.
    pub(super) fn row(&self, points: &[c64], seed: u64) -> Vec<Point> {
        let n = self.t.rows();
        let mut found: Vec<Point> = Vec::with_capacity(points.len());
        let mut vector: Option<Vec<c64>> = None;
        let mut shifted = self.t.clone();
        for (k, &z) in points.iter().enumerate() {
            (0..n).for_each(|i| shifted[(i, i)] = self.t[(i, i)] - z);
            // σₘᵢₙ changes by no more than z does.
            let carried = found.last().map_or(0.0, |before| before.lower - (z - points[k - 1]).norm());
            let random = random_unit::<c64>(n, seed ^ (k as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let mixed = match &vector {
                Some(vector) => vector.iter().zip(&random).map(|(v, r)| v + r).collect(),
                None => random.clone(),
            };
            // A sum that happens to cancel is no start.
            let length = unit_length(&mixed);
            let start: Vec<c64> =
                if length > 0.1 { mixed.iter().map(|x| x.scale(1.0 / length)).collect() } else { random };
            let (point, next) = self.at(&shifted, start, z.norm(), carried);
            found.push(point);
            vector = next.or(vector);
        }
        found
    }

    /// The value of a shifted matrix, and its vector; `carried` is a lower bound that is known.
    fn at(&self, t: &Matrix<c64>, start: Vec<c64>, far: f64, carried: f64) -> (Point, Option<Vec<c64>>) {
        let n = t.rows();
        let doubt = self.doubt + 8.0 * f64::EPSILON * far;
        let distance = (0..n).map(|i| t[(i, i)].norm()).fold(f64::INFINITY, f64::min);
        // The diagonal alone, and what is beside it: σₘᵢₙ ≤ |λ − z|, and ≥ |λ − z| − ‖N‖.
        let near = Point { value: distance, lower: (distance - self.beside - doubt).max(0.0), upper: distance + doubt };
        if self.beside <= 1e-4 * distance || distance <= doubt {
            return (near, None);
        }
        let Some((theta, above, vector)) = inverse_lanczos(t, start, carried) else { return (near, None) };
        let value = (1.0 / theta.sqrt()).min(distance);
        let lower = (1.0 / above.sqrt() - doubt).max(carried).clamp(0.0, value);
        (Point { value, lower: lower.max(near.lower.min(value)), upper: (value + doubt).min(near.upper) }, Some(vector))
    }
}

/// The largest eigenvalue of (TᴴT)⁻¹ from below, a bound from above that fails with probability [`FAILURE`], and the
/// vector; `None` where a solve overflows. It ends where a lower bound of σₘᵢₙ is close enough, `carried` or its own.
///
/// As [`largest_eigenvalue`](crate::krylov::largest_eigenvalue), but for the start: the sum of a fixed unit vector and
/// a random one has a share below δ of the vector sought with at most twice the probability of the random one alone.
fn inverse_lanczos(t: &Matrix<c64>, start: Vec<c64>, carried: f64) -> Option<(f64, f64, Vec<c64>)> {
    let n = t.rows();
    let log_limit = (2.0 * (2.0 * n as f64 / std::f64::consts::PI).sqrt() / FAILURE).ln();
    let mut basis = vec![start];
    let mut projected = Tridiagonal::default();
    let mut last = 0.0;
    loop {
        let k = basis.len();
        let mut w = solve_upper(t, &solve_upper_adjoint(t, &basis[k - 1]));
        if !w.iter().all(|x| x.is_finite()) {
            return None;
        }
        let alpha = inner(&basis[k - 1], &w).re;
        subtract(&mut w, &basis);
        let beta = unit_length(&w);
        if !(alpha > 0.0 && alpha.is_finite() && beta.is_finite()) {
            return None;
        }
        projected.push(alpha, beta);
        let value = projected.largest();
        let is_exhausted = k >= n || beta <= 4.0 * f64::EPSILON * projected.size();
        let has_settled = k > 1 && value - last <= SETTLED * value;
        // 1/λ is σ², so that a share of σ is about half of that share of λ.
        let is_carried = carried * carried * value >= (1.0 - CLOSE) * (1.0 - CLOSE);
        let above = if is_exhausted {
            Some(value * (1.0 + 4.0 * f64::EPSILON))
        } else if k >= STEPS {
            Some(projected.reaches(log_limit, value))
        } else if has_settled && is_carried {
            Some(f64::INFINITY)
        } else if has_settled {
            Some(projected.reaches(log_limit, value)).filter(|above| above - value <= 2.0 * CLOSE * value)
        } else {
            None
        };
        if let Some(above) = above {
            return Some((value, above, combine(&basis, &projected.vector(value))));
        }
        last = value;
        basis.push(w.iter().map(|x| x.scale(1.0 / beta)).collect());
    }
}
