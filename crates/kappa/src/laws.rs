//! The laws of operators, norms and factorizations, as functions for tests: of this crate, and of your own types.
//!
//! Each returns a message with the numbers that violate the law.

use kappa_dense::{Matrix, Scalar, multiply};

use crate::{Enclosure, LinearOperator, Norm, Svd, norm};

/// The outcome of a law: a message with the violation.
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

/// The laws of an operator A, m×n, for blocks `x` (n×k) and `y` (m×k).
///
/// ⟨AX, Y⟩ = ⟨X, AᴴY⟩; the dense form of A has the same products; and a block with the wrong number of rows is an
/// error. Three products and the conversion to a dense matrix.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, laws};
/// let a = Matrix::<f64>::from_row_major(2, 1, vec![3.0, 4.0])?;
/// assert_eq!(laws::operator(&a, &Matrix::identity(1), &Matrix::zeros(2, 1)), Ok(()));
/// # Ok::<(), kappa::Error>(())
/// ```
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
        format!("the product A·X with the dense form of A differs by {:e}", difference(&again, &ax))
    })?;
    let wrong = Matrix::zeros(n + 1, 1);
    that(a.apply(&wrong).is_err(), || format!("a block of {} rows was accepted", n + 1))
}

fn product<T: Scalar>(a: &Matrix<T>, b: &Matrix<T>) -> Matrix<T> {
    multiply(a.as_ref(), b.as_ref()).unwrap_or_else(|_| Matrix::zeros(a.rows(), b.columns()))
}

/// `left ≤ right` must be possible: the lower end of `left` does not exceed the upper end of `right`.
fn at_most(law: &str, norm: Norm, left: Enclosure, right: Enclosure) -> Law {
    that(left.lower() <= right.upper(), || format!("{law} fails for {norm}: {left:?} and {right:?}"))
}

/// The laws of a norm, for two matrices A and B of one shape.
///
/// Ordered ends; definiteness; homogeneity; the triangle inequality; |⟨A, B⟩| ≤ ‖A‖·‖B‖ in the dual norm, where it can
/// be evaluated; and ‖ABᴴ‖ ≤ ‖A‖·‖Bᴴ‖ where the norm claims to be submultiplicative. About ten evaluations of the norm.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, Norm, laws};
/// let (a, b) = (Matrix::<f64>::identity(2), Matrix::from_row_major(2, 2, vec![1.0, 2.0, 3.0, 4.0])?);
/// assert_eq!(laws::norm_axioms(Norm::frobenius(), &a, &b), Ok(()));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn norm_axioms<T: Scalar<Wide = T>>(which: Norm, a: &Matrix<T>, b: &Matrix<T>) -> Law {
    let of = |x: &Matrix<T>| norm(x, which).map_err(|e| e.to_string());
    let (na, nb) = (of(a)?, of(b)?);
    that(na.lower() <= na.estimate() && na.estimate() <= na.upper(), || format!("{na:?} is not in order"))?;
    that(na.lower() >= 0.0, || format!("{which} is negative: {na:?}"))?;
    that((largest(a) == 0.0) == (na.estimate() == 0.0), || format!("{which} is not definite: {na:?}"))?;
    let sum = Matrix::from_fn(a.rows(), a.columns(), |i, j| a[(i, j)] + b[(i, j)]);
    // The computed sum has an error of half an ulp in each entry.
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
        // p* is rounded, and so is the inner product.
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

fn inner<T: Scalar>(x: &Matrix<T>, y: &Matrix<T>) -> f64 {
    x.as_slice().iter().zip(y.as_slice()).map(|(&x, &y)| (x.conj() * y).re()).sum()
}

fn minus<T: Scalar>(x: &Matrix<T>, y: &Matrix<T>) -> Matrix<T> {
    Matrix::from_fn(x.rows(), x.columns(), |i, j| x[(i, j)] - y[(i, j)])
}

fn close(law: &str, which: Norm, left: f64, right: f64, tolerance: f64) -> Law {
    that((left - right).abs() <= tolerance, || format!("{law} fails for {which}: {left:e} and {right:e}"))
}

/// The laws of a subgradient G of a norm at A, for a second matrix B of the same shape.
///
/// ⟨G, A⟩ = ‖A‖; G has dual norm 1; ‖B‖ ≥ ‖A‖ + ⟨G, B − A⟩; and where G is the gradient, the difference quotient in the
/// direction B agrees. Holds vacuously where the subgradient cannot be evaluated.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, Norm, laws};
/// let (a, b) = (Matrix::<f64>::identity(2), Matrix::from_row_major(2, 2, vec![1.0, 2.0, 3.0, 4.0])?);
/// assert_eq!(laws::slope_of(Norm::frobenius(), &a, &b), Ok(()));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn slope_of<T: Scalar<Wide = T>>(which: Norm, a: &Matrix<T>, b: &Matrix<T>) -> Law {
    let Ok(g) = which.subgradient(a) else { return Ok(()) };
    let (na, nb) = (of_norm(which, a)?, of_norm(which, b)?);
    let tolerance = 1e-9 * (na.upper() + nb.upper());
    close("⟨G, A⟩ = ‖A‖", which, inner(&g.matrix, a), na.estimate(), tolerance)?;
    if let Ok(dual) = norm(&g.matrix, which.dual()) {
        that(dual.lower() <= 1.0 + 1e-9, || format!("a subgradient of {which} has dual norm {dual:?}"))?;
    }
    let below = na.estimate() + inner(&g.matrix, &minus(b, a));
    that(below <= nb.upper() + tolerance, || {
        format!("the subgradient inequality fails for {which}: {below} > {nb:?}")
    })?;
    if g.is_unique && largest(a) > 0.1 {
        // The error of a difference quotient depends on the second derivative, which may be large near a kink.
        let step = 1e-6;
        let moved = |h: f64| Matrix::from_fn(a.rows(), a.columns(), |i, j| a[(i, j)] + b[(i, j)].scale(h));
        let quotient =
            (of_norm(which, &moved(step))?.estimate() - of_norm(which, &moved(-step))?.estimate()) / (2.0 * step);
        let bound = 1e-3 * (nb.upper() + inner(&g.matrix, b).abs());
        close("the difference quotient", which, quotient, inner(&g.matrix, b), bound.max(1e-6))?;
    }
    Ok(())
}

/// The laws of the proximal point P of λ‖·‖ at A, for a direction B of the same shape.
///
/// A − P is the projection of A onto the dual ball of radius λ (Moreau); (A − P)/λ is a subgradient at P; and no point
/// P + hB has a smaller objective. Holds vacuously where the proximal point cannot be evaluated.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, Norm, laws};
/// let (a, b) = (Matrix::<f64>::identity(2), Matrix::from_row_major(2, 2, vec![1.0, 2.0, 3.0, 4.0])?);
/// assert_eq!(laws::prox_of(Norm::frobenius(), &a, &b, 0.5), Ok(()));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn prox_of<T: Scalar<Wide = T>>(which: Norm, a: &Matrix<T>, b: &Matrix<T>, lambda: f64) -> Law {
    let Ok(p) = which.prox(a, lambda) else { return Ok(()) };
    let size = 1.0 + of_norm(Norm::frobenius(), a)?.upper() + lambda;
    let rest = minus(a, &p);
    let projected = which.dual().project(a, lambda).map_err(|e| e.to_string())?;
    close("Moreau's identity", which, difference(&rest, &projected), 0.0, 1e-7 * size)?;
    let np = of_norm(which, &p)?;
    let dual = of_norm(which.dual(), &rest)?;
    that(dual.lower() <= lambda * (1.0 + 1e-7) + 1e-9, || {
        format!("the residual of {which} has dual norm {dual:?} > {lambda}")
    })?;
    close("⟨A − P, P⟩ = λ‖P‖", which, inner(&rest, &p), lambda * np.estimate(), 1e-6 * size * size)?;
    let objective = |x: &Matrix<T>| -> Result<f64, String> {
        let off = minus(x, a);
        Ok(0.5 * inner(&off, &off) + lambda * of_norm(which, x)?.estimate())
    };
    let best = objective(&p)?;
    for h in [0.0, 1e-3, -1e-3, 0.3] {
        let other = if h == 0.0 {
            a.clone()
        } else {
            Matrix::from_fn(a.rows(), a.columns(), |i, j| p[(i, j)] + b[(i, j)].scale(h))
        };
        let there = objective(&other)?;
        that(best <= there + 1e-7 * size * size, || {
            format!("the proximal point of {which} is not the best: {best} > {there}")
        })?;
    }
    Ok(())
}

/// The laws of the ball of radius r at A, for a second matrix B of the same shape.
///
/// The projection P of A lies in the ball and is its own projection; no point X of the ball is nearer (⟨A − P,
/// X − P⟩ ≤ 0); and the linear minimum in the direction A is −r times the dual norm. Laws of what cannot be evaluated
/// hold vacuously.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, Norm, laws};
/// let (a, b) = (Matrix::<f64>::identity(2), Matrix::from_row_major(2, 2, vec![1.0, 2.0, 3.0, 4.0])?);
/// assert_eq!(laws::ball_of(Norm::frobenius(), &a, &b, 1.0), Ok(()));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn ball_of<T: Scalar<Wide = T>>(which: Norm, a: &Matrix<T>, b: &Matrix<T>, r: f64) -> Law {
    let size = 1.0 + of_norm(Norm::frobenius(), a)?.upper() + r;
    if let Ok(p) = which.project(a, r) {
        let np = of_norm(which, &p)?;
        that(np.lower() <= r * (1.0 + 1e-8) + 1e-12, || {
            format!("the projection onto the ball of {which} has norm {np:?} > {r}")
        })?;
        let again = which.project(&p, r).map_err(|e| e.to_string())?;
        close("P(P(A)) = P(A)", which, difference(&p, &again), 0.0, 1e-7 * size)?;
        let nb = of_norm(which, b)?.upper();
        let factor = if nb > r { r / nb } else { 1.0 };
        let inside = Matrix::from_fn(b.rows(), b.columns(), |i, j| b[(i, j)].scale(factor));
        let angle = inner(&minus(a, &p), &minus(&inside, &p));
        that(angle <= 1e-6 * size * size, || format!("a point of the ball of {which} is nearer: {angle:e}"))?;
    }
    if let (Ok(x), Ok(dual)) = (which.linear_minimum(a, r), norm(a, which.dual())) {
        let nx = of_norm(which, &x)?;
        that(nx.lower() <= r * (1.0 + 1e-9), || format!("the lowest point of {which} has norm {nx:?} > {r}"))?;
        close("min ⟨G, X⟩ = −r‖G‖*", which, inner(a, &x), -r * dual.estimate(), 1e-8 * size * (1.0 + dual.upper()))?;
    }
    Ok(())
}

/// The laws of the constant c between two norms, for a matrix A of rank at most r.
///
/// ‖A‖ ≤ c·‖A‖′, and c is attained where a matrix that attains it is given. Holds vacuously where no constant is known.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, Norm, laws};
/// // ‖I‖_F = √2·‖I‖₂.
/// let a = Matrix::<f64>::identity(2);
/// assert_eq!(laws::constant_between(Norm::frobenius(), Norm::spectral(), &a, 2), Ok(()));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn constant_between<T: Scalar<Wide = T>>(which: Norm, other: Norm, a: &Matrix<T>, r: usize) -> Law {
    let Ok(c) = which.constant(&other, a.rows(), a.columns(), r) else { return Ok(()) };
    let (x, y) = (of_norm(which, a)?, of_norm(other, a)?);
    let bound = y.times_exactly(c.value.upper()).times_exactly(1.0 + 1e-12);
    that(x.lower() <= bound.upper(), || format!("{which} ≤ {}·{other} fails: {x:?} and {y:?}", c.value.upper()))?;
    if let Some(best) = &c.attained_by {
        let ratio = of_norm(which, best)?.over(of_norm(other, best)?);
        close("attainment", which, ratio.estimate(), c.value.upper(), 1e-9 * c.value.upper())?;
    }
    Ok(())
}

/// A = B = 11ᵀ violates ‖AB‖ ≤ ‖A‖·‖B‖ exactly for the norms that do not claim to be submultiplicative.
///
/// # Examples
///
/// ```
/// # use kappa::{Norm, laws};
/// assert_eq!(laws::counterexample(Norm::max_abs()), Ok(()));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn counterexample(which: Norm) -> Law {
    let ones = Matrix::from_fn(5, 5, |_, _| 1.0);
    let (one, square) = (of_norm(which, &ones)?, of_norm(which, &product(&ones, &ones))?);
    let breaks = square.lower() > one.times(one).upper() * (1.0 + 1e-12);
    that(breaks != which.is_submultiplicative(), || format!("{which}: ‖11ᵀ‖ = {one:?}, ‖11ᵀ·11ᵀ‖ = {square:?}"))
}

/// ‖UAV‖ = ‖A‖ for unitary U and V, where the norm claims to be unitarily invariant.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, Norm, laws};
/// let a = Matrix::<f64>::from_row_major(2, 2, vec![1.0, 2.0, 3.0, 4.0])?;
/// let swap = Matrix::from_row_major(2, 2, vec![0.0, 1.0, 1.0, 0.0])?;
/// assert_eq!(laws::unitary_invariance(Norm::nuclear(), &a, &swap, &swap), Ok(()));
/// # Ok::<(), kappa::Error>(())
/// ```
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

/// The laws of a singular value decomposition of A: orthonormal columns, ordered values, and U·diag(σ)·Vᴴ = A.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, laws, svd};
/// let a = Matrix::<f64>::from_row_major(2, 2, vec![1.0, 2.0, 3.0, 4.0])?;
/// assert_eq!(laws::svd_of(&svd(&a)?, &a), Ok(()));
/// # Ok::<(), kappa::Error>(())
/// ```
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
