use kappa_dense::{Matrix, Scalar, c64, multiply};

use crate::error::{Error, Result};
use crate::operator::{AnyMatrix, AnyOperator, LinearOperator, RealOrComplex, both, check_rows};
use crate::values::SingularValues;
use crate::{Enclosure, LowRank, Norm, Tolerance};

/// A singular value decomposition A = U·diag(σ)·Vᴴ, kept so that further questions need no further decomposition.
///
/// ```
/// # use kappa::{Matrix, Tolerance, svd};
/// let a = Matrix::from_row_major(2, 2, vec![0.0, 2.0, 1.0, 0.0])?;
/// let f = svd(&a)?;
/// assert!(f.cond()?.contains(2.0));
/// assert_eq!(f.rank(Tolerance::default()).estimate(), 2.0);
/// # Ok::<(), kappa::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Svd<T: Scalar> {
    u: Matrix<T>,
    values: SingularValues,
    v: Matrix<T>,
}

impl<T: Scalar> Svd<T> {
    pub(crate) fn new(u: Matrix<T>, values: SingularValues, v: Matrix<T>) -> Self {
        Self { u, values, v }
    }

    /// Left singular vectors in columns: m×p thin, m×m full.
    pub fn u(&self) -> &Matrix<T> {
        &self.u
    }

    /// The singular values, enclosed.
    pub fn singular_values(&self) -> &SingularValues {
        &self.values
    }

    /// Right singular vectors in columns (not Vᴴ): n×p thin, n×n full.
    pub fn v(&self) -> &Matrix<T> {
        &self.v
    }

    /// Numerical rank at the tolerance.
    pub fn rank(&self, tolerance: Tolerance) -> Enclosure {
        self.values.rank(tolerance)
    }

    /// Condition number σ₁/σₚ in the spectral norm.
    ///
    /// # Errors
    ///
    /// When the matrix is empty.
    pub fn cond(&self) -> Result<Enclosure> {
        self.values.cond()
    }

    /// A norm that is a function of the singular values.
    ///
    /// # Errors
    ///
    /// When the norm is not a function of the singular values.
    pub fn norm(&self, norm: Norm) -> Result<Enclosure> {
        self.values.norm(norm)
    }

    /// The best approximation of rank k in every unitarily invariant norm (Eckart and Young, Mirsky), as a product of
    /// U·diag(σ) and Vᴴ, and its error in the spectral norm, σₖ₊₁.
    ///
    /// # Errors
    ///
    /// Never for a decomposition: its factors fit together.
    pub fn low_rank(&self, k: usize) -> Result<(LowRank<T>, Enclosure)> {
        let k = k.min(self.values.len());
        let estimates = self.values.estimates();
        let left = Matrix::from_fn(self.u.rows(), k, |i, j| self.u[(i, j)].scale(estimates[j]));
        let right = Matrix::from_fn(k, self.v.rows(), |i, j| self.v[(j, i)].conj());
        let error = if k < self.values.len() { self.values.get(k) } else { Enclosure::exact(0.0) };
        Ok((LowRank::new(left, right)?, error))
    }

    /// An orthonormal basis of the null space at the tolerance, in columns: the right singular vectors whose singular
    /// values do not exceed it. A wide matrix (m < n) needs the full V of [`svd_full`](crate::factor::svd_full).
    ///
    /// # Errors
    ///
    /// When V has fewer than n columns.
    pub fn null_space(&self, tolerance: Tolerance) -> Result<Matrix<T>> {
        let n = self.v.rows();
        if self.v.columns() < n {
            return Err(Error::shape(format!("the null space needs {n} columns of V, not {}", self.v.columns()))
                .with_hint("use `svd_full` for the null space of a wide matrix"));
        }
        let rank = self.rank(tolerance).estimate() as usize;
        Ok(Matrix::from_fn(n, n - rank, |i, j| self.v[(i, rank + j)]))
    }
}

/// The product of the factors, so that a decomposition is an operator like its matrix.
impl<T: Scalar> LinearOperator<T> for Svd<T> {
    fn shape(&self) -> (usize, usize) {
        (self.u.rows(), self.v.rows())
    }

    fn apply(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        check_rows("a decomposition", self.v.rows(), x.rows())?;
        between(&self.v, self.values.estimates(), &self.u, x)
    }

    fn apply_adjoint(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        check_rows("the adjoint of a decomposition", self.u.rows(), x.rows())?;
        between(&self.u, self.values.estimates(), &self.v, x)
    }

    fn known_singular_values(&self) -> Option<SingularValues> {
        Some(self.values.clone())
    }
}

/// to·diag(σ)·fromᴴ·X.
fn between<T: Scalar>(from: &Matrix<T>, values: &[f64], to: &Matrix<T>, x: &Matrix<T>) -> Result<Matrix<T>> {
    let inner = multiply(from.adjoint().as_ref(), x.as_ref())?;
    let scaled = Matrix::from_fn(to.columns(), x.columns(), |i, j| match values.get(i) {
        Some(&s) => inner[(i, j)].scale(s),
        None => T::default(),
    });
    Ok(multiply(to.as_ref(), scaled.as_ref())?)
}

/// [`Svd`] of a real or of a complex matrix.
pub type AnySvd = RealOrComplex<Svd<f64>, Svd<c64>>;

impl AnySvd {
    /// Left singular vectors in columns.
    pub fn u(&self) -> AnyOperator<'_> {
        both!(self, f => f.u().into())
    }

    /// Right singular vectors in columns.
    pub fn v(&self) -> AnyOperator<'_> {
        both!(self, f => f.v().into())
    }

    /// Vᴴ.
    pub fn vh(&self) -> AnyMatrix {
        both!(self, f => f.v().adjoint().into())
    }

    /// The singular values, enclosed.
    pub fn singular_values(&self) -> &SingularValues {
        both!(self, f => f.singular_values())
    }
}
