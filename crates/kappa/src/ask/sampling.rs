//! ‖A‖_F of an operator that is known by its products, from random vectors.

use kappa_dense::{Matrix, Scalar};

use crate::enclosure::directed::times_power;
use crate::enclosure::exponent_far_from_one;
use crate::error::{Error, Result};
use crate::operator::{AnyOperator, LinearOperator, Scaled, each};
use crate::random::Draws;
use crate::{Enclosure, Evidence};

/// The parameters of a sampled trace: passed last, and usually left at their default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hutchinson {
    /// The number of products with random vectors.
    pub samples: usize,
    /// Columns of a sketch whose contribution is computed exactly, so that only the remainder is sampled (Hutch++); 0
    /// samples everything. Needs products with the adjoint.
    pub sketch: usize,
    /// The probability with which the bounds may fail.
    pub failure: f64,
    /// The random seed.
    pub seed: u64,
}

impl Default for Hutchinson {
    fn default() -> Self {
        Self { samples: 1000, sketch: 0, failure: 1e-6, seed: 0 }
    }
}

/// The number of columns multiplied at a time.
const BLOCK: usize = 32;

/// ‖A‖_F from products alone: E‖Ag‖² = ‖A‖_F² for a vector g of independent standard normal numbers.
///
/// With N samples the square is within a factor 1 ± √(8·ln(2/δ)/N) except with probability δ (evidence: probability),
/// whatever A is; N products, no entries. On the unit sphere the mean of ‖Ax‖² is ‖A‖_F²/n, which is the same
/// statement. With a sketch, ‖A‖_F² = ‖AQ‖_F² + ‖A(I − QQᴴ)‖_F² for orthonormal Q near the dominant right singular
/// vectors, and only the second part is sampled: much narrower where singular values decay quickly. The bounds hold up
/// to the rounding errors of the products.
///
/// # Errors
///
/// When a product fails or is not finite, when there is no sample, and when the failure probability is not between 0
/// and 1.
///
/// # Examples
///
/// ```
/// # use kappa::ask::{Hutchinson, frobenius_by_sampling};
/// # use kappa::{LowRank, Matrix};
/// let thin = Matrix::from_fn(300, 2, |i, j| ((i + j) % 3) as f64);
/// let product = LowRank::new(thin.clone(), thin.adjoint())?;
/// let found = frobenius_by_sampling(&product, &Hutchinson::default())?;
/// assert!(found.contains(kappa::norm(&product, kappa::Norm::frobenius())?.estimate()));
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// References: Hutchinson 1990; Hutch++ is Meyer, Musco, Musco, Woodruff, SOSA 2021; the bound is theorem 3 of
/// Roosta-Khorasani and Ascher, Found. Comput. Math. 15 (2015) 1187–1212.
pub fn frobenius_by_sampling<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), how: &Hutchinson) -> Result<Enclosure> {
    let (_, n) = a.shape();
    if how.samples == 0 || !(how.failure > 0.0 && how.failure < 1.0) {
        let (samples, failure) = (how.samples, how.failure);
        return Err(Error::argument(format!(
            "sampling needs at least 1 sample and a failure probability between 0 and 1, got {samples} and {failure}"
        ))
        .with_hint("use 100 samples and a failure probability of 1e-3, for example"));
    }
    Error::check_count("samples", how.samples, 1 << 24)?;
    Error::check_count("sketch", how.sketch, 1 << 16)?;
    // Squares of entries far from 1 would overflow or underflow: the operator is scaled by a power of two.
    let mut probe = Draws(how.seed ^ 0x91e3);
    let x = Matrix::from_fn(n, 1, |_, _| T::from_parts(probe.normal(), 0.0));
    let y = a.apply(&x)?;
    let e = exponent_far_from_one(crate::norm::largest_part(y.as_slice().iter().copied())).clamp(-1000, 1000);
    if e != 0 {
        let scaled = sampled(&Scaled { factor: T::from_parts(2f64.powi(-e), 0.0), operator: a }, how)?;
        let (lower, upper) = (times_power(scaled.lower(), e).0, times_power(scaled.upper(), e).1);
        return Ok(Enclosure::new(lower, times_power(scaled.estimate(), e).0, upper, scaled.evidence()));
    }
    sampled(a, how)
}

/// The same for products near 1 in size.
fn sampled<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), how: &Hutchinson) -> Result<Enclosure> {
    let (_, n) = a.shape();
    let mut draws = Draws(how.seed ^ 0x4a7c);
    // A complex normal number has half the variance in each part.
    let scale = if T::IS_COMPLEX { 0.5f64.sqrt() } else { 1.0 };
    let mut block =
        |count: usize| Matrix::from_fn(n, count, |_, _| T::from_parts(scale * draws.normal(), scale * draws.normal()));
    let basis =
        if how.sketch == 0 { Vec::new() } else { orthonormal(&a.apply_adjoint(&a.apply(&block(how.sketch.min(n)))?)?) };
    let found = if basis.is_empty() { 0.0 } else { squares(&a.apply(&columns(&basis))?) };
    let (mut total, mut left) = (0.0, how.samples);
    while left > 0 {
        let count = left.min(BLOCK);
        let mut x = block(count);
        (0..count).for_each(|j| subtract(x.column_mut(j), &basis));
        total += squares(&a.apply(&x)?);
        left -= count;
    }
    if !(total + found).is_finite() {
        return Err(Error::unsupported("a product with a random vector is not finite"));
    }
    let mean = total / how.samples as f64;
    let spread = (8.0 * (2.0 / how.failure).ln() / how.samples as f64).sqrt();
    let lower = (found + mean / (1.0 + spread)).sqrt();
    let upper = if spread < 1.0 { (found + mean / (1.0 - spread)).sqrt() } else { f64::INFINITY };
    let rounding = 1e-12;
    let (lower, upper) = (lower * (1.0 - rounding), upper * (1.0 + rounding));
    Ok(Enclosure::new(lower, (found + mean).sqrt(), upper, Evidence::Probability(how.failure)))
}

fn squares<T: Scalar>(y: &Matrix<T>) -> f64 {
    y.as_slice().iter().map(|y| y.abs_squared()).sum()
}

fn columns<T: Scalar>(basis: &[Vec<T>]) -> Matrix<T> {
    Matrix::from_fn(basis[0].len(), basis.len(), |i, j| basis[j][i])
}

/// x − QQᴴx, twice.
pub(super) fn subtract<T: Scalar>(x: &mut [T], basis: &[Vec<T>]) {
    for _ in 0..2 {
        for q in basis {
            let along = q.iter().zip(&*x).fold(T::default(), |s, (&q, &x)| s + q.conj() * x);
            x.iter_mut().zip(q).for_each(|(x, &q)| *x = *x - along * q);
        }
    }
}

/// An orthonormal basis of the columns, by Gram–Schmidt with reorthogonalization; dependent columns are omitted.
fn orthonormal<T: Scalar>(y: &Matrix<T>) -> Vec<Vec<T>> {
    let mut basis: Vec<Vec<T>> = Vec::new();
    for j in 0..y.columns() {
        let mut x = y.column(j).to_vec();
        let before = x.iter().map(|x| x.abs_squared()).sum::<f64>().sqrt();
        subtract(&mut x, &basis);
        let size = x.iter().map(|x| x.abs_squared()).sum::<f64>().sqrt();
        if size > 1e-10 * before && size.is_finite() {
            basis.push(x.iter().map(|x| x.scale(1.0 / size)).collect());
        }
    }
    basis
}

impl AnyOperator<'_> {
    /// [`frobenius_by_sampling`](crate::ask::frobenius_by_sampling) of this operator.
    ///
    /// # Errors
    ///
    /// As [`frobenius_by_sampling`](crate::ask::frobenius_by_sampling).
    pub fn frobenius_by_sampling(&self, how: &Hutchinson) -> Result<Enclosure> {
        each!(self, a => self::frobenius_by_sampling(a, how))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::c64;

    #[test]
    fn both_estimators_hold_the_norm_and_the_sketch_is_sharper() {
        // Singular values 2⁻ᵏ, multiplied by a unitary Fourier matrix.
        let n = 32;
        let a = Matrix::from_fn(n, n, |i, j| {
            let angle = 2.0 * std::f64::consts::PI * (i * j % n) as f64 / n as f64;
            c64::new(angle.cos(), angle.sin()).scale(2f64.powi(-(j as i32)) / (n as f64).sqrt())
        });
        let truth = (0..n).map(|k| 4f64.powi(-(k as i32))).sum::<f64>().sqrt();
        let plain = frobenius_by_sampling(&a, &Hutchinson::default()).unwrap();
        let sharp = frobenius_by_sampling(&a, &Hutchinson { sketch: 12, ..Hutchinson::default() }).unwrap();
        assert!(plain.contains(truth) && sharp.contains(truth), "{plain:?} {sharp:?} {truth}");
        assert!(sharp.width() < 1e-3 * plain.width(), "{sharp:?}");
        assert!(frobenius_by_sampling(&a, &Hutchinson { samples: 0, ..Hutchinson::default() }).is_err());
    }
}
