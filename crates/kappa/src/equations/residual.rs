//! Residuals with their rounding errors, and real forms of complex problems.

use kappa_dense::{Matrix, MatrixRef, Scalar};
use rayon::prelude::*;

use crate::operator::Sparse;
use crate::{Enclosure, Evidence};

/// The matrix of a residual, dense or sparse.
pub(super) enum Given<'a, T: Scalar> {
    Dense(MatrixRef<'a, T>),
    Sparse(&'a Sparse<T>),
}

/// b − Ax in double precision, and |A||x|.
pub(super) struct Rest<W> {
    pub(super) residual: Matrix<W>,
    products: Matrix<f64>,
    /// The largest number of terms in a row sum.
    terms: usize,
}

/// |re| + |im|: the rounding error of a complex product is relative to it, up to a factor of 2.
pub(super) fn size<W: Scalar>(x: W) -> f64 {
    x.re().abs() + x.im().abs()
}

pub(super) fn largest(x: impl Iterator<Item = f64>) -> f64 {
    x.fold(0.0, f64::max)
}

/// Number of rows that a thread takes at a time.
const ROWS: usize = 256;

impl<W: Scalar<Wide = W>> Rest<W> {
    pub(super) fn new<T: Scalar<Wide = W>>(a: &Given<'_, T>, x: &Matrix<W>, b: &Matrix<W>) -> Self {
        let (n, count) = (b.rows(), b.columns());
        let terms = match a {
            Given::Dense(_) => n,
            Given::Sparse(a) => a.longest_row(),
        };
        let mut found = Self { residual: b.clone(), products: Matrix::zeros(n, count), terms };
        for k in 0..count {
            let x = x.column(k);
            let (rest, products) = (found.residual.column_mut(k), found.products.column_mut(k));
            match a {
                Given::Dense(a) => dense_rest(*a, x, rest, products),
                Given::Sparse(a) => {
                    for (j, &x) in x.iter().enumerate() {
                        for (i, a) in a.column(j) {
                            rest[i] = rest[i] - a.widen() * x;
                            products[i] += size(a) * size(x);
                        }
                    }
                }
            }
        }
        found
    }

    /// ‖b − Ax‖_∞/(‖A‖_∞‖x‖_∞ + ‖b‖_∞) (Rigal and Gaches) for each column.
    pub(super) fn backward_errors(&self, a: f64, x: &Matrix<W>, b: &Matrix<W>) -> Vec<Enclosure> {
        let n = b.rows();
        let of = |k: usize| {
            let sizes = |x: &[W]| largest(x.iter().map(|&x| crate::norm::modulus(x)));
            let (rest, length) = (sizes(self.residual.column(k)), a * sizes(x.column(k)) + sizes(b.column(k)));
            if length == 0.0 {
                return Enclosure::exact(0.0);
            }
            // The rounding errors of the residual, and of the few operations below.
            let error = (self.terms + 4) as f64
                * f64::EPSILON
                * largest((0..n).map(|i| self.products[(i, k)] + size(b[(i, k)])));
            let margin = 1.0 + 1e-12;
            Enclosure::new(
                (rest - error).max(0.0) / length / margin,
                rest / length,
                (rest + error) / length * margin,
                EVIDENCE,
            )
        };
        (0..b.columns()).map(of).collect()
    }

    pub(super) fn slack(&self, x: &Matrix<W>, b: &Matrix<W>) -> Vec<f64> {
        let n = b.rows();
        let lengths: Vec<f64> =
            (0..b.columns()).map(|k| largest(x.column(k).iter().map(|&x| crate::norm::modulus(x)))).collect();
        let unit = (self.terms + 1) as f64 * f64::EPSILON / 2.0;
        let of = |i: usize, k: usize| {
            let own = crate::norm::modulus(self.residual[(i, k)]) + unit * (self.products[(i, k)] + size(b[(i, k)]));
            if lengths[k] == 0.0 { 0.0 } else { own / lengths[k] }
        };
        (0..n).map(|i| largest((0..b.columns()).map(|k| of(i, k)))).collect()
    }
}

const EVIDENCE: Evidence = Evidence::Estimate("residual in double precision, with the rounding of its sums");

/// Σaⱼxⱼ and Σ|aⱼ||xⱼ|, in four independent sums: a single one is limited by the latency of the addition.
fn row_product<T: Scalar>(a: &[T], x: &[T::Wide]) -> (T::Wide, f64) {
    const LANES: usize = 4;
    let (mut sums, mut sizes) = ([<T::Wide>::default(); LANES], [0.0f64; LANES]);
    let (whole, rest) = a.as_chunks::<LANES>();
    let (columns, last) = x.as_chunks::<LANES>();
    for (a, x) in whole.iter().zip(columns) {
        for k in 0..LANES {
            sums[k] += a[k].widen() * x[k];
            sizes[k] += size(a[k]) * size(x[k]);
        }
    }
    for (&a, &x) in rest.iter().zip(last) {
        sums[0] += a.widen() * x;
        sizes[0] += size(a) * size(x);
    }
    ((sums[0] + sums[1]) + (sums[2] + sums[3]), sizes.iter().sum())
}

fn dense_rest<T: Scalar>(a: MatrixRef<'_, T>, x: &[T::Wide], rest: &mut [T::Wide], products: &mut [f64]) {
    let work = |(part, (rest, products)): (usize, (&mut [T::Wide], &mut [f64]))| {
        let first = part * ROWS;
        if a.is_row_major() {
            for (r, (rest, product)) in rest.iter_mut().zip(products).enumerate() {
                let (sum, sizes) = row_product(a.contiguous_row(first + r).unwrap_or_default(), x);
                (*rest, *product) = (*rest - sum, sizes);
            }
            return;
        }
        let columns = a.transpose();
        for (j, &x) in x.iter().enumerate() {
            let height = size(x);
            let Some(column) = columns.contiguous_row(j) else { continue };
            let column = &column[first..first + rest.len()];
            for ((rest, product), &a) in rest.iter_mut().zip(products.iter_mut()).zip(column) {
                *rest = *rest - a.widen() * x;
                *product += size(a) * height;
            }
        }
    };
    // For a small matrix, starting other threads costs more than the product.
    if x.len() * rest.len() < 1 << 17 {
        rest.chunks_mut(ROWS).zip(products.chunks_mut(ROWS)).enumerate().for_each(work);
    } else {
        rest.par_chunks_mut(ROWS).zip(products.par_chunks_mut(ROWS)).enumerate().for_each(work);
    }
}

/// A itself, or [[B, −C], [C, B]] for A = B + iC, as real numbers.
pub(super) fn real_form<W: Scalar>(a: &Matrix<W>) -> Matrix<f64> {
    let (m, n) = (a.rows(), a.columns());
    if !W::IS_COMPLEX {
        return Matrix::from_fn(m, n, |i, j| a[(i, j)].re());
    }
    Matrix::from_fn(2 * m, 2 * n, |i, j| {
        let x = a[(i % m, j % n)];
        match (i < m, j < n) {
            (true, false) => -x.im(),
            (false, true) => x.im(),
            _ => x.re(),
        }
    })
}

/// The real parts of each column above its imaginary parts.
pub(super) fn stacked<W: Scalar>(x: &Matrix<W>) -> Matrix<f64> {
    let n = x.rows();
    let rows = if W::IS_COMPLEX { 2 * n } else { n };
    Matrix::from_fn(rows, x.columns(), |i, j| if i < n { x[(i, j)].re() } else { x[(i - n, j)].im() })
}

pub(super) fn unstacked<W: Scalar>(x: &Matrix<f64>) -> Matrix<W> {
    let n = if W::IS_COMPLEX { x.rows() / 2 } else { x.rows() };
    Matrix::from_fn(n, x.columns(), |i, j| W::from_parts(x[(i, j)], if W::IS_COMPLEX { x[(n + i, j)] } else { 0.0 }))
}
