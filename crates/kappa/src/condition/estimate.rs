//! The 1-norm of an operator that is known by its products, and κ from a factorization with it.

use kappa_dense::{Matrix, Scalar, lu};

use crate::enclosure::directed::{div_down, norm_up};
use crate::error::{Error, Result};
use crate::krylov::{OneNorm, one_norm_search};
use crate::operator::{AnyOperator, Entries, LinearOperator, RealOrComplex, wide};
use crate::{Enclosure, Evidence, Norm, Profile};

/// ‖A‖₁ of an operator that is known by its products: a lower bound that is nearly always within a factor of 3, and
/// mostly exact (evidence: estimate; the upper end is ∞).
///
/// About 4 products with blocks of 2 columns.
///
/// # Errors
///
/// When the operator is not square, and when a product fails.
///
/// # Examples
///
/// ```
/// # use kappa::condition::one_norm_estimate;
/// # use kappa::krylov::OneNorm;
/// # use kappa::Matrix;
/// let a = Matrix::from_row_major(2, 2, vec![1.0, -5.0, 3.0, 4.0])?;
/// assert_eq!(one_norm_estimate(&a, &OneNorm::default())?.estimate(), 9.0);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Higham and Tisseur, SIAM J. Matrix Anal. Appl. 21 (2000) 1185–1201.
pub fn one_norm_estimate<T: Scalar<Wide = T>>(
    a: &(impl LinearOperator<T> + ?Sized),
    how: &OneNorm,
) -> Result<Enclosure> {
    let (m, n) = a.shape();
    if m != n {
        return Err(Error::shape(format!("the estimator needs a square operator, not a {m}×{n} one")));
    }
    let found = one_norm_search(n, how, |x| a.apply(x), |x| a.apply_adjoint(x))?;
    // A vector of 1-norm 1 has an image of this 1-norm, up to the rounding of a product.
    let slack = 1.0 - 4.0 * f64::EPSILON * (n as f64 + 4.0);
    Ok(Enclosure::new(
        found.value * slack,
        found.value,
        f64::INFINITY,
        Evidence::Estimate("Higham–Tisseur, from below"),
    ))
}

/// ‖A⁻¹‖ in the 1-norm or the ∞-norm from one LU factorization: a lower bound, nearly always within a factor of 3.
///
/// The lower end is ‖z‖/‖Az‖ for the best z found, every rounding error counted; the upper end is ∞. The answer is ∞
/// where a pivot is 0. ⅔n³ flops.
///
/// # Errors
///
/// When the norm is another one, when the matrix is not square, and when an entry is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::condition::inverse_norm_estimate;
/// # use kappa::krylov::OneNorm;
/// # use kappa::{Matrix, Norm};
/// let a = Matrix::from_row_major(2, 2, vec![2.0, 0.0, 0.0, 0.5])?;
/// let x = inverse_norm_estimate(&a, Norm::max_column_sum(), &OneNorm::default())?;
/// assert!((x.estimate() - 2.0).abs() < 1e-12);
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn inverse_norm_estimate<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    norm: Norm,
    how: &OneNorm,
) -> Result<Enclosure> {
    let entries = Entries::of(a)?;
    let view = entries.view();
    let n = super::certified::square(view)?;
    let by_rows = is_by_rows(norm)?;
    let factors = lu(view)?;
    if factors.is_singular() {
        return Ok(Enclosure::exact(f64::INFINITY).with_evidence(Evidence::Estimate("a pivot of 0")));
    }
    // ‖A⁻¹‖_∞ = ‖A⁻ᴴ‖₁.
    let solve = |x: &Matrix<T::Wide>, adjoint: bool| -> Result<Matrix<T::Wide>> {
        Ok(if adjoint { factors.solve_adjoint(x) } else { factors.solve(x) })
    };
    let found = one_norm_search(n, how, |x| solve(x, by_rows), |x| solve(x, !by_rows))?;
    let wide = view.to_wide();
    let operator = if by_rows { wide.adjoint() } else { wide };
    let lower = shown(&operator, &found.image)?;
    Ok(Enclosure::new(lower, found.value.max(lower), f64::INFINITY, Evidence::Estimate("Higham–Tisseur, from below")))
}

/// Whether the estimator works on rows; an error for any other norm.
fn is_by_rows(norm: Norm) -> Result<bool> {
    match norm {
        x if x == Norm::max_column_sum() => Ok(false),
        x if x == Norm::max_row_sum() => Ok(true),
        other => Err(Error::unsupported(format!("there is no estimator for the inverse in the {other} norm"))
            .with_hint(
                "use max-column-sum or max-row-sum; without the estimate the condition number is known in every norm",
            )),
    }
}

/// A lower bound of ‖z‖₁/‖Az‖₁ ≤ ‖A⁻¹‖₁.
fn shown<W: Scalar<Wide = W>>(a: &Matrix<W>, z: &[W]) -> Result<f64> {
    let adjoint = a.adjoint();
    let mut upper = Vec::with_capacity(z.len());
    for i in 0..a.rows() {
        let Ok(re) = crate::arithmetic::dot(adjoint.column(i), z) else { return Ok(0.0) };
        let turned: Vec<W> = z.iter().map(|z| W::from_parts(z.im(), -z.re())).collect();
        let Ok(im) = crate::arithmetic::dot(adjoint.column(i), &turned) else { return Ok(0.0) };
        let end = |e: Enclosure| e.upper().max(-e.lower());
        upper.push(if W::IS_COMPLEX { norm_up(&[end(re.value), end(im.value)]) } else { end(re.value) });
    }
    let size = crate::norm::vector_norm(1.0, || z.iter().copied());
    Ok(div_down(size.lower(), super::certified::total_up(&upper)))
}

/// κ in the 1-norm or the ∞-norm, estimated from one LU factorization: the inverse of `rcond` in other libraries.
///
/// The lower end is proved; the estimate is nearly always within a factor of 3 of the exact value.
///
/// # Errors
///
/// As [`inverse_norm_estimate`].
///
/// # Examples
///
/// ```
/// # use kappa::condition::cond_estimate;
/// # use kappa::krylov::OneNorm;
/// # use kappa::{Norm, gallery};
/// let k = cond_estimate(&gallery::hilbert(5), Norm::max_column_sum(), &OneNorm::default())?;
/// assert!((k.estimate() / 943656.0 - 1.0).abs() < 1e-8 && k.lower() > 943655.0);
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn cond_estimate<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), norm: Norm, how: &OneNorm) -> Result<Enclosure> {
    is_by_rows(norm)?;
    let entries = Entries::of(a)?;
    let size = Profile::of_entries(entries.view())?.norm(norm)?;
    let inverse = inverse_norm_estimate(&entries.view(), norm, how)?;
    let product = size.times(inverse);
    Ok(Enclosure::new(product.lower().max(1.0), product.estimate().max(1.0), product.upper(), product.evidence()))
}

impl AnyOperator<'_> {
    /// [`cond_estimate`](crate::condition::cond_estimate) of this operator.
    ///
    /// # Errors
    ///
    /// As [`cond_estimate`](crate::condition::cond_estimate).
    pub fn cond_estimate(&self, norm: Norm, how: &OneNorm) -> Result<Enclosure> {
        wide!(self, a => self::cond_estimate(a, norm, how)).map(RealOrComplex::into_inner)
    }
}
