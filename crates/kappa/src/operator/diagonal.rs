//! Diagonal matrices, square or rectangular.

use kappa_dense::{Matrix, Scalar};

use super::{LinearOperator, check_rows};
use crate::error::{Error, Result};
use crate::norm::modulus_enclosure;
use crate::values::SingularValues;

/// The m×n matrix with these entries on its diagonal and zeros elsewhere. Its singular values are known.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagonal<T> {
    shape: (usize, usize),
    entries: Vec<T>,
}

impl<T: Scalar> Diagonal<T> {
    /// A diagonal matrix of shape (m, n) with min(m, n) diagonal entries.
    ///
    /// # Errors
    ///
    /// When the number of entries is not min(m, n).
    pub fn new(shape: (usize, usize), entries: Vec<T>) -> Result<Self> {
        let expected = shape.0.min(shape.1);
        if entries.len() != expected {
            let (m, n) = shape;
            let given = entries.len();
            return Err(Error::shape(format!(
                "the number of diagonal entries of a {m}×{n} matrix must be {expected}, got {given}"
            )));
        }
        Ok(Self { shape, entries })
    }

    fn multiply(&self, rows: usize, x: &Matrix<T>, entry: impl Fn(T) -> T) -> Matrix<T> {
        Matrix::from_fn(rows, x.columns(), |i, j| {
            self.entries.get(i).map_or_else(T::default, |&d| entry(d) * x[(i, j)])
        })
    }
}

impl<T: Scalar> LinearOperator<T> for Diagonal<T> {
    fn shape(&self) -> (usize, usize) {
        self.shape
    }

    fn apply(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        check_rows("a diagonal matrix", self.shape.1, x.rows())?;
        Ok(self.multiply(self.shape.0, x, |d| d))
    }

    fn apply_adjoint(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        check_rows("the adjoint of a diagonal matrix", self.shape.0, x.rows())?;
        Ok(self.multiply(self.shape.1, x, T::conj))
    }

    fn known_singular_values(&self) -> Option<SingularValues> {
        let all_finite = self.entries.iter().all(|x| x.is_finite());
        all_finite.then(|| {
            SingularValues::from_enclosures(self.shape, self.entries.iter().map(|&d| modulus_enclosure(d)).collect())
        })
    }
}
