//! Some singular triplets of a matrix, real or complex.

use kappa::{
    Leading, LinearOperator, PartialSvd, Precision, RandomizedSvd, Result, Scalar, ThickRestart, c64, partial_svd,
    randomized_svd, randomized_svd_within, truncated_svd,
};

/// Which singular triplets, and how they are found: each is a verb of `kappa` with what it is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SingularTriplets {
    /// The largest, by a reduction of the whole matrix.
    Truncated(Leading, Precision),
    /// The k largest, from a random sketch.
    Randomized(usize, RandomizedSvd),
    /// As many as bring the error down to this share of the Frobenius norm, from random sketches.
    Within(f64, RandomizedSvd),
    /// The k largest or smallest, by Lanczos.
    Partial(usize, ThickRestart),
}

impl SingularTriplets {
    /// Those of an operator.
    pub fn of<T: Scalar>(&self, a: &(impl LinearOperator<T> + ?Sized)) -> Result<PartialSvd<T::Wide>> {
        match *self {
            Self::Truncated(leading, precision) => truncated_svd(a, leading, precision),
            Self::Randomized(k, ref how) => randomized_svd(a, k, how),
            Self::Within(share, ref how) => randomized_svd_within(a, share, how),
            Self::Partial(k, ref how) => partial_svd(a, k, how),
        }
    }
}

/// A few singular triplets.
#[derive(Clone, Debug)]
pub enum PartialDecomposition {
    /// Of a real matrix.
    Real(PartialSvd<f64>),
    /// Of a complex one.
    Complex(PartialSvd<c64>),
}

impl From<PartialSvd<f64>> for PartialDecomposition {
    fn from(f: PartialSvd<f64>) -> Self {
        Self::Real(f)
    }
}

impl From<PartialSvd<c64>> for PartialDecomposition {
    fn from(f: PartialSvd<c64>) -> Self {
        Self::Complex(f)
    }
}

/// The same expression for both kinds.
#[macro_export]
macro_rules! with_partial {
    ($partial:expr, $f:ident => $body:expr) => {
        match $partial {
            $crate::PartialDecomposition::Real($f) => $body,
            $crate::PartialDecomposition::Complex($f) => $body,
        }
    };
}
