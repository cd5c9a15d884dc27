use kappa_dense::{Scalar, c64};

use super::aberth::{Point, Polynomial, Wide};
use crate::enclosure::directed::{SMALLEST, add_up, div_up, mul_up, times_power};
use crate::enclosure::exponent_of;
use crate::error::{Error, Result};
use crate::operator::{AnyMatrix, both};

/// A root of a polynomial with its sensitivity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolynomialRoot {
    /// The root.
    pub value: c64,
    /// A proved bound of the error: the exact roots of the coefficients as given can be numbered so that each lies
    /// within this distance of its value. ∞ where none is known.
    pub radius: f64,
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
/// Aberth's iteration in twice the precision, from circles that the sizes of the coefficients give, at any scale. The
/// relative error of a root is about condition × 2⁻¹⁰⁰, plus one rounding, so that ill-conditioned roots of the
/// coefficients as given are accurate; a previous rounding of the coefficients changes the roots by condition × 2⁻⁵³.
/// Every root has a proved error bound (Smith's discs, every rounding error counted). The roots of a real polynomial
/// are real or exact conjugate pairs. O(n²) flops for each of some tens of rounds.
///
/// # Errors
///
/// - When every coefficient but a₀ is 0.
/// - When a coefficient is not finite, or a root overflows double precision.
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
/// References: Bini, Numer. Algorithms 13 (1996) 179–200; Smith, J. ACM 17 (1970) 661–674; Wilkinson, "The perfidious
/// polynomial", MAA Studies 24 (1984).
pub fn polynomial_roots<T: Scalar>(coefficients: &[T]) -> Result<Vec<PolynomialRoot>> {
    let a: Vec<c64> = coefficients.iter().map(|x| c64::new(x.re(), x.im())).collect();
    Error::check_vector(&a)?;
    let degree = a.iter().rposition(|x| *x != c64::default());
    let Some(degree) = degree.filter(|&d| d > 0) else {
        return Err(Error::unsupported("a constant polynomial has no roots, or every number is one")
            .with_hint("give at least one coefficient of x, x², … that is not 0"));
    };
    let zeros = a.iter().position(|x| *x != c64::default()).unwrap_or(0);
    let core = &a[zeros..=degree];
    let n = core.len() - 1;
    let mut found: Vec<PolynomialRoot> = if n == 0 { Vec::new() } else { of_core(core, !T::IS_COMPLEX)? };
    found.extend((0..zeros).map(|_| PolynomialRoot {
        value: c64::default(),
        radius: 0.0,
        condition: if zeros > 1 { f64::INFINITY } else { 1.0 },
        backward_error: 0.0,
        distance: if zeros > 1 { 0.0 } else { 1.0 },
    }));
    found.sort_by(|x, y| y.value.norm().total_cmp(&x.value.norm()).then(y.value.im.total_cmp(&x.value.im)));
    Ok(found)
}

/// Roots of a polynomial whose first and last coefficient are not 0.
fn of_core(a: &[c64], is_real: bool) -> Result<Vec<PolynomialRoot>> {
    let p = Polynomial::new(a);
    let z = p.roots();
    let radii: Vec<f64> = (0..z.len()).map(|k| disc(&p, &z, k)).collect();
    let clusters = clusters(&z, &radii);
    let mut values: Vec<c64> = z.iter().map(|z| z.value()).collect();
    if let Some(k) = values.iter().position(|v| !(v.re.is_finite() && v.im.is_finite())) {
        return Err(Error::unsupported(format!(
            "a root of size 1e{:.0} overflows double precision",
            (z[k].e as f64 + 0.5) * std::f64::consts::LOG10_2
        ))
        .with_hint("substitute x = s·y with a power of two s that brings the coefficients to similar sizes"));
    }
    // A part that cannot be told from 0 is 0.
    for (k, value) in values.iter_mut().enumerate() {
        let y = z[k].y.rounded();
        value.re = if y.re.abs() <= radii[k] { 0.0 } else { value.re };
        value.im = if y.im.abs() <= radii[k] { 0.0 } else { value.im };
    }
    if is_real {
        symmetrize(&p, &z, &radii, &clusters, &mut values);
    }
    let judged = |k: usize| judged(&p, &z, &radii, &clusters[k], (k, values[k]));
    Ok((0..z.len()).map(judged).collect())
}

/// n·|p(zₖ)|/(|aₙ|·Π|zₖ − zⱼ|) in units of 2^eₖ, rounded up: the union of these discs contains all roots, and a
/// connected part of it as many as it has discs (Smith, J. ACM 17 (1970) 661–674).
fn disc(p: &Polynomial, z: &[Point], k: usize) -> f64 {
    let n = p.degree();
    let here = p.at(z[k]);
    if here.most == 0.0 {
        return 0.0;
    }
    let (mut below, mut power) = p.lead(z[k], here.scale);
    let mut divide = |size: f64| {
        below *= size;
        let e = if below > 0.0 { exponent_of(below) } else { 0 };
        below *= 2f64.powi(-e);
        power += i64::from(e);
    };
    if here.is_reversed {
        // The values are divided by yⁿ; 1/y was rounded.
        let size = z[k].y.rounded().norm();
        (0..n).for_each(|_| divide(1.0 / size * (1.0 - 16.0 * f64::EPSILON)));
    }
    for (_, &other) in z.iter().enumerate().filter(|&(j, _)| j != k) {
        let d = z[k].minus(other).rounded().norm();
        if d == f64::INFINITY {
            // |zⱼ| is beyond 2⁹⁰⁰·|zₖ|: the distance is at least half of it.
            divide(0.5 * other.y.rounded().norm());
            power_of(&mut divide, other.e - z[k].e);
            continue;
        }
        // The difference of two numbers of 106 bits.
        let reach = 4.0 * (1.0 + z[k].y.rounded().norm()) * 2f64.powi(-104);
        divide(((d - reach) * (1.0 - 8.0 * f64::EPSILON)).max(0.0));
    }
    let radius = mul_up(mul_up(n as f64, here.most), 1.0 + (8 * n + 16) as f64 * f64::EPSILON);
    if below == 0.0 { f64::INFINITY } else { times_power(div_up(radius, below), (-power).clamp(-3000, 3000) as i32).1 }
}

/// Divides by 2ᵏ for any k > 0, in steps.
fn power_of(divide: &mut impl FnMut(f64), mut k: i64) {
    while k > 0 {
        let step = k.min(1000);
        divide(2f64.powi(step as i32));
        k -= step;
    }
}

/// For each disc, the discs that are connected with it.
fn clusters(z: &[Point], radii: &[f64]) -> Vec<Vec<usize>> {
    let n = z.len();
    let touches = |k: usize, j: usize| {
        // In units of the larger one, where nothing overflows.
        let (k, j) = if z[j].e > z[k].e { (j, k) } else { (k, j) };
        let gap = z[k].minus(z[j]).rounded().norm() * (1.0 - 1e-12);
        let other = times_power(radii[j], (z[j].e - z[k].e).clamp(-3000, 3000) as i32).1;
        radii[k].is_infinite() || radii[j].is_infinite() || gap <= add_up(radii[k], other)
    };
    let mut part = vec![usize::MAX; n];
    let mut parts: Vec<Vec<usize>> = Vec::new();
    for start in 0..n {
        if part[start] != usize::MAX {
            continue;
        }
        let mut members = vec![start];
        part[start] = parts.len();
        let mut next = 0;
        while let Some(&k) = members.get(next) {
            for (j, part) in part.iter_mut().enumerate() {
                if *part == usize::MAX && touches(k, j) {
                    *part = parts.len();
                    members.push(j);
                }
            }
            next += 1;
        }
        parts.push(members);
    }
    part.into_iter().map(|k| parts[k].clone()).collect()
}

/// |v − (point ± radius)| from above.
fn away(v: c64, z: Point, radius: f64) -> f64 {
    // The rounding of a point to double, or a later change of the value.
    let e = z.e.clamp(-3000, 3000) as i32;
    let local = c64::new(times_power(v.re.abs(), -e).1.copysign(v.re), times_power(v.im.abs(), -e).1.copysign(v.im));
    let gap = (z.y - Wide::from(local)).rounded().norm();
    let lost = if z.e < -960 { 4.0 * SMALLEST } else { 0.0 };
    add_up(times_power(mul_up(add_up(gap, radius), 1.0 + 8.0 * f64::EPSILON), e).1, lost)
}

fn judged(p: &Polynomial, z: &[Point], radii: &[f64], cluster: &[usize], (k, value): (usize, c64)) -> PolynomialRoot {
    let at = p.at(z[k]);
    let steep = z[k].y.rounded().norm() * at.slope.norm();
    PolynomialRoot {
        value,
        radius: cluster.iter().map(|&j| away(value, z[j], radii[j])).fold(0.0, f64::max),
        condition: if steep > 0.0 { at.size / steep } else { f64::INFINITY },
        backward_error: at.value.norm() / at.size,
        distance: if at.slopes > 0.0 { (at.slope.norm() / at.slopes).min(1.0) } else { 0.0 },
    }
}

/// For a real polynomial: a single root whose disc meets the real axis is real, because its conjugate is a root too;
/// of a cluster, roots become real that are as good so; the others become exact conjugate pairs.
fn symmetrize(p: &Polynomial, z: &[Point], radii: &[f64], clusters: &[Vec<usize>], values: &mut [c64]) {
    let flat = (p.degree() + 1) as f64 * 2f64.powi(-96);
    for k in 0..z.len() {
        let y = z[k].y.rounded();
        let is_real = if clusters[k].len() == 1 {
            y.im.abs() <= radii[k]
        } else {
            let real = Point { y: Wide { im: Default::default(), ..z[k].y }, ..z[k] };
            y.im.abs() < 1e-6 * y.re.abs() && {
                let (there, here) = (p.at(real), p.at(z[k]));
                there.value.norm() <= flat * there.size || there.value.norm() <= here.value.norm()
            }
        };
        if is_real {
            values[k].im = 0.0;
        }
    }
    for k in 0..z.len() {
        if values[k].im <= 0.0 {
            continue;
        }
        let mirrored = values[k].conj();
        let partner = (0..z.len())
            .filter(|&j| values[j].im < 0.0)
            .min_by(|&i, &j| (values[i] - mirrored).norm().total_cmp(&(values[j] - mirrored).norm()));
        if let Some(j) = partner.filter(|&j| (values[j] - mirrored).norm() <= 1e-8 * mirrored.norm()) {
            values[j] = mirrored;
        }
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

    /// The coefficients of Π (x − k) over the roots k, exact below 2⁵³.
    fn product(roots: &[i64]) -> Vec<f64> {
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
    }

    #[test]
    fn roots_of_exact_coefficients_are_exact() {
        // Π (x − k), k = 1 … 17: coefficients below 2⁵³, conditions up to 1e12; and roots of any multiplicity.
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

    /// Roots of unity times a power of two, at both ends of the range and beyond it.
    #[test]
    fn coefficients_of_any_size_are_scaled() {
        for e in [-1000, -500, 0, 500, 1000] {
            for n in [3, 4, 7] {
                // xⁿ = 2ᵉ, with the coefficients multiplied by 2ᶠ.
                for f in [-20, 0, 20] {
                    let mut c = vec![0.0; n + 1];
                    (c[0], c[n]) = (-2f64.powi(e / 2) * 2f64.powi(e - e / 2 - f), 2f64.powi(-f));
                    let size = 2f64.powf(f64::from(e) / n as f64);
                    for r in polynomial_roots(&c).unwrap() {
                        assert!((r.value.norm() / size - 1.0).abs() < 1e-13 && r.radius < 1e-13 * size, "{r:?}");
                        assert!((r.condition * n as f64 - 2.0).abs() < 1e-12, "{r:?}");
                    }
                }
            }
        }
        // Roots 600 decades apart: x² + 1e300·x + 1, and its coefficients beyond the ratios of doubles.
        let far = polynomial_roots(&[1.0, 1e300, 1.0]).unwrap();
        assert_eq!((far[0].value.re, far[1].value.re), (-1e300, -1e-300));
        let far = polynomial_roots(&[1e-200, 1e200, 1e-100, 1e-100]).unwrap();
        assert!(far[2].value.norm() < 1e-300 && far[2].radius < 1e-300, "{far:?}");
        assert!((far[0].value.norm() / 1e150 - 1.0).abs() < 1e-13 && far[0].radius < 1e137, "{far:?}");
        let beyond = polynomial_roots(&[1e300, 0.0, 1e-300, 1e-310]).unwrap();
        assert!(beyond.iter().all(|r| r.value.norm().is_finite()));
        assert!(polynomial_roots(&[1e300, 1e-300]).unwrap_err().is_unsupported());
    }

    /// Products of known linear factors in integers: every exact root lies within the radius of its value.
    #[test]
    fn the_exact_roots_lie_within_the_radii() {
        for roots in [&[1i64, 2, 3][..], &[5, 5, -7], &[1, 1, 1, 1], &[100, 101, 102, 103], &[0, 3, 3, -3, 3]] {
            let found = polynomial_roots(&product(roots)).unwrap();
            let mut left = roots.to_vec();
            left.sort_by_key(|k| -k.abs());
            for r in &found {
                let near = left.iter().position(|&k| (r.value - c64::new(k as f64, 0.0)).norm() <= r.radius);
                left.remove(near.unwrap_or_else(|| panic!("{roots:?}: {r:?}")));
                assert!(r.radius < 1e-3, "{roots:?}: {r:?}");
            }
        }
    }

    #[test]
    fn awkward_coefficients_are_read_as_they_are() {
        let values = |c: &[f64]| polynomial_roots(c).unwrap().iter().map(|r| r.value).collect::<Vec<c64>>();
        assert_eq!(values(&[0.0, 0.0, 3.0, 0.0]), vec![c64::default(); 2]);
        assert_eq!(values(&[-4.0, 2.0]), vec![c64::new(2.0, 0.0)]);
        let pair = values(&[1.0, 0.0, 1.0]);
        assert!((pair[0] - c64::new(0.0, 1.0)).norm() < 1e-15 && (pair[1] - c64::new(0.0, -1.0)).norm() < 1e-15);
        assert!(polynomial_roots(&[1.0]).unwrap_err().is_unsupported());
        assert!(polynomial_roots::<f64>(&[]).unwrap_err().is_unsupported());
        assert!(polynomial_roots(&[1.0, f64::NAN]).unwrap_err().is_not_finite());
        let z = polynomial_roots(&[c64::new(0.0, -1.0), c64::new(1.0, 0.0)]).unwrap();
        assert!((z[0].value - c64::new(0.0, 1.0)).norm() < 1e-15);
    }
}
