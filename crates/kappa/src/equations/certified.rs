//! Enclosures of every entry of the solution of a linear system or a least squares problem: what
//! [`Guarantee::Certified`](crate::Guarantee::Certified) asks for.

use kappa_dense::pair::PairMatrix;
use kappa_dense::{Matrix, MatrixRef, Scalar};

use super::residual::{largest, real_form, stacked};
use crate::arithmetic::check_environment;
use crate::ask::is_exactly_singular;
use crate::certificate::{Effort, LeastSquaresCertificate, SystemCertificate, solve_in_many_bits};
use crate::enclosure::Pinned;
use crate::enclosure::directed::{div_up, norm_down, norm_up};
use crate::error::{Error, Result};
use crate::{Enclosure, Evidence};

/// An enclosure of each entry of a solution; every rounding error is counted.
///
/// # Examples
///
/// ```
/// # use kappa::{Guarantee, Matrix, Solve, gallery, solve_by};
/// let how = Solve { guarantee: Guarantee::Certified, ..Solve::default() };
/// let s = solve_by(&gallery::second_difference(3), &Matrix::from_fn(3, 1, |_, _| 1.0), &how)?;
/// // x = (3/2, 2, 3/2).
/// let x = s.enclosures().expect("a certified solution has them");
/// assert!(x.entry(0, 0).contains(1.5) && x.entry(0, 0).width() < 1e-15 && x.entry(0, 0).evidence().is_certified());
/// # Ok::<(), kappa::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct EntryEnclosures {
    rows: usize,
    is_complex: bool,
    /// One for each column: the real parts, then the imaginary ones.
    columns: Vec<Pinned>,
    residual_norms: Vec<Enclosure>,
    algorithm: &'static str,
}

impl EntryEnclosures {
    fn new<W: Scalar>(
        rows: usize,
        columns: Vec<Pinned>,
        residual_norms: Vec<Enclosure>,
        algorithm: &'static str,
    ) -> Self {
        Self { rows, is_complex: W::IS_COMPLEX, columns, residual_norms, algorithm }
    }

    /// The solution, n×k, of the estimates.
    pub(super) fn x<W: Scalar>(&self) -> Matrix<W> {
        let (re, im) = (|i, k| self.entry(i, k).estimate(), |i, k| self.imaginary(i, k).estimate());
        Matrix::from_fn(self.rows, self.columns.len(), |i, k| W::from_parts(re(i, k), im(i, k)))
    }

    /// The entry at row i of column k, or its real part.
    pub fn entry(&self, i: usize, k: usize) -> Enclosure {
        self.columns[k].enclosure(i)
    }

    /// The imaginary part of the entry at row i of column k; 0 for a real matrix.
    pub fn imaginary(&self, i: usize, k: usize) -> Enclosure {
        if self.is_complex { self.columns[k].enclosure(self.rows + i) } else { Enclosure::exact(0.0) }
    }

    /// The entry (its real part) at row i of column k minus the double nearest to it. `x + low` is the solution to
    /// about 106 bits; [`EntryEnclosures::radius`] bounds its error.
    pub fn low(&self, i: usize, k: usize) -> f64 {
        self.columns[k].value[i].low
    }

    /// A bound of the error of `x + low` (real part) at row i of column k.
    pub fn radius(&self, i: usize, k: usize) -> f64 {
        self.columns[k].radius[i]
    }

    /// The number of certain decimal digits of the entry (its real part) before rounding to a double: at most 31, and
    /// 31 if it is exact.
    pub fn digits(&self, i: usize, k: usize) -> f64 {
        let (value, radius) = (self.columns[k].value[i].high.abs(), self.radius(i, k));
        if radius == 0.0 { 31.0 } else { (value / radius).log10().clamp(0.0, 31.0) }
    }

    /// ‖b − Ax‖₂ of each column; exactly 0 for a square system.
    pub fn residual_norms(&self) -> &[Enclosure] {
        &self.residual_norms
    }

    /// How it was proved, as a noun phrase.
    pub fn algorithm(&self) -> &'static str {
        self.algorithm
    }

    /// A proved bound of ‖x − x*‖/‖x‖ over the columns, in the ∞-norm or in the 2-norm.
    pub(super) fn forward_error(&self, is_two_norm: bool) -> Enclosure {
        let count = if self.is_complex { 2 * self.rows } else { self.rows };
        let of = |column: &Pinned| {
            let entries: Vec<Enclosure> = (0..count).map(|i| column.enclosure(i)).collect();
            if entries.iter().any(|x| !(x.lower().is_finite() && x.upper().is_finite())) {
                return f64::INFINITY;
            }
            let away = |x: &Enclosure| match (x.upper() - x.estimate()).max(x.estimate() - x.lower()) {
                0.0 => 0.0,
                error => error.next_up(),
            };
            let errors: Vec<f64> = entries.iter().map(away).collect();
            let sizes: Vec<f64> = entries.iter().map(|x| x.estimate().abs()).collect();
            let (error, size) = if is_two_norm {
                (norm_up(&errors), norm_down(&sizes))
            } else {
                // |x| of a complex number is at least its larger part, and at most √2 times that part.
                let most = if self.is_complex { 1.5 } else { 1.0 };
                (largest(errors.into_iter()) * most, largest(sizes.into_iter()))
            };
            if error == 0.0 { 0.0 } else { div_up(error, size) }
        };
        let value = self.columns.iter().map(of).fold(0.0, f64::max);
        Enclosure::new(0.0, value, value, Evidence::Rounding)
    }
}

/// The relative error from which a solution is computed again in many bits.
const NARROW: f64 = 1e-13;

/// Encloses the solution of AX = B for the A and B as they are stored; see [`solve_by`](super::solve_by). A must be
/// square and finite, B fit and be finite. Also gives an estimate of ‖A⁻¹‖_∞.
pub(super) fn enclosed_solution<T: Scalar>(a: MatrixRef<'_, T>, b: &Matrix<T>) -> Result<(EntryEnclosures, f64)> {
    check_environment()?;
    let (n, b) = (a.rows(), stacked(b));
    let norms = vec![Enclosure::exact(0.0); b.columns()];
    if n == 0 {
        let columns = vec![Pinned::default(); b.columns()];
        return Ok((EntryEnclosures::new::<T>(0, columns, norms, "nothing to solve"), 0.0));
    }
    let real = real_form(&a.to_wide());
    let by_pairs = SystemCertificate::new(real.as_ref())?.map(|certificate| {
        let columns = certificate.enclose(&PairMatrix::from(b.clone()));
        let found = EntryEnclosures::new::<T>(n, columns, norms.clone(), certificate.algorithm());
        (found, certificate.inverse_norm(T::IS_COMPLEX))
    });
    match by_pairs {
        Some(found) if found.0.forward_error(false).upper() < NARROW => Ok(found),
        Some(found) => Ok(in_many_bits(a, &real, &b, norms).unwrap_or(found)),
        None => in_many_bits(a, &real, &b, norms),
    }
}

/// The solution where pairs of doubles do not suffice.
fn in_many_bits<T: Scalar>(
    a: MatrixRef<'_, T>,
    real: &Matrix<f64>,
    b: &Matrix<f64>,
    norms: Vec<Enclosure>,
) -> Result<(EntryEnclosures, f64)> {
    let is_singular = is_exactly_singular(a);
    if is_singular != Some(true)
        && let Some((columns, inverse_norm)) = solve_in_many_bits(real.as_ref(), b, Effort::LARGE)
    {
        let algorithm = "approximate inverse in many bits and exact residuals";
        return Ok((EntryEnclosures::new::<T>(a.rows(), columns, norms, algorithm), inverse_norm));
    }
    Err(not_regular(a.rows(), is_singular))
}

fn not_regular(n: usize, is_singular: Option<bool>) -> Error {
    match is_singular {
        Some(true) => Error::singular(format!("the {n}×{n} matrix is exactly singular (integer elimination)"))
            .with_hint("`lstsq` gives the solution of least norm"),
        Some(false) => Error::unsupported(format!(
            "the {n}×{n} matrix is nonsingular (exact integer elimination) but too large and too \
             ill-conditioned for an enclosure"
        ))
        .with_hint("scale the rows and columns to similar norms"),
        None => Error::singular(format!("the {n}×{n} matrix is singular or too ill-conditioned: neither was proved"))
            .with_hint("`lstsq` gives the solution of least norm, without a proof"),
    }
}

/// Encloses the minimiser of ‖Ax − b‖₂ for the A and B as they are stored; see [`lstsq_by`](super::lstsq_by). A must be
/// finite, B fit and be finite.
pub(super) fn enclosed_minimiser<T: Scalar>(a: MatrixRef<'_, T>, b: &Matrix<T>) -> Result<EntryEnclosures> {
    let (m, n) = (a.rows(), a.columns());
    if m == n {
        return enclosed_solution(a, b).map(|(found, _)| found);
    }
    check_environment()?;
    let b = stacked(b);
    let count = b.columns();
    if m == 0 || n == 0 {
        return Ok(empty::<T>(n, &b));
    }
    let real = PairMatrix::from(real_form(&a.to_wide()));
    let tall = if m > n { real } else { real.transpose() };
    let Some(certificate) = LeastSquaresCertificate::new(&tall, &vec![0.0; tall.columns()])? else {
        return Err(Error::unsupported(format!("full rank of the {m}×{n} matrix could not be proved"))
            .with_hint("`lstsq` gives the solution of least norm at a tolerance, without a proof"));
    };
    let column = |k: usize| PairMatrix::from(Matrix::from_fn(b.rows(), 1, |i, _| b[(i, k)]));
    if m > n {
        let found: Vec<_> = (0..count).map(|k| certificate.least_squares(&column(k), 0.0)).collect();
        let norms = found.iter().map(|f| f.square.sqrt()).collect();
        let columns = found.into_iter().map(|f| f.x).collect();
        let algorithm = "triangular factor and two residuals in double-double";
        return Ok(EntryEnclosures::new::<T>(n, columns, norms, algorithm));
    }
    let columns = (0..count).map(|k| certificate.minimum_norm(&column(k))).collect();
    let norms = vec![Enclosure::exact(0.0); count];
    let algorithm = "triangular factor of the adjoint, two residuals in double-double";
    Ok(EntryEnclosures::new::<T>(n, columns, norms, algorithm))
}

/// The solution x = 0 of a problem without unknowns or without equations.
fn empty<W: Scalar>(n: usize, b: &Matrix<f64>) -> EntryEnclosures {
    let zeros = || {
        let mut x = Pinned::default();
        (0..if W::IS_COMPLEX { 2 * n } else { n }).for_each(|_| x.push(Default::default(), 0.0, 0));
        x
    };
    let norm = |k: usize| crate::norm::vector_norm(2.0, || b.column(k).iter().copied());
    let count = b.columns();
    EntryEnclosures::new::<W>(n, vec![zeros(); count], (0..count).map(norm).collect(), "nothing to solve")
}
