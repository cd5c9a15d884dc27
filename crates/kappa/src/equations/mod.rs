//! Problems with right-hand sides, and polynomials.

mod aberth;
mod polynomial;

pub use polynomial::{PolynomialRoot, polynomial_roots};
