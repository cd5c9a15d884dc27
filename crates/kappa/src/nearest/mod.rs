//! The nearest matrix of a kind, and how far it is; and the best alignment of two sets of points.
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

/// A matrix of the kind that was asked for, and its distance from the one that was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearest<W: Scalar> {
    /// The matrix.
    pub matrix: Matrix<W>,
    /// ‖A − X‖ in the norm that is named: of the matrix as it is returned, every rounding error counted where the norm allows.
    pub distance: Enclosure,
    /// The norm.
    pub norm: Norm,
    /// Whether no other matrix of the kind is as near; `None` where that is not known.
    pub is_unique: Option<bool>,
    /// Steps that were taken; 0 for a closed form.
    pub steps: usize,
}

impl<W: Scalar<Wide = W>> Nearest<W> {
    /// A closed form, judged in the Frobenius norm.
    fn closed(a: &Matrix<W>, matrix: Matrix<W>, is_unique: Option<bool>) -> Result<Self> {
        let distance = distance(a, &matrix, Norm::frobenius())?;
        Ok(Self { matrix, distance, norm: Norm::frobenius(), is_unique, steps: 0 })
    }
}

/// ‖A − X‖ of the rounded difference.
fn distance<W: Scalar<Wide = W>>(a: &Matrix<W>, x: &Matrix<W>, norm: Norm) -> Result<Enclosure> {
    let difference = Matrix::from_fn(a.rows(), a.columns(), |i, j| a[(i, j)] - x[(i, j)]);
    let found = crate::norm(&difference, norm)?;
    // Numbers that differ have a difference that is not 0.
    if found.upper() == 0.0 {
        return Ok(found);
    }
    // Each entry of the difference is rounded once, by at most u of it.
    let slack = 2.0 * f64::EPSILON;
    Ok(Enclosure::new(
        (found.lower() * (1.0 - slack)).next_down().max(0.0),
        found.estimate(),
        (found.upper() * (1.0 + slack)).next_up(),
        found.evidence(),
    ))
}

/// The entries in double precision of a finite matrix.
fn wide<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Matrix<T::Wide>> {
    let entries = Entries::of(a)?;
    Profile::of_entries(entries.view())?;
    Ok(entries.view().to_wide())
}

/// The same of a square one.
fn square<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), what: &str) -> Result<Matrix<T::Wide>> {
    let (m, n) = a.shape();
    if m != n {
        return Err(Error::shape(format!("the nearest {what} matrix needs a square one, not a {m}×{n} one"))
            .with_hint("orthogonal and low-rank matrices may have any shape"));
    }
    wide(a)
}

/// ½(A + Aᴴ), or ½(A − Aᴴ).
fn half<W: Scalar>(a: MatrixRef<'_, W>, sign: f64) -> Matrix<W> {
    Matrix::from_fn(a.rows(), a.columns(), |i, j| {
        let (x, y) = (a.get(i, j), a.get(j, i).conj().scale(sign));
        let sum = x + y;
        // Halved first where the sum overflows, and last elsewhere, so that nothing small is lost.
        if sum.is_finite() { sum.scale(0.5) } else { x.scale(0.5) + y.scale(0.5) }
    })
}

/// [`Nearest`] of a real or of a complex matrix.
pub type AnyNearest = RealOrComplex<Nearest<f64>, Nearest<c64>>;

impl AnyNearest {
    /// The matrix.
    pub fn matrix(&self) -> AnyOperator<'_> {
        both!(self, f => (&f.matrix).into())
    }

    /// How far it is.
    pub fn distance(&self) -> Enclosure {
        both!(self, f => f.distance)
    }

    /// The norm of the distance.
    pub fn norm(&self) -> Norm {
        both!(self, f => f.norm)
    }

    /// Whether it is for certain the only one.
    pub fn is_unique(&self) -> Option<bool> {
        both!(self, f => f.is_unique)
    }

    /// Steps of an iteration.
    pub fn steps(&self) -> usize {
        both!(self, f => f.steps)
    }
}
