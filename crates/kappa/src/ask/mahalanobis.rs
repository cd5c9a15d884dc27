//! The norm of a positive definite matrix, whose definiteness is proved.

use kappa_dense::{Matrix, cholesky};

use crate::certificate::eigenvalue_below;
use crate::error::{Error, Result};
use crate::norm::{EntryNorms, VectorNorm};

impl VectorNorm {
    /// √(xᵀMx) for a symmetric positive definite M: the Mahalanobis distance where M is an inverse covariance.
    ///
    /// M is proved to be positive definite by a Cholesky factor and its residual.
    ///
    /// # Errors
    ///
    /// When M is not square or not exactly symmetric, when an entry is not finite, and when M cannot be proved to be
    /// positive definite.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::{Matrix, VectorNorm};
    /// let m = Matrix::from_row_major(2, 2, vec![2.0, 0.0, 0.0, 8.0])?;
    /// assert!(VectorNorm::mahalanobis(m)?.of(&[1.0, 1.0])?.contains(10f64.sqrt()));
    /// let indefinite = Matrix::from_row_major(2, 2, vec![1.0, 2.0, 2.0, 1.0])?;
    /// assert!(VectorNorm::mahalanobis(indefinite).is_err());
    /// # Ok::<(), kappa::Error>(())
    /// ```
    pub fn mahalanobis(m: Matrix<f64>) -> Result<Self> {
        let n = m.rows();
        EntryNorms::of(m.as_ref())?;
        if n != m.columns() {
            return Err(Error::shape(format!(
                "a {n}×{} matrix is not square and defines no norm of vectors",
                m.columns()
            )));
        }
        if let Some((i, j)) = (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).find(|&(i, j)| m[(i, j)] != m[(j, i)]) {
            return Err(Error::unsupported(format!(
                "the matrix of the norm is not symmetric: entry ({0}, {1}) is {2} and entry ({1}, {0}) is {3}",
                i + 1,
                j + 1,
                m[(i, j)],
                m[(j, i)]
            ))
            .with_hint("take (M + Mᵀ)/2"));
        }
        let mut factor = Matrix::from_fn(n, n, |i, j| if i >= j { m[(i, j)] } else { 0.0 });
        let trace: f64 = (0..n).map(|i| m[(i, i)]).sum();
        // λₘᵢₙ(M) = −λ₁(−M), from above by the Cholesky test; the factor suggests the shift.
        let negative = Matrix::from_fn(n, n, |i, j| if i >= j { -m[(i, j)] } else { 0.0 });
        let is_factored = cholesky(&mut factor);
        let least = [1e-3, 1e-6, 1e-9, 1e-12, 1e-14]
            .into_iter()
            .filter(|_| is_factored)
            .filter_map(|share| eigenvalue_below(negative.clone(), -share * trace / n.max(1) as f64).ok())
            .map(|bound| -bound)
            .find(|&least| least > 0.0);
        match least {
            Some(least) => Ok(Self::from_definite(m, factor, least)),
            None if n == 0 => Ok(Self::from_definite(m, factor, 1.0)),
            None => Err(Error::singular(format!("this {n}×{n} matrix is not positive definite to working precision"))
                .with_hint("a norm needs all eigenvalues above 0; add a small multiple of the identity")),
        }
    }
}
