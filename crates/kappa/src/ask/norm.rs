use kappa_dense::{MatrixRef, Normal, Scalar};

use super::Profile;
use super::hard::{Induced, hard_value};
use super::sparse::{is_written_out, norm_by_quadrature, norm_of_stored, too_large};
use crate::certificate::growth;
use crate::enclosure::directed::{sqrt_up, times_power};
use crate::error::{Error, Result};
use crate::factor::values_of;
use crate::krylov::{Lanczos, Stop, largest_eigenvalue, norm_by_products};
use crate::norm::{Structure, entrywise_value, induced_value};
use crate::operator::{AnyOperator, Entries, Form, LinearOperator, RealOrComplex, each, wide};
use crate::{Enclosure, Evidence, Norm};

/// The norm ‖A‖, in the units of the entries.
///
/// Norms of the entries, and the induced norms with a closed form, are enclosed with every rounding error counted
/// (evidence: rounding). The other induced norms lie between the value of a vector and a bound by a theorem (see
/// [`induced_norm`]). Norms of the singular values carry their evidence, and the spectral norm of a large matrix is
/// found by Lanczos (evidence: probability). [`norm_by`](crate::norm_by) proves any of them. One pass over the entries,
/// or the cost of [`singular_values`](crate::singular_values). An empty matrix has norm 0.
///
/// # Errors
///
/// When an entry is not finite, and for the dual of an induced norm without a closed form.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, Norm, norm};
/// let a = Matrix::from_row_major(2, 2, vec![1.0, -2.0, 3.0, 4.0])?;
/// assert!(norm(&a, Norm::max_row_sum())?.contains(7.0));
/// assert!(norm(&a, Norm::frobenius())?.contains(30f64.sqrt()));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn norm<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), norm: Norm) -> Result<Enclosure> {
    if let (Some(gauge), Some(values)) = (norm.gauge(), a.known_singular_values()) {
        return Ok(gauge.of_values(&values));
    }
    if let Form::Sparse(sparse) = a.form()
        && let Some(found) = norm_of_stored(sparse, norm)?
    {
        return Ok(found);
    }
    if !is_written_out(a) && a.form().dense().is_none() {
        return norm_by_quadrature(&a, norm)?.ok_or_else(|| too_large(a.shape(), norm));
    }
    let closely = Lanczos { tolerance: 1e-12, steps: 300, ..Lanczos::default() };
    let is_close = |found: &Enclosure| found.width() <= 1e-11 * found.upper();
    let is_iterated = norm == Norm::spectral() && is_worth_iterating(a.shape());
    if is_iterated && a.form().dense().is_none() && T::IS_DOUBLE {
        let found = norm_by_products(a, &closely)?;
        if is_close(&found) {
            return Ok(found);
        }
    }
    let entries = Entries::of(a)?;
    let profile = Profile::of_entries(entries.view())?;
    if is_iterated {
        let found = spectral_of(entries.view(), &profile, &closely);
        if is_close(&found) {
            return Ok(found);
        }
    }
    if norm.needs_singular_values() {
        return values_of(entries.view(), profile.entries())?.norm(norm);
    }
    norm_of_entries(entries.view(), &profile, norm)
}

/// Whether Lanczos finds ‖A‖₂ faster than a decomposition finds all singular values.
fn is_worth_iterating((m, n): (usize, usize)) -> bool {
    m.min(n) >= 192
}

/// The spectral norm of A to a given relative width, by Lanczos on AᴴA.
///
/// From below by a vector, with every rounding error counted; from above with the stated probability over the random
/// start (evidence: probability). One pass over the entries for each step, about 4·m·n flops: tens of steps for 1e-6,
/// where all singular values would cost thousands. An operator without stored entries costs two products a step, and a
/// model bounds the rounding errors of its products. Where the tolerance is not reached the answer is wide, and still
/// true.
///
/// # Errors
///
/// When an entry or a product is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::{Lanczos, Matrix, spectral_norm};
/// let a = Matrix::from_fn(400, 300, |i, j| ((i * j) % 17) as f32);
/// let found = spectral_norm(&a, &Lanczos::default())?;
/// assert!(found.width() <= 1e-6 * found.upper());
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Hochstenbach, J. Sci. Comput. 57 (2013) 464–476.
pub fn spectral_norm<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), how: &Lanczos) -> Result<Enclosure> {
    if a.form().dense().is_none() {
        return norm_by_products(a, how);
    }
    let entries = Entries::of(a)?;
    Ok(spectral_of(entries.view(), &Profile::of_entries(entries.view())?, how))
}

fn spectral_of<T: Scalar>(a: MatrixRef<'_, T>, profile: &Profile, how: &Lanczos) -> Enclosure {
    if profile.max_abs_value() == 0.0 {
        return Enclosure::exact(0.0);
    }
    let operator = Normal::new(a, profile.max_abs_value());
    let ritz = largest_eigenvalue(operator.order(), how, Stop::Enclosed, |x| operator.apply(x));
    let form = T::real_form(operator.matrix());
    let re = ritz.vector.iter().map(|x| x.re());
    // (Re x, Im x) for the real form of a complex matrix. If rows were read as columns, conjugation does not change the
    // norm.
    let im = ritz.vector.iter().filter(|_| T::IS_COMPLEX).map(|x| x.im());
    let e = operator.exponent();
    let lower = growth(form.view(), e, &re.chain(im).collect::<Vec<f64>>()).0;
    // A model, with a margin, of the rounding errors of the products, which the bound of the polynomial does not
    // include.
    let (m, n) = (a.rows() as f64, a.columns() as f64);
    let slack = 1.0 + 4.0 * f64::EPSILON * (4.0 + m.sqrt() + n.sqrt());
    let upper = sqrt_up(ritz.upper.max(0.0)) * slack;
    let (lower, upper) = (times_power(lower, e).0, times_power(upper, e).1);
    let estimate = times_power(ritz.value.max(0.0).sqrt(), e).0;
    Enclosure::new(lower, estimate, upper, Evidence::Probability(how.failure)).with_evidence(profile.evidence())
}

/// The induced norm max ‖Ax‖_q/‖x‖_p, with parameters of the search.
///
/// As [`norm`] in `Norm::induced(p, q)`. Closed forms are enclosed to a few units roundoff, every rounding error
/// counted. The others, which are NP-hard to find, lie between the best vector found and the best certified bound
/// (evidence: the theorem of that bound). The ends are equal up to rounding for non-negative matrices and p ≥ q; they
/// are within 1.783 for ∞→1 and 1.2534 for ∞→2 and 2→1 of the semidefinite optimum, and exact for few columns, where
/// all sign vectors are tried.
///
/// # Errors
///
/// When p < 1 or q < 1, and when an entry is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::ask::{Induced, induced_norm};
/// # use kappa::Matrix;
/// let a = Matrix::from_row_major(2, 2, vec![1.0, 1.0, 1.0, -1.0])?;
/// // A sign vector has the image (2, 0) or (0, 2).
/// assert!(induced_norm(&a, f64::INFINITY, 1.0, &Induced::default())?.contains(2.0));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn induced_norm<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    p: f64,
    q: f64,
    how: &Induced,
) -> Result<Enclosure> {
    let which = Norm::induced(p, q)?;
    match which.structure() {
        Structure::Hard(p, q) => {
            let entries = Entries::of(a)?;
            let profile = Profile::of_entries(entries.view())?;
            Ok(hard_value(entries.view(), p, q, how).with_evidence(profile.evidence()))
        }
        _ => norm(a, which),
    }
}

/// A norm that needs no singular values.
pub(super) fn norm_of_entries<T: Scalar>(a: MatrixRef<'_, T>, profile: &Profile, norm: Norm) -> Result<Enclosure> {
    if let Ok(found) = profile.norm(norm) {
        return Ok(found);
    }
    let found = match norm.structure() {
        Structure::Entries(p) => Ok(entrywise_value(a, p)),
        Structure::Columns(mixed) => Ok(norm.for_exact_conjugate(a.rows(), induced_value(a, mixed))),
        Structure::Rows(mixed) => Ok(norm.for_exact_conjugate(a.columns(), induced_value(a.transpose(), mixed))),
        Structure::Hard(p, q) if norm == Norm::induced(p, q)? => Ok(hard_value(a, p, q, &Induced::default())),
        Structure::Hard(..) | Structure::Singular(_) => Err(Error::unsupported(format!("{norm} cannot be evaluated"))
            .with_hint("only duals of induced:1,q and induced:p,inf can be evaluated")),
    };
    found.map(|x| x.with_evidence(profile.evidence()))
}

impl AnyOperator<'_> {
    /// [`spectral_norm`](crate::spectral_norm) of this operator.
    ///
    /// # Errors
    ///
    /// As [`spectral_norm`](crate::spectral_norm).
    pub fn spectral_norm(&self, how: &Lanczos) -> Result<Enclosure> {
        each!(self, a => self::spectral_norm(a, how))
    }

    /// [`induced_norm`](crate::ask::induced_norm) of this operator.
    ///
    /// # Errors
    ///
    /// As [`induced_norm`](crate::ask::induced_norm).
    pub fn induced_norm(&self, p: f64, q: f64, how: &Induced) -> Result<Enclosure> {
        wide!(self, a => self::induced_norm(a, p, q, how)).map(RealOrComplex::into_inner)
    }
}
