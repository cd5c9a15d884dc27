//! Complex division and square root without overflow of intermediate results.

use num_complex::Complex64;

/// The complex quotient x/y, computed after scaling x and y by powers of two.
///
/// The error is at most a few units roundoff of |x/y| wherever x/y is a finite number. The textbook quotient x·ȳ/|y|²
/// overflows when |y| exceeds 1e154. The result is NaN for y = 0.
///
/// # Examples
///
/// ```
/// # use kappa::{arithmetic::complex, c64};
/// let x = c64::new(1e300, 1e300);
/// assert_eq!(complex::quotient(x, x), c64::new(1.0, 0.0));
/// ```
///
/// Reference: Smith, CACM 5 (1962) 435; scaling after Priest, TOMS 30 (2004) 389–401.
pub fn quotient(x: Complex64, y: Complex64) -> Complex64 {
    let power = |z: Complex64| {
        let size = z.re.abs().max(z.im.abs());
        if size == 0.0 || !size.is_finite() { 0 } else { (size.log2().floor() as i32).clamp(-1000, 1000) }
    };
    let (ex, ey) = (power(x), power(y));
    let scale = |z: Complex64, e: i32| z * 2f64.powi(e);
    let (x, y) = (scale(x, -ex), scale(y, -ey));
    // Both moduli are near 1 after scaling: no product overflows or underflows.
    let q = if y.re.abs() >= y.im.abs() {
        let ratio = y.im / y.re;
        let denominator = y.re + y.im * ratio;
        Complex64::new((x.re + x.im * ratio) / denominator, (x.im - x.re * ratio) / denominator)
    } else {
        let ratio = y.re / y.im;
        let denominator = y.re * ratio + y.im;
        Complex64::new((x.re * ratio + x.im) / denominator, (x.im * ratio - x.re) / denominator)
    };
    let half = (ex - ey) / 2;
    scale(scale(q, half), ex - ey - half)
}

/// The complex square root with non-negative real part, without cancellation.
///
/// The larger part in modulus is √((|re z| + |z|)/2); the other is |im z| divided by twice the larger part.
///
/// # Examples
///
/// ```
/// # use kappa::{arithmetic::complex, c64};
/// assert_eq!(complex::square_root(c64::new(-4.0, 0.0)), c64::new(0.0, 2.0));
/// ```
pub fn square_root(z: Complex64) -> Complex64 {
    if z.re == 0.0 && z.im == 0.0 {
        return Complex64::new(0.0, z.im);
    }
    // |z| + |re z| overflows for a large z: √z = 2·√(z/4).
    let large = z.re.abs().max(z.im.abs()) > 1e300;
    let (re, im) = if large { (z.re * 0.25, z.im * 0.25) } else { (z.re, z.im) };
    let w = ((re.abs() + re.hypot(im)) * 0.5).sqrt();
    let other = im.abs() / (2.0 * w);
    let (re_root, im_root) = if re >= 0.0 { (w, other) } else { (other, w) };
    let factor = if large { 2.0 } else { 1.0 };
    Complex64::new(re_root * factor, (im_root * factor).copysign(z.im))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_and_roots_multiply_back_at_every_scale() {
        for k in 0..400 {
            let (t, e) = (f64::from(k) * 0.7, (k % 200) - 100);
            let z = Complex64::new(t.cos(), t.sin()) * 2f64.powi(7 * e);
            let root = square_root(z);
            assert!((quotient(root * root, z) - 1.0).norm() < 1e-14 && root.re >= 0.0);
            let y = Complex64::new((3.0 * t).sin(), t.cos()) * 2f64.powi(-2 * e);
            let q = quotient(z, y);
            assert!((quotient(q * y, z) - 1.0).norm() < 1e-14, "{z} / {y} = {q}");
        }
        let huge = Complex64::new(1.5e308, -1.5e308);
        assert!((quotient(huge, huge) - 1.0).norm() < 1e-15);
        assert!(square_root(huge).is_finite() && square_root(huge).im < 0.0);
    }
}
