//! Formulas whose textbook form suffers from cancellation or overflow.

use super::environment::evidence;
use super::{Pair, two_product};
use crate::Enclosure;
use crate::enclosure::directed::{
    SMALLEST, add_down, add_up, div_down, div_up, mul_up, norm_down, norm_up, times_power,
};
use crate::error::{Error, Result};

/// The length √(a² + b²) without overflow or underflow of the squares.
///
/// Every rounding error is counted.
///
/// # Examples
///
/// ```
/// # use kappa::arithmetic::hypot;
/// assert!(hypot(3e200, 4e200).contains(5e200));
/// ```
pub fn hypot(a: f64, b: f64) -> Enclosure {
    Enclosure::new(norm_down(&[a, b]), a.hypot(b), norm_up(&[a, b]), evidence(false))
}

/// The difference of squares a² − b², computed as (a − b)(a + b).
///
/// Every rounding error is counted. The relative width is a few units roundoff however close a and b are.
///
/// # Examples
///
/// ```
/// # use kappa::arithmetic::difference_of_squares;
/// // 1e8² and (1e8 + 1)² differ by 200000001; rounding the squares first gives 200000000.
/// assert!(difference_of_squares(1e8 + 1.0, 1e8).contains(200000001.0));
/// ```
pub fn difference_of_squares(a: f64, b: f64) -> Enclosure {
    let ((p, e), (q, f)) = (super::two_sum(a, -b), super::two_sum(a, b));
    // Both factors are exact pairs; their product has relative error at most 2⁻¹⁰².
    let product = Pair { high: p, low: e } * Pair { high: q, low: f };
    around(product, mul_up(product.high.abs(), 2f64.powi(-100)))
}

fn around(x: Pair, radius: f64) -> Enclosure {
    let lost = add_up(radius, 8.0 * SMALLEST);
    Enclosure::new(
        add_down(x.high, add_down(x.low, -lost)),
        x.high + x.low,
        add_up(x.high, add_up(x.low, lost)),
        evidence(false),
    )
}

/// The solutions of a·x² + b·x + c = 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum QuadraticRoots {
    /// Every number: a = b = c = 0.
    Everything,
    /// None: a = b = 0 and c ≠ 0.
    Nothing,
    /// One: a = 0.
    One(Enclosure),
    /// Two real ones, the smaller first; equal where the discriminant is 0.
    Real(Enclosure, Enclosure),
    /// A conjugate pair: real part, and modulus of the imaginary part.
    Conjugate(Enclosure, Enclosure),
}

/// The roots of a·x² + b·x + c.
///
/// x₁ = q/a with q = −½(b + sign(b)·√(b² − 4ac)) and x₂ = c/q. The textbook formula loses every digit of the small root
/// when b² is much larger than 4ac; this one loses none. Every rounding error is counted. The sign of the discriminant
/// is exact, so that a double root is distinguished from two close real roots and from a complex conjugate pair.
///
/// # Errors
///
/// When a coefficient is not finite.
///
/// # Examples
///
/// ```
/// use kappa::arithmetic::{QuadraticRoots, quadratic_roots};
/// let QuadraticRoots::Real(x, y) = quadratic_roots(1.0, -1e9, 1.0)? else { panic!() };
/// assert!((x.estimate() - 1e-9).abs() < 1e-24 && y.estimate() == 1e9);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Higham, *Accuracy and Stability*, 2nd ed., section 1.8.
pub fn quadratic_roots(a: f64, b: f64, c: f64) -> Result<QuadraticRoots> {
    if let Some(k) = [a, b, c].iter().position(|x| !x.is_finite()) {
        let name = ["a", "b", "c"][k];
        return Err(Error::syntax(format!("coefficient {name} of the quadratic a·x² + b·x + c is not finite")));
    }
    if a == 0.0 {
        return Ok(match (b == 0.0, c == 0.0) {
            (true, true) => QuadraticRoots::Everything,
            (true, false) => QuadraticRoots::Nothing,
            _ => QuadraticRoots::One(quotient(Enclosure::exact(-c), Enclosure::exact(b))),
        });
    }
    // Scaling keeps squares in range: with x = 2ˢ·y, b and √(ac) have about the same size.
    let exponent = |x: f64| if x == 0.0 { -2000 } else { x.abs().log2().floor() as i32 };
    let (ea, eb, ec) = (exponent(a), exponent(b), exponent(c));
    let s = if c == 0.0 { if b == 0.0 { 0 } else { eb - ea } } else { (ec - ea).div_euclid(2).max(eb - ea) };
    let top = (ea + 2 * s).max(if b == 0.0 { -4000 } else { eb + s }).max(if c == 0.0 { -4000 } else { ec });
    let scale = |x: f64, e: i32| times_power(x.abs(), e).1.copysign(x);
    // Division uses the unscaled a and c, because scaling can make one of them underflow.
    let (whole_a, whole_c) = (Enclosure::exact(a), Enclosure::exact(c));
    let (a, b, c) = (scale(a, 2 * s - top), scale(b, s - top), scale(c, -top));
    let over_a = |x: Enclosure| times_two_to(quotient(x, whole_a), top - s);
    let ((p, e), (q, f)) = (two_product(b, b), two_product(4.0 * a, c));
    let discriminant = Pair { high: p, low: e } - Pair { high: q, low: f };
    let discriminant = around(discriminant, mul_up(add_up(p, q.abs()), 2f64.powi(-102)));
    let (low, middle, high) = (discriminant.lower(), discriminant.estimate(), discriminant.upper());
    let discriminant = match sign((p, e), (q, f), discriminant) {
        sign if sign < 0.0 => Enclosure::new(low, middle, high.min(0.0), discriminant.evidence()),
        sign if sign > 0.0 => Enclosure::new(low.max(0.0), middle, high, discriminant.evidence()),
        _ => Enclosure::exact(0.0).with_evidence(discriminant.evidence()),
    };
    if discriminant.lower() < 0.0 {
        let size = negated_if(discriminant, true);
        let half = |x: Enclosure| times_two_to(x, -1);
        let (re, im) = (over_a(half(Enclosure::exact(-b))), over_a(half(size.sqrt())));
        return Ok(QuadraticRoots::Conjugate(re, negated_if(im, a < 0.0)));
    }
    let sum = Enclosure::exact(b.abs()).plus(discriminant.sqrt());
    let q = negated_if(times_two_to(sum, -1), b >= 0.0);
    let first = over_a(q);
    let second = if whole_c.estimate() == 0.0 {
        Enclosure::exact(0.0)
    } else if q.lower() <= 0.0 && q.upper() >= 0.0 {
        // b and the discriminant may both be 0.
        negated_if(first, true)
    } else {
        times_two_to(quotient(whole_c, q), s - top)
    };
    Ok(if first.estimate() <= second.estimate() {
        QuadraticRoots::Real(first, second)
    } else {
        QuadraticRoots::Real(second, first)
    })
}

/// The exact sign of p + e − q − f, the difference of two products given as pairs; `around` encloses the difference.
///
/// Where `around` contains 0, the difference is below 2⁻⁹⁹·p, so that p − q and e − f = u + v (exactly) nearly cancel:
/// both subtractions below are exact (Sterbenz), and the last addition keeps the sign.
fn sign((p, e): (f64, f64), (q, f): (f64, f64), around: Enclosure) -> f64 {
    if around.lower() > 0.0 || around.upper() < 0.0 {
        return around.estimate();
    }
    let (u, v) = super::two_sum(e, -f);
    ((p - q) + u) + v
}

fn negated_if(x: Enclosure, negate: bool) -> Enclosure {
    if negate { Enclosure::new(-x.upper(), -x.estimate(), -x.lower(), x.evidence()) } else { x }
}

fn times_two_to(x: Enclosure, e: i32) -> Enclosure {
    let end = |x: f64, up: bool| {
        let (low, high) = times_power(x.abs(), e);
        if up == (x >= 0.0) { high.copysign(x) } else { low.copysign(x) }
    };
    Enclosure::new(end(x.lower(), false), end(x.estimate(), true), end(x.upper(), true), x.evidence())
}

/// x/y for either sign; both ends are infinite when y may be 0.
fn quotient(x: Enclosure, y: Enclosure) -> Enclosure {
    if y.lower() <= 0.0 && y.upper() >= 0.0 {
        return Enclosure::new(f64::NEG_INFINITY, f64::NAN, f64::INFINITY, x.evidence());
    }
    // The divisor is made positive; each end then depends on the sign of the end of x.
    let (x, y) = if y.upper() < 0.0 { (negated_if(x, true), negated_if(y, true)) } else { (x, y) };
    let (small, large) = (y.lower(), y.upper());
    let lower = if x.lower() >= 0.0 { div_down(x.lower(), large) } else { -div_up(-x.lower(), small) };
    let upper = if x.upper() >= 0.0 { div_up(x.upper(), small) } else { -div_down(-x.upper(), large) };
    Enclosure::new(lower, x.estimate() / y.estimate(), upper, x.evidence().and(y.evidence()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn real(a: f64, b: f64, c: f64) -> (Enclosure, Enclosure) {
        match quadratic_roots(a, b, c).unwrap() {
            QuadraticRoots::Real(x, y) => (x, y),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn roots_of_known_quadratics_lie_inside() {
        for (r, s) in [(1.0, 2.0), (-3.0, 5.0), (0.0, 4.0), (2.0, 2.0), (-1.0, 1.0), (3.0, 1048576.0)] {
            for scale in [1.0, -4.0, 2f64.powi(900), 2f64.powi(-900)] {
                let (x, y) = real(scale, -scale * (r + s), scale * r * s);
                assert!(x.contains(r) && y.contains(s), "{r} {s} {scale:e}: {x:?} {y:?}");
                assert!(x.width() <= 1e-7 + 1e-14 * r.abs() && y.width() <= 1e-7 + 1e-14 * s, "{x:?} {y:?}");
            }
        }
        let (x, y) = real(1.0, 0.0, 0.0);
        assert!(x.contains(0.0) && y.contains(0.0));
    }

    #[test]
    fn the_textbook_formula_would_lose_what_this_one_keeps() {
        let (b, c) = (1e8, 1.0);
        let (large, small) = real(1.0, b, c);
        let textbook = (-b + (b * b - 4.0 * c).sqrt()) / 2.0;
        assert!((textbook - small.estimate()).abs() > 1e-2 * small.estimate().abs());
        assert!(
            small.width() < 1e-22 && large.width() < 1e-6 && small.lower() < -1e-8 && small.upper() > -1.0000001e-8
        );
    }

    #[test]
    fn every_kind_of_answer_is_given() {
        assert_eq!(quadratic_roots(0.0, 0.0, 0.0).unwrap(), QuadraticRoots::Everything);
        assert_eq!(quadratic_roots(0.0, 0.0, 1.0).unwrap(), QuadraticRoots::Nothing);
        assert!(matches!(quadratic_roots(0.0, 2.0, 1.0).unwrap(), QuadraticRoots::One(x) if x.contains(-0.5)));
        let QuadraticRoots::Conjugate(re, im) = quadratic_roots(1.0, -2.0, 5.0).unwrap() else { panic!() };
        assert!(re.contains(1.0) && im.contains(2.0) && im.width() < 1e-14);
        assert!(quadratic_roots(f64::NAN, 1.0, 1.0).unwrap_err().is_syntax());
        let (x, y) = real(1e-200, 1e200, 1.0);
        assert!(y.contains(-1e-200) && y.width() < 1e-214 && x.upper() < -1e307, "{x:?} {y:?}");
        let (x, y) = real(1e-320, 1.0, 1.0);
        assert!(y.contains(-1.0) && y.width() < 1e-14 && x.upper() < -1e307, "{x:?} {y:?}");
    }

    /// Here |b² − 4ac| is below what double precision resolves of its terms; the sign is compared with that of the
    /// exact rational number.
    #[test]
    fn the_kind_of_the_roots_is_never_guessed() {
        let kind = |a, b, c| matches!(quadratic_roots(a, b, c).unwrap(), QuadraticRoots::Conjugate(..));
        assert!(kind(1.0, 2.408501411999088, 1.4502197629004001));
        let mut seen = [0usize; 3];
        for k in 0..20_000u64 {
            let b = 1.0 + (k.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64 * 2f64.powi(-53);
            let c = b * b * 0.25;
            // b² − 4c as an integer multiple of 2⁻¹⁰⁶; b and c are multiples of 2⁻⁵³ and 2⁻⁵⁴.
            let whole = |x: f64, bits: i32| (x * 2f64.powi(bits)) as i128;
            let exact = whole(b, 53) * whole(b, 53) - (whole(c, 54) << 54);
            let found = quadratic_roots(1.0, b, c).unwrap();
            match exact.signum() {
                -1 => {
                    assert!(matches!(found, QuadraticRoots::Conjugate(_, im) if im.lower() >= 0.0), "{b:e} {found:?}")
                }
                0 => assert!(matches!(found, QuadraticRoots::Real(x, y) if x == y), "{b:e} {found:?}"),
                _ => assert!(matches!(found, QuadraticRoots::Real(..)), "{b:e} {found:?}"),
            }
            seen[(exact.signum() + 1) as usize] += 1;
        }
        assert!(seen[0] > 1000 && seen[2] > 1000, "{seen:?}");
        let (x, y) = real(1.0, -2.0, 1.0);
        assert!(x == y && x.contains(1.0));
    }

    #[test]
    fn a_difference_of_squares_keeps_its_digits() {
        let (a, b) = (1.0 + f64::EPSILON, 1.0);
        let d = difference_of_squares(a, b);
        assert!(d.contains(2.0 * f64::EPSILON + f64::EPSILON * f64::EPSILON) && d.width() < 1e-30);
    }
}
