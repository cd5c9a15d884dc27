//! Eigenvectors of an upper triangular matrix, by back substitution that cannot overflow.

use num_complex::Complex64;

use crate::Matrix;

/// A vector with larger entries is scaled down during the substitution.
const LARGE: f64 = 1e150;

/// Right eigenvectors of T in columns, of any nonzero length.
///
/// (T₁₁ − λI)x = −t for the block above each diagonal entry λ. Differences of eigenvalues below ε·‖T‖ are replaced by
/// ε·‖T‖, a perturbation of T no larger than its rounding errors (Golub and Van Loan, *Matrix Computations*, 4th ed.,
/// section 7.6.4). n³/3 complex operations.
pub(crate) fn triangular_vectors(t: &Matrix<Complex64>) -> Matrix<Complex64> {
    let n = t.rows();
    let size = |x: Complex64| x.re.abs() + x.im.abs();
    let norm = t.as_slice().iter().map(|&x| size(x)).fold(0.0, f64::max);
    let least = (f64::EPSILON * norm).max(f64::MIN_POSITIVE / f64::EPSILON);
    let mut vectors = Matrix::zeros(n, n);
    for k in 0..n {
        let lambda = t[(k, k)];
        let x = &mut vectors.column_mut(k)[..=k];
        x[k] = Complex64::new(1.0, 0.0);
        x[..k].iter_mut().zip(t.column(k)).for_each(|(x, t)| *x = -*t);
        for j in (0..k).rev() {
            let gap = t[(j, j)] - lambda;
            x[j] /= if size(gap) < least { Complex64::new(least, 0.0) } else { gap };
            if size(x[j]) > LARGE {
                let factor = 1.0 / size(x[j]);
                x.iter_mut().for_each(|x| *x *= factor);
            }
            let along = x[j];
            x[..j].iter_mut().zip(t.column(j)).for_each(|(x, t)| *x -= along * *t);
        }
    }
    vectors
}

/// Left eigenvectors of T in columns: the right ones of Tᴴ, which is upper triangular with its rows and columns
/// reversed.
pub(crate) fn left_triangular_vectors(t: &Matrix<Complex64>) -> Matrix<Complex64> {
    let n = t.rows();
    let turned = Matrix::from_fn(n, n, |i, j| t[(n - 1 - j, n - 1 - i)].conj());
    let found = triangular_vectors(&turned);
    Matrix::from_fn(n, n, |i, k| found[(n - 1 - i, n - 1 - k)])
}
