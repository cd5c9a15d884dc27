//! Matrices whose answers are known in closed form, for tests and lessons.

use std::f64::consts::PI;

use crate::Matrix;

/// The Hilbert matrix of order n: aᵢⱼ = 1/(i + j + 1) for i, j from 0, each entry rounded.
///
/// κ₂ is about e^(3.5·n).
///
/// # Examples
///
/// ```
/// # use kappa::gallery;
/// assert_eq!(gallery::hilbert(2).as_slice(), [1.0, 0.5, 0.5, 1.0 / 3.0]);
/// ```
pub fn hilbert(n: usize) -> Matrix<f64> {
    Matrix::from_fn(n, n, |i, j| 1.0 / (i + j + 1) as f64)
}

/// The second difference tridiag(−1, 2, −1) of order n, exact.
///
/// Singular values: [`second_difference_singular_values`].
///
/// # Examples
///
/// ```
/// # use kappa::gallery;
/// assert_eq!(gallery::second_difference(2).as_slice(), [2.0, -1.0, -1.0, 2.0]);
/// ```
pub fn second_difference(n: usize) -> Matrix<f64> {
    Matrix::from_fn(n, n, |i, j| match i.abs_diff(j) {
        0 => 2.0,
        1 => -1.0,
        _ => 0.0,
    })
}

/// The singular values of [`second_difference`], largest first: 2 − 2·cos(kπ/(n + 1)).
///
/// Computed without cancellation as 4·sin²(kπ/(2(n + 1))).
///
/// # Examples
///
/// ```
/// # use kappa::gallery;
/// let s = gallery::second_difference_singular_values(2);
/// assert!((s[0] - 3.0).abs() < 1e-14 && (s[1] - 1.0).abs() < 1e-14);
/// ```
pub fn second_difference_singular_values(n: usize) -> Vec<f64> {
    (1..=n).rev().map(|k| 4.0 * (k as f64 * PI / (2 * (n + 1)) as f64).sin().powi(2)).collect()
}

/// The matrix of order n with entries min(i, j) for i, j from 1, exact.
///
/// Its inverse is tridiagonal. Singular values: [`min_ij_singular_values`].
///
/// # Examples
///
/// ```
/// # use kappa::gallery;
/// assert_eq!(gallery::min_ij(2).as_slice(), [1.0, 1.0, 1.0, 2.0]);
/// ```
pub fn min_ij(n: usize) -> Matrix<f64> {
    Matrix::from_fn(n, n, |i, j| (i.min(j) + 1) as f64)
}

/// The singular values of [`min_ij`], largest first: ¼·sec²(kπ/(2n + 1)).
///
/// # Examples
///
/// ```
/// # use kappa::gallery;
/// // The matrix [[1, 1], [1, 2]] has trace 3 and determinant 1.
/// let s = gallery::min_ij_singular_values(2);
/// assert!((s[0] + s[1] - 3.0).abs() < 1e-14 && (s[0] * s[1] - 1.0).abs() < 1e-14);
/// ```
pub fn min_ij_singular_values(n: usize) -> Vec<f64> {
    (1..=n).rev().map(|k| 0.25 / (k as f64 * PI / (2 * n + 1) as f64).cos().powi(2)).collect()
}

/// Läuchli's (n + 1)×n matrix: a row of ones above μ·I.
///
/// For μ < 2⁻²⁶ its Gram product rounds to rank one. Singular values: [`lauchli_singular_values`].
///
/// # Examples
///
/// ```
/// # use kappa::gallery;
/// assert_eq!(gallery::lauchli(2, 0.5).as_slice(), [1.0, 0.5, 0.0, 1.0, 0.0, 0.5]);
/// ```
pub fn lauchli(n: usize, mu: f64) -> Matrix<f64> {
    Matrix::from_fn(n + 1, n, |i, j| match i {
        0 => 1.0,
        i if i == j + 1 => mu,
        _ => 0.0,
    })
}

/// The singular values of [`lauchli`], largest first: √(n + μ²), and |μ| n − 1 times.
///
/// # Examples
///
/// ```
/// # use kappa::gallery;
/// assert_eq!(gallery::lauchli_singular_values(3, 1.0), [2.0, 1.0, 1.0]);
/// ```
pub fn lauchli_singular_values(n: usize, mu: f64) -> Vec<f64> {
    (0..n).map(|k| if k == 0 { (n as f64 + mu * mu).sqrt() } else { mu.abs() }).collect()
}

/// The Sylvester–Hadamard matrix of order 2^k with entries ±1.
///
/// Every singular value is 2^(k/2).
///
/// # Examples
///
/// ```
/// # use kappa::gallery;
/// assert_eq!(gallery::hadamard(1).as_slice(), [1.0, 1.0, 1.0, -1.0]);
/// ```
pub fn hadamard(k: u32) -> Matrix<f64> {
    let n = 1usize << k;
    Matrix::from_fn(n, n, |i, j| if (i & j).count_ones().is_multiple_of(2) { 1.0 } else { -1.0 })
}

/// Kahan's triangular matrix diag(1, s, s², …)·(I − c·N) of order n, where N has ones above the diagonal, s = sin θ,
/// c = cos θ.
///
/// Column-pivoted QR does not reveal its numerical rank deficiency.
///
/// # Examples
///
/// ```
/// # use kappa::gallery;
/// let a = gallery::kahan(2, 1.2);
/// assert_eq!((a[(0, 0)], a[(1, 0)]), (1.0, 0.0));
/// assert!((a[(0, 1)] + 1.2f64.cos()).abs() < 1e-15 && (a[(1, 1)] - 1.2f64.sin()).abs() < 1e-15);
/// ```
pub fn kahan(n: usize, theta: f64) -> Matrix<f64> {
    let (s, c) = theta.sin_cos();
    Matrix::from_fn(n, n, |i, j| {
        let scale = s.powi(i as i32);
        match i.cmp(&j) {
            std::cmp::Ordering::Equal => scale,
            std::cmp::Ordering::Less => -c * scale,
            std::cmp::Ordering::Greater => 0.0,
        }
    })
}
