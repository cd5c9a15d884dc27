//! Total least squares: errors in the matrix and in the right-hand side.

use kappa_dense::{Matrix, Scalar, Shape, c64, multiply, qr};

use super::problem::{Problem, length};
use crate::error::{Error, Result};
use crate::norm::times_vector;
use crate::operator::{AnyMatrix, AnyOperator, LinearOperator, RealOrComplex, both, wide_with};
use crate::{Enclosure, singular_values, svd};

/// Which data have errors.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Errors {
    /// A and b, with the same variance.
    #[default]
    Everywhere,
    /// A and b, with the errors of b multiplied by γ in the norm that is minimised: γ → 0 gives ordinary least squares,
    /// γ → ∞ errors in A alone.
    Scaled(f64),
    /// A alone: data least squares.
    Matrix,
    /// b and the columns of A that are not listed here; the listed columns, counted from 0, are exact.
    ExactColumns(Vec<usize>),
}

/// The solution of a total least squares problem, with the size of the correction and whether the solution is unique.
#[derive(Clone, Debug, PartialEq)]
pub struct TotalSolution<W> {
    /// x with (A + E)x = b + f for the least correction [E f].
    pub x: Vec<W>,
    /// ‖[E f]‖_F of the least correction (f multiplied by γ in the scaled problem).
    pub correction_norm: f64,
    /// σₙ(A) − σₙ₊₁([A b]) ≥ 0: the solution exists and is unique if this is positive, and is as ill-conditioned as
    /// this is small. With errors in A alone, the gap between the last two singular values of A projected on the
    /// complement of b.
    pub gap: Enclosure,
    /// Whether the gap is above the tolerance. If not, x is the one of least norm among those that attain the least
    /// correction, or no x attains it.
    pub is_unique: bool,
}

/// The x of the least correction [E f], in the Frobenius norm, that makes (A + E)x = b + f consistent.
///
/// A is m×n with m ≥ n, b of length m, x of length n. From the last singular vector of [A b], after a QR factorization
/// of the exact columns. Evidence: estimate. About 6mn² flops.
///
/// # Errors
///
/// - When there are fewer rows than columns, the problem is empty, or the shapes do not fit.
/// - When an entry is not finite, or γ is not positive and finite.
/// - When no solution exists: the last singular vectors have no component along b (nongeneric problem).
/// - When an exact column does not exist, or the exact columns are linearly dependent.
///
/// # Examples
///
/// ```
/// # use kappa::equations::{Errors, total_lstsq};
/// # use kappa::Matrix;
/// // The line through 0 nearest to the points (1, 1), (1, 2), (2, 2), in the sense of distance: slope 1.23699….
/// let a = Matrix::from_row_major(3, 1, vec![1.0f64, 1.0, 2.0])?;
/// let s = total_lstsq(&a, &[1.0, 2.0, 2.0], &Errors::default())?;
/// let slope: f64 = (3.0 + (9.0f64 + 4.0 * 49.0).sqrt()) / 14.0;
/// assert!((s.x[0] - slope).abs() < 1e-13 && s.is_unique);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Van Huffel and Vandewalle, *The Total Least Squares Problem* (1991); Paige and Strakoš, Numer. Math. 91
/// (2002).
pub fn total_lstsq<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    b: &[T],
    errors: &Errors,
) -> Result<TotalSolution<T::Wide>> {
    let Problem { a, b } = Problem::new(a, b)?;
    let (m, n) = (a.rows(), a.columns());
    if m < n || n == 0 {
        return Err(Error::unsupported(format!("a {m}×{n} problem is empty, or has a solution without a correction"))
            .with_hint("`lstsq` gives the solution of least norm"));
    }
    let found = match errors {
        Errors::Everywhere => total(&a, &b, 1.0),
        Errors::Scaled(gamma) if *gamma > 0.0 && gamma.is_finite() => total(&a, &b, *gamma),
        Errors::Scaled(gamma) => Err(Error::argument(format!("γ must be positive and finite, got {gamma}"))),
        Errors::Matrix => data(&a, &b),
        Errors::ExactColumns(exact) => mixed(&a, &b, exact),
    }?;
    if found.x.iter().all(|x| x.is_finite()) {
        return Ok(found);
    }
    Err(Error::unsupported("the total least squares solution overflows double precision")
        .with_hint("scale A and b to similar sizes, and take a γ near 1"))
}

fn no_solution() -> Error {
    Error::singular(
        "no x attains the least correction: the last singular vector of [A b] has no part in b (nongeneric)",
    )
    .with_hint("the columns of A are nearly dependent: leave one out, or use `lstsq`")
}

/// [A γb] = UΣVᴴ: x = −v₁:ₙ/(γ·vₙ₊₁), of least norm over all right singular vectors of the smallest singular value.
fn total<W: Scalar<Wide = W>>(a: &Matrix<W>, b: &[W], gamma: f64) -> Result<TotalSolution<W>> {
    let (m, n) = (a.rows(), a.columns());
    let extended = Matrix::from_fn(m, n + 1, |i, j| if j < n { a[(i, j)] } else { b[i].scale(gamma) });
    // With fewer than n + 1 rows the last vector belongs to σ = 0.
    let f = if m > n { svd(&extended)? } else { crate::factor::svd_full(&extended)? };
    let mut s = f.singular_values().estimates().to_vec();
    s.resize(n + 1, 0.0);
    let tolerance = (m.max(n + 1)) as f64 * f64::EPSILON * s[0];
    let last = s[n];
    let own = singular_values(a)?.last();
    let lower = (own.lower() - last - tolerance).max(0.0);
    let gap = Enclosure::new(
        lower,
        (own.estimate() - last).max(0.0),
        (own.upper() - last + tolerance).max(0.0),
        own.evidence(),
    );
    // The solution of least norm, from all right singular vectors of the smallest singular value.
    let same: Vec<usize> = (0..=n).filter(|&k| s[k] <= last + tolerance).collect();
    let weight: f64 = same.iter().map(|&k| f.v()[(n, k)].abs_squared()).sum();
    if weight.sqrt() <= 16.0 * f64::EPSILON * n as f64 {
        return Err(no_solution());
    }
    let x = (0..n)
        .map(|i| {
            let sum = same.iter().fold(W::default(), |sum, &k| sum + f.v()[(i, k)] * f.v()[(n, k)].conj());
            -sum.scale(1.0 / (gamma * weight))
        })
        .collect();
    Ok(TotalSolution { x, correction_norm: last, is_unique: gap.estimate() > tolerance, gap })
}

/// Errors in A alone: v minimises ‖(I − bbᴴ/bᴴb)Av‖, x = v·bᴴb/bᴴAv (DeGroat and Dowling, IEEE Trans. Signal Process.
/// 41 (1993)).
fn data<W: Scalar<Wide = W>>(a: &Matrix<W>, b: &[W]) -> Result<TotalSolution<W>> {
    let (m, n) = (a.rows(), a.columns());
    let size = length(b);
    if size == 0.0 {
        let gap = singular_values(a)?.last();
        return Ok(TotalSolution { x: vec![W::default(); n], correction_norm: 0.0, is_unique: gap.lower() > 0.0, gap });
    }
    let unit: Vec<W> = b.iter().map(|x| x.scale(1.0 / size)).collect();
    let along = times_vector(&a.adjoint(), &unit);
    let projected = Matrix::from_fn(m, n, |i, j| a[(i, j)] - unit[i] * along[j].conj());
    let f = svd(&projected)?;
    let s = f.singular_values().estimates();
    let tolerance = m as f64 * f64::EPSILON * s[0].max(length(&along));
    // The solution of least norm, from all right singular vectors of the smallest singular value.
    let same: Vec<usize> = (0..n).filter(|&k| s[k] <= s[n - 1] + tolerance).collect();
    let inner = |k: usize| along.iter().zip(f.v().column(k)).fold(W::default(), |sum, (a, v)| sum + a.conj() * *v);
    let weight: f64 = same.iter().map(|&k| inner(k).abs_squared()).sum();
    if weight.sqrt() <= tolerance {
        return Err(no_solution());
    }
    let mut x = vec![W::default(); n];
    for &k in &same {
        let factor = inner(k).conj().scale(size / weight);
        x.iter_mut().zip(f.v().column(k)).for_each(|(x, &v)| *x += v * factor);
    }
    let second = if n > 1 { s[n - 2] } else { f64::INFINITY };
    let gap = Enclosure::new(
        (second - s[n - 1] - tolerance).max(0.0),
        second - s[n - 1],
        second - s[n - 1] + tolerance,
        f.singular_values().last().evidence(),
    );
    Ok(TotalSolution { x, correction_norm: s[n - 1], is_unique: same.len() == 1, gap })
}

/// A QR factorization of the exact columns leaves a total least squares problem in the remaining rows.
fn mixed<W: Scalar<Wide = W>>(a: &Matrix<W>, b: &[W], exact: &[usize]) -> Result<TotalSolution<W>> {
    let (m, n) = (a.rows(), a.columns());
    if let Some(j) = exact.iter().find(|&&j| j >= n) {
        return Err(Error::shape(format!("exact column {j} of {n} does not exist (columns count from 0)")));
    }
    let is_exact = |j: &usize| exact.contains(j);
    let (first, rest): (Vec<usize>, Vec<usize>) = (0..n).partition(is_exact);
    let p = first.len();
    if p == 0 {
        return total(a, b, 1.0);
    }
    let order: Vec<usize> = first.iter().chain(&rest).copied().collect();
    let sorted = Matrix::from_fn(m, n + 1, |i, j| if j < n { a[(i, order[j])] } else { b[i] });
    let leading = Matrix::from_fn(m, p, |i, j| sorted[(i, j)]);
    let f = qr(leading.as_ref(), Shape::Full)?;
    let turned = multiply(f.q.adjoint().as_ref(), sorted.as_ref())?;
    let limit = m as f64 * f64::EPSILON * (0..p).map(|i| crate::norm::modulus(f.r[(i, i)])).fold(0.0, f64::max);
    if (0..p).any(|i| crate::norm::modulus(f.r[(i, i)]) <= limit) {
        return Err(Error::unsupported("the exact columns are linearly dependent").with_hint("leave one of them out"));
    }
    let found = if rest.is_empty() {
        // With all columns exact the problem is ordinary least squares.
        let below: Vec<W> = (p..m).map(|i| turned[(i, n)]).collect();
        TotalSolution {
            x: Vec::new(),
            correction_norm: length(&below),
            gap: Enclosure::exact(f64::INFINITY),
            is_unique: true,
        }
    } else {
        let below = Matrix::from_fn(m - p, rest.len(), |i, j| turned[(p + i, p + j)]);
        let target: Vec<W> = (p..m).map(|i| turned[(i, n)]).collect();
        total(&below, &target, 1.0)?
    };
    // Back substitution for the exact columns.
    let mut solved = vec![W::default(); n];
    rest.iter().zip(&found.x).for_each(|(&j, x)| solved[j] = *x);
    for i in (0..p).rev() {
        let known = (i + 1..n).fold(turned[(i, n)], |sum, j| sum - turned[(i, j)] * solved[order[j]]);
        solved[order[i]] = known / turned[(i, i)];
    }
    Ok(TotalSolution { x: solved, ..found })
}

/// [`TotalSolution`] of a real or of a complex matrix.
pub type AnyTotalSolution = RealOrComplex<TotalSolution<f64>, TotalSolution<c64>>;

impl AnyTotalSolution {
    /// The solution as a column.
    pub fn x(&self) -> AnyMatrix {
        both!(self, f => AnyMatrix::column(&f.x))
    }

    /// The size of the correction.
    pub fn correction_norm(&self) -> f64 {
        both!(self, f => f.correction_norm)
    }

    /// The gap of singular values that determines the solution.
    pub fn gap(&self) -> Enclosure {
        both!(self, f => f.gap)
    }

    /// Whether x is unique.
    pub fn is_unique(&self) -> bool {
        both!(self, f => f.is_unique)
    }
}

impl AnyOperator<'_> {
    /// [`total_lstsq`](crate::equations::total_lstsq) of this operator.
    ///
    /// # Errors
    ///
    /// As [`total_lstsq`](crate::equations::total_lstsq).
    pub fn total_lstsq(&self, b: &AnyMatrix, errors: &Errors) -> Result<AnyTotalSolution> {
        wide_with!((self, b), (a, b) => self::total_lstsq(a, b.as_slice(), errors))
    }
}
