//! Which singular triplets of an operator to compute, and how, as a value.

use kappa_dense::{Leading, Precision, Scalar};

use super::{
    AnyPartialSvd, PartialSvd, RandomizedSvd, ThickRestart, partial_svd, randomized_svd, randomized_svd_to_error,
    truncated_svd,
};
use crate::Enclosure;
use crate::error::Result;
use crate::krylov::End;
use crate::operator::{AnyOperator, DENSE_LIMIT, LinearOperator, RealOrComplex};
use crate::values::SingularValues;

/// Which singular triplets to compute, and by which function, with its arguments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SingularTriplets {
    /// The largest, by a reduction of the whole matrix: [`truncated_svd`].
    Truncated(Leading, Precision),
    /// The k largest, from a random sketch: [`randomized_svd`].
    Randomized(usize, RandomizedSvd),
    /// As many as bring the error down to this share of the Frobenius norm, from random sketches:
    /// [`randomized_svd_to_error`].
    Within(f64, RandomizedSvd),
    /// The k largest or smallest, by Lanczos: [`partial_svd`].
    Partial(usize, ThickRestart),
}

impl SingularTriplets {
    /// Computes these triplets of an operator.
    ///
    /// # Errors
    ///
    /// As the function that computes them.
    pub fn of<T: Scalar>(&self, a: &(impl LinearOperator<T> + ?Sized)) -> Result<PartialSvd<T::Wide>> {
        match *self {
            Self::Truncated(leading, precision) => truncated_svd(a, leading, precision),
            Self::Randomized(k, ref how) => randomized_svd(a, k, how),
            Self::Within(share, ref how) => randomized_svd_to_error(a, share, how),
            Self::Partial(k, ref how) => partial_svd(a, k, how),
        }
    }
}

impl AnyOperator<'_> {
    /// Some singular triplets of this operator.
    ///
    /// # Errors
    ///
    /// As the function that computes them.
    pub fn triplets(&self, which: &SingularTriplets) -> Result<AnyPartialSvd> {
        match self {
            Self::F32(a) => which.of(a).map(RealOrComplex::Real),
            Self::F64(a) => which.of(a).map(RealOrComplex::Real),
            Self::C32(a) => which.of(a).map(RealOrComplex::Complex),
            Self::C64(a) => which.of(a).map(RealOrComplex::Complex),
        }
    }

    /// The k largest singular values, of a large sparse matrix or operator without a dense copy: by Lanczos with
    /// thick restarts.
    ///
    /// All singular values where the entries are stored or fit (smaller side up to 1000), as
    /// [`singular_values`](crate::singular_values).
    ///
    /// # Errors
    ///
    /// As [`singular_values`](crate::singular_values) and [`partial_svd`].
    pub fn top_singular_values(&self, k: usize) -> Result<SingularValues> {
        let (m, n) = self.shape();
        if self.is_written_out() {
            return self.singular_values();
        }
        let found = self.triplets(&SingularTriplets::Partial(k, ThickRestart::default()))?;
        Ok(SingularValues::from_enclosures((m, n), found.values().to_vec()).by(found.algorithm()))
    }
}

impl AnyOperator<'_> {
    /// The k smallest singular values, smallest first, of a large sparse matrix or operator without a dense copy:
    /// each encloses some singular value (see [`PartialSvd::values`]).
    ///
    /// # Errors
    ///
    /// As [`singular_values`](crate::singular_values) and [`partial_svd`].
    pub fn smallest_singular_values(&self, k: usize) -> Result<Vec<Enclosure>> {
        if self.is_written_out() {
            let values: Vec<Enclosure> = self.singular_values()?.iter().collect();
            return Ok(values.into_iter().rev().take(k).collect());
        }
        let how = ThickRestart { end: End::Smallest, ..ThickRestart::default() };
        Ok(self.triplets(&SingularTriplets::Partial(k, how))?.values().to_vec())
    }

    /// Whether questions that need all singular values are answered from all entries: those of a dense or of a small
    /// matrix.
    pub fn is_written_out(&self) -> bool {
        let (m, n) = self.shape();
        self.is_dense() || m.min(n) <= WRITTEN_OUT && m.saturating_mul(n) <= DENSE_LIMIT
    }
}

/// Sparse matrices up to this smaller side are answered sooner by dense methods.
const WRITTEN_OUT: usize = 1000;
