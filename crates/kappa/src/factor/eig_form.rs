//! What the entries of a square matrix say of its eigenvalues.

use kappa_dense::{MatrixRef, Scalar, c64};

use crate::operator::asymmetry;

/// The form of a square matrix, for its eigenvalues.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Form {
    Diagonal,
    /// Equal to its adjoint.
    Hermitian,
    /// Triangular in some order of the rows and columns: the eigenvalues are the diagonal.
    Triangular,
    General,
}

impl Form {
    pub(super) fn of<T: Scalar>(a: MatrixRef<'_, T>) -> Self {
        let n = a.rows();
        let is_zero = |i: usize, j: usize| a.get(i, j) == T::default();
        if (0..n).all(|j| (0..n).all(|i| i == j || is_zero(i, j))) {
            Self::Diagonal
        } else if asymmetry(a).is_none() {
            Self::Hermitian
        } else if is_triangular_in_some_order(n, is_zero) {
            Self::Triangular
        } else {
            Self::General
        }
    }
}

/// Whether the graph with an edge for each entry beside the diagonal has no circle: rows without entries in the columns
/// that are left are taken one after the other (Kahn).
fn is_triangular_in_some_order(n: usize, is_zero: impl Fn(usize, usize) -> bool) -> bool {
    let mut beside: Vec<usize> = (0..n).map(|i| (0..n).filter(|&j| j != i && !is_zero(i, j)).count()).collect();
    let mut free: Vec<usize> = (0..n).filter(|&i| beside[i] == 0).collect();
    let mut taken = 0;
    while let Some(j) = free.pop() {
        taken += 1;
        for i in (0..n).filter(|&i| i != j && !is_zero(i, j)) {
            beside[i] -= 1;
            if beside[i] == 0 {
                free.push(i);
            }
        }
    }
    taken == n
}

/// The diagonal, as complex numbers.
pub(super) fn diagonal<T: Scalar>(a: MatrixRef<'_, T>) -> Vec<c64> {
    (0..a.rows()).map(|i| c64::new(a.get(i, i).re(), a.get(i, i).im())).collect()
}
