//! The distribution of eigenvalues, as JSON and as text.

use kappa::Enclosure;
use kappa::serialize::Number;
use kappa::values::{Bulk, Histogram, LikelihoodRatio, Tail, TailLaw};
use schemars::JsonSchema;
use serde::Serialize;

/// A tail with the laws that were fitted to it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct TailResult {
    exponent: Enclosure,
    standard_error: Number,
    x_min: Number,
    count: usize,
    /// Kolmogorov and Smirnov's, from the power law.
    distance: Number,
    truncated: Option<LawResult>,
    exponential: LawResult,
    against_truncated: Option<RatioResult>,
    against_exponential: RatioResult,
}

/// The parameters of a law: those that it has.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct LawResult {
    #[serde(skip_serializing_if = "Option::is_none")]
    exponent: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<Number>,
}

/// A likelihood ratio test.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct RatioResult {
    log_ratio: Number,
    p_value: Number,
}

impl From<&Tail> for TailResult {
    fn from(tail: &Tail) -> Self {
        let laws = tail.laws();
        Self {
            exponent: tail.exponent(),
            standard_error: tail.standard_error().into(),
            x_min: tail.x_min().into(),
            count: tail.len(),
            distance: tail.distance().into(),
            truncated: laws.truncated.map(LawResult::from),
            exponential: laws.exponential.into(),
            against_truncated: laws.against_truncated.map(RatioResult::from),
            against_exponential: laws.against_exponential.into(),
        }
    }
}

impl From<TailLaw> for LawResult {
    fn from(law: TailLaw) -> Self {
        let (exponent, rate) = match law {
            TailLaw::PowerLaw { exponent } => (Some(exponent), None),
            TailLaw::Truncated { exponent, rate } => (Some(exponent), Some(rate)),
            TailLaw::Exponential { rate } => (None, Some(rate)),
        };
        Self { exponent: exponent.map(Number), rate: rate.map(Number) }
    }
}

impl From<LikelihoodRatio> for RatioResult {
    fn from(ratio: LikelihoodRatio) -> Self {
        Self { log_ratio: ratio.log_ratio.into(), p_value: ratio.p_value.into() }
    }
}

/// The numbers of a tail and of the noise of a layer by name, for tables.
pub fn spread_numbers(tail: Option<&Tail>, bulk: Option<&Bulk>) -> [(&'static str, Option<f64>); 9] {
    let of_tail = |number: fn(&Tail) -> f64| tail.map(number);
    [
        ("alpha", of_tail(|t| t.exponent().estimate())),
        ("alpha_lower", of_tail(|t| t.exponent().lower())),
        ("alpha_upper", of_tail(|t| t.exponent().upper())),
        ("alpha_standard_error", of_tail(Tail::standard_error)),
        ("tail_x_min", of_tail(Tail::x_min)),
        ("tail_count", of_tail(|t| t.len() as f64)),
        ("tail_distance", of_tail(Tail::distance)),
        ("spikes", bulk.filter(|b| b.fits()).map(|b| b.spikes.estimate())),
        ("noise_edge", bulk.map(|b| b.law.edges().1)),
    ]
}

/// The noise that was fitted.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct BulkResult {
    variance: Number,
    edges: (Number, Number),
    threshold: Number,
    spikes: Enclosure,
    distance: Number,
    /// Whether noise of one variance fits; if not, the number of spikes means nothing.
    fits: bool,
    soft_rank: Number,
}

impl From<&Bulk> for BulkResult {
    fn from(bulk: &Bulk) -> Self {
        let (lower, upper) = bulk.law.edges();
        Self {
            variance: bulk.law.variance().into(),
            edges: (lower.into(), upper.into()),
            threshold: bulk.law.threshold().into(),
            spikes: bulk.spikes,
            distance: bulk.distance.into(),
            fits: bulk.fits(),
            soft_rank: bulk.soft_rank.into(),
        }
    }
}

/// A histogram: its edges, and an enclosed count for each interval.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct HistogramResult {
    edges: Vec<Number>,
    counts: Vec<Enclosure>,
    total: usize,
}

impl From<&Histogram> for HistogramResult {
    fn from(histogram: &Histogram) -> Self {
        let Histogram { edges, counts, total } = histogram;
        Self { edges: Number::list(edges), counts: counts.clone(), total: *total }
    }
}

/// The widest bar of a histogram, in characters.
const BAR: f64 = 40.0;
/// Eighths of a character.
const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// The rows of a histogram: both ends of the interval, the count, and a bar.
pub fn histogram_rows(histogram: &Histogram) -> Vec<Vec<String>> {
    let most = histogram.counts.iter().map(Enclosure::estimate).fold(1.0, f64::max);
    let bar = |count: f64| {
        let eighths = (count / most * BAR * 8.0).round() as usize;
        "█".repeat(eighths / 8) + PARTS[eighths % 8]
    };
    let row = |(ends, count): (&[f64], &Enclosure)| {
        let number = if count.width() == 0.0 {
            format!("{}", count.estimate())
        } else {
            format!("{} to {}", count.lower(), count.upper())
        };
        vec![format!("{:.4e}", ends[0]), format!("{:.4e}", ends[1]), number, bar(count.estimate())]
    };
    histogram.edges.windows(2).zip(&histogram.counts).map(row).collect()
}

/// A tail and its laws: a name and its value for each line.
pub fn tail_rows(tail: &Tail) -> Vec<Vec<String>> {
    let laws = tail.laws();
    let short = |x: f64| Enclosure::exact(x).short(5);
    let line = |name: &str, words: String| vec![name.to_owned(), words];
    let versus = |ratio: LikelihoodRatio| {
        let word = match ratio {
            LikelihoodRatio { p_value, .. } if p_value > 0.1 => "neither fits significantly better",
            LikelihoodRatio { log_ratio, .. } if log_ratio > 0.0 => "the power law fits better",
            _ => "this law fits better than the power law",
        };
        format!("{word} (ln ratio {}, p = {})", short(ratio.log_ratio), short(ratio.p_value))
    };
    let mut rows = vec![
        line("power law", format!("α = {} ± {}", tail.exponent().short(5), short(tail.standard_error()))),
        line("  fitted to", format!("{} values, λ ≥ {}", tail.len(), short(tail.x_min()))),
        line("  KS distance", short(tail.distance())),
    ];
    if let (Some(TailLaw::Truncated { exponent, rate }), Some(ratio)) = (laws.truncated, laws.against_truncated) {
        let name = "truncated power law";
        if rate == 0.0 {
            rows.push(line(name, "no cutoff improves the fit".into()));
        } else {
            rows.push(line(name, format!("α = {}, rate {}", short(exponent), short(rate))));
            rows.push(line("  likelihood ratio", versus(ratio)));
        }
    }
    if let TailLaw::Exponential { rate } = laws.exponential {
        rows.push(line("exponential", format!("rate {}", short(rate))));
        rows.push(line("  likelihood ratio", versus(laws.against_exponential)));
    }
    rows
}

/// The noise: a name and its value for each line.
pub fn bulk_rows(bulk: &Bulk) -> Vec<Vec<String>> {
    let short = |x: f64| Enclosure::exact(x).short(5);
    let line = |name: &str, words: String| vec![name.to_owned(), words];
    let (lower, upper) = bulk.law.edges();
    let fit = if bulk.fits() { "noise of one variance fits" } else { "noise of one variance does not fit" };
    let spikes = if bulk.fits() {
        format!("{} above {}", bulk.spikes.short(6), short(bulk.law.threshold()))
    } else {
        "not known".into()
    };
    vec![
        line("noise", format!("{fit} (KS distance {})", short(bulk.distance))),
        line("  standard deviation", short(bulk.law.variance().sqrt())),
        line("  eigenvalues", format!("{} to {}", short(lower), short(upper))),
        line("  spikes", spikes),
        line("  soft rank", short(bulk.soft_rank)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::to_value;
    use kappa::values::{Bins, Clauset};
    use kappa::{Matrix, singular_values};

    #[test]
    fn the_rows_say_what_the_json_says() {
        let values = singular_values(&Matrix::from_fn(80, 30, |i, j| ((i * 31 + j * 17) % 29) as f64)).unwrap();
        let histogram = values.density(&Bins::Count(4)).unwrap();
        let rows = histogram_rows(&histogram);
        assert_eq!(rows.len(), 4);
        assert_eq!(rows.iter().map(|r| r[2].parse::<f64>().unwrap()).sum::<f64>(), 30.0);
        assert_eq!(to_value(&HistogramResult::from(&histogram))["total"], 30);
        let tail = values.tail(&Clauset::default()).unwrap();
        assert_eq!(to_value(&TailResult::from(&tail))["count"], tail.len());
        assert!(tail_rows(&tail).iter().any(|row| row[1].contains(&format!("{} values", tail.len()))));
        let bulk = values.bulk().unwrap();
        assert_eq!(to_value(&BulkResult::from(&bulk))["spikes"]["estimate"], bulk.spikes.estimate());
        let shown = if bulk.fits() { bulk.spikes.short(6) } else { "not known".into() };
        assert!(bulk_rows(&bulk)[3][1].starts_with(&shown));
    }
}
