//! Eigenvalues and eigenvectors of Hermitian and general matrices, with and without vectors: checked, and scaled by a
//! power of two.
//!
//! The answers have no guarantee; callers that need one compute residuals.

use kappa_engine::{Double, Sides, eig_complex, eig_real};
use num_complex::Complex64;

use crate::balance::Balance;
use crate::bisect::tridiagonal_eigenvalues;
use crate::cut::{self, Cut};
use crate::dqds::tridiagonal_values;
use crate::guard::{prepared, prepared_lower, square};
use crate::power::scale_by_power;
use crate::reduce;
use crate::scale::scale_entry;
use crate::schur::{complex, complex_form, real_form, without_specks};
use crate::triangular_vectors::{left_triangular_vectors, triangular_vectors};
use crate::wide;
use crate::{Error, Matrix, MatrixRef, Scalar, length, multiply};

/// Eigenvalues in increasing order and orthonormal eigenvectors in columns of a Hermitian matrix.
///
/// A = V·diag(λ)·Vᴴ; the lower triangle of A is read. No bound of the errors is given. About 9n³ flops.
///
/// # Errors
///
/// When A is not square, when an entry is not finite, and when no algorithm converges.
pub fn eigh<T: Scalar>(a: MatrixRef<'_, T>) -> Result<(Vec<f64>, Matrix<T::Wide>), Error> {
    let n = square(a, "an eigendecomposition")?;
    let (work, e) = prepared_lower(a)?;
    if n == 0 {
        return Ok((Vec::new(), work));
    }
    let found = T::Wide::eigh(work.as_slice(), n, cut::for_shape(n, n))
        .or_else(|_| T::Wide::eigh(work.as_slice(), n, Cut::Whole));
    let (mut values, vectors) = found.map_err(|_| Error::not_triangular(n))?;
    values.iter_mut().for_each(|x| *x = scale_by_power(*x, e));
    Ok((values, Matrix::owning(n, n, vectors)))
}

/// The eigenvalues of a Hermitian matrix in increasing order.
///
/// The lower triangle of A is read. The errors are a few ε·√n·‖A‖: observed, not proved. Reduction to tridiagonal form,
/// in two stages for large real matrices; then dqds (quotients and differences) or bisection. 4/3·n³ flops.
///
/// # Errors
///
/// As [`eigh`].
///
/// # Examples
///
/// ```
/// # use kappa_dense::{MatrixRef, eigvalsh};
/// assert_eq!(eigvalsh(MatrixRef::row_major(2, 2, &[0.0, 9.0, 2.0, 0.0])?)?, [-2.0, 2.0]);
/// # Ok::<(), kappa_dense::Error>(())
/// ```
pub fn eigvalsh<T: Scalar>(a: MatrixRef<'_, T>) -> Result<Vec<f64>, Error> {
    let n = square(a, "an eigendecomposition")?;
    let (work, e) = prepared_lower(a)?;
    if n == 0 {
        return Ok(Vec::new());
    }
    let mut values = hermitian_values(work, 0);
    values.iter_mut().for_each(|x| *x = scale_by_power(*x, e));
    Ok(values)
}

/// A reduction is rejected when its probes differ by more than this times ε·‖A‖_F·√n: three times the worst case
/// observed.
const OFF: f64 = 64.0;

/// The eigenvalues of A·2⁻ᵉ in increasing order, for a Hermitian A whose lower triangle is read and whose entries are
/// then near 1.
pub(crate) fn hermitian_values<W: Scalar<Wide = W>>(mut a: Matrix<W>, e: i32) -> Vec<f64> {
    let n = a.rows();
    if reduce::is_tridiagonal_in_two_stages::<W>(n) {
        let found = reduce::tridiagonal::<f64, W>(a.as_ref(), e);
        let size = length(&found.diagonal).hypot(std::f64::consts::SQRT_2 * length(&found.beside));
        if found.off <= OFF * f64::EPSILON * (n as f64).sqrt() * size {
            // Bisection uses all threads, dqds only one.
            return tridiagonal_eigenvalues(&found.diagonal, &found.beside);
        }
    }
    let factor = scale_by_power(1.0, -e);
    a.as_mut_slice().iter_mut().for_each(|x| *x = x.scale(factor));
    let (diagonal, beside) = wide::tridiagonal::<W>(a.as_mut_slice(), n, cut::for_shape(n, n));
    tridiagonal_ladder(&diagonal, &beside)
}

fn tridiagonal_ladder(diagonal: &[f64], beside: &[f64]) -> Vec<f64> {
    tridiagonal_values(diagonal, beside).unwrap_or_else(|| tridiagonal_eigenvalues(diagonal, beside))
}

/// Eigenvalues, and eigenvectors of length 1 in columns: A·right = right·diag(values), leftᴴ·A = diag(values)·leftᴴ.
#[derive(Clone, Debug, PartialEq)]
pub struct EigParts {
    /// In no particular order.
    pub values: Vec<Complex64>,
    /// Right eigenvectors.
    pub right: Matrix<Complex64>,
    /// Left eigenvectors, in the same order; no columns where they were not requested.
    pub left: Matrix<Complex64>,
}

/// Eigenvalues with right and left eigenvectors of a square matrix.
///
/// A·right = right·diag(values), leftᴴ·A = diag(values)·leftᴴ. Nonreal eigenvalues of a real matrix are exact conjugate
/// pairs. Vectors by faer whose residuals exceed 10·n·ε·‖A‖ are replaced by those of our own Schur form; no bound of
/// the errors is given. About 30n³ flops.
///
/// # Errors
///
/// When A is not square, when an entry is not finite, and when the QR steps do not converge.
pub fn eig<T: Scalar>(a: MatrixRef<'_, T>) -> Result<EigParts, Error> {
    eigen(a, Sides::Both)
}

/// Eigenvalues with right eigenvectors of a square matrix; `left` has no columns. About 25n³ flops.
///
/// # Errors
///
/// As [`eig`].
pub fn eig_right<T: Scalar>(a: MatrixRef<'_, T>) -> Result<EigParts, Error> {
    eigen(a, Sides::Right)
}

/// The eigenvalues of a square matrix, in no particular order. About 10n³ flops.
///
/// # Errors
///
/// As [`eig`].
///
/// # Examples
///
/// ```
/// # use kappa_dense::{MatrixRef, eigvals};
/// // A quarter turn.
/// let mut values = eigvals(MatrixRef::row_major(2, 2, &[0.0, -1.0, 1.0, 0.0])?)?;
/// values.sort_by(|x, y| x.im.total_cmp(&y.im));
/// assert!((values[0].im + 1.0).abs() < 1e-15 && (values[1].im - 1.0).abs() < 1e-15);
/// # Ok::<(), kappa_dense::Error>(())
/// ```
pub fn eigvals<T: Scalar>(a: MatrixRef<'_, T>) -> Result<Vec<Complex64>, Error> {
    eigen(a, Sides::Neither).map(|parts| parts.values)
}

fn eigen<T: Scalar>(a: MatrixRef<'_, T>, sides: Sides) -> Result<EigParts, Error> {
    let n = square(a, "an eigendecomposition")?;
    let (mut work, e) = prepared(a)?;
    if n == 0 {
        return Ok(EigParts { values: Vec::new(), right: Matrix::zeros(0, 0), left: Matrix::zeros(0, 0) });
    }
    let balance = Balance::of(&mut work, true);
    let by_engine = |cut| by_engine::<T>(&work, sides, cut).filter(|found| is_accurate::<T>(&work, found));
    let found = by_engine(cut::for_shape(n, n))
        .or_else(|| by_schur_form(&work, sides))
        .or_else(|| by_schur_form(&without_specks(&work), sides));
    let EigParts { mut values, right, left } = found.ok_or_else(|| Error::not_triangular(n))?;
    values.iter_mut().for_each(|x| *x = scale_entry(*x, e));
    let undone = |x: &Matrix<Complex64>, is_left| unit_columns(balance.undo(x, is_left));
    Ok(EigParts { values, right: undone(&right, false), left: undone(&left, true) })
}

fn by_engine<T: Scalar>(work: &Matrix<T::Wide>, sides: Sides, cut: Cut) -> Option<EigParts> {
    let n = work.rows();
    let found = if T::IS_COMPLEX {
        eig_complex(complex(work).as_slice(), n, sides, cut)
    } else {
        eig_real(&work.as_slice().iter().map(|x| x.re()).collect::<Vec<f64>>(), n, sides, cut)
    };
    let (values, right, left) = found.ok()?;
    let columns = |entries: Vec<Complex64>| unit_columns(Matrix::owning(n, entries.len() / n, entries));
    Some(EigParts { values, right: columns(right), left: columns(left) })
}

/// Residuals above this times n·ε·‖A‖ are rejected: ten times what is usual.
const RESIDUAL: f64 = 10.0;

/// Whether all numbers are finite, and each vector v of length 1 has a small residual Av − λv (or Aᴴv − λ̄v): the back
/// substitution of faer overflows for defective matrices, and its QR steps lose digits where rows differ much in size.
fn is_accurate<T: Scalar>(a: &Matrix<T::Wide>, found: &EigParts) -> bool {
    let mut numbers = found.values.iter().chain(found.right.as_slice()).chain(found.left.as_slice());
    numbers.all(|x| x.is_finite())
        && are_eigenvectors(a, &found.values, &found.right)
        && (found.left.columns() == 0 || {
            let conjugate: Vec<Complex64> = found.values.iter().map(|x| x.conj()).collect();
            are_eigenvectors(&a.adjoint(), &conjugate, &found.left)
        })
}

fn are_eigenvectors<W: Scalar<Wide = W>>(a: &Matrix<W>, values: &[Complex64], v: &Matrix<Complex64>) -> bool {
    let n = a.rows();
    if v.columns() == 0 {
        return true;
    }
    let product = if W::IS_COMPLEX {
        multiply(complex(a).as_ref(), v.as_ref())
    } else {
        // One product of real matrices: the real and imaginary parts are columns side by side.
        let parts = Matrix::from_fn(n, 2 * n, |i, j| if j < n { v[(i, j)].re } else { v[(i, j - n)].im });
        let real = Matrix::from_fn(n, n, |i, j| a[(i, j)].re());
        multiply(real.as_ref(), parts.as_ref())
            .map(|p| Matrix::from_fn(n, n, |i, j| Complex64::new(p[(i, j)], p[(i, j + n)])))
    };
    let Ok(product) = product else { return false };
    let norm = length(a.as_slice());
    values.iter().enumerate().all(|(k, lambda)| {
        let off: f64 = product.column(k).iter().zip(v.column(k)).map(|(p, x)| (p - lambda * x).norm_sqr()).sum();
        off.sqrt() <= RESIDUAL * n as f64 * f64::EPSILON * norm
    })
}

/// By our own Schur form, whose steps are rotations, and a back substitution that cannot overflow.
fn by_schur_form<W: Scalar<Wide = W>>(work: &Matrix<W>, sides: Sides) -> Option<EigParts> {
    let n = work.rows();
    let (t, q, values, pairs) = if W::IS_COMPLEX {
        let (q, t) = complex_form(work)?;
        let values = (0..n).map(|i| t[(i, i)]).collect();
        (t, q, values, Vec::new())
    } else {
        let (q, t) = real_form(work)?;
        triangular_from_blocks(&t, &q)
    };
    let turned = |x: Matrix<Complex64>| {
        let mut v = multiply(q.as_ref(), unit_columns(x).as_ref()).ok()?;
        for &k in &pairs {
            let conjugate: Vec<Complex64> = v.column(k).iter().map(|x| x.conj()).collect();
            v.column_mut(k + 1).copy_from_slice(&conjugate);
        }
        Some(v)
    };
    let nothing = || Some(Matrix::zeros(n, 0));
    let right = if sides == Sides::Neither { nothing() } else { turned(triangular_vectors(&t)) };
    let left = if sides == Sides::Both { turned(left_triangular_vectors(&t)) } else { nothing() };
    Some(EigParts { values, right: right?, left: left? })
}

/// A triangular T with its Q, the eigenvalues, and where conjugate pairs begin.
type Triangular = (Matrix<Complex64>, Matrix<Complex64>, Vec<Complex64>, Vec<usize>);

/// The complex Schur form of a real one: one rotation makes each block of order 2 triangular; its eigenvalues are an
/// exact conjugate pair.
fn triangular_from_blocks(t: &Matrix<f64>, q: &Matrix<f64>) -> Triangular {
    let n = t.rows();
    let mut values: Vec<Complex64> = (0..n).map(|i| Complex64::new(t[(i, i)], 0.0)).collect();
    let pairs: Vec<usize> = (1..n).filter(|&i| t[(i, i - 1)] != 0.0).map(|i| i - 1).collect();
    let (below, mut t, mut q) = (t, complex(t), complex(q));
    for &k in &pairs {
        let (b, c) = (below[(k, k + 1)], below[(k + 1, k)]);
        let im = b.abs().sqrt() * c.abs().sqrt();
        (values[k].im, values[k + 1].im) = (im, -im);
        // (λ − t₂₂, t₂₁) is an eigenvector of the block, λ − t₂₂ = i·im.
        let size = im.hypot(c);
        let (cosine, sine) = (Complex64::new(0.0, im / size), c / size);
        for j in k..n {
            let (x, y) = (t[(k, j)], t[(k + 1, j)]);
            t[(k, j)] = cosine.conj() * x + y * sine;
            t[(k + 1, j)] = cosine * y - x * sine;
        }
        let columns = |a: &mut Matrix<Complex64>, rows: usize| {
            for i in 0..rows {
                let (x, y) = (a[(i, k)], a[(i, k + 1)]);
                a[(i, k)] = cosine * x + y * sine;
                a[(i, k + 1)] = cosine.conj() * y - x * sine;
            }
        };
        columns(&mut t, k + 2);
        columns(&mut q, n);
        t[(k + 1, k)] = Complex64::default();
    }
    (t, q, values, pairs)
}

fn unit_columns(mut a: Matrix<Complex64>) -> Matrix<Complex64> {
    for j in 0..a.columns() {
        let column = a.column_mut(j);
        let largest = column.iter().map(|x| x.re.abs().max(x.im.abs())).fold(0.0, f64::max);
        if largest > 0.0 {
            column.iter_mut().for_each(|x| *x = x.scale(1.0 / largest));
            let size = column.iter().map(|x| x.norm_sqr()).sum::<f64>().sqrt();
            column.iter_mut().for_each(|x| *x = x.scale(1.0 / size));
        }
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Scalar>(a: &Matrix<T>, what: &str, is_even: bool) {
        let n = a.rows();
        let found = eig(a.as_ref()).unwrap();
        let wide = complex(&a.as_ref().to_wide());
        let norm = wide.as_slice().iter().map(|x| x.norm_sqr()).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
        // Where rows and columns differ much in size, undoing the scaling magnifies the residuals of the left or of the
        // right vectors.
        let room = if is_even { 50.0 * f64::EPSILON * (n as f64).max(4.0) } else { 1e-8 };
        for (k, &lambda) in found.values.iter().enumerate() {
            for i in 0..n {
                let row: Complex64 = (0..n).map(|j| wide[(i, j)] * found.right[(j, k)]).sum();
                assert!((row - lambda * found.right[(i, k)]).norm() <= room * norm, "{what}: right {k}");
                let column: Complex64 = (0..n).map(|j| found.left[(j, k)].conj() * wide[(j, i)]).sum();
                let off = (column - lambda * found.left[(i, k)].conj()).norm();
                assert!(off <= room * norm || !is_even, "{what}: left {k}");
            }
        }
        if !T::IS_COMPLEX {
            // Conjugate pairs are exact.
            let mut above: Vec<_> = found.values.iter().filter(|x| x.im > 0.0).map(|x| (x.re, x.im)).collect();
            let mut below: Vec<_> = found.values.iter().filter(|x| x.im < 0.0).map(|x| (x.re, -x.im)).collect();
            let order = |x: &(f64, f64), y: &(f64, f64)| x.0.total_cmp(&y.0).then(x.1.total_cmp(&y.1));
            above.sort_by(order);
            below.sort_by(order);
            assert_eq!(above, below, "{what}: pairs");
        }
    }

    fn random(n: usize, seed: u64) -> Matrix<f64> {
        crate::testing::random(n, n, seed)
    }

    #[test]
    fn vectors_of_defective_and_graded_matrices_have_small_residuals() {
        for n in [1, 2, 23, 30, 60] {
            check(&Matrix::from_fn(n, n, |i, j| f64::from(i + 1 == j)), "one Jordan block", true);
            check(
                &Matrix::from_fn(n, n, |i, j| if i == j { 2.0 } else { f64::from(i + 1 == j) }),
                "another Jordan block",
                true,
            );
            check(&Matrix::from_fn(n, n, |i, j| f64::from(i <= j)), "ones above", true);
            check(&Matrix::from_fn(n, n, |i, j| f64::from(i >= j)), "ones below", true);
            check(&Matrix::from_fn(n, n, |i, j| Complex64::new(f64::from(i + 1 == j), 1.0)), "a complex block", true);
            let turn = Matrix::from_fn(2 * n, 2 * n, |i, j| {
                let block = [[1.0, 2.0], [-3.0, 1.0]];
                if i / 2 == j / 2 { block[i % 2][j % 2] } else { f64::from(i + 2 == j) }
            });
            check(&turn, "a Jordan block of pairs", true);
        }
        for seed in 0..200 {
            let a = random(6, seed);
            let sizes = random(6, seed + 1000);
            check(&Matrix::from_fn(6, 6, |i, j| a[(i, j)] * 10f64.powf(8.0 * sizes[(i, 0)])), "graded rows", false);
            check(&Matrix::from_fn(6, 6, |i, j| a[(i, j)] * 10f64.powf(8.0 * sizes[(j, 1)])), "graded columns", false);
        }
    }

    #[test]
    fn balancing_finds_what_scaling_and_order_hide() {
        let a = random(6, 9);
        let mut expected: Vec<f64> = eigvals(a.as_ref()).unwrap().iter().map(|x| x.norm()).collect();
        let scaled = Matrix::from_fn(6, 6, |i, j| a[(i, j)] * 2f64.powi(10 * (i as i32 - j as i32)));
        let mut found: Vec<f64> = eigvals(scaled.as_ref()).unwrap().iter().map(|x| x.norm()).collect();
        expected.sort_by(f64::total_cmp);
        found.sort_by(f64::total_cmp);
        assert!(found.iter().zip(&expected).all(|(x, y)| (x - y).abs() < 1e-10 * y), "{found:?} beside {expected:?}");
        // Triangular after a permutation of rows and columns: the eigenvalues are the diagonal, exactly.
        let mixed = |i: usize| (i * 7) % 30;
        let below = Matrix::from_fn(30, 30, |i, j| {
            if mixed(i) >= mixed(j) { 1.0 + (mixed(i) == mixed(j)) as u8 as f64 * mixed(i) as f64 } else { 0.0 }
        });
        let mut values: Vec<f64> = eigvals(below.as_ref()).unwrap().iter().map(|x| x.re).collect();
        values.sort_by(f64::total_cmp);
        assert!(values.iter().enumerate().all(|(i, &x)| x == 1.0 + i as f64), "{values:?}");
    }
}
