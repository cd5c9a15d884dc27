//! Distributions of a tail: power laws, truncated power laws, and exponentials.

use statrs::function::erf::erfc;

use super::Tail;
use crate::error::{Error, Result};

/// A distribution of values x ≥ x_min.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TailLaw {
    /// p(x) ∝ x^−α.
    PowerLaw {
        /// The exponent α.
        exponent: f64,
    },
    /// p(x) ∝ x^−α·e^(−λx).
    Truncated {
        /// The exponent α, of any sign.
        exponent: f64,
        /// The rate λ ≥ 0, in units of 1/x; 0 when no positive rate has a higher likelihood.
        rate: f64,
    },
    /// p(x) ∝ e^(−λx).
    Exponential {
        /// The rate λ, in units of 1/x.
        rate: f64,
    },
}

/// The likelihood-ratio test between two laws of one tail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LikelihoodRatio {
    /// The logarithm of the likelihood ratio; positive when the first law has the higher likelihood.
    pub log_ratio: f64,
    /// The p-value: the probability of a |log_ratio| at least this large if both laws are equally close to the truth.
    pub p_value: f64,
}

/// The maximum-likelihood law of each kind for one tail, with the tests of the power law against the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TailLaws {
    /// The power law.
    pub power_law: TailLaw,
    /// The truncated power law; `None` when its fit does not converge.
    pub truncated: Option<TailLaw>,
    /// The exponential.
    pub exponential: TailLaw,
    /// The test of the power law against the truncated one; its log ratio is at most 0.
    pub against_truncated: Option<LikelihoodRatio>,
    /// The test of the power law against the exponential.
    pub against_exponential: LikelihoodRatio,
}

impl Tail {
    /// The maximum-likelihood law of each kind, with the tests of the power law against the others.
    pub fn laws(&self) -> TailLaws {
        let (power_law, truncated, exponential) = (self.power_law(), self.truncated().ok(), self.exponential());
        TailLaws {
            power_law,
            truncated,
            exponential,
            against_truncated: truncated.map(|law| self.likelihood_ratio(power_law, law)),
            against_exponential: self.likelihood_ratio(power_law, exponential),
        }
    }

    /// The maximum-likelihood power law: that of [`Tail::exponent`].
    pub fn power_law(&self) -> TailLaw {
        TailLaw::PowerLaw { exponent: self.exponent.estimate() }
    }

    /// The maximum-likelihood exponential: λ = 1/(mean − x_min).
    pub fn exponential(&self) -> TailLaw {
        let excess = self.ratios().map(|z| z - 1.0).sum::<f64>() / self.len() as f64;
        TailLaw::Exponential { rate: 1.0 / excess / self.x_min() }
    }

    /// The maximum-likelihood truncated power law p(x) ∝ x^−α·e^(−λx).
    ///
    /// (α, λ) are the parameters of an exponential family with the statistics ln x and x, so that the likelihood has
    /// one maximum. It is computed by Newton's method with moments by quadrature.
    ///
    /// # Errors
    ///
    /// When Newton's method does not converge.
    pub fn truncated(&self) -> Result<TailLaw> {
        let count = self.len() as f64;
        let log = self.ratios().map(f64::ln).sum::<f64>() / count;
        let mean = self.ratios().sum::<f64>() / count;
        let alpha = self.exponent.estimate();
        // For λ = 0 the mean is x_min·(α − 1)/(α − 2). If that is at most the observed mean, λ = 0 has the maximum
        // likelihood.
        if alpha > 2.0 && (alpha - 1.0) / (alpha - 2.0) <= mean {
            return Ok(TailLaw::Truncated { exponent: alpha, rate: 0.0 });
        }
        let (exponent, rate) = most_likely(log, mean, alpha).ok_or_else(|| {
            Error::unsupported(format!(
                "the fit of a truncated power law to the {} values of the tail does not converge",
                self.len()
            ))
            .with_hint("a tail of a few values, or of nearly equal values, has no such fit")
        })?;
        Ok(TailLaw::Truncated { exponent, rate: rate / self.x_min() })
    }

    /// The likelihood-ratio test between two laws that were fitted to this tail.
    ///
    /// It is Vuong's test, or Wilks's test when one law is the other with λ = 0. For a p-value above 0.1 the tail does
    /// not decide between the laws.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::values::{Clauset, Tail};
    /// let values: Vec<f64> = (0..500).map(|k| (1.0 - (k as f64 + 0.5) / 500.0f64).powf(-0.5)).collect();
    /// let tail = Tail::of(&values, &Clauset::default())?;
    /// let ratio = tail.likelihood_ratio(tail.power_law(), tail.exponential());
    /// assert!(ratio.log_ratio > 0.0 && ratio.p_value < 0.01);
    /// # Ok::<(), kappa::Error>(())
    /// ```
    ///
    /// Reference: Vuong, Econometrica 57 (1989) 307–333; Clauset, Shalizi and Newman 2009, section 5.
    pub fn likelihood_ratio(&self, one: TailLaw, other: TailLaw) -> LikelihoodRatio {
        let densities = [one, other].map(|law| law.log_density(self.x_min()));
        let difference = |z: f64| densities[0](z) - densities[1](z);
        let count = self.len() as f64;
        let log_ratio: f64 = self.ratios().map(difference).sum();
        let mean = log_ratio / count;
        let spread = (self.ratios().map(|z| (difference(z) - mean).powi(2)).sum::<f64>() / count).sqrt();
        let p_value = if one.contains(other) || other.contains(one) {
            // 2·|ln ratio| has a χ² distribution with one degree of freedom, or is 0 with probability ½, because λ = 0
            // is on the boundary of the parameters.
            erfc(log_ratio.abs().sqrt())
        } else if spread > 0.0 {
            erfc(log_ratio.abs() / (spread * (2.0 * count).sqrt()))
        } else {
            1.0
        };
        LikelihoodRatio { log_ratio, p_value }
    }

    /// The ratios x/x_min.
    fn ratios(&self) -> impl Iterator<Item = f64> + '_ {
        self.values().iter().map(|x| x / self.x_min())
    }
}

impl TailLaw {
    /// Whether the other law is a special case of this kind.
    fn contains(&self, other: Self) -> bool {
        matches!(self, Self::Truncated { .. }) && !matches!(other, Self::Truncated { .. })
    }

    /// ln p as a function of x/x_min.
    fn log_density(self, x_min: f64) -> Box<dyn Fn(f64) -> f64> {
        match self {
            Self::PowerLaw { exponent } => Box::new(move |z| (exponent - 1.0).ln() - exponent * z.ln()),
            Self::Exponential { rate } => {
                let mu = rate * x_min;
                Box::new(move |z| mu.ln() - mu * (z - 1.0))
            }
            Self::Truncated { exponent, rate: 0.0 } => Self::PowerLaw { exponent }.log_density(x_min),
            Self::Truncated { exponent, rate } => {
                let mu = rate * x_min;
                let log_total = Moments::of(exponent, mu).log_total;
                Box::new(move |z| -exponent * z.ln() - mu * z - log_total)
            }
        }
    }
}

/// Moments of z = e^u and u under p(z) ∝ z^−α·e^(−μz), z ≥ 1.
struct Moments {
    /// ln ∫ z^−α·e^(−μz) dz.
    log_total: f64,
    log: f64,
    mean: f64,
    log_variance: f64,
    variance: f64,
    covariance: f64,
}

/// The integrand is neglected where its logarithm is this far below its maximum.
const LEFT_OUT: f64 = 45.0;
/// The number of pieces of an integral. φ is concave, so that it varies by at most a few units in a piece.
const PIECES: usize = 24;

impl Moments {
    /// The moments by composite Gauss quadrature of e^φ, φ(u) = (1 − α)u − μeᵘ, between the points where it is
    /// negligible.
    fn of(alpha: f64, mu: f64) -> Self {
        let phi = |u: f64| (1.0 - alpha) * u - mu * u.exp();
        // The u ≥ 0 at which φ(u) + more·u is largest.
        let top = |more: f64| {
            let rise = 1.0 - alpha + more;
            if rise > 0.0 { (rise / mu).ln().max(0.0) } else { 0.0 }
        };
        let peak = phi(top(0.0));
        // The integrand of the moment of z² is e^(φ + 2u): it determines the upper end.
        let (end, limit) = (top(2.0), phi(top(2.0)) + 2.0 * top(2.0) - LEFT_OUT);
        let (mut low, mut high): (f64, f64) = (end, end + 1.0);
        while phi(high) + 2.0 * high > limit {
            (low, high) = (high, high + (high - end));
        }
        for _ in 0..40 {
            let middle = low.midpoint(high);
            if phi(middle) + 2.0 * middle > limit { low = middle } else { high = middle }
        }
        let mut begin = 0.0;
        if phi(0.0) < peak - LEFT_OUT {
            let (mut low, mut up): (f64, f64) = (0.0, top(0.0));
            for _ in 0..60 {
                let middle = low.midpoint(up);
                if phi(middle) < peak - LEFT_OUT { low = middle } else { up = middle }
            }
            begin = low;
        }
        let mut sums = [0.0; 6];
        let width = (high - begin) / PIECES as f64;
        for piece in 0..PIECES {
            let middle = begin + (piece as f64 + 0.5) * width;
            for (node, weight) in GAUSS {
                for u in [middle + 0.5 * width * node, middle - 0.5 * width * node] {
                    let (z, w) = (u.exp(), weight * (phi(u) - peak).exp());
                    let terms = [w, w * u, w * z, w * u * u, w * z * z, w * u * z];
                    sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
                }
            }
        }
        let [total, u, z, uu, zz, uz] = sums;
        let (log, mean) = (u / total, z / total);
        Self {
            log_total: peak + (total * 0.5 * width).ln(),
            log,
            mean,
            log_variance: uu / total - log * log,
            variance: zz / total - mean * mean,
            covariance: uz / total - log * mean,
        }
    }
}

/// The positive nodes of the 16-point Gauss–Legendre rule on (−1, 1), and their weights.
///
/// Reference: Abramowitz and Stegun, table 25.4.
const GAUSS: [(f64, f64); 8] = [
    (0.095_012_509_837_637_44, 0.189_450_610_455_068_5),
    (0.281_603_550_779_258_9, 0.182_603_415_044_923_6),
    (0.458_016_777_657_227_4, 0.169_156_519_395_002_54),
    (0.617_876_244_402_643_7, 0.149_595_988_816_576_73),
    (0.755_404_408_355_003, 0.124_628_971_255_533_87),
    (0.865_631_202_387_831_7, 0.095_158_511_682_492_78),
    (0.944_575_023_073_232_6, 0.062_253_523_938_647_89),
    (0.989_400_934_991_649_9, 0.027_152_459_411_754_095),
];

/// The maximum-likelihood (α, μ) for the means of ln z and z, by Newton's method in (α, ln μ).
fn most_likely(log: f64, mean: f64, start: f64) -> Option<(f64, f64)> {
    let likelihood = |alpha: f64, m: &Moments, mu: f64| -alpha * log - mu * mean - m.log_total;
    let (mut alpha, mut nu) = (start.min(4.0), -mean.ln() - 1.0);
    let mut now = Moments::of(alpha, nu.exp());
    let mut height = likelihood(alpha, &now, nu.exp());
    for _ in 0..200 {
        let mu = nu.exp();
        // ∇ℓ and Fisher's information, which is −∇²ℓ at the maximum.
        let gradient = (now.log - log, mu * (now.mean - mean));
        let (a, b, c) = (now.log_variance, mu * now.covariance, mu * mu * now.variance);
        let determinant = a * c - b * b;
        let is_flat = determinant <= 1e-14 * a * c;
        let (da, dn) = if is_flat {
            (gradient.0 / a.max(f64::MIN_POSITIVE), gradient.1 / c.max(f64::MIN_POSITIVE))
        } else {
            ((c * gradient.0 - b * gradient.1) / determinant, (a * gradient.1 - b * gradient.0) / determinant)
        };
        let rise = gradient.0 * da + gradient.1 * dn;
        let mut step = (2.0 / dn.abs().max(1e-300)).min(1.0);
        loop {
            let (next_alpha, next_nu) = (alpha + step * da, nu + step * dn);
            let next = Moments::of(next_alpha, next_nu.exp());
            let risen = likelihood(next_alpha, &next, next_nu.exp());
            if risen >= height + 1e-4 * step * rise || step < 1e-10 {
                (alpha, nu, now, height) = (next_alpha, next_nu, next, risen);
                break;
            }
            step *= 0.5;
        }
        if !(alpha.is_finite() && nu.is_finite() && height.is_finite()) {
            return None;
        }
        if rise <= 1e-18 || da.abs() <= 1e-12 * (1.0 + alpha.abs()) && dn.abs() <= 1e-12 {
            return Some((alpha, nu.exp()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Draws;
    use crate::values::Clauset;

    #[test]
    fn moments_are_those_of_gamma_and_exponential_integrals() {
        // α = 0: an exponential above 1 with mean 1 + 1/μ and variance 1/μ².
        for mu in [1e-6, 0.1, 1.0, 40.0] {
            let m = Moments::of(0.0, mu);
            assert!((m.mean / (1.0 + 1.0 / mu) - 1.0).abs() < 1e-12, "{mu}");
            assert!((m.variance * mu * mu - 1.0).abs() < 1e-6);
            assert!((m.log_total - (-mu - mu.ln())).abs() < 1e-12 * (1.0 + mu));
        }
        // α = 1: E₁(μ), E₁(1) = 0.219383934395520.
        assert!((Moments::of(1.0, 1.0).log_total.exp() / 0.219_383_934_395_520_27 - 1.0).abs() < 1e-12);
        // μ → 0 with α = 3: 1/(α − 1), and the mean of ln z is 1/(α − 1).
        let m = Moments::of(3.0, 1e-14);
        assert!((m.log_total.exp() - 0.5).abs() < 1e-12 && (m.log - 0.5).abs() < 1e-12);
        // α = −30: a Gamma far above 1, with mean 31/μ.
        let m = Moments::of(-30.0, 0.5);
        assert!((m.mean / 62.0 - 1.0).abs() < 1e-10 && (m.variance / (31.0 / 0.25) - 1.0).abs() < 1e-8);
    }

    #[test]
    fn truncated_laws_are_found_again() {
        // Rejection from a power law with α = 1.5.
        let mut draws = Draws(9);
        let (alpha, mu) = (1.5, 0.02);
        let mut values = Vec::new();
        while values.len() < 20_000 {
            let z = draws.uniform().powf(-1.0 / (alpha - 1.0));
            if draws.uniform() < (-mu * (z - 1.0)).exp() {
                values.push(3.0 * z);
            }
        }
        let tail = Tail::of(&values, &Clauset { x_min: Some(3.0), ..Clauset::default() }).unwrap();
        let found = tail.truncated().unwrap();
        let TailLaw::Truncated { exponent, rate } = found else { panic!("{found:?}") };
        assert!((exponent - alpha).abs() < 0.03 && (rate * 3.0 / mu - 1.0).abs() < 0.08, "{found:?}");
        // The gradient of the likelihood is zero at the maximum: no neighbour has a higher likelihood.
        for (da, dr) in [(1e-3, 0.0), (-1e-3, 0.0), (0.0, 1e-2), (0.0, -1e-2)] {
            let other = TailLaw::Truncated { exponent: exponent + da, rate: rate * (1.0 + dr) };
            assert!(tail.likelihood_ratio(found, other).log_ratio > 0.0);
        }
        let against = tail.likelihood_ratio(found, tail.power_law());
        assert!(against.log_ratio > 0.0 && against.p_value < 1e-6);
        let against = tail.likelihood_ratio(tail.power_law(), tail.exponential());
        assert!(against.p_value < 1e-6);
    }

    #[test]
    fn a_heavy_tail_has_no_end_and_an_exponential_has_no_power() {
        let heavy: Vec<f64> = (0..900).map(|k| (1.0 - (k as f64 + 0.5) / 900.0f64).powf(-0.4)).collect();
        let tail = Tail::of(&heavy, &Clauset { x_min: Some(0.0), ..Clauset::default() }).unwrap();
        let TailLaw::Truncated { exponent, rate } = tail.truncated().unwrap() else { panic!() };
        assert!((exponent - 3.5).abs() < 0.05 && rate < 0.02, "{exponent} {rate}");
        let light: Vec<f64> = (0..900).map(|k| 1.0 - (1.0 - (k as f64 + 0.5) / 900.0f64).ln()).collect();
        let tail = Tail::of(&light, &Clauset { x_min: Some(0.0), ..Clauset::default() }).unwrap();
        let TailLaw::Truncated { exponent, rate } = tail.truncated().unwrap() else { panic!() };
        assert!(exponent.abs() < 0.1 && (rate - 1.0).abs() < 0.05, "{exponent} {rate}");
        let ratio = tail.likelihood_ratio(tail.power_law(), tail.exponential());
        assert!(ratio.log_ratio < 0.0 && ratio.p_value < 1e-3, "{ratio:?}");
    }
}
