//! Directed rounding with round-to-nearest operations only: one step outward after each operation.
//!
//! For +, −, ×, ÷ and √ rounded to nearest, the next number up is at least the exact result, also in the subnormal
//! range and at overflow (Rump, Zimmermann, Boldo, Melquiond, BIT 49 (2009)). The rounding mode is never touched.

/// Unit roundoff of double precision, 2⁻⁵³.
pub const UNIT_ROUNDOFF: f64 = f64::EPSILON / 2.0;
/// The smallest positive number, 2⁻¹⁰⁷⁴.
pub const SMALLEST: f64 = f64::from_bits(1);

/// The larger of two numbers; NaN if either is NaN.
pub(crate) fn max_or_nan(x: f64, y: f64) -> f64 {
    if x >= y || x.is_nan() { x } else { y }
}

/// An upper bound of a + b.
///
/// # Examples
///
/// ```
/// # use kappa::enclosure::directed::add_up;
/// assert!(add_up(0.1, 0.2) > 0.1 + 0.2 && add_up(0.1, 0.0) == 0.1);
/// ```
pub fn add_up(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { a + b } else { (a + b).next_up() }
}

/// A lower bound of a + b.
///
/// # Examples
///
/// ```
/// # use kappa::enclosure::directed::add_down;
/// assert!(add_down(0.1, 0.2) < 0.1 + 0.2 && add_down(0.1, 0.0) == 0.1);
/// ```
pub fn add_down(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { a + b } else { (a + b).next_down() }
}

/// An upper bound of a·b.
///
/// # Examples
///
/// ```
/// # use kappa::enclosure::directed::mul_up;
/// assert!(mul_up(0.1, 0.1) > 0.1 * 0.1 && mul_up(0.1, 0.0) == 0.0);
/// ```
pub fn mul_up(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { 0.0 } else { (a * b).next_up() }
}

/// A lower bound of a·b.
///
/// # Examples
///
/// ```
/// # use kappa::enclosure::directed::mul_down;
/// assert!(mul_down(0.1, 0.1) < 0.1 * 0.1 && mul_down(0.1, 0.0) == 0.0);
/// ```
pub fn mul_down(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { 0.0 } else { (a * b).next_down() }
}

/// An upper bound of a/b for a ≥ 0; ∞ when b ≤ 0 or b is NaN.
///
/// # Examples
///
/// ```
/// # use kappa::enclosure::directed::div_up;
/// assert!(div_up(1.0, 3.0) > 1.0 / 3.0 && div_up(1.0, 0.0) == f64::INFINITY);
/// ```
pub fn div_up(a: f64, b: f64) -> f64 {
    if b <= 0.0 || b.is_nan() {
        f64::INFINITY
    } else if a == 0.0 {
        0.0
    } else {
        (a / b).next_up()
    }
}

/// A lower bound of a/b for a ≥ 0 and b > 0; 0 for b = ∞.
///
/// # Examples
///
/// ```
/// # use kappa::enclosure::directed::div_down;
/// assert!(div_down(1.0, 3.0) < 1.0 / 3.0 && div_down(1.0, f64::INFINITY) == 0.0);
/// ```
pub fn div_down(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == f64::INFINITY {
        0.0
    } else if b <= 0.0 {
        f64::INFINITY
    } else {
        (a / b).next_down().max(0.0)
    }
}

/// An upper bound of √a for a ≥ 0.
///
/// # Examples
///
/// ```
/// # use kappa::enclosure::directed::sqrt_up;
/// assert!(sqrt_up(2.0) > 2f64.sqrt() && sqrt_up(0.0) == 0.0);
/// ```
pub fn sqrt_up(a: f64) -> f64 {
    if a == 0.0 { 0.0 } else { a.sqrt().next_up() }
}

/// A lower bound of √a for a ≥ 0.
///
/// # Examples
///
/// ```
/// # use kappa::enclosure::directed::sqrt_down;
/// assert!(sqrt_down(2.0) < 2f64.sqrt() && sqrt_down(0.0) == 0.0);
/// ```
pub fn sqrt_down(a: f64) -> f64 {
    if a <= 0.0 { 0.0 } else { a.sqrt().next_down() }
}

/// An upper bound of γₖ = k·u/(1 − k·u), which bounds the relative error of k successive roundings; ∞ for k·u ≥ ½.
///
/// # Examples
///
/// ```
/// # use kappa::enclosure::directed::{UNIT_ROUNDOFF, gamma_up};
/// let gamma = gamma_up(10);
/// assert!(10.0 * UNIT_ROUNDOFF < gamma && gamma < 11.0 * UNIT_ROUNDOFF);
/// ```
pub fn gamma_up(k: usize) -> f64 {
    let ku = k as f64 * UNIT_ROUNDOFF;
    if ku >= 0.5 { f64::INFINITY } else { div_up(ku.next_up(), (1.0 - ku).next_down()) }
}

/// A lower and an upper bound of x·2ᵉ for x ≥ 0. They are equal unless the result leaves the normal range.
///
/// # Examples
///
/// ```
/// # use kappa::enclosure::directed::times_power;
/// assert_eq!(times_power(3.0, 2), (12.0, 12.0));
/// assert_eq!(times_power(1.0, 1024), (f64::MAX, f64::INFINITY));
/// ```
pub fn times_power(x: f64, e: i32) -> (f64, f64) {
    if e == 0 || x == 0.0 {
        return (x, x);
    }
    // For |e| > 2200 every number overflows or underflows.
    let (mut y, mut left) = (x, e.clamp(-2200, 2200));
    while left != 0 {
        let step = left.clamp(-1000, 1000);
        y *= f64::from_bits(((i64::from(step) + 1023) as u64) << 52);
        left -= step;
    }
    if y.is_infinite() && x.is_finite() {
        (f64::MAX, f64::INFINITY)
    } else if y < f64::MIN_POSITIVE * 2.0 {
        // At most two roundings, each of at most half the smallest number.
        ((y.next_down()).max(0.0), y.next_up())
    } else {
        (y, y)
    }
}

/// An upper bound of the exact sum of non-negative numbers, from the computed sum s.
///
/// `terms` = n bounds the number of roundings that any term passes through: Σx ≤ s·(1 + 2(n + 2)u) for n·u ≤ 1/4.
///
/// # Examples
///
/// ```
/// # use kappa::enclosure::directed::sum_up;
/// let s = 0.1 + 0.2 + 0.3;
/// assert!(s < sum_up(s, 3) && sum_up(s, 3) < s + 1e-14);
/// ```
pub fn sum_up(computed: f64, terms: usize) -> f64 {
    mul_up(computed, (1.0 + 2.0 * gamma_up(terms + 2)).next_up())
}

/// A lower bound of the exact sum of non-negative numbers, from the computed sum; arguments as in [`sum_up`].
///
/// # Examples
///
/// ```
/// # use kappa::enclosure::directed::sum_down;
/// let s = 0.1 + 0.2 + 0.3;
/// assert!(s - 1e-14 < sum_down(s, 3) && sum_down(s, 3) < s);
/// ```
pub fn sum_down(computed: f64, terms: usize) -> f64 {
    mul_down(computed, (1.0 - 2.0 * gamma_up(terms + 2)).next_down().max(0.0)).max(0.0)
}

/// An upper bound of √Σx² for numbers of any sign, without overflow of the squares; ∞ when a number is NaN.
///
/// # Examples
///
/// ```
/// # use kappa::enclosure::directed::norm_up;
/// let x = norm_up(&[3e200, -4e200]);
/// assert!(5e200 <= x && x < 5.000001e200);
/// ```
pub fn norm_up(x: &[f64]) -> f64 {
    let largest = x.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    if x.iter().any(|x| x.is_nan()) {
        return f64::INFINITY;
    }
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    let sum: f64 = x.iter().map(|x| (x / largest) * (x / largest)).sum();
    // Each term is a rounded quotient and a rounded square. A square that underflows changes the sum, which is at least
    // 1, by at most 2⁻¹⁰⁷⁴.
    mul_up(sqrt_up(sum_up(sum, x.len() + 6)), largest)
}

/// A lower bound of √Σx² for numbers of any sign, without overflow of the squares; 0 when a number is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::enclosure::directed::norm_down;
/// let x = norm_down(&[3e200, -4e200]);
/// assert!(4.999999e200 < x && x <= 5e200);
/// ```
pub fn norm_down(x: &[f64]) -> f64 {
    let largest = x.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    if largest == 0.0 || !largest.is_finite() || x.iter().any(|x| x.is_nan()) {
        return 0.0;
    }
    let sum: f64 = x.iter().map(|x| (x / largest) * (x / largest)).sum();
    mul_down(sqrt_down(sum_down(sum, x.len() + 6)), largest)
}
