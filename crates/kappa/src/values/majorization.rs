//! Majorization of sequences, and Fan dominance: a comparison in all unitarily invariant norms at once.

use super::SingularValues;
use crate::Enclosure;
use crate::error::{Error, Result};

/// The comparison of the partial sums of two sequences x and y, both sorted, largest first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Majorization {
    /// Weak majorization: for every k the sum of the k largest of x is at most that of y. `None` when the bounds of the
    /// sums do not decide it.
    pub weak: Option<bool>,
    /// Majorization: weak majorization, and the totals are equal. `None` when the bounds do not decide it.
    pub strong: Option<bool>,
    /// The first k, counted from 1, for which the sum of x is certainly larger.
    pub fails_at: Option<usize>,
}

/// Whether y majorizes x: Σ of the k largest of x ≤ Σ of the k largest of y for every k, and equal totals.
///
/// The numbers are taken as exact, and every rounding error of the sums is counted. Costs O(n²) for n numbers.
///
/// # Errors
///
/// When the lengths differ or a number is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::values::majorization;
/// let m = majorization(&[2.0, 2.0, 2.0], &[3.0, 2.0, 1.0])?;
/// assert_eq!((m.weak, m.strong, m.fails_at), (Some(true), Some(true), None));
/// assert_eq!(majorization(&[4.0, 0.0], &[3.0, 2.0])?.fails_at, Some(1));
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Marshall, Olkin, Arnold, *Inequalities: Theory of Majorization*, 2nd ed., chapter 1.
pub fn majorization(x: &[f64], y: &[f64]) -> Result<Majorization> {
    if x.len() != y.len() {
        return Err(Error::shape(format!(
            "majorization compares sequences of equal length; the lengths are {} and {}",
            x.len(),
            y.len()
        )));
    }
    Error::check_vector(x)?;
    Error::check_vector(y)?;
    let sorted = |x: &[f64]| {
        let mut sorted = x.to_vec();
        sorted.sort_by(|x, y| y.total_cmp(x));
        sorted
    };
    let (x, y) = (sorted(x), sorted(y));
    let partial = |x: &[f64]| -> Result<Vec<Enclosure>> {
        (1..=x.len()).map(|k| crate::arithmetic::sum(&x[..k]).map(|s| s.value)).collect()
    };
    Ok(compare(&partial(&x)?, &partial(&y)?))
}

fn compare(x: &[Enclosure], y: &[Enclosure]) -> Majorization {
    let fails_at = x.iter().zip(y).position(|(x, y)| x.lower() > y.upper()).map(|k| k + 1);
    let is_certain = x.iter().zip(y).all(|(x, y)| x.upper() <= y.lower());
    let weak = if fails_at.is_some() { Some(false) } else { is_certain.then_some(true) };
    let strong = match (weak, x.last(), y.last()) {
        (Some(false), ..) => Some(false),
        (_, Some(x), Some(y)) if x.upper() < y.lower() => Some(false),
        (Some(true), Some(x), Some(y)) if x.lower() == x.upper() && x == y => Some(true),
        (Some(true), None, None) => Some(true),
        _ => None,
    };
    Majorization { weak, strong, fails_at }
}

impl SingularValues {
    /// [`fan_dominance`](crate::ask::fan_dominance) for known singular values: whether these are dominated by `other`.
    pub fn dominated_by(&self, other: &Self) -> Majorization {
        dominance(self, other)
    }
}

fn dominance(a: &SingularValues, b: &SingularValues) -> Majorization {
    let n = a.len().max(b.len());
    let ky_fan = |values: &SingularValues| -> Vec<Enclosure> {
        let mut sum = Enclosure::exact(0.0);
        (0..n)
            .map(|k| {
                if k < values.len() {
                    sum = sum.plus(values.get(k));
                }
                sum
            })
            .collect()
    };
    compare(&ky_fan(a), &ky_fan(b))
}
