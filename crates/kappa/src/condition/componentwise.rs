//! Condition numbers for relative errors of the single entries: Skeel's and Bauer's.

use kappa_dense::{Matrix, MatrixRef, Scalar};

use super::Extended;
use super::certified::{square, total_up};
use crate::arithmetic::check_environment;
use crate::ask::is_exactly_singular;
use crate::certificate::{Effort, InverseEnclosure, enclose_inverse, inverse_in_many_bits, times};
use crate::enclosure::directed::{SMALLEST, add_down, add_up, div_down, div_up, mul_down, mul_up, times_power};
use crate::error::{Error, Result};
use crate::operator::{AnyOperator, Entries, LinearOperator, RealOrComplex, wide};
use crate::{Enclosure, Evidence, Profile};

/// Skeel's condition number ‖|A⁻¹||A|‖_∞: the growth of relative errors of the single entries, whatever the scaling of
/// the rows.
///
/// At least 1, and the least κ_∞ that row scaling can reach (Bauer). Certified, through the enclosed inverse, at its
/// cost.
///
/// # Errors
///
/// When the matrix is not square, when it cannot be shown to be nonsingular, and when an entry is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, Norm, cond_in, skeel_cond};
/// // Rows of very different size: κ is huge, but nothing is sensitive.
/// let a = Matrix::from_row_major(2, 2, vec![1.0, 0.0, 0.0, 1e-12])?;
/// assert!(skeel_cond(&a)?.enclosure().contains(1.0));
/// assert!(cond_in(&a, Norm::max_row_sum())?.lower() > 0.9e12);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Skeel, J. ACM 26 (1979) 494–526; Higham, *Accuracy and Stability*, 2nd ed., section 7.2.
pub fn skeel_cond<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Extended> {
    let entries = Entries::of(a)?;
    let n = square(entries.view())?;
    let found = Product::new(entries.view())?;
    // |A|e for a vector of ones.
    let ones = vec![1.0; n];
    let value = found.applied(&ones);
    Ok(Extended::new(largest(&value), found.exponent()).at_least(1.0))
}

/// Skeel's condition number at a solution x, ‖|A⁻¹||A||x|‖_∞/‖x‖_∞, for relative errors of the entries of the matrix.
///
/// Certified; the cost of [`skeel_cond`].
///
/// # Errors
///
/// As [`skeel_cond`], when the length of x differs from the number of columns, and when x = 0.
///
/// # Examples
///
/// ```
/// # use kappa::condition::skeel_cond_at;
/// # use kappa::Matrix;
/// let a = Matrix::from_row_major(2, 2, vec![1.0, 0.0, 0.0, 1e-12])?;
/// assert!(skeel_cond_at(&a, &[1.0, 1.0])?.enclosure().contains(1.0));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn skeel_cond_at<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), x: &[T]) -> Result<Extended> {
    let entries = Entries::of(a)?;
    let n = square(entries.view())?;
    if x.len() != n {
        return Err(Error::shape(format!("x has {} entries, and the matrix has {n} columns", x.len())));
    }
    let moduli: Vec<Enclosure> = x.iter().map(|&x| crate::norm::modulus_enclosure(x)).collect();
    let size = moduli.iter().copied().reduce(crate::norm::larger).filter(|s| s.lower() > 0.0);
    let size = size.ok_or_else(|| Error::unsupported("the condition number at x = 0 is not defined"))?;
    let found = Product::new(entries.view())?;
    let upper: Vec<f64> = moduli.iter().map(Enclosure::upper).collect();
    let value = largest(&found.applied(&upper));
    let value = Enclosure::new(mul_down(value.lower(), 1.0 - 1e-15), value.estimate(), value.upper(), value.evidence());
    Ok(Extended::new(value.over(size), found.exponent()))
}

/// Bauer's condition number: the least κ_∞ that scaling rows and columns can reach, ρ(|A⁻¹||A|).
///
/// Certified by the quotients of Collatz and Wielandt for the enclosed inverse; the cost of [`skeel_cond`].
///
/// # Errors
///
/// As [`skeel_cond`].
///
/// # Examples
///
/// ```
/// # use kappa::condition::bauer_cond;
/// # use kappa::Matrix;
/// // Scaling makes the identity of this matrix.
/// let a = Matrix::from_row_major(2, 2, vec![1.0, 0.0, 0.0, 1e-12])?;
/// assert!(bauer_cond(&a)?.enclosure().contains(1.0));
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Bauer, Numer. Math. 5 (1963) 73–87.
pub fn bauer_cond<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Extended> {
    let entries = Entries::of(a)?;
    square(entries.view())?;
    let found = Product::new(entries.view())?;
    let (v, value) = found.perron();
    drop(v);
    Ok(Extended::new(value, found.exponent()).at_least(1.0))
}

/// Diagonal scalings by powers of two, and κ_∞ before and after.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaling {
    /// Exponents of the rows: row i is multiplied by 2^rowᵢ.
    pub rows: Vec<i32>,
    /// Exponents of the columns: column j is multiplied by 2^columnⱼ.
    pub columns: Vec<i32>,
    /// κ_∞ of the given matrix.
    pub before: Extended,
    /// κ_∞ of the scaled matrix.
    pub after: Extended,
    /// The lower limit for every scaling: Bauer's condition number.
    pub least: Extended,
}

/// The best scaling of rows and columns, D₁AD₂ with D₂ = diag(v), D₁ = diag(|A|v)⁻¹ for the Perron vector v of
/// |A⁻¹||A|.
///
/// The factors are rounded to powers of two, so that scaling is exact: κ_∞ is within a factor of 4 of Bauer's least
/// one.
///
/// # Errors
///
/// As [`skeel_cond`].
///
/// # Examples
///
/// ```
/// # use kappa::condition::best_scaling;
/// # use kappa::Matrix;
/// let a = Matrix::from_row_major(2, 2, vec![1.0, 0.0, 0.0, 1e-12])?;
/// let found = best_scaling(&a)?;
/// assert!(found.before.enclosure().lower() > 0.9e12 && found.after.enclosure().upper() < 5.0);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Bauer, Numer. Math. 5 (1963) 73–87.
pub fn best_scaling<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Scaling> {
    let entries = Entries::of(a)?;
    let n = square(entries.view())?;
    let found = Product::new(entries.view())?;
    let (v, value) = found.perron();
    let exponent = |x: f64| if x > 0.0 && x.is_finite() { x.log2().round() as i32 } else { 0 };
    let columns: Vec<i32> = v.iter().map(|&v| exponent(v)).collect();
    let rows: Vec<i32> = times(&found.a, &v).into_iter().map(|y| -exponent(y) - found.a_exponent).collect();
    let view = entries.view();
    let scaled = Matrix::from_fn(n, n, |i, j| {
        let x = view.get(i, j);
        let part = |x: f64| times_power(x.abs(), rows[i] + columns[j]).0.copysign(x);
        <T::Wide>::from_parts(part(x.re()), part(x.im()))
    });
    let norm = crate::Norm::max_row_sum();
    Ok(Scaling {
        rows,
        columns,
        before: super::certified_cond(&view, norm)?.value,
        after: super::certified_cond(&scaled, norm)?.value,
        least: Extended::new(value, found.exponent()).at_least(1.0),
    })
}

/// The inverse of a matrix that is numerically singular, in many bits.
fn inverse_of_singular<T: Scalar>(a: MatrixRef<'_, T>) -> Result<InverseEnclosure<T::Wide>> {
    let is_singular = is_exactly_singular(a);
    let inverse = if is_singular == Some(true) { None } else { inverse_in_many_bits(a, Effort::LARGE) };
    inverse.ok_or_else(|| {
        let how = if is_singular == Some(true) { "exactly" } else { "numerically" };
        Error::singular(format!("the {0}×{0} matrix is {how} singular", a.rows()))
            .with_hint("a componentwise condition number needs the inverse; `cond` answers for every matrix")
    })
}

/// |A⁻¹||A|, applied to vectors.
struct Product<W: Scalar> {
    inverse: InverseEnclosure<W>,
    inverse_moduli: Matrix<f64>,
    /// |A|·2^(−a_exponent), rounded up.
    a: Matrix<f64>,
    a_exponent: i32,
}

impl<W: Scalar<Wide = W>> Product<W> {
    fn new<T: Scalar<Wide = W>>(a: MatrixRef<'_, T>) -> Result<Self> {
        check_environment()?;
        let max = Profile::of_entries(a)?.max_abs_value();
        let inverse = match enclose_inverse(a)? {
            Some(inverse) => inverse,
            None => inverse_of_singular(a)?,
        };
        let a_exponent = if max > 0.0 { max.min(f64::MAX).log2().floor() as i32 } else { 0 };
        let n = a.rows();
        let modulus = |x: W| crate::norm::modulus_enclosure(x).upper();
        Ok(Self {
            inverse_moduli: Matrix::from_fn(n, n, |i, j| modulus(inverse.center[(i, j)])),
            inverse,
            a: Matrix::from_fn(n, n, |i, j| times_power(modulus(a.get(i, j).widen()), -a_exponent).1),
            a_exponent,
        })
    }

    fn exponent(&self) -> i32 {
        self.inverse.exponent + self.a_exponent
    }

    /// |A⁻¹||A|v, enclosed, for v ≥ 0.
    fn applied(&self, v: &[f64]) -> Vec<Enclosure> {
        let n = v.len();
        let y = times(&self.a, v);
        let z = times(&self.inverse_moduli, &y);
        let total = total_up(&y);
        let along = (0..n).fold(0.0, |sum, j| add_up(sum, mul_up(self.inverse.column[j], y[j])));
        // The sums are within 4n·u of these upper bounds; so are the moduli and |A|v.
        let slack = (8 * n + 64) as f64 * f64::EPSILON;
        (0..n)
            .map(|i| {
                let radius = add_up(mul_up(self.inverse.row[i], along), mul_up(self.inverse.lost, total));
                let low =
                    add_down(mul_down(z[i], (1.0 - slack).max(0.0)), -add_up(radius, 8.0 * (n * n) as f64 * SMALLEST));
                Enclosure::new(low.max(0.0), z[i], add_up(z[i], radius), Evidence::Rounding)
            })
            .collect()
    }

    /// A positive vector near the fixed point, and ρ enclosed by the smallest and the largest quotient.
    fn perron(&self) -> (Vec<f64>, Enclosure) {
        let n = self.a.rows();
        let mut v = vec![1.0; n];
        let mut best = Enclosure::new(0.0, 0.0, f64::INFINITY, Evidence::Rounding);
        let mut best_v = v.clone();
        for _ in 0..200 {
            let w = self.applied(&v);
            let lower = w.iter().zip(&v).map(|(w, v)| div_down(w.lower(), *v)).fold(f64::INFINITY, f64::min);
            let upper = w.iter().zip(&v).map(|(w, v)| div_up(w.upper(), *v)).fold(0.0, f64::max);
            if upper < best.upper() {
                best_v.clone_from(&v);
            }
            best = Enclosure::new(
                lower.max(best.lower()),
                upper.min(best.upper()),
                upper.min(best.upper()),
                Evidence::Rounding,
            );
            if best.width() <= 1e-9 * best.upper() {
                break;
            }
            let top = w.iter().map(Enclosure::upper).fold(0.0, f64::max);
            if !(top > 0.0 && top.is_finite()) {
                break;
            }
            // Half a step in the exponent converges for periodic matrices too; a lower limit keeps v positive.
            v = w.iter().zip(&v).map(|(w, v)| (0.5 * (w.upper() / top) + 0.5 * v).max(1e-150)).collect();
        }
        (best_v, best)
    }
}

fn largest(x: &[Enclosure]) -> Enclosure {
    x.iter().copied().reduce(crate::norm::larger).unwrap_or(Enclosure::exact(0.0))
}

impl AnyOperator<'_> {
    /// [`skeel_cond`](crate::skeel_cond) of this operator.
    ///
    /// # Errors
    ///
    /// As [`skeel_cond`](crate::skeel_cond).
    pub fn skeel_cond(&self) -> Result<Extended> {
        wide!(self, a => self::skeel_cond(a)).map(RealOrComplex::into_inner)
    }

    /// [`bauer_cond`](crate::condition::bauer_cond) of this operator.
    ///
    /// # Errors
    ///
    /// As [`bauer_cond`](crate::condition::bauer_cond).
    pub fn bauer_cond(&self) -> Result<Extended> {
        wide!(self, a => self::bauer_cond(a)).map(RealOrComplex::into_inner)
    }

    /// [`best_scaling`](crate::condition::best_scaling) of this operator.
    ///
    /// # Errors
    ///
    /// As [`best_scaling`](crate::condition::best_scaling).
    pub fn best_scaling(&self) -> Result<Scaling> {
        wide!(self, a => self::best_scaling(a)).map(RealOrComplex::into_inner)
    }
}
