//! Singular values of a tall matrix from the eigenvalues of AᴴA, where that loses nothing that matters.

use std::ops::Range;

use rayon::prelude::*;

use kappa_engine::Double;

use crate::eigen::hermitian_values;
use crate::power::{exponent_of_one_factor, scale_by_power};
use crate::row_panels::GramTiles;
use crate::{Matrix, MatrixRef, Scalar};

/// Rows of a complex matrix widened at a time: a panel stays in the cache.
const PANEL: usize = 256;
/// The most partial sums that threads share.
const PARTS: usize = 8;
/// From this order on, one part is shared among threads.
const SHARED: usize = 256;
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
    let rows = |k: usize| k * height..((k + 1) * height).min(m);
    if T::IS_COMPLEX {
        return sum(
            parts,
            |k| part_of_gram(a, rows(k), factor),
            |total, gram| {
                total.as_mut_slice().iter_mut().zip(gram.as_slice()).for_each(|(x, &y)| *x += y);
            },
        );
    }
    let part = |k: usize| {
        let mut gram = GramTiles::new(n);
        gram.add(a, rows(k), factor, parts == 1 && n >= SHARED);
        gram
    };
    sum(parts, part, |total, gram| total.add_tiles(gram)).lower()
}

/// Parts on all threads, added in their order.
fn sum<G: Send>(parts: usize, part: impl Fn(usize) -> G + Sync, add: impl Fn(&mut G, &G)) -> G {
    if parts == 1 {
        return part(0);
    }
    let mut found: Vec<G> = (0..parts).into_par_iter().map(&part).collect();
    let (total, rest) = found.split_at_mut(1);
    rest.iter().for_each(|gram| add(&mut total[0], gram));
    found.swap_remove(0)
}

/// Rows of a complex matrix.
fn part_of_gram<T: Scalar>(a: MatrixRef<'_, T>, rows: Range<usize>, factor: f64) -> Matrix<T::Wide> {
    let n = a.columns();
    let mut gram = Matrix::zeros(n, n);
    let mut panel = Vec::with_capacity(PANEL * n);
    for top in rows.clone().step_by(PANEL) {
        let bottom = (top + PANEL).min(rows.end);
        panel.clear();
        if a.is_row_major() {
            for row in (top..bottom).filter_map(|i| a.contiguous_row(i)) {
                panel.extend(row.iter().map(|x| x.widen().scale(factor)));
            }
        } else {
            for column in (0..n).filter_map(|j| a.transpose().contiguous_row(j)) {
                panel.extend(column[top..bottom].iter().map(|x| x.widen().scale(factor)));
            }
        }
        T::Wide::add_gram(gram.as_mut_slice(), n, &panel, bottom - top, !a.is_row_major());
    }
    gram
}
