//! Singular values of a bidiagonal matrix by dqds, the differential quotient-difference algorithm with shifts.
//!
//! Fernando and Parlett, Numer. Math. 67 (1994) 191–229; the shifts follow Parlett and Marques, Linear Algebra Appl.
//! 309 (2000) 217–259. Each transformation preserves every value to a relative few ε and costs n divisions. About three
//! of them give one value, so that all values take a fifth of the time of bisection; rounding errors accumulate over
//! all transformations, to about √n·ε. Where it does not converge, bisection is used.

use crate::instructions::instructions;

/// Maximum number of transformations a value, on average.
const SWEEPS: usize = 30;
/// A coupling below this share of its neighbours changes no digit of any value.
const NEGLIGIBLE: f64 = 16.0 * f64::EPSILON * f64::EPSILON;

/// BᵀB − σ·I in factored form: qᵢ and eᵢ are the squares of the diagonal and superdiagonal entries of a bidiagonal
/// matrix.
struct Array {
    q: Vec<f64>,
    e: Vec<f64>,
    next_q: Vec<f64>,
    next_e: Vec<f64>,
    /// The sum of all shifts so far.
    sigma: f64,
    /// The rounding error of that sum.
    lost: f64,
    last: Option<Minima>,
}

/// Upper bounds for the smallest remaining value, from one transformation.
#[derive(Clone, Copy)]
struct Minima {
    /// The minimum of all dᵢ.
    all: f64,
    /// Without the last one.
    but_one: f64,
    /// Without the last two.
    but_two: f64,
    /// The last d, and the two before it.
    end: [f64; 3],
}

impl Minima {
    /// The bounds after the last entry has been deflated: the minima over the others.
    fn without_last(self) -> Self {
        let [_, dn1, dn2] = self.end;
        Self { all: self.but_one, but_one: self.but_two, but_two: self.but_two, end: [dn1, dn2, f64::NAN] }
    }
}

/// All singular values of the bidiagonal matrix with these moduli on and above its diagonal, in decreasing order;
/// `None` where the transformations do not converge.
///
/// The entries must be finite and near 1 in size.
pub(crate) fn bidiagonal_values(diagonal: &[f64], above: &[f64]) -> Option<Vec<f64>> {
    let mut values = squares(Array::of(diagonal, above))?;
    values.iter_mut().for_each(|x| *x = x.sqrt());
    Some(values)
}

/// The values of an array, in decreasing order.
fn squares(mut work: Array) -> Option<Vec<f64>> {
    let n = work.q.len();
    let mut values = Vec::with_capacity(n);
    let mut left = SWEEPS * n;
    while !work.q.is_empty() {
        while work.deflate(&mut values) {}
        if work.q.is_empty() {
            break;
        }
        left = left.checked_sub(1)?;
        work.step(&mut left)?;
    }
    values.iter_mut().for_each(|x: &mut f64| *x = x.max(0.0));
    values.sort_by(|x, y| y.total_cmp(x));
    values.iter().all(|x| x.is_finite()).then_some(values)
}

/// All eigenvalues of the symmetric tridiagonal matrix with this diagonal and these moduli of the subdiagonal, in
/// increasing order; `None` where the transformations do not converge.
///
/// For a shift s below all eigenvalues T − s·I = LLᵀ, and the eigenvalues follow from the singular values of L. The
/// entries must be finite, and at most near 1 in size.
pub(crate) fn tridiagonal_values(diagonal: &[f64], beside: &[f64]) -> Option<Vec<f64>> {
    let n = diagonal.len();
    let b = |i: usize| beside.get(i).copied().unwrap_or(0.0).abs();
    let radius = |i: usize| (if i + 1 < n { b(i) } else { 0.0 }) + if i > 0 { b(i - 1) } else { 0.0 };
    let lower = (0..n).map(|i| diagonal[i] - radius(i)).fold(f64::INFINITY, f64::min);
    let size = (0..n).map(|i| diagonal[i].abs() + radius(i)).fold(0.0, f64::max);
    if size == 0.0 {
        return Some(vec![0.0; n]);
    }
    let s = lower - 4.0 * f64::EPSILON * size;
    let (mut q, mut e) = (Vec::with_capacity(n), Vec::with_capacity(n));
    let mut left = 0.0;
    for (i, a) in diagonal.iter().enumerate() {
        let pivot = (a - s) - left;
        if pivot.is_nan() || pivot <= 0.0 {
            return None;
        }
        left = b(i) * b(i) / pivot;
        q.push(pivot);
        e.push(left);
    }
    e.truncate(n - 1);
    let mut values = squares(Array::from_squares(q, e))?;
    values.iter_mut().for_each(|x| *x += s);
    values.reverse();
    Some(values)
}

impl Array {
    fn of(diagonal: &[f64], above: &[f64]) -> Self {
        let n = diagonal.len();
        let q = diagonal.iter().map(|x| x * x).collect();
        let e = above.iter().take(n.saturating_sub(1)).map(|x| x * x).collect();
        Self::from_squares(q, e)
    }

    fn from_squares(mut q: Vec<f64>, mut e: Vec<f64>) -> Self {
        let n = q.len();
        if n > 1 && 1.5 * q[0] < q[n - 1] {
            // Small values are found first where they are last: reversed, B becomes its transpose.
            q.reverse();
            e.reverse();
        }
        let (next_q, next_e) = (q.clone(), e.clone());
        Self { q, e, next_q, next_e, sigma: 0.0, lost: 0.0, last: None }
    }

    /// Deflates one or two values at the end, where their coupling is negligible.
    fn deflate(&mut self, values: &mut Vec<f64>) -> bool {
        let n = self.q.len();
        let total = |x: f64| self.sigma + (self.lost + x);
        match n {
            0 => return false,
            1 => {
                values.push(total(self.q[0]));
                self.shorten(1);
                return true;
            }
            _ => {}
        }
        let is_apart = |at: usize| {
            let e = self.e[at];
            e <= NEGLIGIBLE * total(self.q[at + 1]) || e <= NEGLIGIBLE * self.q[at]
        };
        if is_apart(n - 2) {
            values.push(total(self.q[n - 1]));
            self.shorten(1);
            return true;
        }
        if n == 2 || is_apart(n - 3) {
            let (large, small) = pair(self.q[n - 2], self.e[n - 2], self.q[n - 1]);
            values.push(total(large));
            values.push(total(small));
            self.shorten(2);
            return true;
        }
        false
    }

    fn shorten(&mut self, count: usize) {
        let n = self.q.len() - count;
        self.q.truncate(n);
        self.next_q.truncate(n);
        self.e.truncate(n.saturating_sub(1));
        self.next_e.truncate(n.saturating_sub(1));
        for _ in 0..count {
            self.last = self.last.map(Minima::without_last);
        }
    }

    /// One transformation with a shift that keeps all remaining dᵢ nonnegative.
    fn step(&mut self, left: &mut usize) -> Option<()> {
        let mut shift = self.shift();
        loop {
            let found = self.transform(shift);
            let is_number = found.all.is_finite() && found.end[0].is_finite();
            if is_number && found.all >= 0.0 {
                std::mem::swap(&mut self.q, &mut self.next_q);
                std::mem::swap(&mut self.e, &mut self.next_e);
                self.last = Some(found);
                let sum = self.sigma + shift;
                self.lost += shift - (sum - self.sigma);
                self.sigma = sum;
                return Some(());
            }
            if shift == 0.0 {
                return None;
            }
            *left = left.checked_sub(1)?;
            // Only the last d is negative: s + d is a lower bound that is nearly sharp. Otherwise the shift was far too
            // large.
            let near = shift + found.end[0];
            shift = if is_number && found.but_one > 0.0 && near > 0.0 {
                near * (1.0 - 2.0 * f64::EPSILON)
            } else {
                shift / 4.0
            };
            if shift < f64::MIN_POSITIVE / f64::EPSILON {
                shift = 0.0;
            }
        }
    }

    /// Writes q and e of the array shifted by s to `next_q` and `next_e`.
    fn transform(&mut self, s: f64) -> Minima {
        let Self { q, e, next_q, next_e, .. } = self;
        instructions().dispatch(Transform { q, e, next_q, next_e, s })
    }

    /// A lower bound of the smallest value, or nearly one.
    fn shift(&self) -> f64 {
        let n = self.q.len();
        let Some(last) = self.last else {
            return 0.0;
        };
        let [dn, dn1, _] = last.end;
        if last.all != dn {
            // The smallest value belongs to entries farther up.
            return if last.all == dn1 { last.all / 3.0 } else { last.all / 4.0 };
        }
        let b1 = self.q[n - 1].sqrt() * self.e[n - 2].sqrt();
        let a2 = self.q[n - 2] + self.e[n - 2];
        let b2 = if n > 2 { self.q[n - 2].sqrt() * self.e[n - 3].sqrt() } else { 0.0 };
        if last.but_one == dn1 {
            let gap2 = 0.75 * last.but_two - a2;
            let gap1 = if gap2 > 0.0 && gap2 > b2 { a2 - dn - (b2 / gap2) * b2 } else { a2 - dn - (b1 + b2) };
            if gap1 > 0.0 && gap1 > b1 {
                return (dn - (b1 / gap1) * b1).max(0.5 * last.all);
            }
        }
        let mut s = if dn > b1 { dn - b1 } else { 0.0 };
        if a2 > b1 + b2 {
            s = s.min(a2 - (b1 + b2));
        }
        s.max(last.all / 3.0)
    }
}

struct Transform<'a> {
    q: &'a [f64],
    e: &'a [f64],
    next_q: &'a mut [f64],
    next_e: &'a mut [f64],
    s: f64,
}

impl pulp::WithSimd for Transform<'_> {
    type Output = Minima;

    /// q̂ᵢ = dᵢ + eᵢ, êᵢ = eᵢ·qᵢ₊₁/q̂ᵢ, dᵢ₊₁ = dᵢ·qᵢ₊₁/q̂ᵢ − s.
    ///
    /// Each d depends on the one before it: the products are computed beside the sum, and the only division is 1/q̂ᵢ.
    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Minima {
        let Self { q, e, next_q, next_e, s } = self;
        let n = q.len();
        let mut d = q[0] - s;
        let (mut before, mut second) = (f64::INFINITY, f64::INFINITY);
        let (mut but_one, mut but_two) = (f64::INFINITY, f64::INFINITY);
        let (to_q, last) = next_q.split_at_mut(n - 1);
        for (((&q, &e), to_q), to_e) in q[1..].iter().zip(&e[..n - 1]).zip(to_q).zip(&mut next_e[..n - 1]) {
            let sum = d + e;
            let inverse = 1.0 / sum;
            second = before;
            before = d;
            but_two = but_one;
            but_one = but_one.min(d);
            *to_q = sum;
            *to_e = (e * q) * inverse;
            // A fused multiply-add is one instruction here, but a slow call on a processor without it.
            d = if S::IS_SCALAR { (d * q) * inverse - s } else { (d * q).mul_add(inverse, -s) };
        }
        last[0] = d;
        // `min` ignores NaN; a NaN shows in the last d.
        Minima { all: but_one.min(d), but_one, but_two, end: [d, before, second] }
    }
}

/// The two values of q₁, e, q₂: the eigenvalues of [q₁ + e, √(e·q₂); √(e·q₂), q₂], the larger first.
fn pair(q1: f64, e: f64, q2: f64) -> (f64, f64) {
    let trace = q1 + e + q2;
    if trace == 0.0 {
        return (0.0, 0.0);
    }
    // λ₁ = (trace + √(trace² − 4·q₁·q₂))/2 with the root of a sum of squares; λ₂ = q₁·q₂/λ₁.
    let half = 0.5 * ((q1 - q2) + e);
    let root = half.hypot((q2 * e).sqrt());
    let large = 0.5 * trace + root;
    (large, (q1 / large) * q2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bisect::bidiagonal_singular_values;

    fn check(diagonal: &[f64], above: &[f64], what: &str) {
        let expected = bidiagonal_singular_values(diagonal, above, f64::EPSILON);
        let found = bidiagonal_values(diagonal, above).unwrap_or_else(|| panic!("{what} does not converge"));
        assert_eq!(found.len(), expected.len(), "{what}");
        let scale = expected.first().copied().unwrap_or(0.0);
        for (i, (x, y)) in found.iter().zip(&expected).enumerate() {
            let off = (x - y).abs() / (f64::EPSILON * scale.max(f64::MIN_POSITIVE));
            // About 3n transformations with a rounding error or two each, which accumulate like a random walk.
            assert!(off <= 4.0 + 4.0 * (found.len() as f64).sqrt(), "{what}, {i}: {x:e} beside {y:e}, {off:.1} ε");
        }
    }

    fn random(n: usize, seed: u64) -> Vec<f64> {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        (0..n)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 11) as f64 / 2f64.powi(53)
            })
            .collect()
    }

    #[test]
    fn agrees_with_bisection() {
        for n in [1usize, 2, 3, 4, 5, 8, 16, 31, 64, 200, 500] {
            for seed in 0..20 {
                let (a, b) = (random(n, 2 * seed), random(n - 1, 2 * seed + 1));
                check(&a, &b, &format!("random {n}, {seed}"));
                let grade =
                    |x: &[f64], by: f64| x.iter().enumerate().map(|(i, x)| x * by.powi(i as i32)).collect::<Vec<_>>();
                check(&grade(&a, 0.7), &grade(&b, 0.7), &format!("falling {n}, {seed}"));
                let mut up = (grade(&a, 0.7), grade(&b, 0.7));
                up.0.reverse();
                up.1.reverse();
                check(&up.0, &up.1, &format!("rising {n}, {seed}"));
                let holes = |x: &[f64], k: usize| {
                    x.iter().enumerate().map(|(i, &x)| if i % k == 1 { 0.0 } else { x }).collect::<Vec<_>>()
                };
                check(&a, &holes(&b, 3), &format!("split {n}, {seed}"));
            }
        }
    }

    #[test]
    fn closed_forms_and_clusters() {
        for n in [1usize, 2, 10, 100, 300] {
            // The bidiagonal factor of the second difference: σₖ = 2·cos(kπ/(2n + 1)).
            let found = bidiagonal_values(&vec![0.5; n], &vec![0.5; n - 1]).unwrap();
            for (k, x) in found.iter().enumerate() {
                let expected = ((k + 1) as f64 * std::f64::consts::PI / (2 * n + 1) as f64).cos();
                assert!(
                    (x - expected).abs() < (2.0 + 2.0 * (n as f64).sqrt()) * f64::EPSILON,
                    "{n}, {k}: {x} beside {expected}"
                );
            }
            check(&vec![1.0; n], &vec![0.0; n - 1], "identity");
            check(&vec![1.0; n], &vec![1e-9; n - 1], "nearly identity");
            check(&vec![0.0; n], &vec![0.0; n - 1], "zero");
        }
        check(&[1.0, 0.0, 1.0], &[1.0, 1.0], "a zero on the diagonal");
    }
}
