//! Products and triangular systems, for all four types of entries.

use std::fmt::Debug;

use faer::Accum;
use faer::Par;
use faer::linalg::matmul::matmul_with_conj;
use faer::linalg::triangular_solve::{
    solve_lower_triangular_in_place_with_conj, solve_upper_triangular_in_place_with_conj,
};
use num_complex::{Complex32, Complex64};

use crate::cut::Cut;
use crate::view::{View, ViewMut};

mod sealed {
    pub trait Sealed {}
}

/// What happens to the entries that a product is written to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Accumulate {
    /// They are overwritten; nothing of them is read.
    Replace,
    /// The product is added to them.
    Add,
}

/// An entry of a matrix: `f32`, `f64`, `Complex32` or `Complex64`. Sealed.
pub trait Entry: sealed::Sealed + Copy + Debug + Default + PartialEq + Send + Sync + 'static {
    /// The type with the same number of parts in single precision.
    type Single: Entry;

    /// C becomes factor·A·B, or C + factor·A·B. Panics where the shapes do not fit.
    fn multiply(
        c: ViewMut<'_, Self>,
        accumulate: Accumulate,
        a: View<'_, Self>,
        b: View<'_, Self>,
        factor: Self,
        cut: Cut,
    );

    /// B becomes T⁻¹B for a lower triangular T, on this thread. What stands above the diagonal of T is not read.
    fn solve_lower(t: View<'_, Self>, b: ViewMut<'_, Self>);

    /// B becomes T⁻¹B for an upper triangular T, on this thread. What stands below the diagonal of T is not read.
    fn solve_upper(t: View<'_, Self>, b: ViewMut<'_, Self>);
}

macro_rules! entry {
    ($type:ty, $single:ty, $conj:expr) => {
        impl sealed::Sealed for $type {}

        impl Entry for $type {
            type Single = $single;

            fn multiply(
                c: ViewMut<'_, Self>,
                accumulate: Accumulate,
                a: View<'_, Self>,
                b: View<'_, Self>,
                factor: Self,
                cut: Cut,
            ) {
                let accumulate = match accumulate {
                    Accumulate::Replace => Accum::Replace,
                    Accumulate::Add => Accum::Add,
                };
                let ((a, conj_a), (b, conj_b)) = (a.faer(), b.faer());
                matmul_with_conj(c.faer(), accumulate, a, $conj(conj_a), b, $conj(conj_b), factor, cut.par());
            }

            fn solve_lower(t: View<'_, Self>, b: ViewMut<'_, Self>) {
                let (t, conj) = t.faer();
                solve_lower_triangular_in_place_with_conj(t, $conj(conj), b.faer(), Par::Seq);
            }

            fn solve_upper(t: View<'_, Self>, b: ViewMut<'_, Self>) {
                let (t, conj) = t.faer();
                solve_upper_triangular_in_place_with_conj(t, $conj(conj), b.faer(), Par::Seq);
            }
        }
    };
}

// The conjugate of a real matrix is the matrix; faer's kernels for real entries are never asked for one.
entry!(f32, f32, |_| faer::Conj::No);
entry!(f64, f32, |_| faer::Conj::No);
entry!(Complex32, Complex32, |conj| conj);
entry!(Complex64, Complex32, |conj| conj);
