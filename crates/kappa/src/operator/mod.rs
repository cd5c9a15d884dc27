//! What can multiply: matrices that are stored, and matrices that are only known by what they do.

mod adjoint;
mod any;
mod dense;
mod diagonal;
mod entries;
mod low_rank;
mod product;
mod scaled;
mod sparse;
mod sum;

use kappa_dense::{Matrix, MatrixRef, Scalar};

pub use adjoint::Adjoint;
pub use any::{AnyMatrix, AnyOperator, Operand, RealOrComplex};
pub(crate) use any::{both, each, wide, wide_pair, wide_with};
pub use diagonal::Diagonal;
pub(crate) use entries::Entries;
pub use low_rank::LowRank;
pub use product::Product;
pub use scaled::Scaled;
pub use sparse::Sparse;
pub use sum::Sum;

use crate::error::{Error, Result};
use crate::values::SingularValues;

/// Entries that [`LinearOperator::to_dense`] may write: 2 GiB in double precision.
pub const DENSE_LIMIT: usize = 1 << 28;

/// How an operator is stored.
#[derive(Clone, Copy, Debug)]
pub enum Form<'a, T: Scalar> {
    /// All entries.
    Dense(MatrixRef<'a, T>),
    /// The entries that are not zero.
    Sparse(&'a Sparse<T>),
    /// Not at all: it can only multiply.
    Products,
}

impl<'a, T: Scalar> Form<'a, T> {
    /// All entries, where they are stored.
    pub fn dense(self) -> Option<MatrixRef<'a, T>> {
        if let Self::Dense(a) = self { Some(a) } else { None }
    }

    /// The sparse matrix, where it is one.
    pub fn sparse(self) -> Option<&'a Sparse<T>> {
        if let Self::Sparse(a) = self { Some(a) } else { None }
    }
}

/// A linear map from columns of length n to columns of length m.
///
/// `apply` and `apply_adjoint` are all that it must know; all else is derived. Every question can be asked of every
/// operator: one that is not dense is written out first, up to [`DENSE_LIMIT`] entries.
pub trait LinearOperator<T: Scalar> {
    /// (m, n): rows and columns.
    fn shape(&self) -> (usize, usize);

    /// Y = A·X for an n×k block of columns.
    fn apply(&self, x: &Matrix<T>) -> Result<Matrix<T>>;

    /// Y = Aᴴ·X for an m×k block of columns.
    fn apply_adjoint(&self, x: &Matrix<T>) -> Result<Matrix<T>>;

    /// How it is stored; by its products alone unless it says otherwise.
    fn form(&self) -> Form<'_, T> {
        Form::Products
    }

    /// The singular values, where they are known without work.
    fn known_singular_values(&self) -> Option<SingularValues> {
        None
    }

    /// The matrix written out: A times the identity.
    ///
    /// n products with a column; fails above [`DENSE_LIMIT`] entries.
    fn to_dense(&self) -> Result<Matrix<T>> {
        let (m, n) = self.shape();
        check_dense_limit(m, n)?;
        self.apply(&Matrix::identity(n))
    }
}

pub(crate) fn check_dense_limit(m: usize, n: usize) -> Result<()> {
    match m.checked_mul(n) {
        Some(entries) if entries <= DENSE_LIMIT => Ok(()),
        _ => Err(Error::limit(format!(
            "a {m}×{n} operator is too large to store as a dense matrix (limit {DENSE_LIMIT:e} entries)"
        ))
        .with_hint(
            "norms, the largest and smallest singular values, rank --exact, cond and solve need no dense matrix",
        )),
    }
}

/// The error of multiplying an m×n operator by a block with the wrong number of rows.
pub(crate) fn check_rows(operator: &str, expected: usize, found: usize) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    Err(Error::shape(format!("{operator} needs a block with {expected} rows, not {found}")))
}

/// A borrowed operator is the same operator.
impl<T: Scalar, A: LinearOperator<T> + ?Sized> LinearOperator<T> for &A {
    fn shape(&self) -> (usize, usize) {
        (**self).shape()
    }

    fn apply(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        (**self).apply(x)
    }

    fn apply_adjoint(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        (**self).apply_adjoint(x)
    }

    fn form(&self) -> Form<'_, T> {
        (**self).form()
    }

    fn known_singular_values(&self) -> Option<SingularValues> {
        (**self).known_singular_values()
    }

    fn to_dense(&self) -> Result<Matrix<T>> {
        (**self).to_dense()
    }
}
