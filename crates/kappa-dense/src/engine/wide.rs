//! The engine's factorizations, for `f64` and `c64` only: whatever is stored in fewer bits is widened first.

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::{lblt, llt};
use faer::linalg::evd::{self, ComputeEigenvectors};
use faer::linalg::householder::{
    apply_block_householder_on_the_left_in_place_scratch, apply_block_householder_on_the_left_in_place_with_conj,
    apply_block_householder_sequence_on_the_left_in_place_scratch,
    apply_block_householder_sequence_on_the_left_in_place_with_conj,
    apply_block_householder_sequence_transpose_on_the_left_in_place_scratch,
    apply_block_householder_sequence_transpose_on_the_left_in_place_with_conj,
};
use faer::linalg::lu::partial_pivoting::inverse as lu_inverse;
use faer::linalg::qr::{col_pivoting, no_pivoting};
use faer::linalg::triangular_solve;
use faer::perm::PermRef;
use faer::reborrow::ReborrowMut;
use faer::{Conj, MatMut, MatRef};
use num_complex::{Complex32, Complex64};

use super::lu::{inverse_order, lu_in_place, lu_solve_in_place};
use super::{Cut, Failed, qr};

/// What goes with the Householder vectors of a QR factorization.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reflected<T> {
    pub(crate) order: Vec<usize>,
    pub(crate) coefficients: Vec<T>,
    pub(crate) block: usize,
}

/// Which triangle of a matrix is meant, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Triangle {
    /// The upper one; the lower one otherwise.
    pub upper: bool,
    /// Whether its diagonal is taken to be of ones.
    pub unit: bool,
    /// Whether its conjugate transpose is meant.
    pub adjoint: bool,
}

/// The engine's factorizations for one type of entry. Implemented here only.
pub trait WideEngine: Sized {
    /// A becomes L (unit, below) and U of PA = LU; row i of PA is row `rows[i]` of A.
    #[doc(hidden)]
    fn engine_lu(a: &mut [Self], shape: (usize, usize), cut: Cut) -> Vec<usize>;
    /// What one number becomes in single precision.
    #[doc(hidden)]
    type Single: Copy + Send + Sync + std::fmt::Debug;
    #[doc(hidden)]
    fn narrowed(self) -> Self::Single;
    /// A becomes L (unit, below) and U of PA = LU in single precision.
    #[doc(hidden)]
    fn engine_single_lu(a: &mut [Self::Single], order: usize, cut: Cut) -> Vec<usize>;
    /// B, rounded to single precision, becomes A⁻¹B, or A⁻ᴴB.
    #[doc(hidden)]
    fn engine_single_lu_solve(factors: &[Self::Single], rows: &[usize], b: &mut [Self], adjoint: bool, cut: Cut);
    #[doc(hidden)]
    fn engine_lu_inverse(factors: &[Self], rows: &[usize], cut: Cut) -> Vec<Self>;
    /// B becomes A⁻¹B, or A⁻ᴴB.
    #[doc(hidden)]
    fn engine_lu_solve(factors: &[Self], rows: &[usize], b: &mut [Self], adjoint: bool, cut: Cut);
    /// A becomes R above and Householder vectors below; the order of its columns, and what goes with the vectors, in
    /// blocks of so many.
    #[doc(hidden)]
    fn engine_reflections(a: &mut [Self], shape: (usize, usize), pivoted: bool, cut: Cut) -> Reflected<Self>;
    /// B becomes QB, or QᴴB.
    #[doc(hidden)]
    fn engine_reflect(
        a: &[Self],
        shape: (usize, usize),
        with: &Reflected<Self>,
        b: &mut [Self],
        adjoint: bool,
        cut: Cut,
    );
    /// The first columns of Q into B, which is zero with ones on its diagonal.
    #[doc(hidden)]
    fn engine_form(a: &[Self], shape: (usize, usize), with: &Reflected<Self>, b: &mut [Self], cut: Cut);
    /// B becomes T⁻¹B, or T⁻ᴴB.
    #[doc(hidden)]
    fn engine_triangular_solve(t: &[Self], order: usize, which: Triangle, b: &mut [Self], cut: Cut);
    /// Eigenvalues in rising order and vectors of a Hermitian matrix, its lower triangle given.
    #[doc(hidden)]
    fn engine_eigh(lower: &[Self], order: usize, cut: Cut) -> Result<(Vec<f64>, Vec<Self>), Failed>;
    /// The lower triangle becomes L (unit) and the diagonal of D; what stands below that, and the order of rows.
    #[doc(hidden)]
    fn engine_ldlt(lower: &mut [Self], order: usize, cut: Cut) -> (Vec<Self>, Vec<usize>);
    /// The lower triangle becomes L of LLᴴ; `false` where it cannot.
    #[doc(hidden)]
    fn engine_cholesky(lower: &mut [Self], order: usize, cut: Cut) -> bool;
}

macro_rules! wide_engine {
    ($type:ty, $zero:expr, $one:expr, $re:expr, $single:ty, $narrow:expr, $widen:expr) => {
        impl WideEngine for $type {
            fn engine_lu(a: &mut [Self], shape: (usize, usize), cut: Cut) -> Vec<usize> {
                lu_in_place(a, shape, cut)
            }

            type Single = $single;

            fn narrowed(self) -> $single {
                let narrow: fn(Self) -> $single = $narrow;
                narrow(self)
            }

            fn engine_single_lu(a: &mut [$single], order: usize, cut: Cut) -> Vec<usize> {
                lu_in_place(a, (order, order), cut)
            }

            fn engine_single_lu_solve(factors: &[$single], rows: &[usize], b: &mut [Self], adjoint: bool, cut: Cut) {
                let mut narrow: Vec<$single> = b.iter().map(|x| x.narrowed()).collect();
                lu_solve_in_place(factors, rows, &mut narrow, adjoint, cut);
                let widen: fn($single) -> Self = $widen;
                b.iter_mut().zip(narrow).for_each(|(b, x)| *b = widen(x));
            }

            fn engine_lu_inverse(factors: &[Self], rows: &[usize], cut: Cut) -> Vec<Self> {
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

            fn engine_lu_solve(factors: &[Self], rows: &[usize], b: &mut [Self], adjoint: bool, cut: Cut) {
                lu_solve_in_place(factors, rows, b, adjoint, cut);
            }

            fn engine_reflections(
                a: &mut [Self],
                (rows, columns): (usize, usize),
                pivoted: bool,
                cut: Cut,
            ) -> Reflected<Self> {
                let a = MatMut::from_column_major_slice_mut(a, rows, columns);
                let mut order: Vec<usize> = (0..columns).collect();
                let size = rows.min(columns);
                if !pivoted {
                    let coefficients = rayon::scope(|_| qr::reflections_in_place(a));
                    return Reflected { order, coefficients, block: qr::panel_width(columns).min(size) };
                }
                use col_pivoting::factor::{qr_in_place, qr_in_place_scratch};
                let mut inverse = order.clone();
                let block = no_pivoting::factor::recommended_block_size::<Self>(rows, columns);
                let mut coefficients = vec![$zero; block * size];
                let householder = MatMut::from_column_major_slice_mut(&mut coefficients, block, size);
                let par = cut.par();
                let scratch = qr_in_place_scratch::<usize, Self>(rows, columns, block, par, Default::default());
                let mut memory = MemBuffer::new(scratch);
                let stack = MemStack::new(&mut memory);
                qr_in_place(a, householder, &mut order, &mut inverse, par, stack, Default::default());
                Reflected { order, coefficients, block }
            }

            fn engine_reflect(
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

            fn engine_form(
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
                // From the last block back, so that each meets only rows and columns that are no longer those of the identity.
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

            fn engine_triangular_solve(t: &[Self], order: usize, which: Triangle, b: &mut [Self], cut: Cut) {
                use triangular_solve as by;
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

            fn engine_eigh(lower: &[Self], order: usize, cut: Cut) -> Result<(Vec<f64>, Vec<Self>), Failed> {
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

            fn engine_ldlt(lower: &mut [Self], order: usize, cut: Cut) -> (Vec<Self>, Vec<usize>) {
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

            fn engine_cholesky(lower: &mut [Self], order: usize, cut: Cut) -> bool {
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

wide_engine!(f64, 0.0, 1.0, |&x| x, f32, |x| x as f32, f64::from);
wide_engine!(
    Complex64,
    Complex64::new(0.0, 0.0),
    Complex64::new(1.0, 0.0),
    |x: &Complex64| x.re,
    Complex32,
    |x| Complex32::new(x.re as f32, x.im as f32),
    |x| Complex64::new(x.re.into(), x.im.into())
);
