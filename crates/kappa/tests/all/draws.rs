//! Pseudorandom numbers that depend on the seed alone, for all test files.

use kappa::{Matrix, Scalar};

/// Splitmix64.
pub(crate) struct Draws(pub(crate) u64);

impl Draws {
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in [−1, 1).
    pub(crate) fn next(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / 2f64.powi(52) - 1.0
    }

    pub(crate) fn below(&mut self, n: u64) -> usize {
        (self.bits() % n) as usize
    }

    pub(crate) fn vector(&mut self, n: usize) -> Vec<f64> {
        (0..n).map(|_| self.next()).collect()
    }

    pub(crate) fn matrix<T: Scalar>(&mut self, m: usize, n: usize) -> Matrix<T> {
        Matrix::from_fn(m, n, |_, _| T::from_parts(self.next(), self.next()))
    }
}
