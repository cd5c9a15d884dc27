//! min ‖Ax − b‖² + λ‖Lx‖² brought into the form with L = I by orthogonal factors (Eldén, BIT 17 (1977) 134–145).

use kappa_dense::{Matrix, MatrixRef, Scalar, Shape, Triangle, multiply, qr, triangular_solve};

use super::problem::length;
use crate::error::{Error, Result};

/// x = map·x̄ + free: what L sees, and what it does not.
#[derive(Clone, Debug)]
pub(super) struct Back<W: Scalar> {
    pub(super) map: Matrix<W>,
    pub(super) free: Vec<W>,
    /// Orthonormal columns that span the image of the null space of L.
    pub(super) fixed: Matrix<W>,
    pub(super) standard: Matrix<W>,
}

impl<W: Scalar<Wide = W>> Back<W> {
    /// L⁺ weighted by A, what L does not see, and the problem in standard form with its right-hand side.
    pub(super) fn new<T: Scalar<Wide = W>>(a: &Matrix<W>, b: &[W], l: MatrixRef<'_, T>) -> Result<(Self, Vec<W>)> {
        let n = a.columns();
        // More rows than columns: only the triangle of L matters.
        let l = if l.rows() > n { qr(l, Shape::Thin)?.r } else { l.to_wide() };
        let p = l.rows();
        let adjoint = l.adjoint();
        let full = qr(adjoint.as_ref(), Shape::Full)?;
        let largest = (0..p).map(|i| crate::norm::modulus(full.r[(i, i)])).fold(0.0, f64::max);
        let limit = n as f64 * f64::EPSILON * largest;
        if p == 0 || (0..p).any(|i| crate::norm::modulus(full.r[(i, i)]) <= limit) {
            return Err(Error::singular(format!("the {p}×{n} operator L is not of full rank"))
                .with_hint("leave out the rows that depend on others"));
        }
        let part =
            |a: &Matrix<W>, from: usize, to: usize| Matrix::from_fn(a.rows(), to - from, |i, j| a[(i, from + j)]);
        let (seen, unseen) = (part(&full.q, 0, p), part(&full.q, p, n));
        let r = Matrix::from_fn(p, p, |i, j| full.r[(i, j)]);
        // L⁺ = K₁R⁻ᴴ, as the adjoint of R⁻¹K₁ᴴ.
        let inverse =
            triangular_solve(r.as_ref(), Triangle { upper: true, ..Triangle::default() }, &seen.adjoint())?.adjoint();
        let image = multiply(a.as_ref(), inverse.as_ref())?;
        if unseen.columns() == 0 {
            let back =
                Self { map: inverse, free: vec![W::default(); n], fixed: Matrix::zeros(a.rows(), 0), standard: image };
            return Ok((back, b.to_vec()));
        }
        if a.rows() < unseen.columns() {
            return Err(shared_null());
        }
        let h = qr(multiply(a.as_ref(), unseen.as_ref())?.as_ref(), Shape::Thin)?;
        let q = h.r.columns();
        let limit = a.rows().max(n) as f64 * f64::EPSILON * length(a.as_slice());
        if (0..q).any(|i| crate::norm::modulus(h.r[(i, i)]) <= limit) {
            return Err(shared_null());
        }
        // K₂T⁻¹H₁ᴴ takes a right-hand side to the part of x that L does not see.
        let solve = |x: &Matrix<W>| -> Result<Matrix<W>> {
            let along = multiply(h.q.adjoint().as_ref(), x.as_ref())?;
            let y = triangular_solve(h.r.as_ref(), Triangle { upper: true, ..Triangle::default() }, &along)?;
            Ok(multiply(unseen.as_ref(), y.as_ref())?)
        };
        let column = Matrix::from_column_major(b.len(), 1, b.to_vec())?;
        let without = |x: &Matrix<W>| -> Result<Matrix<W>> {
            let along = multiply(h.q.as_ref(), multiply(h.q.adjoint().as_ref(), x.as_ref())?.as_ref())?;
            Ok(Matrix::from_fn(x.rows(), x.columns(), |i, j| x[(i, j)] - along[(i, j)]))
        };
        let turned = solve(&image)?;
        let map = Matrix::from_fn(n, p, |i, j| inverse[(i, j)] - turned[(i, j)]);
        let free = solve(&column)?.into_vec();
        // Twice is enough for orthogonality.
        let standard = without(&without(&image)?)?;
        let rest = without(&without(&column)?)?.into_vec();
        Ok((Self { map, free, fixed: h.q, standard }, rest))
    }
}

fn shared_null() -> Error {
    Error::singular("A and L have a null vector in common: no λ makes the solution unique")
        .with_hint("add a row to L, such as the identity times something small")
}
