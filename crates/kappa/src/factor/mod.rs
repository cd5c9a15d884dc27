//! What one keeps to ask again.

mod svd;

pub use svd::Svd;
