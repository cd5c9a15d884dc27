//! faer's functions in double precision for an entry W with `Scalar<Wide = W>`.
//!
//! The compiler knows that `T::Wide` is `f64` or `c64`, and with it faer's functions, for every `T: Scalar`; of a `W`
//! that is its own `Wide` it does not conclude this. Here `T` is `W`, so that `Scalar<Wide = W>` is bound enough
//! everywhere else.

use kappa_engine::{Double, Entry, Reflected, Triangle};

use crate::Scalar;
use crate::cut::Cut;

/// A becomes L (unit, below) and U of PA = LU; row i of PA is row `rows[i]` of A.
pub(crate) fn lu<T: Scalar>(a: &mut [T::Wide], shape: (usize, usize), cut: Cut) -> Vec<usize> {
    T::Wide::lu(a, shape, cut)
}

/// B becomes A⁻¹B, or A⁻ᴴB.
pub(crate) fn lu_solve<T: Scalar>(factors: &[T::Wide], rows: &[usize], b: &mut [T::Wide], adjoint: bool, cut: Cut) {
    T::Wide::lu_solve(factors, rows, b, adjoint, cut);
}

/// A⁻¹.
pub(crate) fn lu_inverse<T: Scalar>(factors: &[T::Wide], rows: &[usize], cut: Cut) -> Vec<T::Wide> {
    T::Wide::lu_inverse(factors, rows, cut)
}

/// B, rounded to single precision, becomes A⁻¹B, or A⁻ᴴB.
pub(crate) fn single_lu_solve<T: Scalar>(
    factors: &[<T::Wide as Entry>::Single],
    rows: &[usize],
    b: &mut [T::Wide],
    adjoint: bool,
    cut: Cut,
) {
    T::Wide::single_lu_solve(factors, rows, b, adjoint, cut);
}

/// B becomes QB, or QᴴB.
pub(crate) fn apply_reflections<T: Scalar>(
    a: &[T::Wide],
    shape: (usize, usize),
    with: &Reflected<T::Wide>,
    b: &mut [T::Wide],
    adjoint: bool,
    cut: Cut,
) {
    T::Wide::apply_reflections(a, shape, with, b, adjoint, cut);
}

/// The first columns of Q into B, which is zero with ones on its diagonal.
pub(crate) fn form_reflections<T: Scalar>(
    a: &[T::Wide],
    shape: (usize, usize),
    with: &Reflected<T::Wide>,
    b: &mut [T::Wide],
    cut: Cut,
) {
    T::Wide::form_reflections(a, shape, with, b, cut);
}

/// B becomes T⁻¹B, or T⁻ᴴB.
pub(crate) fn triangular_solve<T: Scalar>(t: &[T::Wide], order: usize, which: Triangle, b: &mut [T::Wide], cut: Cut) {
    T::Wide::triangular_solve(t, order, which, b, cut);
}

/// A Hermitian matrix, its lower triangle given, becomes tridiagonal: diagonal and moduli beside it.
pub(crate) fn tridiagonal<T: Scalar>(lower: &mut [T::Wide], order: usize, cut: Cut) -> (Vec<f64>, Vec<f64>) {
    T::Wide::tridiagonal(lower, order, cut)
}

/// The lower triangle becomes L of LLᴴ; `false` where the matrix is not positive definite.
pub(crate) fn cholesky<T: Scalar>(lower: &mut [T::Wide], order: usize, cut: Cut) -> bool {
    T::Wide::cholesky(lower, order, cut)
}
