//! Conjugate gradients (Hestenes and Stiefel, J. Res. Nat. Bur. Standards 49 (1952) 409–436).

use kappa_dense::Scalar;

use super::products::{Found, Products, add, inner, length};
use crate::error::{Error, Result};
use crate::operator::LinearOperator;

pub(super) fn conjugate_gradients<W: Scalar<Wide = W>, A: LinearOperator<W> + ?Sized>(
    a: &Products<'_, A>,
    b: &[W],
    tolerance: f64,
    most: usize,
) -> Result<Found<W>> {
    let mut x = vec![W::default(); b.len()];
    let (mut r, mut p) = (b.to_vec(), b.to_vec());
    let (target, mut rho) = (length(b), inner(b, b).re());
    let (mut size, mut steps) = (0.0f64, 0);
    while steps < most && rho.sqrt() > tolerance * (size * length(&x) + target) {
        let q = a.apply(&p)?;
        let curvature = inner(&p, &q).re();
        if curvature.is_nan() || curvature <= 0.0 {
            return Err(Error::singular(format!(
                "the operator is not positive definite: xᴴAx = {curvature:e} in step {}",
                steps + 1
            ))
            .with_hint("use MINRES for a Hermitian indefinite operator, LSMR for any operator"));
        }
        // The Rayleigh quotient pᴴAp/pᴴp is a lower bound of ‖A‖.
        size = size.max(curvature / inner(&p, &p).re());
        let alpha = rho / curvature;
        add(&mut x, W::from_parts(alpha, 0.0), &p);
        add(&mut r, W::from_parts(-alpha, 0.0), &q);
        let next = inner(&r, &r).re();
        let beta = next / rho;
        p.iter_mut().zip(&r).for_each(|(p, &r)| *p = r + p.scale(beta));
        rho = next;
        steps += 1;
    }
    Ok(Found { x, size, steps })
}
