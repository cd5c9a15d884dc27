//! The distance to the nearest singular matrix.

use kappa_dense::{Matrix, Scalar, c64, lu};

use super::certified::{inverse_norm, square};
use crate::ask::{certified_norm, certified_singular_values};
use crate::error::{Error, Result};
use crate::norm::{Family, modulus};
use crate::operator::{AnyOperator, Entries, LinearOperator, RealOrComplex, both, wide};
use crate::{Enclosure, Norm, svd};

/// The distance to the nearest matrix without full rank, and that matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Distance<W: Scalar> {
    /// min ‖E‖ over all E for which A + E does not have full rank: 1/‖A⁻¹‖, or σₚ in the spectral norm. In the units of
    /// the entries.
    pub value: Enclosure,
    /// The distance over ‖A‖: 1/κ(A).
    pub relative: Enclosure,
    /// A matrix at about that distance, singular to working precision: A − σₙuₙvₙᴴ in the spectral norm.
    pub nearest: Matrix<W>,
}

/// The distance from A to the matrices without full rank, with the nearest one (Gastinel and Kahan: 1/‖A⁻¹‖).
///
/// In the spectral norm for every shape; the Frobenius distance is the same. In the largest column or row sum for
/// square matrices. Certified. The cost of certified singular values and a decomposition, or of an enclosed inverse.
///
/// # Errors
///
/// When the norm is another one, when the matrix is empty or, for a column or row sum, not square, and when an entry is
/// not finite.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, Norm, distance_to_singularity};
/// let a = Matrix::from_row_major(2, 2, vec![3.0f64, 0.0, 0.0, 0.5])?;
/// let d = distance_to_singularity(&a, Norm::spectral())?;
/// assert!(d.value.contains(0.5) && d.nearest[(1, 1)].abs() < 1e-16);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Kahan, Canad. Math. Bull. 9 (1966) 757–801; Higham, *Accuracy and Stability*, 2nd ed., Theorem 6.5.
pub fn distance_to_singularity<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    norm: Norm,
) -> Result<Distance<T::Wide>> {
    let entries = Entries::of(a)?;
    let view = entries.view();
    if view.rows() == 0 || view.columns() == 0 {
        return Err(Error::shape("an empty matrix has no distance to singularity"));
    }
    match norm.0 {
        Family::Schatten(p) if p >= 2.0 => by_values(&view, norm),
        Family::Induced(1.0, 1.0) => by_columns(&view, norm, false),
        Family::Induced(f64::INFINITY, f64::INFINITY) => by_columns(&view, norm, true),
        _ => Err(Error::unsupported(format!("the distance to singularity in the {norm} norm is not available"))
            .with_hint("use spectral, frobenius, max-column-sum or max-row-sum")),
    }
}

fn by_values<T: Scalar>(a: &kappa_dense::MatrixRef<'_, T>, norm: Norm) -> Result<Distance<T::Wide>> {
    let value = certified_singular_values(a)?.last();
    let f = svd(a)?;
    let last = f.singular_values().len() - 1;
    let s = f.singular_values().last().estimate();
    let wide = a.to_wide();
    let nearest = Matrix::from_fn(a.rows(), a.columns(), |i, j| {
        wide[(i, j)] - (f.u()[(i, last)] * f.v()[(j, last)].conj()).scale(s)
    });
    Ok(Distance { value, relative: relative(value, certified_norm(a, norm)?), nearest })
}

fn relative(value: Enclosure, size: Enclosure) -> Enclosure {
    if size.upper() == 0.0 { Enclosure::exact(0.0) } else { value.over(size) }
}

/// ‖A⁻¹‖₁ is the sum of a column x = A⁻¹eⱼ, and E = −eⱼzᴴ/‖x‖₁ with zᵢ = xᵢ/|xᵢ| makes (A + E)x = 0; rows by the
/// adjoint.
fn by_columns<T: Scalar>(a: &kappa_dense::MatrixRef<'_, T>, norm: Norm, by_rows: bool) -> Result<Distance<T::Wide>> {
    let n = square(*a)?;
    let wide = a.to_wide();
    let size = certified_norm(a, norm)?;
    let factors = lu(*a)?;
    if factors.is_singular() {
        let value = match inverse_norm(a, norm)? {
            Some(inverse) => Enclosure::exact(1.0).over(inverse.enclosure()),
            None if crate::ask::is_exactly_singular(*a) == Some(true) => Enclosure::exact(0.0),
            None => Enclosure::new(0.0, 0.0, size.upper(), size.evidence()),
        };
        return Ok(Distance { value, relative: relative(value, size), nearest: wide });
    }
    let inverse = factors.inverse();
    let x = |j: usize| -> Vec<T::Wide> {
        (0..n).map(|i| if by_rows { inverse[(j, i)].conj() } else { inverse[(i, j)] }).collect()
    };
    let sum = |x: &[T::Wide]| x.iter().map(|&x| modulus(x)).sum::<f64>();
    let best = (0..n).max_by(|&i, &j| sum(&x(i)).total_cmp(&sum(&x(j)))).unwrap_or(0);
    let x = x(best);
    let total = sum(&x);
    let e = |k: usize| {
        let size = modulus(x[k]);
        if size == 0.0 { <T::Wide>::default() } else { x[k].conj().scale(-1.0 / size / total) }
    };
    let nearest = Matrix::from_fn(n, n, |i, j| match by_rows {
        false if i == best => wide[(i, j)] + e(j),
        true if j == best => wide[(i, j)] + e(i).conj(),
        _ => wide[(i, j)],
    });
    let value = match inverse_norm(a, norm)? {
        Some(inverse) => Enclosure::exact(1.0).over(inverse.enclosure()),
        None if crate::ask::is_exactly_singular(*a) == Some(true) => Enclosure::exact(0.0),
        // The matrix found gives an upper bound only if it is exactly singular; ‖A‖ is always an upper bound.
        None => Enclosure::new(0.0, 1.0 / total, size.upper(), size.evidence()),
    };
    Ok(Distance { value, relative: relative(value, size), nearest })
}

impl AnyOperator<'_> {
    /// [`distance_to_singularity`](crate::distance_to_singularity) of this operator.
    ///
    /// # Errors
    ///
    /// As [`distance_to_singularity`](crate::distance_to_singularity).
    pub fn distance_to_singularity(&self, norm: Norm) -> Result<RealOrComplex<Distance<f64>, Distance<c64>>> {
        wide!(self, a => self::distance_to_singularity(a, norm))
    }
}

/// [`Distance`] of a real or of a complex matrix.
pub type AnyDistance = RealOrComplex<Distance<f64>, Distance<c64>>;

impl AnyDistance {
    /// The distance.
    pub fn value(&self) -> Enclosure {
        both!(self, f => f.value)
    }

    /// The distance over the norm of the matrix.
    pub fn relative(&self) -> Enclosure {
        both!(self, f => f.relative)
    }

    /// The nearest matrix without full rank.
    pub fn nearest(&self) -> AnyOperator<'_> {
        both!(self, f => (&f.nearest).into())
    }
}
