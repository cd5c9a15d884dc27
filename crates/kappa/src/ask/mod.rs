//! The questions, one file each.

mod certified;
mod cond;
mod exact_rank;
mod field;
mod measure;
mod norm;
mod profile;
mod question;
mod rank;
mod singular_values;
mod svd;

pub(crate) use certified::certified_values_of;
pub use certified::{
    certified_measure, certified_norm, certified_singular_values, certified_spectral_norm, certified_spectral_norm_by,
};
pub use cond::{cond, cond_by, cond_in};
pub use exact_rank::exact_rank;
pub(crate) use exact_rank::is_exactly_singular;
pub use field::{log_norm, numerical_radius};
pub use measure::measure;
pub use norm::{induced_norm, norm, spectral_norm};
pub use profile::Profile;
pub use question::{Check, Comparison, Question};
pub use rank::rank;
pub use singular_values::{singular_values, singular_values_above};
pub use svd::{svd, svd_full, truncated_svd};

use kappa_dense::{Matrix, MatrixRef, Scalar};

use crate::error::Result;
use crate::operator::LinearOperator;

/// The entries of any operator: borrowed where they are stored, else written out.
pub(crate) enum Entries<'a, T: Scalar> {
    Stored(MatrixRef<'a, T>),
    Written(Matrix<T>),
}

impl<'a, T: Scalar> Entries<'a, T> {
    pub(crate) fn of(a: &'a (impl LinearOperator<T> + ?Sized)) -> Result<Self> {
        match a.as_dense() {
            Some(view) => Ok(Self::Stored(view)),
            None => Ok(Self::Written(a.to_dense()?)),
        }
    }

    pub(crate) fn view(&self) -> MatrixRef<'_, T> {
        match self {
            Self::Stored(view) => *view,
            Self::Written(matrix) => matrix.as_ref(),
        }
    }
}
