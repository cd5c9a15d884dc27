//! Iterations over products: they grow a factor until it answers.

mod cg;
mod golub_kahan;
mod lanczos;
mod lsmr;
mod minres;
mod products;
mod rest;
mod system;
mod thick_restart;

pub use golub_kahan::End;
pub(crate) use golub_kahan::{GolubKahan, Ritz as GolubKahanRitz, check_count, power_near};
pub use lanczos::Lanczos;
pub(crate) use lanczos::{Ritz, Stop, largest_eigenvalue};
pub(crate) use rest::{frobenius, known, norm_by_products};
pub use system::{Iterate, Iterated, Iteration, solve_iteratively};
pub use thick_restart::{ThickRestart, partial_svd};
