//! Subgradients of norms: the first-order change of a norm.

use kappa_dense::{Matrix, Scalar, c64};

use super::ball::{Change, changed};
use crate::error::Result;
use crate::norm::{Gauge, Mixed, Norm, Outside, Structure, modulus, vector_norm};
use crate::operator::{AnyOperator, LinearOperator, RealOrComplex, both, wide};
use crate::values::SingularValues;

/// A subgradient G of a norm at A: ‖B‖ ≥ ‖A‖ + Re⟨G, B − A⟩ for every B, with ⟨G, A⟩ = ‖A‖ and dual norm 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Subgradient<W: Scalar> {
    /// G, of the shape of A.
    pub matrix: Matrix<W>,
    /// Whether the subgradient is certainly unique, so that it is the gradient. `false` also where ties cannot be
    /// excluded.
    pub is_unique: bool,
}

impl Norm {
    /// A subgradient of this norm at A, and whether it is the gradient.
    ///
    /// ∂‖A‖_F = A/‖A‖_F, ∂‖A‖₂ ∋ u₁v₁*, ∂‖A‖_* ∋ UV*. The nuclear norm is smooth exactly where A has full rank, whether
    /// or not singular values repeat; the spectral norm where σ₁ is simple; Ky Fan k where σₖ > σₖ₊₁. At A = 0, where
    /// every matrix of dual norm at most 1 is a subgradient, the result is 0. For induced norms without a closed form
    /// the subgradient belongs to the best vector found, and `is_unique` is false. The cost of one decomposition, or of
    /// a pass over the entries.
    ///
    /// # Errors
    ///
    /// When an entry is not finite, and for the dual of an induced norm without a closed form.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::{Matrix, Norm};
    /// let a = Matrix::<f64>::from_row_major(2, 2, vec![3.0, 0.0, 0.0, 1.0])?;
    /// let g = Norm::nuclear().subgradient(&a)?;
    /// assert!(g.is_unique && (g.matrix[(0, 0)] - 1.0).abs() < 1e-15);
    /// // At repeated singular values the nuclear norm is smooth, and the spectral norm is not.
    /// let i = Matrix::<f64>::identity(2);
    /// assert!(Norm::nuclear().subgradient(&i)?.is_unique && !Norm::spectral().subgradient(&i)?.is_unique);
    /// # Ok::<(), kappa::Error>(())
    /// ```
    ///
    /// Reference: Watson, Linear Algebra Appl. 170 (1992) 33–45.
    pub fn subgradient<T: Scalar>(&self, a: &(impl LinearOperator<T> + ?Sized)) -> Result<Subgradient<T::Wide>> {
        let (matrix, values) = changed(*self, a, Change::DualVector)?;
        let wide = a.to_dense()?.as_ref().to_wide();
        let is_unique = match (self.structure(), values) {
            (Structure::Singular(gauge), Some(values)) => is_smooth_at(gauge, &values),
            (Structure::Entries(p), _) => is_smooth_at_entries(p, wide.as_slice()),
            (Structure::Columns(mixed), _) => is_smooth_at_columns(mixed, &wide),
            (Structure::Rows(mixed), _) => is_smooth_at_columns(mixed, &wide.adjoint()),
            _ => false,
        };
        Ok(Subgradient { matrix, is_unique })
    }
}

/// Whether a gauge of singular values has a unique subgradient, as far as the enclosures show.
fn is_smooth_at(gauge: Gauge, values: &SingularValues) -> bool {
    let n = values.len();
    if n == 0 || values.first().upper() == 0.0 {
        return false;
    }
    let is_apart = |i: usize| i + 1 >= n || values.get(i).lower() > values.get(i + 1).upper();
    let is_full = values.last().lower() > 0.0;
    let k = gauge.k.min(n);
    if gauge.is_dual {
        if gauge.p > 1.0 {
            return is_full;
        }
        let mean = Gauge::lp(1.0).of_values(values).over(crate::Enclosure::exact(gauge.k as f64));
        return (values.first().lower() > mean.upper() && is_apart(0))
            || (mean.lower() > values.first().upper() && is_full);
    }
    match gauge.p {
        f64::INFINITY => is_apart(0),
        1.0 if k == n => is_full,
        1.0 => is_apart(k - 1),
        _ => k == n || is_apart(k - 1) || values.get(k - 1).upper() == 0.0,
    }
}

fn is_smooth_at_entries<W: Scalar>(p: f64, entries: &[W]) -> bool {
    let top = entries.iter().map(|&x| modulus(x)).fold(0.0, f64::max);
    match p {
        _ if top == 0.0 => false,
        1.0 => entries.iter().all(|&x| x != W::default()),
        // A complex modulus is rounded: values within rounding count as a tie.
        f64::INFINITY => entries.iter().filter(|&&x| modulus(x) >= top * (1.0 - 8.0 * f64::EPSILON)).count() == 1,
        _ => true,
    }
}

fn is_smooth_at_columns<W: Scalar>(mixed: Mixed, a: &Matrix<W>) -> bool {
    let is_smooth = |j: usize| is_smooth_at_entries(mixed.p, a.column(j));
    if mixed.outside == Outside::Sum {
        return a.columns() > 0 && (0..a.columns()).all(is_smooth);
    }
    let sizes: Vec<_> = (0..a.columns()).map(|j| vector_norm(mixed.p, || a.column(j).iter().copied())).collect();
    let Some(best) = (0..sizes.len()).max_by(|&i, &j| sizes[i].estimate().total_cmp(&sizes[j].estimate())) else {
        return false;
    };
    let is_alone = sizes.iter().enumerate().all(|(j, size)| j == best || size.upper() < sizes[best].lower());
    is_alone && is_smooth(best)
}

impl AnyOperator<'_> {
    /// [`Norm::subgradient`](crate::Norm::subgradient) of this operator.
    ///
    /// # Errors
    ///
    /// As [`Norm::subgradient`](crate::Norm::subgradient).
    pub fn subgradient(&self, norm: Norm) -> Result<RealOrComplex<Subgradient<f64>, Subgradient<c64>>> {
        wide!(self, a => norm.subgradient(a))
    }
}

/// [`Subgradient`] of a real or of a complex matrix.
pub type AnySubgradient = RealOrComplex<Subgradient<f64>, Subgradient<c64>>;

impl AnySubgradient {
    /// The subgradient.
    pub fn matrix(&self) -> AnyOperator<'_> {
        both!(self, f => (&f.matrix).into())
    }

    /// Whether the subgradient is certainly unique.
    pub fn is_unique(&self) -> bool {
        both!(self, f => f.is_unique)
    }
}
