//! Histograms of eigenvalues with exact counts.

use super::SingularValues;
use crate::Enclosure;
use crate::error::{Error, Result};
use crate::values::{Clauset, Tail};

/// The intervals of a histogram: the last argument, usually left at its default.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Bins {
    /// Intervals of the width 2·IQR/∛N of Freedman and Diaconis, but at most 50 intervals.
    #[default]
    Automatic,
    /// This number of intervals of equal width.
    Count(usize),
    /// This number of intervals with equal ratio of their ends, from the smallest value above the default tolerance.
    Logarithmic(usize),
    /// Intervals between these numbers, which are increasing.
    Edges(Vec<f64>),
}

/// The number of eigenvalues in each interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// The ends of the intervals, one more than the number of intervals.
    pub edges: Vec<f64>,
    /// The number of eigenvalues with `edges[i]` ≤ λ < `edges[i + 1]`; the last interval includes its upper end. The
    /// ends of a count differ when the enclosure of an eigenvalue contains an edge.
    pub counts: Vec<Enclosure>,
    /// The number of all eigenvalues, including those outside the intervals.
    pub total: usize,
}

impl Histogram {
    /// The density in each interval: its share of all eigenvalues divided by its width.
    pub fn densities(&self) -> Vec<f64> {
        let width = |i: usize| self.edges[i + 1] - self.edges[i];
        let of = |(i, count): (usize, &Enclosure)| count.estimate() / (self.total.max(1) as f64 * width(i));
        self.counts.iter().enumerate().map(of).collect()
    }
}

/// The maximum number of intervals that can be asked for.
const MOST_COUNTED: usize = 1 << 20;
/// The maximum number of intervals of [`Bins::Automatic`].
const MOST: f64 = 50.0;

impl SingularValues {
    /// The histogram of the eigenvalues σ² of AᴴA (of AAᴴ for a wide matrix), with exact counts.
    ///
    /// # Errors
    ///
    /// When the number of intervals is 0 or above 2²⁰; when edges are not finite and increasing; when the eigenvalues
    /// are too close for the number of intervals.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::values::Bins;
    /// # use kappa::{Matrix, singular_values};
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

    /// The power-law tail of the eigenvalues σ² that belong to singular values above the default tolerance.
    ///
    /// # Errors
    ///
    /// When there are fewer than two distinct values above the tolerance; otherwise as [`Tail::of`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::values::Clauset;
    /// # use kappa::{Matrix, singular_values};
    /// let a = Matrix::from_fn(60, 60, |i, j| if i == j { 1.0 / (1.0 + i as f64) } else { 0.0 });
    /// let tail = singular_values(&a)?.tail(&Clauset::default())?;
    /// // λ = 1/k²: the number of eigenvalues above λ is λ^(−1/2), so that α = 3/2.
    /// assert!((tail.exponent().estimate() - 1.5).abs() < 0.1);
    /// # Ok::<(), kappa::Error>(())
    /// ```
    pub fn tail(&self, how: &Clauset) -> Result<Tail> {
        Tail::of_enclosures(self.squares_above_zero(), how)
    }
}

fn edges(squares: &[Enclosure], values: &SingularValues, bins: &Bins) -> Result<Vec<f64>> {
    // The upper end of the largest and the lower end of the smallest value: all values lie between them.
    let most = squares.first().map_or(1.0, |x| x.upper().min(f64::MAX));
    let least = squares.last().map_or(0.0, Enclosure::lower);
    // When all values are equal, the range is an interval around them.
    let (low, high) = if least < most { (least, most) } else { (0.0, if most > 0.0 { 2.0 * most } else { 1.0 }) };
    let even = |count: usize| -> Vec<f64> {
        let at = |i: usize| if i == count { high } else { low + (high - low) * (i as f64 / count as f64) };
        (0..=count).map(at).collect()
    };
    let some = |count: usize| match count {
        0 => Err(Error::syntax("the number of intervals of a histogram must be at least 1, got 0")),
        _ => Error::check_count("bins", count, MOST_COUNTED).map(|()| count),
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
            Err(Error::argument("the edges of a histogram must be at least 2 finite, strictly increasing numbers"))
        }
        _ => Err(Error::unsupported(format!(
            "the eigenvalues from {low:e} to {high:e} are too close for the number of intervals"
        ))
        .with_hint("use fewer intervals")),
    }
}

/// The number of intervals by the rule of Freedman and Diaconis.
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
