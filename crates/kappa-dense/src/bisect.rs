//! Singular values of a bidiagonal matrix and eigenvalues of a tridiagonal matrix, by bisection with Sturm counts.
//!
//! The QR iteration of faer loses about n·ε·σ₁; counting loses a few ε. Each count is exact for a matrix whose entries
//! differ by a few units roundoff (Demmel and Kahan, SISSC 11 (1990) 873–912; Kahan 1966), so bisection is as accurate
//! as the entries are, and it cannot fail to converge. Where a bracket holds one value only, Newton's steps converge
//! faster; each of them is a count as well, so the bracket remains valid. Sixteen shifts are counted together.

use pulp::Simd;
use rayon::prelude::*;

use crate::instructions::instructions;
use crate::lane::Lane;

/// Shifts counted side by side: enough to hide the latency of a division.
const LANES: usize = 16;
/// Maximum number of counts for a value: 53 + 7 halvings are enough for every value, and each of Newton's steps may be
/// followed by one.
const LOOKS: usize = 128;
/// Minimum order at which groups of shifts are distributed among threads.
const SHARED: usize = 192;
/// Inverses of pivots are clamped to ±this, as if each pivot had at least the modulus of its inverse. The square of a
/// value as small as 1e-18 is larger than that, and products of this number with entries up to 1e50 do not overflow.
const LARGEST: f64 = 1e150;

/// The number of values below each of 16 shifts.
trait Count: Sync {
    fn order(&self) -> usize;
    fn below<S: Simd>(&self, shifts: &[f64; LANES]) -> [f64; LANES];
    /// The same, and the sum of 1/(shift − value) over all values; the sum is meaningless where a pivot vanishes.
    fn below_with_slope<S: Simd>(&self, shifts: &[f64; LANES]) -> ([f64; LANES], [f64; LANES]);
}

/// 1/d, kept finite. The sign of a zero matters: it is the sign of a pivot of modulus at most 1/[`LARGEST`].
#[inline(always)]
fn inverse(d: f64) -> f64 {
    let inverse = 1.0 / d;
    let inverse = if inverse < LARGEST { inverse } else { LARGEST };
    if inverse > -LARGEST { inverse } else { -LARGEST }
}

/// BᵀB for a bidiagonal B with diagonal a and superdiagonal b, given by the squares of a and b; shifts are squared as
/// well.
struct Bidiagonal {
    a_squared: Vec<f64>,
    b_squared: Vec<f64>,
}

impl Count for Bidiagonal {
    fn order(&self) -> usize {
        self.a_squared.len()
    }

    #[inline(always)]
    fn below<S: Simd>(&self, shifts: &[f64; LANES]) -> [f64; LANES] {
        // BᵀB − x·I = LDLᵀ without forming it: sᵢ₊₁ = bᵢ²·sᵢ/dᵢ − x, dᵢ = aᵢ² + sᵢ (dstqds).
        let minus_x = shifts.map(|s| -(s * s));
        let mut s = minus_x;
        let mut count = [0.0; LANES];
        for (&a, &b) in self.a_squared.iter().zip(&self.b_squared) {
            for l in 0..LANES {
                let inverse = inverse(a + s[l]);
                count[l] += if inverse < 0.0 { 1.0 } else { 0.0 };
                s[l] = f64::fused_one::<S>(b * s[l], inverse, minus_x[l]);
            }
        }
        count
    }

    #[inline(always)]
    fn below_with_slope<S: Simd>(&self, shifts: &[f64; LANES]) -> ([f64; LANES], [f64; LANES]) {
        // With x = shift², dᵢ′ = sᵢ′ and sᵢ₊₁′ = aᵢ²·bᵢ²·sᵢ′/dᵢ² − 1; Σ dᵢ′/dᵢ is the derivative of ln det by x.
        let minus_x = shifts.map(|s| -(s * s));
        let mut s = minus_x;
        let mut slope = [-1.0; LANES];
        let (mut count, mut sum) = ([0.0; LANES], [0.0; LANES]);
        for (&a, &b) in self.a_squared.iter().zip(&self.b_squared) {
            let ab = a * b;
            for l in 0..LANES {
                let inverse = inverse(a + s[l]);
                count[l] += if inverse < 0.0 { 1.0 } else { 0.0 };
                let share = slope[l] * inverse;
                sum[l] += share;
                slope[l] = f64::fused_one::<S>(ab * share, inverse, -1.0);
                s[l] = f64::fused_one::<S>(b * s[l], inverse, minus_x[l]);
            }
        }
        for l in 0..LANES {
            sum[l] *= 2.0 * shifts[l];
        }
        (count, sum)
    }
}

/// A symmetric tridiagonal matrix, given by its diagonal and the squares of its subdiagonal.
struct Tridiagonal {
    diagonal: Vec<f64>,
    /// The square of the entry left of each diagonal entry; the first is 0.
    off_squared: Vec<f64>,
}

impl Count for Tridiagonal {
    fn order(&self) -> usize {
        self.diagonal.len()
    }

    #[inline(always)]
    fn below<S: Simd>(&self, shifts: &[f64; LANES]) -> [f64; LANES] {
        let mut last = [1.0; LANES];
        let mut count = [0.0; LANES];
        for (&a, &b) in self.diagonal.iter().zip(&self.off_squared) {
            for l in 0..LANES {
                last[l] = inverse(f64::fused_one::<S>(-b, last[l], a - shifts[l]));
                count[l] += if last[l] < 0.0 { 1.0 } else { 0.0 };
            }
        }
        count
    }

    #[inline(always)]
    fn below_with_slope<S: Simd>(&self, shifts: &[f64; LANES]) -> ([f64; LANES], [f64; LANES]) {
        // dᵢ′ = −1 + b²·dᵢ₋₁′/dᵢ₋₁²; Σ dᵢ′/dᵢ is the derivative of ln det.
        let (mut last, mut share) = ([1.0; LANES], [0.0; LANES]);
        let (mut count, mut sum) = ([0.0; LANES], [0.0; LANES]);
        for (&a, &b) in self.diagonal.iter().zip(&self.off_squared) {
            for l in 0..LANES {
                let along = b * last[l];
                last[l] = inverse((a - shifts[l]) - along);
                count[l] += if last[l] < 0.0 { 1.0 } else { 0.0 };
                share[l] = f64::fused_one::<S>(along, share[l], -1.0) * last[l];
                sum[l] += share[l];
            }
        }
        (count, sum)
    }
}

/// Singular values of the bidiagonal matrix with these moduli on and above its diagonal, in decreasing order.
///
/// The absolute error of each is at most unit/64 of the largest. The entries must be finite and at most 1e50.
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

/// Eigenvalues of the symmetric tridiagonal matrix with this diagonal and subdiagonal, in increasing order.
///
/// The entries must be finite and at most 1e50.
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

/// All values in [lower, upper], in increasing order.
fn bisect_all(matrix: &impl Count, lower: f64, upper: f64, unit: f64) -> Vec<f64> {
    let n = matrix.order();
    // A count costs n divisions, so threads pay for large matrices only. Each value is computed independently: the
    // result does not depend on the number of threads.
    let is_shared = n >= SHARED;
    let grid = Grid::new(matrix, lower, upper, is_shared);
    let mut values = vec![0.0; n];
    let part = |(k, values): (usize, &mut [f64])| search(matrix, k * PART, &grid, unit, values);
    if is_shared {
        values.par_chunks_mut(PART).enumerate().for_each(part);
    } else {
        values.chunks_mut(PART).enumerate().for_each(part);
    }
    // Neighbouring values may be out of order by one rounding error.
    values.sort_by(f64::total_cmp);
    values
}

/// Consecutive values that one thread computes.
const PART: usize = 128;
/// Values per grid point: finer grids shorten each search, but need counts of their own.
const VALUES_A_POINT: usize = 2;

/// An equispaced grid of [lower, upper], and the number of values below each point.
struct Grid {
    points: Vec<f64>,
    /// In increasing order.
    counts: Vec<f64>,
}

impl Grid {
    fn new(matrix: &impl Count, lower: f64, upper: f64, is_shared: bool) -> Self {
        let inside = (matrix.order() / VALUES_A_POINT).next_multiple_of(LANES);
        let at = |i: usize| lower + (upper - lower) * ((i + 1) as f64 / (inside + 1) as f64);
        let points: Vec<f64> = (0..inside).map(at).collect();
        let count = |part: &[f64]| {
            let mut shifts = [upper; LANES];
            shifts.copy_from_slice(part);
            instructions().dispatch(CountBelow(matrix, shifts))
        };
        let counted: Vec<[f64; LANES]> = if is_shared {
            points.par_chunks_exact(LANES).map(count).collect()
        } else {
            points.chunks_exact(LANES).map(count).collect()
        };
        let mut grid = Self { points: vec![lower], counts: vec![0.0] };
        grid.points.extend(points);
        grid.points.push(upper);
        for count in counted.into_iter().flatten() {
            // Rounding may make two counts decrease.
            let last = grid.counts[grid.counts.len() - 1];
            grid.counts.push(count.max(last));
        }
        grid.counts.push(matrix.order() as f64);
        grid
    }

    /// The bracket of value number k, counted from 0.
    fn bracket(&self, k: usize) -> Bracket {
        let after = self.counts.partition_point(|&count| count <= k as f64).clamp(1, self.points.len() - 1);
        Bracket {
            index: k as f64,
            low: self.points[after - 1],
            high: self.points[after],
            below_low: self.counts[after - 1],
            below_high: self.counts[after],
            point: 0.5 * (self.points[after - 1] + self.points[after]),
            before: f64::INFINITY,
            looks: 0,
        }
    }
}

struct CountBelow<'a, M>(&'a M, [f64; LANES]);

impl<M: Count> pulp::WithSimd for CountBelow<'_, M> {
    type Output = [f64; LANES];
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> [f64; LANES] {
        self.0.below::<S>(&self.1)
    }
}

/// The bracket of one value.
#[derive(Clone, Copy)]
struct Bracket {
    index: f64,
    low: f64,
    high: f64,
    /// The number of values below each end.
    below_low: f64,
    below_high: f64,
    /// The next point to count at.
    point: f64,
    /// The width of the bracket a few counts ago.
    before: f64,
    looks: usize,
}

/// Number of counts in which Newton's steps must shrink a bracket as much as that many halvings would; otherwise it is
/// halved.
const PATIENCE: usize = 5;

impl Bracket {
    #[inline(always)]
    fn width(&self) -> f64 {
        self.high - self.low
    }

    /// The width at which the search ends.
    #[inline(always)]
    fn target(&self, floor: f64) -> f64 {
        floor.max(f64::EPSILON * self.low.abs())
    }

    /// Updates the bracket with a count at x and the sum of 1/(x − λ) over all values: Newton's step is minus the
    /// inverse of that sum.
    #[inline(always)]
    fn update(&mut self, count: f64, slope: f64, floor: f64) {
        let x = self.point;
        if count > self.index {
            (self.high, self.below_high) = (x, count);
        } else {
            (self.low, self.below_low) = (x, count);
        }
        let (width, middle) = (self.width(), self.low + 0.5 * self.width());
        self.looks += 1;
        let is_time = self.looks.is_multiple_of(PATIENCE);
        let is_slow = is_time && width > 0.03 * self.before;
        self.before = if is_time { width } else { self.before };
        let is_inside = |x: f64| x > self.low && x < self.high;
        let newton = x - 1.0 / slope;
        if self.below_high - self.below_low != 1.0 || is_slow || !is_inside(newton) {
            self.point = middle;
            return;
        }
        let step = (newton - x).abs();
        if step >= 0.25 * width {
            self.point = newton;
            return;
        }
        // The error of Newton's step is about step²/width: the next point is moved a little beyond, so that the other
        // end moves too.
        let beyond = (0.5 * self.target(floor)).max(0.5 * step * step / width);
        let next = if newton - self.low < self.high - newton { newton + beyond } else { newton - beyond };
        self.point = if is_inside(next) { next } else { middle };
    }
}

/// Computes the values number k, k + 1, …, counted from the smallest: sixteen at a time, and a new search starts as
/// soon as one ends.
fn search<M: Count>(matrix: &M, k: usize, grid: &Grid, unit: f64, values: &mut [f64]) {
    struct Search<'a, M> {
        matrix: &'a M,
        k: usize,
        grid: &'a Grid,
        floor: f64,
        values: &'a mut [f64],
    }
    impl<M: Count> pulp::WithSimd for Search<'_, M> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) {
            let Self { matrix, k, grid, floor, values } = self;
            let mut next = 0;
            let mut take = |place: &mut usize| {
                *place = next;
                next += 1;
                grid.bracket((k + *place).min(matrix.order() - 1))
            };
            let mut places = [0; LANES];
            let mut brackets = [grid.bracket(k); LANES];
            for l in 0..LANES {
                brackets[l] = take(&mut places[l]);
            }
            loop {
                let mut is_open = false;
                for l in 0..LANES {
                    while places[l] < values.len() {
                        let bracket = &brackets[l];
                        if bracket.width() > bracket.target(floor) && bracket.looks < LOOKS {
                            is_open = true;
                            break;
                        }
                        values[places[l]] = bracket.low + 0.5 * bracket.width();
                        brackets[l] = take(&mut places[l]);
                    }
                }
                if !is_open {
                    return;
                }
                let mut points = [0.0; LANES];
                for l in 0..LANES {
                    points[l] = brackets[l].point;
                }
                let (count, slope) = matrix.below_with_slope::<S>(&points);
                for l in 0..LANES {
                    brackets[l].update(count[l], slope[l], floor);
                }
            }
        }
    }
    let (lower, upper) = (grid.points[0], grid.points[grid.points.len() - 1]);
    // The entries themselves are not known more accurately than this.
    let floor = upper.abs().max(lower.abs()) * unit / 64.0;
    instructions().dispatch(Search { matrix, k, grid, floor, values: &mut *values });
    if lower == 0.0 {
        // A value within the floor of zero is returned as zero: its bracket never left its lower end.
        values.iter_mut().filter(|x| **x <= floor).for_each(|x| *x = 0.0);
    }
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

    /// Halvings alone, one value after the other.
    fn plain(matrix: &impl Count, lower: f64, upper: f64) -> Vec<f64> {
        let one = |k: usize| {
            let (mut low, mut high) = (lower, upper);
            for _ in 0..200 {
                let middle = low + 0.5 * (high - low);
                if matrix.below::<pulp::Scalar>(&[middle; LANES])[0] > k as f64 { high = middle } else { low = middle }
            }
            low
        };
        (0..matrix.order()).map(one).collect()
    }

    #[test]
    fn searching_finds_what_halving_finds() {
        let mut seed = 1u64;
        let mut random = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as f64 / 2f64.powi(31)
        };
        for n in [1, 2, 17, 140] {
            let middle = |i: usize| (i as f64 - (n / 2) as f64).abs();
            let kinds: [(&str, Vec<f64>, Vec<f64>); 6] = [
                ("random", (0..n).map(|_| random()).collect(), (1..n).map(|_| random()).collect()),
                // Pairs of eigenvalues that agree to the last bit (Wilkinson).
                ("Wilkinson", (0..n).map(|i| middle(i) / n as f64).collect(), vec![1.0 / n as f64; n.max(1) - 1]),
                ("zero", vec![0.0; n], vec![0.0; n - 1]),
                ("one value", vec![0.75; n], vec![0.0; n - 1]),
                (
                    "graded",
                    (0..n).map(|i| 0.7f64.powi(i as i32)).collect(),
                    (1..n).map(|i| 0.7f64.powi(i as i32)).collect(),
                ),
                (
                    "split",
                    (0..n).map(|i| (i % 3) as f64 / 2.0).collect(),
                    (1..n).map(|i| if i % 5 == 0 { 0.0 } else { 1e-9 }).collect(),
                ),
            ];
            for (what, a, b) in kinds {
                let found = tridiagonal_eigenvalues(&a, &b);
                let off: Vec<f64> = (0..n).map(|i| if i > 0 { b[i - 1] * b[i - 1] } else { 0.0 }).collect();
                let expected = plain(&Tridiagonal { diagonal: a.clone(), off_squared: off }, -3.0, 3.0);
                let room = 1e-50 + 4.0 * f64::EPSILON * expected.iter().fold(0.0f64, |m, x| m.max(x.abs()));
                assert!(found.iter().zip(&expected).all(|(x, y)| (x - y).abs() <= room), "{what}, {n}");
                let found = bidiagonal_singular_values(&a, &b, f64::EPSILON);
                let squares = Bidiagonal {
                    a_squared: a.iter().map(|a| a * a).collect(),
                    b_squared: (0..n).map(|i| b.get(i).map_or(0.0, |b| b * b)).collect(),
                };
                let expected = plain(&squares, 0.0, 3.0);
                let room = 1e-50 + 4.0 * f64::EPSILON * expected.iter().fold(0.0f64, |m, x| m.max(*x));
                let close = found.iter().rev().zip(&expected).all(|(x, y)| (x - y).abs() <= room);
                assert!(close, "{what}, {n}: {:?} {:?}", &found[..n.min(3)], &expected[n.saturating_sub(3)..]);
            }
        }
    }

    /// The counts of one shift, by registers and one by one.
    fn counts(matrix: &impl Count, shift: f64) -> Vec<f64> {
        struct Both<'a, M>(&'a M, f64);
        impl<M: Count> pulp::WithSimd for Both<'_, M> {
            type Output = [f64; 2];
            fn with_simd<S: Simd>(self, _: S) -> [f64; 2] {
                let shifts = [self.1; LANES];
                [self.0.below::<S>(&shifts)[0], self.0.below_with_slope::<S>(&shifts).0[0]]
            }
        }
        let by_registers = instructions().dispatch(Both(matrix, shift));
        let one_by_one = pulp::WithSimd::with_simd(Both(matrix, shift), pulp::Scalar);
        by_registers.into_iter().chain(one_by_one).collect()
    }

    #[test]
    fn a_pivot_of_zero_is_taken_for_one_beside_it() {
        // The path of three points has −√2, 0 and √2; at a shift of zero, the first pivot and the third vanish.
        let path = Tridiagonal { diagonal: vec![0.0; 3], off_squared: vec![0.0, 1.0, 1.0] };
        assert_eq!(counts(&path, 0.0), [1.0; 4]);
        assert_eq!(counts(&path, 0.5), [2.0; 4]);
        // [[1, 1], [0, 1]]: the golden ratio and its inverse.
        let golden = Bidiagonal { a_squared: vec![1.0; 2], b_squared: vec![1.0, 0.0] };
        assert_eq!(counts(&golden, 1.0), [1.0; 4]);
        // Entries as large as those of the longest matrix of ones, instead of near 1: nothing overflows after a pivot
        // of zero.
        let large = Bidiagonal { a_squared: vec![1e8; 5], b_squared: vec![1e8, 1e8, 1e8, 1e8, 0.0] };
        let ones = Bidiagonal { a_squared: vec![1.0; 5], b_squared: vec![1.0, 1.0, 1.0, 1.0, 0.0] };
        assert_eq!(counts(&large, 1e4), counts(&ones, 1.0));
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
