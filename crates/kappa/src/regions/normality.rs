use kappa_dense::{Matrix, Scalar, multiply};

use crate::ask::certified_norm;
use crate::enclosure::directed::{add_down, add_up, mul_down, mul_up, sqrt_down, sqrt_up, times_power};
use crate::enclosure::times_power_of_two;
use crate::error::{Error, Result};
use crate::operator::{AnyOperator, Entries, LinearOperator, RealOrComplex, near_one, wide};
use crate::{Enclosure, Evidence, Norm, Profile, eig, norm};

/// The distance of a matrix from the normal matrices, whose behaviour the eigenvalues determine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normality {
    /// Henrici's departure √(‖A‖_F² − Σ|λᵢ|²): the Frobenius norm of the strict upper triangle of the Schur form, 0
    /// exactly for normal matrices.
    pub departure: Enclosure,
    /// ‖AᴴA − AAᴴ‖_F.
    pub commutator: Enclosure,
}

/// Henrici's departure from normality √(‖A‖_F² − Σ|λᵢ|²), and the commutator ‖AᴴA − AAᴴ‖_F.
///
/// The departure comes from the discs of the eigenvalues: a small departure suffers cancellation, and is known to about
/// √ε·‖A‖_F. The cost of [`eig`] and two products.
///
/// # Errors
///
/// When the matrix is not square, when an entry is not finite, and as [`eig`].
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, regions::normality};
/// let a = Matrix::from_row_major(2, 2, vec![1.0, 5.0, 0.0, 2.0])?;
/// assert!(normality(&a)?.departure.contains(5.0));
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Henrici, Numer. Math. 4 (1962) 24–40; Elsner and Paardekooper, Linear Algebra Appl. 92 (1987) 107–124.
pub fn normality<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Normality> {
    let (m, n) = a.shape();
    if m != n {
        return Err(Error::shape(format!("a {m}×{n} matrix has no eigenvalues")).with_hint("give a square matrix"));
    }
    let entries = Entries::of(a)?;
    Profile::of_entries(entries.view())?;
    // Scaled so that squares neither overflow nor underflow.
    let (near, e) = near_one(&entries.view())?;
    let is_exact =
        (0..n).all(|j| (0..n).all(|i| times_power_of_two(near[(i, j)], e) == entries.view().get(i, j).widen()));
    let found = of_near_one(&near)?;
    let departure = unscaled(found.departure, e);
    let lost = Evidence::Estimate("entries that underflow in scaling");
    let departure = if is_exact { departure } else { departure.with_evidence(departure.evidence().and(lost)) };
    Ok(Normality { departure, commutator: unscaled(unscaled(found.commutator, e), e) })
}

/// x·2ᵉ of something that is not negative.
fn unscaled(x: Enclosure, e: i32) -> Enclosure {
    let end = |x: f64| times_power(x, e);
    Enclosure::new(end(x.lower()).0, end(x.estimate()).0, end(x.upper()).1, x.evidence())
}

/// The same of a matrix with entries near 1.
fn of_near_one<W: Scalar<Wide = W>>(a: &Matrix<W>) -> Result<Normality> {
    let n = a.rows();
    let f = eig(a)?;
    let size = certified_norm(a, Norm::frobenius())?;
    let sum = f.eigenvalues().length();
    // √(s² − t²) = √((s − t)(s + t)).
    let product = |s: f64, t: f64, up: bool| {
        let (less, more) = if up { (add_up(s, -t), add_up(s, t)) } else { (add_down(s, -t), add_down(s, t)) };
        if less <= 0.0 {
            0.0
        } else if up {
            sqrt_up(mul_up(less, more)).min(s)
        } else {
            sqrt_down(mul_down(less, more))
        }
    };
    let is_known = sum.upper().is_finite();
    let upper = if is_known { product(size.upper(), sum.lower(), true) } else { size.upper() };
    let lower = if is_known { product(size.lower(), sum.upper(), false) } else { 0.0 };
    let middle = ((size.estimate() - sum.estimate()).max(0.0) * (size.estimate() + sum.estimate())).sqrt();
    // That a matrix equals its adjoint is seen in its entries.
    let is_normal = f.parts().is_normal;
    let evidence = if is_known { size.evidence().and(f.eigenvalues().evidence()) } else { size.evidence() };
    let departure = if is_normal { Enclosure::exact(0.0) } else { Enclosure::new(lower, middle, upper, evidence) };
    let (left, right) = (multiply(a.adjoint().as_ref(), a.as_ref())?, multiply(a.as_ref(), a.adjoint().as_ref())?);
    let difference = Matrix::from_fn(n, n, |i, j| left[(i, j)] - right[(i, j)]);
    let found = norm(&difference, Norm::frobenius())?;
    let lost = 4.0 * f64::EPSILON * (n as f64 + 4.0) * size.upper() * size.upper();
    let commutator = if is_normal {
        Enclosure::exact(0.0)
    } else {
        Enclosure::around(found.estimate(), lost, Evidence::Estimate("rounding of two products"))
    };
    Ok(Normality { departure, commutator })
}

/// Gelfand's sequence ‖Aᵏ‖₂^(1/k) for k = 1, 2, 4, … up to `most`: each term is at least the spectral radius, which is
/// its limit.
///
/// Every term is an upper bound of the spectral radius (evidence: estimate, as the products are rounded). One product a
/// term.
///
/// # Errors
///
/// When the matrix is not square, and when an entry is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, regions::gelfand};
/// let a = Matrix::from_row_major(2, 2, vec![0.5, 100.0, 0.0, 0.5])?;
/// let g = gelfand(&a, 1024)?;
/// assert!(g[0].1.estimate() > 100.0 && g[10].1.estimate() < 0.52);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Horn and Johnson, *Matrix Analysis*, Corollary 5.6.14.
pub fn gelfand<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), most: u64) -> Result<Vec<(u64, Enclosure)>> {
    let entries = Entries::of(a)?;
    let view = entries.view();
    let n = view.rows();
    if view.columns() != n {
        return Err(Error::shape(format!("a {n}×{} matrix has no powers: it is not square", view.columns())));
    }
    let evidence = Evidence::Estimate("rounding of repeated squares");
    let mut found = Vec::new();
    let mut power = view.to_wide();
    // ‖Aᵏ‖ = ‖power‖·exp(scale).
    let (mut k, mut scale) = (1u64, 0.0f64);
    while k <= most.max(1) {
        let size = norm(&power, Norm::spectral())?;
        if size.upper() == 0.0 {
            found.push((k, Enclosure::new(0.0, 0.0, 0.0, evidence)));
            break;
        }
        let root = |x: f64| ((x.ln() + scale) / k as f64).exp();
        let slack = 64.0 * f64::EPSILON * (n as f64 + 8.0) * (k as f64).log2().max(1.0);
        found.push((
            k,
            Enclosure::new(
                root(size.lower()) * (1.0 - slack),
                root(size.estimate()),
                root(size.upper()) * (1.0 + slack),
                evidence,
            ),
        ));
        let Some(next) = k.checked_mul(2) else { break };
        power.as_mut_slice().iter_mut().for_each(|x| *x = x.scale(1.0 / size.estimate()));
        scale = 2.0 * (scale + size.estimate().ln());
        power = multiply(power.as_ref(), power.as_ref())?;
        k = next;
    }
    Ok(found)
}

impl AnyOperator<'_> {
    /// [`regions::normality`](crate::regions::normality) of this operator.
    ///
    /// # Errors
    ///
    /// As [`regions::normality`](crate::regions::normality).
    pub fn normality(&self) -> Result<Normality> {
        wide!(self, a => self::normality(a)).map(RealOrComplex::into_inner)
    }

    /// [`regions::gelfand`](crate::regions::gelfand) of this operator.
    ///
    /// # Errors
    ///
    /// As [`regions::gelfand`](crate::regions::gelfand).
    pub fn gelfand(&self, most: u64) -> Result<Vec<(u64, Enclosure)>> {
        wide!(self, a => self::gelfand(a, most)).map(RealOrComplex::into_inner)
    }
}
