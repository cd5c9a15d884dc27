//! max ‖Ax‖_q / ‖x‖_p where it has no closed form: an enclosure from below by the nonlinear power method, from above by
//! the best of several certified bounds.
//!
//! Finding the value is NP-hard for ∞→1, ∞→2, 2→1 and in general (Steinberg 2005; Hendrickx and Olshevsky, SIMAX 31
//! (2010)). For real matrices x is real, for complex ones complex; for p > q the two values differ.

mod grothendieck;
mod schur;
mod signs;

use kappa_dense::{Matrix, MatrixRef, Scalar, svd};

use self::grothendieck::grothendieck_bound;
pub(crate) use self::grothendieck::grothendieck_weights;
use self::schur::schur_bound;
use self::signs::over_signs;
use crate::arithmetic::{dot, power::Exponent};
use crate::certificate::spectral_norm_up;
use crate::enclosure::directed::{SMALLEST, add_up, div_down, mul_up, norm_down, norm_up, times_power};
use crate::enclosure::{exponent_of, times_power_of_two};
use crate::norm::{
    Gauge, Mixed, Outside, conjugate, conjugate_bounds, gauge_of, induced_value, largest_part, modulus, modulus_ends,
    norm_bounds, times_vector, vector_norm, with_modulus,
};
use crate::random::Draws;
use crate::{Enclosure, Evidence};

/// The search parameters for an induced norm without a closed form: passed last, and usually left at their default.
///
/// ```
/// use kappa::ask::{Induced, induced_norm};
/// use kappa::{Matrix, gallery};
/// // The Hadamard matrix of order 4 stretches a sign vector to at most 8 in the sum norm.
/// let a = gallery::hadamard(2);
/// assert!(induced_norm(&a, f64::INFINITY, 1.0, &Induced::default())?.contains(8.0));
/// # Ok::<(), kappa::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Induced {
    /// Random starts of the power method, in addition to a few fixed starts.
    pub starts: usize,
    /// The random seed of the starts.
    pub seed: u64,
    /// The largest number of entries of a sign vector for which ∞→1, ∞→2 and 2→1 are computed exactly from all sign
    /// vectors; at most 24.
    pub signs: usize,
}

impl Default for Induced {
    fn default() -> Self {
        Self { starts: 24, seed: 0, signs: 20 }
    }
}

/// Iterations of the power method from one start.
const ROUNDS: usize = 300;
/// The hard limit on the length of enumerated sign vectors: 2²³ vectors take some seconds.
const MOST_SIGNS: usize = 24;
/// The enclosure for a finite matrix and any 1 ≤ p, q ≤ ∞ except those with a closed form.
pub(crate) fn hard_value<T: Scalar>(a: MatrixRef<'_, T>, p: f64, q: f64, how: &Induced) -> Enclosure {
    let largest = largest_part((0..a.columns()).flat_map(|j| (0..a.rows()).map(move |i| a.get(i, j))));
    if largest == 0.0 {
        return Enclosure::exact(0.0);
    }
    let e = (largest.log2().floor() as i32).clamp(-1000, 1000);
    let factor = times_power(1.0, -e).0;
    let wide = a.to_wide();
    let scaled = Matrix::from_fn(wide.rows(), wide.columns(), |i, j| wide[(i, j)].scale(factor));
    let found = Problem::new(&scaled, p, q).solve(how);
    // Entries that underflow in scaling: each is less than 2⁻¹⁰⁷⁴, and the norm is at most their sum.
    let lost = mul_up((a.rows() * a.columns()) as f64, SMALLEST);
    let (lower, upper) = ((found.lower() - lost).next_down().max(0.0), add_up(found.upper(), lost));
    let estimate = times_power(found.estimate(), e).0;
    Enclosure::new(times_power(lower, e).0, estimate, times_power(upper, e).1, found.evidence())
}

/// A subgradient of the induced norm: ⟨wxᴴ, A⟩ = ‖Ax‖_q for the best x found with ‖x‖_p = 1 and the dual vector w of
/// Ax.
pub(crate) fn slope<W: Scalar<Wide = W>>(a: &Matrix<W>, p: f64, q: f64) -> Matrix<W> {
    let (m, n) = (a.rows(), a.columns());
    let e = exponent_of(largest_part(a.as_slice().iter().copied()));
    let scaled = Matrix::from_fn(m, n, |i, j| times_power_of_two(a[(i, j)], -e));
    if m == 0 || n == 0 {
        return scaled;
    }
    let problem = Problem::new(&scaled, p, q);
    let x = problem.search(&Induced::default());
    let w = dual_vector(q, &problem.image(&x));
    let length = Problem::<W>::size(p, &x);
    Matrix::from_fn(m, n, |i, j| (w[i] * x[j].conj()).scale(1.0 / length))
}

/// The best vector found for ‖A‖_{p→q}.
pub(crate) fn induced_maximiser(a: &Matrix<f64>, p: f64, q: f64, how: &Induced) -> Vec<f64> {
    Problem::new(a, p, q).search(how)
}

struct Problem<'a, W: Scalar> {
    a: &'a Matrix<W>,
    adjoint: Matrix<W>,
    p: f64,
    q: f64,
}

/// The vector w of dual norm 1 with ⟨w, y⟩ = ‖y‖_q; zeros for y = 0.
fn dual_vector<W: Scalar>(q: f64, y: &[W]) -> Vec<W> {
    let moduli: Vec<f64> = y.iter().map(|&y| modulus(y)).collect();
    let sizes = crate::norm::dual_vector(Gauge::lp(q), &moduli);
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
        times_vector(self.a, x)
    }

    fn size(gauge: f64, x: &[W]) -> f64 {
        let moduli: Vec<f64> = x.iter().map(|&x| modulus(x)).collect();
        gauge_of(Gauge::lp(gauge), &moduli)
    }

    /// The best x of several starts: x ← the p*-dual vector of Aᴴ(the q-dual vector of Ax), which never decreases the
    /// ratio (Boyd, Linear Algebra Appl. 9 (1974) 95–101; Higham, Numer. Math. 62 (1992) 539–555).
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
            let z = times_vector(&self.adjoint, &dual_vector(self.q, &y));
            x = dual_vector(dual_p, &z);
            if self.p == f64::INFINITY {
                // Where z is 0 any sign is optimal: keep the vector full.
                x.iter_mut().filter(|x| **x == W::default()).for_each(|x| *x = W::from_parts(1.0, 0.0));
            }
        }
        if self.p == f64::INFINITY && !W::IS_COMPLEX {
            (best, best_x) = self.flip(best, best_x);
        }
        (best, best_x)
    }

    /// Sign vectors: flips one sign at a time while that increases the ratio.
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

    /// ‖Ax‖_q/‖x‖_p from below, every rounding error counted.
    fn reached(&self, x: &[W]) -> f64 {
        let image = self.image_bounds(x);
        let mut lower: Vec<f64> = image.iter().map(|&(low, _)| low).collect();
        lower.sort_by(|x, y| y.total_cmp(x));
        let mut size: Vec<f64> = x.iter().map(|&x| modulus_ends(x, 0).1).collect();
        size.sort_by(|x, y| y.total_cmp(x));
        div_down(Gauge::lp(self.q).bounds(&lower).0, Gauge::lp(self.p).bounds(&size).1)
    }

    /// Bounds of |(Ax)ᵢ| from both sides.
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

    /// Matrices of rank one and diagonal matrices have closed forms.
    fn known(&self) -> Option<Enclosure> {
        self.of_diagonal().or_else(|| self.of_rank_one())
    }

    /// max|d| for p ≤ q, ‖d‖ᵣ with 1/r = 1/q − 1/p for p > q.
    fn of_diagonal(&self) -> Option<Enclosure> {
        let a = self.a;
        let off = (0..a.columns()).any(|j| a.column(j).iter().enumerate().any(|(i, &x)| i != j && x != W::default()));
        if off {
            return None;
        }
        let d = || (0..a.rows().min(a.columns())).map(|i| a[(i, i)]);
        if self.p <= self.q {
            return Some(vector_norm(f64::INFINITY, d));
        }
        let mut lower: Vec<f64> = d().map(|x| modulus_ends(x, 0).0).collect();
        let mut upper: Vec<f64> = d().map(|x| modulus_ends(x, 0).1).collect();
        let r = Exponent::harmonic(self.p, self.q);
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
        let u = vector_norm(self.q, || a.column(l).iter().copied());
        // The exact conjugate exponent: the dual gauge of p.
        let mut row: Vec<f64> = (0..n).map(|j| modulus(a[(k, j)])).collect();
        row.sort_by(|x, y| y.total_cmp(x));
        let (low, high) = conjugate_bounds(self.p, &row);
        let v = Enclosure::new(low, 0.5 * (low + high), high, Evidence::Rounding);
        Some(u.times(v).over(Enclosure::exact(pivot.abs())))
    }

    /// ∞→1 and ∞→2 by all sign vectors, and 2→1 and p→1 by duality, for a real matrix with few columns (or rows).
    fn by_signs(&self, most: usize) -> Option<Enclosure> {
        if W::IS_COMPLEX {
            return None;
        }
        // 2ⁿ⁻¹ sign vectors, of m additions each, and one stored number for each.
        let fits = |n: usize, m: usize| n <= most.min(MOST_SIGNS) && (1usize << n.saturating_sub(1)) * m <= 1 << 29;
        let (m, n) = (self.a.rows(), self.a.columns());
        let forward = self.p == f64::INFINITY && (self.q == 1.0 || self.q == 2.0) && fits(n, m);
        let backward = self.q == 1.0 && (self.p == f64::INFINITY || self.p == 2.0) && fits(m, n);
        if forward && (!backward || n <= m) {
            return Some(over_signs(self.a, self.q, |x| self.image_bounds(x)));
        }
        // ‖A‖_{p→1} = ‖Aᵀ‖_{∞→p*}.
        backward.then(|| {
            let q = conjugate(self.p);
            let transposed = Problem::new(&self.adjoint, f64::INFINITY, q);
            over_signs(&self.adjoint, q, |x| transposed.image_bounds(x))
        })
    }

    fn upper_bounds(&self) -> Vec<(f64, &'static str)> {
        let (m, n, p, q) = (self.a.rows() as f64, self.a.columns() as f64, self.p, self.q);
        let spectral = spectral_norm_up(self.a);
        let scale = |base: f64, exponent: f64| if exponent > 0.0 { up_power(base, exponent) } else { 1.0 };
        let mut found = vec![(
            mul_up(mul_up(scale(n, 0.5 - 1.0 / p), scale(m, 1.0 / q - 0.5)), spectral),
            "norm equivalence with the spectral norm",
        )];
        let columns = induced_value(self.a.as_ref(), Mixed { p: q, outside: Outside::Largest });
        found.push((mul_up(scale(n, 1.0 - 1.0 / p), columns.upper()), "norm equivalence with the largest column"));
        let rows = induced_value(self.a.as_ref().transpose(), Mixed { p: conjugate(p), outside: Outside::Largest });
        // The conjugate exponent is rounded, which the factor accounts for.
        found.push((
            mul_up(mul_up(scale(m, 1.0 / q), rows.upper()), 1.0 + 1e-13),
            "norm equivalence with the largest row",
        ));
        if p == q {
            found.push((self.interpolated(spectral), "Riesz–Thorin interpolation"));
        }
        if p >= q && q < f64::INFINITY {
            let moduli = Matrix::from_fn(self.a.rows(), self.a.columns(), |i, j| modulus_ends(self.a[(i, j)], 0).1);
            found.push((schur_bound(&moduli, p, q), "Schur test for non-negative matrices"));
        }
        if p >= 2.0 && q <= 2.0 {
            found.push((grothendieck_bound(self.a, p, q), "Grothendieck factorisation"));
        }
        found.into_iter().filter(|(bound, _)| !bound.is_nan()).collect()
    }

    /// ‖A‖ₚ ≤ ‖A‖₁^(2/p−1)·‖A‖₂^(2−2/p) for p ≤ 2, ‖A‖₂^(2/p)·‖A‖_∞^(1−2/p) for p ≥ 2.
    fn interpolated(&self, spectral: f64) -> f64 {
        let p = self.p;
        let profile = induced_value;
        let sum = Mixed { p: 1.0, outside: Outside::Largest };
        if p <= 2.0 {
            let column = profile(self.a.as_ref(), sum).upper();
            mul_up(up_power(column, 2.0 / p - 1.0), up_power(spectral, 2.0 - 2.0 / p))
        } else {
            let row = profile(self.a.as_ref().transpose(), sum).upper();
            mul_up(up_power(spectral, 2.0 / p), up_power(row, 1.0 - 2.0 / p))
        }
    }
}

/// An upper bound of xᵉ for a positive exponent that is itself rounded, and x ≥ 0.
fn up_power(x: f64, exponent: f64) -> f64 {
    if exponent <= 0.0 {
        return 1.0;
    }
    // |d xᵉ| ≤ xᵉ·|ln x|·δ with δ ≤ 4u and |ln x| ≤ 745.
    mul_up(Exponent::of(exponent).of_base(x).1, 1.0 + 1e-12)
}
