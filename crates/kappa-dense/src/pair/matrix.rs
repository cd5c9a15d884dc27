//! Matrices of pairs: products, inner products and triangular factors in 106-bit arithmetic, for problems too
//! ill-conditioned for doubles.
//!
//! The high and the low parts are stored in two separate arrays, so that four entries are processed at a time. An error
//! bound is stated for each product. Factors have none; callers that need one multiply them out.

use rayon::prelude::*;

use super::{Pair, fast_two_sum, two_product, two_sum};
use crate::Matrix;

/// Upper bound of the relative error of one sum or product of pairs: 5u² and 3u²/(1 − 4u) are below 2⁻¹⁰³.
pub const PAIR_UNIT: f64 = 9.860761315262648e-32;

/// A dense matrix of [`Pair`]s, in column-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct PairMatrix {
    /// The entries rounded to doubles.
    pub high: Matrix<f64>,
    /// The remainders of the entries.
    pub low: Matrix<f64>,
}

/// A column of pairs.
#[derive(Clone, Copy)]
struct Column<'a>(&'a [f64], &'a [f64]);

impl From<Matrix<f64>> for PairMatrix {
    fn from(high: Matrix<f64>) -> Self {
        Self { low: Matrix::zeros(high.rows(), high.columns()), high }
    }
}

impl PairMatrix {
    /// The matrix whose entry at row `i`, column `j` is `f(i, j)`.
    pub fn from_fn(rows: usize, columns: usize, mut f: impl FnMut(usize, usize) -> Pair) -> Self {
        let mut a = Self::zeros(rows, columns);
        for j in 0..columns {
            for i in 0..rows {
                a.set(i, j, f(i, j));
            }
        }
        a
    }

    /// The zero matrix.
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self { high: Matrix::zeros(rows, columns), low: Matrix::zeros(rows, columns) }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.high.rows()
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.high.columns()
    }

    /// The entry at row `i`, column `j`.
    pub fn get(&self, i: usize, j: usize) -> Pair {
        Pair { high: self.high[(i, j)], low: self.low[(i, j)] }
    }

    /// Sets the entry at row `i`, column `j`.
    pub fn set(&mut self, i: usize, j: usize, x: Pair) {
        self.high[(i, j)] = x.high;
        self.low[(i, j)] = x.low;
    }

    fn column(&self, j: usize) -> Column<'_> {
        Column(self.high.column(j), self.low.column(j))
    }

    /// Whether every entry is finite.
    pub fn is_finite(&self) -> bool {
        self.high.as_slice().iter().chain(self.low.as_slice()).all(|x| x.is_finite())
    }

    /// The transpose.
    pub fn transpose(&self) -> Self {
        Self { high: self.high.adjoint(), low: self.low.adjoint() }
    }

    /// Overwrites C with C + A·B.
    ///
    /// Each entry is a sum of k + 1 pairs in order: its error is at most (k + 2)·2⁻¹⁰³·(|C| + |A||B|) + 32k·2⁻¹⁰⁷⁴·(1 +
    /// the largest entry) where nothing overflows. Panics when the shapes do not fit. About 30 flops a term.
    pub fn add_product(&mut self, a: &Self, b: &Self) {
        let m = self.rows();
        assert!(a.rows() == m && b.rows() == a.columns() && b.columns() == self.columns(), "the shapes fit");
        if m == 0 {
            return;
        }
        let columns = self.high.as_mut_slice().par_chunks_mut(m).zip(self.low.as_mut_slice().par_chunks_mut(m));
        columns.enumerate().for_each(|(j, (high, low))| {
            for k in 0..a.columns() {
                add_multiple(high, low, b.get(k, j), a.column(k));
            }
        });
    }

    /// A·B, with an error of at most (k + 2)·2⁻¹⁰³·|A||B| and the underflow term of [`PairMatrix::add_product`].
    pub fn times(&self, b: &Self) -> Self {
        let mut c = Self::zeros(self.rows(), b.columns());
        c.add_product(self, b);
        c
    }

    /// Aᵀ·B, with an error of at most (k + 6)·2⁻¹⁰³·|A|ᵀ|B| and the underflow term. Panics when the numbers of rows
    /// differ.
    pub fn transposed_times(&self, b: &Self) -> Self {
        assert_eq!(self.rows(), b.rows(), "as many rows on both sides");
        let n = self.columns();
        let mut c = Self::zeros(n, b.columns());
        if n > 0 {
            let columns = c.high.as_mut_slice().par_chunks_mut(n).zip(c.low.as_mut_slice().par_chunks_mut(n));
            columns.enumerate().for_each(|(j, (high, low))| {
                for i in 0..n {
                    let x = dot(self.column(i), b.column(j));
                    (high[i], low[i]) = (x.high, x.low);
                }
            });
        }
        c
    }

    /// R, n×n upper triangular, of A = QR for m ≥ n, by Householder reflections in 106-bit arithmetic. No error bound
    /// is proved.
    pub fn qr_triangle(&self) -> Self {
        let (m, n) = (self.rows(), self.columns());
        assert!(m >= n, "as many rows as columns at least");
        let mut a = self.clone();
        for k in 0..n {
            let part = |c: Column<'_>| -> Vec<Pair> { (k..m).map(|i| Pair { high: c.0[i], low: c.1[i] }).collect() };
            let mut v = part(a.column(k));
            let square = v.iter().fold(Pair::default(), |sum, &x| sum + x * x);
            if square.high == 0.0 || !square.high.is_finite() {
                continue;
            }
            let length = square.sqrt();
            let alpha = if v[0].high > 0.0 { -length } else { length };
            // v = x − αe₁, vᵀv = 2(‖x‖² − αx₁).
            let size = square - alpha * v[0];
            v[0] = v[0] - alpha;
            let (vh, vl): (Vec<f64>, Vec<f64>) = v.iter().map(|x| (x.high, x.low)).unzip();
            let v = Column(&vh, &vl);
            let rest = (k + 1) * m;
            let highs = a.high.as_mut_slice()[rest..].par_chunks_mut(m);
            let lows = a.low.as_mut_slice()[rest..].par_chunks_mut(m);
            highs.zip(lows).with_min_len(8).for_each(|(high, low)| {
                let factor = dot(v, Column(&high[k..], &low[k..])) / size;
                add_multiple(&mut high[k..], &mut low[k..], -factor, v);
            });
            a.set(k, k, alpha);
            a.high.column_mut(k)[k + 1..].fill(0.0);
            a.low.column_mut(k)[k + 1..].fill(0.0);
        }
        Self::from_fn(n, n, |i, j| if i <= j { a.get(i, j) } else { Pair::default() })
    }

    /// An approximate inverse of an upper triangular matrix; `None` where a diagonal entry is 0.
    pub fn upper_inverse(&self) -> Option<Self> {
        let n = self.columns();
        if (0..n).any(|i| self.high[(i, i)] == 0.0) {
            return None;
        }
        let one = Pair::from(1.0);
        let mut s = Self::zeros(n, n);
        if n > 0 {
            let columns = s.high.as_mut_slice().par_chunks_mut(n).zip(s.low.as_mut_slice().par_chunks_mut(n));
            columns.enumerate().for_each(|(j, (high, low))| {
                // R·x = e_j, from the last row up, column by column of R.
                high[j] = 1.0;
                for k in (0..=j).rev() {
                    let x = Pair { high: high[k], low: low[k] } * (one / self.get(k, k));
                    (high[k], low[k]) = (x.high, x.low);
                    let above = Column(&self.high.column(k)[..k], &self.low.column(k)[..k]);
                    add_multiple(&mut high[..k], &mut low[..k], -x, above);
                }
            });
        }
        s.is_finite().then_some(s)
    }

    /// An approximate A⁻¹ by Gaussian elimination with partial pivoting in 106-bit arithmetic; `None` where a pivot is
    /// 0. About 60n³ flops.
    pub fn inverse(&self) -> Option<Self> {
        let n = self.columns();
        assert_eq!(self.rows(), n, "an inverse needs a square matrix");
        let mut a = self.clone();
        let mut order: Vec<usize> = (0..n).collect();
        for k in 0..n {
            let size = |i: usize| a.high[(i, k)].abs();
            let pivot = (k..n).max_by(|&i, &j| size(i).total_cmp(&size(j)))?;
            if !(size(pivot) > 0.0 && size(pivot).is_finite()) {
                return None;
            }
            if pivot != k {
                order.swap(k, pivot);
                for j in 0..n {
                    a.high.column_mut(j).swap(k, pivot);
                    a.low.column_mut(j).swap(k, pivot);
                }
            }
            let one = Pair::from(1.0) / a.get(k, k);
            for i in k + 1..n {
                let x = a.get(i, k) * one;
                a.set(i, k, x);
            }
            let (done, rest) = a.high.as_mut_slice().split_at_mut((k + 1) * n);
            let (low_done, low_rest) = a.low.as_mut_slice().split_at_mut((k + 1) * n);
            let factors = Column(&done[k * n + k + 1..], &low_done[k * n + k + 1..]);
            let columns = rest.par_chunks_mut(n).zip(low_rest.par_chunks_mut(n)).with_min_len(8);
            columns.for_each(|(high, low)| {
                let top = Pair { high: high[k], low: low[k] };
                if top.high != 0.0 {
                    add_multiple(&mut high[k + 1..], &mut low[k + 1..], -top, factors);
                }
            });
        }
        let mut x = Self::zeros(n, n);
        if n > 0 {
            let columns = x.high.as_mut_slice().par_chunks_mut(n).zip(x.low.as_mut_slice().par_chunks_mut(n));
            columns.enumerate().for_each(|(j, (high, low))| {
                // PA = LU: column j of A⁻¹ solves LUx = Pe_j.
                if let Some(place) = order.iter().position(|&row| row == j) {
                    high[place] = 1.0;
                }
                substitute(&a, high, low);
            });
        }
        x.is_finite().then_some(x)
    }
}

/// Overwrites x with U⁻¹L⁻¹x for factors stored in one matrix.
fn substitute(factors: &PairMatrix, high: &mut [f64], low: &mut [f64]) {
    let n = high.len();
    for k in 0..n {
        let x = Pair { high: high[k], low: low[k] };
        let Column(h, l) = factors.column(k);
        add_multiple(&mut high[k + 1..], &mut low[k + 1..], -x, Column(&h[k + 1..], &l[k + 1..]));
    }
    for k in (0..n).rev() {
        let x = Pair { high: high[k], low: low[k] } / factors.get(k, k);
        (high[k], low[k]) = (x.high, x.low);
        let Column(h, l) = factors.column(k);
        add_multiple(&mut high[..k], &mut low[..k], -x, Column(&h[..k], &l[..k]));
    }
}

/// Overwrites y with y + αx.
fn add_multiple(high: &mut [f64], low: &mut [f64], alpha: Pair, x: Column<'_>) {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = crate::instructions::avx2() {
        return simd.vectorize(FusedAdd { high, low, alpha, x });
    }
    add_multiple_by(high, low, alpha, x, two_product);
}

#[inline(always)]
fn add_multiple_by(
    high: &mut [f64],
    low: &mut [f64],
    alpha: Pair,
    x: Column<'_>,
    product: impl Fn(f64, f64) -> (f64, f64),
) {
    for ((h, l), (&xh, &xl)) in high.iter_mut().zip(low.iter_mut()).zip(x.0.iter().zip(x.1)) {
        let sum = add(Pair { high: *h, low: *l }, times(alpha, Pair { high: xh, low: xl }, &product));
        (*h, *l) = (sum.high, sum.low);
    }
}

/// The product of [`Pair`]s; `product` computes the exact product of two doubles.
#[inline(always)]
fn times(x: Pair, y: Pair, product: impl Fn(f64, f64) -> (f64, f64)) -> Pair {
    let (p, e) = product(x.high, y.high);
    fast_two_sum(p, e + (x.high * y.low + x.low * y.high))
}

/// The sum of [`Pair`]s, inlined into the loops.
#[inline(always)]
fn add(x: Pair, y: Pair) -> Pair {
    let (s, e) = two_sum(x.high, y.high);
    let (t, f) = two_sum(x.low, y.low);
    let v = fast_two_sum(s, e + t);
    fast_two_sum(v.high, f + v.low)
}

/// The inner product of two columns.
fn dot(x: Column<'_>, y: Column<'_>) -> Pair {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = crate::instructions::avx2() {
        return simd.vectorize(FusedDot { x, y });
    }
    dot_by(x, y, two_product)
}

/// Partial sums side by side.
const LANES: usize = 4;

#[inline(always)]
fn dot_by(x: Column<'_>, y: Column<'_>, product: impl Fn(f64, f64) -> (f64, f64)) -> Pair {
    let mut sums = [Pair::default(); LANES];
    let ((xh, xl), (yh, yl)) = (chunks(x), chunks(y));
    for k in 0..xh.len() {
        for (lane, sum) in sums.iter_mut().enumerate() {
            let left = Pair { high: xh[k][lane], low: xl[k][lane] };
            let right = Pair { high: yh[k][lane], low: yl[k][lane] };
            *sum = add(*sum, times(left, right, &product));
        }
    }
    for k in xh.len() * LANES..x.0.len() {
        let (left, right) = (Pair { high: x.0[k], low: x.1[k] }, Pair { high: y.0[k], low: y.1[k] });
        sums[0] = add(sums[0], times(left, right, &product));
    }
    add(add(sums[0], sums[1]), add(sums[2], sums[3]))
}

#[inline(always)]
fn chunks<'a>(x: Column<'a>) -> (&'a [[f64; LANES]], &'a [[f64; LANES]]) {
    (x.0.as_chunks::<LANES>().0, x.1.as_chunks::<LANES>().0)
}

/// The exact product by fused multiply-add.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn fused_product(a: f64, b: f64) -> (f64, f64) {
    let p = a * b;
    (p, a.mul_add(b, -p))
}

#[cfg(target_arch = "x86_64")]
struct FusedAdd<'a> {
    high: &'a mut [f64],
    low: &'a mut [f64],
    alpha: Pair,
    x: Column<'a>,
}

#[cfg(target_arch = "x86_64")]
impl pulp::NullaryFnOnce for FusedAdd<'_> {
    type Output = ();
    #[inline(always)]
    fn call(self) {
        add_multiple_by(self.high, self.low, self.alpha, self.x, fused_product);
    }
}

#[cfg(target_arch = "x86_64")]
struct FusedDot<'a> {
    x: Column<'a>,
    y: Column<'a>,
}

#[cfg(target_arch = "x86_64")]
impl pulp::NullaryFnOnce for FusedDot<'_> {
    type Output = Pair;
    #[inline(always)]
    fn call(self) -> Pair {
        dot_by(self.x, self.y, fused_product)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hilbert(n: usize) -> PairMatrix {
        PairMatrix::from_fn(n, n, |i, j| Pair::from(1.0) / Pair::from((i + j + 1) as f64))
    }

    fn largest(a: &PairMatrix) -> f64 {
        a.high.as_slice().iter().fold(0.0, |m, x| x.abs().max(m))
    }

    fn minus_identity(mut a: PairMatrix) -> PairMatrix {
        for i in 0..a.rows() {
            let x = a.get(i, i) - Pair::from(1.0);
            a.set(i, i, x);
        }
        a
    }

    #[test]
    fn an_inverse_keeps_what_106_bits_leave() {
        // κ(Hilbert 12) = 1.7e16.
        let a = hilbert(12);
        let x = a.inverse().unwrap();
        assert!(largest(&minus_identity(x.times(&a))) < 1e-12);
        // The corner of the inverse is n².
        assert!((x.high[(0, 0)] - 144.0).abs() < 1e-10);
        assert!(PairMatrix::zeros(2, 2).inverse().is_none());
    }

    #[test]
    fn a_triangle_has_the_gram_matrix_of_the_whole() {
        let a = PairMatrix::from_fn(13, 5, |i, j| Pair::from(1.0) / Pair::from((i + 2 * j + 1) as f64));
        let r = a.qr_triangle();
        let (gram, square) = (a.transposed_times(&a), r.transposed_times(&r));
        for j in 0..5 {
            for i in 0..5 {
                assert!((gram.get(i, j) - square.get(i, j)).high.abs() < 1e-29);
            }
        }
        let s = r.upper_inverse().unwrap();
        assert!(largest(&minus_identity(r.times(&s))) < 1e-24);
        assert!(PairMatrix::zeros(2, 2).upper_inverse().is_none());
    }

    /// Sums in two orders, with and without fused multiply-add, agree to within the bound.
    #[test]
    fn inner_products_are_within_their_bound() {
        let n = 1003;
        let entry = |k: usize| Pair::from(((k * 7919) % 1009) as f64 - 504.0) / Pair::from(3.0);
        let x: Vec<Pair> = (0..n).map(entry).collect();
        let (h, l): (Vec<f64>, Vec<f64>) = x.iter().map(|x| (x.high, x.low)).unzip();
        let plain = x.iter().fold(Pair::default(), |sum, &x| sum + x * x);
        let size = plain.high * (n + 6) as f64 * PAIR_UNIT;
        for found in [dot(Column(&h, &l), Column(&h, &l)), dot_by(Column(&h, &l), Column(&h, &l), two_product)] {
            assert!((found - plain).high.abs() <= 2.0 * size);
        }
    }
}
