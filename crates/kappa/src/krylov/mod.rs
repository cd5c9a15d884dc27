//! Iterations over products: they grow a factor until it answers.

mod cg;
mod lanczos;
mod lsmr;
mod minres;
mod products;
mod system;

pub use lanczos::Lanczos;
pub(crate) use lanczos::{Ritz, Stop, largest_eigenvalue};
pub use system::{Iterate, Iterated, Iteration, solve_iteratively};
