//! Numbers from a factor, and nothing but numbers.

mod singular_values;

pub(crate) use singular_values::Residual;
pub use singular_values::SingularValues;
