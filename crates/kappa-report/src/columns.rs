//! What a survey's tables show, once for text and Markdown.

use kappa::values::{Bulk, Tail};
use kappa::{Enclosure, Norm, Question, Tolerance};
use kappa_model::{Layer, printable};

use crate::sparkline::sparkline;

/// Significant digits in a table; fewer where fewer are certain.
const DIGITS: usize = 4;
const SPARKS: usize = 10;

/// A column: its title, whether it is aligned to the right, and its cell.
pub(crate) struct Column {
    pub(crate) title: &'static str,
    pub(crate) right: bool,
    pub(crate) cell: Box<dyn Fn(&Layer) -> String>,
}

fn words(title: &'static str, cell: impl Fn(&Layer) -> String + 'static) -> Column {
    Column { title, right: false, cell: Box::new(cell) }
}

fn number(title: &'static str, question: Question) -> Column {
    let cell = move |layer: &Layer| layer.measure(&question).map_or("–".into(), |x| x.short(DIGITS));
    Column { title, right: true, cell: Box::new(cell) }
}

fn derived(title: &'static str, of: impl Fn(&Layer) -> Option<Enclosure> + 'static) -> Column {
    let cell = move |layer: &Layer| of(layer).map_or("–".into(), |x| x.short(DIGITS));
    Column { title, right: true, cell: Box::new(cell) }
}

/// The spikes of a layer whose other eigenvalues are those of noise.
pub(crate) fn spikes(layer: &Layer) -> Option<Enclosure> {
    layer.bulk.filter(Bulk::fits).map(|bulk| bulk.spikes)
}

/// The exponent of a tail with its standard error, in the decimals that the error leaves.
pub(crate) fn alpha(tail: &Tail) -> String {
    let (x, error) = (tail.exponent().estimate(), tail.standard_error());
    if error.is_nan() || error >= x {
        return "not known".into();
    }
    let places = (1.0 - error.log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{x:.places$} ± {error:.places$}")
}

fn energy() -> Column {
    let cell = |layer: &Layer| {
        let of = |percent| layer.measure(&Question::EnergyRank(percent)).map_or("–".into(), |x| x.short(DIGITS));
        format!("{} {} {}", of(90.0), of(95.0), of(99.0))
    };
    Column { title: "90 95 99 %", right: true, cell: Box::new(cell) }
}

/// The columns of a table; all of them, or those that fit a terminal.
pub(crate) fn columns(all: bool) -> Vec<Column> {
    let norm = |title, norm| number(title, Question::Norm(norm));
    let mut columns = vec![
        words("layer", |l| printable(&l.name)),
        words("role", |l| l.role.to_string()),
        words("shape", layer_shape),
        words("type", |l| l.dtype.to_string()),
        norm("frobenius", Norm::frobenius()),
        norm("spectral", Norm::spectral()),
    ];
    if all {
        columns.extend([
            norm("nuclear", Norm::nuclear()),
            norm("column sum", Norm::max_column_sum()),
            norm("row sum", Norm::max_row_sum()),
            norm("max abs", Norm::max_abs()),
        ]);
    }
    columns.extend([
        number("cond", Question::Cond),
        number("rank", Question::Rank(Tolerance::default())),
        number("stored", Question::StoredRank),
        number("stable", Question::StableRank),
    ]);
    if all {
        columns.push(number("effective", Question::EffectiveRank));
    }
    columns
        .push(Column { title: "alpha", right: true, cell: Box::new(|l| l.tail.as_ref().map_or("–".into(), alpha)) });
    if all {
        columns.push(derived("distance", |l| l.tail.as_ref().map(|tail| Enclosure::exact(tail.distance()))));
        columns.push(derived("spikes", spikes));
    }
    columns.push(energy());
    if all {
        columns.push(words("as", |l| printable(&l.reading)));
    }
    columns.push(words("spectrum", |l| l.singular_values.as_ref().map_or(String::new(), |s| sparkline(s, SPARKS))));
    columns
}

/// The dimensions of a tensor, or of the part of it that was measured.
pub(crate) fn layer_shape(layer: &Layer) -> String {
    if layer.name == layer.tensor { shape_words(&layer.shape) } else { shape_words(&[layer.matrix.0, layer.matrix.1]) }
}

/// `[768, 2304]` as 768×2304.
pub fn shape_words(shape: &[usize]) -> String {
    shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("×")
}
