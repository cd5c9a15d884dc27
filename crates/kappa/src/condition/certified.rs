//! κ(A) = ‖A‖·‖A⁺‖ with every rounding error counted, in any norm.

use std::borrow::Cow;

use kappa_dense::{Matrix, MatrixRef, Scalar, Shape, counted_product, qr};

use super::Extended;
use crate::arithmetic::check_environment;
use crate::ask::{certified_norm, is_exactly_singular, is_wide};
use crate::certificate::{
    Doubt, Effort, InverseEnclosure, certified_values_of, enclose_inverse, inverse_in_many_bits, inverse_of_sum,
    regular_within,
};
use crate::enclosure::directed::{
    SMALLEST, add_down, add_up, div_down, div_up, gamma_up, mul_up, norm_up, sqrt_up, sum_up, times_power,
};
use crate::enclosure::exponent_of;
use crate::error::{Error, Result};
use crate::norm::Sums;
use crate::operator::{AnyMatrix, AnyOperator, Entries, LinearOperator, RealOrComplex, wide};
use crate::{Enclosure, Norm, Profile};

/// A condition number and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// ‖A‖·‖A⁺‖; ∞ above where the matrix is numerically singular.
    pub value: Extended,
    /// The algorithm or the certificate, as a noun phrase.
    pub algorithm: Cow<'static, str>,
}

/// κ(A) with every rounding error counted; see [`cond_by`](super::cond_by).
pub(crate) fn certified_cond<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), norm: Norm) -> Result<Condition> {
    certified_cond_within(a, norm, Effort::LARGE)
}

/// [`certified_cond`], where an inverse in many bits may take this effort.
pub(super) fn certified_cond_within<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    norm: Norm,
    effort: Effort,
) -> Result<Condition> {
    check_environment()?;
    let entries = Entries::of(a)?;
    let a = entries.view();
    let profile = Profile::of_entries(a)?;
    let (m, n) = (a.rows(), a.columns());
    if m == 0 || n == 0 {
        return Err(empty((m, n)));
    }
    if profile.max_abs_value() == 0.0 {
        return Ok(infinite("the zero matrix"));
    }
    let least = if norm.is_submultiplicative() { 1.0 } else { 0.0 };
    let size = extended_norm(a, profile.max_abs_value(), norm)?;
    let found = if m == n { by_inverse(a, norm)? } else { by_pseudoinverse(a, norm)? };
    let is_nonsingular = found.is_some();
    let found = match found {
        Some(found) => found,
        None => (by_values(a, &profile, norm)?, "singular values of a decomposition, proved by counted products"),
    };
    let answer = |(inverse, algorithm): (Extended, &'static str)| Condition {
        value: size.times(inverse).at_least(least),
        algorithm: algorithm.into(),
    };
    if !is_wide(&found.0.mantissa()) {
        return Ok(answer(found));
    }
    if !is_nonsingular && is_exactly_singular(a) == Some(true) {
        return Ok(infinite("exact integer elimination: the rank is not full"));
    }
    Ok(match inverse_in_many_bits(a, effort) {
        Some(inverse) => answer((norm_of_inverse(&inverse, norm)?, "an inverse in many bits and its residual")),
        None => answer(found),
    })
}

/// ‖A⁺‖ from certified singular values; ∞ above where σₚ may be 0.
fn by_values<T: Scalar>(a: MatrixRef<'_, T>, profile: &Profile, norm: Norm) -> Result<Extended> {
    let (m, n) = (a.rows(), a.columns());
    let values = certified_values_of(a, profile.entries())?;
    // ‖A⁺‖₂ = 1/σₚ, and ‖X‖₂ ≤ c·‖X‖ for every X.
    let one = Enclosure::exact(1.0);
    let spectral = one.over(values.last());
    let c = Norm::spectral().bound_against(&norm, n, m, n.min(m))?;
    let lower = div_down(spectral.lower(), c);
    Ok(if norm.gauge().is_some() && values.last().lower() > 0.0 {
        values.inverted().norm(norm)?.into()
    } else {
        // Nothing but the lower end is known.
        Enclosure::new(lower, lower, f64::INFINITY, spectral.evidence()).into()
    })
}

fn empty((m, n): (usize, usize)) -> Error {
    Error::shape(format!("a {m}×{n} matrix is empty and has no condition number"))
}

fn infinite(algorithm: &'static str) -> Condition {
    Condition { value: Enclosure::exact(f64::INFINITY).into(), algorithm: algorithm.into() }
}

/// ‖A⁻¹‖ in a norm, every rounding error counted; `None` where A cannot be shown to be nonsingular.
///
/// From the approximate inverse and the residual of a certified [`cond_by`](crate::cond_by), at the same cost, also
/// with as many bits as the matrix needs.
///
/// # Errors
///
/// When the matrix is not square, when an entry is not finite, for norms that cannot be evaluated, and when the
/// floating-point environment violates the assumptions of the proofs.
///
/// # Examples
///
/// ```
/// # use kappa::condition::inverse_norm;
/// # use kappa::{Matrix, Norm};
/// let a = Matrix::from_row_major(2, 2, vec![2.0, 0.0, 0.0, 0.5])?;
/// let found = inverse_norm(&a, Norm::max_row_sum())?;
/// assert!(found.is_some_and(|x| x.enclosure().contains(2.0)));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn inverse_norm<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), norm: Norm) -> Result<Option<Extended>> {
    check_environment()?;
    let entries = Entries::of(a)?;
    square(entries.view())?;
    Profile::of_entries(entries.view())?;
    let a = entries.view();
    match by_inverse(a, norm)? {
        Some((value, _)) if !is_wide(&value.mantissa()) => Ok(Some(value)),
        None if is_exactly_singular(a) == Some(true) => Ok(None),
        wide => match inverse_in_many_bits(a, Effort::LARGE) {
            Some(inverse) => norm_of_inverse(&inverse, norm).map(Some),
            None => Ok(wide.map(|(value, _)| value)),
        },
    }
}

/// Whether every matrix whose entries differ from those of A by at most `relative`·|aᵢⱼ| + `absolute` is nonsingular.
///
/// `true` is proved; `false` means that no proof was found. One inversion and one product.
///
/// # Errors
///
/// When the matrix is not square, when `relative` or `absolute` is negative or not a number, when an entry is not
/// finite, and when the floating-point environment violates the assumptions of the proofs.
///
/// # Examples
///
/// ```
/// # use kappa::condition::is_regular_within;
/// # use kappa::Matrix;
/// let a = Matrix::from_row_major(2, 2, vec![2.0, 1.0, 1.0, 2.0])?;
/// assert!(is_regular_within(&a, 0.1, 0.0)?);
/// // [[1, 1], [1, 1]] lies within 1 of each entry.
/// assert!(!is_regular_within(&a, 0.0, 1.0)?);
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn is_regular_within<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    relative: f64,
    absolute: f64,
) -> Result<bool> {
    check_environment()?;
    if !(relative >= 0.0 && absolute >= 0.0) {
        return Err(Error::argument(format!("`relative` and `absolute` must be ≥ 0, got {relative} and {absolute}"))
            .with_hint("a relative error of 0.1 % is 0.001"));
    }
    let entries = Entries::of(a)?;
    square(entries.view())?;
    Profile::of_entries(entries.view())?;
    Ok(regular_within(entries.view(), Doubt { relative, absolute })?.is_some())
}

pub(crate) fn square<T: Scalar>(a: MatrixRef<'_, T>) -> Result<usize> {
    let (m, n) = (a.rows(), a.columns());
    if m == n && n > 0 {
        return Ok(n);
    }
    Err(Error::shape(format!("a {m}×{n} matrix has no inverse")).with_hint("give a square matrix"))
}

/// ‖A‖ as a mantissa and an exponent, from A·2⁻ᵉ with its largest entry near 1.
fn extended_norm<T: Scalar>(a: MatrixRef<'_, T>, max: f64, norm: Norm) -> Result<Extended> {
    let e = exponent_of(max.min(f64::MAX));
    if e.abs() < 300 {
        return Ok(certified_norm(&a, norm)?.into());
    }
    let scaled = Matrix::from_fn(a.rows(), a.columns(), |i, j| {
        let part = |x: f64| times_power(x.abs(), -e).0.copysign(x);
        <T::Wide>::from_parts(part(a.get(i, j).re()), part(a.get(i, j).im()))
    });
    let found = certified_norm(&scaled, norm)?;
    // Scaling may have lost less than 2⁻¹⁰⁷³ of each entry.
    let count = a.rows() as f64 * a.columns() as f64;
    let lost = mul_up(mul_up(count, 2.0 * SMALLEST), against_frobenius(norm, (a.rows(), a.columns()))?);
    Ok(Extended::new(around(found, lost), e))
}

/// c with ‖X‖ ≤ c·‖X‖_F for m×n matrices.
fn against_frobenius(norm: Norm, (m, n): (usize, usize)) -> Result<f64> {
    norm.bound_against(&Norm::frobenius(), m, n, m.min(n))
}

fn around(x: Enclosure, radius: f64) -> Enclosure {
    Enclosure::new(add_down(x.lower(), -radius).max(0.0), x.estimate(), add_up(x.upper(), radius), x.evidence())
}

type Found = Option<(Extended, &'static str)>;

/// The relative width below which a certificate is not improved.
const NARROW: f64 = 1e-9;

/// From I − RA; if that leaves the ends wide, also from the adjoint, which is I − AR: one of the two is often far
/// smaller where A is badly scaled.
fn by_inverse<T: Scalar>(a: MatrixRef<'_, T>, norm: Norm) -> Result<Found> {
    let first = by_left_inverse(a, norm)?;
    let is_narrow = |x: &Extended| x.mantissa().width() <= NARROW * x.mantissa().upper();
    let partner = match norm {
        _ if norm.gauge().is_some() => norm,
        _ if norm == Norm::max_column_sum() => Norm::max_row_sum(),
        _ if norm == Norm::max_row_sum() => Norm::max_column_sum(),
        _ => return Ok(first),
    };
    if first.as_ref().is_some_and(|(x, _)| is_narrow(x)) {
        return Ok(first);
    }
    let adjoint = a.to_wide().adjoint();
    let second = by_left_inverse(adjoint.as_ref(), partner)?;
    Ok(match (first, second) {
        (Some((x, how)), Some((y, _))) => Some((x.and(y), how)),
        (x, y) => x.or(y),
    })
}

fn by_left_inverse<T: Scalar>(a: MatrixRef<'_, T>, norm: Norm) -> Result<Found> {
    let Some(inverse) = enclose_inverse(a)? else { return Ok(None) };
    Ok(Some((norm_of_inverse(&inverse, norm)?, "approximate inverse and its residual")))
}

/// ‖A⁺‖ from an enclosure of A⁺.
fn norm_of_inverse<W: Scalar<Wide = W>>(inverse: &InverseEnclosure<W>, norm: Norm) -> Result<Extended> {
    let center = certified_norm(&inverse.center, norm)?;
    let absolute = around(center, radius_in(norm, inverse)?);
    let shape = (inverse.row.len(), inverse.column.len());
    let found = match relative_in(norm, inverse) {
        // R = (I − E)A⁻¹: ‖R‖/(1 + g) ≤ ‖A⁻¹‖ ≤ ‖R‖/(1 − g), for a norm with ‖EX‖ ≤ g·‖X‖.
        Some(g) => {
            // Scaling to the common exponent lost less than 2⁻¹⁰⁷³ in each entry of R.
            let side = shape.0.max(shape.1) as f64;
            let lost = mul_up(side, mul_up(inverse.lost, against_frobenius(norm, shape)?));
            let center = around(center, lost);
            let lower = div_down(center.lower(), (1.0 + g).next_up());
            let upper = div_up(center.upper(), (1.0 - g).next_down());
            Enclosure::new(
                absolute.lower().max(lower),
                center.estimate(),
                absolute.upper().min(upper),
                center.evidence(),
            )
        }
        None => absolute,
    };
    Ok(Extended::new(found, inverse.exponent))
}

/// g with ‖A⁻¹ − 2ᶠR‖ ≤ g·‖A⁻¹‖, below 1, where one is known for this norm.
fn relative_in<W: Scalar>(norm: Norm, inverse: &InverseEnclosure<W>) -> Option<f64> {
    let g = match norm {
        _ if norm.gauge().is_some() => inverse.relative.spectral,
        _ if norm == Norm::max_column_sum() => inverse.relative.columns,
        _ if norm == Norm::max_row_sum() => inverse.relative.rows,
        _ => f64::INFINITY,
    };
    (g < 1.0).then_some(g)
}

/// ‖2⁻ᶠA⁻¹ − R‖ from above.
fn radius_in<W: Scalar>(norm: Norm, inverse: &InverseEnclosure<W>) -> Result<f64> {
    let (columns, rows) = inverse.sum_radii();
    if norm == Norm::max_column_sum() {
        return Ok(columns);
    }
    if norm == Norm::max_row_sum() {
        return Ok(rows);
    }
    let shape = (inverse.row.len(), inverse.column.len());
    Ok(mul_up(against_frobenius(norm, shape)?, inverse.frobenius_radius()))
}

/// With X near A⁺ and XA = I − E: A⁺ − X = EA⁺ − X(I − AA⁺), and X(I − AA⁺) = F(I − AA⁺) for F = X − ZAᴴ and any Z, so
/// that ‖A⁺ − X‖_F ≤ (‖E‖₂‖X‖_F + ‖F‖_F)/(1 − ‖E‖₂). For tall matrices of full rank; a wide one is replaced by its
/// adjoint.
fn by_pseudoinverse<T: Scalar>(a: MatrixRef<'_, T>, norm: Norm) -> Result<Found> {
    if norm.gauge().is_some() {
        return Ok(None);
    }
    let wide = a.to_wide();
    let is_wide = a.rows() < a.columns();
    let tall = if is_wide { wide.adjoint() } else { wide };
    let max = Profile::of_entries(tall.as_ref())?.max_abs_value();
    let e = max.min(f64::MAX).log2().floor() as i32;
    let part = |x: f64| times_power(x.abs(), -e).0.copysign(x);
    let a = Matrix::from_fn(tall.rows(), tall.columns(), |i, j| {
        <T::Wide>::from_parts(part(tall[(i, j)].re()), part(tall[(i, j)].im()))
    });
    let form = <T::Wide>::real_form(a.as_ref());
    let real = form.view();
    let real = Matrix::from_fn(real.rows(), real.columns(), |i, j| real.get(i, j).re());
    let Some((x, radius)) = pseudoinverse(real.as_ref())? else { return Ok(None) };
    // Back from the real form: its first half of columns holds real and imaginary parts.
    let (m, n) = (a.rows(), a.columns());
    let center = Matrix::from_fn(n, m, |i, j| {
        let im = if form.is_doubled() { x[(n + i, j)] } else { 0.0 };
        <T::Wide>::from_parts(x[(i, j)], im)
    });
    let center = if is_wide { center.adjoint() } else { center };
    let value = certified_norm(&center, norm)?;
    // Scaling lost less than 2⁻¹⁰⁷³ in each entry, which changes A⁺ by less than twice ‖A⁺‖² times that.
    let size = add_up(norm_up(x.as_slice()), radius);
    let lost = mul_up(mul_up(size, size), mul_up((m * n) as f64, 8.0 * SMALLEST));
    let radius = mul_up(against_frobenius(norm, (center.rows(), center.columns()))?, add_up(radius, lost));
    Ok(Some((Extended::new(around(value, radius), -e), "pseudoinverse and its residuals")))
}

/// X near the pseudoinverse of a tall real matrix, and ‖A⁺ − X‖_F from above.
fn pseudoinverse(a: MatrixRef<'_, f64>) -> Result<Option<(Matrix<f64>, f64)>> {
    let (m, n) = (a.rows(), a.columns());
    let f = qr(a, Shape::Thin)?;
    let Some(s) = upper_inverse(&f.r) else { return Ok(None) };
    let x = counted_product(s.as_ref(), f.q.as_ref().transpose())?.product;
    let z = counted_product(s.as_ref(), s.as_ref().transpose())?.product;
    let residual = |product: kappa_dense::Counted, sizes: f64, target: &dyn Fn(usize, usize) -> f64| {
        let p = product.product;
        let rest = Matrix::from_fn(p.rows(), p.columns(), |i, j| target(i, j) - p[(i, j)]);
        let sums = Sums::of(&rest);
        let counted = mul_up(gamma_up(product.depth + 1), sizes);
        let lost = mul_up((p.rows() * p.columns()) as f64, mul_up(m as f64, 4.0 * SMALLEST));
        let more = |size: f64| add_up(add_up(mul_up(size, 1.0 + 1e-15), counted), lost);
        (more(sums.spectral()), more(sums.frobenius))
    };
    let (a_size, x_size, z_size) = (matrix_size(a), norm_up(x.as_slice()), norm_up(z.as_slice()));
    let (e, _) = residual(counted_product(x.as_ref(), a)?, mul_up(x_size, a_size), &|i, j| f64::from(i == j));
    let (_, f_size) = residual(counted_product(z.as_ref(), a.transpose())?, mul_up(z_size, a_size), &|i, j| x[(i, j)]);
    if e.is_nan() || e >= 1.0 || !f_size.is_finite() || n == 0 {
        return Ok(None);
    }
    let radius = div_up(add_up(mul_up(e, x_size), f_size), (1.0 - e).next_down());
    Ok(Some((x, radius)))
}

fn matrix_size(a: MatrixRef<'_, f64>) -> f64 {
    let total = (0..a.columns()).fold(0.0, |sum, j| {
        let column: Vec<f64> = (0..a.rows()).map(|i| a.get(i, j)).collect();
        let size = norm_up(&column);
        add_up(sum, mul_up(size, size))
    });
    sqrt_up(total)
}

/// An approximate inverse of an upper triangular matrix, by back substitution; `None` where a pivot is 0.
fn upper_inverse(r: &Matrix<f64>) -> Option<Matrix<f64>> {
    let n = r.rows();
    let mut s = Matrix::identity(n);
    for j in 0..n {
        for i in (0..=j).rev() {
            let sum: f64 = (i + 1..=j).map(|k| r[(i, k)] * s[(k, j)]).sum();
            s[(i, j)] = (f64::from(i == j) - sum) / r[(i, i)];
        }
    }
    s.as_slice().iter().all(|x| x.is_finite()).then_some(s)
}

/// Σxᵢ of non-negative numbers, rounded up.
pub(super) fn total_up(x: &[f64]) -> f64 {
    sum_up(x.iter().sum(), x.len())
}

/// κ(A + R) for a real A, where R has these entries: the rest of numbers that doubles cannot hold.
fn cond_of_sum(a: &AnyOperator<'_>, rest: &[(usize, usize, f64)], norm: Norm) -> Result<Condition> {
    check_environment()?;
    let (m, n) = a.shape();
    if m == 0 || n == 0 {
        return Err(empty((m, n)));
    }
    let AnyMatrix::Real(matrix) = a.to_matrix()? else {
        return Err(Error::unsupported("the rest of numbers that doubles cannot hold is for real matrices"));
    };
    // Several rests of one place go to different matrices, so that they are added without rounding.
    let mut rests: Vec<Matrix<f64>> = Vec::new();
    for &(i, j, x) in rest {
        match rests.iter_mut().find(|r| r[(i, j)] == 0.0) {
            Some(free) => free[(i, j)] = x,
            None => rests.push(Matrix::from_fn(m, n, |k, l| if (k, l) == (i, j) { x } else { 0.0 })),
        }
    }
    if a.exact_rank_with(rest)?.upper() < m.min(n) as f64 {
        return Ok(infinite("exact integer elimination: the rank is not full"));
    }
    let profile = Profile::of_entries(matrix.as_ref())?;
    let size = extended_norm(matrix.as_ref(), profile.max_abs_value(), norm)?;
    let total = rests.iter().fold(0.0, |sum, rest| add_up(sum, norm_up(rest.as_slice())));
    let lost = mul_up(against_frobenius(norm, (m, n))?, total);
    let lost = times_power(lost, -size.exponent()).1;
    let size = Extended::new(around(size.mantissa(), lost), size.exponent());
    let least = if norm.is_submultiplicative() { 1.0 } else { 0.0 };
    match inverse_of_sum(&matrix, &rests, Effort::LARGE) {
        Some(inverse) => Ok(Condition {
            value: size.times(norm_of_inverse(&inverse, norm)?).at_least(least),
            algorithm: "an inverse in many bits and its residual, for the numbers as they are written".into(),
        }),
        None => Err(Error::limit(format!("an inverse of the {m}×{n} matrix in many bits takes too long"))
            .with_hint("divide the integers by a common factor, so that doubles hold them")),
    }
}

impl AnyOperator<'_> {
    /// The condition number of A + R, certified, where R has these entries (row, column and number, from 0): the rest
    /// of integers that doubles cannot hold. In many bits: see [`cond_by`](crate::cond_by) for its cost.
    ///
    /// # Errors
    ///
    /// As [`cond_by`](crate::cond_by), and when A is complex, and when the inverse takes too long.
    pub fn cond_with(&self, norm: Norm, rest: &[(usize, usize, f64)]) -> Result<Condition> {
        cond_of_sum(self, rest, norm)
    }

    /// [`is_regular_within`](crate::condition::is_regular_within) of this operator.
    ///
    /// # Errors
    ///
    /// As [`is_regular_within`](crate::condition::is_regular_within).
    pub fn is_regular_within(&self, relative: f64, absolute: f64) -> Result<bool> {
        wide!(self, a => self::is_regular_within(a, relative, absolute)).map(RealOrComplex::into_inner)
    }
}
