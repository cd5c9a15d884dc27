//! Upper bounds of the largest eigenvalue of a symmetric matrix, from an untrusted Cholesky factor and a trusted
//! residual.

use kappa_dense::{Matrix, add_square, cholesky};

use rayon::prelude::*;

use crate::enclosure::directed::{SMALLEST, UNIT_ROUNDOFF, add_up, gamma_up, max_or_nan, mul_up};
use crate::norm::Lines;

/// An upper bound of λ₁(C), for the symmetric C whose lower triangle is given exactly; `Err` returns C when τ is below
/// λ₁ or too close to it.
///
/// B = fl(τI − C) and any L: with the residual E = B − LLᵀ, computed with counted rounding errors, τI − C ⪰ −(‖E‖ +
/// u·max|bᵢᵢ|)·I, so that λ₁(C) ≤ τ + ‖E‖ + u·max|bᵢᵢ|. Nothing is assumed of the Cholesky factor (after Rump, BIT 46
/// (2006) 433–452).
pub(crate) fn eigenvalue_below(c: Matrix<f64>, tau: f64) -> Result<f64, Matrix<f64>> {
    if c.rows() == 0 {
        return Ok(0.0);
    }
    let mut l = shifted(&c, tau);
    if !cholesky(&mut l) {
        return Err(c);
    }
    let parts = Parts::of(c, tau, &l);
    let bound = add_up(tau, add_up(add_up(parts.residual, parts.products), parts.shift));
    Ok(if bound.is_nan() { f64::INFINITY } else { bound })
}

/// The lower triangle of fl(τI − C), zeros above.
fn shifted(c: &Matrix<f64>, tau: f64) -> Matrix<f64> {
    let n = c.rows();
    let mut b = Matrix::zeros(n, n);
    b.as_mut_slice().par_chunks_mut(n).enumerate().for_each(|(j, to)| {
        to[j..].iter_mut().zip(&c.column(j)[j..]).for_each(|(to, x)| *to = -x);
        to[j] += tau;
    });
    b
}

/// The difference between τ and a proved bound, for any factor L.
struct Parts {
    /// ‖fl(C − τI + LLᵀ)‖.
    residual: f64,
    /// Its rounding errors: γ·‖|L||L|ᵀ‖ + γ·‖residual‖, and underflow.
    products: f64,
    /// The rounding error of the shifted diagonal.
    shift: f64,
}

impl Parts {
    fn of(c: Matrix<f64>, tau: f64, l: &Matrix<f64>) -> Self {
        let n = c.rows();
        let mut rest = c;
        (0..n).for_each(|j| rest[(j, j)] -= tau);
        let largest = (0..n).map(|j| rest[(j, j)].abs()).fold(0.0, max_or_nan);
        let depth = add_square(&mut rest, l);
        let residual = Lines::of_lower(&rest).symmetric();
        // ‖|L||L|ᵀ‖ ≤ ‖|L|‖².
        let lines = Lines::of_lower(l);
        let square = mul_up(lines.largest_row(), lines.column);
        let counted = mul_up(gamma_up(depth), add_up(square, residual));
        let lost = mul_up(n as f64, mul_up(n as f64, SMALLEST));
        Self { residual, products: add_up(counted, lost), shift: mul_up(largest, 2.0 * UNIT_ROUNDOFF) }
    }
}

/// An upper bound of λ₁(C), from an initial guess: the shift grows until the test passes. ‖C‖ is the fallback.
pub(crate) fn largest_eigenvalue_up(mut c: Matrix<f64>, guess: f64, slack: f64) -> f64 {
    let trivial = Lines::of_lower(&c).symmetric();
    if trivial.is_nan() {
        return f64::INFINITY;
    }
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
    use crate::norm::Sums;

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

    /// A factor whose square rounds to B although B is indefinite: each g² beside the leading 1 is rounded away.
    /// Without the term for the products, the residual of 0 would prove λ₁(−B) ≤ 0.
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
        let mut square = Matrix::zeros(n, n);
        add_square(&mut square, &l);
        assert_eq!(square[(n - 1, n - 1)], 1.0);
        let c = Matrix::from_fn(n, n, |i, j| -square[(i, j)]);
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
        assert!(!Sums::of(&nan).spectral().is_finite());
    }
}
