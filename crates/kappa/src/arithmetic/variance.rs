//! Mean and variance: in two passes over stored numbers, and updated one number at a time.

use kappa_dense::pair::{Pair, two_sum};

use super::sum;
use crate::Enclosure;
use crate::enclosure::directed::{add_down, add_up, div_down, div_up, mul_down, mul_up, sum_down, sum_up};
use crate::error::{Error, Result};

/// A mean and a variance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// Σx/n.
    pub mean: Enclosure,
    /// Σ(x − mean)²/(n − 1), the unbiased variance.
    pub variance: Enclosure,
}

/// The mean and the unbiased variance of at least two numbers.
///
/// mean = Σxᵢ/n and variance = Σ(xᵢ − mean)²/(n − 1), in two passes. Every rounding error is counted. The textbook
/// formula Σx² − n·mean² cancels: for 10⁹ + {4, 7, 13, 16} it can give a negative variance, where this one gives 30.
/// Costs O(n) time and memory.
///
/// # Errors
///
/// When there are fewer than two numbers, or one is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::arithmetic::mean_and_variance;
/// let m = mean_and_variance(&[1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0])?;
/// assert!(m.mean.contains(1e9 + 10.0) && m.variance.contains(30.0) && m.variance.width() < 1e-12);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Chan, Golub, LeVeque, Amer. Statist. 37 (1983) 242–247.
pub fn mean_and_variance(x: &[f64]) -> Result<Moments> {
    let n = x.len();
    let largest = x.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    if n < 2 {
        return Err(Error::shape(format!("the variance needs at least 2 numbers, got {n}")));
    }
    if (2f64.powi(900)..f64::INFINITY).contains(&largest) {
        // The sum may overflow: the numbers are scaled by 2⁻¹²⁰, and the result is scaled back.
        let small: Vec<f64> = x.iter().map(|x| 2f64.powi(-120) * x).collect();
        let m = mean_and_variance(&small)?;
        return Ok(Moments { mean: stretched(m.mean, 1), variance: stretched(m.variance, 2) });
    }
    let total = sum(x)?;
    let mean = divided(total.value, n as f64);
    // For any centre c: Σ(x − mean)² = Σ(x − c)² − n·(mean − c)². With c ≈ mean the last term is tiny: no cancellation.
    let c = mean.estimate();
    let scale = x.iter().map(|x| (x - c).abs()).fold(0.0, f64::max);
    if scale == 0.0 {
        let spread = add_up(mean.upper(), -mean.lower());
        return Ok(Moments { mean, variance: Enclosure::new(0.0, 0.0, mul_up(spread, spread), mean.evidence()) });
    }
    // d = x − c is an exact pair; d² equals the square of its high part up to a factor (1 ± u)².
    let squares: f64 = x.iter().map(|x| (x - c) / scale).map(|d| d * d).sum();
    let pairs: Vec<f64> = x.iter().map(|&x| two_sum(x, -c)).flat_map(|(d, rest)| [d, rest]).collect();
    let away = divided(sum(&pairs)?.value, n as f64);
    let (least, most) = (away.lower().max(-away.upper()).max(0.0), away.upper().max(-away.lower()));
    let (least, most) = (div_down(least, scale), div_up(most, scale));
    let correction = (mul_down(mul_down(least, least), n as f64), mul_up(mul_up(most, most), n as f64));
    let freedom = (n - 1) as f64;
    let upper = div_up(add_up(sum_up(squares, n + 8), -correction.0), freedom);
    let lower = div_down(add_down(sum_down(squares, n + 8), -correction.1).max(0.0), freedom);
    let (lower, upper) = (mul_down(mul_down(lower, scale), scale), mul_up(mul_up(upper, scale), scale));
    let variance = Enclosure::new(lower, squares / freedom * scale * scale, upper, mean.evidence());
    Ok(Moments { mean, variance })
}

/// x·2¹²⁰, or x·2²⁴⁰ for `squares` = 2, which may overflow; widened by what scaling down may have lost to underflow.
fn stretched(x: Enclosure, squares: i32) -> Enclosure {
    let factor = 2f64.powi(120 * squares);
    // Scaling down moves each number, and so the mean, by at most 2⁻¹⁰⁷⁵. Numbers of this size that are not all equal
    // have a variance of at least (2⁸⁴⁷)²/n², which overflows; equal numbers are scaled exactly.
    let lost = 2f64.powi(-950);
    let (lower, upper) = ((x.lower() * factor - lost).next_down(), (x.upper() * factor + lost).next_up());
    Enclosure::new(lower.min(f64::MAX), x.estimate() * factor, upper.max(f64::MIN), x.evidence())
}

/// x/n for x of either sign.
fn divided(x: Enclosure, n: f64) -> Enclosure {
    let lower = if x.lower() >= 0.0 { div_down(x.lower(), n) } else { -div_up(-x.lower(), n) };
    let upper = if x.upper() >= 0.0 { div_up(x.upper(), n) } else { -div_down(-x.upper(), n) };
    Enclosure::new(lower, x.estimate() / n, upper, x.evidence())
}

/// Running mean and variance of numbers that arrive one at a time; two collections can be merged.
///
/// The sums are kept in double-double, so that the error grows with n·u² and not with n·u. The result is an estimate,
/// not an enclosure, because the numbers are not stored.
///
/// # Examples
///
/// ```
/// # use kappa::arithmetic::Welford;
/// let mut w = Welford::default();
/// [1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0].iter().for_each(|&x| w.add(x));
/// assert_eq!((w.count(), w.mean(), w.variance()), (4, 1e9 + 10.0, 30.0));
/// ```
///
/// Reference: Welford, Technometrics 4 (1962) 419–420; merging by Chan, Golub and LeVeque 1979.
#[derive(Clone, Copy, Debug, Default)]
pub struct Welford {
    count: u64,
    mean: Pair,
    squares: Pair,
}

impl Welford {
    /// Adds one number.
    pub fn add(&mut self, x: f64) {
        self.count += 1;
        let delta = Pair::from(x) - self.mean;
        self.mean = self.mean + delta / Pair::from(self.count as f64);
        self.squares = self.squares + delta * (Pair::from(x) - self.mean);
    }

    /// Adds all numbers of another collection.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        let (a, b) = (Pair::from(self.count as f64), Pair::from(other.count as f64));
        let total = a + b;
        let delta = other.mean - self.mean;
        self.mean = self.mean + delta * b / total;
        self.squares = self.squares + other.squares + delta * delta * a * b / total;
        self.count += other.count;
    }

    /// The count of numbers added so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean; 0 when there are no numbers.
    pub fn mean(&self) -> f64 {
        self.mean.high
    }

    /// The unbiased variance; NaN for fewer than two numbers.
    pub fn variance(&self) -> f64 {
        if self.count < 2 { f64::NAN } else { (self.squares / Pair::from((self.count - 1) as f64)).high }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variance_agrees_with_whole_number_arithmetic() {
        for shift in [0i64, 1 << 20, 1 << 45] {
            let x: Vec<i64> = (0..50).map(|k| shift + (k * k * 7919) % 101).collect();
            let n = x.len() as i128;
            let total: i128 = x.iter().map(|&x| i128::from(x)).sum();
            let squares: i128 = x.iter().map(|&x| i128::from(x) * i128::from(x)).sum();
            // n(n − 1)·variance is an integer.
            let expected = (n * squares - total * total) as f64 / (n * (n - 1)) as f64;
            let floats: Vec<f64> = x.iter().map(|&x| x as f64).collect();
            let m = mean_and_variance(&floats).unwrap();
            assert!(m.variance.contains(expected) && m.variance.width() < 1e-11 * expected, "{m:?} {expected}");
            let (mut left, mut right) = (Welford::default(), Welford::default());
            floats[..20].iter().for_each(|&x| left.add(x));
            floats[20..].iter().for_each(|&x| right.add(x));
            left.merge(&right);
            assert!((left.variance() / expected - 1.0).abs() < 1e-15 && m.mean.contains(left.mean()));
        }
    }

    #[test]
    fn equal_numbers_have_no_variance_and_one_number_has_none_either() {
        let m = mean_and_variance(&[0.1; 10]).unwrap();
        assert!(m.variance.contains(0.0) && m.variance.upper() < 1e-32);
        assert!(mean_and_variance(&[1.0]).unwrap_err().is_shape());
        for (x, n) in [(9e304, 3000), (1.7e308, 1000), (-1e301, 7)] {
            let m = mean_and_variance(&vec![x; n]).unwrap();
            assert!(m.mean.contains(x) && m.mean.width() <= 1e-14 * x.abs() && m.variance.contains(0.0), "{x} {m:?}");
        }
        let m = mean_and_variance(&[1e308, -1e308, 1e308, 1e308]).unwrap();
        assert!(m.mean.contains(5e307) && m.variance.upper() == f64::INFINITY, "{m:?}");
        assert!(Welford::default().variance().is_nan());
    }
}
