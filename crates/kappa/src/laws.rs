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

fn inner<T: Scalar>(x: &Matrix<T>, y: &Matrix<T>) -> f64 {
    x.as_slice().iter().zip(y.as_slice()).map(|(&x, &y)| (x.conj() * y).re()).sum()
}

fn minus<T: Scalar>(x: &Matrix<T>, y: &Matrix<T>) -> Matrix<T> {
    Matrix::from_fn(x.rows(), x.columns(), |i, j| x[(i, j)] - y[(i, j)])
}

fn close(law: &str, which: Norm, left: f64, right: f64, tolerance: f64) -> Law {
    that((left - right).abs() <= tolerance, || format!("{law} fails for {which}: {left:e} and {right:e}"))
}

/// A slope: ⟨G, A⟩ = ‖A‖, dual norm 1, ‖B‖ ≥ ‖A‖ + ⟨G, B − A⟩; and where it is the gradient, the difference quotient agrees.
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
        // The error of a difference quotient is that of the second derivative, which may be large near a kink.
        let step = 1e-6;
        let moved = |h: f64| Matrix::from_fn(a.rows(), a.columns(), |i, j| a[(i, j)] + b[(i, j)].scale(h));
        let quotient =
            (of_norm(which, &moved(step))?.estimate() - of_norm(which, &moved(-step))?.estimate()) / (2.0 * step);
        let bound = 1e-3 * (nb.upper() + inner(&g.matrix, b).abs());
        close("the difference quotient", which, quotient, inner(&g.matrix, b), bound.max(1e-6))?;
    }
    Ok(())
}

/// The proximal point P of λ‖·‖ at A: A = P + (the projection onto the dual ball of radius λ), (A − P)/λ is a subgradient at P,
/// and no other point is better.
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

/// The ball of radius r: the projection P lies in it and stays where it is, no point of the ball is nearer
/// (⟨A − P, X − P⟩ ≤ 0), and the lowest point in the direction A reaches −r times the dual norm.
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

/// The constant between two norms is not exceeded by A, whose rank is at most r, and is attained where a matrix is given.
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

/// Where a norm does not claim to be submultiplicative, A = B = 11ᵀ shows why.
pub fn counterexample(which: Norm) -> Law {
    let ones = Matrix::from_fn(5, 5, |_, _| 1.0);
    let (one, square) = (of_norm(which, &ones)?, of_norm(which, &product(&ones, &ones))?);
    let breaks = square.lower() > one.times(one).upper() * (1.0 + 1e-12);
    that(breaks != which.is_submultiplicative(), || format!("{which}: ‖11ᵀ‖ = {one:?}, ‖11ᵀ·11ᵀ‖ = {square:?}"))
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
