//! `kappa formats` and `kappa roots`: questions about numbers.

use clap::Args;
use kappa::arithmetic::{Format, QuadraticRoots, quadratic_roots};
use kappa::polynomial_roots;
use kappa_report::{aligned, enclosure_json, number_json};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::input::Style;
use crate::output;

#[derive(Args, Debug)]
pub(crate) struct FormatsArguments {
    /// A number to be stored in each format.
    #[arg(value_name = "NUMBER", allow_hyphen_values = true)]
    pub(crate) number: Option<f64>,
    #[command(flatten)]
    pub(crate) style: Style,
}

#[derive(Args, Debug)]
pub(crate) struct RootsArguments {
    /// The coefficients, the highest power first: 1 -3 2 is x² − 3x + 2.
    #[arg(value_name = "COEFFICIENT", num_args = 2.., required = true, allow_negative_numbers = true)]
    pub(crate) coefficients: Vec<f64>,
    #[command(flatten)]
    pub(crate) style: Style,
}

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
    match a.coefficients[..] {
        [b, c] => quadratic([0.0, b, c], a),
        [x, b, c] => quadratic([x, b, c], a),
        _ => polynomial(a),
    }
}

fn quadratic([x, b, c]: [f64; 3], a: &RootsArguments) -> Result<u8, Failure> {
    let found = quadratic_roots(x, b, c)?;
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
        return output::json("roots", json!({ "coefficients": a.coefficients }), result);
    }
    output::words(kind);
    output::data(&numbers.iter().map(|x| x.short(17) + "\n").collect::<String>())
}

fn polynomial(a: &RootsArguments) -> Result<u8, Failure> {
    let rising: Vec<f64> = a.coefficients.iter().rev().copied().collect();
    let roots = polynomial_roots(&rising)?;
    if a.style.json {
        let one = |r: &kappa::PolynomialRoot| {
            json!({
                "value": [r.value.re, r.value.im], "condition": number_json(r.condition),
                "backward_error": number_json(r.backward_error), "distance": number_json(r.distance),
            })
        };
        let result = json!({ "roots": roots.iter().map(one).collect::<Vec<_>>() });
        return output::json("roots", json!({ "coefficients": a.coefficients }), result);
    }
    if a.style.explain {
        output::words(
            "eigenvalues of the balanced companion matrix, each with a step of Newton's method; a root is good to about its \
             condition times its backward error, or 2⁻⁵³ where that is larger\nreference: Edelman and Murakami, Math. Comp. 64 \
             (1995) 763–776",
        );
    }
    let mut lines = vec![["root", "condition", "backward error", "to a double root"].map(String::from).to_vec()];
    lines.extend(roots.iter().map(|r| {
        vec![
            complex_text(r.value, 16),
            format!("{:.2e}", r.condition),
            format!("{:.1e}", r.backward_error),
            format!("{:.1e}", r.distance),
        ]
    }));
    output::data(&aligned(&lines, &[false, true, true, true]))
}

/// A complex number in so many digits; a real one without its imaginary part.
pub(crate) fn complex_text(z: kappa::c64, digits: usize) -> String {
    let part = |x: f64| {
        let size = x.abs();
        if x == 0.0 || (1e-4..1e6).contains(&size) {
            let places = (digits as i32 - 1 - if x == 0.0 { 0 } else { size.log10().floor() as i32 }).clamp(0, 17);
            let text = format!("{x:.0$}", places as usize);
            if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
        } else {
            format!("{x:.0$e}", digits.saturating_sub(1))
        }
    };
    if z.im == 0.0 {
        return part(z.re);
    }
    let sign = if z.im < 0.0 { '-' } else { '+' };
    format!("{} {sign} {}i", part(z.re), part(z.im.abs()))
}
