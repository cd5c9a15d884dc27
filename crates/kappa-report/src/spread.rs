//! How eigenvalues are spread, as JSON and as text.

use kappa::{Bulk, Enclosure, Histogram, LikelihoodRatio, Tail, TailLaw};
use serde_json::{Value, json};

use crate::json::{enclosure_json, number_json};

/// A tail with the laws that were fitted to it.
pub fn tail_json(tail: &Tail) -> Value {
    let laws = tail.laws();
    json!({
        "exponent": enclosure_json(&tail.exponent()),
        "standard_error": number_json(tail.standard_error()),
        "x_min": number_json(tail.x_min()),
        "count": tail.len(),
        "distance": number_json(tail.distance()),
        "truncated": laws.truncated.map(law_json),
        "exponential": law_json(laws.exponential),
        "against_truncated": laws.against_truncated.map(ratio_json),
        "against_exponential": ratio_json(laws.against_exponential),
    })
}

/// What the tail and the noise of a layer say, a name and a number each, for tables.
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
        ("spikes", bulk.map(|b| b.spikes.estimate())),
        ("noise_edge", bulk.map(|b| b.law.edges().1)),
    ]
}

fn law_json(law: TailLaw) -> Value {
    match law {
        TailLaw::PowerLaw { exponent } => json!({ "exponent": number_json(exponent) }),
        TailLaw::Truncated { exponent, rate } => {
            json!({ "exponent": number_json(exponent), "rate": number_json(rate) })
        }
        TailLaw::Exponential { rate } => json!({ "rate": number_json(rate) }),
    }
}

fn ratio_json(ratio: LikelihoodRatio) -> Value {
    json!({ "log_ratio": number_json(ratio.log_ratio), "p_value": number_json(ratio.p_value) })
}

/// The noise that was fitted.
pub fn bulk_json(bulk: &Bulk) -> Value {
    let (lower, upper) = bulk.law.edges();
    json!({
        "variance": number_json(bulk.law.variance()),
        "edges": [number_json(lower), number_json(upper)],
        "threshold": number_json(bulk.law.threshold()),
        "spikes": enclosure_json(&bulk.spikes),
        "distance": number_json(bulk.distance),
        "soft_rank": number_json(bulk.soft_rank),
    })
}

/// A histogram: its edges, and an enclosed count for each interval.
pub fn histogram_json(histogram: &Histogram) -> Value {
    json!({
        "edges": histogram.edges.iter().map(|&x| number_json(x)).collect::<Vec<_>>(),
        "counts": histogram.counts.iter().map(enclosure_json).collect::<Vec<_>>(),
        "total": histogram.total,
    })
}

/// The widest bar of a histogram, in characters.
const BAR: f64 = 40.0;
/// Eighths of a character.
const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// Lines of a histogram: from, to, how many, and a bar.
pub fn histogram_rows(histogram: &Histogram) -> Vec<Vec<String>> {
    let most = histogram.counts.iter().map(Enclosure::estimate).fold(1.0, f64::max);
    let bar = |count: f64| {
        let eighths = (count / most * BAR * 8.0).round() as usize;
        "█".repeat(eighths / 8) + PARTS[eighths % 8]
    };
    let row = |(ends, count): (&[f64], &Enclosure)| {
        let how_many = if count.width() == 0.0 {
            format!("{}", count.estimate())
        } else {
            format!("{} to {}", count.lower(), count.upper())
        };
        vec![format!("{:.4e}", ends[0]), format!("{:.4e}", ends[1]), how_many, bar(count.estimate())]
    };
    histogram.edges.windows(2).zip(&histogram.counts).map(row).collect()
}

/// What a tail and its laws say, a line each: a name, and words.
pub fn tail_rows(tail: &Tail) -> Vec<Vec<String>> {
    let laws = tail.laws();
    let short = |x: f64| Enclosure::exact(x).short(5);
    let line = |name: &str, words: String| vec![name.to_owned(), words];
    let versus = |ratio: LikelihoodRatio| {
        let word = match ratio {
            LikelihoodRatio { p_value, .. } if p_value > 0.1 => "neither is more likely",
            LikelihoodRatio { log_ratio, .. } if log_ratio > 0.0 => "the power law is more likely",
            _ => "this is more likely than the power law",
        };
        format!("{word} (ln ratio {}, p = {})", short(ratio.log_ratio), short(ratio.p_value))
    };
    let mut rows = vec![
        line("power law", format!("α = {} ± {}", tail.exponent().short(5), short(tail.standard_error()))),
        line("  from", format!("λ = {} on: {} values", short(tail.x_min()), tail.len())),
        line("  distance", short(tail.distance())),
    ];
    if let (Some(TailLaw::Truncated { exponent, rate }), Some(ratio)) = (laws.truncated, laws.against_truncated) {
        let end = "with an exponential end";
        if rate == 0.0 {
            rows.push(line(end, "none makes the values more likely".into()));
        } else {
            rows.push(line(end, format!("α = {}, rate {}", short(exponent), short(rate))));
            rows.push(line("  compared", versus(ratio)));
        }
    }
    if let TailLaw::Exponential { rate } = laws.exponential {
        rows.push(line("exponential", format!("rate {}", short(rate))));
        rows.push(line("  compared", versus(laws.against_exponential)));
    }
    rows
}

/// What the noise looks like, a line each: a name, and words.
pub fn bulk_rows(bulk: &Bulk) -> Vec<Vec<String>> {
    let short = |x: f64| Enclosure::exact(x).short(5);
    let line = |name: &str, words: String| vec![name.to_owned(), words];
    let (lower, upper) = bulk.law.edges();
    let fit = if bulk.distance < 0.1 { "noise of one variance fits" } else { "noise of one variance does not fit" };
    vec![
        line("noise", format!("{fit} (distance {})", short(bulk.distance))),
        line("  standard deviation", short(bulk.law.variance().sqrt())),
        line("  eigenvalues", format!("{} to {}", short(lower), short(upper))),
        line("  spikes", format!("{} above {}", bulk.spikes.short(6), short(bulk.law.threshold()))),
        line("  soft rank", short(bulk.soft_rank)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use kappa::{Bins, Clauset, Matrix, singular_values};

    #[test]
    fn the_rows_say_what_the_json_says() {
        let values = singular_values(&Matrix::from_fn(80, 30, |i, j| ((i * 31 + j * 17) % 29) as f64)).unwrap();
        let histogram = values.density(&Bins::Count(4)).unwrap();
        let rows = histogram_rows(&histogram);
        assert_eq!(rows.len(), 4);
        assert_eq!(rows.iter().map(|r| r[2].parse::<f64>().unwrap()).sum::<f64>(), 30.0);
        assert_eq!(histogram_json(&histogram)["total"], 30);
        let tail = values.tail(&Clauset::default()).unwrap();
        assert_eq!(tail_json(&tail)["count"], tail.len());
        assert!(tail_rows(&tail).iter().any(|row| row[1].contains(&format!("{} values", tail.len()))));
        let bulk = values.bulk().unwrap();
        assert_eq!(bulk_json(&bulk)["spikes"]["estimate"], bulk.spikes.estimate());
        assert!(bulk_rows(&bulk)[3][1].starts_with(&bulk.spikes.short(6)));
    }
}
