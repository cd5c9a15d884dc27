//! Random numbers that depend on the seed alone, and the random matrices of sketches.

mod seed;
mod sketch;

pub(crate) use seed::{Draws, random_unit};
pub use sketch::Sketch;
