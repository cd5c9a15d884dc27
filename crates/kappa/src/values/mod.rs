//! Numbers from a factor, and nothing but numbers.

mod eigenvalues;
mod singular_values;

pub use eigenvalues::Eigenvalues;
pub(crate) use eigenvalues::connected;
pub(crate) use singular_values::Residual;
pub use singular_values::SingularValues;
