//! Numbers from a factor, and nothing but numbers.

mod singular_values;

pub use singular_values::SingularValues;
