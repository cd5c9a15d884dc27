//! Dense matrices and decompositions for `f32`, `f64`, `c32` and `c64`: the guarded door to the engine.
//!
//! The engine (faer) is generic and compiles into whoever calls it, so this crate turns it into plain functions, always
//! optimised, and guards its edges in one place: shapes, entries that are not finite, scaling by powers of two (the
//! engine does not scale: it fails above 1e154 and is silently wrong below 1e-170), and a ladder of fallbacks when it
//! does not converge or when its answer contradicts ‖A‖_F² = Σσᵢ². No type of the engine appears in a signature.
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
mod cholesky_qr;
mod decompose;
mod dqds;
mod eigen;
mod engine;
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
mod narrow_qr;
mod normal;
mod pages;
pub mod pair;
mod pool;
mod prefetch;
mod product;
mod reduce;
mod reflections;
mod row_panels;
mod scalar;
mod scale;
mod scan;
mod schur;
mod single;
mod small_qr;
#[cfg(test)]
mod testing;
mod triangle;
mod triangular_vectors;
mod truncated;

pub use cholesky_qr::cholesky_qr;
pub use decompose::{
    Accuracy, Precision, Shape, SvdParts, Values, Vectors, is_small, singular_values, singular_values_in, svd,
};
pub use eigen::{EigParts, eig, eig_right, eigh, eigvals, eigvalsh};
pub use engine::{Columns, SparseCholesky, SparseLu, Triangle, WideEngine, adjoint_times, multiply};
pub use error::Error;
pub use factorize::{
    Ldlt, Lu, LuParts, QrParts, cholesky, ldlt, lu, lu_of_finite, lu_parts, pivoted_qr, qr, triangle_of_stack,
};
pub use gram::{gram_is_worth_a_try, gram_singular_values};
pub use length::length;
pub use matrix::{Matrix, MatrixRef};
pub use normal::Normal;
pub use num_complex::{Complex32 as c32, Complex64 as c64};
pub use product::{Counted, add_square, counted_gram, counted_product};
pub use reflections::{Reflections, pivoted_reflections, reflections};
pub use scalar::{Real, RealForm, Scalar};
pub use scale::stacked;
pub use scan::{NonFinite, Scan, scan};
pub use schur::{RealSchurParts, SchurParts, real_schur, schur};
pub use single::{SingleLu, single_lu};
pub use triangle::{Triangular, triangular_solve};
pub use truncated::{Leading, TruncatedParts, truncated_svd};
