//! LSMR (Fong and Saunders, SISC 33 (2011) 2950–2971): MINRES for the normal equations, by Golub–Kahan
//! bidiagonalisation.

use kappa_dense::Scalar;

use super::products::{Found, Products, add, length, normalize};
use crate::error::Result;
use crate::operator::LinearOperator;

/// The Givens rotation (c, s) that maps (a, b) to (r, 0), and r = √(a² + b²).
fn rotation(a: f64, b: f64) -> (f64, f64, f64) {
    let r = a.hypot(b);
    if r == 0.0 { (1.0, 0.0, 0.0) } else { (a / r, b / r, r) }
}

pub(super) fn lsmr<W: Scalar<Wide = W>, A: LinearOperator<W> + ?Sized>(
    a: &Products<'_, A>,
    b: &[W],
    tolerance: f64,
    most: usize,
    is_least_squares: bool,
) -> Result<Found<W>> {
    let mut u = b.to_vec();
    let beta = normalize(&mut u);
    let mut v = a.apply_adjoint(&u)?;
    let n = v.len();
    let mut x = vec![W::default(); n];
    let mut alpha = normalize(&mut v);
    let (mut alpha_bar, mut zeta_bar, mut rho, mut rho_bar, mut c_bar, mut s_bar) =
        (alpha, alpha * beta, 1.0, 1.0, 1.0, 0.0);
    let (mut h, mut h_bar) = (v.clone(), vec![W::default(); n]);
    // ‖r‖ by the recurrences of the paper, section 5.1.
    let (mut beta_dd, mut beta_d, mut rho_d_old, mut tau_old, mut theta_old, mut zeta) =
        (beta, 0.0, 1.0, 0.0, 0.0, 0.0);
    let (mut size, mut steps, mut rest) = (alpha, 0, beta);
    let target = beta;
    while steps < most && zeta_bar != 0.0 {
        let is_solved = rest <= tolerance * (size * length(&x) + target);
        let is_least = is_least_squares && zeta_bar.abs() <= tolerance * size * rest;
        if is_solved || is_least {
            break;
        }
        // Golub–Kahan step: βu = Av − αu, αv = Aᴴu − βv.
        let mut next = a.apply(&v)?;
        add(&mut next, W::from_parts(-alpha, 0.0), &u);
        u = next;
        let beta = normalize(&mut u);
        let mut next = a.apply_adjoint(&u)?;
        add(&mut next, W::from_parts(-beta, 0.0), &v);
        v = next;
        alpha = normalize(&mut v);
        // Beyond an exact breakdown the steps repeat themselves, and their sum is no norm; one step is at most ‖A‖.
        size = if is_least_squares { size.hypot(beta).hypot(alpha) } else { size.max(alpha.hypot(beta)) };
        let old_rho = rho;
        let (c, s, r) = rotation(alpha_bar, beta);
        rho = r;
        let theta = s * alpha;
        alpha_bar = c * alpha;
        let (old_rho_bar, old_zeta) = (rho_bar, zeta);
        let theta_bar = s_bar * rho;
        (c_bar, s_bar, rho_bar) = rotation(c_bar * rho, theta);
        zeta = c_bar * zeta_bar;
        zeta_bar *= -s_bar;
        let back = -(theta_bar / old_rho) * (rho / old_rho_bar);
        h_bar.iter_mut().zip(&h).for_each(|(hb, &h)| *hb = h + hb.scale(back));
        add(&mut x, W::from_parts(zeta / rho / rho_bar, 0.0), &h_bar);
        h.iter_mut().zip(&v).for_each(|(h, &v)| *h = v + h.scale(-theta / rho));
        let (beta_hat, beta_next) = (c * beta_dd, -s * beta_dd);
        let theta_tilde = theta_old;
        let (c_tilde, s_tilde, rho_tilde) = rotation(rho_d_old, theta_bar);
        theta_old = s_tilde * rho_bar;
        rho_d_old = c_tilde * rho_bar;
        beta_d = -s_tilde * beta_d + c_tilde * beta_hat;
        tau_old = (old_zeta - theta_tilde * tau_old) / rho_tilde;
        let tau = (zeta - theta_old * tau_old) / rho_d_old;
        beta_dd = beta_next;
        rest = (beta_d - tau).hypot(beta_dd);
        steps += 1;
        if alpha == 0.0 {
            break;
        }
    }
    Ok(Found { x, size, steps })
}
