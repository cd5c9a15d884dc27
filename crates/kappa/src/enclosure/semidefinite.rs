//! Upper bounds of the largest eigenvalue of a symmetric matrix, from an untrusted Cholesky factor and a trusted residual.

use kappa_dense::{Matrix, cholesky, counted_square};

use super::directed::{SMALLEST, UNIT_ROUNDOFF, add_up, gamma_up, mul_up, norm_up, sqrt_up, sum_up};

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

impl Sums {
    /// Of a whole matrix.
    pub(crate) fn of(a: &Matrix<f64>) -> Self {
        let (m, n) = (a.rows(), a.columns());
        let (mut rows, mut column) = (vec![0.0; m], 0.0f64);
        for j in 0..n {
            let mut sum = 0.0;
            for (row, x) in rows.iter_mut().zip(a.column(j)) {
                let x = x.abs();
                *row += x;
                sum += x;
            }
            column = larger(column, sum_up(sum, m));
        }
        let row = rows.into_iter().fold(0.0, larger);
        Self { frobenius: norm_up(a.as_slice()), column, row: sum_up(row, n) }
    }

    /// Of the symmetric matrix whose lower triangle stands in `a`, with zeros above.
    pub(crate) fn of_symmetric(a: &Matrix<f64>) -> Self {
        let n = a.rows();
        let mut rows = vec![0.0; n];
        for j in 0..n {
            let mut sum = 0.0;
            for (i, x) in a.column(j).iter().enumerate().skip(j) {
                let x = x.abs();
                sum += x;
                if i > j {
                    rows[i] += x;
                }
            }
            rows[j] += sum;
        }
        let row = sum_up(rows.into_iter().fold(0.0, larger), n + 1);
        // Each entry below the diagonal stands for two.
        Self { frobenius: mul_up(std::f64::consts::SQRT_2.next_up(), norm_up(a.as_slice())), column: row, row }
    }

    /// ‖A‖₂ ≤ ‖|A|‖₂ ≤ min(‖A‖_F, √(‖A‖₁‖A‖_∞)).
    pub(crate) fn spectral(&self) -> f64 {
        let holder = sqrt_up(mul_up(self.column, self.row));
        if holder < self.frobenius { holder } else { self.frobenius }
    }
}

/// The larger of two, NaN if either is.
fn larger(x: f64, y: f64) -> f64 {
    if x >= y { x } else { y }
}

/// A number that λ₁(C) does not exceed, for the symmetric C whose lower triangle is given exactly; `None` when τ is too
/// close to λ₁, or below it, to be told.
///
/// B = fl(τI − C) and any L: with the residual E = B − LLᵀ, computed with counted roundings, τI − C ⪰ −(‖E‖ + u·max|bᵢᵢ|)·I, so
/// that λ₁(C) ≤ τ + ‖E‖ + u·max|bᵢᵢ|. Nothing is assumed of the Cholesky factor (after Rump, BIT 46 (2006) 433–452).
pub(crate) fn eigenvalue_below(c: &Matrix<f64>, tau: f64) -> Option<f64> {
    let n = c.rows();
    if n == 0 {
        return Some(0.0);
    }
    let mut b = c.clone();
    b.as_mut_slice().iter_mut().for_each(|x| *x = -*x);
    let mut shift_error = 0.0f64;
    for j in 0..n {
        b[(j, j)] += tau;
        shift_error = larger(shift_error, b[(j, j)].abs());
    }
    let mut l = b.clone();
    if !cholesky(&mut l) {
        return None;
    }
    let square = counted_square(&l);
    let mut residual = b;
    residual.as_mut_slice().iter_mut().zip(square.product.as_slice()).for_each(|(b, s)| *b -= s);
    // One more rounding for the difference; ‖|L||L|ᵀ‖ ≤ ‖|L|‖².
    let factor = Sums::of(&l).spectral();
    let products = mul_up(gamma_up(square.depth), mul_up(factor, factor));
    let error = mul_up(Sums::of_symmetric(&residual).spectral(), 1.0 + 4.0 * UNIT_ROUNDOFF);
    let lost = mul_up(n as f64, mul_up(n as f64, SMALLEST));
    let all = add_up(add_up(error, products), add_up(mul_up(shift_error, 2.0 * UNIT_ROUNDOFF), lost));
    let bound = add_up(tau, all);
    (!bound.is_nan()).then_some(bound)
}

/// λ₁(C) from above, with a guess to start from: the shift grows until the test passes. ‖C‖ is the last resort.
pub(crate) fn largest_eigenvalue_up(c: &Matrix<f64>, guess: f64, slack: f64) -> f64 {
    let trivial = Sums::of_symmetric(c).spectral();
    let size = guess.abs().max(trivial * 1e-3);
    let mut slack = slack.max(4.0 * UNIT_ROUNDOFF * (c.rows() as f64 + 2.0));
    for _ in 0..9 {
        let tau = guess + slack * size;
        if !(tau < trivial) {
            break;
        }
        if let Some(bound) = eigenvalue_below(c, tau) {
            return if bound < trivial { bound } else { trivial };
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
        let bound = eigenvalue_below(&c, exact + 1e-10).unwrap();
        assert!(bound >= exact && bound < exact + 2e-10);
        assert!(eigenvalue_below(&c, exact - 1e-6).is_none());
        let found = largest_eigenvalue_up(&c, exact - 1e-9, 0.0);
        assert!(found >= exact && found < exact + 1e-6);
        let negative = Matrix::from_row_major(2, 2, vec![-3.0, 0.0, 0.0, -2.0]).unwrap();
        let found = largest_eigenvalue_up(&negative, -2.0, 0.0);
        assert!((-2.0..-1.9999999).contains(&found), "{found}");
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
