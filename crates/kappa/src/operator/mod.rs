//! Linear operators: stored matrices, and operators that are known by their products only.

mod adjoint;
mod any;
mod dense;
mod diagonal;
mod entries;
mod hermitian;
mod low_rank;
mod near_one;
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
pub(crate) use hermitian::{asymmetry, check_hermitian, is_known_hermitian, shown};
pub use low_rank::LowRank;
pub(crate) use near_one::near_one;
pub use product::Product;
pub use scaled::Scaled;
pub use sparse::Sparse;
pub use sum::Sum;

use crate::error::{Error, Result};
use crate::values::SingularValues;

/// The maximum number of entries of [`LinearOperator::to_dense`]: 2 GiB in double precision.
pub const DENSE_LIMIT: usize = 1 << 28;

/// The storage form of an operator.
#[derive(Clone, Copy, Debug)]
pub enum Form<'a, T: Scalar> {
    /// A dense matrix.
    Dense(MatrixRef<'a, T>),
    /// A sparse matrix.
    Sparse(&'a Sparse<T>),
    /// No entries are stored; the operator is known by its products only.
    Products,
}

impl<'a, T: Scalar> Form<'a, T> {
    /// The dense matrix, for [`Form::Dense`].
    pub fn dense(self) -> Option<MatrixRef<'a, T>> {
        if let Self::Dense(a) = self { Some(a) } else { None }
    }

    /// The sparse matrix, for [`Form::Sparse`].
    pub fn sparse(self) -> Option<&'a Sparse<T>> {
        if let Self::Sparse(a) = self { Some(a) } else { None }
    }
}

/// A linear map from columns of length n to columns of length m.
///
/// `shape`, `apply` and `apply_adjoint` are the required methods; all others are derived. Every question takes every
/// operator. A question without an algorithm for sparse matrices or products converts the operator to a dense matrix,
/// up to [`DENSE_LIMIT`] entries.
pub trait LinearOperator<T: Scalar> {
    /// The shape (m, n): the numbers of rows and columns.
    fn shape(&self) -> (usize, usize);

    /// Y = A·X for an n×k block of columns.
    fn apply(&self, x: &Matrix<T>) -> Result<Matrix<T>>;

    /// Y = Aᴴ·X for an m×k block of columns.
    fn apply_adjoint(&self, x: &Matrix<T>) -> Result<Matrix<T>>;

    /// The storage form; [`Form::Products`] by default.
    fn form(&self) -> Form<'_, T> {
        Form::Products
    }

    /// The distance from 1 to the next larger number of the type in which the entries are stored: 2⁻⁵² for doubles. The
    /// default [`Tolerance`](crate::Tolerance) of a rank follows it.
    fn epsilon(&self) -> f64 {
        T::EPSILON
    }

    /// The singular values, when they are known without computation.
    fn known_singular_values(&self) -> Option<SingularValues> {
        None
    }

    /// The dense matrix, by default A times the identity: n products with a column.
    ///
    /// # Errors
    ///
    /// When the matrix has more than [`DENSE_LIMIT`] entries, or a product fails.
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

/// Refuses a square unitary factor of this order that would not fit.
pub(crate) fn check_full_factor(order: usize) -> Result<()> {
    match order.checked_mul(order) {
        Some(entries) if entries <= DENSE_LIMIT => Ok(()),
        _ => Err(Error::limit(format!(
            "a full unitary factor of order {order} is too large to store (limit {DENSE_LIMIT:e} entries)"
        ))
        .with_hint("thin factors are small: those of pivoted QR and of the thin singular value decomposition")),
    }
}

/// The error of multiplying an m×n operator by a block with the wrong number of rows.
pub(crate) fn check_rows(operator: &str, expected: usize, found: usize) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    Err(Error::shape(format!("{operator} multiplies blocks whose number of rows is {expected}, got {found}")))
}

/// A reference to an operator is an operator.
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

    fn epsilon(&self) -> f64 {
        (**self).epsilon()
    }

    fn known_singular_values(&self) -> Option<SingularValues> {
        (**self).known_singular_values()
    }

    fn to_dense(&self) -> Result<Matrix<T>> {
        (**self).to_dense()
    }
}
