//! The orthogonal factors of a reduction, kept as the reflections that made it.

use rayon::prelude::*;

use super::Side;
use super::chase::Kept;
use super::tile::WIDTH;
use super::upper_band::PanelProduct;
use crate::concrete;
use crate::instructions::instructions;
use crate::{Matrix, Real};

/// Columns that one thread takes at a time: a column of the product is a few registers high, and all of it stays in the
/// second cache.
const BESIDE: usize = 32;

/// L (m×m) and R (n×n) of A·2⁻ᵉ = L·[B; 0]·Rᵀ for a bidiagonal B of order n.
pub(crate) struct Bases<P: Real> {
    shape: (usize, usize),
    panels: [PanelProduct<P>; 2],
    chased: Vec<Kept<P>>,
}

impl<P: Real> Bases<P> {
    pub(super) fn new(shape: (usize, usize), panels: [PanelProduct<P>; 2], chased: Vec<Kept<P>>) -> Self {
        Self { shape, panels, chased }
    }

    /// L·[X; 0] or R·X for the columns of X, of which there are n rows. 4·m·n flops for each on the left, and 4·n² on
    /// the right.
    pub(crate) fn times(&self, side: Side, x: &Matrix<P>) -> Matrix<P> {
        if P::IS_DOUBLE {
            concrete::value(double(concrete::reference(self), side, concrete::reference(x)))
        } else {
            concrete::value(single(concrete::reference(self), side, concrete::reference(x)))
        }
    }

    fn product(&self, side: Side, x: &Matrix<P>) -> Matrix<P> {
        let (m, n) = self.shape;
        let rows = match side {
            Side::Left => m,
            Side::Right => n,
        };
        let mut y = Matrix::zeros(rows, x.columns());
        let pieces = y.as_mut_slice().par_chunks_mut(rows * BESIDE).zip(x.as_slice().par_chunks(n * BESIDE));
        pieces.for_each(|(y, x)| {
            // Reflections of the last rows reach beyond them, with zeros.
            let mut beside = vec![[P::default(); BESIDE]; n + WIDTH];
            for (j, x) in x.chunks_exact(n).enumerate() {
                beside.iter_mut().zip(x).for_each(|(row, &x)| row[j] = x);
            }
            instructions().dispatch(Unchased { chased: &self.chased, side, rows: &mut beside });
            for (j, y) in y.chunks_exact_mut(rows).enumerate() {
                y.iter_mut().zip(&beside[..n]).for_each(|(y, row)| *y = row[j]);
            }
            self.panels[side as usize].apply(y, rows);
        });
        y
    }
}

fn double(bases: &Bases<f64>, side: Side, x: &Matrix<f64>) -> Matrix<f64> {
    bases.product(side, x)
}

fn single(bases: &Bases<f32>, side: Side, x: &Matrix<f32>) -> Matrix<f32> {
    bases.product(side, x)
}

/// What a chase did to rows, undone: the last reflection first.
struct Unchased<'a, P> {
    chased: &'a [Kept<P>],
    side: Side,
    rows: &'a mut [[P; BESIDE]],
}

impl<P: Real> pulp::WithSimd for Unchased<'_, P> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        for group in self.chased.iter().rev() {
            for (first, reflection) in group[self.side as usize].iter().rev() {
                reflection.of_rows::<S, BESIDE>(&mut self.rows[*first..*first + WIDTH]);
            }
        }
    }
}
