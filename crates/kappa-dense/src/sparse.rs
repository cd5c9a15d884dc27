//! Sparse factorizations of real matrices.

use kappa_engine::{Columns, NoMemory};

use crate::Error;

impl From<NoMemory> for Error {
    fn from(_: NoMemory) -> Self {
        Self::no_memory()
    }
}

fn check_square(a: &Columns<'_>) -> Result<(), Error> {
    let (m, n) = a.shape;
    if m == n { Ok(()) } else { Err(Error::shape(format!("a {m}×{n} matrix is not square"))) }
}

/// A sparse Cholesky factor of a symmetric positive definite matrix, rows reordered to keep it sparse.
#[derive(Debug)]
pub struct SparseCholesky(kappa_engine::SparseCholesky);

impl SparseCholesky {
    /// Factors a symmetric matrix, of which the lower triangle is read; `None` where it is not positive definite.
    pub fn new(a: &Columns<'_>) -> Result<Option<Self>, Error> {
        check_square(a)?;
        Ok(kappa_engine::SparseCholesky::new(a)?.map(Self))
    }

    /// B becomes A⁻¹B for a block of columns.
    pub fn solve(&self, b: &mut [f64]) {
        self.0.solve(b);
    }

    /// How many numbers the factor holds.
    pub fn stored(&self) -> usize {
        self.0.stored()
    }
}

/// A sparse LU factorization with pivoting, columns reordered to keep it sparse.
#[derive(Debug)]
pub struct SparseLu(kappa_engine::SparseLu);

impl SparseLu {
    /// Factors a square matrix; `None` where a pivot is zero.
    pub fn new(a: &Columns<'_>) -> Result<Option<Self>, Error> {
        check_square(a)?;
        Ok(kappa_engine::SparseLu::new(a)?.map(Self))
    }

    /// B becomes A⁻¹B, or A⁻ᵀB, for a block of columns.
    pub fn solve(&self, b: &mut [f64], transposed: bool) {
        self.0.solve(b, transposed);
    }
}

/// The pivots of a sparse LU factorization of a square matrix, and whether its reordering of rows and columns is odd; `None` where a
/// pivot is zero.
///
/// # Errors
///
/// For a matrix that is not square, and where the factors do not fit into memory.
pub fn sparse_pivots(a: &Columns<'_>) -> Result<Option<(Vec<f64>, bool)>, Error> {
    check_square(a)?;
    Ok(kappa_engine::sparse_pivots(a)?)
}
