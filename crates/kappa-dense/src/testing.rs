//! Pseudorandom matrices for tests.

use crate::{Matrix, Real};

/// A number in [−1, 1); advances the seed.
pub(crate) fn draw(seed: &mut u64) -> f64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) as f64 / 2f64.powi(30) - 1.0
}

/// An m×n matrix of such numbers.
pub(crate) fn random<P: Real>(m: usize, n: usize, mut seed: u64) -> Matrix<P> {
    Matrix::from_fn(m, n, |_, _| P::from_parts(draw(&mut seed), 0.0))
}
