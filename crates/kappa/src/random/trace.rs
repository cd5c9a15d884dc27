//! ‖A‖_F of an operator that can only multiply, by random vectors.

use kappa_dense::{Matrix, Scalar};

use super::Draws;
use crate::error::{Error, Result};
use crate::operator::LinearOperator;
use crate::{Enclosure, Evidence};

/// How a trace is sampled: passed last, and usually left at its default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hutchinson {
    /// Products with random vectors.
    pub samples: usize,
    /// The probability with which the bounds may fail.
    pub failure: f64,
    /// Which random vectors.
    pub seed: u64,
}

impl Default for Hutchinson {
    fn default() -> Self {
        Self { samples: 1000, failure: 1e-6, seed: 0 }
    }
}

/// Columns multiplied at a time.
const BLOCK: usize = 32;

/// ‖A‖_F from products alone: E‖Ag‖² = ‖A‖_F² for a vector g of independent standard normal numbers.
///
/// With N samples the square is right within a factor 1 ± √(8·ln(2/δ)/N) but for a probability δ (evidence: probability),
/// whatever A is; N products, no entries. On the unit sphere the mean of ‖Ax‖² is ‖A‖_F²/n, which is the same statement. Fails
/// where a product fails, and when one is not finite.
///
/// ```
/// # use kappa::{Hutchinson, LowRank, Matrix, frobenius_by_sampling};
/// let thin = Matrix::from_fn(300, 2, |i, j| ((i + j) % 3) as f64);
/// let product = LowRank::new(thin.clone(), thin.adjoint())?;
/// let found = frobenius_by_sampling(&product, &Hutchinson::default())?;
/// assert!(found.contains(kappa::norm(&product, kappa::Norm::frobenius())?.estimate()));
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Hutchinson 1990; the bound is theorem 3 of Roosta-Khorasani and Ascher, Found. Comput. Math. 15 (2015) 1187–1212.
pub fn frobenius_by_sampling<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), how: &Hutchinson) -> Result<Enclosure> {
    let (_, n) = a.shape();
    if how.samples == 0 || !(how.failure > 0.0 && how.failure < 1.0) {
        return Err(Error::syntax("sampling needs at least one sample and a failure probability between 0 and 1"));
    }
    let mut draws = Draws(how.seed ^ 0x4a7c);
    // A complex normal number has half the variance in each part.
    let scale = if T::IS_COMPLEX { 0.5f64.sqrt() } else { 1.0 };
    let mut total = 0.0;
    let mut left = how.samples;
    while left > 0 {
        let count = left.min(BLOCK);
        let x = Matrix::from_fn(n, count, |_, _| T::from_parts(scale * draws.normal(), scale * draws.normal()));
        let y = a.apply(&x)?;
        total += y.as_slice().iter().map(|y| y.abs_squared()).sum::<f64>();
        left -= count;
    }
    if !total.is_finite() {
        return Err(Error::unsupported("a product with a random vector is not finite"));
    }
    let mean = total / how.samples as f64;
    let spread = (8.0 * (2.0 / how.failure).ln() / how.samples as f64).sqrt();
    let lower = (mean / (1.0 + spread)).sqrt();
    let upper = if spread < 1.0 { (mean / (1.0 - spread)).sqrt() } else { f64::INFINITY };
    Ok(Enclosure::new(lower, mean.sqrt(), upper, Evidence::Probability(how.failure)))
}
