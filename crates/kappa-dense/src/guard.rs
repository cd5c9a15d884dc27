//! What every factorization does at the door: shapes, entries that are not finite, a scaling by a power of two, and what answers must satisfy.

use crate::power::{exponent, scale_by_power};
use crate::scale::{scale_entry, scaled};
use crate::{Error, Matrix, MatrixRef, Scalar, Scan, scan};

/// An answer is refused when Σσ² and ‖A‖_F² differ by more than this many ε·‖A‖_F²·max(m, n).
const AGREEMENT: f64 = 32.0;

/// A·2⁻ᵉ with its largest entry near 1, in double precision, and e. Refuses entries that are not finite.
pub(crate) fn prepared<T: Scalar>(a: MatrixRef<'_, T>) -> Result<(Matrix<T::Wide>, i32), Error> {
    let e = exponent(largest_entry(a)?);
    Ok((scaled(a, e), e))
}

/// The largest modulus. Refuses entries that are not finite.
pub(crate) fn largest_entry<T: Scalar>(a: MatrixRef<'_, T>) -> Result<f64, Error> {
    let found = scan(a);
    match found.not_finite {
        Some(at) => Err(Error::not_finite(at.row, at.column)),
        // The modulus of a complex entry may overflow where its parts do not.
        None => Ok(found.max_abs.min(f64::MAX)),
    }
}

/// The same of the lower triangle of a Hermitian matrix: what stands above it, and in the imaginary parts of its diagonal, may be
/// anything, and is zero in the copy.
pub(crate) fn prepared_lower<T: Scalar>(a: MatrixRef<'_, T>) -> Result<(Matrix<T::Wide>, i32), Error> {
    let mut lower = a.to_owned();
    for j in 0..a.columns().min(a.rows()) {
        lower.column_mut(j)[..j].fill(T::default());
        lower[(j, j)] = T::from_parts(lower[(j, j)].re(), 0.0);
    }
    prepared(lower.as_ref())
}

pub(crate) fn square<T: Scalar>(a: MatrixRef<'_, T>, what: &str) -> Result<usize, Error> {
    let (m, n) = (a.rows(), a.columns());
    if m == n { Ok(n) } else { Err(Error::shape(format!("{what} needs a square matrix, not a {m}×{n} one"))) }
}

pub(crate) fn unscaled<W: Scalar>(mut a: Matrix<W>, e: i32) -> Matrix<W> {
    a.as_mut_slice().iter_mut().for_each(|x| *x = scale_entry(*x, e));
    a
}

/// A finite matrix that is not zero.
pub(crate) struct Checked {
    /// The scaling: work with A·2⁻ᵉ.
    pub(crate) e: i32,
    pub(crate) guard: Guard,
}

/// What every true answer satisfies.
pub(crate) struct Guard {
    pub(crate) sum_of_squares: f64,
    tolerance: f64,
}

impl Guard {
    /// The same with the room that the errors of this precision need.
    pub(crate) fn in_precision_of<P: Scalar>(&self) -> Self {
        // However many rows: a tenth says that something is wrong.
        let tolerance = (self.tolerance / f64::EPSILON * P::EPSILON).min(0.1);
        Self { sum_of_squares: self.sum_of_squares, tolerance }
    }

    pub(crate) fn accepts(&self, values: &[f64]) -> bool {
        let sum: f64 = values.iter().map(|s| s * s).sum();
        let sorted = values.windows(2).all(|pair| pair[0] >= pair[1]);
        sorted && (sum - self.sum_of_squares).abs() <= self.tolerance * self.sum_of_squares
    }
}

/// Refuses entries that are not finite; `None` for a matrix without a non-zero entry.
pub(crate) fn check<T: Scalar>(a: MatrixRef<'_, T>) -> Result<Option<Checked>, Error> {
    let Scan { max_abs, sum_of_squares, exponent: scan_e, not_finite, .. } = scan(a);
    if let Some(found) = not_finite {
        return Err(Error::not_finite(found.row, found.column));
    }
    if max_abs == 0.0 {
        return Ok(None);
    }
    let e = exponent(max_abs);
    let guard = Guard {
        sum_of_squares: scale_by_power(sum_of_squares, 2 * (scan_e - e)),
        tolerance: AGREEMENT * f64::EPSILON * a.rows().max(a.columns()) as f64,
    };
    Ok(Some(Checked { e, guard }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_rows_zeros_are_not_accepted() {
        let guard = Guard { sum_of_squares: 1.0, tolerance: AGREEMENT * f64::EPSILON * 1e9 };
        assert!(!guard.in_precision_of::<f32>().accepts(&[0.0, 0.0]));
        assert!(guard.in_precision_of::<f32>().accepts(&[1.0, 0.0]));
    }
}
