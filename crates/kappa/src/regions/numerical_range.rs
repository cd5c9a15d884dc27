use kappa_dense::{Matrix, Scalar, c64};
use rayon::prelude::*;

use crate::enclosure::times_power_of_two;
use crate::error::{Error, Result};
use crate::krylov::{Lanczos, Stop, largest_eigenvalue};
use crate::operator::{AnyOperator, LinearOperator, RealOrComplex, near_one, wide};

/// The parameters of a numerical range; passed last, and usually left at their default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NumericalRange {
    /// The number of directions, evenly spaced.
    pub directions: usize,
}

impl Default for NumericalRange {
    fn default() -> Self {
        Self { directions: 72 }
    }
}

/// The numerical range between two polygons.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    /// Points xᴴAx of the range, one for each direction: the vertices of an inner polygon.
    pub inside: Vec<c64>,
    /// The vertices of an outer polygon, where the supporting lines intersect; estimates to about 1e-6 of the size.
    pub outside: Vec<c64>,
}

/// The numerical range {xᴴAx : ‖x‖ = 1}: convex, it contains every eigenvalue.
///
/// For each direction d the largest eigenvalue of (d̄A + dAᴴ)/2 and its vector, by Lanczos: about 50 products.
/// [`numerical_radius`](crate::numerical_radius) certifies the farthest point.
///
/// # Errors
///
/// When the matrix is empty or not square, when `directions` is below 3, and when an entry is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, regions::{NumericalRange, numerical_range}};
/// // Of a Jordan block of order 2: the disc of radius ½.
/// let a = Matrix::from_row_major(2, 2, vec![0.0, 1.0, 0.0, 0.0])?;
/// let w = numerical_range(&a, &NumericalRange::default())?;
/// assert!(w.inside.iter().all(|z| (z.norm() - 0.5).abs() < 1e-12));
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Johnson, SINUM 15 (1978) 595–602.
pub fn numerical_range<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), how: &NumericalRange) -> Result<Outline> {
    let (m, n) = a.shape();
    if m != n || n == 0 {
        return Err(Error::shape(format!("a {m}×{n} matrix has no numerical range: it must be square and not empty")));
    }
    Error::check_count("directions", how.directions, 1 << 16)?;
    if how.directions < 3 {
        return Err(Error::syntax(format!("`directions` must be at least 3, got {}", how.directions))
            .with_hint("a polygon around the numerical range needs at least 3 directions"));
    }
    let (a, e) = near_one(a)?;
    let a = Matrix::from_fn(n, n, |i, j| c64::new(a[(i, j)].re(), a[(i, j)].im()));
    let adjoint = a.adjoint();
    let angle = |k: usize| 2.0 * std::f64::consts::PI * k as f64 / how.directions as f64;
    let found: Vec<(c64, f64)> = (0..how.directions).into_par_iter().map(|k| support(&a, &adjoint, angle(k))).collect();
    let inside: Vec<c64> = found.iter().map(|x| x.0).collect();
    // Neighbouring lines Re(e^(−iθ)z) = s intersect at e^(iθ)(s + i·(t − s·cos δ)/sin δ).
    let step = angle(1);
    let outside: Vec<c64> = (0..how.directions)
        .map(|k| {
            let (s, t) = (found[k].1, found[(k + 1) % how.directions].1);
            c64::from_polar(1.0, angle(k)) * c64::new(s, (t - s * step.cos()) / step.sin())
        })
        .collect();
    let unscaled = |points: Vec<c64>| points.into_iter().map(|z| times_power_of_two(z, e)).collect();
    Ok(Outline { inside: unscaled(inside), outside: unscaled(outside) })
}

/// The farthest point of the range in one direction, and its distance along it.
fn support(a: &Matrix<c64>, adjoint: &Matrix<c64>, angle: f64) -> (c64, f64) {
    let n = a.rows();
    let d = c64::from_polar(1.0, angle);
    let size = a.as_slice().iter().map(|x| x.norm_sqr()).sum::<f64>().sqrt();
    let apply = |x: &[c64]| {
        // Shifted by 2‖A‖_F, so that the operator is definite and the largest eigenvalue has the largest modulus.
        let mut y: Vec<c64> = x.iter().map(|x| x.scale(2.0 * size)).collect();
        for (j, &xj) in x.iter().enumerate() {
            let (p, q) = (d.conj() * xj * 0.5, d * xj * 0.5);
            for ((y, a), b) in y.iter_mut().zip(a.column(j)).zip(adjoint.column(j)) {
                *y += a * p + b * q;
            }
        }
        y
    };
    let how = Lanczos { tolerance: 1e-12, steps: 250, ..Lanczos::default() };
    let ritz = largest_eigenvalue(n, &how, Stop::Stalled, apply);
    let x = &ritz.vector;
    let mut point = c64::default();
    for (j, xj) in x.iter().enumerate() {
        let along: c64 = x.iter().zip(a.column(j)).map(|(x, a)| x.conj() * a).sum();
        point += along * xj;
    }
    (point, (ritz.value - 2.0 * size).max((d.conj() * point).re))
}

impl AnyOperator<'_> {
    /// [`regions::numerical_range`](crate::regions::numerical_range) of this operator.
    ///
    /// # Errors
    ///
    /// As [`regions::numerical_range`](crate::regions::numerical_range).
    pub fn numerical_range(&self, how: &NumericalRange) -> Result<Outline> {
        wide!(self, a => self::numerical_range(a, how)).map(RealOrComplex::into_inner)
    }
}
