//! What needs a seed.

mod density;
mod seed;
mod sketch;
mod svd;
mod trace;

pub use density::{LanczosDensity, StochasticLanczos};
pub(crate) use seed::{Draws, random_unit};
pub use sketch::Sketch;
pub use svd::{RandomizedSvd, randomized_svd, randomized_svd_within};
pub use trace::{Hutchinson, frobenius_by_sampling};
