//! How eigenvalues are spread: an exact histogram.

use super::SingularValues;
use crate::error::{Error, Result};
use crate::{Clauset, Enclosure, Tail};

/// Where a histogram is cut: passed last, and usually left at its default.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Bins {
    /// As wide as Freedman and Diaconis advise, 2·IQR/∛N, but at most 50.
    #[default]
    Automatic,
    /// So many of one width.
    Count(usize),
    /// So many of one ratio, from the smallest value that does not count as zero on.
    Logarithmic(usize),
    /// Between these numbers, which rise.
    Edges(Vec<f64>),
}

/// How many eigenvalues lie in each of some intervals.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// The ends of the intervals, one more than there are of them.
    pub edges: Vec<f64>,
    /// How many lie in each: `edges[i]` ≤ λ < `edges[i + 1]`, the last one with its end. The ends differ where a value cannot be told from an edge.
    pub counts: Vec<Enclosure>,
    /// How many there are in all, with those outside.
    pub total: usize,
}

impl Histogram {
    /// The density in each interval: its share of all over its width.
    pub fn densities(&self) -> Vec<f64> {
        let width = |i: usize| self.edges[i + 1] - self.edges[i];
        let of = |(i, count): (usize, &Enclosure)| count.estimate() / (self.total.max(1) as f64 * width(i));
        self.counts.iter().enumerate().map(of).collect()
    }
}

/// The most intervals that are chosen without being asked for.
const MOST: f64 = 50.0;

impl SingularValues {
    /// How the eigenvalues σ² of AᴴA are spread (of AAᴴ, for a wide matrix): exact counts.
    ///
    /// Fails for no interval, and edges that do not rise.
    ///
    /// ```
    /// # use kappa::{Bins, Matrix, singular_values};
    /// let a = Matrix::from_fn(4, 4, |i, j| if i == j { 1.0 + i as f64 } else { 0.0 });
    /// let spread = singular_values(&a)?.density(&Bins::Edges(vec![0.5, 5.0, 20.0]))?;
    /// assert_eq!(spread.counts.iter().map(|c| c.estimate()).collect::<Vec<_>>(), [2.0, 2.0]);
    /// # Ok::<(), kappa::Error>(())
    /// ```
    pub fn density(&self, bins: &Bins) -> Result<Histogram> {
        let squares: Vec<Enclosure> = self.iter().map(|s| s.times(s)).collect();
        let edges = edges(&squares, self, bins)?;
        let last = edges.len() - 2;
        let count = |i: usize| {
            let (from, to) = (edges[i], edges[i + 1]);
            let is_in = |x: f64| x >= from && (x < to || i == last && x == to);
            let surely = |x: &Enclosure| is_in(x.lower()) && is_in(x.upper());
            let perhaps = |x: &Enclosure| x.upper() >= from && (x.lower() < to || i == last && x.lower() == to);
            let how_many = |f: &dyn Fn(&Enclosure) -> bool| squares.iter().filter(|x| f(x)).count() as f64;
            let estimate = how_many(&|x| is_in(x.estimate()));
            Enclosure::new(how_many(&surely), estimate, how_many(&perhaps), self.first().evidence())
        };
        let counts = (0..=last).map(count).collect();
        Ok(Histogram { edges, counts, total: squares.len() })
    }

    /// Where the eigenvalues σ² begin to fall like a power: those that do not count as zero at the default tolerance.
    ///
    /// Fails for fewer than two different values above zero.
    ///
    /// ```
    /// # use kappa::{Clauset, Matrix, singular_values};
    /// let a = Matrix::from_fn(60, 60, |i, j| if i == j { 1.0 / (1.0 + i as f64) } else { 0.0 });
    /// let tail = singular_values(&a)?.tail(&Clauset::default())?;
    /// // λ = 1/k²: the share above λ is √λ⁻¹, so that α = 3/2.
    /// assert!((tail.exponent().estimate() - 1.5).abs() < 0.1);
    /// # Ok::<(), kappa::Error>(())
    /// ```
    pub fn tail(&self, how: &Clauset) -> Result<Tail> {
        Tail::of_enclosures(self.squares_above_zero(), how)
    }
}

fn edges(squares: &[Enclosure], values: &SingularValues, bins: &Bins) -> Result<Vec<f64>> {
    // All of what the first and the last may be, so that both lie inside for certain.
    let most = squares.first().map_or(1.0, |x| x.upper().min(f64::MAX));
    let least = squares.last().map_or(0.0, Enclosure::lower);
    // All values alike: an interval around them.
    let (low, high) = if least < most { (least, most) } else { (0.0, if most > 0.0 { 2.0 * most } else { 1.0 }) };
    let even = |count: usize| -> Vec<f64> {
        let at = |i: usize| if i == count { high } else { low + (high - low) * (i as f64 / count as f64) };
        (0..=count).map(at).collect()
    };
    let some = |count: usize| match count {
        0 => Err(Error::syntax("a histogram needs at least one interval")),
        _ => Ok(count),
    };
    let found = match bins {
        Bins::Automatic => even(freedman_diaconis(squares, high - low)),
        Bins::Count(count) => even(some(*count)?),
        Bins::Logarithmic(count) => {
            let count = some(*count)?;
            let first = values.squares_above_zero().first().map_or(0.5 * high, Enclosure::lower);
            let first = if first > 0.0 && first < high { first } else { 0.5 * high };
            let at = |i: usize| match i {
                0 => first,
                i if i == count => high,
                i => first * (high / first).powf(i as f64 / count as f64),
            };
            (0..=count).map(at).collect()
        }
        Bins::Edges(edges) => edges.clone(),
    };
    let rises = found.len() >= 2 && found.windows(2).all(|pair| pair[0] < pair[1] && pair[1] - pair[0] < f64::INFINITY);
    if rises {
        return Ok(found);
    }
    match bins {
        Bins::Edges(_) => {
            Err(Error::argument("the edges of a histogram must be finite, and each above the one before"))
        }
        _ => Err(Error::unsupported(format!(
            "the eigenvalues from {low:e} to {high:e} are too close for so many intervals"
        ))
        .with_hint("ask for fewer")),
    }
}

/// How many intervals.
fn freedman_diaconis(squares: &[Enclosure], range: f64) -> usize {
    let n = squares.len();
    if n < 2 {
        return 1;
    }
    let middle_half = squares[n / 4].estimate() - squares[(3 * n / 4).min(n - 1)].estimate();
    let width = 2.0 * middle_half / (n as f64).cbrt();
    if width > 0.0 { (range / width).ceil().clamp(1.0, MOST) as usize } else { 1 + n.ilog2() as usize }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Matrix, singular_values};

    #[test]
    fn every_value_is_counted_once() {
        let a = Matrix::from_fn(70, 40, |i, j| ((i * 37 + j * 11) % 53) as f64 / 53.0 - 0.5);
        let values = singular_values(&a).unwrap();
        for bins in [Bins::Automatic, Bins::Count(1), Bins::Count(17), Bins::Logarithmic(12)] {
            let found = values.density(&bins).unwrap();
            assert_eq!(found.counts.iter().map(Enclosure::estimate).sum::<f64>(), 40.0, "{bins:?}");
            let mass: f64 = found.densities().iter().zip(found.edges.windows(2)).map(|(d, e)| d * (e[1] - e[0])).sum();
            assert!((mass - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn a_value_at_an_edge_is_in_doubt() {
        let a = Matrix::from_fn(3, 3, |i, j| if i == j { [1.0, 2.0, 3.0][i] } else { 0.0 } + 1e-9);
        let at = singular_values(&a).unwrap().get(1).estimate().powi(2);
        let found = singular_values(&a).unwrap().density(&Bins::Edges(vec![0.1, at, 20.0])).unwrap();
        assert_eq!((found.counts[0].lower(), found.counts[0].upper()), (1.0, 2.0));
        assert_eq!((found.counts[1].lower(), found.counts[1].upper()), (1.0, 2.0));
    }

    #[test]
    fn nasty_values_have_a_histogram_or_a_reason() {
        for a in
            [Matrix::<f64>::zeros(3, 3), Matrix::identity(5), Matrix::zeros(0, 4), Matrix::from_fn(1, 1, |_, _| 1e200)]
        {
            let values = singular_values(&a).unwrap();
            if let Ok(found) = values.density(&Bins::Automatic) {
                assert_eq!(found.counts.iter().map(Enclosure::estimate).sum::<f64>(), values.len() as f64);
            }
            assert!(values.density(&Bins::Count(0)).is_err());
            assert!(values.density(&Bins::Edges(vec![2.0, 1.0])).is_err());
            assert!(values.density(&Bins::Edges(vec![f64::NAN, 1.0])).is_err());
        }
    }
}
