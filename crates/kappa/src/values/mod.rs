//! Numbers from a factor, and nothing but numbers.

mod singular_values;

pub(crate) use singular_values::Model;
pub use singular_values::SingularValues;
