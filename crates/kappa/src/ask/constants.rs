//! The best constant c with ‖A‖ ≤ c·‖A‖′ for all m×n matrices of rank at most r, and a matrix that attains it.

use kappa_dense::Matrix;

use super::certified_norm;
use crate::arithmetic::power::{Exponent, root};
use crate::enclosure::directed::max_or_nan;
use crate::enclosure::directed::{div_up, mul_up};
use crate::error::{Error, Result};
use crate::norm::{Family, Gauge, Mixed, Norm, Outside, Structure, has_exact_conjugate};
use crate::{Enclosure, Evidence};

/// The largest ratio of two norms.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    /// The constant. Both ends agree where it is attained; otherwise the lower end is the best ratio found and the
    /// upper end holds for every matrix.
    pub value: Enclosure,
    /// A matrix with that ratio, where one was found.
    pub attained_by: Option<Matrix<f64>>,
}

/// The number of entries above which no matrix is searched.
const LOOK_UP_TO: usize = 1 << 14;
/// The relative difference below which two ends count as equal.
const SAME: f64 = 1e-10;

impl Norm {
    /// The largest ‖A‖ / ‖A‖′ over m×n matrices A ≠ 0 of rank at most r, where ‖·‖ is this norm and ‖·‖′ is `other`.
    ///
    /// From above by a shortest path through elementary inequalities (Hölder on entries, on singular values, on columns
    /// and rows, and between induced norms); from below by trying matrices that attain them: e₁e₁ᵀ, ones, one row or
    /// column of ones, the identity of rank r, balanced selections, Hadamard matrices.
    ///
    /// # Errors
    ///
    /// When r = 0 or r > min(m, n), when m·n overflows, and when no path is known.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::Norm;
    /// // ‖A‖_F ≤ √m·‖A‖_∞ and ‖A‖_∞ ≤ √n·‖A‖_F for m×n matrices: a column, a row of ones attains them.
    /// let c = Norm::frobenius().constant(&Norm::max_row_sum(), 9, 4, 4)?;
    /// assert!(c.value.contains(3.0) && c.attained_by.is_some());
    /// let c = Norm::max_row_sum().constant(&Norm::frobenius(), 9, 4, 4)?;
    /// assert!(c.value.contains(2.0) && c.attained_by.is_some());
    /// # Ok::<(), kappa::Error>(())
    /// ```
    ///
    /// Reference: Higham, *Accuracy and Stability*, 2nd ed., section 6.2; Horn and Johnson, *Matrix Analysis*, 5.6.
    pub fn constant(&self, other: &Self, m: usize, n: usize, r: usize) -> Result<Constant> {
        if r == 0 || r > m.min(n) {
            return Err(Error::shape(format!(
                "`rank` must lie between 1 and min(m, n) for a nonzero {m}×{n} matrix, got {r}"
            ))
            .with_hint("the largest rank is the smaller dimension"));
        }
        if m.checked_mul(n).is_none() {
            return Err(Error::limit(format!("the number of entries of a {m}×{n} matrix overflows")));
        }
        let upper = self.bound_against(other, m, n, r)?;
        let (reached, best) = match self.best_candidate(other, m, n, r) {
            Some((ratio, candidate)) => (ratio, Some(candidate)),
            None => (Enclosure::exact(0.0), None),
        };
        let is_attained = upper <= reached.upper() * (1.0 + SAME);
        let value = Enclosure::new(
            reached.lower(),
            if is_attained { reached.estimate().min(upper) } else { reached.lower() },
            upper,
            Evidence::Theorem("Hölder").and(reached.evidence()),
        );
        Ok(Constant { value, attained_by: best.filter(|_| is_attained) })
    }

    /// c with ‖A‖ ≤ c·‖A‖′ for all m×n matrices of rank at most r, where a path is known: the upper end of
    /// [`Norm::constant`].
    pub(crate) fn bound_against(&self, other: &Self, m: usize, n: usize, r: usize) -> Result<f64> {
        path(*self, *other, &Sizes { m, n, r }).ok_or_else(|| {
            Error::unsupported(format!("no inequality between {self} and {other} is known"))
                .with_hint("norms of the entries, of the singular values and induced norms can be compared")
        })
    }

    /// The candidate with the largest ratio, and that ratio with every rounding error counted.
    fn best_candidate(&self, other: &Self, m: usize, n: usize, r: usize) -> Option<(Enclosure, Matrix<f64>)> {
        if m * n > LOOK_UP_TO {
            return None;
        }
        let ratio = |a: &Matrix<f64>| Some(crate::norm(a, *self).ok()?.over(crate::norm(a, *other).ok()?).estimate());
        let rated = candidates(m, n, r).into_iter().filter_map(|a| Some((ratio(&a)?, a)));
        let (_, best) = rated.max_by(|x, y| x.0.total_cmp(&y.0))?;
        Some((certified_norm(&best, *self).ok()?.over(certified_norm(&best, *other).ok()?), best))
    }
}

struct Sizes {
    m: usize,
    n: usize,
    r: usize,
}

/// ‖x‖ₚ ≤ d^(1/p − 1/q)·‖x‖_q for p < q and d entries, and ≤ ‖x‖_q for p ≥ q. The case is decided and the power
/// computed for the exact p and q, since 1/p − 1/q may round to zero.
fn holder(d: usize, p: f64, q: f64) -> f64 {
    if p >= q || d <= 1 { 1.0 } else { Exponent::harmonic(q, p).inverse().of_base(counted(d)).1 }
}

/// A number of entries as a double, rounded up: above 2⁵³ not every integer is a double.
fn counted(d: usize) -> f64 {
    if d <= 1 << 53 { d as f64 } else { (d as f64).next_up() }
}

/// x·y rounded up; exact where one of them is 1.
fn times(x: f64, y: f64) -> f64 {
    match (x == 1.0, y == 1.0) {
        (true, _) => y,
        (_, true) => x,
        _ => mul_up(x, y),
    }
}

/// The effect of a rounded conjugate exponent: |1/p* − 1/p̂*| ≤ 2u, twice, so that d ≤ 2⁶⁴ entries change the constant
/// by a factor of at most d^(4u) ≤ 1 + 180u.
const CONJUGATE: f64 = 1.0 + 128.0 * f64::EPSILON;

impl Norm {
    /// The exponents (p, q), where this is an induced norm.
    fn induced_exponents(&self) -> Option<(f64, f64)> {
        match self.0 {
            Family::Induced(p, q) => Some((p, q)),
            Family::MaxAbs => Some((1.0, f64::INFINITY)),
            Family::Schatten(f64::INFINITY) => Some((2.0, 2.0)),
            _ => None,
        }
    }

    /// Whether its structure holds a rounded conjugate exponent.
    fn rounds_conjugate(&self) -> bool {
        match self.0 {
            Family::Induced(p, f64::INFINITY) | Family::DualInduced(1.0, p) => !has_exact_conjugate(p),
            _ => false,
        }
    }

    /// Whether `dual` rounds an exponent.
    fn has_rounded_dual(&self) -> bool {
        match self.0 {
            Family::Schatten(p) | Family::Entrywise(p) => !has_exact_conjugate(p),
            _ => false,
        }
    }

    /// One elementary inequality: c such that this norm is at most c times the other.
    fn edge(&self, other: &Self, s: &Sizes) -> Option<f64> {
        if self == other {
            return Some(1.0);
        }
        let mut best: Option<f64> = None;
        let mut offer = |c: f64| best = Some(best.map_or(c, |b: f64| b.min(c)));
        if let (Some(x), Some(y)) = (self.gauge(), other.gauge())
            && let Some(c) = between_gauges(x, y, s.r)
        {
            offer(c);
        }
        if let (Some((p, q)), Some((p2, q2))) = (self.induced_exponents(), other.induced_exponents()) {
            offer(times(holder(s.n, p2, p), holder(s.m, q, q2)));
        }
        let slack = if self.rounds_conjugate() || other.rounds_conjugate() { CONJUGATE } else { 1.0 };
        let mut offer = |c: f64| offer(times(c, slack));
        match (self.structure(), other.structure()) {
            (Structure::Entries(p), Structure::Entries(q)) => offer(holder(s.m.saturating_mul(s.n), p, q)),
            (Structure::Columns(x), Structure::Columns(y)) => offer(between_lines(x, y, s.m, s.n)),
            (Structure::Rows(x), Structure::Rows(y)) => offer(between_lines(x, y, s.n, s.m)),
            (Structure::Columns(x), Structure::Entries(q)) => offer(lines_by_entries(x, q, s.m, s.n)),
            (Structure::Rows(x), Structure::Entries(q)) => offer(lines_by_entries(x, q, s.n, s.m)),
            (Structure::Entries(p), Structure::Columns(y)) => offer(entries_by_lines(p, y, s.m, s.n)),
            (Structure::Entries(p), Structure::Rows(y)) => offer(entries_by_lines(p, y, s.n, s.m)),
            _ => {}
        }
        best
    }
}

/// Gauges of r values: the ratio is largest at e₁ or at equal values.
fn between_gauges(x: Gauge, y: Gauge, r: usize) -> Option<f64> {
    if x.is_dual || y.is_dual {
        // x ≤ c·y for all vectors of r entries is equivalent to y* ≤ c·x*.
        let is_exact = [x, y].iter().all(|g| g.is_dual || g.k != usize::MAX || has_exact_conjugate(g.p));
        let (x, y) = (y.dual(), x.dual());
        let found = if x.is_dual || y.is_dual { None } else { between_gauges(x, y, r) };
        return found.map(|c| if is_exact { c } else { times(c, CONJUGATE) });
    }
    let (k, l) = (x.k.min(r), y.k.min(r));
    if k == l {
        return Some(holder(k, x.p, y.p));
    }
    let below = if y.p == f64::INFINITY { 1.0 } else { root(l.min(k) as f64, y.p).lower() };
    Some(max_or_nan(div_up(holder(k, x.p, f64::INFINITY), below), 1.0))
}

/// The largest norm, or the sum of the norms, of `count` lines of `d` entries.
fn between_lines(x: Mixed, y: Mixed, d: usize, count: usize) -> f64 {
    let inside = holder(d, x.p, y.p);
    if x.outside == Outside::Sum && y.outside == Outside::Largest { times(inside, counted(count)) } else { inside }
}

fn lines_by_entries(x: Mixed, q: f64, d: usize, count: usize) -> f64 {
    let inside = holder(d, x.p, q);
    if x.outside == Outside::Sum { times(inside, holder(count, 1.0, q)) } else { inside }
}

fn entries_by_lines(p: f64, y: Mixed, d: usize, count: usize) -> f64 {
    let inside = holder(d, p, y.p);
    if y.outside == Outside::Largest { times(inside, holder(count, p, f64::INFINITY)) } else { inside }
}

/// The shortest path from one norm to the other, through norms with many known inequalities.
fn path(from: Norm, to: Norm, s: &Sizes) -> Option<f64> {
    let ones = Norm(Family::Entrywise(1.0));
    let mut nodes = vec![from, to, Norm::frobenius(), Norm::spectral(), Norm::nuclear(), Norm::max_abs(), ones];
    nodes.extend([Norm::max_column_sum(), Norm::max_row_sum()]);
    nodes.extend([Norm(Family::Induced(1.0, 2.0)), Norm(Family::Induced(2.0, f64::INFINITY))]);
    nodes.extend(nodes.clone().iter().map(Norm::dual));
    let count = nodes.len();
    let transposed = |x: &Norm, y: &Norm| {
        // ‖A‖ ≤ c‖A‖′ for all A is equivalent to ‖A‖′* ≤ c‖A‖* for the duals, where the rank is not restricted.
        let slack = if x.has_rounded_dual() || y.has_rounded_dual() { CONJUGATE } else { 1.0 };
        let is_any_rank = s.r == s.m.min(s.n);
        if is_any_rank { y.dual().edge(&x.dual(), s).map(|c| times(c, slack)) } else { None }
    };
    let mut distance: Vec<Vec<Option<f64>>> = (0..count)
        .map(|i| {
            (0..count)
                .map(|j| {
                    let (x, y) = (nodes[i].edge(&nodes[j], s), transposed(&nodes[i], &nodes[j]));
                    match (x, y) {
                        (Some(x), Some(y)) => Some(x.min(y)),
                        (x, y) => x.or(y),
                    }
                })
                .collect()
        })
        .collect();
    for k in 0..count {
        for i in 0..count {
            for j in 0..count {
                if let (Some(x), Some(y)) = (distance[i][k], distance[k][j]) {
                    let through = times(x, y);
                    if distance[i][j].is_none_or(|d| through < d) {
                        distance[i][j] = Some(through);
                    }
                }
            }
        }
    }
    distance[0][1]
}

/// Matrices of rank at most r that attain the elementary inequalities.
fn candidates(m: usize, n: usize, r: usize) -> Vec<Matrix<f64>> {
    let mut found = vec![
        Matrix::from_fn(m, n, |i, j| f64::from(i == 0 && j == 0)),
        Matrix::from_fn(m, n, |_, _| 1.0),
        Matrix::from_fn(m, n, |i, _| f64::from(i == 0)),
        Matrix::from_fn(m, n, |_, j| f64::from(j == 0)),
        // Every row (or column) selects one of r positions in turn.
        Matrix::from_fn(m, n, |i, j| f64::from(i == j % r && i < r)),
        Matrix::from_fn(m, n, |i, j| f64::from(j == i % r && j < r)),
    ];
    found.extend((1..=r).map(|k| Matrix::from_fn(m, n, |i, j| f64::from(i == j && i < k))));
    // A Sylvester sign matrix, repeated: rank 2^k, with equal singular values where its order divides both sides.
    let order = 1usize << r.ilog2();
    let sign = |i: usize, j: usize| if ((i % order) & (j % order)).count_ones().is_multiple_of(2) { 1.0 } else { -1.0 };
    found.push(Matrix::from_fn(m, n, sign));
    found
}
