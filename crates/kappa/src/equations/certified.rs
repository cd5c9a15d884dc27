//! Solutions of linear systems and least squares problems with a proved enclosure of every component.

use kappa_dense::pair::PairMatrix;
use kappa_dense::{Matrix, Scalar, c64};

use super::residual::{real_form, stacked};
use crate::arithmetic::check_environment;
use crate::ask::is_exactly_singular;
use crate::certificate::{LeastSquaresCertificate, SystemCertificate};
use crate::enclosure::Pinned;
use crate::error::{Error, Result};
use crate::operator::{AnyMatrix, AnyOperator, Entries, LinearOperator, RealOrComplex, both, wide_with};
use crate::{Enclosure, Profile};

/// X with an enclosure of each entry; every rounding error is counted.
#[derive(Clone, Debug)]
pub struct CertifiedSolution<W: Scalar> {
    x: Matrix<W>,
    /// One for each column: the real parts, then the imaginary ones.
    columns: Vec<Pinned>,
    residual_norms: Vec<Enclosure>,
    algorithm: &'static str,
}

impl<W: Scalar> CertifiedSolution<W> {
    fn new(n: usize, columns: Vec<Pinned>, residual_norms: Vec<Enclosure>, algorithm: &'static str) -> Self {
        let part = |i: usize, k: usize| columns[k].enclosure(i).estimate();
        let im = |i: usize, k: usize| if W::IS_COMPLEX { part(n + i, k) } else { 0.0 };
        let x = Matrix::from_fn(n, columns.len(), |i, k| W::from_parts(part(i, k), im(i, k)));
        Self { x, columns, residual_norms, algorithm }
    }

    /// The solution, n×k.
    pub fn x(&self) -> &Matrix<W> {
        &self.x
    }

    /// The entry at row i of column k, or its real part.
    pub fn entry(&self, i: usize, k: usize) -> Enclosure {
        self.columns[k].enclosure(i)
    }

    /// The imaginary part of the entry at row i of column k; 0 for a real matrix.
    pub fn imaginary(&self, i: usize, k: usize) -> Enclosure {
        if W::IS_COMPLEX { self.columns[k].enclosure(self.x.rows() + i) } else { Enclosure::exact(0.0) }
    }

    /// The entry (its real part) at row i of column k minus the double nearest to it. `x + low` is the solution to
    /// about 106 bits; [`CertifiedSolution::radius`] bounds its error.
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
}

/// Checks the right-hand side for both functions and returns B in double precision.
fn checked<T: Scalar>(m: usize, b: &Matrix<T>) -> Result<Matrix<f64>> {
    if b.rows() != m {
        return Err(Error::shape(format!("the right-hand side has {} rows, the matrix {m}", b.rows())));
    }
    let count = b.as_slice().iter().filter(|x| !x.is_finite()).count();
    match b.as_slice().iter().position(|x| !x.is_finite()) {
        Some(k) => Err(Error::not_finite(k % m, k / m, count)),
        None => Ok(stacked(b)),
    }
}

/// Solves AX = B with an enclosure of every entry.
///
/// The exact solution of AX = B, for the A and B as they are stored, lies inside. A is n×n, B and X are n×k.
///
/// An approximate inverse from faer, a solution of 106 bits, and its residual in 106 bits; an M-matrix proves that the
/// inverse is good enough, whatever the scaling of rows and columns. For κ below about 1e15 each entry is known to
/// about the last bit of a double; up to order 600 an inverse of 106 bits takes over for κ up to about 1e28. Complex
/// systems are solved in their real form of twice the order. About 5n³ flops, and 60n² for each column.
///
/// # Errors
///
/// - When the matrix is not square, or the shapes do not fit.
/// - When the matrix is singular, or so ill-conditioned that nothing can be proved; the message says which.
/// - When an entry is not finite.
/// - When the floating-point environment is not the one that the proofs assume.
///
/// # Examples
///
/// ```
/// # use kappa::{certified_solve, gallery, Matrix};
/// let s = certified_solve(&gallery::second_difference(3), &Matrix::from_fn(3, 1, |_, _| 1.0))?;
/// // x = (3/2, 2, 3/2).
/// assert!(s.entry(0, 0).contains(1.5) && s.entry(0, 0).width() < 1e-15 && s.entry(0, 0).evidence().is_certified());
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Rump, JCAM 242 (2013) 157–184; Minamihata, Ogita, Rump and Oishi, JCAM 369 (2020).
pub fn certified_solve<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    b: &Matrix<T>,
) -> Result<CertifiedSolution<T::Wide>> {
    check_environment()?;
    let entries = Entries::of(a)?;
    let view = entries.view();
    let (m, n) = (view.rows(), view.columns());
    if m != n {
        return Err(Error::shape(format!("the matrix of a linear system must be square, got {m}×{n}"))
            .with_hint("`certified_lstsq` solves systems of any shape in the least squares sense"));
    }
    Profile::of_entries(view)?;
    let b = checked(n, b)?;
    let norms = vec![Enclosure::exact(0.0); b.columns()];
    if n == 0 {
        return Ok(CertifiedSolution::new(0, vec![Pinned::default(); b.columns()], norms, "nothing to solve"));
    }
    let real = real_form(&view.to_wide());
    let Some(certificate) = SystemCertificate::new(real.as_ref())? else {
        return Err(not_regular(n, is_exactly_singular(view)));
    };
    let algorithm = certificate.algorithm();
    Ok(CertifiedSolution::new(n, certificate.enclose(&PairMatrix::from(b)), norms, algorithm))
}

fn not_regular(n: usize, is_singular: Option<bool>) -> Error {
    match is_singular {
        Some(true) => Error::singular(format!("the {n}×{n} matrix is exactly singular (integer elimination)"))
            .with_hint("`lstsq` gives the solution of least norm"),
        Some(false) => Error::unsupported(format!(
            "the {n}×{n} matrix is nonsingular (exact integer elimination) but too ill-conditioned for an enclosure"
        ))
        .with_hint("scale the rows and columns to similar norms, or solve in a higher precision than double"),
        None => Error::singular(format!("the {n}×{n} matrix is singular or too ill-conditioned: neither was proved"))
            .with_hint("`lstsq` gives the solution of least norm, without a proof"),
    }
}

/// min ‖Ax − b‖₂ for each column of B, with an enclosure of every entry.
///
/// The exact minimiser, for the A and B as they are stored, lies inside; for a wide matrix the x of least norm with Ax
/// = b. A is m×n, B is m×k, X is n×k. A square matrix is solved as by [`certified_solve`].
///
/// A triangular factor of 106 bits (in doubles above m·n² = 1e9), and two residuals in 106 bits: each entry is known to
/// about the last bit of a double for κ up to about 1e15 and beyond. Complex problems are solved in their real form.
/// About 200mn² flops.
///
/// # Errors
///
/// When full rank cannot be proved (without full rank an arbitrarily small change of A changes x by a finite amount),
/// and as [`certified_solve`].
///
/// # Examples
///
/// ```
/// # use kappa::{certified_lstsq, Matrix};
/// // The line through (0, 0), (1, 1), (2, 1): intercept 1/6, slope 1/2; the squares of the residual add up to 1/6.
/// let a = Matrix::from_fn(3, 2, |i, j| if j == 0 { 1.0 } else { i as f64 });
/// let s = certified_lstsq(&a, &Matrix::from_column_major(3, 1, vec![0.0, 1.0, 1.0])?)?;
/// assert!(s.entry(1, 0).contains(0.5) && s.entry(0, 0).width() < 1e-16);
/// assert!((s.residual_norms()[0].estimate() - (1.0f64 / 6.0).sqrt()).abs() < 1e-15);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Rump, SIMAX 33 (2012) 130–148.
pub fn certified_lstsq<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    b: &Matrix<T>,
) -> Result<CertifiedSolution<T::Wide>> {
    let (m, n) = a.shape();
    if m == n {
        return certified_solve(a, b);
    }
    check_environment()?;
    let entries = Entries::of(a)?;
    let view = entries.view();
    Profile::of_entries(view)?;
    let b = checked(m, b)?;
    let count = b.columns();
    if m == 0 || n == 0 {
        return Ok(empty(n, &b));
    }
    let real = PairMatrix::from(real_form(&view.to_wide()));
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
        return Ok(CertifiedSolution::new(n, columns, norms, "triangular factor and two residuals in double-double"));
    }
    let columns = (0..count).map(|k| certificate.minimum_norm(&column(k))).collect();
    let norms = vec![Enclosure::exact(0.0); count];
    Ok(CertifiedSolution::new(n, columns, norms, "triangular factor of the adjoint, two residuals in double-double"))
}

/// The solution x = 0 of a problem without unknowns or without equations.
fn empty<W: Scalar>(n: usize, b: &Matrix<f64>) -> CertifiedSolution<W> {
    let zeros = || {
        let mut x = Pinned::default();
        (0..if W::IS_COMPLEX { 2 * n } else { n }).for_each(|_| x.push(Default::default(), 0.0, 0));
        x
    };
    let norm = |k: usize| crate::norm::vector_norm(2.0, || b.column(k).iter().copied());
    let count = b.columns();
    CertifiedSolution::new(n, vec![zeros(); count], (0..count).map(norm).collect(), "nothing to solve")
}

impl AnyOperator<'_> {
    /// [`certified_solve`](crate::certified_solve) of this operator.
    ///
    /// # Errors
    ///
    /// As [`certified_solve`](crate::certified_solve).
    pub fn certified_solve(
        &self,
        b: &AnyMatrix,
    ) -> Result<RealOrComplex<CertifiedSolution<f64>, CertifiedSolution<c64>>> {
        wide_with!((self, b), (a, b) => self::certified_solve(a, b))
    }

    /// [`certified_lstsq`](crate::certified_lstsq) of this operator.
    ///
    /// # Errors
    ///
    /// As [`certified_lstsq`](crate::certified_lstsq).
    pub fn certified_lstsq(
        &self,
        b: &AnyMatrix,
    ) -> Result<RealOrComplex<CertifiedSolution<f64>, CertifiedSolution<c64>>> {
        wide_with!((self, b), (a, b) => self::certified_lstsq(a, b))
    }
}

/// [`CertifiedSolution`] of a real or of a complex matrix.
pub type AnyCertifiedSolution = RealOrComplex<CertifiedSolution<f64>, CertifiedSolution<c64>>;

impl AnyCertifiedSolution {
    /// The solution as doubles.
    pub fn x(&self) -> AnyOperator<'_> {
        both!(self, f => f.x().into())
    }

    /// The entry (its real part), enclosed.
    pub fn entry(&self, i: usize, k: usize) -> Enclosure {
        both!(self, f => f.entry(i, k))
    }

    /// The imaginary part of the entry, enclosed.
    pub fn imaginary(&self, i: usize, k: usize) -> Enclosure {
        both!(self, f => f.imaginary(i, k))
    }

    /// The entry minus the double nearest to it.
    pub fn low(&self, i: usize, k: usize) -> f64 {
        both!(self, f => f.low(i, k))
    }

    /// A bound of the error of x + low.
    pub fn radius(&self, i: usize, k: usize) -> f64 {
        both!(self, f => f.radius(i, k))
    }

    /// The number of certain decimal digits.
    pub fn digits(&self, i: usize, k: usize) -> f64 {
        both!(self, f => f.digits(i, k))
    }

    /// ‖b − Ax‖₂ of each column.
    pub fn residual_norms(&self) -> &[Enclosure] {
        both!(self, f => f.residual_norms())
    }

    /// How it was proved.
    pub fn algorithm(&self) -> &'static str {
        both!(self, f => f.algorithm())
    }
}
