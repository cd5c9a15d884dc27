//! Solutions that are proved, component by component.

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

/// X with an enclosure of each entry, every rounding error counted.
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

    /// The imaginary part of the entry at row i of column k; 0 where the matrix is real.
    pub fn imaginary(&self, i: usize, k: usize) -> Enclosure {
        if W::IS_COMPLEX { self.columns[k].enclosure(self.x.rows() + i) } else { Enclosure::exact(0.0) }
    }

    /// What is left of the entry at row i of column k beyond the double nearest to it (of its real part): together they are the
    /// solution to about 106 bits, give or take [`CertifiedSolution::radius`].
    pub fn low(&self, i: usize, k: usize) -> f64 {
        self.columns[k].value[i].low
    }

    /// How far `x + low` may be off at row i of column k (in its real part).
    pub fn radius(&self, i: usize, k: usize) -> f64 {
        self.columns[k].radius[i]
    }

    /// Decimal digits of the entry (or its real part) that are certain before rounding to a double, at most 31; 31 where it is exact.
    pub fn digits(&self, i: usize, k: usize) -> f64 {
        let (value, radius) = (self.columns[k].value[i].high.abs(), self.radius(i, k));
        if radius == 0.0 { 31.0 } else { (value / radius).log10().clamp(0.0, 31.0) }
    }

    /// ‖b − Ax‖₂ column by column: exactly 0 for a square system.
    pub fn residual_norms(&self) -> &[Enclosure] {
        &self.residual_norms
    }

    /// How it was proved, as a noun phrase.
    pub fn algorithm(&self) -> &'static str {
        self.algorithm
    }
}

/// What both verbs check first: B in double precision.
fn checked<T: Scalar>(m: usize, b: &Matrix<T>) -> Result<Matrix<f64>> {
    if b.rows() != m {
        return Err(Error::shape(format!("the right-hand side has {} rows, and the matrix {m}", b.rows())));
    }
    let count = b.as_slice().iter().filter(|x| !x.is_finite()).count();
    match b.as_slice().iter().position(|x| !x.is_finite()) {
        Some(k) => Err(Error::not_finite(k % m, k / m, count)),
        None => Ok(stacked(b)),
    }
}

/// Solves AX = B with an enclosure of every entry: the exact solution of the system as it is stored lies inside.
///
/// An approximate inverse from the engine, a solution of 106 bits, and its residual in 106 bits; the inverse is proved to be good
/// enough by an M-matrix, whatever the scaling of rows and columns. Where κ is below about 1e15 each entry is known to the last
/// bit of a double or nearly so; up to order 600 an inverse of 106 bits takes over for κ up to about 1e28. Complex systems
/// through their real form of twice the order. About 5n³ flops, and 60n² for each column.
///
/// Fails for a matrix that is not square or cannot be told from a singular one (it says which), when the shapes do not fit, when
/// something is not finite, and where the floating-point environment is not what the proofs assume.
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
        return Err(Error::shape(format!("a system needs a square matrix, not a {m}×{n} one"))
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
        Some(true) => Error::singular(format!("the {n}×{n} matrix is exactly singular, as elimination in whole numbers shows"))
            .with_hint("`lstsq` gives the solution of least norm"),
        Some(false) => Error::unsupported(format!(
            "the {n}×{n} matrix is regular, as elimination in whole numbers shows, but too ill-conditioned for an enclosure"
        ))
        .with_hint("scale rows and columns to the same size, or take more digits than doubles have"),
        None => Error::singular(format!("the {n}×{n} matrix cannot be told from a singular one"))
            .with_hint("`lstsq` gives the solution of least norm, without a proof"),
    }
}

/// min ‖Ax − b‖₂ for each column of B, with an enclosure of every entry; for a wide matrix the x of least norm with Ax = b.
///
/// A triangular factor of 106 bits (in doubles above m·n² = 1e9), and two residuals in 106 bits: each entry is known to the last
/// bit or nearly so up to κ of about 1e15 and beyond. Complex problems through their real form. A square matrix is solved as by
/// [`certified_solve`]. About 200mn² flops.
///
/// Fails where the rank cannot be shown to be full (then no small change of A leaves x where it is), and as [`certified_solve`].
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
        return Err(Error::unsupported(format!("the rank of the {m}×{n} matrix cannot be shown to be full"))
            .with_hint("without a certificate, `lstsq` gives the solution of least norm at a tolerance"));
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

/// Nothing to find, or nothing to find it from: x = 0.
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

    /// The (real part of the) entry, enclosed.
    pub fn entry(&self, i: usize, k: usize) -> Enclosure {
        both!(self, f => f.entry(i, k))
    }

    /// The imaginary part of the entry, enclosed.
    pub fn imaginary(&self, i: usize, k: usize) -> Enclosure {
        both!(self, f => f.imaginary(i, k))
    }

    /// What the entry has beyond its double.
    pub fn low(&self, i: usize, k: usize) -> f64 {
        both!(self, f => f.low(i, k))
    }

    /// How far x + low may be off.
    pub fn radius(&self, i: usize, k: usize) -> f64 {
        both!(self, f => f.radius(i, k))
    }

    /// Decimal digits that are certain.
    pub fn digits(&self, i: usize, k: usize) -> f64 {
        both!(self, f => f.digits(i, k))
    }

    /// ‖b − Ax‖₂, column by column.
    pub fn residual_norms(&self) -> &[Enclosure] {
        both!(self, f => f.residual_norms())
    }

    /// How it was proved.
    pub fn algorithm(&self) -> &'static str {
        both!(self, f => f.algorithm())
    }
}
