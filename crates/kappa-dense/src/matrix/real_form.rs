//! A real matrix in place of a complex one.

use super::{Matrix, MatrixRef, Real, Scalar};

/// A real matrix from which the norms and singular values of a matrix follow.
///
/// A itself where it is real; for complex A = B + iC the matrix [[B, −C], [C, B]]: it has each singular value of A
/// twice, and it acts on (Re x, Im x) as A acts on x.
#[derive(Clone, Debug)]
pub enum RealForm<'a, P: Real> {
    /// The matrix itself.
    Stored(MatrixRef<'a, P>),
    /// The matrix of twice the order.
    Doubled(Matrix<P>),
}

impl<P: Real> RealForm<'_, P> {
    /// The matrix.
    pub fn view(&self) -> MatrixRef<'_, P> {
        match self {
            Self::Stored(view) => *view,
            Self::Doubled(matrix) => matrix.as_ref(),
        }
    }

    /// Whether each singular value of A is one of the matrix twice.
    pub fn is_doubled(&self) -> bool {
        matches!(self, Self::Doubled(_))
    }
}

/// [[B, −C], [C, B]] for A = B + iC.
pub(super) fn doubled<T: Scalar>(a: MatrixRef<'_, T>) -> Matrix<T::Part> {
    let (m, n) = (a.rows(), a.columns());
    Matrix::from_fn(2 * m, 2 * n, |i, j| {
        let x = a.get(if i < m { i } else { i - m }, if j < n { j } else { j - n });
        let part = match (i < m, j < n) {
            (true, false) => -x.im(),
            (false, true) => x.im(),
            _ => x.re(),
        };
        T::Part::from_parts(part, 0.0)
    })
}
