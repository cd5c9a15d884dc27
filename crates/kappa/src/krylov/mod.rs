//! Iterations over products: they grow a factor until it answers.

mod lanczos;

pub use lanczos::Lanczos;
pub(crate) use lanczos::{Ritz, Stop, largest_eigenvalue};
