//! Linear systems and least squares problems with an operator that is known by its products.

use kappa_dense::{Scalar, c64};

use super::products::{Found, Products, inner, length, normalize};
use crate::enclosure::{exponent_of, times_power_of_two};
use crate::error::{Error, Result};
use crate::operator::{AnyMatrix, AnyOperator, Form, LinearOperator, RealOrComplex, both, wide_with};
use crate::random::random_unit;
use crate::{Enclosure, Evidence};

/// The iteration that solves a problem given by products.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Iteration {
    /// Conjugate gradients (Hestenes and Stiefel 1952), for Hermitian positive definite operators.
    ConjugateGradients,
    /// Minimal residuals (Paige and Saunders 1975), for Hermitian operators, definite or indefinite.
    Minres,
    /// Least squares by Golub–Kahan (Fong and Saunders, SISC 33 (2011) 2950–2971), for any operator of any shape.
    #[default]
    Lsmr,
}

impl std::fmt::Display for Iteration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::ConjugateGradients => "conjugate gradients",
            Self::Minres => "minimal residuals",
            Self::Lsmr => "LSMR",
        })
    }
}

impl std::str::FromStr for Iteration {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        match text.trim().to_lowercase().as_str() {
            "cg" | "conjugate-gradients" => Ok(Self::ConjugateGradients),
            "minres" => Ok(Self::Minres),
            "lsmr" => Ok(Self::Lsmr),
            _ => Err(Error::syntax(format!("unknown iteration `{text}`; known: cg, minres, lsmr"))),
        }
    }
}

/// Parameters of an iteration: the last argument, usually left at its default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Iterate {
    /// The iteration.
    pub by: Iteration,
    /// The backward error at which the iteration stops: ‖b − Ax‖ ≤ tolerance·(‖A‖‖x‖ + ‖b‖), or for least squares
    /// ‖Aᴴr‖ ≤ tolerance·‖A‖‖r‖, with the iteration's estimate of ‖A‖.
    pub tolerance: f64,
    /// The maximum number of steps. Each takes one product with A (and for LSMR one with Aᴴ). 0 stands for
    /// 2·max(m, n) + 20.
    pub steps: usize,
    /// Whether x is judged as a solution of min ‖Ax − b‖₂ where A is square and the iteration is LSMR. Otherwise, and
    /// by default, as a solution of Ax = b. What is not square is a least squares problem in any case.
    pub least_squares: bool,
}

impl Default for Iterate {
    fn default() -> Self {
        Self { by: Iteration::default(), tolerance: 1e-12, steps: 0, least_squares: false }
    }
}

/// The result of an iteration.
#[derive(Clone, Debug, PartialEq)]
pub struct Iterated<W> {
    /// The solution, of length n.
    pub x: Vec<W>,
    /// ‖b − Ax‖₂, recomputed with one more product, not taken from the recurrence of the iteration.
    pub residual_norm: f64,
    /// ‖Aᴴ(b − Ax)‖₂, recomputed likewise.
    pub gradient_norm: f64,
    /// The backward error of x from these norms, for the question that was asked: ‖b − Ax‖/(‖A‖‖x‖ + ‖b‖) for a system.
    /// For a least squares problem ‖Aᴴr‖/(‖A‖‖r‖) too, whichever is smaller: a solution of a system near by solves the
    /// least squares problem near by.
    pub backward_error: Enclosure,
    /// The number of steps.
    pub steps: usize,
    /// Whether the tolerance was reached.
    pub has_converged: bool,
}

/// Solves Ax = b, or min ‖Ax − b‖₂, from products alone, for sparse matrices and other operators.
///
/// A is m×n, b has length m, and x has length n. The residual is recomputed at the end. The backward error is an
/// estimate, because it uses the iteration's estimate of ‖A‖. An iteration that reaches the maximum number of steps
/// returns its last x, and `has_converged` is false. Each step takes one product with A (LSMR also one with Aᴴ) and
/// O(m + n) flops; the memory is O(m + n).
///
/// # Errors
///
/// - When the length of b is not m, or A is not square and the iteration is not LSMR.
/// - When the iteration needs a Hermitian operator, and stored entries or a test product show that A is not Hermitian.
/// - When conjugate gradients find a direction with xᴴAx ≤ 0.
/// - When an entry of b, of a product or of the solution is not finite, or a product fails.
/// - When the tolerance is negative or not finite.
///
/// # Examples
///
/// ```
/// # use kappa::krylov::{Iterate, Iteration, solve_iteratively};
/// # use kappa::gallery;
/// let a = gallery::second_difference(50);
/// let how = Iterate { by: Iteration::ConjugateGradients, ..Iterate::default() };
/// let s = solve_iteratively(&a, &vec![1.0; 50], &how)?;
/// assert!(s.has_converged && s.steps <= 50 && (s.x[0] - 25.0).abs() < 1e-9);
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn solve_iteratively<W: Scalar<Wide = W>>(
    a: &(impl LinearOperator<W> + ?Sized),
    b: &[W],
    how: &Iterate,
) -> Result<Iterated<W>> {
    let (m, n) = a.shape();
    if b.len() != m {
        return Err(Error::shape(format!(
            "the length of the right-hand side must be {m}, the number of rows of the operator, got {}",
            b.len()
        )));
    }
    Error::check_vector(b).map_err(Error::of_right_hand_side)?;
    if m != n && how.by != Iteration::Lsmr {
        return Err(Error::shape(format!("{} need a square operator, got {m}×{n}", how.by))
            .with_hint("use LSMR, which takes any shape"));
    }
    Error::check_tolerance(how.tolerance)?;
    let products = Products::new(a);
    // b is scaled to size 1, so that squares in the recurrences neither overflow nor underflow.
    let e = exponent_of(crate::norm::largest_part(b.iter().copied()));
    let b: &[W] = &b.iter().map(|x| times_power_of_two(*x, -e)).collect::<Vec<_>>();
    let is_least_squares = how.by == Iteration::Lsmr && (m != n || how.least_squares);
    if how.by != Iteration::Lsmr {
        check_entries(a, how.by)?;
        check_hermitian(&products, b, how.by)?;
        // A right-hand side may lie where the operator is Hermitian though it is not so elsewhere.
        check_hermitian(&products, &random_unit::<W>(n, 0x6865_726d), how.by)?;
    }
    let most = if how.steps == 0 { 2 * m.max(n) + 20 } else { how.steps };
    let found = match how.by {
        Iteration::ConjugateGradients => super::cg::conjugate_gradients(&products, b, how.tolerance, most)?,
        Iteration::Minres => super::minres::minres(&products, b, how.tolerance, most)?,
        Iteration::Lsmr => super::lsmr::lsmr(&products, b, how.tolerance, most, is_least_squares)?,
    };
    let mut found = judged(&products, b, found, how.tolerance, is_least_squares)?;
    found.x.iter_mut().for_each(|x| *x = times_power_of_two(*x, e));
    found.residual_norm = times_power_of_two(found.residual_norm, e);
    found.gradient_norm = times_power_of_two(found.gradient_norm, e);
    match found.x.iter().all(|x| x.is_finite()) {
        true => Ok(found),
        false => Err(Error::unsupported("the solution overflows double precision").with_hint("scale b")),
    }
}

/// Refuses stored entries that are not those of a Hermitian matrix, up to rounding.
fn check_entries<W: Scalar<Wide = W>>(a: &(impl LinearOperator<W> + ?Sized), by: Iteration) -> Result<()> {
    let largest_part = |x: W| x.re().abs().max(x.im().abs());
    let (mut size, mut worst) = (0.0f64, (0.0f64, 0, 0));
    let mut see = |i: usize, j: usize, x: W, y: W| {
        size = size.max(largest_part(x));
        let off = largest_part(x - y.conj());
        if off > worst.0 {
            worst = (off, i, j);
        }
    };
    let n = a.shape().1;
    match a.form() {
        Form::Dense(a) => (0..n).for_each(|j| (0..n).for_each(|i| see(i, j, a.get(i, j), a.get(j, i)))),
        Form::Sparse(a) => (0..n).for_each(|j| a.column(j).for_each(|(i, x)| see(i, j, x, a.entry(j, i)))),
        Form::Products => return Ok(()),
    }
    let (off, i, j) = worst;
    if off <= ROUNDING * size {
        return Ok(());
    }
    Err(Error::unsupported(format!(
        "{by} need a Hermitian operator, but entries ({0}, {1}) and ({1}, {0}) differ by {off:.3e}",
        i + 1,
        j + 1
    ))
    .with_hint("use LSMR, which takes any operator"))
}

/// Entries that differ from those of their mirror image by less than this share of the largest were rounded.
const ROUNDING: f64 = 1e-10;

/// Tests ‖Ab‖² = bᴴA(Ab), which holds for a Hermitian A and in general not for others.
fn check_hermitian<W: Scalar<Wide = W>, A: LinearOperator<W> + ?Sized>(
    a: &Products<'_, A>,
    b: &[W],
    by: Iteration,
) -> Result<()> {
    let mut once = a.apply(b)?;
    // Both sides are divided by ‖Ab‖, because its square may overflow.
    let left = normalize(&mut once);
    if left == 0.0 {
        return Ok(());
    }
    let twice = a.apply(&once)?;
    let right = inner(b, &twice);
    let off = crate::norm::modulus(W::from_parts(left, 0.0) - right);
    if off <= 1e-8 * (left + length(b) * length(&twice)) {
        return Ok(());
    }
    Err(Error::unsupported(format!(
        "{by} need a Hermitian operator, but bᴴA(Ab) and ‖Ab‖² differ by a relative {:.1e}",
        off / left
    ))
    .with_hint("use LSMR, which takes any operator"))
}

/// The result with the recomputed residual and its backward error.
fn judged<W: Scalar<Wide = W>, A: LinearOperator<W> + ?Sized>(
    a: &Products<'_, A>,
    b: &[W],
    found: Found<W>,
    tolerance: f64,
    is_least_squares: bool,
) -> Result<Iterated<W>> {
    let Found { x, size, steps } = found;
    let rest: Vec<W> = b.iter().zip(a.apply(&x)?).map(|(b, p)| *b - p).collect();
    let gradient = a.apply_adjoint(&rest)?;
    let (residual_norm, gradient_norm) = (length(&rest), length(&gradient));
    let scale = size * length(&x) + length(b);
    let system = if residual_norm == 0.0 { 0.0 } else { residual_norm / scale };
    let normal = if gradient_norm == 0.0 { 0.0 } else { gradient_norm / (size * residual_norm) };
    let value = if is_least_squares { system.min(normal) } else { system };
    let evidence = Evidence::Estimate("a recomputed residual and the iteration's estimate of ‖A‖");
    Ok(Iterated {
        // The recomputed residual is slightly larger than that of the recurrence, because of rounding.
        has_converged: value <= 4.0 * tolerance.max(f64::EPSILON),
        backward_error: Enclosure::new(0.0, value, value * 2.0, evidence),
        x,
        residual_norm,
        gradient_norm,
        steps,
    })
}

/// [`Iterated`] for a real or a complex matrix.
pub type AnyIterated = RealOrComplex<Iterated<f64>, Iterated<c64>>;

impl AnyIterated {
    /// The solution, as a column.
    pub fn x(&self) -> AnyMatrix {
        both!(self, f => AnyMatrix::column(&f.x))
    }

    /// The residual norm ‖b − Ax‖₂.
    pub fn residual_norm(&self) -> f64 {
        both!(self, f => f.residual_norm)
    }

    /// The gradient norm ‖Aᴴ(b − Ax)‖₂.
    pub fn gradient_norm(&self) -> f64 {
        both!(self, f => f.gradient_norm)
    }

    /// The backward error.
    pub fn backward_error(&self) -> Enclosure {
        both!(self, f => f.backward_error)
    }

    /// The number of steps.
    pub fn steps(&self) -> usize {
        both!(self, f => f.steps)
    }

    /// Whether the tolerance was reached.
    pub fn has_converged(&self) -> bool {
        both!(self, f => f.has_converged)
    }
}

impl AnyOperator<'_> {
    /// [`solve_iteratively`](crate::krylov::solve_iteratively) for this operator.
    ///
    /// # Errors
    ///
    /// As [`solve_iteratively`](crate::krylov::solve_iteratively).
    pub fn solve_iteratively(&self, b: &AnyMatrix, how: &Iterate) -> Result<AnyIterated> {
        wide_with!((self, b), (a, b) => self::solve_iteratively(a, b.as_slice(), how))
    }
}
