//! Problems with right-hand sides, and polynomials.

mod aberth;
mod band;
mod block_diagonal;
mod certified;
mod constrained;
mod factored;
mod fitted;
mod least_squares;
mod linear;
mod pinv;
mod polynomial;
mod problem;
pub mod regression;
mod residual;
mod ridge;
mod standard_form;
mod total;
mod update;

pub use certified::{CertifiedSolution, certified_lstsq, certified_solve};
pub use constrained::{
    Constrained, ConstrainedSolution, GeneralizedSolution, constrained_lstsq, generalized_lstsq, weighted_lstsq,
};
pub use factored::{Method, SolvePlan};
pub use fitted::{LstsqMethod, LstsqSolution};
pub use least_squares::{Lstsq, lstsq, lstsq_by};
pub use linear::{Refinement, Solution, Solve, Solver, solve, solve_by};
pub use pinv::{Pseudoinverse, pinv};
pub use polynomial::{PolynomialRoot, polynomial_roots};
pub use ridge::{Choice, Ridge, RidgePoint, RidgeSolution};
pub use total::{Errors, TotalSolution, total_lstsq};
pub use update::{CholeskyUpdate, Woodbury};
