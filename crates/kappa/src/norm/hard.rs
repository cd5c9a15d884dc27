//! max ‖Ax‖_q / ‖x‖_p where it has no closed form: an enclosure from below by the nonlinear power method, from above by the
//! best of several certified bounds.
//!
//! Finding the value is NP-hard for ∞→1, ∞→2, 2→1 and in general (Steinberg 2005; Hendrickx and Olshevsky, SIMAX 31 (2010)).
//! For real matrices x is real, for complex ones complex; for p > q the two values differ.

use kappa_dense::{Matrix, MatrixRef, Scalar, svd};

use super::ball::with_modulus;
use super::gauge::{PairSum, conjugate_bounds, norm_bounds};
use super::{Gauge, conjugate, modulus};
use crate::arithmetic::{dot, power::Exponent};
use crate::enclosure::directed::{
    SMALLEST, UNIT_ROUNDOFF, add_up, div_down, div_up, gamma_up, mul_down, mul_up, norm_down, norm_up, times_power,
};
use crate::enclosure::{SpectralCertificate, spectral_bounds};
use crate::random::Draws;
use crate::{Enclosure, Evidence, Profile};

/// How an induced norm without a closed form is searched: passed last, and usually left at its default.
///
/// ```
/// use kappa::{Induced, Matrix, gallery, induced_norm};
/// // The Hadamard matrix of order 4 stretches a sign vector to at most 8 in the sum norm.
/// let a = gallery::hadamard(2);
/// assert!(induced_norm(&a, f64::INFINITY, 1.0, &Induced::default())?.contains(8.0));
/// # Ok::<(), kappa::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Induced {
    /// Random starts of the power method, besides a few that are always tried.
    pub starts: usize,
    /// Which random starts.
    pub seed: u64,
    /// ∞→1, ∞→2 and 2→1 are answered exactly by trying all sign vectors of up to this many entries.
    pub signs: usize,
}

impl Default for Induced {
    fn default() -> Self {
        Self { starts: 24, seed: 0, signs: 20 }
    }
}

/// Rounds of the power method from one start.
const ROUNDS: usize = 300;
/// Updates of the weights behind the factorisation bound, and the order up to which as many are affordable.
const UPDATES: usize = 96;
const UPDATES_UP_TO: usize = 400;

/// The enclosure for a finite matrix and any 1 ≤ p, q ≤ ∞ but those with a closed form.
pub(crate) fn hard_value<T: Scalar>(a: MatrixRef<'_, T>, p: f64, q: f64, how: &Induced) -> Enclosure {
    let max_abs = (0..a.columns()).flat_map(|j| (0..a.rows()).map(move |i| modulus(a.get(i, j)))).fold(0.0, f64::max);
    if max_abs == 0.0 {
        return Enclosure::exact(0.0);
    }
    let e = (max_abs.log2().floor() as i32).clamp(-1000, 1000);
    let factor = times_power(1.0, -e).0;
    let wide = a.to_wide();
    let scaled = Matrix::from_fn(wide.rows(), wide.columns(), |i, j| wide[(i, j)].scale(factor));
    let found = Problem::new(&scaled, p, q).solve(how);
    // Entries that scaling pushed below the range: each less than 2⁻¹⁰⁷⁴, and the norm at most their sum.
    let lost = mul_up((a.rows() * a.columns()) as f64, SMALLEST);
    let (lower, upper) = ((found.lower() - lost).next_down().max(0.0), add_up(found.upper(), lost));
    let estimate = times_power(found.estimate(), e).0;
    Enclosure::new(times_power(lower, e).0, estimate, times_power(upper, e).1, found.evidence())
}

/// A subgradient of the induced norm: ⟨wxᴴ, A⟩ = ‖Ax‖_q for the best x found and the dual vector w of Ax.
pub(super) fn slope<W: Scalar<Wide = W>>(a: &Matrix<W>, p: f64, q: f64) -> Matrix<W> {
    let problem = Problem::new(a, p, q);
    let x = problem.search(&Induced::default());
    let w = dual_vector(q, &problem.image(&x));
    Matrix::from_fn(a.rows(), a.columns(), |i, j| w[i] * x[j].conj())
}

/// The best vector found for ‖A‖_{p→q}.
pub(crate) fn induced_maximiser(a: &Matrix<f64>, p: f64, q: f64, how: &Induced) -> Vec<f64> {
    Problem::new(a, p, q).search(how)
}

/// α and β of the factorisation bound for p ≥ 2 ≥ q.
pub(crate) fn grothendieck_weights(a: &Matrix<f64>, p: f64, q: f64) -> (Vec<f64>, Vec<f64>) {
    Problem::new(a, p, q).weights()
}

struct Problem<'a, W: Scalar> {
    a: &'a Matrix<W>,
    adjoint: Matrix<W>,
    p: f64,
    q: f64,
}

/// The vector of norm 1 in the dual norm with ⟨w, y⟩ = ‖y‖_q; zeros for y = 0.
fn dual_vector<W: Scalar>(q: f64, y: &[W]) -> Vec<W> {
    let moduli: Vec<f64> = y.iter().map(|&y| modulus(y)).collect();
    let sizes = super::mixed::dual_vector(Gauge::lp(q), &moduli);
    y.iter().zip(sizes).map(|(&y, size)| with_modulus(y, size)).collect()
}

impl<'a, W: Scalar<Wide = W>> Problem<'a, W> {
    fn new(a: &'a Matrix<W>, p: f64, q: f64) -> Self {
        Self { a, adjoint: a.adjoint(), p, q }
    }

    fn solve(&self, how: &Induced) -> Enclosure {
        if let Some(found) = self.known() {
            return found;
        }
        if let Some(found) = self.by_signs(how.signs) {
            return found;
        }
        let x = self.search(how);
        let lower = self.reached(&x);
        let (mut upper, mut theorem) = (f64::INFINITY, "no bound");
        for (bound, name) in self.upper_bounds() {
            if bound < upper {
                (upper, theorem) = (bound, name);
            }
        }
        Enclosure::new(lower, lower, upper, Evidence::Theorem(theorem))
    }

    fn image(&self, x: &[W]) -> Vec<W> {
        product(self.a, x)
    }

    fn size(gauge: f64, x: &[W]) -> f64 {
        let moduli: Vec<f64> = x.iter().map(|&x| modulus(x)).collect();
        super::mixed::gauge_of(Gauge::lp(gauge), &moduli)
    }

    /// The best x of several starts: x ← the p*-dual vector of Aᴴ(the q-dual vector of Ax), which never lowers the ratio
    /// (Boyd, Linear Algebra Appl. 9 (1974) 95–101; Higham, Numer. Math. 62 (1992) 539–555).
    fn search(&self, how: &Induced) -> Vec<W> {
        let n = self.a.columns();
        let one = W::from_parts(1.0, 0.0);
        let mut starts = vec![vec![one; n]];
        let longest = (0..n).max_by(|&i, &j| {
            let size = |j: usize| Self::size(self.q, self.a.column(j));
            size(i).total_cmp(&size(j))
        });
        starts.extend(longest.map(|j| (0..n).map(|i| if i == j { one } else { W::default() }).collect()));
        if let Ok(f) = svd(self.a.as_ref(), kappa_dense::Shape::Thin) {
            starts.extend((0..f.vectors.v.columns().min(4)).map(|j| f.vectors.v.column(j).to_vec()));
        }
        let mut draws = Draws(how.seed ^ 0x1d0c);
        starts.extend((0..how.starts).map(|_| (0..n).map(|_| W::from_parts(draws.normal(), draws.normal())).collect()));
        let mut best = (f64::NEG_INFINITY, vec![one; n]);
        for start in starts {
            let found = self.climb(start);
            if found.0 > best.0 {
                best = found;
            }
        }
        best.1
    }

    fn climb(&self, mut x: Vec<W>) -> (f64, Vec<W>) {
        let dual_p = conjugate(self.p);
        let mut best = f64::NEG_INFINITY;
        let mut best_x = x.clone();
        for _ in 0..ROUNDS {
            let size = Self::size(self.p, &x);
            if size == 0.0 {
                break;
            }
            let y = self.image(&x);
            let ratio = Self::size(self.q, &y) / size;
            if ratio > best {
                best_x.clone_from(&x);
            }
            if ratio <= best * (1.0 + 1e-15) {
                break;
            }
            best = ratio;
            let z = product(&self.adjoint, &dual_vector(self.q, &y));
            x = dual_vector(dual_p, &z);
            if self.p == f64::INFINITY {
                // Where z is 0 any sign will do: keep the vector full.
                x.iter_mut().filter(|x| **x == W::default()).for_each(|x| *x = W::from_parts(1.0, 0.0));
            }
        }
        if self.p == f64::INFINITY && !W::IS_COMPLEX {
            (best, best_x) = self.flip(best, best_x);
        }
        (best, best_x)
    }

    /// Sign vectors: flips one sign at a time while that helps.
    fn flip(&self, mut best: f64, mut x: Vec<W>) -> (f64, Vec<W>) {
        if x.iter().any(|x| x.re().abs() != 1.0) || x.len() > 2000 {
            return (best, x);
        }
        let mut y = self.image(&x);
        for _ in 0..20 {
            let mut improved = false;
            for (j, sign) in x.iter_mut().enumerate() {
                let twice = sign.scale(-2.0);
                let next: Vec<W> = y.iter().zip(self.a.column(j)).map(|(&y, &a)| y + a * twice).collect();
                let ratio = Self::size(self.q, &next);
                if ratio > best * (1.0 + 1e-14) {
                    (best, y, improved) = (ratio, next, true);
                    *sign = sign.scale(-1.0);
                }
            }
            if !improved {
                break;
            }
        }
        (best, x)
    }

    /// ‖Ax‖_q/‖x‖_p from below, every rounding counted.
    fn reached(&self, x: &[W]) -> f64 {
        let image = self.image_bounds(x);
        let mut lower: Vec<f64> = image.iter().map(|&(low, _)| low).collect();
        lower.sort_by(|x, y| y.total_cmp(x));
        let mut size: Vec<f64> = x.iter().map(|&x| upper_modulus(x)).collect();
        size.sort_by(|x, y| y.total_cmp(x));
        div_down(Gauge::lp(self.q).bounds(&lower).0, Gauge::lp(self.p).bounds(&size).1)
    }

    /// |(Ax)ᵢ| from both sides.
    fn image_bounds(&self, x: &[W]) -> Vec<(f64, f64)> {
        let row = |i: usize| -> (f64, f64) {
            // Row i of A is the conjugate of column i of its adjoint; dot conjugates its first argument.
            let row = self.adjoint.column(i);
            let part = |x: &[W]| {
                dot(row, x)
                    .map(|s| s.value)
                    .unwrap_or_else(|_| Enclosure::new(f64::NEG_INFINITY, 0.0, f64::INFINITY, Evidence::Rounding))
            };
            let re = part(x);
            let ends = |e: Enclosure| (e.lower().max(-e.upper()).max(0.0), e.upper().max(-e.lower()));
            if !W::IS_COMPLEX {
                return ends(re);
            }
            let turned: Vec<W> = x.iter().map(|x| W::from_parts(x.im(), -x.re())).collect();
            let (re, im) = (ends(re), ends(part(&turned)));
            (norm_down(&[re.0, im.0]), norm_up(&[re.1, im.1]))
        };
        (0..self.a.rows()).map(row).collect()
    }

    /// Matrices of rank one, and diagonal ones, have closed forms.
    fn known(&self) -> Option<Enclosure> {
        self.of_diagonal().or_else(|| self.of_rank_one())
    }

    /// max|d| for p ≤ q, ‖d‖ᵣ with 1/r = 1/q − 1/p beyond.
    fn of_diagonal(&self) -> Option<Enclosure> {
        let a = self.a;
        let off = (0..a.columns()).any(|j| a.column(j).iter().enumerate().any(|(i, &x)| i != j && x != W::default()));
        if off {
            return None;
        }
        let d = || (0..a.rows().min(a.columns())).map(|i| a[(i, i)]);
        if self.p <= self.q {
            return Some(super::vector_norm(f64::INFINITY, d));
        }
        let mut lower: Vec<f64> = d().map(lower_modulus).collect();
        let mut upper: Vec<f64> = d().map(upper_modulus).collect();
        let r = Exponent::harmonic(1.0, self.p, self.q);
        lower.sort_by(|x, y| y.total_cmp(x));
        upper.sort_by(|x, y| y.total_cmp(x));
        let (lower, upper) = (norm_bounds(r, &lower).0, norm_bounds(r, &upper).1);
        Some(Enclosure::new(lower, 0.5 * (lower + upper), upper, Evidence::Rounding))
    }

    /// ‖uvᴴ‖ = ‖u‖_q·‖v‖_{p*}, where every entry is exactly a product: aᵢⱼ·a_kl = aᵢₗ·a_kj.
    fn of_rank_one(&self) -> Option<Enclosure> {
        let a = self.a;
        if W::IS_COMPLEX {
            return None;
        }
        let (m, n) = (a.rows(), a.columns());
        let place = (0..m * n).max_by(|&s, &t| modulus(a.as_slice()[s]).total_cmp(&modulus(a.as_slice()[t])))?;
        let (k, l) = (place % m, place / m);
        let pivot = a[(k, l)].re();
        let exact = |i: usize, j: usize| {
            let (x, y) = (
                kappa_dense::pair::two_product(a[(i, j)].re(), pivot),
                kappa_dense::pair::two_product(a[(i, l)].re(), a[(k, j)].re()),
            );
            // Products that are too small to be split exactly prove nothing.
            x == y && (x.0 == 0.0 && (a[(i, l)].re() == 0.0 || a[(k, j)].re() == 0.0) || x.0.abs() > 1e-280)
        };
        if !(0..m).all(|i| (0..n).all(|j| exact(i, j))) {
            return None;
        }
        let u = super::vector_norm(self.q, || a.column(l).iter().copied());
        // The exact conjugate exponent: the dual gauge of p.
        let mut row: Vec<f64> = (0..n).map(|j| modulus(a[(k, j)])).collect();
        row.sort_by(|x, y| y.total_cmp(x));
        let (low, high) = conjugate_bounds(self.p, &row);
        let v = Enclosure::new(low, 0.5 * (low + high), high, Evidence::Rounding);
        Some(u.times(v).over(Enclosure::exact(pivot.abs())))
    }

    /// ∞→1 and ∞→2 by all sign vectors, and 2→1 and p→1 by duality, for a real matrix with few enough columns (or rows).
    fn by_signs(&self, most: usize) -> Option<Enclosure> {
        if W::IS_COMPLEX {
            return None;
        }
        let fits = |n: usize, m: usize| n <= most && (1usize << n.saturating_sub(1)).saturating_mul(m) <= 1 << 29;
        let (m, n) = (self.a.rows(), self.a.columns());
        let forward = self.p == f64::INFINITY && (self.q == 1.0 || self.q == 2.0) && fits(n, m);
        let backward = self.q == 1.0 && (self.p == f64::INFINITY || self.p == 2.0) && fits(m, n);
        if forward && (!backward || n <= m) {
            return Some(over_signs(self.a, self.q));
        }
        // ‖A‖_{p→1} = ‖Aᵀ‖_{∞→p*}.
        backward.then(|| over_signs(&self.adjoint, conjugate(self.p)))
    }

    fn upper_bounds(&self) -> Vec<(f64, &'static str)> {
        let (m, n, p, q) = (self.a.rows() as f64, self.a.columns() as f64, self.p, self.q);
        let spectral = certified_spectral(self.a);
        let scale = |base: f64, exponent: f64| if exponent > 0.0 { up_power(base, exponent) } else { 1.0 };
        let mut found = vec![(
            mul_up(mul_up(scale(n, 0.5 - 1.0 / p), scale(m, 1.0 / q - 0.5)), spectral),
            "norm equivalence with the spectral norm",
        )];
        let columns = super::induced::induced_value(
            self.a.as_ref(),
            super::shape::Mixed { p: q, outside: super::shape::Outside::Largest },
        );
        found.push((mul_up(scale(n, 1.0 - 1.0 / p), columns.upper()), "norm equivalence with the largest column"));
        let rows = super::induced::induced_value(
            self.a.as_ref().transpose(),
            super::shape::Mixed { p: conjugate(p), outside: super::shape::Outside::Largest },
        );
        // The conjugate exponent is rounded: a sliver for that.
        found.push((
            mul_up(mul_up(scale(m, 1.0 / q), rows.upper()), 1.0 + 1e-13),
            "norm equivalence with the largest row",
        ));
        if p == q {
            found.push((self.interpolated(spectral), "Riesz–Thorin interpolation"));
        }
        if p >= q && q < f64::INFINITY {
            found.push((self.by_moduli(), "Schur test for non-negative matrices"));
        }
        if p >= 2.0 && q <= 2.0 {
            found.push((self.by_factorisation(), "Grothendieck factorisation"));
        }
        found.into_iter().filter(|(bound, _)| !bound.is_nan()).collect()
    }

    /// ‖A‖ₚ ≤ ‖A‖₁^(2/p−1)·‖A‖₂^(2−2/p) for p ≤ 2, ‖A‖₂^(2/p)·‖A‖_∞^(1−2/p) for p ≥ 2.
    fn interpolated(&self, spectral: f64) -> f64 {
        let p = self.p;
        let profile = super::induced::induced_value;
        let sum = super::shape::Mixed { p: 1.0, outside: super::shape::Outside::Largest };
        if p <= 2.0 {
            let column = profile(self.a.as_ref(), sum).upper();
            mul_up(up_power(column, 2.0 / p - 1.0), up_power(spectral, 2.0 - 2.0 / p))
        } else {
            let row = profile(self.a.as_ref().transpose(), sum).upper();
            mul_up(up_power(spectral, 2.0 / p), up_power(row, 1.0 - 2.0 / p))
        }
    }

    /// For B = |A|, p ≥ q and any x > 0 with cⱼ = xⱼ^(1−q)·(Bᵀ(Bx)^(q−1))ⱼ: ‖A‖^q ≤ ‖B‖^q ≤ ‖c‖_{p/(p−q)}, with equality for B at
    /// the fixed point of the power method. By Jensen with weights bᵢⱼxⱼ/(Bx)ᵢ, then Hölder.
    fn by_moduli(&self) -> f64 {
        let (m, n, p, q) = (self.a.rows(), self.a.columns(), self.p, self.q);
        let b = Matrix::from_fn(m, n, |i, j| upper_modulus(self.a[(i, j)]));
        let x = perron(&b, p, q);
        let power = Exponent::one_less(q);
        let raise = |x: f64| if q == 1.0 { (1.0, 1.0) } else { power.of_base(x) };
        let y: Vec<f64> = (0..m)
            .map(|i| {
                let mut sum = PairSum::default();
                (0..n).for_each(|j| sum.add(mul_up(b[(i, j)], x[j])));
                raise(sum.bounds().1).1
            })
            .collect();
        let mut c: Vec<f64> = (0..n)
            .map(|j| {
                let mut sum = PairSum::default();
                b.column(j).iter().zip(&y).for_each(|(b, y)| sum.add(mul_up(*b, *y)));
                div_up(sum.bounds().1, raise(x[j]).0)
            })
            .collect();
        c.sort_by(|x, y| y.total_cmp(x));
        let largest = c.first().copied().unwrap_or(0.0);
        if p == q {
            return if q == 1.0 { largest } else { Exponent::inverse_of(q).of_base(largest).1 };
        }
        if p == f64::INFINITY {
            let mut sum = PairSum::default();
            c.iter().for_each(|&c| sum.add(c));
            let sum = sum.bounds().1;
            return if q == 1.0 { sum } else { Exponent::inverse_of(q).of_base(sum).1 };
        }
        // (Σ c^s)^(1/(s·q)) with s = p/(p − q).
        let s = Exponent::harmonic(1.0, p, q).over(q);
        let mut sum = PairSum::default();
        let e = if largest > 0.0 { largest.log2().floor() as i32 } else { 0 };
        c.iter().for_each(|&c| sum.add(s.of_base(times_power(c, -e).1).1));
        let back = s.inverse().of_base(sum.bounds().1).1;
        let back = times_power(back, e).1;
        if q == 1.0 { back } else { Exponent::inverse_of(q).of_base(back).1 }
    }

    /// For p ≥ 2 ≥ q and any positive α, β: ‖A‖ ≤ ‖diag(α)⁻¹·A·diag(β)⁻¹‖₂·‖α‖ₛ·‖β‖ₜ with 1/s = 1/q − 1/2 and 1/t = 1/2 − 1/p, by
    /// Hölder. The best weights give the value of the semidefinite relaxation, within 1.7823 for ∞→1 and √(π/2) for ∞→2
    /// (Nesterov 1998; Pisier, Bull. AMS 49 (2012) 237–323).
    fn by_factorisation(&self) -> f64 {
        let (m, n) = (self.a.rows(), self.a.columns());
        let (alpha, beta) = self.weights();
        let scaled = Matrix::from_fn(m, n, |i, j| self.a[(i, j)].scale(1.0 / alpha[i]).scale(1.0 / beta[j]));
        // Four roundings for each part of an entry.
        let frobenius = super::entrywise_value(scaled.as_ref(), 2.0).upper();
        let middle = add_up(certified_spectral(&scaled), mul_up(mul_up(8.0 * UNIT_ROUNDOFF, frobenius), 1.001));
        let size = |weights: &[f64], exponent: Option<Exponent>| match exponent {
            None => 1.0,
            Some(exponent) => {
                let mut sorted = weights.to_vec();
                sorted.sort_by(|x, y| y.total_cmp(x));
                norm_bounds(exponent, &sorted).1
            }
        };
        let s = (self.q < 2.0).then(|| Exponent::harmonic(1.0, 2.0, self.q));
        let t = (self.p > 2.0).then(|| Exponent::harmonic(1.0, self.p, 2.0));
        mul_up(mul_up(middle, size(&alpha, s)), size(&beta, t))
    }

    /// α and β (untrusted): towards the stationary point of a Schatten norm of growing order of the scaled matrix, where α²
    /// and β² are the shares of the rows and columns in its dominant singular vectors. The best seen are returned.
    fn weights(&self) -> (Vec<f64>, Vec<f64>) {
        let (m, n, p, q) = (self.a.rows(), self.a.columns(), self.p, self.q);
        let (mut a, mut b) = (vec![1.0 / m as f64; m], vec![1.0 / n as f64; n]);
        // a is normalised in s/2 = q/(2 − q), b in t/2 = p/(p − 2).
        let (s, t) = (q / (2.0 - q), if p == f64::INFINITY { 1.0 } else { p / (p - 2.0) });
        let mut best = (f64::INFINITY, a.clone(), b.clone());
        let updates = if m.min(n) <= UPDATES_UP_TO { UPDATES } else { UPDATES / 8 };
        for k in 0..updates {
            let scaled = Matrix::from_fn(m, n, |i, j| self.a[(i, j)].scale(1.0 / (a[i] * b[j]).sqrt()));
            let Ok(f) = svd(scaled.as_ref(), kappa_dense::Shape::Thin) else { break };
            let values = &f.values.values;
            let size = |w: &[f64], e: f64| w.iter().map(|w| w.powf(e)).sum::<f64>().powf(0.5 / e);
            let bound = values[0] * if q < 2.0 { size(&a, s) } else { 1.0 } * if p > 2.0 { size(&b, t) } else { 1.0 };
            if bound < best.0 {
                best = (bound, a.clone(), b.clone());
            }
            let order = 4.0 * 32f64.powf(k as f64 / updates as f64);
            // The curvature grows with the order: smaller steps.
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
}

/// A·x in plain doubles.
fn product<W: Scalar>(a: &Matrix<W>, x: &[W]) -> Vec<W> {
    let mut y = vec![W::default(); a.rows()];
    for (j, &x) in x.iter().enumerate() {
        y.iter_mut().zip(a.column(j)).for_each(|(y, &a)| *y += a * x);
    }
    y
}

fn upper_modulus<W: Scalar>(x: W) -> f64 {
    if W::IS_COMPLEX { norm_up(&[x.re(), x.im()]) } else { x.re().abs() }
}

fn lower_modulus<W: Scalar>(x: W) -> f64 {
    if W::IS_COMPLEX { norm_down(&[x.re(), x.im()]) } else { x.re().abs() }
}

/// ‖A‖₂ from above.
fn certified_spectral<W: Scalar>(a: &Matrix<W>) -> f64 {
    let form = W::real_form(a.as_ref());
    match Profile::of_entries(form.view()) {
        Ok(profile) => spectral_bounds(form.view(), &profile, &SpectralCertificate::default()).0.upper(),
        Err(_) => f64::INFINITY,
    }
}

/// xᵉ from above for a positive exponent that is itself rounded, and x ≥ 0.
fn up_power(x: f64, exponent: f64) -> f64 {
    if exponent <= 0.0 {
        return 1.0;
    }
    // |d xᵉ| ≤ xᵉ·|ln x|·δ with δ ≤ 4u and |ln x| ≤ 745.
    mul_up(Exponent::of(exponent).of_base(x).1, 1.0 + 1e-12)
}

/// A positive vector near the fixed point of the power method for a non-negative matrix.
fn perron(b: &Matrix<f64>, p: f64, q: f64) -> Vec<f64> {
    let adjoint = b.adjoint();
    let n = b.columns();
    let mut x = vec![1.0; n];
    let mut last = 0.0;
    for _ in 0..2000 {
        let y = product(b, &x);
        let size = super::mixed::gauge_of(Gauge::lp(q), &y);
        let w: Vec<f64> = y.iter().map(|y| if q == 1.0 { 1.0 } else { (y / size).powf(q - 1.0) }).collect();
        let z = product(&adjoint, &w);
        let next: Vec<f64> = match p {
            f64::INFINITY => vec![1.0; n],
            _ if p == 1.0 => break,
            _ => z.iter().map(|z| z.powf(1.0 / (p - 1.0))).collect(),
        };
        let top = next.iter().copied().fold(0.0, f64::max);
        if !(top > 0.0 && top.is_finite()) {
            break;
        }
        // For p = q the step may turn in circles; half of it in the exponent does not.
        let damped = |(next, x): (&f64, &f64)| (next / top * x).sqrt().max(1e-13);
        let moved: Vec<f64> = if p == q {
            next.iter().zip(&x).map(damped).collect()
        } else {
            next.iter().map(|x| (x / top).max(1e-13)).collect()
        };
        let change = moved.iter().zip(&x).map(|(a, b)| (a / b - 1.0).abs()).fold(0.0, f64::max);
        x = moved;
        if change < 1e-16 || (size - last).abs() <= 1e-16 * size && change < 1e-13 {
            break;
        }
        last = size;
    }
    x
}

/// max ‖Ax‖_q over sign vectors, q = 1 or 2: two tables of partial sums, so that no sum is longer than n.
fn over_signs<W: Scalar<Wide = W>>(a: &Matrix<W>, q: f64) -> Enclosure {
    use rayon::prelude::*;
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
    // The last column keeps its sign: x and −x give the same.
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
    // The rounding error of any of these values, once or twice for the candidates' own.
    let rows: Vec<f64> = (0..m).map(|i| (0..n).map(|j| modulus(a[(i, j)])).sum()).collect();
    let whole = if q == 1.0 { rows.iter().sum::<f64>() } else { rows.iter().map(|r| r * r).sum() };
    let error = mul_up(mul_up(gamma_up(4 * (m + n) + 32), whole), 1.001);
    let threshold = best - 4.0 * error;
    let problem = Problem::new(a, f64::INFINITY, q);
    let (mut lower, mut upper, mut count) = (0.0f64, 0.0f64, 0usize);
    for (bits, (top, values)) in tops.iter().enumerate() {
        if *top < threshold {
            continue;
        }
        for (low_bits, _) in values.iter().enumerate().filter(|(_, v)| **v >= threshold) {
            count += 1;
            if count > 512 {
                // Too many ties to be looked at one by one: the plain bound of all of them.
                let most = add_up(best, error);
                upper = upper.max(if q == 1.0 { most } else { most.sqrt().next_up() });
                break;
            }
            let sign = |j: usize| {
                let bit = if j < low_count { low_bits >> j & 1 } else { bits >> (j - low_count) & 1 };
                W::from_parts(if bit == 1 { -1.0 } else { 1.0 }, 0.0)
            };
            let x: Vec<W> = (0..n).map(sign).collect();
            let image = problem.image_bounds(&x);
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
