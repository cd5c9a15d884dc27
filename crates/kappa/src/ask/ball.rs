//! The unit ball of a norm: projection onto it, the proximal operator, and linear minimization over it.

use kappa_dense::{Matrix, Scalar};

use super::hard::slope;
use crate::error::{Error, Result};
use crate::norm::{EntryNorms, Gauge, Mixed, Norm, Structure, dual_vector, modulus, project, proximal, with_modulus};
use crate::operator::{AnyMatrix, AnyOperator, LinearOperator, wide};
use crate::values::SingularValues;

/// The operation on the moduli of the entries, or on the singular values.
#[derive(Clone, Copy)]
pub(super) enum Change {
    Project(f64),
    Proximal(f64),
    DualVector,
}

impl Norm {
    /// The projection onto the ball ‖X‖ ≤ `radius`: argmin over X of ‖X − A‖_F subject to ‖X‖ ≤ `radius`.
    ///
    /// The cost of one decomposition, or of sorting the entries.
    ///
    /// # Errors
    ///
    /// When the radius is negative or not finite, when an entry is not finite, and for induced norms without a closed
    /// form.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::{Matrix, Norm, norm};
    /// let a = Matrix::<f64>::from_row_major(2, 2, vec![3.0, 0.0, 0.0, 1.0])?;
    /// let b = Norm::spectral().project(&a, 2.0)?;
    /// assert!((b[(0, 0)] - 2.0).abs() < 1e-15 && (b[(1, 1)] - 1.0).abs() < 1e-15);
    /// # Ok::<(), kappa::Error>(())
    /// ```
    pub fn project<T: Scalar>(&self, a: &(impl LinearOperator<T> + ?Sized), radius: f64) -> Result<Matrix<T::Wide>> {
        checked("`radius`", radius)?;
        changed(*self, a, Change::Project(radius)).map(|found| found.0)
    }

    /// The proximal point of λ‖·‖ at A: argmin over X of ½‖X − A‖_F² + λ‖X‖.
    ///
    /// Soft thresholding of the singular values for the nuclear norm, and of the entries for `entrywise:1`; in general
    /// A minus its projection onto the dual ball of radius λ (Moreau). Cost as [`Norm::project`].
    ///
    /// # Errors
    ///
    /// When λ is negative or not finite, and as [`Norm::project`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::{Matrix, Norm};
    /// let a = Matrix::<f64>::from_row_major(2, 2, vec![3.0, 0.0, 0.0, 1.0])?;
    /// let b = Norm::nuclear().prox(&a, 2.0)?;
    /// assert!((b[(0, 0)] - 1.0).abs() < 1e-15 && b[(1, 1)].abs() < 1e-15);
    /// # Ok::<(), kappa::Error>(())
    /// ```
    ///
    /// Reference: Parikh and Boyd, "Proximal algorithms", Found. Trends Optim. 1 (2014), chapter 6.
    pub fn prox<T: Scalar>(&self, a: &(impl LinearOperator<T> + ?Sized), lambda: f64) -> Result<Matrix<T::Wide>> {
        checked("λ", lambda)?;
        changed(*self, a, Change::Proximal(lambda)).map(|found| found.0)
    }

    /// argmin of Re⟨G, X⟩ over ‖X‖ ≤ `radius`: the step of the conditional gradient method.
    ///
    /// It is −`radius` times a subgradient of the dual norm at G, and the minimum is −`radius` times that dual norm.
    /// Cost as [`Norm::subgradient`].
    ///
    /// # Errors
    ///
    /// When the radius is negative or not finite, and as [`Norm::subgradient`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::{Matrix, Norm};
    /// let g = Matrix::from_row_major(1, 2, vec![3.0, -4.0])?;
    /// let x = Norm::entrywise(1.0)?.linear_minimum(&g, 2.0)?;
    /// assert_eq!(x.as_slice(), [0.0, 2.0]);
    /// # Ok::<(), kappa::Error>(())
    /// ```
    pub fn linear_minimum<T: Scalar>(
        &self,
        g: &(impl LinearOperator<T> + ?Sized),
        radius: f64,
    ) -> Result<Matrix<T::Wide>> {
        checked("`radius`", radius)?;
        let (mut x, _) = changed(self.dual(), g, Change::DualVector)?;
        x.as_mut_slice().iter_mut().for_each(|x| *x = x.scale(-radius));
        Ok(x)
    }
}

fn checked(what: &str, x: f64) -> Result<f64> {
    if x >= 0.0 && x.is_finite() {
        return Ok(x);
    }
    Err(Error::argument(format!("{what} must be finite and ≥ 0, got {x}")))
}

/// The matrix with changed moduli or changed singular values; and the singular values, where they were computed.
pub(super) fn changed<T: Scalar>(
    norm: Norm,
    a: &(impl LinearOperator<T> + ?Sized),
    change: Change,
) -> Result<(Matrix<T::Wide>, Option<SingularValues>)> {
    let dense = a.to_dense()?;
    EntryNorms::of(dense.as_ref())?;
    let wide = dense.as_ref().to_wide();
    let lines = |wide: &Matrix<T::Wide>| -> Vec<Vec<f64>> {
        (0..wide.columns()).map(|j| wide.column(j).iter().map(|&x| modulus(x)).collect()).collect()
    };
    let on_columns = |mixed: Mixed, wide: &Matrix<T::Wide>| {
        let lines = lines(wide);
        let lines = match change {
            Change::Project(r) => mixed.project(&lines, r),
            Change::Proximal(t) => mixed.proximal(&lines, t),
            Change::DualVector => mixed.dual_vector(&lines),
        };
        with_moduli(wide, &lines.concat())
    };
    Ok(match norm.structure() {
        Structure::Singular(gauge) => {
            let f = crate::svd(&wide)?;
            let values = on_moduli(gauge, f.singular_values().estimates(), change);
            let us = Matrix::from_fn(f.u().rows(), values.len(), |i, j| f.u()[(i, j)].scale(values[j]));
            let product = kappa_dense::multiply(us.as_ref(), f.v().adjoint().as_ref())?;
            (product, Some(f.singular_values().clone()))
        }
        Structure::Entries(p) => {
            let moduli: Vec<f64> = wide.as_slice().iter().map(|&x| modulus(x)).collect();
            (with_moduli(&wide, &on_moduli(Gauge::lp(p), &moduli, change)), None)
        }
        Structure::Columns(mixed) => (on_columns(mixed, &wide), None),
        Structure::Rows(mixed) => (on_columns(mixed, &wide.adjoint()).adjoint(), None),
        Structure::Hard(p, q) if matches!(change, Change::DualVector) && norm == Norm::induced(p, q)? => {
            (slope(&wide, p, q), None)
        }
        Structure::Hard(..) => {
            return Err(Error::unsupported(format!("the projection onto the ball of {norm} has no closed form"))
                .with_hint("use induced:1,q, induced:p,inf, an entrywise norm or a norm of the singular values"));
        }
    })
}

fn on_moduli(gauge: Gauge, x: &[f64], change: Change) -> Vec<f64> {
    match change {
        Change::Project(r) => project(gauge, x, r),
        Change::Proximal(t) => proximal(gauge, x, t),
        Change::DualVector => dual_vector(gauge, x),
    }
}

/// The matrix with the signs or phases of `a` and these moduli.
fn with_moduli<W: Scalar>(a: &Matrix<W>, moduli: &[f64]) -> Matrix<W> {
    let entries = a.as_slice().iter().zip(moduli).map(|(&x, &size)| with_modulus(x, size));
    let mut b = Matrix::zeros(a.rows(), a.columns());
    b.as_mut_slice().iter_mut().zip(entries).for_each(|(to, x)| *to = x);
    b
}

impl AnyOperator<'_> {
    /// [`Norm::project`](crate::Norm::project) of this operator.
    ///
    /// # Errors
    ///
    /// As [`Norm::project`](crate::Norm::project).
    pub fn project(&self, norm: Norm, radius: f64) -> Result<AnyMatrix> {
        wide!(self, a => norm.project(a, radius))
    }

    /// [`Norm::prox`](crate::Norm::prox) of this operator.
    ///
    /// # Errors
    ///
    /// As [`Norm::prox`](crate::Norm::prox).
    pub fn prox(&self, norm: Norm, lambda: f64) -> Result<AnyMatrix> {
        wide!(self, a => norm.prox(a, lambda))
    }

    /// [`Norm::linear_minimum`](crate::Norm::linear_minimum) of this operator.
    ///
    /// # Errors
    ///
    /// As [`Norm::linear_minimum`](crate::Norm::linear_minimum).
    pub fn linear_minimum(&self, norm: Norm, radius: f64) -> Result<AnyMatrix> {
        wide!(self, a => norm.linear_minimum(a, radius))
    }
}
