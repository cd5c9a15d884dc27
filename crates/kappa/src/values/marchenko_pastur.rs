//! The Marchenko–Pastur law of the singular values of pure noise, and the values above it.

use std::f64::consts::PI;

use super::SingularValues;
use crate::error::{Error, Result};
use crate::{Enclosure, Evidence, Tolerance};

/// The law of Marchenko and Pastur: the limiting distribution of the eigenvalues σ² of AᴴA for a large matrix A with
/// independent entries of mean 0 and equal variance.
///
/// # Examples
///
/// ```
/// # use kappa::values::MarchenkoPastur;
/// let law = MarchenkoPastur::new((400, 100), 0.25)?;
/// assert_eq!(law.edges(), (25.0, 225.0));
/// assert_eq!(law.cumulative(225.0), 1.0);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Marchenko and Pastur, Math. USSR Sbornik 1 (1967) 457–483.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MarchenkoPastur {
    long: f64,
    short: f64,
    variance: f64,
}

/// The 99 % quantile of the Tracy–Widom law for real matrices.
///
/// Source: Johnstone, Ann. Statist. 29 (2001) 295–327, table 1.
const TRACY_WIDOM_99: f64 = 2.0234;

impl MarchenkoPastur {
    /// The law for an m×n matrix whose entries have this variance.
    ///
    /// # Errors
    ///
    /// When the matrix is empty, or the variance is not finite and > 0.
    pub fn new((rows, columns): (usize, usize), variance: f64) -> Result<Self> {
        if rows == 0 || columns == 0 {
            return Err(Error::shape(format!("a {rows}×{columns} matrix is empty and has no singular values")));
        }
        if !(variance > 0.0 && variance.is_finite()) {
            return Err(Error::argument(format!("`variance` must be finite and > 0, got {variance}")));
        }
        Ok(Self { long: rows.max(columns) as f64, short: rows.min(columns) as f64, variance })
    }

    /// The shape of the matrix, with its longer side first.
    pub fn shape(&self) -> (usize, usize) {
        (self.long as usize, self.short as usize)
    }

    /// The variance of the entries.
    pub fn variance(&self) -> f64 {
        self.variance
    }

    /// The ends of the support, λ₋ and λ₊ = s²·(√m ∓ √n)², where s² is the variance.
    pub fn edges(&self) -> (f64, f64) {
        let (long, short) = (self.long.sqrt(), self.short.sqrt());
        (self.variance * (long - short).powi(2), self.variance * (long + short).powi(2))
    }

    /// The probability density at λ.
    pub fn density(&self, x: f64) -> f64 {
        let (a, b) = self.edges();
        if x <= a || x >= b {
            return 0.0;
        }
        ((b - x) * (x - a)).sqrt() / (2.0 * PI * self.variance * self.short * x)
    }

    /// The cumulative distribution function: the share of eigenvalues below λ.
    ///
    /// With R = √((b − x)(x − a)) the integral of R/x is
    /// R + (a + b)/2·arcsin((2x − a − b)/(b − a)) − √(ab)·arcsin(((a + b)x − 2ab)/(x(b − a))).
    pub fn cumulative(&self, x: f64) -> f64 {
        let (a, b) = self.edges();
        if x <= a {
            return 0.0;
        }
        if x >= b {
            return 1.0;
        }
        // Divided by b, so that no product over- or underflows.
        let (x, a) = (x / b, a / b);
        let arcsine = |y: f64| y.clamp(-1.0, 1.0).asin() + PI / 2.0;
        let middle = 0.5 * (a + 1.0) * arcsine((2.0 * x - a - 1.0) / (1.0 - a));
        let last = a.sqrt() * arcsine(((a + 1.0) * x - 2.0 * a) / (x * (1.0 - a)));
        let integral = ((1.0 - x) * (x - a)).sqrt() + middle - last;
        (integral * b / (2.0 * PI * self.variance * self.short)).clamp(0.0, 1.0)
    }

    /// The quantile function: the λ below which this share of the eigenvalues lies.
    pub fn quantile(&self, share: f64) -> f64 {
        let (mut low, mut high) = self.edges();
        for _ in 0..60 {
            let middle = low.midpoint(high);
            if self.cumulative(middle) < share { low = middle } else { high = middle }
        }
        low.midpoint(high)
    }

    /// The 99 % quantile of the largest eigenvalue of pure noise, from the Tracy–Widom law at the upper edge.
    ///
    /// Reference: Johnstone 2001, theorem 1.1.
    pub fn threshold(&self) -> f64 {
        let (long, short) = ((self.long - 1.0).max(1.0).sqrt(), self.short.sqrt());
        let (center, width) = ((long + short).powi(2), (long + short) * (1.0 / long + 1.0 / short).cbrt());
        self.variance * (center + TRACY_WIDOM_99 * width)
    }
}

/// The noise of a matrix, estimated from its singular values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bulk {
    /// The fitted law of the noise.
    pub law: MarchenkoPastur,
    /// The number of values above [`MarchenkoPastur::threshold`]; the ends differ when the enclosure of a value
    /// contains the threshold.
    pub spikes: Enclosure,
    /// The Kolmogorov–Smirnov distance between the values below the threshold and the law; [`Bulk::fits`] judges it.
    pub distance: f64,
    /// The number of nonzero values.
    pub count: usize,
    /// λ₊/σ₁²: 1 for pure noise, near 0 where the noise is far below the signal; at most 1.
    pub soft_rank: f64,
}

impl Bulk {
    /// Whether the values below the threshold are those of noise of one variance. Where they are not, the number of
    /// spikes means nothing.
    ///
    /// The eigenvalues of noise are rigid: the distance of n of them to the law is about (ln n)/n. The limit (1.5 +
    /// 0.6·ln n)/n was exceeded by less than 1 in 100 of 1100 matrices of Gaussian and uniform noise with n from 12 to
    /// 256.
    pub fn fits(&self) -> bool {
        let n = self.count as f64;
        self.distance <= (1.5 + 0.6 * n.ln()) / n
    }
}

/// The minimum number of values for a fit of the law.
const FEWEST: usize = 10;

impl SingularValues {
    /// The noise of the matrix: the Marchenko–Pastur law whose median is that of the values below its own threshold.
    ///
    /// Values below the default tolerance are left out, and the shape of the law is reduced by as many rows or columns.
    /// The median is insensitive to a few large values. When more than half of the values are above the threshold there
    /// is no bulk, and `distance` is large.
    ///
    /// # Errors
    ///
    /// When fewer than 10 values are above the tolerance, or the square of a value overflows.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::{Matrix, singular_values};
    /// // Pseudorandom numbers in [−½, ½), and three directions that are not noise.
    /// let mut state = 1u64;
    /// let mut noise = || {
    ///     state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    ///     (state >> 40) as f64 / 2f64.powi(24) - 0.5
    /// };
    /// let a = Matrix::from_fn(200, 60, |i, j| noise() + if i == j && i < 3 { 40.0 } else { 0.0 });
    /// let bulk = singular_values(&a)?.bulk()?;
    /// assert_eq!(bulk.spikes.estimate(), 3.0);
    /// assert!((bulk.law.variance() - 1.0 / 12.0).abs() < 0.01);
    /// # Ok::<(), kappa::Error>(())
    /// ```
    pub fn bulk(&self) -> Result<Bulk> {
        let squares = self.squares_above_zero();
        let (m, n) = self.shape();
        let count = squares.len();
        if count < FEWEST {
            return Err(Error::singular(format!(
                "too few nonzero singular values for a fit of the Marchenko–Pastur law: {count}, need {FEWEST}"
            ))
            .with_hint("use a larger matrix, or one of higher rank"));
        }
        if squares.iter().any(|x| !x.estimate().is_finite()) {
            return Err(Error::unsupported("the square of a singular value above 1e154 overflows double precision")
                .with_hint("scale the matrix"));
        }
        let long = m.max(n);
        let unit = MarchenkoPastur::new((long, count), 1.0)?;
        let unit_median = unit.quantile(0.5);
        // Removing spikes lowers the median and so the threshold: the number of spikes never decreases, and the loop
        // ends.
        let mut spikes = 0;
        let law = loop {
            let median = median(&squares[..count - spikes]);
            let law = MarchenkoPastur::new((long, count), median / unit_median)?;
            let threshold = law.threshold();
            let above = squares.iter().rev().take_while(|x| x.estimate() > threshold).count().min(count / 2);
            if above <= spikes {
                break law;
            }
            spikes = above;
        };
        let (threshold, below) = (law.threshold(), (count - spikes) as f64);
        let distance = squares[..count - spikes].iter().enumerate().fold(0.0f64, |distance, (k, x)| {
            let share = law.cumulative(x.estimate());
            distance.max((share - k as f64 / below).abs()).max((share - (k + 1) as f64 / below).abs())
        });
        let how_many = |end: fn(&Enclosure) -> f64| squares.iter().filter(|x| end(x) > threshold).count() as f64;
        let evidence = self.first().evidence().and(Evidence::Estimate("the Tracy–Widom law at 99 %"));
        let spikes = Enclosure::new(
            how_many(Enclosure::lower),
            how_many(Enclosure::estimate),
            how_many(Enclosure::upper),
            evidence,
        );
        let largest = squares[count - 1].estimate();
        Ok(Bulk { law, spikes, distance, count, soft_rank: (law.edges().1 / largest).min(1.0) })
    }

    /// The squares σ² of the values above the default tolerance for doubles, smallest first.
    pub(crate) fn squares_above_zero(&self) -> Vec<Enclosure> {
        // What was computed in doubles counts, whatever the type in which the entries are stored.
        let least = Tolerance::default().size(self.shape(), f64::EPSILON, self.first()).estimate();
        let mut squares: Vec<Enclosure> =
            self.iter().filter(|s| s.estimate() > least).map(|s| s.times(s)).filter(|x| x.estimate() > 0.0).collect();
        squares.reverse();
        squares
    }
}

fn median(sorted: &[Enclosure]) -> f64 {
    let n = sorted.len();
    sorted[(n - 1) / 2].estimate().midpoint(sorted[n / 2].estimate())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Draws;
    use crate::{Matrix, singular_values};

    #[test]
    fn the_distribution_is_the_integral_of_the_density() {
        for shape in [(100, 100), (100, 50), (1000, 3), (7, 900)] {
            let law = MarchenkoPastur::new(shape, 1e-4).unwrap();
            let (a, b) = law.edges();
            // λ = a + (b − a)·sin²θ removes the square-root singularities at both edges: the midpoint rule converges
            // fast.
            let steps = 20_000;
            let mut sum = 0.0;
            for k in 0..steps {
                let theta = (k as f64 + 0.5) / steps as f64 * PI / 2.0;
                let x = a + (b - a) * theta.sin().powi(2);
                sum += law.density(x) * (b - a) * (2.0 * theta).sin() * PI / 2.0 / steps as f64;
                if k % 1000 == 999 {
                    let next = (k as f64 + 1.0) / steps as f64 * PI / 2.0;
                    let upto = a + (b - a) * next.sin().powi(2);
                    assert!((law.cumulative(upto) - sum).abs() < 1e-6, "{shape:?} {k}");
                }
            }
            assert!((law.cumulative(law.quantile(0.3)) - 0.3).abs() < 1e-9);
            assert_eq!((law.cumulative(a), law.cumulative(b), law.density(b)), (0.0, 1.0, 0.0));
        }
        assert!(MarchenkoPastur::new((0, 3), 1.0).is_err() && MarchenkoPastur::new((3, 3), f64::NAN).is_err());
    }

    fn noise(m: usize, n: usize, seed: u64, scale: f64) -> Matrix<f64> {
        let mut draws = Draws(seed);
        Matrix::from_fn(m, n, |_, _| scale * draws.normal())
    }

    #[test]
    fn noise_is_seen_at_every_scale_and_shape_and_rises_above_its_edge_no_more_than_chance_allows() {
        let mut above = 0.0;
        for seed in 0..40 {
            let scale = [1.0, 1e-120, 1e100][seed as usize % 3];
            let (m, n) = [(90, 90), (300, 40), (30, 200)][seed as usize % 3];
            let bulk = singular_values(&noise(m, n, seed, scale)).unwrap().bulk().unwrap();
            assert!((bulk.law.variance() / scale / scale - 1.0).abs() < 0.15, "{seed}: {bulk:?}");
            assert!(bulk.distance < 0.15 && bulk.soft_rank > 0.8);
            above += bulk.spikes.estimate();
        }
        assert!(above <= 4.0, "{above} spikes in 40 matrices of noise");
    }

    #[test]
    fn spikes_are_counted_and_do_not_move_the_noise() {
        let mut a = noise(400, 100, 5, 0.1);
        for k in 0..7 {
            // The edge is 0.1·(20 + 10) = 3.
            a[(k, k)] += 6.0 + k as f64;
        }
        // A zero row.
        (0..100).for_each(|j| a[(200, j)] = 0.0);
        let bulk = singular_values(&a).unwrap().bulk().unwrap();
        assert_eq!(bulk.spikes.estimate(), 7.0);
        assert!((bulk.law.variance() - 0.01).abs() < 1e-3 && bulk.distance < 0.06, "{bulk:?}");
    }

    #[test]
    fn what_has_no_bulk_is_said_so() {
        let few = Matrix::<f64>::identity(9);
        assert!(singular_values(&few).unwrap().bulk().is_err());
        assert!(singular_values(&Matrix::<f64>::zeros(50, 50)).unwrap().bulk().is_err());
        let huge = Matrix::from_fn(20, 20, |i, j| if i == j { 1e200 } else { 0.0 });
        assert!(singular_values(&huge).unwrap().bulk().is_err());
        assert!(singular_values(&huge).unwrap().tail(&crate::values::Clauset::default()).is_err());
        let graded = Matrix::from_fn(60, 60, |i, j| if i == j { 0.5f64.powi(i as i32) } else { 0.0 });
        assert!(singular_values(&graded).unwrap().bulk().unwrap().distance > 0.2);
    }
}
