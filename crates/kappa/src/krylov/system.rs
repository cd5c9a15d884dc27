//! Systems and least squares problems of which only products are known.

use kappa_dense::{Scalar, c64};

use super::products::{Found, Products, inner, length, normalize};
use crate::enclosure::{exponent_of, times_power_of_two};
use crate::error::{Error, Result};
use crate::operator::{AnyMatrix, AnyOperator, LinearOperator, RealOrComplex, both, wide_with};
use crate::{Enclosure, Evidence};

/// Which iteration solves a problem that is only known by products.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Iteration {
    /// Conjugate gradients (Hestenes and Stiefel 1952): Hermitian positive definite.
    ConjugateGradients,
    /// Minimal residuals (Paige and Saunders 1975): Hermitian, definite or not.
    Minres,
    /// Least squares by Golub–Kahan (Fong and Saunders, SISC 33 (2011) 2950–2971): any shape, any matrix.
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
            _ => Err(Error::syntax(format!("`{text}` is no iteration")).with_hint("cg, minres and lsmr are known")),
        }
    }
}

/// How far an iteration goes: passed last, and usually left at its default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Iterate {
    /// The iteration.
    pub by: Iteration,
    /// Stop when the backward error is at most this: ‖b − Ax‖ ≤ tolerance·(‖A‖‖x‖ + ‖b‖), or for least squares
    /// ‖Aᴴr‖ ≤ tolerance·‖A‖‖r‖, ‖A‖ as the iteration has seen it.
    pub tolerance: f64,
    /// The most steps; each takes one product with A (and for LSMR one with Aᴴ). 0 for twice the number of
    /// unknowns and 20 more.
    pub steps: usize,
}

impl Default for Iterate {
    fn default() -> Self {
        Self { by: Iteration::default(), tolerance: 1e-12, steps: 0 }
    }
}

/// Where an iteration stopped.
#[derive(Clone, Debug, PartialEq)]
pub struct Iterated<W> {
    /// The solution, of length n.
    pub x: Vec<W>,
    /// ‖b − Ax‖₂ with one more product: what rounding leaves of it, not what the recurrence says.
    pub residual_norm: f64,
    /// ‖Aᴴ(b − Ax)‖₂ likewise.
    pub gradient_norm: f64,
    /// The backward error of x that the residual shows: for a system, or for a least squares problem.
    pub backward_error: Enclosure,
    /// Steps that were taken.
    pub steps: usize,
    /// Whether the tolerance was reached.
    pub has_converged: bool,
}

/// Solves Ax = b, or min ‖Ax − b‖₂, from products alone: sparse matrices, and operators that are never written out.
///
/// Each step takes one product with A (LSMR one with Aᴴ besides) and O(m + n). An iteration that runs out of steps returns what it has,
/// and says so. The residual is computed anew at the end. Fails when the shapes do not fit, for an operator that is not square where the
/// iteration needs one or that is seen not to be Hermitian, when an entry of b or of a product is not finite, for a tolerance that is no
/// number, and where conjugate gradients meet a direction with xᴴAx ≤ 0.
///
/// ```
/// # use kappa::{Iterate, Iteration, gallery, solve_iteratively};
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
        return Err(Error::shape(format!("the right-hand side has {} entries, and the operator {m} rows", b.len())));
    }
    if let Some(k) = b.iter().position(|x| !x.is_finite()) {
        return Err(Error::not_finite(k, 0, b.iter().filter(|x| !x.is_finite()).count()));
    }
    if m != n && how.by != Iteration::Lsmr {
        return Err(Error::shape(format!("{} need a square operator, not a {m}×{n} one", how.by))
            .with_hint("LSMR takes any shape"));
    }
    if !(how.tolerance >= 0.0 && how.tolerance.is_finite()) {
        return Err(Error::argument(format!("the tolerance is at least 0, and {} is not", how.tolerance))
            .with_hint("1e-12 is the default"));
    }
    let products = Products::new(a);
    // Near 1, so that squares of what comes from b neither overflow nor vanish.
    let e = exponent_of(crate::norm::largest_part(b.iter().copied()));
    let b: &[W] = &b.iter().map(|x| times_power_of_two(*x, -e)).collect::<Vec<_>>();
    if how.by != Iteration::Lsmr {
        check_hermitian(&products, b, how.by)?;
    }
    let most = if how.steps == 0 { 2 * m.max(n) + 20 } else { how.steps };
    let found = match how.by {
        Iteration::ConjugateGradients => super::cg::conjugate_gradients(&products, b, how.tolerance, most)?,
        Iteration::Minres => super::minres::minres(&products, b, how.tolerance, most)?,
        Iteration::Lsmr => super::lsmr::lsmr(&products, b, how.tolerance, most)?,
    };
    let mut found = judged(&products, b, found, how.tolerance)?;
    found.x.iter_mut().for_each(|x| *x = times_power_of_two(*x, e));
    found.residual_norm = times_power_of_two(found.residual_norm, e);
    found.gradient_norm = times_power_of_two(found.gradient_norm, e);
    match found.x.iter().all(|x| x.is_finite()) {
        true => Ok(found),
        false => Err(Error::unsupported("the solution leaves the range of double precision").with_hint("scale b")),
    }
}

/// ‖Ab‖² = bᴴA(Ab) for a Hermitian A; for another one hardly ever.
fn check_hermitian<W: Scalar<Wide = W>, A: LinearOperator<W> + ?Sized>(
    a: &Products<'_, A>,
    b: &[W],
    by: Iteration,
) -> Result<()> {
    let mut once = a.apply(b)?;
    // With one factor ‖Ab‖ taken out, which must not be squared.
    let left = normalize(&mut once);
    let twice = a.apply(&once)?;
    let right = inner(b, &twice);
    let off = crate::norm::modulus(W::from_parts(left, 0.0) - right);
    if off <= 1e-8 * (left + length(b) * length(&twice)) {
        return Ok(());
    }
    Err(Error::unsupported(format!(
        "{by} need a Hermitian operator, and bᴴA·Ab differs from ‖Ab‖² by {:.1e} of it",
        off / left
    ))
    .with_hint("LSMR takes any operator"))
}

/// The residual of what was found, computed anew.
fn judged<W: Scalar<Wide = W>, A: LinearOperator<W> + ?Sized>(
    a: &Products<'_, A>,
    b: &[W],
    found: Found<W>,
    tolerance: f64,
) -> Result<Iterated<W>> {
    let Found { x, size, steps } = found;
    let rest: Vec<W> = b.iter().zip(a.apply(&x)?).map(|(b, p)| *b - p).collect();
    let gradient = a.apply_adjoint(&rest)?;
    let (residual_norm, gradient_norm) = (length(&rest), length(&gradient));
    let scale = size * length(&x) + length(b);
    let system = if residual_norm == 0.0 { 0.0 } else { residual_norm / scale };
    let normal = if gradient_norm == 0.0 { 0.0 } else { gradient_norm / (size * residual_norm) };
    let value = system.min(normal);
    let evidence = Evidence::Estimate("a residual computed anew, ‖A‖ as the iteration saw it");
    Ok(Iterated {
        // Rounding keeps the true residual a little above what the recurrence reached.
        has_converged: value <= 4.0 * tolerance.max(f64::EPSILON),
        backward_error: Enclosure::new(0.0, value, value * 2.0, evidence),
        x,
        residual_norm,
        gradient_norm,
        steps,
    })
}

/// [`Iterated`] of a real or of a complex matrix.
pub type AnyIterated = RealOrComplex<Iterated<f64>, Iterated<c64>>;

impl AnyIterated {
    /// The solution as a column.
    pub fn x(&self) -> AnyMatrix {
        both!(self, f => AnyMatrix::column(&f.x))
    }

    /// ‖b − Ax‖₂.
    pub fn residual_norm(&self) -> f64 {
        both!(self, f => f.residual_norm)
    }

    /// ‖Aᴴ(b − Ax)‖₂.
    pub fn gradient_norm(&self) -> f64 {
        both!(self, f => f.gradient_norm)
    }

    /// The backward error.
    pub fn backward_error(&self) -> Enclosure {
        both!(self, f => f.backward_error)
    }

    /// Steps that were taken.
    pub fn steps(&self) -> usize {
        both!(self, f => f.steps)
    }

    /// Whether the tolerance was reached.
    pub fn has_converged(&self) -> bool {
        both!(self, f => f.has_converged)
    }
}

impl AnyOperator<'_> {
    /// [`solve_iteratively`](crate::solve_iteratively) of this operator.
    ///
    /// # Errors
    ///
    /// As [`solve_iteratively`](crate::solve_iteratively).
    pub fn solve_iteratively(&self, b: &AnyMatrix, how: &Iterate) -> Result<AnyIterated> {
        wide_with!((self, b), (a, b) => self::solve_iteratively(a, b.as_slice(), how))
    }
}
