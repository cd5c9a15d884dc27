//! The only folder that names the engine: plain calls, no policy. Inputs are finite and scaled; shapes are checked above.

mod eigen;
mod gram;
mod lower_band;
mod lu;
mod qr;
mod sparse;
mod triangle;
mod upper_band;
mod wide;

use std::num::NonZeroUsize;

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::tridiag::{tridiag_in_place, tridiag_in_place_scratch};
use faer::linalg::matmul::matmul;
use faer::linalg::qr::no_pivoting::factor::recommended_block_size;
use faer::linalg::svd::bidiag::{bidiag_in_place, bidiag_in_place_scratch};
use faer::linalg::svd::{self as engine_svd, ComputeSvdVectors};
use faer::{Accum, Mat, MatMut, MatRef, Par};
use num_complex::{Complex32, Complex64};

use faer::reborrow::ReborrowMut;

use crate::row_panels::RowPanels;
use crate::{Error, Matrix, MatrixRef, Scalar};

pub(crate) use eigen::{Sides, engine_eig_complex, engine_eig_real, engine_hessenberg};
pub use sparse::{Columns, SparseCholesky, SparseLu};
pub(crate) use upper_band::{PROBES, PanelProduct, UpperRows};
pub(crate) use wide::Reflected;
pub use wide::{Triangle, WideEngine};

/// How the engine may use threads. The work is cut by the size of the matrix alone, never by the number of threads,
/// so the digits do not depend on that number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cut {
    /// One piece.
    Whole,
    /// Eight pieces, run by as many threads as the current pool has.
    Pieces,
    /// For LU factorizations: panels of so many columns, the next one factored while the rest is updated.
    Panels(usize),
}

impl Cut {
    const PIECES: NonZeroUsize = NonZeroUsize::new(8).unwrap();
    /// From this order on, cutting one matrix pays more than it costs (measured on 2 cores).
    const FROM: usize = 1024;

    /// From this order on, cutting a triangular factorization pays.
    const FACTORS_FROM: usize = 768;

    /// LU by panels beats the engine's recursion between these orders (measured on 2 cores: by a third at 500 and 1000).
    const PANELS: std::ops::Range<usize> = 256..3072;

    /// For LU factorizations.
    pub(crate) fn for_lu(order: usize) -> Self {
        match order {
            _ if !Self::PANELS.contains(&order) => Self::for_factors(order),
            0..512 => Self::Panels(32),
            512..768 => Self::Panels(64),
            _ => Self::Panels(96),
        }
    }

    /// For Cholesky factorizations, which gain earlier than reductions.
    pub(crate) fn for_factors(order: usize) -> Self {
        if order >= Self::FACTORS_FROM { Self::Pieces } else { Self::Whole }
    }

    pub(crate) fn for_shape(rows: usize, columns: usize) -> Self {
        if rows.min(columns) >= Self::FROM { Self::Pieces } else { Self::Whole }
    }

    /// For products of an m×k and a k×n matrix: from a millisecond of work on.
    pub(crate) fn for_product(m: usize, k: usize, n: usize) -> Self {
        if m.saturating_mul(k).saturating_mul(n) >= 1 << 24 { Self::Pieces } else { Self::Whole }
    }

    fn par(self) -> Par {
        match self {
            Self::Whole | Self::Panels(_) => Par::Seq,
            Self::Pieces => Par::Rayon(Self::PIECES),
        }
    }
}

/// The engine has no more to say than that it failed.
#[derive(Debug)]
pub struct Failed;

/// U (m×u), σ, V (n×v), column after column.
pub(crate) type Triplets<T> = (Vec<T>, Vec<f64>, Vec<T>);

/// Writes some rows of a matrix, column after column: given the number of the first and the distance between columns.
pub(crate) type Fill<'a, T> = dyn Fn(usize, usize, &mut [T]) + Sync + 'a;

/// The engine's functions for one type of entry. Implemented here only.
pub trait Engine: Sized {
    /// A (rows ≥ columns) becomes bidiagonal: moduli of the diagonal and of the entries above it.
    #[doc(hidden)]
    fn engine_bidiagonal(a: &mut [Self], rows: usize, columns: usize, cut: Cut) -> (Vec<f64>, Vec<f64>);
    /// R, columns×columns, of A = QR, rows ≥ columns, and how many times it was made anew.
    #[doc(hidden)]
    fn engine_triangle(shape: (usize, usize), fill: &Fill<Self>) -> (Vec<Self>, usize);
    #[doc(hidden)]
    fn engine_svd(a: &[Self], rows: usize, columns: usize, full: bool, cut: Cut) -> Result<Triplets<Self>, Failed>;
    /// A Hermitian matrix, its lower triangle given, becomes tridiagonal: diagonal and moduli beside it.
    #[doc(hidden)]
    fn engine_tridiagonal(lower: &mut [Self], order: usize, cut: Cut) -> (Vec<f64>, Vec<f64>);
    #[doc(hidden)]
    fn engine_add_gram(lower: &mut [Self], order: usize, panel: &[Self], rows: usize, adjoint_first: bool);
    /// C = A·B, or Aᴴ·B.
    #[doc(hidden)]
    fn engine_multiply(c: &mut [Self], a: MatrixRef<'_, Self>, adjoint: bool, b: MatrixRef<'_, Self>, cut: Cut)
    where
        Self: Scalar;
}

macro_rules! engine {
    ($type:ty, $one:expr, $triangle:path, $re:expr) => {
        impl Engine for $type {
            fn engine_bidiagonal(a: &mut [Self], rows: usize, columns: usize, cut: Cut) -> (Vec<f64>, Vec<f64>) {
                let mut a = MatMut::from_column_major_slice_mut(a, rows, columns);
                let block = recommended_block_size::<Self>(rows, columns);
                let mut left = Mat::<Self>::zeros(block, columns);
                let mut right = Mat::<Self>::zeros(block, columns.saturating_sub(1));
                let par = cut.par();
                let scratch = bidiag_in_place_scratch::<Self>(rows, columns, par, Default::default());
                let mut memory = MemBuffer::new(scratch);
                let stack = MemStack::new(&mut memory);
                bidiag_in_place(a.rb_mut(), left.as_mut(), right.as_mut(), par, stack, Default::default());
                let size = |x: &Self| x.abs_squared().sqrt();
                let diagonal = (0..columns).map(|i| size(&a[(i, i)])).collect();
                (diagonal, (1..columns).map(|i| size(&a[(i - 1, i)])).collect())
            }

            fn engine_triangle(shape: (usize, usize), fill: &Fill<Self>) -> (Vec<Self>, usize) {
                rayon::scope(|_| $triangle(shape, fill))
            }

            fn engine_svd(
                a: &[Self],
                rows: usize,
                columns: usize,
                full: bool,
                cut: Cut,
            ) -> Result<Triplets<Self>, Failed> {
                let a = MatRef::from_column_major_slice(a, rows, columns);
                let size = rows.min(columns);
                let (u_columns, v_columns) = if full { (rows, columns) } else { (size, size) };
                let mut u = vec![Self::default(); rows * u_columns];
                let mut v = vec![Self::default(); columns * v_columns];
                let mut s = Diag::<Self>::zeros(size);
                let par = cut.par();
                let which = if full { ComputeSvdVectors::Full } else { ComputeSvdVectors::Thin };
                let scratch = engine_svd::svd_scratch::<Self>(rows, columns, which, which, par, Default::default());
                let mut memory = MemBuffer::new(scratch);
                engine_svd::svd(
                    a,
                    s.as_mut(),
                    Some(MatMut::from_column_major_slice_mut(&mut u, rows, u_columns)),
                    Some(MatMut::from_column_major_slice_mut(&mut v, columns, v_columns)),
                    par,
                    MemStack::new(&mut memory),
                    Default::default(),
                )
                .map_err(|_| Failed)?;
                Ok((u, s.column_vector().iter().map($re).collect(), v))
            }

            fn engine_tridiagonal(lower: &mut [Self], order: usize, cut: Cut) -> (Vec<f64>, Vec<f64>) {
                let mut a = MatMut::from_column_major_slice_mut(lower, order, order);
                let block = recommended_block_size::<Self>(order, order);
                let mut householder = Mat::<Self>::zeros(block, order.saturating_sub(1));
                let scratch = tridiag_in_place_scratch::<Self>(order, cut.par(), Default::default());
                let mut memory = MemBuffer::new(scratch);
                let stack = MemStack::new(&mut memory);
                tridiag_in_place(a.rb_mut(), householder.as_mut(), cut.par(), stack, Default::default());
                let diagonal = (0..order).map(|i| a[(i, i)].re()).collect();
                (diagonal, (1..order).map(|i| a[(i, i - 1)].abs_squared().sqrt()).collect())
            }

            fn engine_add_gram(lower: &mut [Self], order: usize, panel: &[Self], rows: usize, adjoint_first: bool) {
                let c = MatMut::from_column_major_slice_mut(lower, order, order);
                if adjoint_first {
                    let p = MatRef::from_column_major_slice(panel, rows, order);
                    gram::add_lower_product(c, p.adjoint(), p);
                } else {
                    let p = MatRef::from_column_major_slice(panel, order, rows);
                    gram::add_lower_product(c, p, p.adjoint());
                }
            }

            fn engine_multiply(
                c: &mut [Self],
                a: MatrixRef<'_, Self>,
                adjoint: bool,
                b: MatrixRef<'_, Self>,
                cut: Cut,
            ) {
                let (one, par, columns) = ($one, cut.par(), b.columns());
                let (a, b) = (view(a), view(b));
                if adjoint {
                    let c = MatMut::from_column_major_slice_mut(c, a.ncols(), columns);
                    matmul(c, Accum::Replace, a.adjoint(), b, one, par);
                } else {
                    let c = MatMut::from_column_major_slice_mut(c, a.nrows(), columns);
                    matmul(c, Accum::Replace, a, b, one, par);
                }
            }
        }
    };
}

engine!(f32, 1.0, triangle::triangle, |&x| f64::from(x));
engine!(f64, 1.0, triangle::triangle, |&x| x);
engine!(Complex32, Complex32::new(1.0, 0.0), qr::triangle, |x: &Complex32| { f64::from(x.re) });
engine!(Complex64, Complex64::new(1.0, 0.0), qr::triangle, |x: &Complex64| x.re);

/// The engine's functions for real entries. Implemented here only.
pub trait RealEngine: Sized {
    /// A of this shape, bordered below by Xᵀ and on the right by as many columns, becomes an upper band; what was done may be kept.
    #[doc(hidden)]
    fn engine_upper_band(a: RowPanels<Self>, shape: (usize, usize), keep: bool) -> UpperRows<Self>;
    /// X, of so many rows, becomes what was done times X.
    #[doc(hidden)]
    fn engine_apply(done: &PanelProduct<Self>, x: &mut [Self], rows: usize);
    /// A symmetric A, its lower triangle given with its order and stride, becomes a band QᵀAQ of this width, and [X, ·]
    /// beside it Qᵀ·[X, A·X].
    #[doc(hidden)]
    fn engine_lower_band(a: &mut [Self], shape: (usize, usize), width: usize, beside: &mut [Self]);
}

macro_rules! real_engine {
    ($type:ty) => {
        impl RealEngine for $type {
            fn engine_upper_band(a: RowPanels<Self>, shape: (usize, usize), keep: bool) -> UpperRows<Self> {
                upper_band::upper_band(a, shape, keep)
            }

            fn engine_apply(done: &PanelProduct<Self>, x: &mut [Self], rows: usize) {
                done.apply(x, rows);
            }

            fn engine_lower_band(a: &mut [Self], shape: (usize, usize), width: usize, beside: &mut [Self]) {
                lower_band::lower_band(a, shape, width, beside);
            }
        }
    };
}

real_engine!(f32);
real_engine!(f64);

/// The same matrix as the engine sees it.
fn view<T: Scalar>(a: MatrixRef<'_, T>) -> MatRef<'_, T> {
    let (entries, is_row_major) = a.entries();
    if is_row_major {
        MatRef::from_row_major_slice(entries, a.rows(), a.columns())
    } else {
        MatRef::from_column_major_slice(entries, a.rows(), a.columns())
    }
}

/// The product A·B of an m×k and a k×n matrix, in the precision of their entries.
///
/// Each entry is a sum of k products in some order, with or without fused multiply-add, so its error is at most
/// γₖ·(|A|·|B|)ᵢⱼ with γₖ = k·u/(1 − k·u) (Higham, *Accuracy and Stability*, 2nd ed., section 3.5) where nothing
/// overflows or underflows. 2·m·n·k flops, no copy of a factor. Fails when the inner dimensions differ.
///
/// ```
/// # use kappa_dense::{Matrix, multiply};
/// let a = Matrix::from_row_major(1, 2, vec![1.0, 2.0])?;
/// let b = Matrix::from_row_major(2, 1, vec![3.0, 4.0])?;
/// assert_eq!(multiply(a.as_ref(), b.as_ref())?[(0, 0)], 11.0);
/// # Ok::<(), kappa_dense::Error>(())
/// ```
pub fn multiply<T: Scalar>(a: MatrixRef<'_, T>, b: MatrixRef<'_, T>) -> Result<Matrix<T>, Error> {
    product(a, false, b)
}

/// The product Aᴴ·B of a k×m and a k×n matrix, without writing the adjoint down. Otherwise as [`multiply`].
///
/// ```
/// # use kappa_dense::{Matrix, adjoint_times};
/// let a = Matrix::from_row_major(2, 1, vec![1.0, 2.0])?;
/// assert_eq!(adjoint_times(a.as_ref(), a.as_ref())?[(0, 0)], 5.0);
/// # Ok::<(), kappa_dense::Error>(())
/// ```
pub fn adjoint_times<T: Scalar>(a: MatrixRef<'_, T>, b: MatrixRef<'_, T>) -> Result<Matrix<T>, Error> {
    product(a, true, b)
}

fn product<T: Scalar>(a: MatrixRef<'_, T>, adjoint: bool, b: MatrixRef<'_, T>) -> Result<Matrix<T>, Error> {
    let (m, k) = if adjoint { (a.columns(), a.rows()) } else { (a.rows(), a.columns()) };
    let n = b.columns();
    if k != b.rows() {
        let rows = b.rows();
        return Err(Error::shape(format!("a {m}×{k} matrix cannot be multiplied by a {rows}×{n} matrix")));
    }
    let mut c = Matrix::zeros(m, n);
    T::engine_multiply(c.as_mut_slice(), a, adjoint, b, Cut::for_product(m, k, n));
    Ok(c)
}
