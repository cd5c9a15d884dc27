//! The sensitivity of eigenvalues, eigenvectors and invariant subspaces.

use kappa_dense::{Matrix, Scalar, c64};

use crate::enclosure::times_power_of_two;
use crate::error::{Error, Result};
use crate::krylov::{Lanczos, Stop, largest_eigenvalue};
use crate::norm::modulus_enclosure;
use crate::operator::{AnyOperator, LinearOperator, RealOrComplex, near_one, wide, wide_pair};
use crate::{Enclosure, Evidence, eig, schur};

/// One eigenvalue with its sensitivity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EigenvalueCondition {
    /// The eigenvalue.
    pub value: c64,
    /// 1/|yᴴx| for left and right vectors of length 1: to first order a change E moves the eigenvalue by at most this
    /// times ‖E‖₂. 1 for normal matrices, ∞ for defective eigenvalues.
    pub condition: f64,
    /// 1/sep: to first order a change E turns the eigenvector by at most this times ‖E‖₂; ∞ for multiple eigenvalues.
    pub vector_condition: f64,
    /// The approximate distance in the 2-norm to a matrix where this eigenvalue is multiple: sep over the condition.
    pub distance: f64,
}

/// The condition of every eigenvalue, 1/|yᴴx|, and of its eigenvector, 1/sep; largest modulus first.
///
/// Estimates. The eigenvectors cost about 30n³ flops, and sep about n² for each step of an inverse iteration with the
/// Schur form, n³ altogether.
///
/// # Errors
///
/// As [`eig`] and [`schur`].
///
/// # Examples
///
/// ```
/// # use kappa::condition::eigenvalue_cond;
/// # use kappa::Matrix;
/// let a = Matrix::from_row_major(2, 2, vec![1.0, 1000.0, 0.0, 2.0])?;
/// let c = eigenvalue_cond(&a)?;
/// assert!((c[0].condition / 1000.0 - 1.0).abs() < 1e-5 && (c[0].vector_condition - 1.0).abs() < 0.01);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Wilkinson, *The Algebraic Eigenvalue Problem*, 1965; Stewart and Sun, *Matrix Perturbation Theory*, V.2.
pub fn eigenvalue_cond<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Vec<EigenvalueCondition>> {
    let (a, e) = near_one(a)?;
    let f = eig(&a)?;
    let n = f.eigenvalues().len();
    let t = schur(&a)?;
    let size = t.t().as_slice().iter().map(|x| x.norm()).fold(0.0, f64::max);
    (0..n)
        .map(|k| {
            let along: c64 = f.left().column(k).iter().zip(f.right().column(k)).map(|(y, x)| y.conj() * x).sum();
            let value = f.eigenvalues().get(k);
            let condition = if along.norm() > 0.0 { (1.0 / along.norm()).max(1.0) } else { f64::INFINITY };
            let sep = one_separation(t.t(), value, size)?;
            Ok(EigenvalueCondition {
                value: times_power_of_two(value, e),
                condition,
                vector_condition: times_power_of_two(if sep > 0.0 { 1.0 / sep } else { f64::INFINITY }, -e),
                distance: times_power_of_two(sep / condition, e),
            })
        })
        .collect()
}

/// An estimate of sep(λ, T₂₂) = σₘᵢₙ(T₂₂ − λI), where T₂₂ is the rest of the Schur form after λ is moved to the front.
fn one_separation(t: &Matrix<c64>, value: c64, size: f64) -> Result<f64> {
    let n = t.rows();
    if n == 1 {
        return Ok(f64::INFINITY);
    }
    let place = (0..n).min_by(|&i, &j| (t[(i, i)] - value).norm().total_cmp(&(t[(j, j)] - value).norm())).unwrap_or(0);
    let moved = brought_to_front(t, place);
    let value = moved[(0, 0)];
    let rest = Matrix::from_fn(n - 1, n - 1, |i, j| {
        let x = moved[(i + 1, j + 1)];
        if i == j { x - value } else { x }
    });
    Ok(least_singular_value(&rest, size))
}

/// An estimate of σₘᵢₙ of an upper triangular matrix by Lanczos on (TᴴT)⁻¹; 0 where a diagonal entry is 0.
pub(crate) fn least_singular_value(t: &Matrix<c64>, size: f64) -> f64 {
    let n = t.rows();
    if (0..n).any(|i| t[(i, i)].norm() <= f64::MIN_POSITIVE.max(1e-300 * size)) {
        return 0.0;
    }
    let apply = |x: &[c64]| solve_upper(t, &solve_upper_adjoint(t, x));
    let how = Lanczos { tolerance: 1e-3, steps: 60, ..Lanczos::default() };
    let largest = largest_eigenvalue(n, &how, Stop::Stalled, apply).value;
    if largest.is_finite() && largest > 0.0 { 1.0 / largest.sqrt() } else { 0.0 }
}

/// T⁻¹x.
pub(crate) fn solve_upper(t: &Matrix<c64>, x: &[c64]) -> Vec<c64> {
    let mut y = x.to_vec();
    for j in (0..y.len()).rev() {
        y[j] /= t[(j, j)];
        let yj = y[j];
        y[..j].iter_mut().zip(t.column(j)).for_each(|(y, t)| *y -= t * yj);
    }
    y
}

/// T⁻ᴴx.
pub(crate) fn solve_upper_adjoint(t: &Matrix<c64>, x: &[c64]) -> Vec<c64> {
    let mut y = x.to_vec();
    for j in 0..y.len() {
        let sum: c64 = t.column(j)[..j].iter().zip(&y).map(|(t, y)| t.conj() * y).sum();
        y[j] = (y[j] - sum) / t[(j, j)].conj();
    }
    y
}

/// The Schur form with the eigenvalue at `place` first, by rotations of neighbours.
fn brought_to_front(t: &Matrix<c64>, place: usize) -> Matrix<c64> {
    let n = t.rows();
    let mut t = t.clone();
    for k in (0..place).rev() {
        // Rotate the eigenvector (t₁₂, t₂₂ − t₁₁) of the second value into the first direction.
        let (x, y) = (t[(k, k + 1)], t[(k + 1, k + 1)] - t[(k, k)]);
        let length = x.norm().hypot(y.norm());
        if length == 0.0 {
            continue;
        }
        let (c, s) = (x / length, y / length);
        let (first, second) = (t[(k, k)], t[(k + 1, k + 1)]);
        for j in k..n {
            let (a, b) = (t[(k, j)], t[(k + 1, j)]);
            t[(k, j)] = c.conj() * a + s.conj() * b;
            t[(k + 1, j)] = c * b - s * a;
        }
        for i in 0..=k + 1 {
            let (a, b) = (t[(i, k)], t[(i, k + 1)]);
            t[(i, k)] = a * c + b * s;
            t[(i, k + 1)] = b * c.conj() - a * s.conj();
        }
        t[(k + 1, k)] = c64::default();
        (t[(k, k)], t[(k + 1, k + 1)]) = (second, first);
    }
    t
}

/// The separation sep(A, B) = min ‖AX − XB‖_F over ‖X‖_F = 1, whose inverse is the condition of an invariant subspace.
///
/// It is positive exactly where A and B share no eigenvalue, and at most the distance of their eigenvalues. By Lanczos
/// on the inverse of the Sylvester operator with the two Schur forms: about (p + q)·p·q flops a step. An estimate from
/// above, up to rounding.
///
/// # Errors
///
/// When a matrix is empty, and as [`schur`].
///
/// # Examples
///
/// ```
/// # use kappa::condition::separation;
/// # use kappa::Matrix;
/// let a = Matrix::from_row_major(2, 2, vec![1.0, 0.0, 0.0, 2.0])?;
/// let b = Matrix::from_row_major(1, 1, vec![5.0])?;
/// assert!((separation(&a, &b)?.estimate() - 3.0).abs() < 1e-3);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Stewart and Sun, *Matrix Perturbation Theory*, V.2; Varah, SINUM 16 (1979) 216–222.
pub fn separation<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    b: &(impl LinearOperator<T> + ?Sized),
) -> Result<Enclosure> {
    // Both are scaled by the same power of two.
    let ((a, e), (b, other)) = (near_one(a)?, near_one(b)?);
    let top = e.max(other);
    let scaled = |x: &Matrix<T::Wide>, e: i32| {
        schur(&Matrix::from_fn(x.rows(), x.columns(), |i, j| times_power_of_two(x[(i, j)], e - top)))
    };
    let (s, t) = (scaled(&a, e)?.t().clone(), scaled(&b, other)?.t().clone());
    let (p, q) = (s.rows(), t.rows());
    if p == 0 || q == 0 {
        return Err(Error::shape("the separation of an empty matrix is not defined: it has no eigenvalues"));
    }
    let gap = (0..p)
        .flat_map(|i| (0..q).map(move |j| (i, j)))
        .map(|(i, j)| modulus_enclosure(s[(i, i)] - t[(j, j)]).upper())
        .fold(f64::INFINITY, f64::min);
    let evidence = Evidence::Estimate("Lanczos on the Sylvester operator, from above");
    if gap == 0.0 {
        return Ok(Enclosure::new(0.0, 0.0, 0.0, evidence));
    }
    let apply = |x: &[c64]| sylvester(&s, &t, &sylvester_adjoint(&s, &t, x));
    let how = Lanczos { tolerance: 1e-6, steps: 300, ..Lanczos::default() };
    let largest = largest_eigenvalue(p * q, &how, Stop::Stalled, apply).value;
    let found = if largest.is_finite() && largest > 0.0 { (1.0 / largest.sqrt()).min(gap) } else { 0.0 };
    let unscaled = |x: f64| times_power_of_two(x, top);
    Ok(Enclosure::new(0.0, unscaled(found), unscaled(gap.max(found)).next_up(), evidence))
}

/// X with SX − XT = C, column after column.
fn sylvester(s: &Matrix<c64>, t: &Matrix<c64>, c: &[c64]) -> Vec<c64> {
    let (p, q) = (s.rows(), t.rows());
    let mut x = c.to_vec();
    for j in 0..q {
        for k in 0..j {
            let (before, here) = x.split_at_mut(j * p);
            here[..p].iter_mut().zip(&before[k * p..]).for_each(|(y, x)| *y += x * t[(k, j)]);
        }
        let column = &mut x[j * p..(j + 1) * p];
        for i in (0..p).rev() {
            column[i] /= s[(i, i)] - t[(j, j)];
            let xi = column[i];
            column[..i].iter_mut().zip(s.column(i)).for_each(|(y, s)| *y -= s * xi);
        }
    }
    x
}

/// X with SᴴX − XTᴴ = C.
fn sylvester_adjoint(s: &Matrix<c64>, t: &Matrix<c64>, c: &[c64]) -> Vec<c64> {
    let (p, q) = (s.rows(), t.rows());
    let mut x = c.to_vec();
    for j in (0..q).rev() {
        for k in j + 1..q {
            let (here, after) = x.split_at_mut((j + 1) * p);
            let from = &after[(k - j - 1) * p..];
            here[j * p..].iter_mut().zip(from).for_each(|(y, x)| *y += x * t[(j, k)].conj());
        }
        let column = &mut x[j * p..(j + 1) * p];
        for i in 0..p {
            let sum: c64 = s.column(i)[..i].iter().zip(&*column).map(|(s, x)| s.conj() * x).sum();
            column[i] = (column[i] - sum) / (s[(i, i)] - t[(j, j)]).conj();
        }
    }
    x
}

impl AnyOperator<'_> {
    /// [`eigenvalue_cond`](crate::condition::eigenvalue_cond) of this operator.
    ///
    /// # Errors
    ///
    /// As [`eigenvalue_cond`](crate::condition::eigenvalue_cond).
    pub fn eigenvalue_cond(&self) -> Result<Vec<EigenvalueCondition>> {
        wide!(self, a => self::eigenvalue_cond(a)).map(RealOrComplex::into_inner)
    }

    /// [`separation`](crate::condition::separation) of this operator.
    ///
    /// # Errors
    ///
    /// As [`separation`](crate::condition::separation).
    pub fn separation(&self, other: &AnyOperator<'_>) -> Result<Enclosure> {
        wide_pair!((self, other), (a, b) => self::separation(a, b)).map(RealOrComplex::into_inner)
    }
}
