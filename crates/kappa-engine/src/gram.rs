//! The lower triangle of a product that is Hermitian.

use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::reborrow::ReborrowMut;
use faer::traits::{ComplexField, Conjugate};
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

/// Columns of a piece.
const COLUMNS: usize = 256;
/// From this order on the product is cut into pieces, by its order alone.
const FROM: usize = 1024;

/// C += A·B, in the lower triangle at least.
pub(crate) fn add_lower_product<T, A, B>(mut c: MatMut<'_, T>, a: MatRef<'_, A>, b: MatRef<'_, B>)
where
    T: ComplexField + Copy,
    A: Conjugate<Canonical = T> + Sync,
    B: Conjugate<Canonical = T> + Sync,
{
    let n = c.nrows();
    if n < FROM {
        let (lower, whole) = (BlockStructure::TriangularLower, BlockStructure::Rectangular);
        triangular::matmul(c.rb_mut(), lower, Accum::Add, a, whole, b, whole, T::one_impl(), Par::Seq);
        return;
    }
    c.par_col_chunks_mut(COLUMNS).enumerate().for_each(|(piece, c)| {
        let start = piece * COLUMNS;
        let (rows, columns) = (n - start, c.ncols());
        let (a, b) = (a.subrows(start, rows), b.subcols(start, columns));
        matmul(c.subrows_mut(start, rows), Accum::Add, a, b, T::one_impl(), Par::Seq);
    });
}
