//! Householder's QR of a narrow real matrix, four columns at a time, in registers.
//!
//! Blocks as in Schreiber and Van Loan, SISSC 10 (1989) 53–57, with T from VᵀV (Joffrain, Low, Quintana-Ortí, van de Geijn and Van Zee,
//! ACM Trans. Math. Software 32 (2006) 169–179). Four columns are reflected one after the other; those right of them are changed, and
//! those left of them multiplied, two columns at a time. Pieces are cut by size alone, so that the digits do not depend on the
//! number of threads.

use std::array::from_fn;

use pulp::Simd;
use rayon::prelude::*;

use crate::Real;
use crate::instructions::instructions;
use crate::lane::padded;
use crate::pool::{Buffer, Pool};
use crate::small_qr::reflection;

/// Columns of a block.
const BLOCK: usize = 4;
/// Columns that are multiplied together: with eight sums no product waits for the one before.
const PAIR: usize = 2;
/// Registers of a sum before a new one begins: equal entries, whose rounding errors all have one sign, would lose n·ε/4 otherwise.
const TERMS: usize = 48;
/// A sum of squares above this has lost nothing to underflow, in either precision.
const LEAST: f64 = 1e-25;
/// From this many rows on, other threads take part.
const SHARED: usize = 1024;

/// QᵀA = [R; 0] with Q = I − V·T⁻¹·Vᵀ.
pub(crate) struct NarrowQr<P> {
    /// V, unit lower trapezoidal, and columns of zeros behind it. A column of zeros is no reflection.
    pub(crate) v: Buffer<P>,
    /// The distance between its columns.
    pub(crate) stride: usize,
    /// T, upper triangular, of order `size`, column after column; 1 on its diagonal where there is no reflection.
    pub(crate) t: Vec<P>,
    /// R, upper trapezoidal, of `size` rows, column after column.
    pub(crate) r: Vec<P>,
    /// The smaller of the numbers of rows and columns.
    pub(crate) size: usize,
}

/// Factors the matrix that `fill` writes, column after column: given the distance between columns, and entries that are zero. 3·m·n² flops.
pub(crate) fn narrow_qr<P: Real>(
    (rows, columns): (usize, usize),
    pool: &Pool<P>,
    fill: impl FnOnce(usize, &mut [P]),
) -> NarrowQr<P> {
    let (stride, size) = (padded::<P>(rows), rows.min(columns));
    let mut a = pool.zeros(stride * columns.next_multiple_of(BLOCK));
    fill(stride, &mut a[..stride * columns]);
    let (mut t, mut r) = (vec![P::default(); size * size], vec![P::default(); size * columns]);
    for first in (0..columns).step_by(BLOCK) {
        let (before, rest) = a.split_at_mut(first * stride);
        let (block, after) = rest.split_at_mut(BLOCK * stride);
        let heads = instructions().dispatch(Reflect { block, rows, stride, first });
        for (j, head) in (first..columns).zip(&heads) {
            r[j * size..].iter_mut().zip(&head[..(j + 1).min(size)]).for_each(|(to, &x)| *to = x);
        }
        let block = Block::new(block, stride, first.min(rows));
        // In one piece where there is little to do.
        let pairs = if rows >= SHARED { 1 } else { columns };
        let (with_before, ()) = rayon::join(
            || before.par_chunks(PAIR * stride).with_min_len(pairs).map(|pair| block.times(pair)).collect::<Vec<_>>(),
            || after.par_chunks_mut(PAIR * stride).with_min_len(pairs).for_each(|pair| block.reflect(pair)),
        );
        for (i, products) in with_before.iter().flatten().enumerate() {
            (first..size).zip(products).for_each(|(j, &x)| t[i + j * size] = x);
        }
        for j in first..size.min(first + BLOCK) {
            (first..=j).for_each(|i| t[i + j * size] = block.t[j - first][i - first]);
        }
    }
    NarrowQr { v: a, stride, t, r, size }
}

/// Columns of a block, one after the other.
struct Reflect<'a, P> {
    block: &'a mut [P],
    rows: usize,
    stride: usize,
    /// The number of the first column.
    first: usize,
}

impl<P: Real> pulp::WithSimd for Reflect<'_, P> {
    /// What stood above and on the diagonal of R.
    type Output = [Vec<P>; BLOCK];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let Self { block, rows, stride, first } = self;
        let from = whole::<P, S>(first.min(rows));
        let mut heads = <[Vec<P>; BLOCK]>::default();
        for l in 0..BLOCK {
            let (column, after) = block[l * stride..].split_at_mut(stride);
            let row = (first + l).min(rows);
            heads[l].extend(&column[..(row + 1).min(rows)]);
            column[..(row + 1).min(rows)].fill(P::default());
            let Some(head) = heads[l].get_mut(row) else { continue };
            let below = dot(simd, &column[from..], &column[from..]).re();
            let tau = reflection(head, &mut column[row + 1..rows], (below > LEAST).then_some(below));
            if !tau.is_finite() {
                column.fill(P::default());
                continue;
            }
            column[row] = P::from_parts(1.0, 0.0);
            let factor = P::from_parts(-1.0 / tau, 0.0);
            for other in after.chunks_exact_mut(stride).take(BLOCK - 1 - l) {
                let along = factor * dot(simd, &column[from..], &other[from..]);
                add_multiple(simd, along, &column[from..], &mut other[from..]);
            }
        }
        heads
    }
}

/// The last row not below this one that begins a register.
#[inline(always)]
fn whole<P: Real, S: Simd>(row: usize) -> usize {
    row / P::lanes::<S>() * P::lanes::<S>()
}

#[inline(always)]
fn dot<P: Real, S: Simd>(simd: S, x: &[P], y: &[P]) -> P {
    const SUMS: usize = 4;
    let (x, y) = (P::all_registers::<S>(x), P::all_registers::<S>(y));
    let mut total = P::splat(simd, P::default());
    for (x, y) in x.chunks(SUMS * TERMS).zip(y.chunks(SUMS * TERMS)) {
        let mut sums = [P::splat(simd, P::default()); SUMS];
        let ((x, x_rest), (y, y_rest)) = (x.as_chunks::<SUMS>(), y.as_chunks::<SUMS>());
        for (x, y) in x.iter().zip(y) {
            for k in 0..SUMS {
                sums[k] = P::fused(simd, x[k], y[k], sums[k]);
            }
        }
        for (&x, &y) in x_rest.iter().zip(y_rest) {
            sums[0] = P::fused(simd, x, y, sums[0]);
        }
        total = P::sum(simd, total, P::sum(simd, P::sum(simd, sums[0], sums[1]), P::sum(simd, sums[2], sums[3])));
    }
    P::total(simd, total)
}

/// y + factor·x into y.
#[inline(always)]
fn add_multiple<P: Real, S: Simd>(simd: S, factor: P, x: &[P], y: &mut [P]) {
    let factor = P::splat(simd, factor);
    for (&x, y) in P::all_registers::<S>(x).iter().zip(P::all_registers_mut::<S>(y)) {
        *y = P::fused(simd, factor, x, *y);
    }
}

/// The reflections of four columns.
struct Block<'a, P> {
    v: &'a [P],
    stride: usize,
    /// The first row that they meet.
    first: usize,
    /// The columns of their T, and the inverses of its diagonal.
    t: [[P; BLOCK]; BLOCK],
    inverse: [P; BLOCK],
}

impl<'a, P: Real> Block<'a, P> {
    fn new(v: &'a [P], stride: usize, first: usize) -> Self {
        let one = P::from_parts(1.0, 0.0);
        let mut block = Self { v, stride, first, t: [[P::default(); BLOCK]; BLOCK], inverse: [one; BLOCK] };
        for first in (0..BLOCK).step_by(PAIR) {
            let products = block.times(&v[first * stride..][..PAIR * stride]);
            block.t[first..first + PAIR].copy_from_slice(&products);
        }
        for j in 0..BLOCK {
            // Half of vᵀv as the products of the matrix will see it: their rounding errors have a direction where entries are equal.
            let half = block.t[j][j].scale(0.5);
            block.t[j][j] = if half == P::default() { one } else { half };
            block.inverse[j] = one / block.t[j][j];
        }
        block
    }

    /// VᵀA for two columns.
    fn times(&self, pair: &[P]) -> [[P; BLOCK]; PAIR] {
        instructions().dispatch(Times(self, pair))
    }

    /// QᵀA = A − V·W with W = T⁻ᵀ·VᵀA for two columns.
    fn reflect(&self, pair: &mut [P]) {
        let mut w = self.times(pair);
        for w in &mut w {
            for i in 0..BLOCK {
                for l in 0..i {
                    w[i] = w[i] - self.t[i][l] * w[l];
                }
                w[i] = w[i] * self.inverse[i];
            }
        }
        instructions().dispatch(Subtract(self, pair, w));
    }

    /// Four columns of V, from the register with their first row on.
    #[inline(always)]
    fn columns<S: Simd>(&self) -> [&'a [P::Register<S>]; BLOCK] {
        let from = whole::<P, S>(self.first);
        from_fn(|k| P::all_registers::<S>(&self.v[k * self.stride..][from..self.stride]))
    }
}

struct Times<'a, P>(&'a Block<'a, P>, &'a [P]);

impl<P: Real> pulp::WithSimd for Times<'_, P> {
    type Output = [[P; BLOCK]; PAIR];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let Self(block, pair) = self;
        let from = whole::<P, S>(block.first);
        let (first, second) = pair.split_at(block.stride);
        let a = [P::all_registers::<S>(&first[from..]), P::all_registers::<S>(&second[from..])];
        let v = block.columns::<S>();
        let count = v[0].len();
        let mut total = [[P::splat(simd, P::default()); BLOCK]; PAIR];
        for start in (0..count).step_by(TERMS) {
            let part = start..(start + TERMS).min(count);
            let (v, a) = (v.map(|v| &v[part.clone()]), a.map(|a| &a[part.clone()]));
            let mut sums = [[P::splat(simd, P::default()); BLOCK]; PAIR];
            for i in 0..part.len() {
                for l in 0..PAIR {
                    for k in 0..BLOCK {
                        sums[l][k] = P::fused(simd, v[k][i], a[l][i], sums[l][k]);
                    }
                }
            }
            for l in 0..PAIR {
                for k in 0..BLOCK {
                    total[l][k] = P::sum(simd, total[l][k], sums[l][k]);
                }
            }
        }
        let mut products = [[P::default(); BLOCK]; PAIR];
        for l in 0..PAIR {
            for k in 0..BLOCK {
                products[l][k] = P::total(simd, total[l][k]);
            }
        }
        products
    }
}

struct Subtract<'a, P>(&'a Block<'a, P>, &'a mut [P], [[P; BLOCK]; PAIR]);

impl<P: Real> pulp::WithSimd for Subtract<'_, P> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self(block, pair, w) = self;
        let from = whole::<P, S>(block.first);
        let (first, second) = pair.split_at_mut(block.stride);
        let (first, second) =
            (P::all_registers_mut::<S>(&mut first[from..]), P::all_registers_mut::<S>(&mut second[from..]));
        let v = block.columns::<S>();
        let count = v[0].len();
        let (v, first, second) = (v.map(|v| &v[..count]), &mut first[..count], &mut second[..count]);
        let mut by = [[P::splat(simd, P::default()); BLOCK]; PAIR];
        for l in 0..PAIR {
            for k in 0..BLOCK {
                by[l][k] = P::splat(simd, -w[l][k]);
            }
        }
        for i in 0..count {
            let (mut x, mut y) = (first[i], second[i]);
            for k in 0..BLOCK {
                x = P::fused(simd, by[0][k], v[k][i], x);
                y = P::fused(simd, by[1][k], v[k][i], y);
            }
            (first[i], second[i]) = (x, y);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random;
    use crate::{Matrix, length};

    fn factored<P: Real>(a: &Matrix<P>) -> NarrowQr<P> {
        let (m, n) = (a.rows(), a.columns());
        narrow_qr((m, n), &Pool::default(), |stride, to| {
            to.chunks_exact_mut(stride).enumerate().for_each(|(j, to)| to[..m].copy_from_slice(a.column(j)));
        })
    }

    /// A = Q·[R; 0], column by column against its length, in double precision; VᵀV = T + Tᵀ, which makes Q orthogonal.
    fn check<P: Real>(what: &str, a: &Matrix<f64>) {
        let (m, n) = (a.rows(), a.columns());
        let a = Matrix::from_fn(m, n, |i, j| P::from_parts(a[(i, j)], 0.0));
        let NarrowQr { v, stride, t, r, size } = factored(&a);
        let (v, t) = (|i: usize, j: usize| v[i + j * stride].re(), |i: usize, j: usize| t[i + j * size].re());
        let room = 4.0 * P::EPSILON * (4.0 + (m as f64).sqrt()) * (n as f64).sqrt();
        for i in 0..size {
            assert!((0..i).all(|k| v(k, i) == 0.0), "{what} {m}×{n}: V above its diagonal");
            let is_idle = (0..m).all(|k| v(k, i) == 0.0);
            assert!(if is_idle { t(i, i) == 1.0 } else { v(i, i) == 1.0 }, "{what} {m}×{n}: diagonals at {i}");
            for j in i..size {
                let product: f64 = (i..m).map(|k| v(k, i) * v(k, j)).sum();
                let expected = if i < j || is_idle { t(i, j) } else { 2.0 * t(i, i) };
                let expected = if i == j && is_idle { 0.0 } else { expected };
                assert!((product - expected).abs() <= room * 2.0, "{what} {m}×{n}: T({i}, {j})");
                assert!(i == j || t(j, i) == 0.0, "{what} {m}×{n}: T below its diagonal");
            }
        }
        for j in 0..n {
            // Q·x = x − V·y with T·y = Vᵀx.
            let x: Vec<f64> = (0..m).map(|i| if i < size { r[i + j * size].re() } else { 0.0 }).collect();
            assert!((j + 1..size).all(|i| x[i] == 0.0), "{what} {m}×{n}: R below its diagonal");
            let mut y: Vec<f64> = (0..size).map(|k| (0..m).map(|i| v(i, k) * x[i]).sum()).collect();
            for k in (0..size).rev() {
                y[k] = (y[k] - (k + 1..size).map(|l| t(k, l) * y[l]).sum::<f64>()) / t(k, k);
            }
            let column: Vec<f64> = a.column(j).iter().map(|x| x.re()).collect();
            let off: Vec<f64> =
                (0..m).map(|i| x[i] - (0..size).map(|k| v(i, k) * y[k]).sum::<f64>() - column[i]).collect();
            assert!(length(&off) <= room * length(&column), "{what} {m}×{n}, column {j}: {:e}", length(&off));
        }
    }

    #[test]
    fn factors_multiply_back_column_by_column() {
        for (m, n) in [(1, 1), (1, 7), (3, 32), (7, 2), (4, 4), (16, 5), (31, 32), (33, 32), (100, 31), (1030, 32)] {
            let a = random::<f64>(m, n, 5);
            let with = |f: &dyn Fn(usize, usize) -> f64| Matrix::from_fn(m, n, f);
            let cases = [
                ("random", a.clone()),
                ("zero", Matrix::zeros(m, n)),
                ("ones", with(&|_, _| 1.0)),
                ("with zero columns", with(&|i, j| if j % 3 == 1 { 0.0 } else { a[(i, j)] })),
                ("triangular", with(&|i, j| if i <= j { a[(i, j)] } else { 0.0 })),
                ("falling columns", with(&|i, j| a[(i, j)] * 0.3f64.powi(j as i32))),
                ("nearly equal columns", with(&|i, j| a[(i, 0)] + 1e-6 * a[(i, j)])),
                ("falling rows", with(&|i, j| a[(i, j)] * 0.5f64.powi(i.min(60) as i32))),
            ];
            for (what, a) in &cases {
                check::<f64>(what, a);
                check::<f32>(what, a);
            }
        }
        // Squares that underflow.
        check::<f64>("tiny", &Matrix::from_fn(40, 9, |i, j| 1e-200 * (1.0 + ((i * j) % 7) as f64)));
        check::<f32>("tiny", &Matrix::from_fn(40, 9, |i, j| 1e-30 * (1.0 + ((i * j) % 7) as f64)));
        // Squares that are subnormal, and keep two digits.
        check::<f32>("small", &Matrix::from_fn(40, 9, |i, j| 1e-22 * (1.0 + ((i * j) % 7) as f64)));
    }
}
