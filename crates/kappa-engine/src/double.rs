//! Decompositions and factorizations in double precision. The caller widens entries that are stored in fewer bits.

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::{lblt, llt};
use faer::linalg::evd::tridiag::{tridiag_in_place, tridiag_in_place_scratch};
use faer::linalg::evd::{self, ComputeEigenvectors};
use faer::linalg::householder::{
    apply_block_householder_on_the_left_in_place_scratch, apply_block_householder_on_the_left_in_place_with_conj,
    apply_block_householder_sequence_on_the_left_in_place_scratch,
    apply_block_householder_sequence_on_the_left_in_place_with_conj,
    apply_block_householder_sequence_transpose_on_the_left_in_place_scratch,
    apply_block_householder_sequence_transpose_on_the_left_in_place_with_conj,
};
use faer::linalg::lu::partial_pivoting::inverse as lu_inverse;
use faer::linalg::qr::{col_pivoting, no_pivoting::factor::recommended_block_size};
use faer::linalg::svd::bidiag::{bidiag_in_place, bidiag_in_place_scratch};
use faer::linalg::svd::{self, ComputeSvdVectors};
use faer::linalg::triangular_solve as by;
use faer::perm::PermRef;
use faer::reborrow::ReborrowMut;
use faer::{Conj, Mat, MatMut, MatRef};
use num_complex::{Complex32, Complex64};

use crate::cut::Cut;
use crate::eigen::hessenberg_form;
use crate::entry::Entry;
use crate::failed::Failed;
use crate::gram::add_lower_product;
use crate::lu::{inverse_order, lu_in_place, lu_solve_in_place};

/// U (m×u), σ, V (n×v), the matrices in column-major order.
pub type Triplets<T> = (Vec<T>, Vec<f64>, Vec<T>);

/// The data of a QR factorization beside its Householder vectors.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reflected<T> {
    /// Column j of QR is column `order[j]` of A.
    pub order: Vec<usize>,
    /// The upper triangular factor of each block, `block` rows for each reflection; 1/τ on the diagonals.
    pub coefficients: Vec<T>,
    /// Reflections in a block.
    pub block: usize,
}

/// Which triangle of a matrix is used, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Triangle {
    /// The upper triangle; otherwise the lower one.
    pub upper: bool,
    /// Whether its diagonal consists of ones.
    pub unit: bool,
    /// Whether its conjugate transpose is used.
    pub adjoint: bool,
}

/// An entry in double precision: `f64` or `Complex64`. Sealed. Matrices are contiguous slices in column-major order.
pub trait Double: Entry {
    /// Reduces A (rows ≥ columns) to a bidiagonal matrix: the moduli of its diagonal and superdiagonal.
    fn bidiagonal(a: &mut [Self], shape: (usize, usize), cut: Cut) -> (Vec<f64>, Vec<f64>);
    /// The singular value decomposition, with square U and V if `full`.
    ///
    /// # Errors
    ///
    /// When the iteration does not converge.
    fn svd(a: &[Self], shape: (usize, usize), full: bool, cut: Cut) -> Result<Triplets<Self>, Failed>;
    /// Reduces a Hermitian matrix, given by its lower triangle, to a tridiagonal one: its diagonal and the moduli of
    /// its subdiagonal.
    fn tridiagonal(lower: &mut [Self], order: usize, cut: Cut) -> (Vec<f64>, Vec<f64>);
    /// Eigenvalues in increasing order and eigenvectors of a Hermitian matrix, given by its lower triangle.
    ///
    /// # Errors
    ///
    /// When the iteration does not converge.
    fn eigh(lower: &[Self], order: usize, cut: Cut) -> Result<(Vec<f64>, Vec<Self>), Failed>;
    /// Overwrites A with its Hessenberg form H, zero below the first subdiagonal; returns the unitary Q of A = QHQᴴ.
    fn hessenberg(a: &mut [Self], order: usize, cut: Cut) -> Vec<Self>;
    /// Adds PᴴP to the lower triangle, for a panel P with `rows` rows, if `adjoint_first`; otherwise P·Pᴴ for a panel
    /// with `rows` columns.
    fn add_gram(lower: &mut [Self], order: usize, panel: &[Self], rows: usize, adjoint_first: bool);
    /// Overwrites A with L (unit, below the diagonal) and U of PA = LU; row i of PA is row `rows[i]` of A.
    fn lu(a: &mut [Self], shape: (usize, usize), cut: Cut) -> Vec<usize>;
    /// Overwrites B with A⁻¹B, or with A⁻ᴴB.
    fn lu_solve(factors: &[Self], rows: &[usize], b: &mut [Self], adjoint: bool, cut: Cut);
    /// A⁻¹.
    fn lu_inverse(factors: &[Self], rows: &[usize], cut: Cut) -> Vec<Self>;
    /// L (unit, below the diagonal) and U of PA = LU in single precision, to which A is rounded first, and the row of A
    /// that is each row of PA.
    fn single_lu(a: &[Self], order: usize, cut: Cut) -> (Vec<Self::Single>, Vec<usize>);
    /// Overwrites B, rounded to single precision, with A⁻¹B, or with A⁻ᴴB.
    fn single_lu_solve(factors: &[Self::Single], rows: &[usize], b: &mut [Self], adjoint: bool, cut: Cut);
    /// QR with column pivoting: overwrites A with R on and above the diagonal and the Householder vectors below.
    fn pivoted_qr(a: &mut [Self], shape: (usize, usize), cut: Cut) -> Reflected<Self>;
    /// Overwrites B with QB, or with QᴴB.
    fn apply_reflections(
        a: &[Self],
        shape: (usize, usize),
        with: &Reflected<Self>,
        b: &mut [Self],
        adjoint: bool,
        cut: Cut,
    );
    /// Writes the first columns of Q to B, which is zero with ones on its diagonal.
    fn form_reflections(a: &[Self], shape: (usize, usize), with: &Reflected<Self>, b: &mut [Self], cut: Cut);
    /// Overwrites B with T⁻¹B, or with T⁻ᴴB.
    fn triangular_solve(t: &[Self], order: usize, which: Triangle, b: &mut [Self], cut: Cut);
    /// Overwrites the lower triangle with L (unit) and the diagonal of D; returns the subdiagonal of D and the
    /// permutation of the rows.
    fn ldlt(lower: &mut [Self], order: usize, cut: Cut) -> (Vec<Self>, Vec<usize>);
    /// Overwrites the lower triangle with L of LLᴴ; `false` where the matrix is not positive definite.
    fn cholesky(lower: &mut [Self], order: usize, cut: Cut) -> bool;
}

macro_rules! double {
    ($type:ty, $zero:expr, $re:expr, $modulus:expr, $single:ty, $narrow:expr, $widen:expr) => {
        impl Double for $type {
            fn bidiagonal(a: &mut [Self], (rows, columns): (usize, usize), cut: Cut) -> (Vec<f64>, Vec<f64>) {
                let mut a = MatMut::from_column_major_slice_mut(a, rows, columns);
                let block = recommended_block_size::<Self>(rows, columns);
                let mut left = Mat::<Self>::zeros(block, columns);
                let mut right = Mat::<Self>::zeros(block, columns.saturating_sub(1));
                let par = cut.par();
                let scratch = bidiag_in_place_scratch::<Self>(rows, columns, par, Default::default());
                let mut memory = MemBuffer::new(scratch);
                let stack = MemStack::new(&mut memory);
                bidiag_in_place(a.rb_mut(), left.as_mut(), right.as_mut(), par, stack, Default::default());
                let modulus: fn(&Self) -> f64 = $modulus;
                let diagonal = (0..columns).map(|i| modulus(&a[(i, i)])).collect();
                (diagonal, (1..columns).map(|i| modulus(&a[(i - 1, i)])).collect())
            }

            fn svd(
                a: &[Self],
                (rows, columns): (usize, usize),
                full: bool,
                cut: Cut,
            ) -> Result<Triplets<Self>, Failed> {
                let a = MatRef::from_column_major_slice(a, rows, columns);
                let size = rows.min(columns);
                let (u_columns, v_columns) = if full { (rows, columns) } else { (size, size) };
                let mut u = vec![$zero; rows * u_columns];
                let mut v = vec![$zero; columns * v_columns];
                let mut s = Diag::<Self>::zeros(size);
                let par = cut.par();
                let which = if full { ComputeSvdVectors::Full } else { ComputeSvdVectors::Thin };
                let scratch = svd::svd_scratch::<Self>(rows, columns, which, which, par, Default::default());
                let mut memory = MemBuffer::new(scratch);
                svd::svd(
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

            fn tridiagonal(lower: &mut [Self], order: usize, cut: Cut) -> (Vec<f64>, Vec<f64>) {
                let mut a = MatMut::from_column_major_slice_mut(lower, order, order);
                let block = recommended_block_size::<Self>(order, order);
                let mut householder = Mat::<Self>::zeros(block, order.saturating_sub(1));
                let scratch = tridiag_in_place_scratch::<Self>(order, cut.par(), Default::default());
                let mut memory = MemBuffer::new(scratch);
                let stack = MemStack::new(&mut memory);
                tridiag_in_place(a.rb_mut(), householder.as_mut(), cut.par(), stack, Default::default());
                let (re, modulus): (fn(&Self) -> f64, fn(&Self) -> f64) = ($re, $modulus);
                let diagonal = (0..order).map(|i| re(&a[(i, i)])).collect();
                (diagonal, (1..order).map(|i| modulus(&a[(i, i - 1)])).collect())
            }

            fn hessenberg(a: &mut [Self], order: usize, cut: Cut) -> Vec<Self> {
                hessenberg_form(a, order, cut)
            }

            fn add_gram(lower: &mut [Self], order: usize, panel: &[Self], rows: usize, adjoint_first: bool) {
                let c = MatMut::from_column_major_slice_mut(lower, order, order);
                if adjoint_first {
                    let p = MatRef::from_column_major_slice(panel, rows, order);
                    add_lower_product(c, p.adjoint(), p);
                } else {
                    let p = MatRef::from_column_major_slice(panel, order, rows);
                    add_lower_product(c, p, p.adjoint());
                }
            }

            fn lu(a: &mut [Self], shape: (usize, usize), cut: Cut) -> Vec<usize> {
                lu_in_place(a, shape, cut)
            }

            fn lu_solve(factors: &[Self], rows: &[usize], b: &mut [Self], adjoint: bool, cut: Cut) {
                lu_solve_in_place(factors, rows, b, adjoint, cut);
            }

            fn lu_inverse(factors: &[Self], rows: &[usize], cut: Cut) -> Vec<Self> {
                let n = rows.len();
                let inverse = inverse_order(rows);
                let order = PermRef::new_checked(rows, &inverse, n);
                let factors = MatRef::from_column_major_slice(factors, n, n);
                let mut out = vec![$zero; n * n];
                let mut memory = MemBuffer::new(lu_inverse::inverse_scratch::<usize, Self>(n, cut.par()));
                let target = MatMut::from_column_major_slice_mut(&mut out, n, n);
                let stack = MemStack::new(&mut memory);
                lu_inverse::inverse(target, factors, factors, order, cut.par(), stack);
                out
            }

            fn single_lu(a: &[Self], order: usize, cut: Cut) -> (Vec<$single>, Vec<usize>) {
                let narrow: fn(&Self) -> $single = $narrow;
                let mut factors: Vec<$single> = a.iter().map(narrow).collect();
                let rows = lu_in_place(&mut factors, (order, order), cut);
                (factors, rows)
            }

            fn single_lu_solve(factors: &[$single], rows: &[usize], b: &mut [Self], adjoint: bool, cut: Cut) {
                let narrow: fn(&Self) -> $single = $narrow;
                let mut narrowed: Vec<$single> = b.iter().map(narrow).collect();
                lu_solve_in_place(factors, rows, &mut narrowed, adjoint, cut);
                let widen: fn($single) -> Self = $widen;
                b.iter_mut().zip(narrowed).for_each(|(b, x)| *b = widen(x));
            }

            fn pivoted_qr(a: &mut [Self], (rows, columns): (usize, usize), cut: Cut) -> Reflected<Self> {
                use col_pivoting::factor::{qr_in_place, qr_in_place_scratch};
                let a = MatMut::from_column_major_slice_mut(a, rows, columns);
                let mut order: Vec<usize> = (0..columns).collect();
                let mut inverse = order.clone();
                let size = rows.min(columns);
                let block = recommended_block_size::<Self>(rows, columns);
                let mut coefficients = vec![$zero; block * size];
                let householder = MatMut::from_column_major_slice_mut(&mut coefficients, block, size);
                let par = cut.par();
                let scratch = qr_in_place_scratch::<usize, Self>(rows, columns, block, par, Default::default());
                let mut memory = MemBuffer::new(scratch);
                let stack = MemStack::new(&mut memory);
                qr_in_place(a, householder, &mut order, &mut inverse, par, stack, Default::default());
                Reflected { order, coefficients, block }
            }

            fn apply_reflections(
                a: &[Self],
                (rows, columns): (usize, usize),
                with: &Reflected<Self>,
                b: &mut [Self],
                adjoint: bool,
                cut: Cut,
            ) {
                let size = rows.min(columns);
                let count = b.len() / rows;
                let basis = MatRef::from_column_major_slice(a, rows, columns).subcols(0, size);
                let householder = MatRef::from_column_major_slice(&with.coefficients, with.block, size);
                let b = MatMut::from_column_major_slice_mut(b, rows, count);
                let scratch =
                    apply_block_householder_sequence_on_the_left_in_place_scratch::<Self>(rows, with.block, count);
                let turned = apply_block_householder_sequence_transpose_on_the_left_in_place_scratch::<Self>(
                    rows, with.block, count,
                );
                let mut memory = MemBuffer::new(scratch.or(turned));
                let stack = MemStack::new(&mut memory);
                if adjoint {
                    apply_block_householder_sequence_transpose_on_the_left_in_place_with_conj(
                        basis,
                        householder,
                        Conj::Yes,
                        b,
                        cut.par(),
                        stack,
                    );
                } else {
                    apply_block_householder_sequence_on_the_left_in_place_with_conj(
                        basis,
                        householder,
                        Conj::No,
                        b,
                        cut.par(),
                        stack,
                    );
                }
            }

            fn form_reflections(
                a: &[Self],
                (rows, columns): (usize, usize),
                with: &Reflected<Self>,
                b: &mut [Self],
                cut: Cut,
            ) {
                let (size, count) = (rows.min(columns), b.len() / rows);
                let a = MatRef::from_column_major_slice(a, rows, columns);
                let factors = MatRef::from_column_major_slice(&with.coefficients, with.block, size);
                let mut b = MatMut::from_column_major_slice_mut(b, rows, count);
                let mut memory = MemBuffer::new(apply_block_householder_on_the_left_in_place_scratch::<Self>(
                    rows, with.block, count,
                ));
                // From the last block back, so that each is applied only to rows and columns that are no longer those
                // of the identity.
                for j in (0..size).step_by(with.block).rev() {
                    if j >= count {
                        continue;
                    }
                    let width = with.block.min(size - j);
                    apply_block_householder_on_the_left_in_place_with_conj(
                        a.submatrix(j, j, rows - j, width),
                        factors.submatrix(0, j, width, width),
                        Conj::No,
                        b.rb_mut().submatrix_mut(j, j, rows - j, count - j),
                        cut.par(),
                        MemStack::new(&mut memory),
                    );
                }
            }

            fn triangular_solve(t: &[Self], order: usize, which: Triangle, b: &mut [Self], cut: Cut) {
                let t = MatRef::from_column_major_slice(t, order, order);
                let count = b.len() / order;
                let b = MatMut::from_column_major_slice_mut(b, order, count);
                let par = cut.par();
                let Triangle { upper, unit, adjoint } = which;
                let (conj, turned) = (if adjoint { Conj::Yes } else { Conj::No }, t.transpose());
                match (upper, unit, adjoint) {
                    (true, false, false) => by::solve_upper_triangular_in_place_with_conj(t, conj, b, par),
                    (false, false, false) => by::solve_lower_triangular_in_place_with_conj(t, conj, b, par),
                    (true, true, false) => by::solve_unit_upper_triangular_in_place_with_conj(t, conj, b, par),
                    (false, true, false) => by::solve_unit_lower_triangular_in_place_with_conj(t, conj, b, par),
                    (true, false, true) => by::solve_lower_triangular_in_place_with_conj(turned, conj, b, par),
                    (false, false, true) => by::solve_upper_triangular_in_place_with_conj(turned, conj, b, par),
                    (true, true, true) => by::solve_unit_lower_triangular_in_place_with_conj(turned, conj, b, par),
                    (false, true, true) => by::solve_unit_upper_triangular_in_place_with_conj(turned, conj, b, par),
                }
            }

            fn eigh(lower: &[Self], order: usize, cut: Cut) -> Result<(Vec<f64>, Vec<Self>), Failed> {
                let mut values = Diag::<Self>::zeros(order);
                let mut vectors = vec![$zero; order * order];
                let par = cut.par();
                let scratch =
                    evd::self_adjoint_evd_scratch::<Self>(order, ComputeEigenvectors::Yes, par, Default::default());
                let mut memory = MemBuffer::new(scratch);
                evd::self_adjoint_evd(
                    MatRef::from_column_major_slice(lower, order, order),
                    values.as_mut(),
                    Some(MatMut::from_column_major_slice_mut(&mut vectors, order, order)),
                    par,
                    MemStack::new(&mut memory),
                    Default::default(),
                )
                .map_err(|_| Failed)?;
                Ok((values.column_vector().iter().map($re).collect(), vectors))
            }

            fn ldlt(lower: &mut [Self], order: usize, cut: Cut) -> (Vec<Self>, Vec<usize>) {
                let (mut rows, mut inverse) = (vec![0usize; order], vec![0usize; order]);
                let mut below = Diag::<Self>::zeros(order);
                let par = cut.par();
                let scratch = lblt::factor::cholesky_in_place_scratch::<usize, Self>(order, par, Default::default());
                let mut memory = MemBuffer::new(scratch);
                lblt::factor::cholesky_in_place(
                    MatMut::from_column_major_slice_mut(lower, order, order),
                    below.as_mut(),
                    &mut rows,
                    &mut inverse,
                    par,
                    MemStack::new(&mut memory),
                    Default::default(),
                );
                (below.column_vector().iter().copied().collect(), rows)
            }

            fn cholesky(lower: &mut [Self], order: usize, cut: Cut) -> bool {
                let par = cut.par();
                let scratch = llt::factor::cholesky_in_place_scratch::<Self>(order, par, Default::default());
                let mut memory = MemBuffer::new(scratch);
                let view = MatMut::from_column_major_slice_mut(lower, order, order);
                let stack = MemStack::new(&mut memory);
                llt::factor::cholesky_in_place(view, Default::default(), par, stack, Default::default()).is_ok()
            }
        }
    };
}

double!(f64, 0.0, |&x| x, |x| (x * x).sqrt(), f32, |&x| x as f32, f64::from);
double!(
    Complex64,
    Complex64::new(0.0, 0.0),
    |x: &Complex64| x.re,
    |x| (x.re * x.re + x.im * x.im).sqrt(),
    Complex32,
    |x| Complex32::new(x.re as f32, x.im as f32),
    |x| Complex64::new(x.re.into(), x.im.into())
);
