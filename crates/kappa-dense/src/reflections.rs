//! QR with Q stored as Householder vectors, which are applied and never multiplied out.

use kappa_engine::{Double, Reflected, Triangle};

use crate::blocked_qr::reflections_in_place;
use crate::cut;
use crate::guard::{prepared, unscaled};
use crate::scale::scale_entry;
use crate::small_qr::{form_columns, reflect_columns};
use crate::triangle::solve_scaled;
use crate::wide;
use crate::{Error, Matrix, MatrixRef, Scalar};

/// A[:, columns] = QR with Q stored as reflections.
#[derive(Clone, Debug, PartialEq)]
pub struct Reflections<W: Scalar> {
    factors: Matrix<W>,
    with: Reflected<W>,
    e: i32,
}

/// The QR decomposition of an m×n matrix with Q stored as Householder reflections.
///
/// A = QR. 2mn² − ⅔n³ flops for m ≥ n; memory for a copy of A in double precision.
///
/// # Errors
///
/// When an entry is not finite.
///
/// # Examples
///
/// ```
/// # use kappa_dense::{Matrix, reflections};
/// // The line through (0, 1), (1, 3), (2, 5).
/// let f = reflections(Matrix::from_fn(3, 2, |i, j| if j == 0 { 1.0 } else { i as f64 }).as_ref())?;
/// let mut b = Matrix::from_row_major(3, 1, vec![1.0, 3.0, 5.0])?;
/// f.apply(&mut b, true);
/// let x = f.solve_leading(&b, 2, false);
/// assert!((x[(0, 0)] - 1.0).abs() < 1e-14 && (x[(1, 0)] - 2.0).abs() < 1e-14);
/// # Ok::<(), kappa_dense::Error>(())
/// ```
pub fn reflections<T: Scalar>(a: MatrixRef<'_, T>) -> Result<Reflections<T::Wide>, Error> {
    reflected(a, false)
}

/// [`reflections`] with column pivoting: each step takes the remaining column with the largest norm.
///
/// # Errors
///
/// As [`reflections`].
pub fn pivoted_reflections<T: Scalar>(a: MatrixRef<'_, T>) -> Result<Reflections<T::Wide>, Error> {
    reflected(a, true)
}

fn reflected<T: Scalar>(a: MatrixRef<'_, T>, pivoted: bool) -> Result<Reflections<T::Wide>, Error> {
    let (m, n) = (a.rows(), a.columns());
    let (mut factors, e) = prepared(a)?;
    let is_pivoted = pivoted && !is_zero(&factors);
    let with = if m == 0 || n == 0 {
        Reflected { order: (0..n).collect(), ..Reflected::default() }
    } else if !is_pivoted && is_small::<T>(m, n) {
        let coefficients = reflect_columns(factors.as_mut_slice(), m, n);
        Reflected { order: (0..n).collect(), coefficients, block: 1 }
    } else if is_pivoted {
        T::Wide::pivoted_qr(factors.as_mut_slice(), (m, n), cut::for_factors(m.min(n)))
    } else {
        reflections_in_place(&mut factors)
    };
    Ok(Reflections { factors, with, e })
}

/// Whether there is no column to begin with: the engine divides by the length of the longest one.
fn is_zero<W: Scalar>(a: &Matrix<W>) -> bool {
    a.as_slice().iter().all(|&x| x == W::default())
}

/// Maximum size at which single reflections are faster than blocks of them (measured on 2 cores).
fn is_small<W: Scalar>(rows: usize, columns: usize) -> bool {
    rows * columns <= if W::IS_COMPLEX { 48 * 48 } else { 96 * 96 }
}

impl<W: Scalar<Wide = W>> Reflections<W> {
    /// (m, n): rows and columns of A.
    pub fn shape(&self) -> (usize, usize) {
        (self.factors.rows(), self.factors.columns())
    }

    /// Column j of QR is column `columns()[j]` of A.
    pub fn columns(&self) -> &[usize] {
        &self.with.order
    }

    pub(crate) fn r_entry(&self, i: usize, j: usize) -> W {
        if i > j {
            return W::default();
        }
        scale_entry(self.factors[(i, j)], self.e)
    }

    /// R, p×n upper triangular, p = min(m, n).
    pub fn r(&self) -> Matrix<W> {
        let (m, n) = self.shape();
        Matrix::from_fn(m.min(n), n, |i, j| self.r_entry(i, j))
    }

    /// The factors as LAPACK's `geqrf` stores them.
    ///
    /// An m×n matrix with R on and above its diagonal and the vectors vⱼ without their leading 1 below; and τⱼ with Q =
    /// H₁·H₂⋯, Hⱼ = I − τⱼ·vⱼ·vⱼᴴ.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa_dense::{MatrixRef, reflections};
    /// let (factors, tau) = reflections(MatrixRef::row_major(2, 1, &[3.0_f64, 4.0])?)?.householder();
    /// // H·(3, 4)ᵀ = (r, 0)ᵀ
    /// let v = [1.0, factors[(1, 0)]];
    /// let along = tau[0] * (3.0 * v[0] + 4.0 * v[1]);
    /// assert!((3.0 - along * v[0] - factors[(0, 0)]).abs() < 1e-15 && (4.0 - along * v[1]).abs() < 1e-15);
    /// # Ok::<(), kappa_dense::Error>(())
    /// ```
    pub fn householder(&self) -> (Matrix<W>, Vec<W>) {
        let (m, n) = self.shape();
        let factors = Matrix::from_fn(m, n, |i, j| if i <= j { self.r_entry(i, j) } else { self.factors[(i, j)] });
        // faer stores 1/τ on the diagonals of its blocks.
        let block = self.with.block.max(1);
        let one = W::from_parts(1.0, 0.0);
        let tau = (0..m.min(n)).map(|j| {
            let inverse = self.with.coefficients[j * block + j % block];
            if inverse.is_finite() { one / inverse } else { W::default() }
        });
        (factors, tau.collect())
    }

    /// The first `count` columns of Q, at most m. 2mp² − ⅔p³ flops for p columns.
    pub fn q(&self, count: usize) -> Matrix<W> {
        let (m, n) = self.shape();
        let mut q = Matrix::identity_of(m, count);
        if m == 0 || n == 0 || count == 0 {
            return q;
        }
        if self.with.block == 1 {
            form_columns(self.factors.as_slice(), m, &self.with.coefficients, q.as_mut_slice());
        } else {
            let cut = cut::for_shape(m, count);
            wide::form_reflections::<W>(self.factors.as_slice(), (m, n), &self.with, q.as_mut_slice(), cut);
        }
        q
    }

    /// Overwrites B with QB, or with QᴴB. 4mp flops a column. Panics unless B has m rows.
    pub fn apply(&self, b: &mut Matrix<W>, adjoint: bool) {
        let (m, n) = self.shape();
        assert_eq!(b.rows(), m, "B needs as many rows as Q");
        if m > 0 && n > 0 && b.columns() > 0 {
            let cut = cut::for_shape(m, b.columns());
            wide::apply_reflections::<W>(self.factors.as_slice(), (m, n), &self.with, b.as_mut_slice(), adjoint, cut);
        }
    }

    /// R₁₁⁻¹ (or R₁₁⁻ᴴ) times the first k rows of B, where R₁₁ is the leading k×k block of R. Not finite where R₁₁ is
    /// singular.
    pub fn solve_leading(&self, b: &Matrix<W>, k: usize, adjoint: bool) -> Matrix<W> {
        let t = Matrix::from_fn(k, k, |i, j| if i <= j { self.factors[(i, j)] } else { W::default() });
        let b = Matrix::from_fn(k, b.columns(), |i, j| b[(i, j)]);
        unscaled(solve_scaled(&t, Triangle { upper: true, unit: false, adjoint }, b), -self.e)
    }
}
