//! Power-law tails: where the tail begins, and its exponent.

mod distance;
mod laws;

use rayon::prelude::*;

pub use laws::{LikelihoodRatio, TailLaw, TailLaws};

use crate::arithmetic::power::logarithm_ends;
use crate::enclosure::directed::{add_down, add_up, div_down, div_up, gamma_up, mul_down, mul_up};
use crate::error::{Error, Result};
use crate::random::Draws;
use crate::{Enclosure, Evidence};
use distance::Logarithms;

/// The ends of the steps of an empirical distribution that are compared with a law.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Steps {
    /// Both ends: the Kolmogorov–Smirnov distance.
    #[default]
    Both,
    /// The lower ends only, as in the program of Clauset, Shalizi and Newman and the programs that follow it.
    Lower,
}

/// The search for the beginning of a power-law tail: the last argument, usually left at its default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clauset {
    /// The minimum number of values in a tail; at least 2.
    pub least: usize,
    /// The ends of the steps that the distance compares.
    pub steps: Steps,
    /// The beginning of the tail; `None` searches for the best one.
    pub x_min: Option<f64>,
}

impl Default for Clauset {
    fn default() -> Self {
        Self { least: 2, steps: Steps::Both, x_min: None }
    }
}

/// The values ≥ x_min, and their maximum-likelihood power law p(x) ∝ x^−α.
///
/// x_min is the value for which the Kolmogorov–Smirnov distance between the values ≥ x_min and their own
/// maximum-likelihood power law is smallest. A fitted law need not hold: [`Tail::p_value`] tests it, and
/// [`Tail::likelihood_ratio`] compares it with alternatives.
///
/// # Examples
///
/// ```
/// # use kappa::values::{Clauset, Tail};
/// // Quantiles of a power law with α = 3, above a body that is uniform.
/// let body = (1..=300).map(|k| k as f64 / 300.0);
/// let tail = (0..700).map(|k| (1.0 - (k as f64 + 0.5) / 700.0f64).powf(-0.5));
/// let found = Tail::of(&body.chain(tail).collect::<Vec<_>>(), &Clauset::default())?;
/// assert!((found.exponent().estimate() - 3.0).abs() < 0.05);
/// assert!((found.x_min() - 1.0).abs() < 0.05 && found.distance() < 0.01);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Clauset, Shalizi and Newman, SIAM Rev. 51 (2009) 661–703.
#[derive(Clone, Debug)]
pub struct Tail {
    /// All positive values, smallest first.
    values: Vec<f64>,
    /// The index of the first value of the tail.
    from: usize,
    exponent: Enclosure,
    distance: f64,
    how: Clauset,
}

/// The parts of a [`Tail`], for storing and restoring it without loss.
#[derive(Clone, Debug, PartialEq)]
pub struct TailParts {
    /// All positive values, smallest first.
    pub values: Vec<f64>,
    /// The index of the first value of the tail.
    pub from: usize,
    /// The exponent α.
    pub exponent: Enclosure,
    /// The Kolmogorov–Smirnov distance.
    pub distance: f64,
    /// The search for the beginning of the tail.
    pub how: Clauset,
}

/// The best tail of a search: the index of its first value, its exponent and its distance.
struct Found {
    from: usize,
    exponent: f64,
    distance: f64,
}

impl Tail {
    /// The tail of these numbers, in any order; numbers ≤ 0 are left out.
    ///
    /// Costs O(N log N) for sorting, then a few evaluations per number: the search abandons a candidate x_min at the
    /// first value that shows that it is not the best.
    ///
    /// # Errors
    ///
    /// When a number is not finite, or when there are fewer than two distinct positive numbers (≥ `how.x_min`, if that
    /// is given) or fewer than `how.least` positive numbers.
    pub fn of(numbers: &[f64], how: &Clauset) -> Result<Self> {
        Error::check_vector(numbers)?;
        let exact: Vec<Enclosure> = numbers.iter().filter(|&&x| x > 0.0).map(|&x| Enclosure::exact(x)).collect();
        Self::of_enclosures(exact, how)
    }

    /// The tail of enclosed positive numbers.
    pub(crate) fn of_enclosures(mut numbers: Vec<Enclosure>, how: &Clauset) -> Result<Self> {
        if let Some(x) = numbers.iter().find(|x| !x.estimate().is_finite()) {
            return Err(Error::unsupported(format!("the numbers of a tail must be finite, got {}", x.estimate()))
                .with_hint("the square of a singular value above 1e154 overflows double precision: scale the matrix"));
        }
        numbers.sort_by(|x, y| x.estimate().total_cmp(&y.estimate()));
        let values: Vec<f64> = numbers.iter().map(Enclosure::estimate).collect();
        // A value that may equal the given beginning counts as equal.
        let given = how.x_min.map(|x| numbers.iter().position(|value| value.upper() >= x).unwrap_or(numbers.len()));
        let found = search(&values, how, given)?;
        let first = how.x_min.filter(|x| *x > 0.0).map_or(numbers[found.from], Enclosure::exact);
        let exponent = exponent(&numbers[found.from..], first, found.exponent);
        Ok(Self { values, from: found.from, exponent, distance: found.distance, how: *how })
    }

    /// The parts that [`Tail::from_parts`] takes.
    pub fn parts(&self) -> TailParts {
        let Self { values, from, exponent, distance, how } = self.clone();
        TailParts { values, from, exponent, distance, how }
    }

    /// The tail with these parts.
    ///
    /// # Errors
    ///
    /// When the beginning is not an index of the values, or the values are not sorted, positive and finite.
    pub fn from_parts(parts: TailParts) -> Result<Self> {
        let TailParts { values, from, exponent, distance, how } = parts;
        if from >= values.len() || !values.is_sorted() || !values.iter().all(|x| *x > 0.0 && x.is_finite()) {
            return Err(Error::argument("a tail needs sorted positive finite values and a beginning among them"));
        }
        Ok(Self { values, from, exponent, distance, how })
    }

    /// The exponent α.
    ///
    /// The ends account for rounding and for the bounds of the values, for the given beginning of the tail. The
    /// statistical error is [`Tail::standard_error`].
    pub fn exponent(&self) -> Enclosure {
        self.exponent
    }

    /// The standard error (α − 1)/√n of α, for n values in the tail.
    pub fn standard_error(&self) -> f64 {
        (self.exponent.estimate() - 1.0) / (self.len() as f64).sqrt()
    }

    /// The beginning x_min of the tail.
    pub fn x_min(&self) -> f64 {
        self.how.x_min.filter(|x| *x > 0.0).unwrap_or(self.values[self.from])
    }

    /// The Kolmogorov–Smirnov distance: the largest difference between the empirical distribution function and the law.
    pub fn distance(&self) -> f64 {
        self.distance
    }

    /// The number of values in the tail.
    pub fn len(&self) -> usize {
        self.values.len() - self.from
    }

    /// Always `false`: a tail has at least two values.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The values of the tail, smallest first.
    pub fn values(&self) -> &[f64] {
        &self.values[self.from..]
    }

    /// The p-value of the power law: the share of bootstrap replicates that are at least as far from their own best
    /// law.
    ///
    /// A replicate draws the tail from the fitted law and the body from the values below x_min, and is searched in the
    /// same way. For a p-value below 0.1 the power law is implausible. The result depends on the seed alone; its
    /// standard error is at most 1/(2√replicates). Costs one search per replicate.
    ///
    /// # Errors
    ///
    /// When `replicates` is 0.
    pub fn p_value(&self, replicates: usize, seed: u64) -> Result<f64> {
        if replicates == 0 {
            return Err(Error::syntax("the p-value of a tail needs at least one replicate, got 0")
                .with_hint("1000 replicates give a standard error below 0.02"));
        }
        let is_farther = |k: usize| {
            let mut draws = Draws(seed ^ (k as u64 + 1).wrapping_mul(0xd134_2543_de82_ef95));
            replicate(&self.drawn(&mut draws), &self.how).is_ok_and(|found| found.distance >= self.distance)
        };
        let farther = (0..replicates).into_par_iter().filter(|&k| is_farther(k)).count();
        Ok(farther as f64 / replicates as f64)
    }

    /// A bootstrap replicate with as many values, sorted: draws from the law, and resampled values of the body.
    fn drawn(&self, draws: &mut Draws) -> Vec<f64> {
        let (size, slope) = (self.values.len(), 1.0 / (self.exponent.estimate() - 1.0));
        let one = |_| {
            let place = ((draws.uniform() * size as f64) as usize).min(size - 1);
            if place < self.from { self.values[place] } else { self.x_min() * draws.uniform().powf(-slope) }
        };
        let mut values: Vec<f64> = (0..size).map(one).collect();
        values.sort_by(f64::total_cmp);
        values
    }
}

/// The search for exact values.
fn replicate(values: &[f64], how: &Clauset) -> Result<Found> {
    search(values, how, how.x_min.map(|x| values.partition_point(|value| *value < x)))
}

/// The best tail of sorted positive values; the one from the place `given` on, if the beginning x_min is given.
fn search(values: &[f64], how: &Clauset, given: Option<usize>) -> Result<Found> {
    let size = values.len();
    // Logarithms relative to the largest value, so that a large common factor does not cost digits.
    let logarithm = |x: f64| (x / values[size - 1]).max(f64::MIN_POSITIVE).ln();
    let y: Vec<f64> = values.iter().map(|&x| logarithm(x)).collect();
    let base = how.x_min.filter(|x| *x > 0.0 && size > 0).map(logarithm);
    let logarithms = Logarithms { y: &y, base, steps: how.steps };
    let is_start = |i: usize| i == 0 || values[i] > values[i - 1];
    let candidates: Vec<usize> = match given {
        Some(from) => (from..size).take(1).collect(),
        None => (0..size.saturating_sub(how.least.max(2) - 1)).filter(|&i| is_start(i)).collect(),
    };
    let mut sums = vec![0.0; size + 1];
    (0..size).rev().for_each(|i| sums[i] = sums[i + 1] + y[i]);
    let (mut best, mut at): (Option<Found>, usize) = (None, 0);
    for i in candidates {
        let (count, sum) = ((size - i) as f64, sums[i] - (size - i) as f64 * logarithms.start(i));
        if y[i] == y[size - 1] || sum <= 0.0 {
            continue;
        }
        let beta = count / sum;
        let enough = best.as_ref().map_or(f64::INFINITY, |found| found.distance);
        match logarithms.distance(i, beta, enough, at) {
            Ok(distance) => {
                at = distance.at;
                best = Some(Found { from: i, exponent: 1.0 + beta, distance: distance.size });
            }
            Err(far) => at = far,
        }
    }
    best.ok_or_else(|| match how.x_min {
        Some(x) => {
            Error::unsupported(format!("no tail begins at x_min = {x}: fewer than two distinct values are ≥ x_min"))
        }
        None => Error::unsupported(format!("no tail among the positive values ({size} in all)"))
            .with_hint(format!("a tail needs at least {} values, two of them distinct", how.least.max(2))),
    })
}

/// The enclosure of α = 1 + n/Σ ln(xⱼ/first) from the ends of every value.
fn exponent(tail: &[Enclosure], first: Enclosure, estimate: f64) -> Enclosure {
    let count = tail.len() as f64;
    let (mut low, mut high) = (0.0, 0.0);
    // Logarithms of ratios, rounded outward; differences of large logarithms would lose digits.
    for x in tail {
        let (down, up) = (div_down(x.lower(), first.upper()), div_up(x.upper(), first.lower()));
        let down = if down > 0.0 { logarithm_ends(down).0.max(0.0) } else { 0.0 };
        let up = if up.is_finite() && up > 0.0 { logarithm_ends(up).1.max(0.0) } else { f64::INFINITY };
        low += down;
        high += up;
    }
    let gamma = gamma_up(tail.len());
    let (low, high) = (mul_down(low, (1.0 - gamma).next_down()), mul_up(high, (1.0 + gamma).next_up()));
    let end = |sum: f64, over: fn(f64, f64) -> f64, add: fn(f64, f64) -> f64| {
        if sum > 0.0 { add(1.0, over(count, sum)) } else { f64::INFINITY }
    };
    let (lower, upper) = (end(high, div_down, add_down), end(low, div_up, add_up));
    let evidence = tail.iter().fold(Evidence::Rounding, |evidence, x| evidence.and(x.evidence()));
    Enclosure::new(lower.min(estimate), estimate, upper.max(estimate), evidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, evaluated for every beginning and every value: (from, α, distance).
    fn plain(values: &[f64], steps: Steps, least: usize) -> (usize, f64, f64) {
        let mut best = (0, 0.0, f64::INFINITY);
        for i in 0..=values.len() - least {
            if i > 0 && values[i] == values[i - 1] || values[i] == values[values.len() - 1] {
                continue;
            }
            let tail = &values[i..];
            let n = tail.len() as f64;
            let alpha = 1.0 + n / tail.iter().map(|x| (x / tail[0]).ln()).sum::<f64>();
            let mut distance = 0.0f64;
            for (j, x) in tail.iter().enumerate() {
                let model = 1.0 - (x / tail[0]).powf(1.0 - alpha);
                distance = distance.max((model - j as f64 / n).abs());
                if steps == Steps::Both {
                    distance = distance.max((model - (j + 1) as f64 / n).abs());
                }
            }
            if distance < best.2 {
                best = (i, alpha, distance);
            }
        }
        best
    }

    fn samples(kind: u64, size: usize) -> Vec<f64> {
        let mut draws = Draws(kind);
        let one = |k: usize| match kind {
            0 => draws.uniform().powf(-0.8),
            1 => draws.normal().exp(),
            2 => -draws.uniform().ln() + 1e-3,
            3 => (1 + k % 9) as f64,
            _ => draws.uniform().powf(-20.0),
        };
        let mut values: Vec<f64> = (0..size).map(one).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    #[test]
    fn the_search_finds_the_beginning_that_the_definition_finds() {
        for kind in 0..5 {
            for size in [2, 3, 10, 257] {
                let values = samples(kind, size);
                for steps in [Steps::Both, Steps::Lower] {
                    for least in [2, 8] {
                        if size < least {
                            continue;
                        }
                        let how = Clauset { least, steps, x_min: None };
                        let found = Tail::of(&values, &how).unwrap();
                        let (from, alpha, distance) = plain(&values, steps, least);
                        assert_eq!(found.len(), size - from, "{kind} {size} {steps:?}");
                        assert!((found.distance() - distance).abs() < 1e-12);
                        assert!((found.exponent().estimate() / alpha - 1.0).abs() < 1e-12);
                        assert!(found.exponent().contains(alpha) || found.exponent().width() < 1e-12 * alpha);
                    }
                }
            }
        }
    }

    #[test]
    fn the_exponent_does_not_depend_on_the_scale() {
        let values = samples(0, 300);
        let of = |factor: f64| {
            let scaled: Vec<f64> = values.iter().map(|x| x * factor).collect();
            let found = Tail::of(&scaled, &Clauset::default()).unwrap();
            (found.len(), found.exponent().estimate())
        };
        let (length, alpha) = of(1.0);
        for factor in [2f64.powi(-900), 2f64.powi(900), 2f64.powi(-30)] {
            assert_eq!(of(factor), (length, alpha));
        }
    }

    #[test]
    fn a_power_law_is_believed_and_a_mixture_of_two_is_not() {
        let law = Tail::of(&samples(0, 500), &Clauset::default()).unwrap();
        assert!(law.p_value(200, 1).unwrap() > 0.1);
        assert_eq!(law.p_value(50, 4).unwrap(), law.p_value(50, 4).unwrap());
        let values: Vec<f64> = (0..400).map(|k| 1.0 + (k % 2) as f64 + 1e-3 * k as f64 / 400.0).collect();
        let none = Tail::of(&values, &Clauset { x_min: Some(1.0), ..Clauset::default() }).unwrap();
        assert!(none.p_value(100, 1).unwrap() < 0.05 && none.p_value(0, 1).is_err());
    }

    #[test]
    fn a_given_beginning_is_kept_as_it_is_given() {
        // α = 1 + n/Σ ln(x/x_min), with x_min between two values, and equal to one that rounding moved below it.
        let values = [0.5, 1.0 - 1e-16, 4.0, 16.0];
        let of = |x: f64| Tail::of(&values, &Clauset { x_min: Some(x), ..Clauset::default() }).unwrap();
        for (x, count, sum) in
            [(0.75, 3.0, (1.0f64 / 0.75).ln() + (4.0f64 / 0.75).ln() + (16.0f64 / 0.75).ln()), (2.0, 2.0, 16f64.ln())]
        {
            let found = of(x);
            assert_eq!((found.x_min(), found.len() as f64), (x, count));
            assert!((found.exponent().estimate() - 1.0 - count / sum).abs() < 1e-12, "{x}: {:?}", found.exponent());
            assert!(found.exponent().contains(1.0 + count / sum) || found.exponent().width() < 1e-12);
        }
        let doubtful =
            |x: f64| Enclosure::new(x * (1.0 - 1e-12), x * (1.0 - 1e-13), x * (1.0 + 1e-12), Evidence::Residual);
        let numbers = [1.0, 4.0, 16.0].map(doubtful).to_vec();
        let found = Tail::of_enclosures(numbers, &Clauset { x_min: Some(1.0), ..Clauset::default() }).unwrap();
        assert!((found.exponent().estimate() - 1.0 - 3.0 / 64f64.ln()).abs() < 1e-9 && found.x_min() == 1.0);
    }

    #[test]
    fn what_has_no_tail_is_said_so() {
        for values in [vec![], vec![1.0], vec![2.0; 9], vec![0.0, -1.0, 3.0]] {
            assert!(Tail::of(&values, &Clauset::default()).is_err(), "{values:?}");
        }
        assert!(Tail::of(&[1.0, f64::NAN], &Clauset::default()).unwrap_err().is_not_finite());
        let beyond = Clauset { x_min: Some(9.0), ..Clauset::default() };
        assert!(Tail::of(&[1.0, 2.0, 3.0], &beyond).is_err());
        let found = Tail::of(&[1e-300, 1e300], &Clauset::default()).unwrap();
        assert!(found.exponent().estimate() > 1.0 && found.len() == 2);
    }
}
