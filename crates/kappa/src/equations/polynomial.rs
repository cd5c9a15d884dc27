use kappa_dense::{Matrix, Scalar, c64};

use super::aberth::{at, improved};
use crate::error::{Error, Result};
use crate::operator::{AnyMatrix, both};

/// A root of a polynomial with its sensitivity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolynomialRoot {
    /// The root.
    pub value: c64,
    /// Σ|aₖ||z|ᵏ/(|z||p′(z)|): the condition number of the root with respect to relative errors of the coefficients; ∞
    /// for multiple roots. For a root 0 it is 1, the absolute error relative to |a₀|.
    pub condition: f64,
    /// |p(z)|/Σ|aₖ||z|ᵏ: the least relative change of the coefficients for which the root is exact.
    pub backward_error: f64,
    /// The least relative change of the coefficients that makes z a double root, to first order: |p′(z)|/Σk|aₖ||z|ᵏ⁻¹.
    /// The nearest polynomial with a double root is not much farther away than this.
    pub distance: f64,
}

/// All roots of the polynomial a₀ + a₁x + … + aₙxⁿ, largest modulus first.
///
/// The coefficients start with the constant one. Leading zeros lower the degree; zeros at the low end are roots 0.
///
/// Eigenvalues of the balanced companion matrix, improved simultaneously by Aberth's iteration in twice the precision.
/// Evidence: estimate. The relative error of a root is about condition × 2⁻¹⁰⁰, plus one rounding, so that
/// ill-conditioned roots of the coefficients as given are accurate; a previous rounding of the coefficients changes the
/// roots by condition × 2⁻⁵³. The roots of a real polynomial are real or exact conjugate pairs. O(n³) flops.
///
/// # Errors
///
/// - When every coefficient but a₀ is 0.
/// - When a coefficient is not finite, or the ratios of the coefficients overflow double precision.
///
/// # Examples
///
/// ```
/// # use kappa::equations::polynomial_roots;
/// // (x − 1)(x − 2) = 2 − 3x + x².
/// let r = polynomial_roots(&[2.0, -3.0, 1.0])?;
/// assert!((r[0].value.re - 2.0).abs() < 1e-14 && (r[0].condition - 6.0).abs() < 1e-12);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Edelman and Murakami, Math. Comp. 64 (1995) 763–776; Wilkinson, "The perfidious polynomial", MAA Studies
/// 24 (1984).
pub fn polynomial_roots<T: Scalar>(coefficients: &[T]) -> Result<Vec<PolynomialRoot>> {
    let a: Vec<c64> = coefficients.iter().map(|x| c64::new(x.re(), x.im())).collect();
    Error::check_vector(&a)?;
    let degree = a.iter().rposition(|x| *x != c64::default());
    let Some(degree) = degree.filter(|&d| d > 0) else {
        return Err(Error::unsupported("a constant polynomial has no roots, or every number is one")
            .with_hint("give the coefficients from the constant one up: 2 -3 1 is 2 − 3x + x²"));
    };
    let zeros = a.iter().position(|x| *x != c64::default()).unwrap_or(0);
    let core = &a[zeros..=degree];
    let n = core.len() - 1;
    let mut found: Vec<PolynomialRoot> = if n == 0 { Vec::new() } else { of_core(core, T::IS_COMPLEX)? };
    found.extend((0..zeros).map(|_| PolynomialRoot {
        value: c64::default(),
        condition: if zeros > 1 { f64::INFINITY } else { 1.0 },
        backward_error: 0.0,
        distance: if zeros > 1 { 0.0 } else { 1.0 },
    }));
    found.sort_by(|x, y| y.value.norm().total_cmp(&x.value.norm()).then(y.value.im.total_cmp(&x.value.im)));
    Ok(found)
}

/// Roots of a polynomial whose first and last coefficient are not 0.
fn of_core(a: &[c64], is_complex: bool) -> Result<Vec<PolynomialRoot>> {
    let n = a.len() - 1;
    let lead = a[n];
    // Coefficients −aₖ/aₙ in the last column, ones below the diagonal.
    let mut companion =
        Matrix::from_fn(n, n, |i, j| if j + 1 == n { -a[i] / lead } else { c64::new(f64::from(i == j + 1), 0.0) });
    balance(&mut companion);
    if !companion.as_slice().iter().all(|x| x.re.is_finite() && x.im.is_finite()) {
        return Err(Error::unsupported("the ratios of the coefficients overflow double precision")
            .with_hint("substitute x = s·y with a power of two s that brings the coefficients to similar sizes"));
    }
    let values = if is_complex {
        kappa_dense::eig(companion.as_ref())?.values
    } else {
        let real = Matrix::from_fn(n, n, |i, j| companion[(i, j)].re);
        kappa_dense::eig(real.as_ref())?.values
    };
    let largest = a.iter().map(|x| x.norm()).fold(0.0, f64::max);
    let down = 2f64.powi(-(largest.log2().floor() as i32).clamp(-1000, 1000));
    let a: Vec<c64> = a.iter().map(|x| x.scale(down)).collect();
    Ok(improved(&a, &values, !is_complex).into_iter().map(|z| judged(&a, z)).collect())
}

/// Diagonal similarity by powers of two that makes row and column sums nearly equal (Parlett and Reinsch, Numer. Math.
/// 13 (1969) 293–304).
fn balance(a: &mut Matrix<c64>) {
    let n = a.rows();
    for _ in 0..50 {
        let mut changed = false;
        for k in 0..n {
            let size = |x: c64| x.re.abs() + x.im.abs();
            let column: f64 = (0..n).filter(|&i| i != k).map(|i| size(a[(i, k)])).sum();
            let row: f64 = (0..n).filter(|&j| j != k).map(|j| size(a[(k, j)])).sum();
            if column == 0.0 || row == 0.0 || !(column.is_finite() && row.is_finite()) {
                continue;
            }
            let e = (0.5 * (row / column).log2()).round().clamp(-300.0, 300.0) as i32;
            let f = 2f64.powi(e);
            if e != 0 && column * f + row / f < 0.95 * (column + row) {
                changed = true;
                (0..n).for_each(|i| a[(i, k)] = a[(i, k)].scale(f));
                (0..n).for_each(|j| a[(k, j)] = a[(k, j)].scale(1.0 / f));
            }
        }
        if !changed {
            break;
        }
    }
}

fn judged(a: &[c64], z: c64) -> PolynomialRoot {
    let at = at(a, z);
    let steep = z.norm() * at.slope.norm();
    PolynomialRoot {
        value: z,
        condition: if steep > 0.0 { at.size / steep } else { f64::INFINITY },
        backward_error: at.value.norm() / at.size,
        distance: if at.slopes > 0.0 { (at.slope.norm() / at.slopes).min(1.0) } else { 0.0 },
    }
}

impl AnyMatrix {
    /// [`polynomial_roots`](crate::equations::polynomial_roots) of a column of coefficients.
    ///
    /// # Errors
    ///
    /// As [`polynomial_roots`](crate::equations::polynomial_roots).
    pub fn polynomial_roots(&self) -> Result<Vec<PolynomialRoot>> {
        both!(self, a => self::polynomial_roots(a.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilkinsons_polynomial_is_as_sensitive_as_he_found() {
        // Π (x − k), k = 1 … 20, in whole numbers that are doubles up to rounding.
        let mut c = vec![1.0f64];
        for k in 1..=20 {
            let mut next = vec![0.0; c.len() + 1];
            for (i, &x) in c.iter().enumerate() {
                next[i + 1] += x;
                next[i] -= x * k as f64;
            }
            c = next;
        }
        let roots = polynomial_roots(&c).unwrap();
        let worst = roots.iter().map(|r| r.condition).fold(0.0, f64::max);
        assert!(worst > 1e13 && worst < 1e17, "{worst:e}");
        for (r, k) in roots.iter().zip((1..=20).rev()) {
            // The coefficients are the right ones to a unit roundoff each: so are the roots, times their condition.
            let off = (r.value - c64::new(f64::from(k), 0.0)).norm();
            assert!(off < 2f64.powi(-52) * r.condition * f64::from(k), "{r:?} {k}");
            assert!(r.value.im == 0.0 && r.backward_error < 2f64.powi(-52) / r.condition.max(1.0) + 1e-28, "{r:?}");
        }
        assert!(roots[19].condition < 1e4, "{:?}", roots[19]);
        // Sensitive roots are near to double ones: the distance is at most about degree over condition.
        assert!(roots.iter().all(|r| r.distance <= 20.0 / r.condition && r.distance > 0.0));
        let double = polynomial_roots(&[1.0, -2.0, 1.0]).unwrap();
        assert!(double.iter().all(|r| r.distance < 1e-7));
    }

    #[test]
    fn roots_of_exact_coefficients_are_exact() {
        // Π (x − k), k = 1 … 17: coefficients below 2⁵³, conditions up to 1e12; and roots of any multiplicity.
        let product = |roots: &[i64]| -> Vec<f64> {
            let mut c = vec![1i64];
            for &k in roots {
                let mut next = vec![0; c.len() + 1];
                for (i, &x) in c.iter().enumerate() {
                    next[i + 1] += x;
                    next[i] -= x * k;
                }
                c = next;
            }
            c.into_iter().map(|x| x as f64).collect()
        };
        let whole: Vec<i64> = (1..=17).rev().collect();
        for (r, &k) in polynomial_roots(&product(&whole)).unwrap().iter().zip(&whole) {
            assert!(r.value.im == 0.0 && (r.value.re - k as f64).abs() <= f64::EPSILON * k as f64, "{r:?} {k}");
        }
        for (r, k) in polynomial_roots(&product(&[7, 3, 3, -2])).unwrap().iter().zip([7.0, 3.0, 3.0, -2.0]) {
            assert!((r.value - c64::new(k, 0.0)).norm() < 1e-13, "{r:?} {k}");
        }
        for r in polynomial_roots(&product(&[2; 5])).unwrap() {
            assert!((r.value - c64::new(2.0, 0.0)).norm() < 2e-5 && r.backward_error < 1e-26, "{r:?}");
        }
        // (x² + 1)(x² + 2x + 2): exact pairs.
        let pairs = polynomial_roots(&[2.0, 2.0, 3.0, 2.0, 1.0]).unwrap();
        assert!(pairs.iter().all(|r| pairs.iter().any(|s| s.value == r.value.conj())), "{pairs:?}");
        assert!(pairs[0].value == c64::new(-1.0, 1.0) && pairs[2].value == c64::new(0.0, 1.0), "{pairs:?}");
    }

    #[test]
    fn awkward_coefficients_are_read_as_they_are() {
        let values = |c: &[f64]| polynomial_roots(c).unwrap().iter().map(|r| r.value).collect::<Vec<c64>>();
        assert_eq!(values(&[0.0, 0.0, 3.0, 0.0]), vec![c64::default(); 2]);
        assert_eq!(values(&[-4.0, 2.0]), vec![c64::new(2.0, 0.0)]);
        let pair = values(&[1.0, 0.0, 1.0]);
        assert!((pair[0] - c64::new(0.0, 1.0)).norm() < 1e-15 && (pair[1] - c64::new(0.0, -1.0)).norm() < 1e-15);
        let far = values(&[1e-200, -1.0, 1e200]);
        assert!((far[0].re * far[1].re / 1e-400f64.max(1e-323)).is_finite());
        assert!(polynomial_roots(&[1.0]).unwrap_err().is_unsupported());
        assert!(polynomial_roots::<f64>(&[]).unwrap_err().is_unsupported());
        assert!(polynomial_roots(&[1.0, f64::NAN]).unwrap_err().is_not_finite());
        let z = polynomial_roots(&[c64::new(0.0, -1.0), c64::new(1.0, 0.0)]).unwrap();
        assert!((z[0].value - c64::new(0.0, 1.0)).norm() < 1e-15);
    }
}
