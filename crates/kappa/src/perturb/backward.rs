use kappa_dense::{Matrix, MatrixRef, Scalar, c64};

use crate::arithmetic::dot;
use crate::enclosure::directed::{SMALLEST, add_down, add_up, div_down, div_up, mul_up, norm_down, norm_up};
use crate::enclosure::{exponent_far_from_one, times_power_of_two};
use crate::error::{Error, Result};
use crate::norm::{largest_part, modulus, modulus_enclosure, vector_norm};
use crate::operator::{AnyMatrix, AnyOperator, Entries, LinearOperator, RealOrComplex, both};
use crate::{Enclosure, Evidence, Norm, norm, singular_values};

/// A backward error: the least relative change of the data for which a computed answer is exact, with a change that
/// attains it.
#[derive(Clone, Debug, PartialEq)]
pub struct BackwardError<W: Scalar> {
    /// The least relative change of the data.
    pub value: Enclosure,
    /// A change of the matrix that attains it, up to rounding.
    pub matrix_change: Matrix<W>,
    /// The corresponding change of the right-hand side; empty if the problem has none.
    pub rhs_change: Vec<W>,
}

/// One residual entry Σ aⱼxⱼ − b, enclosed part by part.
struct Residual<W> {
    estimate: Vec<W>,
    lower: Vec<f64>,
    upper: Vec<f64>,
}

impl<W: Scalar<Wide = W>> Residual<W> {
    /// b − Ax, in twice the working precision.
    fn new(a: &Matrix<W>, x: &[W], b: &[W]) -> Result<Self> {
        let (m, n) = (a.rows(), a.columns());
        let rows = a.adjoint();
        let minus: Vec<W> = x.iter().map(|&x| -x).chain([W::from_parts(1.0, 0.0)]).collect();
        let turned: Vec<W> = minus.iter().map(|x| W::from_parts(x.im(), -x.re())).collect();
        let mut found =
            Self { estimate: Vec::with_capacity(m), lower: Vec::with_capacity(m), upper: Vec::with_capacity(m) };
        for i in 0..m {
            // dot conjugates its first argument: row i of A, then bᵢ.
            let mut row: Vec<W> = rows.column(i).to_vec();
            row.push(b[i].conj());
            debug_assert_eq!(row.len(), n + 1);
            let (re, im) = (
                dot(&row, &minus)?.value,
                if W::IS_COMPLEX { dot(&row, &turned)?.value } else { Enclosure::exact(0.0) },
            );
            let ends = |e: Enclosure| (e.lower().max(-e.upper()).max(0.0), e.upper().max(-e.lower()));
            let ((a, b), (c, d)) = (ends(re), ends(im));
            found.estimate.push(W::from_parts(re.estimate(), im.estimate()));
            found.lower.push(if W::IS_COMPLEX { norm_down(&[a, c]) } else { a });
            found.upper.push(if W::IS_COMPLEX { norm_up(&[b, d]) } else { b });
        }
        Ok(found)
    }

    fn length(&self) -> Enclosure {
        let middle = vector_norm(2.0, || self.estimate.iter().copied()).estimate();
        Enclosure::new(norm_down(&self.lower), middle, norm_up(&self.upper), Evidence::Rounding)
    }
}

fn check<T: Scalar>(a: &MatrixRef<'_, T>, x: &[T], b: &[T]) -> Result<()> {
    let (m, n) = (a.rows(), a.columns());
    if x.len() != n || b.len() != m {
        return Err(Error::shape(format!(
            "a {m}×{n} matrix needs a solution of {n} and a right-hand side of {m} entries, not {} and {}",
            x.len(),
            b.len()
        )));
    }
    crate::Profile::of_entries(*a)?;
    Error::check_vector(x)?;
    Error::check_vector(b)
}

/// A system and a candidate solution in working precision, with the residual.
struct Candidate<W: Scalar> {
    a: Matrix<W>,
    x: Vec<W>,
    b: Vec<W>,
    residual: Residual<W>,
    /// A, x and b as they were given are 2^ea·A, 2^ex·x and 2^(ea + ex)·b.
    ea: i32,
    ex: i32,
}

impl<W: Scalar<Wide = W>> Candidate<W> {
    fn new<T: Scalar<Wide = W>>(a: MatrixRef<'_, T>, x: &[T], b: &[T]) -> Result<Self> {
        check(&a, x, b)?;
        let widened = |x: &[T]| x.iter().map(|x| x.widen()).collect::<Vec<W>>();
        let (a, x, b) = (a.to_wide(), widened(x), widened(b));
        let ((a, x, b), ea, ex) = near_one(a, x, b);
        let residual = Residual::new(&a, &x, &b)?;
        Ok(Self { a, x, b, residual, ea, ex })
    }
}

/// A, x and b.
type Data<W> = (Matrix<W>, Vec<W>, Vec<W>);

/// A, x and b times powers of two, where A or x is far from 1 in size and that changes no digit.
fn near_one<W: Scalar<Wide = W>>(a: Matrix<W>, x: Vec<W>, b: Vec<W>) -> (Data<W>, i32, i32) {
    let exponent = |x: &[W]| exponent_far_from_one(largest_part(x.iter().copied()));
    let (ea, ex) = (exponent(a.as_slice()), exponent(&x));
    let moved = |x: &[W], e: i32| -> Option<Vec<W>> {
        let y: Vec<W> = x.iter().map(|&x| times_power_of_two(x, -e)).collect();
        x.iter().zip(&y).all(|(&x, &y)| times_power_of_two(y, e) == x).then_some(y)
    };
    if (ea, ex) != (0, 0)
        && let (Some(entries), Some(y), Some(c)) = (moved(a.as_slice(), ea), moved(&x, ex), moved(&b, ea + ex))
    {
        let scaled = Matrix::from_fn(a.rows(), a.columns(), |i, j| entries[j * a.rows() + i]);
        return ((scaled, y, c), ea, ex);
    }
    ((a, x, b), 0, 0)
}

/// Refuses a change that double precision cannot hold.
fn checked<W: Scalar>(found: BackwardError<W>) -> Result<BackwardError<W>> {
    let is_finite = |x: &W| x.re().is_finite() && x.im().is_finite();
    if found.matrix_change.as_slice().iter().chain(&found.rhs_change).all(is_finite) {
        return Ok(found);
    }
    Err(Error::unsupported("the residual or the change of the matrix overflows double precision")
        .with_hint("scale the matrix, the solution and the right-hand side"))
}

/// The enclosure of a norm whose argument may be wrong by `lost` in that norm.
fn give_or_take(length: Enclosure, lost: f64) -> Enclosure {
    let (lower, upper) = (add_down(length.lower(), -lost).max(0.0), add_up(length.upper(), lost));
    Enclosure::new(lower, length.estimate(), upper, Evidence::Rounding)
}

/// The normwise backward error of a candidate solution of Ax = b.
///
/// The least η with (A + E)x = b + f, ‖E‖₂ ≤ η‖A‖₂, ‖f‖₂ ≤ η‖b‖₂: η = ‖b − Ax‖/(‖A‖‖x‖ + ‖b‖), with the E and f that
/// attain it. A is m×n, x of length n, b of length m. The residual is computed in twice the precision, and every
/// rounding error is counted; ‖A‖₂ carries its own evidence. 2mn flops in twice the precision, and the spectral norm of
/// A.
///
/// # Errors
///
/// When the shapes do not fit, or an entry is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, perturb::backward_error_system};
/// let a = Matrix::from_row_major(2, 2, vec![2.0, 0.0, 0.0, 1.0])?;
/// let e = backward_error_system(&a, &[1.0, 1.0], &[2.0, 1.5])?;
/// assert!((e.value.estimate() - 0.5 / (2.0 * 2f64.sqrt() + 2.5)).abs() < 1e-15);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Rigal and Gaches, J. ACM 14 (1967) 543–548.
pub fn backward_error_system<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    x: &[T],
    b: &[T],
) -> Result<BackwardError<T::Wide>> {
    let entries = Entries::of(a)?;
    let view = entries.view();
    let Candidate { a: wide, x, b, residual: r, ea, ex } = Candidate::new(view, x, b)?;
    let length = |v: &[T::Wide]| vector_norm(2.0, || v.iter().copied());
    let ax = norm(&wide, Norm::spectral())?.times(length(&x));
    let size = ax.plus(length(&b));
    let value = r.length().over(size);
    let value = if r.length().upper() == 0.0 { Enclosure::exact(0.0) } else { value };
    let share = if size.estimate() > 0.0 { ax.estimate() / size.estimate() } else { 0.0 };
    let size = length(&x).estimate();
    let (unit, scale) = if size > 0.0 { (1.0 / size, share / size) } else { (0.0, 0.0) };
    let entry = |i: usize, j: usize| times_power_of_two(r.estimate[i].scale(scale) * x[j].scale(unit).conj(), ea);
    let matrix_change = Matrix::from_fn(wide.rows(), wide.columns(), entry);
    // r = Ex − f: E takes its share of r, −f the rest.
    let rhs_change = r.estimate.iter().map(|&r| times_power_of_two((-r).scale(1.0 - share), ea + ex)).collect();
    checked(BackwardError { value, matrix_change, rhs_change })
}

/// The componentwise backward error of a candidate solution of Ax = b.
///
/// The least ω with (A + E)x = b + f, |E| ≤ ω|A|, |f| ≤ ω|b|: ω = max |b − Ax|ᵢ/(|A||x| + |b|)ᵢ, with 0/0 = 0, and the
/// E and f that attain it. ω ≤ 1. Shapes as [`backward_error_system`]. Certified: every rounding error is counted.
/// About 4mn flops, half of them in twice the precision.
///
/// # Errors
///
/// As [`backward_error_system`].
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, perturb::componentwise_backward_error};
/// let a = Matrix::from_row_major(2, 2, vec![2.0, 0.0, 0.0, 1.0])?;
/// // Residual (0, 1/2) over |A||x| + |b| = (4, 5/2).
/// let e = componentwise_backward_error(&a, &[1.0, 1.0], &[2.0, 1.5])?;
/// assert!((e.value.estimate() - 0.2).abs() < 1e-15 && e.value.evidence().is_certified());
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Oettli and Prager, Numer. Math. 6 (1964) 405–409.
pub fn componentwise_backward_error<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    x: &[T],
    b: &[T],
) -> Result<BackwardError<T::Wide>> {
    let entries = Entries::of(a)?;
    let view = entries.view();
    let Candidate { a: wide, x, b, residual: r, ea, ex } = Candidate::new(view, x, b)?;
    let (m, n) = (wide.rows(), wide.columns());
    let sizes: Vec<Enclosure> = (0..m)
        .map(|i| {
            let terms = (0..n).map(|j| modulus_enclosure(wide[(i, j)]).times(modulus_enclosure(x[j])));
            terms.fold(modulus_enclosure(b[i]), Enclosure::plus)
        })
        .collect();
    let share = |i: usize| {
        if r.upper[i] == 0.0 {
            return Enclosure::exact(0.0);
        }
        let size = sizes[i];
        let middle = modulus(r.estimate[i]) / size.estimate();
        Enclosure::new(div_down(r.lower[i], size.upper()), middle, div_up(r.upper[i], size.lower()), Evidence::Rounding)
    };
    let value = (0..m).map(share).reduce(crate::norm::larger).unwrap_or(Enclosure::exact(0.0));
    let quotient = |i: usize| match sizes[i].estimate() {
        0.0 => <T::Wide>::default(),
        size => r.estimate[i].scale(1.0 / size),
    };
    let sign = |x: T::Wide| match modulus(x) {
        0.0 => <T::Wide>::default(),
        size => x.conj().scale(1.0 / size),
    };
    let entry = |i: usize, j: usize| times_power_of_two((quotient(i) * sign(x[j])).scale(modulus(wide[(i, j)])), ea);
    let matrix_change = Matrix::from_fn(m, n, entry);
    let rhs_change = (0..m).map(|i| times_power_of_two((-quotient(i)).scale(modulus(b[i])), ea + ex)).collect();
    checked(BackwardError { value, matrix_change, rhs_change })
}

/// The backward error of a candidate solution of min ‖Ax − b‖₂ for changes of A alone.
///
/// The least ‖E‖_F/‖A‖_F for which x minimises ‖(A + E)x − b‖₂: min(η, σₘᵢₙ[A, η(I − rrᴴ/rᴴr)])/‖A‖_F with r = b − Ax
/// and η = ‖r‖/‖x‖. Shapes as [`backward_error_system`]. Evidence: estimate; the change E is not returned. One singular
/// value decomposition of an m×(m + n) matrix.
///
/// # Errors
///
/// When the shapes do not fit, x = 0 or A = 0, or an entry is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, perturb::backward_error_least_squares};
/// let a = Matrix::from_row_major(2, 1, vec![1.0, 1.0])?;
/// // The mean of 1 and 3 is the exact minimiser.
/// let e = backward_error_least_squares(&a, &[2.0], &[1.0, 3.0])?;
/// assert!(e.estimate() < 1e-15);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Waldén, Karlson and Sun, Numer. Linear Algebra Appl. 2 (1995) 271–286.
pub fn backward_error_least_squares<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    x: &[T],
    b: &[T],
) -> Result<Enclosure> {
    let entries = Entries::of(a)?;
    let view = entries.view();
    let Candidate { a: wide, x, residual: Residual { estimate: r, .. }, .. } = Candidate::new(view, x, b)?;
    let length = |v: &[T::Wide]| vector_norm(2.0, || v.iter().copied()).estimate();
    let (rho, xi) = (length(&r), length(&x));
    let size = norm(&wide, Norm::frobenius())?.estimate();
    let evidence = Evidence::Estimate("singular values of an extended matrix");
    if xi == 0.0 || size == 0.0 {
        return Err(Error::unsupported("the backward error for changes of A alone is undefined if x = 0 or A = 0"));
    }
    if rho == 0.0 {
        return Ok(Enclosure::new(0.0, 0.0, 0.0, evidence));
    }
    let eta = rho / xi;
    let (m, n) = (wide.rows(), wide.columns());
    let extended = Matrix::from_fn(m, n + m, |i, j| match j.checked_sub(n) {
        None => wide[(i, j)],
        Some(k) => {
            let along = r[i].scale(1.0 / rho) * r[k].scale(1.0 / rho).conj();
            (<T::Wide>::from_parts(f64::from(i == k), 0.0) - along).scale(eta)
        }
    });
    let least = singular_values(&extended)?.last();
    let value = eta.min(least.estimate()) / size;
    let top = eta.min(least.upper()) / size;
    Ok(Enclosure::new(least.lower().min(eta) / size * (1.0 - 1e-14), value, top * (1.0 + 1e-14), evidence))
}

/// The backward error of a candidate eigenpair (λ, x).
///
/// The least ‖E‖₂/‖A‖₂ with (A + E)x = λx, and the E = −(Ax − λx)xᴴ/xᴴx that attains it. A is n×n, x of length n. The
/// residual is computed in twice the precision, and every rounding error is counted; ‖A‖₂ carries its own evidence. 2n²
/// flops in twice the precision, and the spectral norm of A.
///
/// # Errors
///
/// When the shapes do not fit, x = 0, or an entry is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, perturb::backward_error_eigenpair};
/// let a = Matrix::from_row_major(2, 2, vec![2.0, 0.0, 0.0, 1.0])?;
/// // (A − 3/2)(1, 0)ᵀ = (1/2, 0)ᵀ, and ‖A‖ = 2.
/// let e = backward_error_eigenpair(&a, 1.5, &[1.0, 0.0])?;
/// assert!((e.value.estimate() - 0.25).abs() < 1e-14);
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn backward_error_eigenpair<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    value: T::Wide,
    x: &[T::Wide],
) -> Result<BackwardError<T::Wide>> {
    let entries = Entries::of(a)?;
    let view = entries.view();
    let n = view.rows();
    if view.columns() != n || x.len() != n {
        return Err(Error::shape(format!(
            "an eigenvector of length {} does not fit a {n}×{} matrix",
            x.len(),
            view.columns()
        )));
    }
    let wide = view.to_wide();
    let zeros = vec![<T::Wide>::default(); n];
    check(&wide.as_ref(), x, &zeros)?;
    let ((wide, x, _), ea, _) = near_one(wide, x.to_vec(), Vec::new());
    let (x, value) = (x.as_slice(), times_power_of_two(value, -ea));
    let shifted = Matrix::from_fn(n, n, |i, j| if i == j { wide[(i, j)] - value } else { wide[(i, j)] });
    // The shift is rounded: by at most u·|aᵢᵢ − λ| for each entry; four times that also covers the rounding of the
    // moduli and their product.
    let lost = (0..n)
        .fold(0.0, |sum, i| add_up(sum, mul_up(2.0 * f64::EPSILON, mul_up(modulus(shifted[(i, i)]), modulus(x[i])))));
    let r = Residual::new(&shifted, x, &zeros)?;
    let length = vector_norm(2.0, || x.iter().copied());
    if length.lower() == 0.0 {
        return Err(Error::unsupported("an eigenvector must not be 0, got x = 0"));
    }
    let size = norm(&wide, Norm::spectral())?;
    let rest = give_or_take(r.length(), lost);
    let value = if rest.upper() == 0.0 { Enclosure::exact(0.0) } else { rest.over(length).over(size) };
    let unit = 1.0 / length.estimate();
    // The residual is 0 − (A − λ)x, so that E = r·xᴴ/xᴴx.
    let entry = |i: usize, j: usize| times_power_of_two(r.estimate[i].scale(unit) * x[j].scale(unit).conj(), ea);
    checked(BackwardError { value, matrix_change: Matrix::from_fn(n, n, entry), rhs_change: Vec::new() })
}

/// The backward error of a candidate singular triplet (σ, u, v) with unit vectors u and v.
///
/// max(‖Av − σu‖, ‖Aᴴu − σv‖)/‖A‖₂. The least relative change of A that makes the triplet exact is at least this, and
/// at most √2 times this if the two residuals conflict. A is m×n, u of length m, v of length n. The residuals are
/// computed in twice the precision, and every rounding error is counted; ‖A‖₂ carries its own evidence. 4mn flops in
/// twice the precision, and the spectral norm of A.
///
/// # Errors
///
/// When the shapes do not fit, the norm of u or v is not 1 to 1e-8, or an entry is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, perturb::backward_error_of_triplet};
/// let a = Matrix::from_row_major(2, 2, vec![2.0, 0.0, 0.0, 1.0])?;
/// // ‖Av − σu‖ = 1/2, and ‖A‖ = 2.
/// let e = backward_error_of_triplet(&a, 1.5, &[1.0, 0.0], &[1.0, 0.0])?;
/// assert!((e.estimate() - 0.25).abs() < 1e-14);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Sun, Numer. Math. 69 (1995) 213–231; Kahan, Parlett and Jiang, SINUM 19 (1982) 470–484.
pub fn backward_error_of_triplet<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    sigma: f64,
    u: &[T::Wide],
    v: &[T::Wide],
) -> Result<Enclosure> {
    let entries = Entries::of(a)?;
    let view = entries.view();
    let wide = view.to_wide();
    check(&wide.as_ref(), v, u)?;
    let length = |x: &[T::Wide]| vector_norm(2.0, || x.iter().copied());
    if [u, v].iter().any(|x| (length(x).estimate() - 1.0).abs() > 1e-8) {
        return Err(Error::argument("singular vectors must have norm 1").with_hint("divide u and v by their norms"));
    }
    let scaled = |x: &[T::Wide]| x.iter().map(|x| x.scale(sigma)).collect::<Vec<_>>();
    // σu and σv are rounded: by u·|σ| together, and by half of the smallest number for each part of an entry.
    let count = 2.0 * (u.len() + v.len()) as f64;
    let lost = add_up(mul_up(2.0 * f64::EPSILON, sigma.abs()), mul_up(count, SMALLEST));
    let one = Residual::new(&wide, v, &scaled(u))?.length();
    let two = Residual::new(&wide.adjoint(), u, &scaled(v))?.length();
    let worst = give_or_take(crate::norm::larger(one, two), lost);
    let size = norm(&view, Norm::spectral())?;
    Ok(if size.upper() == 0.0 { worst } else { worst.over(size) })
}

/// [`BackwardError`] of a real or of a complex matrix.
pub type AnyBackwardError = RealOrComplex<BackwardError<f64>, BackwardError<c64>>;

impl AnyBackwardError {
    /// The least relative change of the data.
    pub fn value(&self) -> Enclosure {
        both!(self, e => e.value)
    }

    /// A change of the matrix that attains it, up to rounding.
    pub fn matrix_change(&self) -> AnyOperator<'_> {
        both!(self, e => (&e.matrix_change).into())
    }
}

/// The same question for a matrix, a solution and a right-hand side: all real, or all complex.
macro_rules! wide_system {
    (($any:expr, $x:expr, $b:expr), ($a:ident, $u:ident, $v:ident) => $body:expr) => {
        match ($any.widened()?, $x, $b) {
            (RealOrComplex::Real(a), AnyMatrix::Real(x), AnyMatrix::Real(b)) => {
                let ($a, $u, $v) = (&a.operand(), x.as_slice(), b.as_slice());
                $body.map(RealOrComplex::Real)
            }
            (a, x, b) => {
                let (a, x, b) = (a.into_complex()?, x.to_complex(), b.to_complex());
                let ($a, $u, $v) = (&a.operand(), x.as_slice(), b.as_slice());
                $body.map(RealOrComplex::Complex)
            }
        }
    };
}

impl AnyOperator<'_> {
    /// [`perturb::backward_error_system`](crate::perturb::backward_error_system) of this operator.
    ///
    /// # Errors
    ///
    /// As [`perturb::backward_error_system`](crate::perturb::backward_error_system).
    pub fn backward_error_system(&self, x: &AnyMatrix, b: &AnyMatrix) -> Result<AnyBackwardError> {
        wide_system!((self, x, b), (a, x, b) => self::backward_error_system(a, x, b))
    }

    /// [`perturb::componentwise_backward_error`](crate::perturb::componentwise_backward_error) of this operator.
    ///
    /// # Errors
    ///
    /// As [`perturb::componentwise_backward_error`](crate::perturb::componentwise_backward_error).
    pub fn componentwise_backward_error(&self, x: &AnyMatrix, b: &AnyMatrix) -> Result<AnyBackwardError> {
        wide_system!((self, x, b), (a, x, b) => self::componentwise_backward_error(a, x, b))
    }

    /// [`perturb::backward_error_least_squares`](crate::perturb::backward_error_least_squares) of this operator.
    ///
    /// # Errors
    ///
    /// As [`perturb::backward_error_least_squares`](crate::perturb::backward_error_least_squares).
    pub fn backward_error_least_squares(&self, x: &AnyMatrix, b: &AnyMatrix) -> Result<Enclosure> {
        wide_system!((self, x, b), (a, x, b) => self::backward_error_least_squares(a, x, b))
            .map(RealOrComplex::into_inner)
    }

    /// [`perturb::backward_error_eigenpair`](crate::perturb::backward_error_eigenpair) of this operator, as a complex
    /// matrix.
    ///
    /// # Errors
    ///
    /// As [`perturb::backward_error_eigenpair`](crate::perturb::backward_error_eigenpair).
    pub fn backward_error_eigenpair(&self, value: c64, x: &AnyMatrix) -> Result<BackwardError<c64>> {
        let a = self.widened()?.into_complex()?;
        self::backward_error_eigenpair(&a.operand(), value, x.to_complex().as_slice())
    }
}
