use kappa_dense::{Matrix, Scalar};
use rayon::prelude::*;

use super::Draws;
use crate::error::{Error, Result};

/// The random matrix Ω of a sketch A·Ω.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Sketch {
    /// Independent standard normal entries: the sketch with the sharpest known bounds.
    #[default]
    Gaussian,
    /// At most 8 random signs in each row, so that products with Ω are sparse (Tropp, Yurtsever, Udell and Cevher, SISC
    /// 41 (2019) A2430–A2463).
    SparseSign,
    /// Random rows and columns of D·H, where D is diagonal with random signs and H is a Hadamard matrix: the subsampled
    /// randomized Hadamard transform (Tropp, Adv. Adapt. Data Anal. 3 (2011) 115–126).
    Hadamard,
}

impl std::str::FromStr for Sketch {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        match text.trim().to_lowercase().as_str() {
            "gaussian" => Ok(Self::Gaussian),
            "sparse-sign" => Ok(Self::SparseSign),
            "hadamard" => Ok(Self::Hadamard),
            _ => Err(Error::syntax(format!("unknown sketch `{text}`; known: gaussian, sparse-sign, hadamard"))),
        }
    }
}

/// The number of nonzero entries in a row of a sparse sketch.
const SIGNS: usize = 8;

impl Sketch {
    /// The n×k random matrix Ω that belongs to this seed.
    pub fn matrix<T: Scalar>(self, n: usize, k: usize, seed: u64) -> Matrix<T> {
        let mut draws = Draws(seed ^ 0x736b_6574_6368);
        match self {
            Self::Gaussian => gaussian(n, k, &draws),
            Self::SparseSign => sparse_signs(n, k, &mut draws),
            Self::Hadamard => hadamard(n, k, &mut draws),
        }
    }
}

/// Fills the columns in parallel. Each column starts at its own place in the sequence of draws, so that the matrix does
/// not depend on the number of threads.
fn gaussian<T: Scalar>(n: usize, k: usize, draws: &Draws) -> Matrix<T> {
    let parts = if T::IS_COMPLEX { 2 } else { 1 };
    let mut omega = Matrix::zeros(n, k);
    omega.as_mut_slice().par_chunks_mut(n.max(1)).enumerate().for_each(|(j, column)| {
        let mut draws = draws.after(j * n * parts * Draws::FOR_NORMAL);
        column.fill_with(|| {
            let re = draws.normal();
            T::from_parts(re, if T::IS_COMPLEX { draws.normal() } else { 0.0 })
        });
    });
    omega
}

fn sign(draws: &mut Draws) -> f64 {
    if draws.uniform() < 0.5 { -1.0 } else { 1.0 }
}

/// A random subset of 0..n with `count` elements, each subset equally likely (Floyd).
fn distinct(n: usize, count: usize, draws: &mut Draws) -> Vec<usize> {
    let mut chosen = Vec::with_capacity(count);
    for j in n - count..n {
        let x = ((draws.uniform() * (j + 1) as f64) as usize).min(j);
        chosen.push(if chosen.contains(&x) { j } else { x });
    }
    chosen
}

fn sparse_signs<T: Scalar>(n: usize, k: usize, draws: &mut Draws) -> Matrix<T> {
    let mut omega = Matrix::zeros(n, k);
    let count = SIGNS.min(k);
    for i in 0..n {
        for j in distinct(k, count, draws) {
            omega[(i, j)] = T::from_parts(sign(draws) / (count as f64).sqrt(), 0.0);
        }
    }
    omega
}

fn hadamard<T: Scalar>(n: usize, k: usize, draws: &mut Draws) -> Matrix<T> {
    let order = n.max(k).next_power_of_two();
    let signs: Vec<f64> = (0..n).map(|_| sign(draws)).collect();
    // Rows are permuted at random too: adjacent row indices differ in few bits, so that their signs agree in too many
    // of the chosen columns.
    let mut rows: Vec<usize> = (0..order).collect();
    for i in 0..n {
        let j = i + ((draws.uniform() * (order - i) as f64) as usize).min(order - i - 1);
        rows.swap(i, j);
    }
    let chosen = distinct(order, k, draws);
    let scale = 1.0 / (k.max(1) as f64).sqrt();
    Matrix::from_fn(n, k, |i, j| {
        let entry = if (rows[i] & chosen[j]).count_ones().is_multiple_of(2) { scale } else { -scale };
        T::from_parts(signs[i] * entry, 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_columns_side_by_side_are_one_sequence() {
        let omega = gaussian::<f64>(30, 5, &Draws(9));
        let mut draws = Draws(9);
        assert!(omega.as_slice().iter().all(|&x| x == draws.normal()));
        let omega = gaussian::<kappa_dense::c64>(30, 5, &Draws(9));
        let mut draws = Draws(9);
        assert!(omega.as_slice().iter().all(|x| (x.re, x.im) == (draws.normal(), draws.normal())));
    }

    #[test]
    fn every_sketch_keeps_lengths_on_average_and_depends_on_its_seed_alone() {
        for sketch in [Sketch::Gaussian, Sketch::SparseSign, Sketch::Hadamard] {
            let (n, k) = (700, 40);
            let omega = sketch.matrix::<f64>(n, k, 5);
            assert_eq!(omega, sketch.matrix::<f64>(n, k, 5));
            assert_ne!(omega, sketch.matrix::<f64>(n, k, 6));
            // E‖Ωᵀx‖² = c·‖x‖² with the same c for every x.
            let of = |x: &dyn Fn(usize) -> f64, seed: u64| -> f64 {
                let omega = sketch.matrix::<f64>(n, k, seed);
                (0..k).map(|j| (0..n).map(|i| omega[(i, j)] * x(i)).sum::<f64>().powi(2)).sum()
            };
            let mean = |x: &dyn Fn(usize) -> f64| (0..60).map(|seed| of(x, seed)).sum::<f64>() / 60.0;
            let (even, one) = (mean(&|_| (1.0 / n as f64).sqrt()), mean(&|i| f64::from(i == 300)));
            assert!((even / one - 1.0).abs() < 0.2, "{sketch:?}: {even} beside {one}");
        }
    }
}
