//! log|det A| and the sign of det A with every rounding counted, from untrusted triangular factors and a trusted residual.

use kappa_dense::{Matrix, MatrixRef, Scalar, Triangle, lu, triangular_solve};

use super::inverse::Equilibrated;
use super::product::{counted, moduli, times};
use crate::arithmetic::power::logarithm_ends;
use crate::enclosure::directed::{SMALLEST, UNIT_ROUNDOFF, add_up, div_up, max_or_nan, mul_up, sum_up};
use crate::norm::modulus_enclosure;
use crate::{Enclosure, Evidence};

/// A determinant x·2ᵏ, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Determinant<W> {
    /// det A/|det A|.
    pub(crate) sign: W,
    /// |sign − det A/|det A||, from above.
    pub(crate) sign_error: f64,
    /// ln|det A|.
    pub(crate) log_abs: Enclosure,
}

/// A product of moduli, as an enclosed number near 1 times a power of two, and of signs.
pub(crate) struct Product<W> {
    sign: W,
    size: Enclosure,
    power: i64,
    count: usize,
}

impl<W: Scalar> Product<W> {
    pub(crate) fn new(sign: f64) -> Self {
        Self { sign: W::from_parts(sign, 0.0), size: Enclosure::exact(1.0), power: 0, count: 0 }
    }

    /// Multiplies by 2ᵏ.
    pub(crate) fn shift(&mut self, k: i64) {
        self.power += k;
    }

    /// Multiplies by a number that is not zero.
    pub(crate) fn push(&mut self, x: W) {
        let modulus = modulus_enclosure(x);
        self.sign = self.sign * x.scale(1.0 / modulus.estimate());
        // In two steps, as a subnormal modulus has an inverse power beyond all doubles.
        let e = modulus.estimate().log2().floor() as i32;
        let near_one = modulus.times_exactly(2f64.powi(-(e / 2))).times_exactly(2f64.powi(e / 2 - e));
        self.size = self.size.times(near_one);
        self.power += i64::from(e);
        let e = self.size.estimate().log2().floor() as i32;
        self.size = self.size.times_exactly(2f64.powi(-e));
        self.power += i64::from(e);
        self.count += 1;
    }

    /// The sign, and what rounding may have added to its phase.
    pub(crate) fn sign(&self) -> (W, f64) {
        if W::IS_COMPLEX {
            (self.sign, mul_up(16.0 * UNIT_ROUNDOFF, self.count as f64 + 1.0))
        } else {
            (W::from_parts(self.sign.re().signum(), 0.0), 0.0)
        }
    }

    /// ln of the product of the moduli.
    pub(crate) fn logarithm(&self) -> Enclosure {
        let estimate = self.size.estimate().ln() + self.power as f64 * std::f64::consts::LN_2;
        let ln = |x: f64| logarithm_ends(x);
        let size = Enclosure::new(
            ln(self.size.lower()).0,
            self.size.estimate().ln(),
            ln(self.size.upper()).1,
            Evidence::Rounding,
        );
        let two = ln(2.0);
        let two = Enclosure::new(two.0, std::f64::consts::LN_2, two.1, Evidence::Rounding);
        let sum = size.plus(two.times_exactly(self.power as f64));
        Enclosure::new(sum.lower(), estimate, sum.upper(), sum.evidence())
    }
}

/// The determinant of a regular matrix; `None` where that cannot be shown.
///
/// With S = A scaled by powers of two, X₁ and X₂ about the inverses of its triangular factors, X₁ upper and X₂ unit lower triangular, and
/// F = I − X₁X₂PS: det S·det P·Π(X₁)ᵢᵢ = det(I − F). Where |F|v ≤ g·v for some v > 0 and g < 1, all eigenvalues λ of F have |λ| ≤ g
/// (Collatz and Wielandt), so that |ln det(I − F)| ≤ Σ|Fᵢᵢ| + n·g²/(2(1 − g)): the first term of Σ ln(1 − λ), and the sum of the rest.
pub(crate) fn determinant<T: Scalar>(a: MatrixRef<'_, T>) -> Option<Determinant<T::Wide>> {
    let n = a.rows();
    let scaled = Equilibrated::new(a);
    let factors = lu(scaled.scaled.as_ref()).ok().filter(|f| !f.is_singular())?;
    let one = T::Wide::from_parts(1.0, 0.0);
    let identity = Matrix::from_fn(n, n, |i, j| if i == j { one } else { T::Wide::default() });
    let upper = Triangle { upper: true, ..Triangle::default() };
    let lower = Triangle { unit: true, ..Triangle::default() };
    let x1 = triangular(triangular_solve(factors.u().as_ref(), upper, &identity).ok()?, |i, j| i <= j);
    let mut x2 = triangular(triangular_solve(factors.l().as_ref(), lower, &identity).ok()?, |i, j| i > j);
    (0..n).for_each(|i| x2[(i, i)] = one);
    if [&x1, &x2].into_iter().flat_map(Matrix::as_slice).any(|x| !x.is_finite()) {
        return None;
    }
    let rows = factors.rows();
    let permuted = Matrix::from_fn(n, n, |i, j| scaled.scaled[(rows[i], j)]);
    let (g, trace) = defect(&x1, &x2, &permuted)?;
    let n_up = n as f64;
    let rest = div_up(mul_up(n_up, mul_up(g, g)), (2.0 * (1.0 - g).next_down()).next_down());
    let distance = add_up(trace, rest);

    let mut product = Product::<T::Wide>::new(if is_odd(rows) { -1.0 } else { 1.0 });
    for i in 0..n {
        let x = x1[(i, i)];
        if x == T::Wide::default() {
            return None;
        }
        product.push(x);
    }
    // det S = det(I − F)·det P/Π(X₁)ᵢᵢ, and a sign is its own inverse but for conjugation.
    let log = product.logarithm().negated();
    let power: i64 = scaled.rows.iter().chain(&scaled.columns).map(|&e| i64::from(e)).sum();
    let two = logarithm_ends(2.0);
    let two = Enclosure::new(two.0, std::f64::consts::LN_2, two.1, Evidence::Rounding);
    let around = Enclosure::new(-distance, 0.0, distance, Evidence::Rounding);
    let (sign, rounding) = product.sign();
    Some(Determinant {
        sign: sign.conj(),
        sign_error: if T::IS_COMPLEX { add_up(rounding, distance) } else { 0.0 },
        log_abs: log.plus(two.times_exactly(power as f64)).plus(around),
    })
}

/// The entries of a triangle, with zeros elsewhere.
fn triangular<W: Scalar>(a: Matrix<W>, is_in: impl Fn(usize, usize) -> bool) -> Matrix<W> {
    Matrix::from_fn(a.rows(), a.columns(), |i, j| if is_in(i, j) { a[(i, j)] } else { W::default() })
}

/// g < 1 with |F|v ≤ g·v for F = I − X₁X₂S, and Σ|Fᵢᵢ|, both from above.
fn defect<W: Scalar>(x1: &Matrix<W>, x2: &Matrix<W>, s: &Matrix<W>) -> Option<(f64, f64)> {
    let n = s.rows();
    let inner = counted(x2, s);
    let outer = counted(x1, &inner.product);
    let difference = Matrix::from_fn(n, n, |i, j| {
        let x = outer.product[(i, j)];
        if i == j { x - W::from_parts(1.0, 0.0) } else { x }
    });
    let (x1, x2, s, y, f) = (moduli(x1), moduli(x2), moduli(s), moduli(&inner.product), moduli(&difference));
    // Scaling lost less than 2⁻¹⁰⁷³ of each entry of S, and products lose as much of each term.
    let lost = 8.0 * SMALLEST;
    let apply = |v: &[f64]| -> Vec<f64> {
        let below = mul_up(lost, mul_up(n as f64, sum_up(v.iter().sum(), n)));
        let noise: Vec<f64> =
            times(&x2, &times(&s, v)).iter().map(|&t| add_up(mul_up(inner.gamma, t), below)).collect();
        let spread: Vec<f64> = times(&x2, &vec![below; n]);
        let noise: Vec<f64> = noise.iter().zip(&spread).map(|(&a, &b)| add_up(a, b)).collect();
        let (own, carried, rounded) = (times(&f, v), times(&x1, &noise), times(&x1, &times(&y, v)));
        (0..n)
            .map(|i| {
                // The difference with 1 is rounded once.
                let own = mul_up(own[i], 1.0 + 4.0 * UNIT_ROUNDOFF);
                add_up(add_up(add_up(own, carried[i]), mul_up(outer.gamma, rounded[i])), below)
            })
            .collect()
    };
    // One look for a better v than ones: |F|1 itself, which is large where rows of F are.
    let mut best = (f64::INFINITY, f64::INFINITY);
    let mut v = vec![1.0; n];
    for _ in 0..3 {
        let w = apply(&v);
        let g = w.iter().zip(&v).map(|(&w, &v)| div_up(w, v)).fold(0.0, max_or_nan);
        if g < best.0 {
            // Each |Fᵢᵢ| is at most (|F|v)ᵢ/vᵢ.
            let trace = sum_up(w.iter().zip(&v).map(|(&w, &v)| div_up(w, v)).sum(), n);
            best = (g, trace);
        }
        let top = w.iter().copied().fold(0.0, max_or_nan);
        if !(top > 0.0 && top.is_finite()) {
            break;
        }
        v = v.iter().zip(&w).map(|(&v, &w)| v.max(w / top).max(1e-6)).collect();
    }
    (best.0 < 1.0).then_some(best)
}

/// Whether a permutation is odd.
fn is_odd(order: &[usize]) -> bool {
    let mut seen = vec![false; order.len()];
    let mut cycles = 0;
    for start in 0..order.len() {
        let mut i = start;
        cycles += usize::from(!seen[start]);
        while !seen[i] {
            seen[i] = true;
            i = order[i];
        }
    }
    (order.len() - cycles) % 2 == 1
}
