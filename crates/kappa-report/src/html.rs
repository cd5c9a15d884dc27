//! A survey as one HTML file that needs no network and reads without JavaScript.

use kappa::serialize::Number;
use kappa::values::Tail;
use kappa::{Enclosure, Norm, Question, Tolerance};
use kappa_model::{Layer, Report, printable};
use serde::Serialize;

use crate::columns::{alpha, layer_shape, spikes};
use crate::json::to_value;
use crate::text::{counted, ends};

const PAGE: &str = include_str!("../assets/report.html");
const STYLE: &str = include_str!("../assets/report.css");
const SCRIPT: &str = include_str!("../assets/report.js");
const PLOT_SCRIPT: &str = include_str!("../assets/uPlot.iife.min.js");
const PLOT_STYLE: &str = include_str!("../assets/uPlot.min.css");

/// Points of a layer's spectrum that are drawn: every one up to here, then evenly on the logarithmic axis.
const POINTS: usize = 256;

/// The page: a sortable, filterable table, norms and condition across depth, and each layer's spectrum on click.
pub fn survey_html(report: &Report, title: &str) -> String {
    let data = to_value(&PageData { title, layers: report.layers.iter().map(layer).collect() });
    let parts = [
        ("{{title}}", escaped(title)),
        ("{{version}}", env!("CARGO_PKG_VERSION").into()),
        ("{{summary}}", escaped(&summary(report))),
        ("{{rows}}", report.layers.iter().enumerate().map(row).collect()),
        ("{{skipped}}", skipped(report)),
        ("{{style}}", format!("{PLOT_STYLE}\n{STYLE}")),
        // The only way out of a script element is `</`, and out of a string is the quote that JSON escapes.
        ("{{data}}", data.to_string().replace('<', "\\u003c")),
        ("{{plot}}", PLOT_SCRIPT.replace("</", "<\\/")),
        ("{{script}}", SCRIPT.into()),
    ];
    // Each part goes in where its name stands in the page itself, never inside another part.
    let mut page = String::new();
    let mut rest = PAGE;
    while let Some((before, name, after)) =
        parts.iter().filter_map(|(name, _)| rest.split_once(name).map(|(b, a)| (b, *name, a))).min_by_key(|p| p.0.len())
    {
        page += before;
        page += parts.iter().find(|(known, _)| *known == name).map_or("", |(_, part)| part);
        rest = after;
    }
    page + rest
}

fn summary(report: &Report) -> String {
    let notes: usize = report.layers.iter().map(|layer| layer.verdicts.len()).sum();
    let layers = counted(report.layers.len(), "layer");
    format!("{layers} measured, {}, {} not measured", counted(notes, "verdict"), report.skipped.len())
}

/// The columns of the table, with the question behind each number.
fn numbers() -> [Question; 12] {
    [
        Question::Norm(Norm::frobenius()),
        Question::Norm(Norm::spectral()),
        Question::Norm(Norm::nuclear()),
        Question::Norm(Norm::max_column_sum()),
        Question::Norm(Norm::max_row_sum()),
        Question::Norm(Norm::max_abs()),
        Question::Cond,
        Question::Rank(Tolerance::default()),
        Question::StableRank,
        Question::EffectiveRank,
        Question::NuclearRank,
        Question::ParticipationRatio,
    ]
}

fn row((index, layer): (usize, &Layer)) -> String {
    let word = |text: &str| format!("<td>{}</td>", escaped(text));
    let mut cells = format!(
        "<td><button type=\"button\" class=\"open\" aria-expanded=\"false\">{}</button></td>",
        escaped(&printable(&layer.name))
    );
    cells += &word(&layer.role.to_string());
    cells += &word(&layer_shape(layer));
    cells += &word(layer.dtype.name());
    for question in numbers() {
        cells += &number_cell(layer.measure(&question));
    }
    let energy = [90.0, 95.0, 99.0].map(|p| layer.measure(&Question::EnergyRank(p)));
    cells += &energy.map(number_cell).concat();
    cells += &layer.tail.as_ref().map_or_else(|| number_cell(None), alpha_cell);
    cells += &number_cell(spikes(layer));
    let verdicts = layer.verdicts.iter().map(|v| format!("<span class=\"verdict\">{}</span>", escaped(&v.to_string())));
    cells += &format!("<td>{}</td>", verdicts.collect::<String>());
    format!("<tr data-layer=\"{index}\">{cells}</tr>\n")
}

/// The exponent of a tail with its standard error.
fn alpha_cell(tail: &Tail) -> String {
    format!("<td class=\"number\" data-value=\"{}\">{}</td>", tail.exponent().estimate(), alpha(tail))
}

/// A number with its ends on hover, and its value for sorting.
fn number_cell(x: Option<Enclosure>) -> String {
    match x {
        None => "<td class=\"number\" data-value=\"\">–</td>".into(),
        Some(x) => format!(
            "<td class=\"number\" data-value=\"{}\" title=\"{} ({})\">{}</td>",
            x.estimate(),
            ends(&x),
            escaped(&x.evidence().to_string()),
            escaped(&x.short(4))
        ),
    }
}

fn skipped(report: &Report) -> String {
    let line = |s: &kappa_model::Skipped| {
        format!("<tr><td>{}</td><td>{}</td></tr>\n", escaped(&printable(&s.name)), escaped(&s.reason))
    };
    report.skipped.iter().map(line).collect()
}

/// What the charts need of a layer.
#[derive(Serialize)]
struct LayerCurves {
    name: String,
    frobenius: Option<Number>,
    spectral: Option<Number>,
    stable_rank: Option<Number>,
    cond: Option<Number>,
    index: Vec<usize>,
    values: Vec<f64>,
    energy: Vec<f64>,
}

/// The data of the page.
#[derive(Serialize)]
struct PageData<'a> {
    title: &'a str,
    layers: Vec<LayerCurves>,
}

fn layer(layer: &Layer) -> LayerCurves {
    let number = |question: Question| layer.measure(&question).map(|x| Number(x.estimate()));
    let (index, values, energy) = spectrum(layer);
    LayerCurves {
        name: printable(&layer.name),
        frobenius: number(Question::Norm(Norm::frobenius())),
        spectral: number(Question::Norm(Norm::spectral())),
        stable_rank: number(Question::StableRank),
        cond: number(Question::Cond),
        index,
        values,
        energy,
    }
}

/// Positions (from 1), singular values and shares of the energy, thinned out evenly on the logarithmic axis.
fn spectrum(layer: &Layer) -> (Vec<usize>, Vec<f64>, Vec<f64>) {
    let Some(values) = &layer.singular_values else { return Default::default() };
    let s = values.estimates();
    let first = s.first().copied().unwrap_or(0.0);
    if first == 0.0 || !first.is_finite() {
        return Default::default();
    }
    let total: f64 = s.iter().map(|x| (x / first).powi(2)).sum();
    let mut head = 0.0;
    let shares: Vec<f64> = s
        .iter()
        .map(|x| {
            head += (x / first).powi(2);
            head / total
        })
        .collect();
    let mut index: Vec<usize> = if s.len() <= POINTS {
        (1..=s.len()).collect()
    } else {
        let step = (s.len() as f64).ln() / (POINTS - 1) as f64;
        (0..POINTS).map(|k| ((k as f64 * step).exp().round() as usize).clamp(1, s.len())).collect()
    };
    index.dedup();
    // Four digits are more than a pixel.
    let short = |x: f64| format!("{x:.4e}").parse().unwrap_or(x);
    let values = index.iter().map(|&k| short(s[k - 1])).collect();
    let energy = index.iter().map(|&k| short(shares[k - 1])).collect();
    (index, values, energy)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    /// The vendored library is the published one: uPlot 1.6.32 from the npm registry.
    #[test]
    fn vendored_files_have_the_sizes_of_the_release() {
        assert_eq!((super::PLOT_SCRIPT.len(), super::PLOT_STYLE.len()), (51081, 1857));
    }

    #[test]
    fn what_a_name_says_is_never_markup() {
        assert_eq!(super::escaped("<b a='1'>&\""), "&lt;b a=&#39;1&#39;&gt;&amp;&quot;");
    }
}
