//! What any operator, norm or factorization must satisfy, as functions for tests: of this crate, and of your own types.
//!
//! Each returns what failed, with the numbers.

use kappa_dense::{Matrix, Scalar, multiply};

use crate::{Enclosure, LinearOperator, Norm, Svd, norm};

/// The outcome of a law: what failed.
pub type Law = Result<(), String>;

fn that(holds: bool, what: impl FnOnce() -> String) -> Law {
    if holds { Ok(()) } else { Err(what()) }
}

fn largest<T: Scalar>(a: &Matrix<T>) -> f64 {
    a.as_slice().iter().map(|x| x.re().abs().max(x.im().abs())).fold(0.0, f64::max)
}

fn difference<T: Scalar>(a: &Matrix<T>, b: &Matrix<T>) -> f64 {
    let parts = a.as_slice().iter().zip(b.as_slice());
    parts.map(|(&x, &y)| x - y).map(|d| d.re().abs().max(d.im().abs())).fold(0.0, f64::max)
}

/// An operator: its adjoint is its adjoint, ⟨AX, Y⟩ = ⟨X, AᴴY⟩; products add up; a block with the wrong number of rows is
/// an error; and written out it does the same. `x` is n×k, `y` is m×k.
pub fn operator<T: Scalar<Wide = T>>(a: &impl LinearOperator<T>, x: &Matrix<T>, y: &Matrix<T>) -> Law {
    let fails = |e: crate::Error| e.to_string();
    let (m, n) = a.shape();
    let ax = a.apply(x).map_err(fails)?;
    let ay = a.apply_adjoint(y).map_err(fails)?;
    that((ax.rows(), ax.columns()) == (m, x.columns()), || format!("A·X is {}×{}", ax.rows(), ax.columns()))?;
    that((ay.rows(), ay.columns()) == (n, y.columns()), || format!("Aᴴ·Y is {}×{}", ay.rows(), ay.columns()))?;
    let tolerance = 64.0 * f64::EPSILON * (m + n + 8) as f64;
    let left = product(&ax.adjoint(), y);
    let right = product(&x.adjoint(), &ay);
    let size = largest(&ax).max(1.0) * largest(y).max(1.0) * (m.max(1)) as f64;
    that(difference(&left, &right) <= tolerance * size, || {
        format!("⟨AX, Y⟩ and ⟨X, AᴴY⟩ differ by {:e}", difference(&left, &right))
    })?;
    let written = a.to_dense().map_err(fails)?;
    let again = product(&written, x);
    let size = largest(&written).max(1e-300) * largest(x).max(1.0) * n.max(1) as f64;
    that(difference(&again, &ax) <= tolerance * size, || {
        format!("written out, A·X differs by {:e}", difference(&again, &ax))
    })?;
    let wrong = Matrix::zeros(n + 1, 1);
    that(a.apply(&wrong).is_err(), || format!("a block of {} rows was accepted", n + 1))
}

fn product<T: Scalar>(a: &Matrix<T>, b: &Matrix<T>) -> Matrix<T> {
    multiply(a.as_ref(), b.as_ref()).unwrap_or_else(|_| Matrix::zeros(a.rows(), b.columns()))
}

/// `left ≤ right` must be possible: the lower end of one does not exceed the upper end of the other.
fn at_most(law: &str, norm: Norm, left: Enclosure, right: Enclosure) -> Law {
    that(left.lower() <= right.upper(), || format!("{law} fails for {norm}: {left:?} and {right:?}"))
}

/// A norm, on two matrices of one shape and one that can follow them: ordered ends, definite, homogeneous, the triangle
/// inequality, |⟨A, B⟩| ≤ ‖A‖·‖B‖ dual, and what the norm claims: submultiplicative, or not.
pub fn norm_axioms<T: Scalar<Wide = T>>(which: Norm, a: &Matrix<T>, b: &Matrix<T>) -> Law {
    let of = |x: &Matrix<T>| norm(x, which).map_err(|e| e.to_string());
    let (na, nb) = (of(a)?, of(b)?);
    that(na.lower() <= na.estimate() && na.estimate() <= na.upper(), || format!("{na:?} is not in order"))?;
    that(na.lower() >= 0.0, || format!("{which} is negative: {na:?}"))?;
    that((largest(a) == 0.0) == (na.estimate() == 0.0), || format!("{which} is not definite: {na:?}"))?;
    let sum = Matrix::from_fn(a.rows(), a.columns(), |i, j| a[(i, j)] + b[(i, j)]);
    // The computed sum is wrong by half an ulp of each entry.
    let rounding = 1.0 + 4.0 * f64::EPSILON * (a.rows() * a.columns() + 1) as f64;
    at_most("the triangle inequality", which, of(&sum)?, na.plus(nb).times_exactly(rounding))?;
    let tripled = Matrix::from_fn(a.rows(), a.columns(), |i, j| a[(i, j)].scale(4.0));
    let (left, right) = (of(&tripled)?, na.times_exactly(4.0));
    at_most("homogeneity", which, left, right)?;
    at_most("homogeneity", which, right, left)?;
    if which.is_submultiplicative() {
        let ab = product(a, &b.adjoint());
        let nb = of(&b.adjoint())?;
        at_most("submultiplicativity", which, of(&ab)?, na.times(nb).times_exactly(rounding))?;
    }
    // The dual norm of B, where it can be evaluated.
    if let Ok(nd) = norm(b, which.dual()) {
        let inner = a.as_slice().iter().zip(b.as_slice()).fold(T::default(), |s, (&x, &y)| s + x.conj() * y);
        let inner = Enclosure::exact(inner.abs_squared().sqrt());
        // p* is rounded, and the inner product with it.
        at_most("Hölder's inequality", which, inner, na.times(nd).times_exactly(rounding + 1e-13))?;
        let back = of_norm(which.dual().dual(), a)?;
        at_most("the dual of the dual", which, back, na.times_exactly(rounding + 1e-13))?;
        at_most("the dual of the dual", which, na, back.times_exactly(rounding + 1e-13))?;
    }
    Ok(())
}

fn of_norm<T: Scalar>(which: Norm, a: &Matrix<T>) -> Result<Enclosure, String> {
    norm(a, which).map_err(|e| e.to_string())
}

/// ‖UAV‖ = ‖A‖ for unitary U and V, where the norm claims it.
pub fn unitary_invariance<T: Scalar<Wide = T>>(which: Norm, a: &Matrix<T>, u: &Matrix<T>, v: &Matrix<T>) -> Law {
    if !which.is_unitarily_invariant() {
        return Ok(());
    }
    let of = |x: &Matrix<T>| norm(x, which).map_err(|e| e.to_string());
    let (before, after) = (of(a)?, of(&product(&product(u, a), v))?);
    let rounding = 1.0 + 64.0 * f64::EPSILON * (a.rows() + a.columns()) as f64;
    at_most("unitary invariance", which, before, after.times_exactly(rounding))?;
    at_most("unitary invariance", which, after, before.times_exactly(rounding))
}

/// A decomposition: orthonormal columns, ordered values, and U·diag(σ)·Vᴴ = A.
pub fn svd_of<T: Scalar<Wide = T>>(f: &Svd<T>, a: &Matrix<T>) -> Law {
    for (name, q) in [("U", f.u()), ("V", f.v())] {
        let defect = difference(&product(&q.adjoint(), q), &Matrix::identity(q.columns()));
        let allowed = 32.0 * f64::EPSILON * (q.rows() + 4) as f64;
        that(defect <= allowed, || format!("{name}ᴴ{name} differs from the identity by {defect:e}"))?;
    }
    let ordered = f.singular_values().estimates().windows(2).all(|s| s[0] >= s[1]);
    that(ordered, || "the singular values are not in order".into())?;
    let back = f.to_dense().map_err(|e| e.to_string())?;
    let first = f.singular_values().first().upper();
    let allowed = 64.0 * f64::EPSILON * (a.rows() + a.columns() + 4) as f64 * first;
    that(difference(&back, a) <= allowed, || {
        format!("U·diag(σ)·Vᴴ differs from A by {:e}, σ₁ = {first:e}", difference(&back, a))
    })
}
