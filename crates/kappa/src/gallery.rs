//! Matrices whose answers are known in closed form, for tests and lessons.

use std::f64::consts::PI;

use crate::Matrix;

/// The Hilbert matrix 1/(i + j + 1), each entry rounded: κ₂ is about e^(3.5·n).
pub fn hilbert(n: usize) -> Matrix<f64> {
    Matrix::from_fn(n, n, |i, j| 1.0 / (i + j + 1) as f64)
}

/// tridiag(−1, 2, −1), exact.
pub fn second_difference(n: usize) -> Matrix<f64> {
    Matrix::from_fn(n, n, |i, j| match i.abs_diff(j) {
        0 => 2.0,
        1 => -1.0,
        _ => 0.0,
    })
}

/// 2 − 2·cos(kπ/(n + 1)), written without cancellation as 4·sin²; largest first.
pub fn second_difference_singular_values(n: usize) -> Vec<f64> {
    (1..=n).rev().map(|k| 4.0 * (k as f64 * PI / (2 * (n + 1)) as f64).sin().powi(2)).collect()
}

/// min(i, j), counted from 1; exact. Its inverse is tridiagonal.
pub fn min_ij(n: usize) -> Matrix<f64> {
    Matrix::from_fn(n, n, |i, j| (i.min(j) + 1) as f64)
}

/// ¼·sec²(kπ/(2n + 1)), largest first.
pub fn min_ij_singular_values(n: usize) -> Vec<f64> {
    (1..=n).rev().map(|k| 0.25 / (k as f64 * PI / (2 * n + 1) as f64).cos().powi(2)).collect()
}

/// Läuchli's (n + 1)×n matrix: a row of ones over μ·I. For μ < 2⁻²⁶ its Gram product rounds to rank one.
pub fn lauchli(n: usize, mu: f64) -> Matrix<f64> {
    Matrix::from_fn(n + 1, n, |i, j| match i {
        0 => 1.0,
        i if i == j + 1 => mu,
        _ => 0.0,
    })
}

/// √(n + μ²), then μ, n − 1 times.
pub fn lauchli_singular_values(n: usize, mu: f64) -> Vec<f64> {
    (0..n).map(|k| if k == 0 { (n as f64 + mu * mu).sqrt() } else { mu.abs() }).collect()
}

/// The Sylvester–Hadamard matrix of order 2^k, entries ±1: every singular value is 2^(k/2).
pub fn hadamard(k: u32) -> Matrix<f64> {
    let n = 1usize << k;
    Matrix::from_fn(n, n, |i, j| if (i & j).count_ones().is_multiple_of(2) { 1.0 } else { -1.0 })
}

/// Kahan's triangular matrix diag(1, s, s², …)·(I − c·strict upper ones), s = sin θ, c = cos θ: its rank deficiency
/// hides from column-pivoted QR.
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
