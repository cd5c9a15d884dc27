//! faer's instantiations as plain functions.
//!
//! faer is generic: its code is compiled into the crate that calls it with concrete types. This crate is that caller,
//! for `f32`, `f64`, `Complex32` and `Complex64`, so that faer is compiled once and not again whenever a kernel of
//! `kappa-dense` changes. It depends on no other crate of ours, and no type of faer appears in a signature: matrices
//! are slices with a shape, or a [`View`] with a stride.
//!
//! Plain calls, no policy: entries are finite and scaled, and shapes fit; the caller has checked both. Work is cut by a
//! [`Cut`] that the caller chooses.

mod cut;
mod double;
mod eigen;
mod entry;
mod gram;
mod lu;
mod sparse;
mod view;

pub use cut::Cut;
pub use double::{Double, Failed, Reflected, Triangle, Triplets};
pub use eigen::{Eigen, Sides, eig_complex, eig_real};
pub use entry::{Accumulate, Entry};
pub use sparse::{Columns, NoMemory, SparseCholesky, SparseLu, sparse_pivots};
pub use view::{View, ViewMut};
