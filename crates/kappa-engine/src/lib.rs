//! faer's instantiations as plain functions.
//!
//! faer is generic: its code is compiled into the crate that calls it with concrete types. This crate is that caller,
//! for `f32`, `f64`, `Complex32` and `Complex64`, so that faer is compiled once, and not again whenever a kernel of
//! `kappa-dense` changes. It depends on no other crate of this workspace, and only `kappa-dense` depends on it. No type
//! of faer appears in a signature: matrices are slices with a shape, or a [`View`] with a stride.
//!
//! | item | what it contains |
//! |---|---|
//! | [`Entry`] | products and triangular systems, for all four types |
//! | [`Double`] | LU, QR, Cholesky, LDLᴴ, SVD, Hermitian eigenvalues and reductions, in double precision |
//! | [`eig_real`], [`eig_complex`] | eigenvalues and eigenvectors of general matrices |
//! | [`SparseCholesky`], [`SparseLu`], [`sparse_pivots`] | sparse factorizations of real matrices |
//! | [`View`], [`ViewMut`] | matrices in memory: entries, a shape and a stride |
//! | [`Cut`] | how the work is divided among threads |
//!
//! The functions call faer and nothing else. Checks are the caller's: entries must be finite and scaled, and shapes
//! must fit (faer does not scale, and a wrong shape panics). `kappa-dense` does these checks, chooses the [`Cut`],
//! verifies the answers and has fallbacks. One algorithm is not faer's: LU by panels ([`Cut::Panels`]), which calls its
//! kernels.

mod cut;
mod double;
mod eigen;
mod entry;
mod failed;
mod gram;
mod lu;
mod sparse;
mod view;

pub use cut::Cut;
pub use double::{Double, Reflected, Triangle, Triplets};
pub use eigen::{Eigen, Sides, eig_complex, eig_real};
pub use entry::{Accumulate, Entry};
pub use failed::Failed;
pub use sparse::{Columns, NoMemory, SparseCholesky, SparseLu, sparse_pivots};
pub use view::{View, ViewMut};
