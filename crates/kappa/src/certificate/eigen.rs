//! Eigenvalues enclosed from untrusted vectors: intervals for Hermitian matrices, discs for others.

use kappa_dense::{Matrix, c64, lu};

use super::product::{CountedProduct, counted, moduli, times};
use crate::enclosure::directed::max_or_nan;
use crate::enclosure::directed::{SMALLEST, UNIT_ROUNDOFF, add_down, add_up, div_up, mul_down, mul_up};
use crate::norm::Sums;
use crate::{Enclosure, Evidence};

/// Radii of discs around `values` that together contain all eigenvalues of A, a connected component of k discs exactly
/// k; `None` where the vectors X are too ill-conditioned.
///
/// With Y near X⁻¹, G ≥ |I − YX| and T ≥ |Y(AX − XD)|: X⁻¹AX = D + (I − E)⁻¹T′, so that Gershgorin's discs have radii
/// (Te)ᵢ + (Ge)ᵢ·‖T‖_∞/(1 − ‖G‖_∞) (Miyajima, JCAM 233 (2010); nothing is assumed of X, D and Y).
pub(crate) fn eigenvalue_radii(a: &Matrix<c64>, values: &[c64], x: &Matrix<c64>) -> Option<Vec<f64>> {
    let n = a.rows();
    let factors = lu(x.as_ref()).ok().filter(|f| !f.is_singular())?;
    let y = factors.inverse();
    if !y.as_slice().iter().all(|y| y.is_finite()) {
        return None;
    }
    let ones = vec![1.0; n];
    let (a_moduli, x_moduli, y_moduli) = (moduli(a), moduli(x), moduli(&y));
    let sizes: Vec<f64> = values.iter().map(|&d| crate::norm::modulus_enclosure(d).upper()).collect();
    let lost = mul_up(mul_up(n as f64, n as f64), 8.0 * SMALLEST);

    let CountedProduct { product: yx, gamma } = counted(&y, x);
    let defect = Matrix::from_fn(n, n, |i, j| yx[(i, j)] - c64::new(f64::from(i == j), 0.0));
    let own = times(&moduli(&defect), &ones);
    let counted_part = times(&y_moduli, &times(&x_moduli, &ones));
    let g: Vec<f64> = (0..n)
        .map(|i| add_up(add_up(mul_up(own[i], 1.0 + 4.0 * UNIT_ROUNDOFF), mul_up(gamma, counted_part[i])), lost))
        .collect();
    let g_top = g.iter().copied().fold(0.0, max_or_nan);
    if g_top.is_nan() || g_top >= 1.0 {
        return None;
    }

    // C = AX − XD: the product, n complex products with d (within 8u), and a difference.
    let CountedProduct { product: ax, gamma: gamma_ax } = counted(a, x);
    let c = Matrix::from_fn(n, n, |i, j| ax[(i, j)] - x[(i, j)] * values[j]);
    let c_moduli = moduli(&c);
    let ax_size = times(&a_moduli, &times(&x_moduli, &ones));
    let xd_size = times(&x_moduli, &sizes);
    let c_size = times(&c_moduli, &ones);
    let c_error: Vec<f64> = (0..n)
        .map(|i| {
            let products = add_up(mul_up(gamma_ax, ax_size[i]), mul_up(8.0 * UNIT_ROUNDOFF, xd_size[i]));
            add_up(add_up(products, mul_up(4.0 * UNIT_ROUNDOFF, c_size[i])), lost)
        })
        .collect();
    let CountedProduct { product: yc, gamma: gamma_yc } = counted(&y, &c);
    let yc_size = times(&moduli(&yc), &ones);
    let spread = times(&y_moduli, &c_size);
    let carried = times(&y_moduli, &c_error);
    let t: Vec<f64> =
        (0..n).map(|i| add_up(add_up(add_up(yc_size[i], mul_up(gamma_yc, spread[i])), carried[i]), lost)).collect();
    let t_top = t.iter().copied().fold(0.0, max_or_nan);
    let share = div_up(t_top, (1.0 - g_top).next_down());
    let radii: Vec<f64> = (0..n).map(|i| add_up(t[i], mul_up(g[i], share))).collect();
    radii.iter().all(|r| r.is_finite()).then_some(radii)
}

/// Every eigenvalue of a real symmetric matrix enclosed, in the order of `values`, which are sorted. With
/// A ≈ X·diag(d)·Xᵀ, α ≥ ‖XᵀX − I‖ and ε ≥ ‖A − X·diag(d)·Xᵀ‖, λᵢ lies in dᵢ·[1 − α, 1 + α] ± ε (Ostrowski, Weyl).
/// `None` where X is far from orthogonal.
pub(crate) fn hermitian_eigenvalues(a: &Matrix<f64>, values: &[f64], x: &Matrix<f64>) -> Option<Vec<Enclosure>> {
    let n = a.rows();
    if !(values.is_sorted() || values.is_sorted_by(|x, y| x >= y)) || values.len() != n {
        return None;
    }
    let alpha = super::singular::defect(x)?;
    let xd = Matrix::from_fn(n, n, |i, j| x[(i, j)] * values[j]);
    let CountedProduct { product, gamma } = counted(&xd, &x.adjoint());
    let rest = Matrix::from_fn(n, n, |i, j| a[(i, j)] - product[(i, j)]);
    // An upper bound of |XD||X|ᵀ in the 2-norm, by row and column sums.
    let ones = vec![1.0; n];
    let (xd_moduli, x_moduli) = (moduli(&xd), moduli(x));
    let top = |v: Vec<f64>| v.into_iter().fold(0.0, max_or_nan);
    let rows = top(times(&xd_moduli, &times(&x_moduli.adjoint(), &ones)));
    let columns = top(times(&x_moduli, &times(&xd_moduli.adjoint(), &ones)));
    let size = crate::enclosure::directed::sqrt_up(mul_up(rows, columns));
    let lost = mul_up(mul_up(n as f64, n as f64), 8.0 * SMALLEST);
    // Roundings of x·d, of the product, and of the difference.
    let counted_part = mul_up(add_up(gamma, 4.0 * UNIT_ROUNDOFF), size);
    let epsilon = add_up(add_up(mul_up(Sums::of(&rest).spectral(), 1.0 + 4.0 * UNIT_ROUNDOFF), counted_part), lost);
    if !epsilon.is_finite() {
        return None;
    }
    let end = |d: f64| {
        let (shrunk, grown) = ((1.0 - alpha).next_down(), (1.0 + alpha).next_up());
        let (low, high) =
            if d >= 0.0 { (mul_down(d, shrunk), mul_up(d, grown)) } else { (mul_down(d, grown), mul_up(d, shrunk)) };
        Enclosure::new(add_down(low, -epsilon), d, add_up(high, epsilon), Evidence::Rounding)
    };
    Some(values.iter().map(|&d| end(d)).collect())
}
