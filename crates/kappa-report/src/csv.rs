//! One line a layer, for spreadsheets and data frames.

use kappa::Question;
use kappa_model::Report;

use crate::columns::shape_words;
use crate::json::measure_key;
use crate::spread::spread_numbers;

/// A survey as comma-separated values: each measure with its estimate, lower and upper end.
pub fn survey_csv(report: &Report) -> String {
    let questions = Question::standard();
    let mut header: Vec<String> =
        ["name", "tensor", "as", "shape", "rows", "columns", "dtype", "role"].map(Into::into).into();
    for key in questions.iter().map(measure_key) {
        header.extend([key.clone(), format!("{key}_lower"), format!("{key}_upper")]);
    }
    header.extend(spread_numbers(None, None).map(|(name, _)| name.into()));
    header.push("verdicts".into());
    let mut text = header.join(",") + "\n";
    for layer in &report.layers {
        let (m, n) = layer.matrix;
        let mut cells = vec![
            quoted(&layer.name),
            quoted(&layer.tensor),
            quoted(&layer.reading),
            shape_words(&layer.shape),
            m.to_string(),
            n.to_string(),
            layer.dtype.to_string(),
            layer.role.to_string(),
        ];
        for question in &questions {
            match layer.measure(question) {
                Some(x) => cells.extend([x.estimate(), x.lower(), x.upper()].map(|x| x.to_string())),
                None => cells.extend([const { String::new() }; 3]),
            }
        }
        let spread = spread_numbers(layer.tail.as_ref(), layer.bulk.as_ref());
        cells.extend(spread.map(|(_, x)| x.map_or_else(String::new, |x| x.to_string())));
        cells.push(quoted(&layer.verdicts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")));
        text += &cells.join(",");
        text.push('\n');
    }
    text
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.into() }
}
