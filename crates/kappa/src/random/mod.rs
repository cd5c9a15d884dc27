//! What needs a seed.

mod quadrature;
mod seed;
mod sketch;
mod svd;
mod trace;

pub use quadrature::{Spread, StochasticLanczos};
pub(crate) use seed::{Draws, random_unit};
pub use sketch::Sketch;
pub use svd::{RandomizedSvd, randomized_svd, randomized_svd_within};
pub use trace::{Hutchinson, frobenius_by_sampling};
