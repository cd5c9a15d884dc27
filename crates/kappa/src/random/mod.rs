//! What needs a seed.

mod seed;
mod trace;

pub(crate) use seed::{Draws, random_unit};
pub use trace::{Hutchinson, frobenius_by_sampling};
