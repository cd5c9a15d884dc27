use kappa_dense::{Matrix, Scalar, c64, eigh, multiply};

use super::{AnyNearest, Nearest, distance, square};
use crate::error::Result;
use crate::operator::{AnyOperator, LinearOperator, RealOrComplex, wide};
use crate::{Enclosure, Norm};

/// Maximum number of sweeps.
const SWEEPS: usize = 200;

/// A normal matrix (AAᴴ = AᴴA) near A in the Frobenius norm; complex unless A is Hermitian or diagonal, and so normal.
///
/// Q·diag(QᴴAQ)·Qᴴ for a unitary Q that maximises the norm of the diagonal of QᴴAQ over rotations of two axes. A is
/// n×n.
///
/// The nearest normal matrix has such a Q (Gabriel; Higham, *Matrix Nearness Problems* (1989), section 4), but so may
/// others: the distance is that of a local minimum, and `is_unique` is not decided. Jacobi rotations, each optimal in
/// its plane (Ruhe, BIT 27 (1987) 585–598). About 12n³ complex flops for each sweep, and some tens of sweeps.
///
/// # Errors
///
/// When the matrix is not square, or an entry is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, nearest};
/// // A rotation is normal: it is its own nearest normal matrix.
/// let n = nearest::normal(&Matrix::from_row_major(2, 2, vec![0.0f64, -1.0, 1.0, 0.0])?)?;
/// assert!((n.matrix[(1, 0)].re - 1.0).abs() < 1e-14 && n.distance.upper() < 1e-14);
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn normal<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Nearest<c64>> {
    let wide = square(a, "normal")?;
    let n = wide.rows();
    let a = Matrix::from_fn(n, n, |i, j| c64::new(wide[(i, j)].re(), wide[(i, j)].im()));
    if is_normal_by_symmetry(&a) {
        let distance = Enclosure::exact(0.0);
        return Ok(Nearest { matrix: a, distance, norm: Norm::frobenius(), is_unique: Some(true), steps: 0 });
    }
    let (mut t, mut q, mut steps) = (a.clone(), Matrix::<c64>::identity(n), 0);
    while steps < SWEEPS && sweep(&mut t, &mut q)? {
        steps += 1;
    }
    let scaled = Matrix::from_fn(n, n, |i, j| q[(i, j)] * t[(j, j)]);
    let matrix = multiply(scaled.as_ref(), q.adjoint().as_ref())?;
    let distance = distance(&a, &matrix, Norm::frobenius())?;
    Ok(Nearest { matrix, distance, norm: Norm::frobenius(), is_unique: None, steps })
}

/// Whether A is Hermitian, skew-Hermitian or diagonal, and so normal: it is its own nearest normal matrix.
fn is_normal_by_symmetry(a: &Matrix<c64>) -> bool {
    let n = a.rows();
    let all = |holds: &dyn Fn(usize, usize) -> bool| (0..n).all(|i| (0..n).all(|j| holds(i, j)));
    all(&|i, j| a[(i, j)] == a[(j, i)].conj())
        || all(&|i, j| a[(i, j)] == -a[(j, i)].conj())
        || all(&|i, j| i == j || a[(i, j)] == c64::default())
}

/// One sweep over all planes; returns whether a rotation was applied.
fn sweep(t: &mut Matrix<c64>, q: &mut Matrix<c64>) -> Result<bool> {
    let n = t.rows();
    let mut moved = false;
    for p in 0..n {
        for r in p + 1..n {
            let (c, s) = best(t, p, r)?;
            if s.norm() > 1e-14 {
                moved |= s.norm() > 1e-9;
                rotate(t, q, (p, r), (c, s));
            }
        }
    }
    Ok(moved)
}

/// The rotation of the plane (p, r) that maximises |tₚₚ|² + |tᵣᵣ|²: the leading eigenvector of Re(h·hᴴ), a 3×3 problem
/// (Cardoso and Souloumiac, SIMAX 17 (1996) 161–164).
fn best(t: &Matrix<c64>, p: usize, r: usize) -> Result<(f64, c64)> {
    let i = c64::new(0.0, 1.0);
    let h = [t[(p, p)] - t[(r, r)], t[(p, r)] + t[(r, p)], i * (t[(r, p)] - t[(p, r)])];
    let size = h.iter().map(|h| h.norm()).fold(0.0, f64::max);
    if size == 0.0 {
        return Ok((1.0, c64::default()));
    }
    let g = Matrix::from_fn(3, 3, |j, k| ((h[j] / size) * (h[k] / size).conj()).re);
    let (_, vectors) = eigh(g.as_ref())?;
    let v = vectors.column(2);
    let sign = if v[0] < 0.0 { -1.0 } else { 1.0 };
    let (x, y, z) = (sign * v[0], sign * v[1], sign * v[2]);
    let c = ((x + 1.0) / 2.0).sqrt();
    Ok((c, c64::new(y, -z) / (2.0 * c)))
}

/// Replaces T by GᴴTG and Q by QG for G = [c −s̄; s c].
fn rotate(t: &mut Matrix<c64>, q: &mut Matrix<c64>, (p, r): (usize, usize), (c, s): (f64, c64)) {
    let n = t.rows();
    for m in [&mut *t, q] {
        for k in 0..n {
            let (x, y) = (m[(k, p)], m[(k, r)]);
            m[(k, p)] = x * c + y * s;
            m[(k, r)] = y * c - x * s.conj();
        }
    }
    for k in 0..n {
        let (x, y) = (t[(p, k)], t[(r, k)]);
        t[(p, k)] = x * c + y * s.conj();
        t[(r, k)] = y * c - x * s;
    }
}

impl AnyOperator<'_> {
    /// [`nearest::normal`](crate::nearest::normal) of this operator.
    ///
    /// # Errors
    ///
    /// As [`nearest::normal`](crate::nearest::normal).
    pub fn nearest_normal(&self) -> Result<AnyNearest> {
        let found = wide!(self, a => self::normal(a)).map(RealOrComplex::into_inner)?;
        let is_real = !self.is_complex() && found.matrix.as_slice().iter().all(|x| x.im == 0.0);
        Ok(if !is_real {
            AnyNearest::Complex(found)
        } else {
            let Nearest { matrix, distance, norm, is_unique, steps } = found;
            let matrix = Matrix::from_fn(matrix.rows(), matrix.columns(), |i, j| matrix[(i, j)].re);
            AnyNearest::Real(Nearest { matrix, distance, norm, is_unique, steps })
        })
    }
}
