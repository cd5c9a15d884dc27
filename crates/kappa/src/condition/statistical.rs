//! Small-sample estimates: the sensitivity of each entry of a solution, from a few random changes.

use kappa_dense::{Matrix, Scalar, lu, multiply};

use super::certified::square;
use crate::enclosure::{exponent_far_from_one, times_power_of_two};
use crate::error::{Error, Result};
use crate::norm::{largest_part, modulus};
use crate::operator::{AnyMatrix, AnyOperator, Entries, LinearOperator, RealOrComplex, wide_with};
use crate::random::Draws;

/// The parameters of a small-sample estimate; passed last, and usually left at their default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SmallSample {
    /// The number of random changes, 1 to 4.
    pub samples: usize,
    /// The random seed.
    pub seed: u64,
}

impl Default for SmallSample {
    fn default() -> Self {
        Self { samples: 3, seed: 0 }
    }
}

impl SmallSample {
    /// The probability with which an estimate is within this factor of the truth.
    ///
    /// 1 − 2/(πθ), 1 − π/(4θ²), 1 − 32/(3π²θ³), 1 − 81π²/(512θ⁴) for 1 to 4 samples.
    pub fn confidence(&self, factor: f64) -> f64 {
        use std::f64::consts::PI;
        let lost = match self.samples {
            0 | 1 => 2.0 / (PI * factor),
            2 => PI / (4.0 * factor.powi(2)),
            3 => 32.0 / (3.0 * PI.powi(2) * factor.powi(3)),
            _ => 81.0 * PI.powi(2) / (512.0 * factor.powi(4)),
        };
        (1.0 - lost).clamp(0.0, 1.0)
    }
}

/// The sensitivity of the entries of a solution.
#[derive(Clone, Debug, PartialEq)]
pub struct StatisticalCondition {
    /// For each entry of x the expected relative change, in units of the relative changes of the entries of A and b.
    pub entries: Vec<f64>,
    /// The same for x as a whole, relative to its 2-norm.
    pub whole: f64,
    /// The solution.
    pub solution: Vec<f64>,
}

/// The componentwise condition of the solution of Ax = b, from small random relative changes of every entry of A and b.
///
/// Derivatives A⁻¹(f − Ex) along a few orthonormal random directions with Eᵢⱼ = aᵢⱼzᵢⱼ, fᵢ = bᵢzᵢ: each within the
/// factor θ of the exact Frobenius-normwise condition with the probability of [`SmallSample::confidence`] (evidence:
/// probability). One LU factorization and a few solves.
///
/// # Errors
///
/// When the matrix is complex, not square or singular, when the shapes do not fit, and when an entry is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::condition::{SmallSample, statistical_cond};
/// # use kappa::Matrix;
/// let a = Matrix::from_row_major(2, 2, vec![1.0, 0.0, 0.0, 1e-8])?;
/// let c = statistical_cond(&a, &[1.0, 1.0], &SmallSample::default())?;
/// // Badly scaled, but every entry of x is as exact as the data.
/// assert!(c.entries.iter().all(|&c| c < 30.0));
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Kenney and Laub, SISC 15 (1994) 36–61; Kenney, Laub and Reese, SIMAX 19 (1998) 906–923.
pub fn statistical_cond<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    b: &[T],
    how: &SmallSample,
) -> Result<StatisticalCondition> {
    let entries = Entries::of(a)?;
    let n = square(entries.view())?;
    if T::IS_COMPLEX {
        return Err(Error::unsupported("small-sample estimates are for real systems")
            .with_hint("use cond_in or skeel_cond for complex systems"));
    }
    if b.len() != n || b.iter().any(|x| !x.is_finite()) {
        return Err(Error::shape(format!(
            "b has {} entries, and the matrix has {n} rows; all entries of b must be finite",
            b.len()
        )));
    }
    let factors = lu(entries.view())?;
    if factors.is_singular() {
        return Err(Error::singular("the matrix of the system is singular: a pivot is 0"));
    }
    // Relative sensitivities do not depend on the sizes of A and b, whose products may overflow or underflow.
    let wide = entries.view().to_wide();
    let largest = |x: &[T::Wide]| exponent_far_from_one(largest_part(x.iter().copied()));
    let (ea, right) = (largest(wide.as_slice()), b.iter().map(|b| b.widen()).collect::<Vec<_>>());
    let eb = largest(&right);
    let wide = Matrix::from_fn(n, n, |i, j| times_power_of_two(wide[(i, j)], -ea));
    let right = Matrix::from_fn(n, 1, |i, _| times_power_of_two(right[i], -eb));
    let factors = if ea == 0 { factors } else { lu(wide.as_ref())? };
    let x = factors.solve(&right);
    if x.as_slice().iter().any(|x| !x.is_finite()) {
        return Err(Error::singular("the solution overflows double precision: the matrix is numerically singular"));
    }
    let mut found = derivatives(&wide, &right, &x, &factors, how)?;
    found.solution.iter_mut().for_each(|x| *x = times_power_of_two(*x, eb - ea));
    Ok(found)
}

fn derivatives<W: Scalar<Wide = W>>(
    a: &Matrix<W>,
    b: &Matrix<W>,
    x: &Matrix<W>,
    factors: &kappa_dense::Lu<W>,
    how: &SmallSample,
) -> Result<StatisticalCondition> {
    let n = a.rows();
    let samples = how.samples.clamp(1, 4);
    let length = n * n + n;
    let mut directions: Vec<Vec<f64>> = Vec::new();
    let mut draws = Draws(how.seed ^ 0x5ce);
    for _ in 0..samples.min(length) {
        let mut z: Vec<f64> = (0..length).map(|_| draws.normal()).collect();
        for other in &directions {
            let along: f64 = z.iter().zip(other).map(|(z, o)| z * o).sum();
            z.iter_mut().zip(other).for_each(|(z, o)| *z -= along * o);
        }
        let size = z.iter().map(|z| z * z).sum::<f64>().sqrt();
        z.iter_mut().for_each(|z| *z /= size);
        directions.push(z);
    }
    let (mut lengths, mut whole) = (vec![0.0; n], 0.0);
    for z in &directions {
        let e = Matrix::from_fn(n, n, |i, j| a[(i, j)].scale(z[j * n + i]));
        let ex = multiply(e.as_ref(), x.as_ref())?;
        let change = Matrix::from_fn(n, 1, |i, _| b[(i, 0)].scale(z[n * n + i]) - ex[(i, 0)]);
        let dx = factors.solve(&change);
        for (length, &d) in lengths.iter_mut().zip(dx.as_slice()) {
            *length = f64::hypot(*length, modulus(d));
            whole = f64::hypot(whole, modulus(d));
        }
    }
    // E‖projection‖ of a vector of length p on q random directions is ω_q/ω_p of its own length.
    let factor = wallis(directions.len()) / wallis(length);
    let solution: Vec<f64> = x.as_slice().iter().map(|x| x.re()).collect();
    let size = crate::norm::length(&solution);
    // An entry 0 that no change of the data moves is insensitive.
    let relative = |change: f64, x: f64| if change == 0.0 { 0.0 } else { factor * change / x.abs() };
    let entries = lengths.iter().zip(&solution).map(|(s, x)| relative(*s, *x)).collect();
    Ok(StatisticalCondition { entries, whole: relative(whole, size), solution })
}

/// ω₁ = 1, ω₂ = 2/π, about √(2/(π(p − ½))) beyond: the mean of |first entry| of a unit vector of length p.
fn wallis(p: usize) -> f64 {
    match p {
        0 | 1 => 1.0,
        2 => 2.0 / std::f64::consts::PI,
        p => (2.0 / (std::f64::consts::PI * (p as f64 - 0.5))).sqrt(),
    }
}

impl AnyOperator<'_> {
    /// [`statistical_cond`](crate::condition::statistical_cond) of this operator.
    ///
    /// # Errors
    ///
    /// As [`statistical_cond`](crate::condition::statistical_cond).
    pub fn statistical_cond(&self, b: &AnyMatrix, how: &SmallSample) -> Result<StatisticalCondition> {
        wide_with!((self, b), (a, b) => self::statistical_cond(a, b.as_slice(), how)).map(RealOrComplex::into_inner)
    }
}
