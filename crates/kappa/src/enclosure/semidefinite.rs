//! Upper bounds of the largest eigenvalue of a symmetric matrix, from an untrusted Cholesky factor and a trusted residual.

use kappa_dense::{Matrix, cholesky, subtract_square};

use rayon::prelude::*;

use super::directed::{SMALLEST, UNIT_ROUNDOFF, add_up, gamma_up, mul_up, sqrt_up, sum_up, times_power};

/// Sums of moduli of a matrix, from above: what bounds its 2-norm and that of its modulus.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sums {
    /// √Σ|aᵢⱼ|².
    pub(crate) frobenius: f64,
    /// The largest Σᵢ|aᵢⱼ| of a column.
    pub(crate) column: f64,
    /// The largest Σⱼ|aᵢⱼ| of a row.
    pub(crate) row: f64,
}

/// Columns that one thread adds up at a time: a constant, so that digits do not depend on the number of threads.
const SHARE: usize = 64;

/// Row sums, the largest column sum, and the largest entry's modulus, of |A| or of its lower triangle only.
struct Totals {
    rows: Vec<f64>,
    column: f64,
    squares: f64,
}

impl Totals {
    /// `scale` brings the largest modulus near 1; `symmetric` counts entries below the diagonal for both of their rows.
    fn of(a: &Matrix<f64>, symmetric: bool, scale: f64) -> Self {
        let m = a.rows();
        let share = |start: usize| {
            let mut part = Self { rows: vec![0.0; m], column: 0.0, squares: 0.0 };
            for j in start..a.columns().min(start + SHARE) {
                let first = if symmetric { j } else { 0 };
                let (mut sum, mut squares) = (0.0, 0.0);
                for (row, x) in part.rows[first..].iter_mut().zip(&a.column(j)[first..]) {
                    let x = x.abs();
                    *row += x;
                    sum += x;
                    squares += (x * scale) * (x * scale);
                }
                part.squares += squares;
                if symmetric {
                    // The diagonal stands in its own row already; the rest of the column is the rest of the row.
                    part.rows[j] += sum - a[(j, j)].abs();
                }
                part.column = larger(part.column, sum);
            }
            part
        };
        let starts: Vec<usize> = (0..a.columns()).step_by(SHARE).collect();
        let parts: Vec<Self> = starts.into_par_iter().map(share).collect();
        let mut total = Self { rows: vec![0.0; m], column: 0.0, squares: 0.0 };
        for part in parts {
            total.rows.iter_mut().zip(part.rows).for_each(|(t, p)| *t += p);
            total.column = larger(total.column, part.column);
            total.squares += part.squares;
        }
        total
    }
}

impl Sums {
    /// Of a whole matrix.
    pub(crate) fn of(a: &Matrix<f64>) -> Self {
        let (m, n) = (a.rows(), a.columns());
        let e = scaling(a);
        let totals = Totals::of(a, false, times_power(1.0, -e).0);
        let row = sum_up(totals.rows.into_iter().fold(0.0, larger), n + 2);
        Self { frobenius: frobenius(totals.squares, e, m, n), column: sum_up(totals.column, m), row }
    }

    /// Of the symmetric matrix whose lower triangle stands in `a`, with zeros above.
    pub(crate) fn of_symmetric(a: &Matrix<f64>) -> Self {
        let n = a.rows();
        let e = scaling(a);
        let totals = Totals::of(a, true, times_power(1.0, -e).0);
        // The difference that takes the diagonal out once is rounded, against the sum itself: twice the count covers it.
        let row = sum_up(totals.rows.into_iter().fold(0.0, larger), 3 * n + 4);
        // Each entry below the diagonal stands for two.
        let frobenius = mul_up(std::f64::consts::SQRT_2.next_up(), frobenius(totals.squares, e, n, n));
        Self { frobenius, column: row, row }
    }

    /// ‖A‖₂ ≤ ‖|A|‖₂ ≤ min(‖A‖_F, √(‖A‖₁‖A‖_∞)).
    pub(crate) fn spectral(&self) -> f64 {
        let holder = sqrt_up(mul_up(self.column, self.row));
        if holder < self.frobenius { holder } else { self.frobenius }
    }
}

/// The exponent that brings the largest modulus near 1; NaN shows in the sums.
fn scaling(a: &Matrix<f64>) -> i32 {
    let largest = a.as_slice().par_chunks(1 << 16).map(|x| x.iter().fold(0.0f64, |m, x| m.max(x.abs())));
    let largest = largest.reduce(|| 0.0, f64::max);
    if largest == 0.0 || !largest.is_finite() { 0 } else { (largest.log2().floor() as i32).clamp(-1000, 1000) }
}

/// √Σ from the scaled squares: three roundings each, the sum, and what is too small to be squared.
fn frobenius(squares: f64, e: i32, m: usize, n: usize) -> f64 {
    let lost = mul_up((m * n) as f64, SMALLEST);
    times_power(sqrt_up(add_up(sum_up(squares, m + n + 8), lost)), e).1
}

/// The larger of two, NaN if either is.
fn larger(x: f64, y: f64) -> f64 {
    if x >= y || x.is_nan() { x } else { y }
}

/// A number that λ₁(C) does not exceed, for the symmetric C whose lower triangle is given exactly; `Err` gives C back when τ is
/// too close to λ₁, or below it, to be told.
///
/// B = fl(τI − C) and any L: with the residual E = B − LLᵀ, computed with counted roundings, τI − C ⪰ −(‖E‖ + u·max|bᵢᵢ|)·I, so
/// that λ₁(C) ≤ τ + ‖E‖ + u·max|bᵢᵢ|. Nothing is assumed of the Cholesky factor (after Rump, BIT 46 (2006) 433–452).
pub(crate) fn eigenvalue_below(c: Matrix<f64>, tau: f64) -> Result<f64, Matrix<f64>> {
    if c.rows() == 0 {
        return Ok(0.0);
    }
    let mut l = c.clone();
    shift(&mut l, tau);
    if !cholesky(&mut l) {
        return Err(c);
    }
    let parts = Parts::of(c, tau, &l);
    let bound = add_up(tau, add_up(add_up(parts.residual, parts.products), parts.shift));
    Ok(if bound.is_nan() { f64::INFINITY } else { bound })
}

/// B = fl(τI − C), in the place of C; the largest modulus on its diagonal.
fn shift(c: &mut Matrix<f64>, tau: f64) -> f64 {
    c.as_mut_slice().par_iter_mut().for_each(|x| *x = -*x);
    let n = c.rows();
    (0..n).for_each(|j| c[(j, j)] += tau);
    (0..n).map(|j| c[(j, j)].abs()).fold(0.0, larger)
}

/// What stands between τ and a proved bound, for any factor L at all.
struct Parts {
    /// ‖fl(B − LLᵀ)‖.
    residual: f64,
    /// What that lost to rounding: γ·‖|L||L|ᵀ‖ + γ·‖residual‖, and what fell below the range.
    products: f64,
    /// What the shift of the diagonal lost.
    shift: f64,
}

impl Parts {
    fn of(c: Matrix<f64>, tau: f64, l: &Matrix<f64>) -> Self {
        let n = c.rows() as f64;
        let mut b = c;
        let largest = shift(&mut b, tau);
        let depth = subtract_square(&mut b, l);
        let residual = Sums::of_symmetric(&b).spectral();
        // ‖|L||L|ᵀ‖ ≤ ‖|L|‖².
        let factor = Sums::of(l).spectral();
        let counted = mul_up(gamma_up(depth), add_up(mul_up(factor, factor), residual));
        let lost = mul_up(n, mul_up(n, SMALLEST));
        Self { residual, products: add_up(counted, lost), shift: mul_up(largest, 2.0 * UNIT_ROUNDOFF) }
    }
}

/// λ₁(C) from above, with a guess to start from: the shift grows until the test passes. ‖C‖ is the last resort.
pub(crate) fn largest_eigenvalue_up(mut c: Matrix<f64>, guess: f64, slack: f64) -> f64 {
    let trivial = Sums::of_symmetric(&c).spectral();
    let size = guess.abs().max(trivial * 1e-3);
    let mut slack = slack.max(4.0 * UNIT_ROUNDOFF * (c.rows() as f64 + 2.0));
    for _ in 0..9 {
        let tau = guess + slack * size;
        if tau >= trivial || tau.is_nan() {
            break;
        }
        match eigenvalue_below(c, tau) {
            Ok(bound) => return if bound < trivial { bound } else { trivial },
            Err(back) => c = back,
        }
        slack *= 16.0;
    }
    trivial
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_passes_above_and_fails_below() {
        // minus the second difference plus 2: eigenvalues 2·cos.
        let n = 60;
        let c = Matrix::from_fn(n, n, |i, j| f64::from(i == j + 1));
        let exact = 2.0 * (std::f64::consts::PI / (n + 1) as f64).cos();
        let bound = eigenvalue_below(c.clone(), exact + 1e-10).unwrap();
        assert!(bound >= exact && bound < exact + 2e-10);
        assert!(eigenvalue_below(c.clone(), exact - 1e-6).is_err());
        let found = largest_eigenvalue_up(c, exact - 1e-9, 0.0);
        assert!(found >= exact && found < exact + 1e-6);
        let negative = Matrix::from_row_major(2, 2, vec![-3.0, 0.0, 0.0, -2.0]).unwrap();
        let found = largest_eigenvalue_up(negative, -2.0, 0.0);
        assert!((-2.0..-1.9999999).contains(&found), "{found}");
    }

    /// A factor whose square rounds to B although B is indefinite: each g² beside the leading 1 is rounded away. Without the
    /// term for the products, the residual of 0 would prove λ₁(−B) ≤ 0.
    #[test]
    fn without_the_rounding_of_the_products_the_bound_would_be_wrong() {
        let (n, large) = (100, 2f64.powi(10));
        let g = (UNIT_ROUNDOFF * 0.999).sqrt();
        let l = Matrix::from_fn(n, n, |i, j| match (i + 1 == n, j) {
            (true, 0) => 1.0,
            (true, _) => g,
            _ if i == j => large,
            _ => 0.0,
        });
        // −LLᵀ, rounded, is C: its last entry is −1, as if there were no g.
        let mut c = Matrix::zeros(n, n);
        subtract_square(&mut c, &l);
        assert_eq!(c[(n - 1, n - 1)], -1.0);
        // xᵀBx for x = e_n − Σ (l_nk/large)·e_k is g² − (n − 1)g² < 0, but for terms of the size g²/large².
        let excess = (n - 2) as f64 * g * g;
        let largest = excess * (1.0 - 4.0 / (large * large)) / (1.0 + n as f64 / (large * large));
        let parts = Parts::of(c, 0.0, &l);
        assert_eq!(parts.residual, 0.0);
        assert!(parts.residual + parts.products >= largest, "{:e} does not cover {largest:e}", parts.products);
        assert!(parts.residual < largest);
    }

    #[test]
    fn sums_bound_the_norm_of_a_symmetric_matrix() {
        let c = Matrix::from_row_major(2, 2, vec![1.0, 0.0, -2.0, 1.0]).unwrap();
        let s = Sums::of_symmetric(&c);
        assert!(s.spectral() >= 3.0 && s.spectral() < 3.0000001);
        assert!(s.frobenius >= 10f64.sqrt());
        let nan = Matrix::from_row_major(1, 1, vec![f64::NAN]).unwrap();
        assert!(!(Sums::of(&nan).spectral() < 1e300));
    }
}
