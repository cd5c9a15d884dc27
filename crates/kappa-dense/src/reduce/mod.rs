//! Two-stage reductions: a full matrix becomes a band by products of matrices, and the band a bidiagonal or tridiagonal
//! matrix by short reflections in the first cache.
//!
//! A reduction in one stage does half of its work at the speed of memory. Here a few columns of random signs, X and
//! A·X, go through every transformation beside the matrix: at the end they tell how far the product of all of them is
//! from what it should be, whatever went wrong. For independent signs E‖EX‖_F² = PROBES·‖E‖_F² (Hutchinson, Comm. Stat.
//! 18 (1989) 1059–1076).

mod bases;
mod bidiagonal;
mod chase;
mod lower_band;
mod tile;
mod tridiagonal;
mod upper_band;

use std::array::from_fn;

use crate::concrete;
use crate::lane::padded;
use crate::row_panels::RowPanels;
use crate::scale::write_rows_without_specks;
use crate::{MatrixRef, Real, Scalar};
pub(crate) use bases::Bases;
pub(crate) use bidiagonal::Bidiagonal;
use bidiagonal::UpperBand;
use lower_band::lower_band;
use tile::{PROBES, Probe, WIDTH};
use tridiagonal::LowerBand;
pub(crate) use tridiagonal::Tridiagonal;
use upper_band::upper_band;

/// Whether a reduction to bidiagonal form with the products in this precision takes less time in two stages (measured
/// on 2 cores).
pub(crate) fn is_bidiagonal_in_two_stages<P: Scalar>(order: usize) -> bool {
    !P::IS_COMPLEX && order >= if P::IS_DOUBLE { 256 } else { 192 }
}

/// Whether a reduction to tridiagonal form takes less time in two stages: one stage does half of its work in the cache
/// for longer.
pub(crate) fn is_tridiagonal_in_two_stages<W: Scalar>(order: usize) -> bool {
    !W::IS_COMPLEX && order >= 768
}

/// On which side of a matrix something stands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Side {
    Left,
    Right,
}

/// A real A·2⁻ᵉ with at least as many rows as columns becomes bidiagonal; the products are made in the precision of
/// `P`.
///
/// 4·m·n² − 4/3·n³ + 8·n²·WIDTH flops; memory for A in the precision of `P`.
pub(crate) fn bidiagonal<P: Real, T: Scalar>(a: MatrixRef<'_, T>, e: i32) -> Bidiagonal {
    // Into the pool once, not at every step.
    rayon::scope(|_| bidiagonal_in_pool::<P, T>(a, e, false).0)
}

/// The same with the bases, which take about as much memory again.
pub(crate) fn bidiagonal_with_bases<P: Real, T: Scalar>(a: MatrixRef<'_, T>, e: i32) -> (Bidiagonal, Bases<P>) {
    rayon::scope(|_| bidiagonal_in_pool::<P, T>(a, e, true))
}

fn bidiagonal_in_pool<P: Real, T: Scalar>(a: MatrixRef<'_, T>, e: i32, keep: bool) -> (Bidiagonal, Bases<P>) {
    let (m, n) = (a.rows(), a.columns());
    let panels = RowPanels::new(m + PROBES, n + PROBES, |first, high, panel| {
        write_rows_without_specks(a, e, first, high, panel);
        for (p, row) in (first..first + high).enumerate().filter(|(_, row)| (m..m + PROBES).contains(row)) {
            let mut signs = Signs::new(row - m);
            panel.chunks_exact_mut(high).take(n).for_each(|column| column[p] = P::from_parts(signs.next(), 0.0));
        }
    });
    if P::IS_DOUBLE {
        concrete::value(bidiagonal_in_double(concrete::value(panels), (m, n), keep))
    } else {
        concrete::value(bidiagonal_in_single(concrete::value(panels), (m, n), keep))
    }
}

fn bidiagonal_in_double(a: RowPanels<f64>, shape: (usize, usize), keep: bool) -> (Bidiagonal, Bases<f64>) {
    bidiagonal_of_panels(a, shape, keep)
}

fn bidiagonal_in_single(a: RowPanels<f32>, shape: (usize, usize), keep: bool) -> (Bidiagonal, Bases<f32>) {
    bidiagonal_of_panels(a, shape, keep)
}

/// From A of this shape, bordered on the right and below by columns and rows for the probes.
fn bidiagonal_of_panels<P: Real>(a: RowPanels<P>, (m, n): (usize, usize), keep: bool) -> (Bidiagonal, Bases<P>) {
    let band = upper_band(a, (m, n), keep);
    let upper = UpperBand::new(n, |i, j| band.rows[i][j - i], |j| (band.x[j], band.image[j]));
    let (mut reduced, chased) = upper.reduced(keep);
    // Below the band nothing should be left.
    let below: f64 = band.image[n..].iter().flatten().map(|x| x.re().powi(2)).sum();
    reduced.off = reduced.off.hypot((below / PROBES as f64).sqrt());
    (reduced, Bases::new((m, n), band.sides, chased))
}

/// A real symmetric A·2⁻ᵉ, its lower triangle read, becomes tridiagonal.
///
/// 4/3·n³ + 8·n²·WIDTH flops; memory for A in the precision of `P`.
pub(crate) fn tridiagonal<P: Real, T: Scalar>(a: MatrixRef<'_, T>, e: i32) -> Tridiagonal {
    rayon::scope(|_| tridiagonal_in_pool::<P, T>(a, e))
}

fn tridiagonal_in_pool<P: Real, T: Scalar>(a: MatrixRef<'_, T>, e: i32) -> Tridiagonal {
    let n = a.rows();
    let stride = padded::<P>(n);
    let mut entries = vec![P::default(); stride * n];
    write_rows_without_specks(a, e, 0, stride, &mut entries);
    if P::IS_DOUBLE {
        tridiagonal_in_double(concrete::value(entries), (n, stride))
    } else {
        tridiagonal_in_single(concrete::value(entries), (n, stride))
    }
}

fn tridiagonal_in_double(entries: Vec<f64>, shape: (usize, usize)) -> Tridiagonal {
    tridiagonal_of_columns(entries, shape)
}

fn tridiagonal_in_single(entries: Vec<f32>, shape: (usize, usize)) -> Tridiagonal {
    tridiagonal_of_columns(entries, shape)
}

/// From the columns of A, `stride` entries apart.
fn tridiagonal_of_columns<P: Real>(mut entries: Vec<P>, (n, stride): (usize, usize)) -> Tridiagonal {
    let mut signs = Signs::new(0);
    let mut beside = vec![P::default(); 2 * PROBES * n];
    beside[..PROBES * n].fill_with(|| P::from_parts(signs.next(), 0.0));
    lower_band(&mut entries, (n, stride), WIDTH, &mut beside);
    let row = |j: usize, first: usize| -> Probe<P> { from_fn(|p| beside[j + (first + p) * n]) };
    LowerBand::new(n, |i, j| entries[i + j * stride], |j| (row(j, 0), row(j, PROBES))).reduced()
}

/// 1 and −1 in no order that a matrix would have (Steele and Vigna's constants for a linear congruence).
struct Signs(u64);

impl Signs {
    /// The signs of one of several sequences.
    fn new(sequence: usize) -> Self {
        let mut signs = Self(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(2 * sequence as u64 + 1));
        signs.next();
        signs
    }

    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(0xD134_2543_DE82_EF95).wrapping_add(1);
        if self.0 >> 63 == 0 { 1.0 } else { -1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Matrix;
    use crate::bisect::{bidiagonal_singular_values, tridiagonal_eigenvalues};
    use crate::length;
    use crate::testing::random;
    use kappa_engine::{Cut, Double};

    /// The probes see all errors together, and gather those of every step where a few directions carry most of the
    /// matrix.
    const OFF: f64 = 8.0;

    const SHAPES: [(usize, usize); 12] = [
        (1, 1),
        (2, 2),
        (5, 3),
        (31, 31),
        (32, 32),
        (33, 33),
        (34, 34),
        (64, 40),
        (100, 65),
        (129, 128),
        (300, 257),
        (800, 780),
    ];

    fn cases(m: usize, n: usize) -> Vec<(&'static str, Matrix<f64>)> {
        let a = random(m, n, 7);
        let with = |f: &dyn Fn(usize, usize) -> f64| Matrix::from_fn(m, n, f);
        vec![
            ("random", a.clone()),
            ("zero", Matrix::zeros(m, n)),
            ("ones", with(&|_, _| 1.0)),
            ("diagonal", with(&|i, j| if i == j { 1.0 / (1 + i) as f64 } else { 0.0 })),
            ("rank 2", with(&|i, j| a[(i, 0)] * a[(0, j)] + 1e-3 * a[(i, n - 1)] * a[(m - 1, j)])),
            ("falling rows", with(&|i, j| a[(i, j)] * 0.9f64.powi(i as i32))),
            ("rising columns", with(&|i, j| a[(i, j)] * 0.9f64.powi((n - j) as i32))),
            ("clustered", with(&|i, j| if i == j { 1.0 } else { 1e-9 * a[(i, j)] })),
            ("one column", with(&|i, j| if j == n / 2 { a[(i, j)] } else { 0.0 })),
        ]
    }

    fn check<P: Real>(m: usize, n: usize) {
        for (what, a) in cases(m, n) {
            let a = Matrix::from_fn(m, n, |i, j| P::from_parts(a[(i, j)], 0.0));
            let mut whole = Matrix::from_fn(m, n, |i, j| a[(i, j)].re());
            let size = length(whole.as_slice());
            let (diagonal, above) = f64::bidiagonal(whole.as_mut_slice(), (m, n), Cut::Whole);
            let expected = bidiagonal_singular_values(&diagonal, &above, f64::EPSILON);
            let found = bidiagonal::<P, P>(a.as_ref(), 0);
            let room = 2.0 * P::EPSILON * size * (4.0 + (m as f64).sqrt());
            assert!(found.off <= OFF * room, "{what}, {m}×{n}: probes off by {:e}, {:e} allowed", found.off, room);
            let values = bidiagonal_singular_values(&found.diagonal, &found.above, f64::EPSILON);
            for (i, (x, y)) in values.iter().zip(&expected).enumerate() {
                assert!((x - y).abs() <= room, "{what}, {m}×{n}, σ{i}: {x:e} beside {y:e}");
            }
        }
    }

    #[test]
    fn two_stages_find_the_singular_values_of_one() {
        for (m, n) in SHAPES {
            check::<f64>(m, n);
            check::<f32>(m, n);
        }
    }

    #[test]
    fn two_stages_find_the_eigenvalues_of_one() {
        for (_, n) in SHAPES {
            for (what, a) in cases(n, n) {
                let a = Matrix::from_fn(n, n, |i, j| if i >= j { a[(i, j)] } else { f64::NAN });
                let mut whole = Matrix::from_fn(n, n, |i, j| a[(i.max(j), i.min(j))]);
                let size = length(whole.as_slice());
                let (diagonal, beside) = f64::tridiagonal(whole.as_mut_slice(), n, Cut::Whole);
                let expected = tridiagonal_eigenvalues(&diagonal, &beside);
                let found = tridiagonal::<f64, f64>(a.as_ref(), 0);
                let room = f64::EPSILON * size * (4.0 + (n as f64).sqrt());
                assert!(found.off <= OFF * room, "{what}, {n}: probes off by {:e}, {:e} allowed", found.off, room);
                let values = tridiagonal_eigenvalues(&found.diagonal, &found.beside);
                for (i, (x, y)) in values.iter().zip(&expected).enumerate() {
                    assert!((x - y).abs() <= room, "{what}, {n}, λ{i}: {x:e} beside {y:e}");
                }
            }
        }
    }

    #[test]
    fn probes_notice_a_wrong_reduction() {
        let a = random(200, 200, 3);
        let right = bidiagonal::<f64, f64>(a.as_ref(), 0);
        let size = length(a.as_slice());
        assert!(right.off < 1e-13 * size);
        // A matrix for which the band does not stand: one entry changed after the image was made.
        let band = |i: usize, j: usize| if i == j { 1.0 } else { 0.0 };
        let probes = |j: usize| ([1.0; PROBES], [if j == 17 { 1.0 + 1e-9 } else { 1.0 }; PROBES]);
        let off = UpperBand::new(100, band, probes).reduced(false).0.off;
        assert!((off / 1e-9 - 1.0).abs() < 1e-6, "{off:e}");
    }
}
