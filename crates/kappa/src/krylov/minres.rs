//! MINRES (Paige and Saunders, SINUM 12 (1975) 617–629): the Lanczos process with a QR factorization of its tridiagonal
//! matrix.

use kappa_dense::Scalar;

use super::products::{Found, Products, add, inner, length, normalize};
use crate::error::Result;
use crate::operator::LinearOperator;

pub(super) fn minres<W: Scalar<Wide = W>, A: LinearOperator<W> + ?Sized>(
    a: &Products<'_, A>,
    b: &[W],
    tolerance: f64,
    most: usize,
) -> Result<Found<W>> {
    let n = b.len();
    let mut x = vec![W::default(); n];
    let (mut v, mut last) = (b.to_vec(), vec![W::default(); n]);
    let target = normalize(&mut v);
    let (mut beta, mut phi) = (0.0, target);
    // The rotations of the last two steps: (c, s) of the last one, (c0, s0) of the one before.
    let ((mut c, mut s), (mut c0, mut s0)) = ((1.0, 0.0), (1.0, 0.0));
    let (mut d, mut d0) = (vec![W::default(); n], vec![W::default(); n]);
    let (mut size, mut steps) = (0.0f64, 0);
    while steps < most && phi.abs() > tolerance * (size * length(&x) + target) {
        let mut w = a.apply(&v)?;
        let alpha = inner(&v, &w).re();
        add(&mut w, W::from_parts(-alpha, 0.0), &v);
        add(&mut w, W::from_parts(-beta, 0.0), &last);
        let next = normalize(&mut w);
        // Both rotations are applied to the new column (β, α, β') of the tridiagonal matrix.
        let (epsilon, turned) = (s0 * beta, c0 * beta);
        let (delta, gamma) = (c * turned + s * alpha, c * alpha - s * turned);
        let rho = gamma.hypot(next);
        if rho == 0.0 {
            break;
        }
        (c0, s0) = (c, s);
        (c, s) = (gamma / rho, next / rho);
        // vₖ = ε·dₖ₋₂ + δ·dₖ₋₁ + ρ·dₖ.
        let fresh: Vec<W> =
            (0..n).map(|i| (v[i] - d0[i].scale(epsilon) - d[i].scale(delta)).scale(1.0 / rho)).collect();
        add(&mut x, W::from_parts(c * phi, 0.0), &fresh);
        phi *= -s;
        (d0, d) = (d, fresh);
        size = size.max(alpha.hypot(beta).hypot(next));
        (last, v, beta) = (v, w, next);
        steps += 1;
        if next == 0.0 {
            break;
        }
    }
    Ok(Found { x, size, steps })
}
