//! The questions, one file each.

mod certified;
mod cond;
mod field;
mod measure;
mod norm;
mod profile;
mod question;
mod rank;
mod singular_values;
mod svd;

pub use certified::{
    certified_measure, certified_norm, certified_singular_values, certified_spectral_norm, certified_spectral_norm_by,
};
pub use cond::{cond, cond_in};
pub use field::{log_norm, numerical_radius};
pub use measure::measure;
pub use norm::{induced_norm, norm, spectral_norm};
pub use profile::Profile;
pub use question::{Check, Comparison, Question};
pub use rank::rank;
pub use singular_values::singular_values;
pub use svd::{svd, svd_full};

use kappa_dense::{Matrix, MatrixRef, Scalar};

use crate::error::Result;
use crate::operator::LinearOperator;

/// The entries of any operator: borrowed where they are stored, else written out.
enum Entries<'a, T: Scalar> {
    Stored(MatrixRef<'a, T>),
    Written(Matrix<T>),
}

impl<'a, T: Scalar> Entries<'a, T> {
    fn of(a: &'a (impl LinearOperator<T> + ?Sized)) -> Result<Self> {
        match a.as_dense() {
            Some(view) => Ok(Self::Stored(view)),
            None => Ok(Self::Written(a.to_dense()?)),
        }
    }

    fn view(&self) -> MatrixRef<'_, T> {
        match self {
            Self::Stored(view) => *view,
            Self::Written(matrix) => matrix.as_ref(),
        }
    }
}
