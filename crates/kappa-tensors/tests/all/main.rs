//! All integration tests of kappa-tensors in one program.

mod attacks;
mod formats;
mod sources;
