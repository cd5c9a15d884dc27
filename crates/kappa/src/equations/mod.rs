//! Linear systems, least squares problems and their regularized and constrained forms, regression, and roots of
//! polynomials.

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

pub use certified::EntryEnclosures;
pub use constrained::AnyConstrainedSolution;
pub use constrained::AnyGeneralizedSolution;
pub use constrained::{
    Constrained, ConstrainedSolution, GeneralizedSolution, constrained_lstsq, generalized_lstsq, weighted_lstsq,
};
pub use factored::{Method, SolvePlan};
pub use fitted::AnyLstsqSolution;
pub use fitted::{LstsqMethod, LstsqSolution};
pub use least_squares::{Lstsq, lstsq, lstsq_by};
pub use linear::AnySolution;
pub use linear::AnySolver;
pub use linear::{Refinement, Solution, Solve, Solver, solve, solve_by};
pub use pinv::AnyPseudoinverse;
pub use pinv::{Pseudoinverse, pinv};
pub use polynomial::{PolynomialRoot, polynomial_roots};
pub use ridge::AnyRidge;
pub use ridge::AnyRidgeSolution;
pub use ridge::{Choice, Ridge, RidgePoint, RidgeSolution};
pub use total::AnyTotalSolution;
pub use total::{Errors, TotalSolution, total_lstsq};
pub use update::AnyCholeskyUpdate;
pub use update::AnyWoodbury;
pub use update::{CholeskyUpdate, Woodbury};
