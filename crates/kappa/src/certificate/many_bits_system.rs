//! Solutions of square systems that are too ill-conditioned for pairs of doubles, enclosed in many bits.

use kappa_dense::pair::Pair;
use kappa_dense::{Matrix, MatrixRef};

use super::many_bits::{Approximation, Effort, clamped};
use crate::arithmetic::fixed_point::FixedPoint;
use crate::enclosure::Pinned;
use crate::enclosure::directed::{add_up, div_up, max_or_nan, mul_up, sum_up, times_power};

/// Steps of refinement; each adds as many digits as the residual of the approximate inverse has, at least 13.
const STEPS: usize = 6;

/// A⁻¹B column by column, and an estimate of ‖A⁻¹‖_∞; `None` where the effort does not suffice.
///
/// With W = A·D, an approximate inverse R of W and F = I − WR: a vector y has W⁻¹B − y = W⁻¹r for r = B − Wy, without
/// rounding, and W⁻¹r = R(I − F)⁻¹r, so that |W⁻¹r| ≤ |R|e·‖r‖_∞/(1 − ‖F‖_∞). Steps y += Rr make r as small as needed.
pub(crate) fn solve_in_many_bits(a: MatrixRef<'_, f64>, b: &Matrix<f64>, effort: Effort) -> Option<(Vec<Pinned>, f64)> {
    let approximation = Approximation::of_square(a, effort)?;
    let solver = Solver::new(approximation)?;
    let column = |k: usize| {
        let b = Matrix::from_fn(b.rows(), 1, |i, _| b[(i, k)]);
        solver.solve(&FixedPoint::scaled(b.as_ref(), &[0]))
    };
    Some(((0..b.columns()).map(column).collect(), solver.inverse_norm()))
}

/// The minimiser of ‖Ax − b‖² + λ‖Lx‖² for one b, from its normal equations without rounding; `None` where they are
/// singular or the effort does not suffice.
pub(crate) fn normal_equations_in_many_bits(
    a: &Matrix<f64>,
    l: Option<&Matrix<f64>>,
    lambda: f64,
    b: &Matrix<f64>,
    effort: Effort,
) -> Option<Pinned> {
    let (m, n) = (a.rows(), a.columns());
    let rows = m + l.map_or(0, Matrix::rows);
    if !effort.suffices(rows.max(n), n) || rows.saturating_mul(n) > PRODUCTS {
        return None;
    }
    let fixed = |a: &Matrix<f64>| FixedPoint::scaled(a.as_ref(), &vec![0; a.columns()]);
    let a = fixed(a);
    let transposed = a.transpose();
    let penalty = match l.map(fixed) {
        Some(l) => l.transpose().times(&l),
        None => FixedPoint::identity(n),
    };
    let normal = transposed.times(&a).plus(&penalty.times_number(lambda));
    let e = normal.exponent();
    let solver = Solver::new(Approximation::of_numbers(normal.times_power(-e), effort)?)?;
    Some(solver.solve(&transposed.times(&fixed(b)).times_power(-e)))
}

/// The largest number of entries whose products in many bits take well below a second.
const PRODUCTS: usize = 1 << 20;

/// An approximate inverse, and what bounds the error of a solution.
struct Solver {
    w: FixedPoint,
    r: FixedPoint,
    columns: Vec<i32>,
    row_sums: Vec<(f64, i32)>,
    room: f64,
}

impl Solver {
    fn new(Approximation { w, r, columns, rest }: Approximation) -> Option<Self> {
        let n = w.rows();
        let row_sums = (0..n).map(|i| row_sum(&r, i)).collect();
        let g = (0..n).map(|i| sum_up((0..n).map(|j| rest[(i, j)]).sum(), n)).fold(0.0, max_or_nan);
        let room = (1.0 - g).next_down();
        (room > 0.0).then_some(Self { w, r, columns, row_sums, room })
    }

    /// An estimate of ‖A⁻¹‖_∞.
    fn inverse_norm(&self) -> f64 {
        self.row_sums.iter().zip(&self.columns).map(|(&(sum, e), &c)| times_power(sum, e - c).1).fold(0.0, f64::max)
    }

    fn solve(&self, b: &FixedPoint) -> Pinned {
        let mut y = self.r.times(b);
        for _ in 0..STEPS {
            let residual = b.minus(&self.w.times(&y));
            let found = enclosed(&y, &residual, &self.row_sums, &self.columns, self.room);
            if found.value.iter().zip(&found.radius).all(|(x, r)| *r <= x.high.abs() * 2f64.powi(-100)) {
                return found;
            }
            y = y.plus(&self.r.times(&residual));
        }
        let residual = b.minus(&self.w.times(&y));
        enclosed(&y, &residual, &self.row_sums, &self.columns, self.room)
    }
}

fn enclosed(y: &FixedPoint, residual: &FixedPoint, row_sums: &[(f64, i32)], columns: &[i32], room: f64) -> Pinned {
    let n = y.rows();
    let (size, e) = largest(residual, n);
    let mut found = Pinned::with_room(n);
    for i in 0..n {
        let (high, low, exponent) = y.pair(i, 0);
        let (sum, f) = row_sums[i];
        let radius = div_up(mul_up(sum, size), room);
        // |y| < 2^exponent, so that what a pair leaves out is below 2^(exponent − 106).
        let left_out = if high == 0.0 { 0.0 } else { 2f64.powi(-106) };
        let radius = add_up(times_power(radius, clamped(i64::from(e) + i64::from(f) - exponent)).1, left_out);
        found.push(Pair { high, low }, radius, clamped(exponent - i64::from(columns[i])));
    }
    found
}

/// The largest modulus of a column, rounded up, as m·2ᵉ.
fn largest(x: &FixedPoint, n: usize) -> (f64, i32) {
    let entries: Vec<(f64, i64)> = (0..n).map(|i| x.entry(i, 0)).collect();
    let e = entries.iter().filter(|x| x.0 != 0.0).map(|x| x.1).max().unwrap_or(0);
    let size = |&(m, f): &(f64, i64)| times_power(m.abs().next_up(), clamped(f - e)).1;
    (entries.iter().filter(|x| x.0 != 0.0).map(size).fold(0.0, f64::max), clamped(e))
}

/// Σⱼ|rᵢⱼ|, rounded up, as m·2ᵉ.
fn row_sum(r: &FixedPoint, i: usize) -> (f64, i32) {
    let entries: Vec<(f64, i64)> = (0..r.columns()).map(|j| r.entry(i, j)).filter(|x| x.0 != 0.0).collect();
    let e = entries.iter().map(|x| x.1).max().unwrap_or(0);
    let sum = entries.iter().map(|&(m, f)| times_power(m.abs().next_up(), clamped(f - e)).1).sum();
    (sum_up(sum, entries.len()), clamped(e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gallery;

    #[test]
    fn a_system_beyond_pairs_is_solved_to_the_last_bit() {
        // The Hilbert matrix of order 25 in doubles times the vector (1, 2, …) has a right-hand side that doubles
        // round, so that the solution is checked by its residual in exact arithmetic.
        let n = 25;
        let a = Matrix::from_fn(n, n, |i, j| gallery::hilbert(n)[(i, j)] * 2f64.powi(3 * i as i32 - 2 * j as i32));
        let b = Matrix::from_fn(n, 1, |i, _| 1.0 + i as f64);
        let (x, _) = solve_in_many_bits(a.as_ref(), &b, Effort::LARGE).unwrap();
        let whole = |x: &[f64]| FixedPoint::scaled(Matrix::from_fn(x.len(), 1, |i, _| x[i]).as_ref(), &[0]);
        let (high, low): (Vec<f64>, Vec<f64>) = x[0].value.iter().map(|p| (p.high, p.low)).unzip();
        let fixed = FixedPoint::scaled(a.as_ref(), &vec![0; n]);
        let rest = whole(b.as_slice()).minus(&fixed.times(&whole(&high).plus(&whole(&low))));
        for i in 0..n {
            let most: f64 = (0..n).map(|j| a[(i, j)].abs() * x[0].radius[j]).sum();
            let (m, e) = rest.entry(i, 0);
            assert!(m.abs() * 2f64.powi(i32::try_from(e).unwrap()) <= 1.0001 * most);
            assert!(x[0].radius[i] <= 1e-28 * high[i].abs());
        }
    }

    #[test]
    fn a_zero_right_hand_side_has_the_solution_zero() {
        let (x, _) = solve_in_many_bits(gallery::hilbert(5).as_ref(), &Matrix::zeros(5, 1), Effort::SMALL).unwrap();
        assert!(x[0].value.iter().all(|p| p.high == 0.0) && x[0].radius.iter().all(|&r| r < 1e-30));
    }
}
