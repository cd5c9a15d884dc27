//! Certificates: rigorous enclosures from untrusted factors and trusted residuals, with every rounding error counted.

mod determinant;
mod eigen;
mod inverse;
mod least_squares;
mod many_bits;
mod many_bits_system;
mod product;
mod semidefinite;
mod singular;
mod spectral;
mod system;

pub(crate) use determinant::{Determinant, Product, determinant};
pub(crate) use eigen::{eigenvalue_radii, hermitian_eigenvalues};
pub(crate) use inverse::{Doubt, InverseEnclosure, enclose_inverse, regular_within};
pub(crate) use least_squares::{LeastSquaresCertificate, ScaledSolution, sum_of_squares};
pub(crate) use many_bits::{Effort, inverse_in_many_bits, inverse_of_sum};
pub(crate) use many_bits_system::{normal_equations_in_many_bits, solve_in_many_bits};
pub(crate) use product::{moduli, times};
pub(crate) use semidefinite::{eigenvalue_below, largest_eigenvalue_up};
pub(crate) use singular::certified_values_of;
pub use spectral::{SpectralCertificate, SpectralMethod};
pub(crate) use spectral::{growth, spectral_bounds, spectral_norm_up};
pub(crate) use system::SystemCertificate;
