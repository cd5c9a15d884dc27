//! Problems with right-hand sides, and polynomials.

mod polynomial;

pub use polynomial::{PolynomialRoot, polynomial_roots};
