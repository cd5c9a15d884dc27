//! Singular values of a tall matrix from the eigenvalues of AᴴA, where that loses nothing that matters.

use rayon::prelude::*;

use crate::eigen::hermitian_values;
use crate::engine::Engine;
use crate::scale::{exponent_of_one_factor, scale_by_power};
use crate::{Matrix, MatrixRef, Scalar};

/// Rows widened at a time: a panel stays in the cache.
const PANEL: usize = 256;
/// The most partial sums that threads share.
const PARTS: usize = 8;
/// Below this σₘᵢₙ/σ₁ the Gram matrix has lost too many digits of σₘᵢₙ, and a direct method must be used.
const LOST: f64 = 1.0 / 256.0;

/// Whether the Gram product can pay at all: the matrix is at least 1.4 times as long as it is wide.
///
/// The product costs m·n² flops where bidiagonalisation costs 4·m·n² − 4/3·n³, half of them at memory speed.
pub fn gram_is_worth_a_try(rows: usize, columns: usize) -> bool {
    let (long, short) = (rows.max(columns), rows.min(columns));
    short >= 8 && long * 5 >= short * 7
}

/// All singular values through the eigenvalues of AᴴA (or AAᴴ), largest first, or `None` where they lose accuracy.
///
/// With λ̂ᵢ = λᵢ + δ and |δ| a small multiple of ε·λ₁, σ̂ᵢ = √λ̂ᵢ is wrong by δ/(2σᵢ): good to ε·σ₁·(σ₁/σᵢ). The answer
/// is given only when σₘᵢₙ ≥ σ₁/256, so that no value is worse than a hundred times the error of a direct method; with `is_for_single`
/// always, since |σ̂ᵢ − σᵢ| ≤ √δ is never much more than the error of a direct method in single precision.
/// Double precision throughout, whatever the entries are stored in; m·n² flops and memory for n² numbers and a
/// panel, not for a copy of A. `max_abs` is the largest modulus of the entries, which must be finite.
pub fn gram_singular_values<T: Scalar>(a: MatrixRef<'_, T>, max_abs: f64, is_for_single: bool) -> Option<Vec<f64>> {
    if max_abs == 0.0 || a.rows().min(a.columns()) == 0 {
        return None;
    }
    let a = if a.rows() < a.columns() { a.transpose() } else { a };
    let e = exponent_of_one_factor(max_abs);
    let lower = lower_gram::<T>(a, scale_by_power(1.0, -e));
    // The largest diagonal entry of AᴴA is its largest entry: brought near 1 for the reduction.
    let n = a.columns();
    let top = (0..n).map(|j| lower[(j, j)].re()).fold(0.0, f64::max);
    let gram_e = exponent_of_one_factor(top);
    let gram_e = gram_e - gram_e % 2;
    let mut values = hermitian_values(lower, gram_e);
    values.reverse();
    let (first, last) = (*values.first()?, *values.last()?);
    if last.is_nan() || (last < first * LOST * LOST && !is_for_single) {
        return None;
    }
    values.iter_mut().for_each(|lambda| *lambda = scale_by_power(lambda.max(0.0).sqrt(), e + gram_e / 2));
    Some(values)
}

/// The lower triangle of AᴴA, or of its conjugate, scaled.
pub(crate) fn lower_gram<T: Scalar>(a: MatrixRef<'_, T>, factor: f64) -> Matrix<T::Wide> {
    let (m, n) = (a.rows(), a.columns());
    // A number of parts given by the shape alone, so that the sum does not depend on the number of threads, and small
    // enough that the parts together are no larger than A.
    let parts = (m / (2 * n).max(1)).clamp(1, PARTS);
    let height = m.div_ceil(parts);
    let one = |k: usize| part_of_gram(a, k * height, ((k + 1) * height).min(m), factor);
    if parts == 1 {
        return one(0);
    }
    let grams: Vec<Matrix<T::Wide>> = (0..parts).into_par_iter().map(one).collect();
    let mut grams = grams.into_iter();
    let mut total = grams.next().unwrap_or_else(|| Matrix::zeros(n, n));
    for gram in grams {
        for (x, &y) in total.as_mut_slice().iter_mut().zip(gram.as_slice()) {
            *x += y;
        }
    }
    total
}

fn part_of_gram<T: Scalar>(a: MatrixRef<'_, T>, start: usize, end: usize, factor: f64) -> Matrix<T::Wide> {
    let n = a.columns();
    // Written, and not merely asked for as zeros: pages that are read before they are written are mapped twice, and the second time every
    // other processor is told.
    let mut gram = Vec::with_capacity(n * n);
    gram.resize(n * n, <T::Wide>::default());
    let mut gram = Matrix::owning(n, n, gram);
    let mut panel = Vec::with_capacity(PANEL * n);
    for top in (start..end).step_by(PANEL) {
        let bottom = (top + PANEL).min(end);
        panel.clear();
        if a.is_row_major() {
            // A row at a time: an iterator over all entries would not be vectorised.
            for row in (top..bottom).filter_map(|i| a.contiguous_row(i)) {
                panel.extend(row.iter().map(|x| x.widen().scale(factor)));
            }
        } else {
            for column in (0..n).filter_map(|j| a.transpose().contiguous_row(j)) {
                panel.extend(column[top..bottom].iter().map(|x| x.widen().scale(factor)));
            }
        }
        T::Wide::engine_add_gram(gram.as_mut_slice(), n, &panel, bottom - top, !a.is_row_major());
    }
    gram
}
