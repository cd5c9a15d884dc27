//! AᴴA·x in one pass over A, for iterations that need no more of A than that.

use rayon::prelude::*;

use crate::instructions::instructions;
use crate::power::{exponent_of_one_factor, scale_by_power};
use crate::{MatrixRef, Scalar};

/// Rows that are read together, so that the result is loaded and stored once for all of them.
const GROUP: usize = 4;
/// Entries a block of rows holds at least, and the most blocks: constants, so that digits do not depend on threads.
const BLOCK: usize = 1 << 16;
const BLOCKS: usize = 16;
const LANES: usize = 8;

/// The operator BᴴB, where B is 2⁻ᵉ·A or 2⁻ᵉ·Aᵀ, whichever has its rows side by side in memory: the same singular values.
#[derive(Clone, Copy, Debug)]
pub struct Normal<'a, T: Scalar> {
    rows: MatrixRef<'a, T>,
    exponent: i32,
}

impl<'a, T: Scalar> Normal<'a, T> {
    /// The operator for a finite matrix whose largest modulus is `max_abs`, scaled by a power of two that brings it
    /// near 1. Views that are strided both ways are not taken.
    pub fn new(a: MatrixRef<'a, T>, max_abs: f64) -> Self {
        let rows = if a.is_row_major() { a } else { a.transpose() };
        Self { rows, exponent: exponent_of_one_factor(max_abs) }
    }

    /// The order of BᴴB.
    pub fn order(&self) -> usize {
        self.rows.columns()
    }

    /// A or Aᵀ, unscaled: the matrix whose columns the vectors of BᴴB combine.
    pub fn matrix(&self) -> MatrixRef<'a, T> {
        self.rows
    }

    /// The scaling e.
    pub fn exponent(&self) -> i32 {
        self.exponent
    }

    /// BᴴB·x. About 4·m·n flops and one pass over the entries; panics unless `x` has as many entries as [`Self::order`].
    pub fn apply(&self, x: &[T::Wide]) -> Vec<T::Wide> {
        let (m, n) = (self.rows.rows(), self.rows.columns());
        assert_eq!(x.len(), n, "the vector does not fit");
        let height = m.div_ceil(BLOCKS).max(BLOCK.div_ceil(n.max(1))).next_multiple_of(GROUP);
        let factor = scale_by_power(1.0, -self.exponent);
        // Once for B and once for Bᴴ; the square of the factor may not be a number.
        let x: Vec<T::Wide> = x.iter().map(|x| x.scale(factor)).collect();
        let starts: Vec<usize> = (0..m).step_by(height.max(1)).collect();
        let one = |&start: &usize| {
            let block = Block { rows: self.rows, start, end: (start + height).min(m), factor, x: &x };
            instructions().dispatch(block)
        };
        let parts: Vec<Vec<T::Wide>> =
            if starts.len() > 1 { starts.par_iter().map(one).collect() } else { starts.iter().map(one).collect() };
        let mut parts = parts.into_iter();
        let mut total = parts.next().unwrap_or_else(|| vec![T::Wide::default(); n]);
        for part in parts {
            total.iter_mut().zip(part).for_each(|(t, p)| *t += p);
        }
        total
    }
}

/// Some rows of B.
struct Block<'a, T: Scalar> {
    rows: MatrixRef<'a, T>,
    start: usize,
    end: usize,
    factor: f64,
    x: &'a [T::Wide],
}

impl<T: Scalar> pulp::WithSimd for Block<'_, T> {
    type Output = Vec<T::Wide>;
    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Vec<T::Wide> {
        let Self { rows, start, end, factor, x } = self;
        let mut z = vec![T::Wide::default(); x.len()];
        for top in (start..end).step_by(GROUP) {
            let count = GROUP.min(end - top);
            let group: [&[T]; GROUP] =
                std::array::from_fn(|r| if r < count { rows.contiguous_row(top + r).unwrap_or_default() } else { &[] });
            let y: [T::Wide; GROUP] = std::array::from_fn(|r| dot(group[r], x).scale(factor));
            if count == GROUP {
                add_rows(group, y, &mut z);
            } else {
                for (row, y) in group.iter().zip(y) {
                    row.iter().zip(z.iter_mut()).for_each(|(a, z)| *z += a.widen().conj() * y);
                }
            }
        }
        z
    }
}

/// Σⱼ aⱼxⱼ in lanes.
#[inline(always)]
fn dot<T: Scalar>(a: &[T], x: &[T::Wide]) -> T::Wide {
    let mut sums = [T::Wide::default(); LANES];
    let (a_chunks, a_rest) = a.as_chunks::<LANES>();
    let (x_chunks, x_rest) = x[..a.len()].as_chunks::<LANES>();
    for (a, x) in a_chunks.iter().zip(x_chunks) {
        for l in 0..LANES {
            sums[l] += a[l].widen() * x[l];
        }
    }
    let rest = a_rest.iter().zip(x_rest).fold(T::Wide::default(), |s, (a, &x)| s + a.widen() * x);
    sums.into_iter().fold(rest, |s, x| s + x)
}

/// z += Σᵣ conj(aᵣ)·yᵣ.
#[inline(always)]
fn add_rows<T: Scalar>(rows: [&[T]; GROUP], y: [T::Wide; GROUP], z: &mut [T::Wide]) {
    let n = z.len();
    let [a, b, c, d] = rows.map(|row| &row[..n]);
    for j in 0..n {
        z[j] += (a[j].widen().conj() * y[0] + b[j].widen().conj() * y[1])
            + (c[j].widen().conj() * y[2] + d[j].widen().conj() * y[3]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Matrix, c64};

    #[test]
    fn one_pass_gives_what_two_products_give() {
        for (m, n) in [(1, 1), (3, 9), (70, 33), (1, 40), (41, 1), (700, 301)] {
            let a = Matrix::from_fn(m, n, |i, j| c64::new(((i * 3 + j) % 7) as f64, ((i + 5 * j) % 11) as f64 - 5.0));
            let x: Vec<c64> = (0..n).map(|j| c64::new((j % 5) as f64, 1.0)).collect();
            let by_rows: Vec<c64> = (0..m).flat_map(|i| (0..n).map(move |j| (i, j))).map(|p| a[p]).collect();
            let view = MatrixRef::row_major(m, n, &by_rows).unwrap();
            let operator = Normal::new(view, 0.5);
            let y: Vec<c64> = (0..m).map(|i| (0..n).map(|j| a[(i, j)] * x[j]).sum()).collect();
            let z: Vec<c64> = (0..n).map(|j| (0..m).map(|i| a[(i, j)].conj() * y[i]).sum()).collect();
            // max_abs = 0.5 means no scaling; whole numbers make every sum exact.
            assert_eq!((operator.exponent(), operator.apply(&x)), (0, z), "{m}×{n}");
        }
    }
}
