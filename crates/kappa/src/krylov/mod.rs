//! Krylov iterations for operators that are given by products.

mod cg;
mod golub_kahan;
mod lanczos;
mod lsmr;
mod minres;
mod one_norm;
mod orthonormal;
mod products;
mod rest;
mod system;

pub use golub_kahan::End;
pub(crate) use golub_kahan::{GolubKahan, Ritz as GolubKahanRitz, check_count, power_near, scaled};
pub use lanczos::Lanczos;
pub(crate) use lanczos::{Ritz, Stop, Tridiagonal, combine, largest_eigenvalue, length as unit_length, subtract};
pub use one_norm::OneNorm;
pub(crate) use one_norm::one_norm_search;
pub(crate) use orthonormal::narrowed;
pub(crate) use products::{finite, inner, normalize};
pub(crate) use rest::{norm_by_products, norm_of_rest};
pub use system::AnyIterated;
pub use system::{Iterate, Iterated, Iteration, solve_iteratively};
