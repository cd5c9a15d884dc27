//! The logarithm and the sign of a determinant.

use kappa_dense::{Matrix, MatrixRef, Scalar, c64, lu, sparse_pivots};
use num_bigint::{BigInt, Sign};
use rayon::prelude::*;

use super::Profile;
use crate::arithmetic::check_environment;
use crate::arithmetic::modular::{Prime, primes};
use crate::arithmetic::whole_matrix::Whole;
use crate::certificate::{Determinant, Product, determinant};
use crate::error::{Error, Result};
use crate::factor::SparseFactor;
use crate::krylov::{OneNorm, one_norm_search};
use crate::operator::{AnyOperator, Entries, Form, LinearOperator, Sparse, each};
use crate::{Enclosure, Evidence, Guarantee, Norm};

/// ln|det A| and det A/|det A|: a determinant that neither overflows nor underflows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogDeterminant {
    /// ln|det A|; −∞ for a singular matrix.
    pub log_abs: Enclosure,
    /// det A/|det A|: 1 or −1 for a real matrix, of modulus 1 for a complex one, 0 for a singular matrix.
    pub sign: c64,
    /// An upper bound of the error of the sign: 0 where it is certain, 2 where it is unknown.
    pub sign_error: f64,
    /// The algorithm, as a noun phrase.
    pub algorithm: &'static str,
}

impl LogDeterminant {
    fn singular(evidence: Evidence, algorithm: &'static str) -> Self {
        let log_abs = Enclosure::exact(f64::NEG_INFINITY).with_evidence(evidence);
        Self { log_abs, sign: c64::new(0.0, 0.0), sign_error: 0.0, algorithm }
    }

    fn of<W: Scalar>(found: Determinant<W>, algorithm: &'static str) -> Self {
        let sign = c64::new(found.sign.re(), found.sign.im());
        Self { log_abs: found.log_abs, sign, sign_error: found.sign_error, algorithm }
    }

    /// Whether the sign is known: for a real matrix, whether it is 1, −1 or 0; for a complex one, to within its
    /// rounding errors.
    pub fn is_sign_known(&self) -> bool {
        self.sign_error < 1.0
    }
}

/// The order from which the default answer estimates its error, as a proof costs four times as much as the answer.
const PROVED_BELOW: usize = 400;
/// The multiplications that an exact determinant may take: about a second.
const EXACT_BUDGET: f64 = 2e9;

/// ln|det A| and the sign of det A.
///
/// The product of the pivots of an LU factorization with partial pivoting, or of the diagonal of a triangular matrix.
/// Below order 400 every rounding error is counted, as by [`logdet_by`]; above, the width comes from n·ε·κ₁ with an
/// estimated κ₁ (evidence: estimate). A sparse real matrix is factored in sparse form; other operators are converted to
/// a dense matrix. ⅔n³ flops, four times as many below order 400. A singular matrix has −∞ and the sign 0. A
/// numerically singular matrix has −∞ as its lower end, and `sign_error` 2. An empty matrix has the determinant 1.
///
/// # Errors
///
/// When the matrix is not square, when an entry is not finite, and when a dense matrix is needed with more than
/// [`DENSE_LIMIT`](crate::operator::DENSE_LIMIT) entries.
///
/// # Examples
///
/// ```
/// # use kappa::ask::logdet;
/// # use kappa::Matrix;
/// let d = logdet(&Matrix::from_row_major(2, 2, vec![0.0, 1e200, 1e200, 0.0])?)?;
/// assert_eq!(d.sign.re, -1.0);
/// assert!(d.log_abs.contains(400.0 * 10f64.ln()));
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., sections 9.3 and 14.6.
pub fn logdet<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<LogDeterminant> {
    logdet_by(a, Guarantee::Usual)
}

/// [`logdet`] with a guarantee: [`Guarantee::Certified`] counts every rounding error, whatever the order.
///
/// Approximate inverses of the triangular factors and the residual of their product with A; where that does not
/// suffice, elimination modulo primes for small matrices, which is exact. Where neither suffices, the answer is wide
/// and true.
///
/// # Errors
///
/// As [`logdet`], and when the floating-point environment violates the assumptions of the proofs.
///
/// # Examples
///
/// ```
/// # use kappa::ask::logdet_by;
/// # use kappa::{Guarantee, gallery};
/// // det of the Hilbert matrix of order 3 is 1/2160, but its entries are rounded.
/// let d = logdet_by(&gallery::hilbert(3), Guarantee::Certified)?;
/// assert!((d.log_abs.estimate() + 2160f64.ln()).abs() < 1e-12 && d.log_abs.evidence().is_certified());
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn logdet_by<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), guarantee: Guarantee) -> Result<LogDeterminant> {
    let (m, n) = a.shape();
    if m != n {
        return Err(Error::shape(format!("a {m}×{n} matrix has no determinant")).with_hint("give a square matrix"));
    }
    if guarantee == Guarantee::Certified {
        check_environment()?;
    }
    if let Form::Sparse(sparse) = a.form() {
        sparse.check_finite()?;
        if let Some(found) = of_triangle(sparse.diagonal(), sparse.is_triangular()) {
            return Ok(found);
        }
        if !T::IS_COMPLEX && guarantee == Guarantee::Usual && n >= PROVED_BELOW {
            return of_sparse(&Sparse::widened(sparse));
        }
    }
    let entries = Entries::of(a)?;
    let view = entries.view();
    let profile = Profile::of_entries(view)?;
    let diagonal = (0..n).map(|i| view.get(i, i).widen());
    if let Some(found) = of_triangle(diagonal, is_triangular(view)) {
        return Ok(found);
    }
    if guarantee == Guarantee::Usual && n >= PROVED_BELOW {
        return of_dense(view, profile.norm(Norm::max_column_sum())?.upper());
    }
    if let Some(found) = determinant(view) {
        return Ok(LogDeterminant::of(found, "triangular factors and the residual of their inverses"));
    }
    if let Some(found) = exact(view)? {
        return Ok(found);
    }
    let columns = (0..n).map(|j| column_length(view, j));
    Ok(unknown(columns.sum(), Evidence::Rounding))
}

/// Whether all entries on one side of the diagonal are zero.
fn is_triangular<T: Scalar>(a: MatrixRef<'_, T>) -> bool {
    let n = a.rows();
    let is_zero = |i: usize, j: usize| a.get(i, j) == T::default();
    (0..n).all(|i| (0..i).all(|j| is_zero(i, j))) || (0..n).all(|i| (i + 1..n).all(|j| is_zero(i, j)))
}

/// The product of the diagonal of a triangular matrix, with every rounding error counted.
fn of_triangle<W: Scalar>(diagonal: impl Iterator<Item = W>, is_triangular: bool) -> Option<LogDeterminant> {
    const NAME: &str = "the product of the diagonal of a triangular matrix";
    if !is_triangular {
        return None;
    }
    let mut product = Product::<W>::new(1.0);
    for x in diagonal {
        if x == W::default() {
            return Some(LogDeterminant::singular(Evidence::Rounding, NAME));
        }
        product.push(x);
    }
    let (sign, sign_error) = product.sign();
    Some(LogDeterminant::of(Determinant { sign, sign_error, log_abs: product.logarithm() }, NAME))
}

/// An upper bound of ln of the length of a column; −∞ for zeros.
fn column_length<T: Scalar>(a: MatrixRef<'_, T>, j: usize) -> f64 {
    let n = a.rows();
    let top = (0..n).map(|i| a.get(i, j).re().abs().max(a.get(i, j).im().abs())).fold(0.0, f64::max);
    // √(2n) times the largest part, with a margin for the rounding of three logarithms.
    if top == 0.0 { f64::NEG_INFINITY } else { (top.ln() + 0.5 * (2.0 * n as f64).ln()) * (1.0 + 1e-15) + 1e-12 }
}

/// The answer from Hadamard's inequality alone: |det A| is at most the product of the lengths of the columns.
fn unknown(hadamard: f64, evidence: Evidence) -> LogDeterminant {
    let upper = hadamard + 1e-9 * hadamard.abs().max(1.0);
    LogDeterminant {
        log_abs: Enclosure::new(f64::NEG_INFINITY, upper, upper, evidence),
        sign: c64::new(0.0, 0.0),
        sign_error: 2.0,
        algorithm: "Hadamard's inequality, as the matrix is numerically singular",
    }
}

/// The width of an answer from pivots: a backward error of a few units changes ln|det A| by at most n·ε·κ₁, a model
/// with a margin.
fn modelled(log: Enclosure, n: usize, cond: f64) -> Option<Enclosure> {
    let radius = 4.0 * f64::EPSILON * n as f64 * cond;
    let evidence = Evidence::Estimate("n·ε·κ₁ for the pivots of an LU factorization, κ₁ estimated");
    (radius < 0.5).then(|| log.plus(Enclosure::new(-radius, 0.0, radius, evidence)))
}

fn of_dense<T: Scalar>(a: MatrixRef<'_, T>, size: f64) -> Result<LogDeterminant> {
    const NAME: &str = "the pivots of an LU factorization";
    let n = a.rows();
    let factors = lu(a)?;
    let (x, power) = factors.determinant();
    if x == T::Wide::default() {
        return Ok(match exact(a)? {
            Some(found) => found,
            None => LogDeterminant::singular(Evidence::Estimate("a pivot of 0"), NAME),
        });
    }
    let found = one_norm_search(
        n,
        &OneNorm::default(),
        |x| Ok(factors.solve(x)),
        |x: &Matrix<T::Wide>| Ok(factors.solve_adjoint(x)),
    )?;
    let mut product = Product::<T::Wide>::new(1.0);
    product.push(x);
    product.shift(power);
    let (sign, rounding) = product.sign();
    Ok(match modelled(product.logarithm(), n, size * found.value) {
        Some(log_abs) => {
            let sign_error = if T::IS_COMPLEX { rounding + 0.5 * log_abs.width() } else { 0.0 };
            LogDeterminant::of(Determinant { sign, sign_error, log_abs }, NAME)
        }
        None => unknown((0..n).map(|j| column_length(a, j)).sum(), Evidence::Rounding),
    })
}

fn of_sparse(a: &Sparse<f64>) -> Result<LogDeterminant> {
    const NAME: &str = "the pivots of a sparse LU factorization";
    let n = a.shape().0;
    let singular = || LogDeterminant::singular(Evidence::Estimate("a pivot of 0"), NAME);
    let Some((pivots, is_odd)) = sparse_pivots(&a.columns())? else { return Ok(singular()) };
    let Some(factor) = SparseFactor::new(a)? else { return Ok(singular()) };
    let solve = |x: &Matrix<f64>, transposed: bool| -> Result<Matrix<f64>> {
        let mut y = x.clone();
        factor.solve(y.as_mut_slice(), transposed);
        Ok(y)
    };
    let found = one_norm_search(n, &OneNorm::default(), |x| solve(x, false), |x| solve(x, true))?;
    let mut product = Product::<f64>::new(if is_odd { -1.0 } else { 1.0 });
    pivots.into_iter().for_each(|x| product.push(x));
    let (sign, sign_error) = product.sign();
    Ok(match modelled(product.logarithm(), n, a.largest_sum(false) * found.value) {
        Some(log_abs) => LogDeterminant::of(Determinant { sign, sign_error, log_abs }, NAME),
        None => unknown(a.column_lengths().map(f64::ln).sum(), Evidence::Estimate("rounding of the columns' lengths")),
    })
}

/// The determinant of a real matrix as an integer, modulo primes whose product exceeds twice Hadamard's bound. `None`
/// where that takes too long; for a complex matrix it only decides whether the determinant is zero.
fn exact<T: Scalar>(a: MatrixRef<'_, T>) -> Result<Option<LogDeterminant>> {
    const NAME: &str = "elimination modulo primes: exact";
    if T::IS_COMPLEX {
        return Ok(
            (super::is_exactly_singular(a) == Some(true)).then(|| LogDeterminant::singular(Evidence::Rounding, NAME))
        );
    }
    let n = a.rows();
    let whole = Whole::new(a)?;
    let count = ((whole.minor_bits(n) + 1.0) / 30.9).ceil() as usize + 1;
    if count as f64 * (n as f64).powi(3) / 3.0 > EXACT_BUDGET {
        return Ok(
            (super::is_exactly_singular(a) == Some(true)).then(|| LogDeterminant::singular(Evidence::Rounding, NAME))
        );
    }
    let fields: Vec<Prime> = primes().take(count).collect();
    let rests: Vec<u64> = fields.par_iter().map(|&p| whole.determinant(p)).collect();
    let value = by_remainders(&fields, &rests);
    let sign = value.sign();
    if sign == Sign::NoSign {
        return Ok(Some(LogDeterminant::singular(Evidence::Rounding, NAME)));
    }
    // The leading 52 bits: a shift of a negative number rounds down, so that its size may be one more than that of the
    // number.
    let shift = (value.bits() as i64 - 52).max(0);
    let leading = (&value >> shift as u64).to_u64_digits().1.first().copied().unwrap_or(0);
    let doubt = u64::from(shift > 0);
    let logarithm = |size: u64| {
        let mut product = Product::<f64>::new(1.0);
        product.push(size as f64);
        product.shift(shift + whole.shift);
        product.logarithm()
    };
    let (low, middle, high) = (logarithm(leading - doubt), logarithm(leading), logarithm(leading + doubt));
    let log_abs = Enclosure::new(low.lower(), middle.estimate(), high.upper(), Evidence::Rounding);
    let sign = if sign == Sign::Minus { -1.0 } else { 1.0 };
    Ok(Some(LogDeterminant::of(Determinant { sign, sign_error: 0.0, log_abs }, NAME)))
}

/// The integer of least modulus with these residues (Garner): x ← x + M·((r − x)/M mod p).
fn by_remainders(fields: &[Prime], rests: &[u64]) -> BigInt {
    let (mut x, mut product) = (BigInt::from(0), BigInt::from(1));
    for (&p, &rest) in fields.iter().zip(rests) {
        let modulo = |x: &BigInt| -> u64 {
            let m = BigInt::from(p.value());
            let r = ((x % &m) + &m) % &m;
            r.to_u64_digits().1.first().copied().unwrap_or(0)
        };
        let step = p.times((rest + p.value() - modulo(&x)) % p.value(), p.inverse(modulo(&product)));
        x += &product * BigInt::from(step);
        product *= BigInt::from(p.value());
    }
    if &x + &x > product { x - product } else { x }
}

impl AnyOperator<'_> {
    /// [`logdet_by`](crate::ask::logdet_by) of this operator.
    ///
    /// # Errors
    ///
    /// As [`logdet`](crate::ask::logdet).
    pub fn logdet_by(&self, guarantee: Guarantee) -> Result<LogDeterminant> {
        each!(self, a => self::logdet_by(a, guarantee))
    }
}
