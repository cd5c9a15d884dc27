//! Singular vectors of a bidiagonal matrix for the largest of its values, by inverse iteration.
//!
//! A perfect shuffle of the rows and columns of [0, Bᵀ; B, 0] gives a tridiagonal matrix with a zero diagonal and the
//! entries of B beside it; (v₁, u₁, v₂, u₂, …) is its eigenvector for σ (Golub and Kahan, SIAM J. Numer. Anal. 2 (1965)
//! 205–224). From a random start two solves with the shifted matrix suffice (Ipsen, SIAM Rev. 39 (1997) 254–291).
//! Vectors of close values are orthogonalized one after the other; the remaining non-orthogonality of the others, about
//! ε over the distance of their values, is removed by taking the nearest orthonormal columns.

use rayon::prelude::*;

use crate::bisect::bidiagonal_singular_values;
use crate::gram::lower_gram;
use crate::{Matrix, length, multiply};

/// Values closer than this share of the largest entry form a cluster: their vectors are orthogonalized one after the
/// other.
const CLOSE: f64 = 1e-7;
/// Maximum number of values in a cluster: the time for their vectors grows with the square of their number.
const CLUSTER: usize = 512;
/// Maximum number of solves for a vector; two suffice in practice.
const SOLUTIONS: usize = 8;
/// Iterations towards orthonormal columns, each of which squares the distance.
const STEPS: usize = 4;

/// All singular values in decreasing order, and the vectors of the first, in columns.
pub(crate) struct BidiagonalVectors {
    pub(crate) values: Vec<f64>,
    pub(crate) u: Matrix<f64>,
    pub(crate) v: Matrix<f64>,
}

/// A diagonal block of a bidiagonal matrix, between negligible entries above the diagonal: its first row, its entries
/// in order (a diagonal one, the one right of it, …) and its values.
struct Block {
    first: usize,
    beside: Vec<f64>,
    values: Vec<f64>,
}

/// The largest triplets of the bidiagonal matrix with these entries on and above its diagonal; its order is at least 1
/// and its entries are near 1 in size. `count` returns the number of vectors wanted for the given values, or `None` if
/// there are too many. Returns `None` in that case, and where a vector was not found or a cluster is too large.
///
/// Each triplet has residuals of a few ε·√n, and the vectors are orthonormal to as much. O(n) flops for each, 2·n·k²
/// flops to verify that k of them are orthonormal, and 6·n·k² for every iteration towards it.
pub(crate) fn bidiagonal_vectors(
    diagonal: &[f64],
    above: &[f64],
    count: impl Fn(&[f64]) -> Option<usize>,
) -> Option<BidiagonalVectors> {
    let n = diagonal.len();
    let size = diagonal.iter().chain(above).fold(0.0, |size: f64, x| size.max(x.abs()));
    let blocks = blocks(diagonal, above, f64::EPSILON * size);
    let mut order: Vec<(usize, usize)> =
        (0..blocks.len()).flat_map(|b| (0..blocks[b].values.len()).map(move |i| (b, i))).collect();
    order.sort_by(|x, y| blocks[y.0].values[y.1].total_cmp(&blocks[x.0].values[x.1]));
    let values: Vec<f64> = order.iter().map(|&(b, i)| blocks[b].values[i]).collect();
    let k = count(&values)?;
    let mut wanted = vec![0; blocks.len()];
    order[..k].iter().for_each(|(b, _)| wanted[*b] += 1);
    let clusters: Vec<(&Block, std::ops::Range<usize>)> = blocks
        .iter()
        .zip(wanted)
        .flat_map(|(block, wanted)| {
            clusters(&block.values[..wanted], CLOSE * size).into_iter().map(move |c| (block, c))
        })
        .collect();
    if clusters.iter().any(|(_, cluster)| cluster.len() > CLUSTER) {
        return None;
    }
    let found: Option<Vec<Vec<Pair>>> =
        clusters.par_iter().map(|(block, cluster)| block.vectors(cluster.clone(), size)).collect();
    let mut pairs: Vec<(f64, usize, Pair)> = clusters
        .iter()
        .zip(found?)
        .flat_map(|((block, cluster), pairs)| {
            cluster.clone().zip(pairs).map(|(i, pair)| (block.values[i], block.first, pair))
        })
        .collect();
    pairs.sort_by(|x, y| y.0.total_cmp(&x.0));
    let (mut u, mut v) = (Matrix::zeros(n, k), Matrix::zeros(n, k));
    for (j, (_, first, pair)) in pairs.iter().enumerate() {
        u.column_mut(j)[*first..first + pair.u.len()].copy_from_slice(&pair.u);
        v.column_mut(j)[*first..first + pair.v.len()].copy_from_slice(&pair.v);
    }
    let (u, v) = (orthonormal(u)?, orthonormal(v)?);
    let whole: Vec<f64> =
        (0..n).flat_map(|i| [diagonal[i], above.get(i).copied().unwrap_or(0.0)]).take(2 * n - 1).collect();
    let off = |j: usize| residual(&whole, values[j], u.column(j), v.column(j));
    (0..k).all(|j| off(j) <= 4.0 * allowed(n, size)).then_some(BidiagonalVectors { values, u, v })
}

/// The tolerance for the residual of a vector.
fn allowed(n: usize, size: f64) -> f64 {
    4.0 * f64::EPSILON * size * (1.0 + (n as f64).sqrt())
}

/// The diagonal blocks, split where an entry above the diagonal is at most `nothing`.
fn blocks(diagonal: &[f64], above: &[f64], nothing: f64) -> Vec<Block> {
    let n = diagonal.len();
    let ends = (1..=n).filter(|&end| end == n || above[end - 1].abs() <= nothing);
    let mut first = 0;
    let block = |end: usize| {
        let (start, end) = (std::mem::replace(&mut first, end), end);
        let beside = (start..end).flat_map(|i| [Some(diagonal[i]), above.get(i).copied().filter(|_| i + 1 < end)]);
        let values = if end - start == 1 {
            vec![diagonal[start].abs()]
        } else {
            bidiagonal_singular_values(&diagonal[start..end], &above[start..end - 1], f64::EPSILON)
        };
        Block { first: start, beside: beside.flatten().collect(), values }
    };
    ends.map(block).collect()
}

/// Ranges of close values, in decreasing order.
fn clusters(values: &[f64], close: f64) -> Vec<std::ops::Range<usize>> {
    let mut first = 0;
    let ends = (1..=values.len()).filter(|&end| end == values.len() || values[end - 1] - values[end] > close);
    ends.map(|end| std::mem::replace(&mut first, end)..end).collect()
}

/// A left and a right vector.
struct Pair {
    u: Vec<f64>,
    v: Vec<f64>,
}

impl Block {
    /// The vectors of a cluster of values.
    fn vectors(&self, cluster: std::ops::Range<usize>, size: f64) -> Option<Vec<Pair>> {
        let mut found = Vec::with_capacity(cluster.len());
        for i in cluster {
            let seed = (self.first + i) as u64;
            let pair = self.vector(self.values[i], &found, seed, size)?;
            found.push(pair);
        }
        Some(found)
    }

    /// The vectors of a value, orthogonal to `before`.
    fn vector(&self, value: f64, before: &[Pair], seed: u64, size: f64) -> Option<Pair> {
        let n = self.values.len();
        if n == 1 {
            return Some(Pair { u: vec![1f64.copysign(self.beside[0])], v: vec![1.0] });
        }
        let shifted = Shifted::new(&self.beside, value, f64::EPSILON * size);
        let mut x = start(2 * n, seed);
        let mut is_there = false;
        for _ in 0..SOLUTIONS {
            shifted.solve(&mut x);
            let mut pair =
                Pair { u: x.iter().skip(1).step_by(2).copied().collect(), v: x.iter().step_by(2).copied().collect() };
            // Twice: the second pass removes what rounding left in the first.
            for _ in 0..2 {
                before.iter().for_each(|other| {
                    subtract(&mut pair.u, &other.u);
                    subtract(&mut pair.v, &other.v);
                });
                normalize(&mut pair.u);
                normalize(&mut pair.v);
            }
            let was_there = is_there;
            is_there = residual(&self.beside, value, &pair.u, &pair.v) <= allowed(n, size);
            if was_there && is_there {
                return Some(pair);
            }
            x = pair.v.iter().zip(&pair.u).flat_map(|(&v, &u)| [v, u]).collect();
        }
        None
    }
}

/// x − (yᵀx)·y for y of length 1.
fn subtract(x: &mut [f64], y: &[f64]) {
    let along: f64 = x.iter().zip(y).map(|(x, y)| x * y).sum();
    x.iter_mut().zip(y).for_each(|(x, y)| *x -= along * y);
}

/// Scales x to length 1; zeros stay.
fn normalize(x: &mut [f64]) {
    let size = length(x);
    if size > 0.0 {
        x.iter_mut().for_each(|x| *x /= size);
    }
}

/// max(‖Bv − σu‖, ‖Bᵀu − σv‖) with the entries of B in order; not finite where a vector is not.
fn residual(beside: &[f64], value: f64, u: &[f64], v: &[f64]) -> f64 {
    let entry = |i: usize| beside.get(i).copied().unwrap_or(0.0);
    let (mut right, mut left) = (0.0, 0.0);
    for i in 0..u.len() {
        let next = v.get(i + 1).map_or(0.0, |v| entry(2 * i + 1) * v);
        let last = if i == 0 { 0.0 } else { entry(2 * i - 1) * u[i - 1] };
        right += (entry(2 * i) * v[i] + next - value * u[i]).powi(2);
        left += (entry(2 * i) * u[i] + last - value * v[i]).powi(2);
    }
    // NaN propagates through the sum.
    (right + left).sqrt()
}

/// Pseudorandom numbers in [−1, 1), determined by the seed.
fn start(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(0x2545_F491_4F6C_DD1D);
    let draw = |_| {
        state = state.wrapping_mul(0xD134_2543_DE82_EF95).wrapping_add(1);
        (state >> 11) as f64 / 2f64.powi(52) - 1.0
    };
    (0..count).map(draw).collect()
}

/// LU factors of T − σI for a tridiagonal T with a zero diagonal, with partial pivoting (each row is exchanged with the
/// next or not).
///
/// Golub and Van Loan, *Matrix Computations*, 4th ed., section 4.3.4.
struct Shifted {
    rows: Vec<Row>,
}

/// A row of U with the inverse of its pivot, and the multiplier that eliminates the next row.
struct Row {
    inverse: f64,
    next: f64,
    second: f64,
    by: f64,
    is_exchanged: bool,
}

impl Shifted {
    /// The factors, with pivots of modulus at least `least`.
    fn new(beside: &[f64], shift: f64, least: f64) -> Self {
        let n = beside.len() + 1;
        let at = |i: usize| beside.get(i).copied().unwrap_or(0.0);
        let inverted = |pivot: f64| 1.0 / if pivot.abs() < least { least.copysign(pivot) } else { pivot };
        // The remainder of row i: its pivot and the entry after it.
        let (mut pivot, mut next) = (-shift, at(0));
        let eliminated = |i: usize| {
            let below = at(i);
            if pivot.abs() >= below.abs() {
                let inverse = inverted(pivot);
                let by = below * inverse;
                let row = Row { inverse, next, second: 0.0, by, is_exchanged: false };
                (pivot, next) = (-shift - by * next, at(i + 1));
                row
            } else {
                let inverse = inverted(below);
                let by = pivot * inverse;
                let row = Row { inverse, next: -shift, second: at(i + 1), by, is_exchanged: true };
                (pivot, next) = (next + by * shift, -by * at(i + 1));
                row
            }
        };
        let rows = (0..n).map(eliminated).collect();
        Self { rows }
    }

    /// Overwrites x with (T − σI)⁻¹·x.
    fn solve(&self, x: &mut [f64]) {
        let n = x.len();
        for (i, row) in self.rows[..n - 1].iter().enumerate() {
            if row.is_exchanged {
                x.swap(i, i + 1);
            }
            x[i + 1] -= row.by * x[i];
        }
        let (mut after, mut second) = (0.0, 0.0);
        for (x, row) in x.iter_mut().zip(&self.rows).rev() {
            *x = (*x - row.next * after - row.second * second) * row.inverse;
            (after, second) = (*x, after);
        }
    }
}

/// The nearest matrix with orthonormal columns, for nearly orthonormal columns; `None` where they are not.
///
/// X·(3I − XᵀX)/2 (Björck and Bowie, SIAM J. Numer. Anal. 8 (1971) 358–364).
fn orthonormal(mut x: Matrix<f64>) -> Option<Matrix<f64>> {
    let k = x.columns();
    let unit = f64::EPSILON * (4.0 + (x.rows() as f64).sqrt());
    for _ in 0..=STEPS {
        let mut gram = lower_gram(x.as_ref(), 1.0);
        let lower = (0..k).flat_map(|j| (j..k).map(move |i| (i, j)));
        let off = |gram: &Matrix<f64>, (i, j): (usize, usize)| gram[(i, j)] - f64::from(i == j);
        let largest = lower.clone().map(|at| off(&gram, at).abs()).fold(0.0, f64::max);
        // Entries off the diagonal count twice, and so do those on it: an upper bound of ‖XᵀX − I‖_F².
        let squares = lower.clone().map(|at| 2.0 * off(&gram, at).powi(2)).sum::<f64>();
        if squares.is_nan() || squares > 0.01 {
            return None;
        }
        if largest <= unit {
            return Some(x);
        }
        lower.for_each(|(i, j)| {
            gram[(i, j)] = f64::from(i == j) - 0.5 * off(&gram, (i, j));
            gram[(j, i)] = gram[(i, j)];
        });
        x = multiply(x.as_ref(), gram.as_ref()).ok()?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::draw;

    fn cases(n: usize) -> Vec<(&'static str, Vec<f64>, Vec<f64>)> {
        let mut seed = n as u64;
        let mut random = |count: usize| -> Vec<f64> { (0..count).map(|_| draw(&mut seed)).collect() };
        let (d, e) = (random(n), random(n.saturating_sub(1)));
        let ones = |count: usize, x: f64| vec![x; count];
        let m = n.saturating_sub(1);
        // The square of Wilkinson's matrix is near this one: pairs that agree to rounding.
        let glued: Vec<f64> = (0..n).map(|i| ((i % 21) as f64 - 10.0).abs() / 10.0 + 0.1).collect();
        vec![
            ("random", d.clone(), e.clone()),
            ("identity", ones(n, 1.0), ones(m, 0.0)),
            ("signs", d.iter().map(|x| x.signum()).collect(), ones(m, 0.0)),
            ("nearly the identity", ones(n, 1.0), e.iter().map(|x| x * 1e-9).collect()),
            ("zero diagonal", ones(n, 0.0), e.clone()),
            ("zero", ones(n, 0.0), ones(m, 0.0)),
            ("toeplitz", ones(n, 1.0), ones(m, 0.9)),
            (
                "graded",
                (0..n).map(|i| 0.7f64.powi(i as i32)).collect(),
                (0..m).map(|i| 0.5 * 0.7f64.powi(i as i32)).collect(),
            ),
            (
                "rising",
                (0..n).map(|i| 0.7f64.powi((n - i) as i32)).collect(),
                (0..m).map(|i| 0.3 * 0.7f64.powi((n - i) as i32)).collect(),
            ),
            ("glued", glued, (0..m).map(|i| if i % 21 == 20 { 1e-8 } else { 0.1 }).collect()),
            (
                "a zero in the middle",
                d.iter().enumerate().map(|(i, x)| if i == n / 2 { 0.0 } else { *x }).collect(),
                e.clone(),
            ),
            ("split", d, e.iter().enumerate().map(|(i, x)| if i % 5 == 2 { 0.0 } else { *x }).collect()),
        ]
    }

    #[test]
    fn vectors_of_bidiagonal_matrices() {
        for n in [1, 2, 3, 7, 22, 64, 150] {
            for (what, d, e) in cases(n) {
                let all = bidiagonal_singular_values(&d, &e, f64::EPSILON);
                for k in [0, 1, n / 3, n] {
                    let Some(f) = bidiagonal_vectors(&d, &e, |_| Some(k)) else { panic!("{what}, {n}, {k}: none") };
                    let whole = Matrix::from_fn(n, n, |i, j| match j.wrapping_sub(i) {
                        0 => d[i],
                        1 => e[i],
                        _ => 0.0,
                    });
                    let room = 4e-15 * (1.0 + (n as f64).sqrt());
                    for (x, y) in f.values.iter().zip(&all) {
                        assert!((x - y).abs() <= room, "{what}, {n}: {x:e} beside {y:e}");
                    }
                    check(&f, &whole, k, room, &format!("{what}, {n}, {k}"));
                }
            }
        }
    }

    /// Compares the products entry by entry.
    fn check(f: &BidiagonalVectors, b: &Matrix<f64>, k: usize, room: f64, what: &str) {
        let n = b.rows();
        let dot = |x: &[f64], y: &[f64]| -> f64 { x.iter().zip(y).map(|(x, y)| x * y).sum() };
        for j in 0..k {
            let (u, v, s) = (f.u.column(j), f.v.column(j), f.values[j]);
            for i in 0..n {
                let bv: f64 = (0..n).map(|l| b[(i, l)] * v[l]).sum();
                let bu: f64 = (0..n).map(|l| b[(l, i)] * u[l]).sum();
                assert!((bv - s * u[i]).abs() <= room, "{what}: B·v{j} {:e}", bv - s * u[i]);
                assert!((bu - s * v[i]).abs() <= room, "{what}: Bᵀ·u{j} {:e}", bu - s * v[i]);
            }
            for l in 0..=j {
                let expected = f64::from(l == j);
                assert!((dot(u, f.u.column(l)) - expected).abs() <= room, "{what}: u{l}·u{j}");
                assert!((dot(v, f.v.column(l)) - expected).abs() <= room, "{what}: v{l}·v{j}");
            }
        }
    }
}
