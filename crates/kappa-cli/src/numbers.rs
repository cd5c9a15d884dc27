//! `kappa formats` and `kappa roots`: questions about numbers.

use kappa::arithmetic::{Format, QuadraticRoots, quadratic_roots};
use kappa_report::{aligned, enclosure_json, number_json};
use serde_json::{Value, json};

use crate::arguments::{FormatsArguments, RootsArguments};
use crate::failure::Failure;
use crate::output;

/// What a number became, which may be NaN.
fn stored(x: f64) -> Value {
    if x.is_nan() { "nan".into() } else { number_json(x) }
}

pub(crate) fn formats(a: &FormatsArguments) -> Result<u8, Failure> {
    if a.style.json {
        let one = |f: &Format| {
            json!({
                "name": f.name(), "precision": f.precision(), "unit_roundoff": f.unit_roundoff(), "largest": f.largest(),
                "smallest_normal": f.smallest_normal(), "smallest": f.smallest(),
                "becomes": a.number.map(|x| stored(f.round(x))), "ulp": a.number.map(|x| stored(f.ulp(x))),
            })
        };
        let result = json!({ "formats": Format::ALL.iter().map(one).collect::<Vec<_>>() });
        return output::json("formats", json!({ "number": a.number.map(stored) }), result);
    }
    let mut titles = vec!["format", "bits", "unit roundoff", "largest", "smallest normal", "smallest"];
    if a.number.is_some() {
        titles.extend(["becomes", "relative error", "ulp"]);
    }
    let mut lines = vec![titles.iter().map(|t| (*t).to_owned()).collect::<Vec<String>>()];
    for f in Format::ALL {
        let mut line = vec![f.name().to_owned(), f.precision().to_string()];
        line.extend([f.unit_roundoff(), f.largest(), f.smallest_normal(), f.smallest()].map(|x| format!("{x:.3e}")));
        if let Some(x) = a.number {
            let y = f.round(x);
            let error = if x == y { 0.0 } else { ((y - x) / x).abs() };
            line.extend([format!("{y:?}"), format!("{error:.2e}"), format!("{:.3e}", f.ulp(x))]);
        }
        lines.push(line);
    }
    output::data(&aligned(&lines, &[false, true, true, true, true, true, true, true, true]))
}

pub(crate) fn roots(a: &RootsArguments) -> Result<u8, Failure> {
    let found = quadratic_roots(a.a, a.b, a.c)?;
    let (kind, numbers) = match found {
        QuadraticRoots::Everything => ("every number is a root", vec![]),
        QuadraticRoots::Nothing => ("no number is a root", vec![]),
        QuadraticRoots::One(x) => ("one root, as a = 0", vec![x]),
        QuadraticRoots::Real(x, y) => ("two real roots", vec![x, y]),
        QuadraticRoots::Conjugate(re, im) => {
            ("a conjugate pair: real part, modulus of the imaginary part", vec![re, im])
        }
    };
    if a.style.json {
        let result = json!({ "kind": kind, "values": numbers.iter().map(enclosure_json).collect::<Vec<_>>() });
        return output::json("roots", json!({ "a": a.a, "b": a.b, "c": a.c }), result);
    }
    output::words(kind);
    output::data(&numbers.iter().map(|x| x.short(17) + "\n").collect::<String>())
}
