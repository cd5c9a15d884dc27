//! LU factorization of a band matrix.

use kappa_dense::{MatrixRef, Scalar};

use crate::enclosure::times_power_of_two;

/// The numbers of nonzero subdiagonals and superdiagonals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bandwidth {
    pub(crate) lower: usize,
    pub(crate) upper: usize,
}

impl Bandwidth {
    /// The bandwidths of a square matrix. Each column is read from its far ends, so that a full matrix costs a few
    /// comparisons a column.
    pub(crate) fn of<T: Scalar>(a: MatrixRef<'_, T>) -> Self {
        let n = a.rows();
        let zero = T::default();
        let mut found = Self { lower: 0, upper: 0 };
        for j in 0..n {
            let below = (j + found.lower + 1..n).rev().find(|&i| a.get(i, j) != zero);
            let above = (0..j.saturating_sub(found.upper)).find(|&i| a.get(i, j) != zero);
            found.lower = below.map_or(found.lower, |i| i - j);
            found.upper = above.map_or(found.upper, |i| j - i);
        }
        found
    }
}

/// PA = LU with partial pivoting inside the band: L has `lower` entries a column below its diagonal, U `lower + upper`
/// above its diagonal.
#[derive(Clone, Debug)]
pub(crate) struct BandLu<W> {
    n: usize,
    width: Bandwidth,
    /// Column j holds rows j − upper − lower … j + lower, one after another.
    entries: Vec<W>,
    pivots: Vec<usize>,
}

impl<W: Scalar<Wide = W>> BandLu<W> {
    /// Factors A·2⁻ᵉ. About 2n·l·(l + u) flops.
    pub(crate) fn new<T: Scalar<Wide = W>>(a: MatrixRef<'_, T>, width: Bandwidth, e: i32) -> Self {
        let n = a.rows();
        let stride = 2 * width.lower + width.upper + 1;
        let mut f = Self { n, width, entries: vec![W::default(); stride * n], pivots: (0..n).collect() };
        for j in 0..n {
            for i in j.saturating_sub(width.upper)..(j + width.lower + 1).min(n) {
                let at = f.at(i, j);
                f.entries[at] = times_power_of_two(a.get(i, j).widen(), -e);
            }
        }
        (0..n).for_each(|k| f.eliminate(k));
        f
    }

    fn at(&self, i: usize, j: usize) -> usize {
        let Bandwidth { lower, upper } = self.width;
        j * (2 * lower + upper + 1) + (i + lower + upper - j)
    }

    fn eliminate(&mut self, k: usize) {
        let n = self.n;
        let Bandwidth { lower, upper } = self.width;
        let last = (k + lower + 1).min(n);
        let size = |x: W| x.re().abs() + x.im().abs();
        let pivot =
            (k..last).max_by(|&i, &j| size(self.entries[self.at(i, k)]).total_cmp(&size(self.entries[self.at(j, k)])));
        let pivot = pivot.unwrap_or(k);
        self.pivots[k] = pivot;
        let reach = (k + lower + upper + 1).min(n);
        for j in k..reach {
            let (x, y) = (self.at(k, j), self.at(pivot, j));
            self.entries.swap(x, y);
        }
        let top = self.entries[self.at(k, k)];
        if top == W::default() {
            return;
        }
        for i in k + 1..last {
            let at = self.at(i, k);
            self.entries[at] = self.entries[at] / top;
        }
        for j in k + 1..reach {
            let x = self.entries[self.at(k, j)];
            if x != W::default() {
                for i in k + 1..last {
                    let (l, at) = (self.entries[self.at(i, k)], self.at(i, j));
                    self.entries[at] = self.entries[at] - l * x;
                }
            }
        }
    }

    pub(crate) fn is_singular(&self) -> bool {
        (0..self.n).any(|i| self.entries[self.at(i, i)] == W::default())
    }

    /// Column k above the diagonal, with its first row, and column k below the diagonal.
    fn sides(&self, k: usize) -> ((usize, &[W]), &[W]) {
        let first = k.saturating_sub(self.width.lower + self.width.upper);
        let last = (k + self.width.lower + 1).min(self.n);
        let above = &self.entries[self.at(first, k)..self.at(k, k)];
        let below = &self.entries[self.at(k, k) + 1..self.at(k, k) + last - k];
        ((first, above), below)
    }

    /// Replaces x by A⁻¹x.
    pub(crate) fn solve(&self, x: &mut [W]) {
        for k in 0..self.n {
            x.swap(k, self.pivots[k]);
            let top = x[k];
            let (_, below) = self.sides(k);
            x[k + 1..].iter_mut().zip(below).for_each(|(x, l)| *x = *x - *l * top);
        }
        for k in (0..self.n).rev() {
            x[k] = x[k] / self.entries[self.at(k, k)];
            let top = x[k];
            let ((first, above), _) = self.sides(k);
            x[first..k].iter_mut().zip(above).for_each(|(x, u)| *x = *x - *u * top);
        }
    }

    /// Replaces x by A⁻ᴴx.
    pub(crate) fn solve_adjoint(&self, x: &mut [W]) {
        let less = |sum: W, x: &[W], a: &[W]| x.iter().zip(a).fold(sum, |sum, (&x, &a)| sum - a.conj() * x);
        for k in 0..self.n {
            let ((first, above), _) = self.sides(k);
            x[k] = less(x[k], &x[first..k], above) / self.entries[self.at(k, k)].conj();
        }
        for k in (0..self.n).rev() {
            let (_, below) = self.sides(k);
            x[k] = less(x[k], &x[k + 1..], below);
            x.swap(k, self.pivots[k]);
        }
    }
}
