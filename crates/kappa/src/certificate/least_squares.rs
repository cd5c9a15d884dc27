//! Least squares and minimum-norm solutions enclosed component by component: an untrusted triangular factor, a solution
//! of 106 bits, and two residuals in 106 bits with every rounding error counted.

use kappa_dense::pair::{PAIR_UNIT, Pair, PairMatrix};
use kappa_dense::{Matrix, Shape, qr};

use super::product::{times, times_transposed};
use crate::enclosure::Pinned;
use crate::enclosure::directed::max_or_nan;
use crate::enclosure::directed::{
    SMALLEST, add_down, add_up, div_down, div_up, mul_down, mul_up, norm_up, sqrt_down, sqrt_up, sum_up, times_power,
};
use crate::enclosure::{exponent_of, pair_times_power_of_two};
use crate::error::Result;
use crate::{Enclosure, Evidence};

/// Up to this m·n² the factor is computed in 106 bits, which takes a few seconds. Above, in doubles, which suffices for
/// κ up to about 1e14.
const PAIRED: f64 = 1e9;
const STEPS: usize = 40;

/// The factors of a tall A of full rank, to enclose one solution after another.
///
/// With S near R⁻¹ of A = QR and W = AS, whose singular values lie between `low` and `high`: x − x̃ = A⁺(b − Ax̃) =
/// S(WᵀW)⁻¹SᵀAᵀ(b − Ax̃) (Rump, SIMAX 33 (2012) 130–148).
pub(crate) struct LeastSquaresCertificate {
    /// A with its columns scaled near 1 by powers of two.
    a: PairMatrix,
    moduli: Matrix<f64>,
    exponents: Vec<i32>,
    /// Relative uncertainty of the entries, column by column.
    doubts: Vec<f64>,
    s: PairMatrix,
    w: PairMatrix,
    /// An upper bound of ‖W − AS‖.
    off: f64,
    low: f64,
    high: f64,
    /// Whether scaling caused no underflow.
    is_lossless: bool,
}

/// A solution with its residual.
#[derive(Clone, Debug)]
pub(crate) struct LeastSquaresEnclosure {
    pub(crate) x: Pinned,
    /// b − Ax, row by row.
    pub(crate) residual: Pinned,
    /// ‖b − Ax‖².
    pub(crate) square: Enclosure,
    /// The same of the scaled problem: x in units of 2^(exponent − exponents of the columns), the square in units of
    /// 4^exponent. They overflow nowhere.
    pub(crate) scaled: ScaledSolution,
}

/// The solution of the problem whose columns and right-hand side are scaled near 1.
#[derive(Clone, Debug)]
pub(crate) struct ScaledSolution {
    pub(crate) x: Pinned,
    pub(crate) square: Enclosure,
    pub(crate) exponent: i32,
}

fn size(x: Pair) -> f64 {
    add_up(x.high.abs(), x.low.abs())
}

fn sizes(a: &PairMatrix) -> Matrix<f64> {
    Matrix::from_fn(a.rows(), a.columns(), |i, j| size(a.get(i, j)))
}

fn sizes_of(x: &PairMatrix, k: usize) -> Vec<f64> {
    (0..x.rows()).map(|i| size(x.get(i, k))).collect()
}

fn negated(x: &PairMatrix) -> PairMatrix {
    PairMatrix::from_fn(x.rows(), x.columns(), |i, j| -x.get(i, j))
}

/// Σ xᵢ² of n pairs.
fn square_of(x: impl Iterator<Item = Pair>, n: usize) -> Enclosure {
    let sum = x.fold(Pair::default(), |sum, x| sum + x * x);
    let found = crate::enclosure::pinned_enclosure(sum, product_error(n, size(sum)));
    Enclosure::new(found.lower().max(0.0), found.estimate(), found.upper(), found.evidence())
}

/// The exponent that brings the largest entry of a finite column near 1.
fn largest_exponent(b: &PairMatrix) -> i32 {
    b.high.as_slice().iter().filter(|x| **x != 0.0).map(|x| exponent_of(*x)).max().unwrap_or(0)
}

/// (S, e) with Σ bᵢ² = S·4ᵉ, for a finite column whose entries have the relative uncertainty `doubt`.
pub(crate) fn sum_of_squares(b: &PairMatrix, doubt: f64) -> (Enclosure, i32) {
    let (m, e) = (b.rows(), largest_exponent(b));
    let square = square_of((0..m).map(|i| pair_times_power_of_two(b.get(i, 0), -e)), m);
    // (1 ± d)² differs from 1 by at most 2d + d²; the loss in scaling is below 2⁻¹⁰⁰⁰ of the largest square.
    let relative = add_up(mul_up(doubt, add_up(2.0, doubt)), f64::MIN_POSITIVE);
    let margin = mul_up(square.upper(), relative);
    let ends = (add_down(square.lower(), -margin).max(0.0), add_up(square.upper(), margin));
    (Enclosure::new(ends.0, square.estimate(), ends.1, Evidence::Rounding), e)
}

/// x·2ᵉ for x ≥ 0.
fn moved(x: Enclosure, e: i32) -> Enclosure {
    let ends = (times_power(x.lower(), e).0, times_power(x.upper(), e).1);
    Enclosure::new(ends.0, times_power(x.estimate(), e).0, ends.1, x.evidence())
}

/// The error of one entry of a product of pairs with `terms` terms, where `moduli` is the product of the moduli.
fn product_error(terms: usize, moduli: f64) -> f64 {
    let lost = mul_up(64.0 * (terms + 1) as f64, SMALLEST);
    add_up(mul_up(mul_up((terms + 6) as f64, PAIR_UNIT), moduli), mul_up(lost, moduli.max(1.0)))
}

impl LeastSquaresCertificate {
    /// For an m×n matrix, m ≥ n, each column with a relative uncertainty of its entries. `None` where the columns
    /// cannot be shown to be linearly independent.
    pub(crate) fn new(matrix: &PairMatrix, doubts: &[f64]) -> Result<Option<Self>> {
        let (m, n) = (matrix.rows(), matrix.columns());
        let top = |j: usize| matrix.high.column(j).iter().fold(0.0f64, |m, x| m.max(x.abs()));
        let exponents: Vec<i32> = (0..n).map(|j| exponent_of(top(j))).collect();
        let a = PairMatrix::from_fn(m, n, |i, j| pair_times_power_of_two(matrix.get(i, j), -exponents[j]));
        let is_lossless =
            (0..n).all(|j| (0..m).all(|i| pair_times_power_of_two(a.get(i, j), exponents[j]) == matrix.get(i, j)));
        let Some(s) = inverse_triangle(&a)? else { return Ok(None) };
        let moduli = sizes(&a);
        let w = a.times(&s);
        let norms = |a: &Matrix<f64>| (0..a.columns()).map(|j| norm_up(a.column(j))).collect::<Vec<f64>>();
        let s_moduli = sizes(&s);
        // ‖W − AS‖_F ≤ (error of a product + uncertainty)·‖A‖_F‖S‖_F, where the uncertainty is that of each column of
        // A.
        let columns = norms(&moduli);
        let rows: Vec<f64> = (0..n).map(|k| norm_up(&(0..n).map(|j| s_moduli[(k, j)]).collect::<Vec<_>>())).collect();
        let each = |k: usize| {
            let unit = mul_up((n + 6) as f64, PAIR_UNIT);
            mul_up(add_up(unit, mul_up(doubts[k], 1.0 + f64::EPSILON)), mul_up(columns[k], rows[k]))
        };
        let below = mul_up(256.0 * (m * n * (n + 1)) as f64 * SMALLEST, rows.iter().copied().fold(1.0, max_or_nan));
        let off = add_up(sum_up((0..n).map(each).sum(), n), below);
        // ‖WᵀW − I‖_F, with the rounding errors of its computation.
        let mut gram = w.transposed_times(&w);
        for i in 0..n {
            let x = gram.get(i, i) - Pair::from(1.0);
            gram.set(i, i, x);
        }
        let size_w = norm_up(sizes(&w).as_slice());
        let defect = mul_up(norm_up(sizes(&gram).as_slice()), 1.0 + f64::EPSILON);
        let defect = add_up(defect, product_error(m, mul_up(size_w, size_w)));
        let low = add_down(sqrt_down(add_down(1.0, -defect)), -off);
        let high = add_up(sqrt_up(add_up(1.0, defect)), off);
        let is_known = low > 0.0 && high.is_finite();
        let doubts = doubts.to_vec();
        Ok(is_known.then_some(Self { a, moduli, exponents, doubts, s, w, off, low, high, is_lossless }))
    }

    /// The exponents of the powers of two in whose units the columns of the scaled problem are.
    pub(crate) fn exponents(&self) -> &[i32] {
        &self.exponents
    }

    /// S: that of the scaled columns.
    pub(crate) fn inverse_triangle(&self) -> &PairMatrix {
        &self.s
    }

    /// (AᵀA)⁻¹ at (i, i) in units of 4^−exponent, from ‖eᵢᵀS‖² divided by the squares of the singular values of W.
    pub(crate) fn scaled_inverse_gram(&self, i: usize) -> Enclosure {
        let n = self.s.columns();
        let square = square_of((0..n).map(|j| self.s.get(i, j)), n);
        let lower = div_down(square.lower(), mul_up(self.high, self.high));
        let upper = div_up(square.upper(), mul_down(self.low, self.low));
        Enclosure::new(lower, square.estimate(), upper, Evidence::Rounding)
    }

    /// (AᵀA)⁻¹ at (i, i).
    #[cfg(test)]
    fn inverse_gram(&self, i: usize) -> Enclosure {
        moved(self.scaled_inverse_gram(i), -2 * self.exponents[i])
    }

    /// The diagonal of A(AᵀA)⁻¹Aᵀ at row i.
    pub(crate) fn leverage(&self, i: usize) -> Enclosure {
        let n = self.w.columns();
        let square = square_of((0..n).map(|j| self.w.get(i, j)), n);
        // The row of AS is that of W up to the error of W.
        let below = add_down(sqrt_down(square.lower()), -self.off).max(0.0);
        let above = add_up(sqrt_up(square.upper()), self.off);
        let (lower, upper) = (div_down(below, self.high), div_up(above, self.low));
        Enclosure::new(mul_down(lower, lower), square.estimate(), mul_up(upper, upper).min(1.0), Evidence::Rounding)
    }

    /// min ‖Ax − b‖, where b has a relative uncertainty of its entries.
    pub(crate) fn least_squares(&self, b: &PairMatrix, doubt: f64) -> LeastSquaresEnclosure {
        let m = b.rows();
        let e = largest_exponent(b);
        let given = b;
        let b = PairMatrix::from_fn(m, 1, |i, _| pair_times_power_of_two(given.get(i, 0), -e));
        let is_lossless =
            self.is_lossless && (0..m).all(|i| pair_times_power_of_two(b.get(i, 0), e) == given.get(i, 0));
        let x = self.refined(&b);
        let rest = self.rest(&b, &x);
        let (at, bs, xs) = (&self.moduli, sizes_of(&b, 0), sizes_of(&x, 0));
        // |δr|: the rounding errors of b − Ax̃, and the uncertainty of A and b.
        let doubtful: Vec<f64> = xs.iter().zip(&self.doubts).map(|(x, d)| mul_up(*x, *d)).collect();
        let (products, doubted) = (times(at, &xs), times(at, &doubtful));
        let error: Vec<f64> = (0..m)
            .map(|i| {
                let own = product_error(self.a.columns() + 1, add_up(bs[i], products[i]));
                add_up(own, add_up(mul_up(doubt, bs[i]), doubted[i]))
            })
            .collect();
        let delta = norm_up(&error);
        let h = self.slope(&rest);
        let reach = add_up(div_up(h, mul_down(self.low, self.low)), div_up(delta, self.low));
        // ‖b − Ax̃‖² = ‖b − Ax‖² + ‖A(x − x̃)‖², and the last term is at most (h/low + ‖δr‖)².
        let found = square_of((0..m).map(|i| rest.get(i, 0)), m);
        let length = sqrt_up(found.upper());
        let wider = mul_up(delta, add_up(mul_up(2.0, length), delta));
        let off = add_up(div_up(h, self.low), delta);
        let narrower = add_up(wider, mul_up(off, off));
        let ends = (add_down(found.lower(), -narrower).max(0.0), add_up(found.upper(), wider));
        let square = Enclosure::new(ends.0, found.estimate(), ends.1, Evidence::Rounding);
        // Without uncertainty, an x with zero residual is the solution, exactly.
        let candidate = self.rounded(&x, reach);
        let is_zero = is_lossless && delta_is_zero(&doubtful, doubt) && self.is_exact(&b, &candidate);
        let (x, reach, square) = if is_zero { (candidate, 0.0, Enclosure::exact(0.0)) } else { (x, reach, square) };
        let mut residual = Pinned::with_room(m);
        for (i, &own) in error.iter().enumerate() {
            if is_zero {
                residual.push(Pair::default(), 0.0, e);
            } else {
                residual.push(rest.get(i, 0), add_up(own, mul_up(self.row_length(i), reach)), e);
            }
        }
        let scaled = ScaledSolution { x: self.pinned(&x, reach, 0, false), square, exponent: e };
        LeastSquaresEnclosure { x: self.pinned(&x, reach, e, true), residual, square: moved(square, 2 * e), scaled }
    }

    /// An upper bound of the length of row i of AS: the row of Ax − Ax̃ is at most that times ‖S⁻¹(x − x̃)‖.
    fn row_length(&self, i: usize) -> f64 {
        let row: Vec<f64> = (0..self.w.columns()).map(|j| size(self.w.get(i, j))).collect();
        add_up(norm_up(&row), self.off)
    }

    /// The x of least norm with Aᵀx = b, for b of length n.
    pub(crate) fn minimum_norm(&self, b: &PairMatrix) -> Pinned {
        let n = b.rows();
        assert!(self.doubts.iter().all(|d| *d == 0.0), "uncertainty of the entries is not counted here");
        // D: Aᵀ = D·(scaled A)ᵀ with D = diag(2^e): the equations are scaled, the unknowns are not. Scaled in one step,
        // so that nothing overflows or underflows.
        let there = (0..n).filter(|&i| b.high[(i, 0)] != 0.0);
        let e = there.map(|i| exponent_of(b.high[(i, 0)]) - self.exponents[i]).max().unwrap_or(0);
        let b = PairMatrix::from_fn(n, 1, |i, _| pair_times_power_of_two(b.get(i, 0), -self.exponents[i] - e));
        // y with AᵀAy = b, x̃ = Ay.
        let mut y = PairMatrix::zeros(n, 1);
        let mut last = f64::INFINITY;
        for _ in 0..STEPS {
            let rest = self.normal_rest(&b, &self.a.times(&y));
            let step = self.s.times(&self.s.transposed_times(&rest));
            if !step.is_finite() || !added(&mut y, &step, &mut last) {
                break;
            }
        }
        let x = self.a.times(&y);
        let rest = self.normal_rest(&b, &x);
        // x* = AS(WᵀW)⁻¹Sᵀb and x̃ = Ay + f, where f is counted: x* − Ay = W(WᵀW)⁻¹Sᵀ(b − AᵀAy), b − AᵀAy = rest + Aᵀf.
        let f: Vec<f64> =
            times(&self.moduli, &sizes_of(&y, 0)).into_iter().map(|p| product_error(self.a.columns(), p)).collect();
        let (bs, products) = (sizes_of(&b, 0), times_transposed(&self.moduli, &sizes_of(&x, 0)));
        let turned = times_transposed(&self.moduli, &f);
        let slack: Vec<f64> =
            (0..n).map(|j| add_up(product_error(self.a.rows() + 1, add_up(bs[j], products[j])), turned[j])).collect();
        let g: Vec<f64> = (0..n).map(|j| add_up(size(rest.get(j, 0)), slack[j])).collect();
        let h = norm_up(&times_transposed(&sizes(&self.s), &g));
        let reach = div_up(h, mul_down(self.low, self.low));
        let mut found = Pinned::with_room(x.rows());
        for (i, &own) in f.iter().enumerate() {
            let radius = add_up(own, mul_up(self.row_length(i), reach));
            found.push(x.get(i, 0), radius, e);
        }
        found
    }

    /// b − Ax.
    fn rest(&self, b: &PairMatrix, x: &PairMatrix) -> PairMatrix {
        let mut rest = b.clone();
        rest.add_product(&self.a, &negated(x));
        rest
    }

    /// b − Aᵀx.
    fn normal_rest(&self, b: &PairMatrix, x: &PairMatrix) -> PairMatrix {
        let product = self.a.transposed_times(x);
        PairMatrix::from_fn(b.rows(), 1, |i, _| b.get(i, 0) - product.get(i, 0))
    }

    /// x += S·SᵀAᵀ(b − Ax) until the correction no longer decreases.
    fn refined(&self, b: &PairMatrix) -> PairMatrix {
        let mut x = PairMatrix::zeros(self.a.columns(), 1);
        let mut last = f64::INFINITY;
        for _ in 0..STEPS {
            let gradient = self.a.transposed_times(&self.rest(b, &x));
            let step = self.s.times(&self.s.transposed_times(&gradient));
            if !step.is_finite() || !added(&mut x, &step, &mut last) {
                break;
            }
        }
        x
    }

    /// An upper bound of ‖SᵀAᵀr‖ for the computed r and the exact A.
    fn slope(&self, rest: &PairMatrix) -> f64 {
        let gradient = self.a.transposed_times(rest);
        let products = times_transposed(&self.moduli, &sizes_of(rest, 0));
        let n = self.a.columns();
        let lost: Vec<f64> = (0..n)
            .map(|j| add_up(product_error(self.a.rows(), products[j]), mul_up(self.doubts[j], products[j])))
            .collect();
        let turned = self.s.transposed_times(&gradient);
        let s = sizes(&self.s);
        let (own, other) = (times_transposed(&s, &sizes_of(&gradient, 0)), times_transposed(&s, &lost));
        let total: Vec<f64> =
            (0..n).map(|j| add_up(size(turned.get(j, 0)), add_up(product_error(n, own[j]), other[j]))).collect();
        norm_up(&total)
    }

    /// x·2ᵉ, each entry in the units of its column or in those of the scaled columns.
    fn pinned(&self, x: &PairMatrix, reach: f64, e: i32, unscaled: bool) -> Pinned {
        let n = x.rows();
        let mut found = Pinned::with_room(n);
        for i in 0..n {
            let row: Vec<f64> = (0..n).map(|j| size(self.s.get(i, j))).collect();
            found.push(x.get(i, 0), mul_up(norm_up(&row), reach), if unscaled { e - self.exponents[i] } else { e });
        }
        found
    }

    /// x rounded to doubles, and to 0 where the enclosure contains 0.
    fn rounded(&self, x: &PairMatrix, reach: f64) -> PairMatrix {
        let n = x.rows();
        PairMatrix::from(Matrix::from_fn(n, 1, |i, _| {
            let row: Vec<f64> = (0..n).map(|j| size(self.s.get(i, j))).collect();
            let value = x.high[(i, 0)];
            if value.abs() <= mul_up(norm_up(&row), reach) { 0.0 } else { value }
        }))
    }

    /// Whether b − Ax = 0 holds exactly for x rounded to doubles: every product and sum is exact in double precision.
    fn is_exact(&self, b: &PairMatrix, x: &PairMatrix) -> bool {
        let (m, n) = (self.a.rows(), self.a.columns());
        (0..m).all(|i| {
            let row = (0..n).flat_map(|j| [self.a.high[(i, j)], self.a.low[(i, j)]]);
            let left: Vec<f64> = row.chain([b.high[(i, 0)], b.low[(i, 0)]]).collect();
            let twice = (0..n).flat_map(|j| [x.high[(j, 0)]; 2]);
            let right: Vec<f64> = twice.chain([-1.0, -1.0]).collect();
            crate::arithmetic::dot(&left, &right).is_ok_and(|s| s.value == Enclosure::exact(0.0))
        })
    }
}

fn delta_is_zero(doubtful: &[f64], doubt: f64) -> bool {
    doubt == 0.0 && doubtful.iter().all(|d| *d == 0.0)
}

/// x += step; returns whether another step may improve x.
fn added(x: &mut PairMatrix, step: &PairMatrix, last: &mut f64) -> bool {
    let pairs = step.high.as_slice().iter().zip(x.high.as_slice()).filter(|(d, _)| **d != 0.0);
    let largest = pairs.map(|(d, x)| if *x == 0.0 { 1.0 } else { (d / x).abs() }).fold(0.0, f64::max);
    *x = PairMatrix::from_fn(x.rows(), 1, |i, _| x.get(i, 0) + step.get(i, 0));
    let goes_on = largest >= 1e-31 && largest <= 0.5 * *last;
    *last = largest;
    goes_on
}

/// S near R⁻¹.
fn inverse_triangle(a: &PairMatrix) -> Result<Option<PairMatrix>> {
    let (m, n) = (a.rows(), a.columns());
    if m as f64 * n as f64 * n as f64 <= PAIRED {
        return Ok(a.qr_triangle().upper_inverse());
    }
    let r = PairMatrix::from(qr(a.high.as_ref(), Shape::Thin)?.r);
    let Some(s) = r.upper_inverse() else { return Ok(None) };
    Ok(Some(PairMatrix::from(s.high)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (xᵢ)ᵏ for x = 0 … m − 1: the exact least squares solution for the values of a polynomial is its coefficients.
    fn powers(m: usize, n: usize) -> PairMatrix {
        PairMatrix::from(Matrix::from_fn(m, n, |i, j| (i as f64).powi(j as i32)))
    }

    #[test]
    fn a_polynomial_is_recovered_to_the_last_bit_and_its_residual_is_zero() {
        let a = powers(21, 6);
        let certificate = LeastSquaresCertificate::new(&a, &[0.0; 6]).unwrap().unwrap();
        let b = PairMatrix::from(Matrix::from_fn(21, 1, |i, _| (0..6).map(|k| (i as f64).powi(k)).sum()));
        let found = certificate.least_squares(&b, 0.0);
        (0..6).for_each(|i| {
            let x = found.x.enclosure(i);
            assert_eq!(x, Enclosure::exact(1.0));
        });
        assert_eq!(found.square, Enclosure::exact(0.0));
    }

    /// A line through (0, 0), (1, 1), (2, 1), with closed forms: slope 1/2, intercept 1/6, ‖r‖² = 1/6, (AᵀA)⁻¹₂₂ = 1/2.
    #[test]
    fn a_line_has_its_closed_form() {
        let certificate = LeastSquaresCertificate::new(&powers(3, 2), &[0.0; 2]).unwrap().unwrap();
        let b = PairMatrix::from(Matrix::from_column_major(3, 1, vec![0.0, 1.0, 1.0]).unwrap());
        let found = certificate.least_squares(&b, 0.0);
        assert!(found.x.enclosure(1).contains(0.5) && found.x.enclosure(1).width() < 1e-15);
        assert!((found.x.enclosure(0).estimate() - 1.0 / 6.0).abs() < 1e-16);
        assert!((found.square.estimate() - 1.0 / 6.0).abs() < 1e-16 && found.square.width() < 1e-15);
        assert!(certificate.inverse_gram(1).contains(0.5) && certificate.inverse_gram(1).width() < 1e-14);
        // Leverages 1/3 + (xᵢ − 1)²/2.
        assert!((certificate.leverage(0).estimate() - 5.0 / 6.0).abs() < 1e-15);
    }

    #[test]
    fn the_least_solution_of_one_equation_is_along_it() {
        // x + 2y + 2z = 9: (1, 2, 2).
        let a = PairMatrix::from(Matrix::from_column_major(3, 1, vec![1.0, 2.0, 2.0]).unwrap());
        let certificate = LeastSquaresCertificate::new(&a, &[0.0]).unwrap().unwrap();
        let x = certificate.minimum_norm(&PairMatrix::from(Matrix::from_fn(1, 1, |_, _| 9.0)));
        for (i, truth) in [1.0, 2.0, 2.0].into_iter().enumerate() {
            assert!(x.enclosure(i).contains(truth) && x.enclosure(i).width() < 1e-15);
        }
    }

    #[test]
    fn dependent_columns_are_not_called_independent() {
        let a = PairMatrix::from(Matrix::from_fn(5, 3, |i, j| (i + j) as f64));
        assert!(LeastSquaresCertificate::new(&a, &[0.0; 3]).unwrap().is_none());
    }

    /// The uncertainty of the data widens the answer by at least its effect.
    #[test]
    fn doubt_is_counted() {
        let doubt = 1e-6;
        let certificate = LeastSquaresCertificate::new(&powers(5, 2), &[0.0, doubt]).unwrap().unwrap();
        let b = Matrix::from_fn(5, 1, |i, _| 1.0 + (i as f64).sqrt());
        let found = certificate.least_squares(&PairMatrix::from(b.clone()), doubt).x;
        for sign in [-1.0, 1.0] {
            let moved = PairMatrix::from(Matrix::from_fn(5, 2, |i, j| {
                (i as f64).powi(j as i32) * if j == 1 { 1.0 + sign * doubt } else { 1.0 }
            }));
            let other = LeastSquaresCertificate::new(&moved, &[0.0; 2]).unwrap().unwrap();
            let b = Matrix::from_fn(5, 1, |i, _| b[(i, 0)] * (1.0 - sign * doubt));
            let x = other.least_squares(&PairMatrix::from(b), 0.0).x;
            for i in 0..2 {
                let e = found.enclosure(i);
                assert!(e.contains(x.value[i].high), "{e:?} {:?}", x.value[i]);
            }
        }
    }
}
