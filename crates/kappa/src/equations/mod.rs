//! Problems with right-hand sides, and polynomials.

mod aberth;
mod band;
mod block_diagonal;
mod certified;
mod factored;
mod least_squares;
mod linear;
mod polynomial;
pub mod regression;

pub use certified::{CertifiedSolution, certified_lstsq, certified_solve};
pub use factored::{Method, SolvePlan};
pub use least_squares::{Lstsq, LstsqMethod, LstsqSolution, lstsq, lstsq_by};
pub use linear::{Refinement, Solution, Solve, Solver, solve, solve_by};
pub use polynomial::{PolynomialRoot, polynomial_roots};
