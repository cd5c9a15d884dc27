//! Copies of matrices with a function applied to each entry.

use rayon::prelude::*;

use super::{Matrix, MatrixRef, Scalar};

/// Columns that one thread copies at a time, and rows of a tile: both sides of a transposition stay in the first cache.
const TILE: usize = 64;
/// From this many entries on, waking another thread takes less time than it saves.
const SHARED: usize = 1 << 17;

/// The matrix with a function applied to each entry, column after column, as fast as memory goes whichever way it lies.
pub(crate) fn copied<T: Scalar, W: Scalar>(a: MatrixRef<'_, T>, f: impl Fn(T) -> W + Sync) -> Matrix<W> {
    let (m, n) = (a.rows(), a.columns());
    let mut entries = vec![W::default(); m * n];
    copied_into(a, &mut entries, m, f);
    Matrix::owning(m, n, entries)
}

/// The same into memory whose columns begin `stride` entries apart; entries between them are not written.
pub(crate) fn copied_into<T: Scalar, W: Scalar>(
    a: MatrixRef<'_, T>,
    to: &mut [W],
    stride: usize,
    f: impl Fn(T) -> W + Sync,
) {
    let (m, n) = (a.rows(), a.columns());
    if m * n >= SHARED {
        let parts = to.par_chunks_mut(stride * TILE).enumerate();
        parts.for_each(|(part, to)| copy_columns(a, part * TILE, to, stride, &f));
    } else if m * n > 0 {
        to.chunks_mut(stride * TILE).enumerate().for_each(|(part, to)| copy_columns(a, part * TILE, to, stride, &f));
    }
}

/// A few columns from `first` on.
fn copy_columns<T: Scalar, W>(a: MatrixRef<'_, T>, first: usize, to: &mut [W], stride: usize, f: impl Fn(T) -> W) {
    let m = a.rows();
    let columns = a.transpose();
    if a.is_row_major() && a.columns() > 1 {
        // Eight rows at a time: a cache line is written whole before the next column is begun, which may evict it.
        for i in (0..m).step_by(8) {
            let count = (m - i).min(8);
            let rows: [&[T]; 8] = std::array::from_fn(|k| match a.contiguous_row(i + k.min(count - 1)) {
                Some(row) => &row[first..],
                None => &[],
            });
            let columns = to.chunks_exact_mut(stride).enumerate();
            if count == 8 {
                // A length that is known at compile time.
                columns.filter_map(|(j, to)| Some((j, to[i..].first_chunk_mut::<8>()?))).for_each(|(j, to)| {
                    *to = std::array::from_fn(|k| f(rows[k][j]));
                });
            } else {
                columns
                    .for_each(|(j, to)| to[i..i + count].iter_mut().zip(&rows).for_each(|(to, row)| *to = f(row[j])));
            }
        }
        return;
    }
    for (j, to) in to.chunks_exact_mut(stride).enumerate() {
        let to = &mut to[..m];
        match columns.contiguous_row(first + j) {
            Some(column) => to.iter_mut().zip(column).for_each(|(to, &x)| *to = f(x)),
            None => to.iter_mut().enumerate().for_each(|(i, to)| *to = f(a.get(i, first + j))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_keep_every_entry_in_its_place() {
        for (m, n) in [(0, 3), (3, 0), (1, 1), (1, 40), (40, 1), (17, 33), (300, 90)] {
            let a = Matrix::from_fn(m, n, |i, j| (i * 1000 + j) as f64);
            assert_eq!(copied(a.as_ref(), |x| x), a);
            let turned = a.adjoint();
            assert_eq!(copied(turned.as_ref().transpose(), |x| x), a, "{m}×{n}");
        }
    }
}
