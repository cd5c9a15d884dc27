//! The nearest matrix of a given kind, with its distance; and the best alignment of two sets of points.
//!
//! ```
//! use kappa::{Matrix, nearest};
//! let a = Matrix::from_row_major(2, 2, vec![1.0, 3.0, 1.0, 1.0])?;
//! let s = nearest::symmetric(&a)?;
//! assert_eq!(s.matrix[(0, 1)], 2.0);
//! assert!(s.distance.contains(2f64.sqrt()));
//! # Ok::<(), kappa::Error>(())
//! ```

mod consensus;
mod correlation;
mod low_rank;
mod normal;
mod orthogonal;
mod procrustes;
mod semidefinite;
mod singular;
mod symmetric;

pub use consensus::{Consensus, align_all};
pub use correlation::{AlternatingProjections, correlation};
pub use low_rank::low_rank;
pub use normal::normal;
pub use orthogonal::orthogonal;
pub use procrustes::{Alignment, Procrustes, align};
pub use semidefinite::semidefinite;
pub use singular::singular;
pub use symmetric::{skew, symmetric};

use kappa_dense::{Matrix, MatrixRef, Scalar, c64};

use crate::error::{Error, Result};
use crate::operator::{AnyOperator, Entries, LinearOperator, RealOrComplex, both};
use crate::{Enclosure, Norm, Profile};

/// The nearest matrix of a given kind, with its distance from the given matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearest<W: Scalar> {
    /// The nearest matrix X.
    pub matrix: Matrix<W>,
    /// ‖A − X‖ in the norm `norm`, for X as it is returned; every rounding error is counted if the norm allows.
    pub distance: Enclosure,
    /// The norm of the distance.
    pub norm: Norm,
    /// Whether X is the only nearest matrix of its kind; `None` if that is not decided.
    pub is_unique: Option<bool>,
    /// The number of iterations; 0 for a closed form.
    pub steps: usize,
}

impl<W: Scalar<Wide = W>> Nearest<W> {
    /// The result of a closed form, with its distance in the Frobenius norm.
    fn closed(a: &Matrix<W>, matrix: Matrix<W>, is_unique: Option<bool>) -> Result<Self> {
        let distance = distance(a, &matrix, Norm::frobenius())?;
        Ok(Self { matrix, distance, norm: Norm::frobenius(), is_unique, steps: 0 })
    }
}

/// ‖A − X‖, with the rounding of the difference.
fn distance<W: Scalar<Wide = W>>(a: &Matrix<W>, x: &Matrix<W>, norm: Norm) -> Result<Enclosure> {
    let difference = Matrix::from_fn(a.rows(), a.columns(), |i, j| a[(i, j)] - x[(i, j)]);
    let found = crate::norm(&difference, norm)?;
    // The difference of two different doubles is not 0, thanks to gradual underflow.
    if found.upper() == 0.0 {
        return Ok(found);
    }
    // Each entry of the difference is rounded once, by at most u relative to it.
    let slack = 2.0 * f64::EPSILON;
    Ok(Enclosure::new(
        (found.lower() * (1.0 - slack)).next_down().max(0.0),
        found.estimate(),
        (found.upper() * (1.0 + slack)).next_up(),
        found.evidence(),
    ))
}

/// The entries of a finite matrix in double precision.
fn wide<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Matrix<T::Wide>> {
    let entries = Entries::of(a)?;
    Profile::of_entries(entries.view())?;
    Ok(entries.view().to_wide())
}

/// As `wide`, for a square matrix.
fn square<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), what: &str) -> Result<Matrix<T::Wide>> {
    let (m, n) = a.shape();
    if m != n {
        return Err(Error::shape(format!("the nearest {what} matrix needs a square matrix, got {m}×{n}"))
            .with_hint("the nearest orthogonal and low-rank matrices work for any shape"));
    }
    wide(a)
}

/// ½(A + Aᴴ), or ½(A − Aᴴ).
fn half<W: Scalar>(a: MatrixRef<'_, W>, sign: f64) -> Matrix<W> {
    Matrix::from_fn(a.rows(), a.columns(), |i, j| {
        let (x, y) = (a.get(i, j), a.get(j, i).conj().scale(sign));
        let sum = x + y;
        // Halved first if the sum overflows, and last otherwise, so that small numbers do not underflow.
        if sum.is_finite() { sum.scale(0.5) } else { x.scale(0.5) + y.scale(0.5) }
    })
}

/// [`Nearest`] of a real or of a complex matrix.
pub type AnyNearest = RealOrComplex<Nearest<f64>, Nearest<c64>>;

impl AnyNearest {
    /// The nearest matrix.
    pub fn matrix(&self) -> AnyOperator<'_> {
        both!(self, f => (&f.matrix).into())
    }

    /// The distance from the given matrix.
    pub fn distance(&self) -> Enclosure {
        both!(self, f => f.distance)
    }

    /// The norm of the distance.
    pub fn norm(&self) -> Norm {
        both!(self, f => f.norm)
    }

    /// Whether it is certainly the only one.
    pub fn is_unique(&self) -> Option<bool> {
        both!(self, f => f.is_unique)
    }

    /// The number of iterations; 0 for a closed form.
    pub fn steps(&self) -> usize {
        both!(self, f => f.steps)
    }
}
