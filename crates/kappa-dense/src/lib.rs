//! Dense matrices and decompositions for `f32`, `f64`, `c32` and `c64`: the guarded door to the engine, and the kernels
//! that replace it where it is too slow or not accurate enough.
//!
//! The engine is faer, which `kappa-engine` turns into plain functions. This crate guards its edges in one place:
//! shapes, entries that are not finite, scaling by powers of two (faer does not scale: it fails above 1e154 and is
//! silently wrong below 1e-170), and a ladder of fallbacks when it does not converge or when its answer contradicts
//! ‖A‖_F² = Σσᵢ². No type and no function of the engine is visible outside.
//!
//! ```
//! use kappa_dense::{Matrix, singular_values};
//!
//! let a = Matrix::from_row_major(2, 2, vec![3.0, 0.0, 0.0, -4.0])?;
//! assert_eq!(singular_values(a.as_ref())?.values, vec![4.0, 3.0]);
//! # Ok::<(), kappa_dense::Error>(())
//! ```

mod balance;
mod bisect;
mod blocked_qr;
mod cholesky_qr;
mod concrete;
mod cut;
mod decompose;
mod dqds;
mod eigen;
mod error;
mod factorize;
mod francis;
mod gram;
mod guard;
mod hessenberg;
mod instructions;
mod inverse_iteration;
pub mod jacobi;
mod lane;
mod length;
mod matrix;
mod multiply;
mod narrow_qr;
mod normal;
mod pages;
pub mod pair;
mod pool;
mod power;
mod prefetch;
mod product;
mod reduce;
mod reflections;
mod row_panels;
mod scale;
mod scan;
mod schur;
mod single;
mod small_qr;
mod sparse;
#[cfg(test)]
mod testing;
mod triangle;
mod triangular_vectors;
mod truncated;
mod wide;

pub use cholesky_qr::cholesky_qr;
pub use decompose::{
    Accuracy, Precision, Shape, SvdParts, Values, Vectors, is_small, singular_values, singular_values_in, svd,
};
pub use eigen::{EigParts, eig, eig_right, eigh, eigvals, eigvalsh};
pub use error::Error;
pub use factorize::{
    Ldlt, Lu, LuParts, QrParts, cholesky, ldlt, lu, lu_of_finite, lu_parts, pivoted_qr, qr, triangle_of_stack,
};
pub use gram::{gram_is_worth_a_try, gram_singular_values};
#[doc(inline)]
pub use kappa_engine::{Columns, Triangle};
pub use length::length;
pub use matrix::{Matrix, MatrixRef, Real, RealForm, Scalar};
pub use multiply::{adjoint_times, multiply};
pub use normal::Normal;
pub use num_complex::{Complex32 as c32, Complex64 as c64};
pub use product::{Counted, add_square, counted_gram, counted_product};
pub use reflections::{Reflections, pivoted_reflections, reflections};
pub use scale::stacked;
pub use scan::{NonFinite, Scan, scan};
pub use schur::{RealSchurParts, SchurParts, real_schur, schur};
pub use single::{SingleLu, single_lu};
pub use sparse::{SparseCholesky, SparseLu, sparse_pivots};
pub use triangle::{Triangular, triangular_solve};
pub use truncated::{Leading, TruncatedParts, truncated_svd};
