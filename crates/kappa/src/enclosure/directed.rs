//! Bounds in round-to-nearest only: one step outward after each operation.
//!
//! For +, −, ×, ÷ and √ rounded to nearest, the next number up is at least the exact result, also in the subnormal
//! range and at overflow (Rump, Zimmermann, Boldo, Melquiond, BIT 49 (2009)). The rounding mode is never touched.

/// Unit roundoff of double precision, 2⁻⁵³.
pub const UNIT_ROUNDOFF: f64 = f64::EPSILON / 2.0;
/// The smallest positive number, 2⁻¹⁰⁷⁴.
pub const SMALLEST: f64 = f64::from_bits(1);

/// The larger of two, NaN if either is.
pub(crate) fn max_or_nan(x: f64, y: f64) -> f64 {
    if x >= y || x.is_nan() { x } else { y }
}

/// a + b or more.
pub fn add_up(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { a + b } else { (a + b).next_up() }
}

/// a + b or less.
pub fn add_down(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { a + b } else { (a + b).next_down() }
}

/// a·b or more.
pub fn mul_up(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { 0.0 } else { (a * b).next_up() }
}

/// a·b or less.
pub fn mul_down(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { 0.0 } else { (a * b).next_down() }
}

/// a/b or more, for a ≥ 0; ∞ for b ≤ 0 and where b is not known.
pub fn div_up(a: f64, b: f64) -> f64 {
    if b <= 0.0 || b.is_nan() {
        f64::INFINITY
    } else if a == 0.0 {
        0.0
    } else {
        (a / b).next_up()
    }
}

/// a/b or less, for a ≥ 0 and b > 0; 0 for b = ∞.
pub fn div_down(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == f64::INFINITY {
        0.0
    } else if b <= 0.0 {
        f64::INFINITY
    } else {
        (a / b).next_down().max(0.0)
    }
}

/// √a or more.
pub fn sqrt_up(a: f64) -> f64 {
    if a == 0.0 { 0.0 } else { a.sqrt().next_up() }
}

/// √a or less, for a ≥ 0.
pub fn sqrt_down(a: f64) -> f64 {
    if a <= 0.0 { 0.0 } else { a.sqrt().next_down() }
}

/// An upper bound of γₖ = k·u/(1 − k·u), the relative error of a chain of k roundings; ∞ where it has no bound.
pub fn gamma_up(k: usize) -> f64 {
    let ku = k as f64 * UNIT_ROUNDOFF;
    if ku >= 0.5 { f64::INFINITY } else { div_up(ku.next_up(), (1.0 - ku).next_down()) }
}

/// x·2ᵉ or more and x·2ᵉ or less, for x ≥ 0: exact unless the result leaves the normal range.
pub fn times_power(x: f64, e: i32) -> (f64, f64) {
    if e == 0 || x == 0.0 {
        return (x, x);
    }
    // Beyond 2^±2200 every number overflows or vanishes.
    let (mut y, mut left) = (x, e.clamp(-2200, 2200));
    while left != 0 {
        let step = left.clamp(-1000, 1000);
        y *= f64::from_bits(((i64::from(step) + 1023) as u64) << 52);
        left -= step;
    }
    if y.is_infinite() && x.is_finite() {
        (f64::MAX, f64::INFINITY)
    } else if y < f64::MIN_POSITIVE * 2.0 {
        // Two roundings at most, each of at most half the smallest number.
        ((y.next_down()).max(0.0), y.next_up())
    } else {
        (y, y)
    }
}

/// An upper bound of the exact sum of non-negative numbers from its computed value, for at most `terms` roundings behind
/// any term: Σx ≤ s·(1 + 2(n + 2)u) for n·u ≤ 1/4.
pub fn sum_up(computed: f64, terms: usize) -> f64 {
    mul_up(computed, (1.0 + 2.0 * gamma_up(terms + 2)).next_up())
}

/// A lower bound of the exact sum of non-negative numbers from its computed value.
pub fn sum_down(computed: f64, terms: usize) -> f64 {
    mul_down(computed, (1.0 - 2.0 * gamma_up(terms + 2)).next_down().max(0.0)).max(0.0)
}

/// An upper bound of √Σx² over numbers of any sign, without overflow.
pub fn norm_up(x: &[f64]) -> f64 {
    let largest = x.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    if x.iter().any(|x| x.is_nan()) {
        return f64::INFINITY;
    }
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    let sum: f64 = x.iter().map(|x| (x / largest) * (x / largest)).sum();
    // Quotient, square and sum for each; what underflows is below 2⁻¹⁰⁷⁴ against a sum of at least 1.
    mul_up(sqrt_up(sum_up(sum, x.len() + 6)), largest)
}

/// A lower bound of √Σx² over numbers of any sign.
pub fn norm_down(x: &[f64]) -> f64 {
    let largest = x.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    if largest == 0.0 || !largest.is_finite() || x.iter().any(|x| x.is_nan()) {
        return 0.0;
    }
    let sum: f64 = x.iter().map(|x| (x / largest) * (x / largest)).sum();
    mul_down(sqrt_down(sum_down(sum, x.len() + 6)), largest)
}
