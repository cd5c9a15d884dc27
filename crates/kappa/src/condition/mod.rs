//! Sensitivity in the limit of small changes: of the inverse, of solutions, of eigenvalues.

mod certified;
mod componentwise;
mod cond;
mod digits;
mod distance;
mod eigenvalue;
mod estimate;
mod extended;
mod least_squares;
mod statistical;

pub(crate) use certified::certified_cond;
pub use certified::{Condition, inverse_norm, is_regular_within};
pub use componentwise::{Scaling, bauer_cond, best_scaling, skeel_cond, skeel_cond_at};
pub use cond::{cond, cond_by, cond_in};
pub use digits::{DataType, Digits, SolveAlgorithm, digits};
pub use distance::AnyDistance;
pub use distance::{Distance, distance_to_singularity};
pub use eigenvalue::{EigenvalueCondition, eigenvalue_cond, separation};
pub(crate) use eigenvalue::{solve_upper, solve_upper_adjoint};
pub use estimate::{cond_estimate, inverse_norm_estimate, one_norm_estimate};
pub use extended::Extended;
pub use least_squares::{LeastSquaresCondition, least_squares_cond};
pub use statistical::{SmallSample, StatisticalCondition, statistical_cond};
