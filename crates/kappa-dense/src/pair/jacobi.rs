//! The singular values of a small matrix in 106-bit arithmetic.

use super::Pair;
use crate::{Matrix, Scalar};

/// Squared norm of a column that counts as zero.
const ZERO: f64 = 1e-250;
/// Cosine that cannot be distinguished from zero, times the number of rows.
const COSINE: f64 = 2.5e-32;
const SWEEPS: usize = 100;

/// All singular values of a small matrix with entries of at most 1, in decreasing order, each rounded once to double.
///
/// One-sided Jacobi rotations in 106-bit arithmetic: absolute errors of about 1e-30·σ₁ before that rounding. About
/// 600·m·n² flops a sweep. `None` when the columns are not orthogonal after 100 sweeps.
pub(crate) fn pair_singular_values<T: Scalar>(a: &Matrix<T>) -> Option<Vec<f64>> {
    let mut columns = real_columns(a);
    let mut converged = false;
    for _ in 0..SWEEPS {
        converged = !sweep(&mut columns);
        if converged {
            break;
        }
    }
    let mut values: Vec<f64> = columns.iter().map(|x| inner(x, x).sqrt().high).collect();
    values.sort_by(|x, y| y.total_cmp(x));
    // The real form of a complex matrix has each singular value twice.
    let step = if T::IS_COMPLEX { 2 } else { 1 };
    converged.then(|| values.into_iter().step_by(step).collect())
}

/// The columns of A or Aᴴ, whichever has fewer of them, or of the real form [[Re A, −Im A], [Im A, Re A]].
fn real_columns<T: Scalar>(a: &Matrix<T>) -> Vec<Vec<Pair>> {
    let (m, n) = (a.rows(), a.columns());
    let (rows, columns) = if T::IS_COMPLEX { (2 * m, 2 * n) } else { (m, n) };
    let entry = |i: usize, j: usize| {
        let x = a[(i % m, j % n)];
        let part = match (i >= m, j >= n) {
            (true, false) => x.im(),
            (false, true) => -x.im(),
            _ => x.re(),
        };
        Pair::from(part)
    };
    if rows >= columns {
        (0..columns).map(|j| (0..rows).map(|i| entry(i, j)).collect()).collect()
    } else {
        (0..rows).map(|i| (0..columns).map(|j| entry(i, j)).collect()).collect()
    }
}

/// One sweep over all pairs of columns; returns whether any pair was not orthogonal yet.
fn sweep(columns: &mut [Vec<Pair>]) -> bool {
    let mut rotated = false;
    for q in 1..columns.len() {
        let (left, right) = columns.split_at_mut(q);
        for p in left {
            rotated |= orthogonalise(p, &mut right[0]);
        }
    }
    rotated
}

fn inner(x: &[Pair], y: &[Pair]) -> Pair {
    x.iter().zip(y).fold(Pair::default(), |sum, (&x, &y)| sum + x * y)
}

/// Rotates two columns so that they are orthogonal; returns whether a rotation was needed.
fn orthogonalise(x: &mut [Pair], y: &mut [Pair]) -> bool {
    let (alpha, beta, gamma) = (inner(x, x), inner(y, y), inner(x, y));
    let least = alpha.high.min(beta.high);
    let cosine = COSINE * x.len().max(8) as f64;
    if least < ZERO || gamma.high.abs() <= cosine * alpha.high.sqrt() * beta.high.sqrt() {
        return false;
    }
    let one = Pair::from(1.0);
    let zeta = (beta - alpha) / (gamma + gamma);
    let root = (one + zeta * zeta).sqrt();
    let t = one / (zeta.abs() + root);
    let t = if zeta.high < 0.0 { -t } else { t };
    let c = one / (one + t * t).sqrt();
    let s = c * t;
    for (x, y) in x.iter_mut().zip(y) {
        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::c64;

    #[test]
    fn a_singular_matrix_is_seen_to_be_singular() {
        let a = Matrix::from_fn(3, 3, |i, j| (3 * i + j + 1) as f64 / 16.0);
        let values = pair_singular_values(&a).unwrap();
        assert!(values[2] < 1e-30, "{values:?}");
        let z = Matrix::from_fn(2, 3, |i, j| c64::new((i + j) as f64 / 8.0, i as f64 / 8.0));
        let real = Matrix::from_fn(4, 6, |i, j| match (i < 2, j < 3) {
            (true, true) | (false, false) => z[(i % 2, j % 3)].re,
            (true, false) => -z[(i % 2, j % 3)].im,
            (false, true) => z[(i % 2, j % 3)].im,
        });
        let (complex, doubled) = (pair_singular_values(&z).unwrap(), pair_singular_values(&real).unwrap());
        assert!((complex[0] - doubled[0]).abs() < 1e-16 && (complex[1] - doubled[2]).abs() < 1e-16);
    }
}
