//! `kappa formats` and `kappa roots`: questions about numbers.

use clap::Args;
use kappa::arithmetic::{Format, QuadraticRoots, quadratic_roots};
use kappa::equations::PolynomialRoot;
use kappa::serialize::{Complex, Number};
use kappa::{AnyMatrix, Enclosure, Matrix};
use kappa_report::aligned;
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files, Reads};
use crate::failure::Failure;
use crate::parse::number;
use crate::session::Session;
use crate::text::{DIGITS, at_most, complex_within, list, scientific, titles};

#[derive(Args, Debug, Serialize)]
pub(crate) struct FormatsArguments {
    /// A number to be stored in each format.
    #[arg(value_name = "NUMBER", allow_hyphen_values = true, value_parser = number)]
    #[serde(serialize_with = "stored")]
    number: Option<f64>,
}

/// A stored number, which may be NaN.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum Stored {
    Number(Number),
    Nan(&'static str),
}

impl From<f64> for Stored {
    fn from(x: f64) -> Self {
        if x.is_nan() { Self::Nan("nan") } else { Self::Number(x.into()) }
    }
}

fn stored<S: serde::Serializer>(x: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    x.map(Stored::from).serialize(serializer)
}

/// Number formats.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FormatsResult {
    formats: Vec<FormatResult>,
}

/// A format, and what a number becomes in it.
#[derive(Debug, Serialize, JsonSchema)]
struct FormatResult {
    name: &'static str,
    precision: u32,
    unit_roundoff: f64,
    largest: f64,
    smallest_normal: f64,
    smallest: f64,
    becomes: Option<Stored>,
    ulp: Option<Stored>,
}

impl Ask for FormatsArguments {
    type Result = FormatsResult;
    const ABOUT: &'static str = "Number formats, and what a number becomes in each";
    const EXAMPLES: &'static [&'static str] = &["formats 0.1"];
    const READS: Reads = Reads::Nothing;

    fn files(&self) -> Files<'_> {
        Files::default()
    }

    fn answer(&self, _: &Session) -> Result<Answer<FormatsResult>, Failure> {
        let one = |f: &Format| FormatResult {
            name: f.name(),
            precision: f.precision(),
            unit_roundoff: f.unit_roundoff(),
            largest: f.largest(),
            smallest_normal: f.smallest_normal(),
            smallest: f.smallest(),
            becomes: self.number.map(|x| f.round(x).into()),
            // The gap above infinity is no number.
            ulp: self.number.map(|x| f.ulp(x)).filter(|ulp| !ulp.is_nan()).map(Stored::from),
        };
        let explanation = Explanation::plan("rounding to the nearest number of each format, ties to even")
            .line("evidence", "exact: the rounding of a double to a shorter format is computed without error")
            .reference("IEEE 754-2019; Micikevicius et al., FP8 formats for deep learning (2022)");
        let result = FormatsResult { formats: Format::ALL.iter().map(one).collect() };
        Ok(Answer::new(result, self.text()).explained(explanation))
    }
}

impl FormatsArguments {
    fn text(&self) -> String {
        let mut head =
            titles(["format", "significand bits", "unit roundoff", "largest", "smallest normal", "smallest"]);
        if self.number.is_some() {
            head.extend(titles(["becomes", "relative error", "ulp"]));
        }
        let mut lines = vec![head];
        for f in Format::ALL {
            let mut line = vec![f.name().to_owned(), f.precision().to_string()];
            let numbers = [f.unit_roundoff(), f.largest(), f.smallest_normal(), f.smallest()];
            line.extend(numbers.map(|x| scientific(x, 3)));
            if let Some(x) = self.number {
                let y = f.round(x);
                let error = if x == y { 0.0 } else { ((y - x) / x).abs() };
                let becomes = if y.is_finite() { format!("{y:?}") } else { scientific(y, 3) };
                line.extend([becomes, scientific(error, 2), scientific(f.ulp(x), 3)]);
            }
            lines.push(line);
        }
        aligned(&lines, &[false, true, true, true, true, true, true, true, true])
    }
}

#[derive(Args, Debug, Serialize)]
pub(crate) struct RootsArguments {
    /// The coefficients, the highest power first: 1 -3 2 is x² − 3x + 2.
    #[arg(value_name = "COEFFICIENT", num_args = 2.., required = true, allow_negative_numbers = true)]
    #[arg(value_parser = number)]
    coefficients: Vec<f64>,
}

/// The roots of a polynomial.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum RootsResult {
    /// Up to degree 2: enclosed.
    Quadratic { kind: &'static str, values: Vec<Enclosure> },
    /// From degree 3 on: with condition numbers.
    Polynomial { roots: Vec<RootResult> },
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RootResult {
    value: Complex,
    /// A proved bound of the error.
    radius: Number,
    condition: Number,
    backward_error: Number,
    distance: Number,
}

impl From<&PolynomialRoot> for RootResult {
    fn from(r: &PolynomialRoot) -> Self {
        Self {
            value: r.value.into(),
            radius: r.radius.into(),
            condition: r.condition.into(),
            backward_error: r.backward_error.into(),
            distance: r.distance.into(),
        }
    }
}

impl Ask for RootsArguments {
    type Result = RootsResult;
    const ABOUT: &'static str = "Roots of a polynomial, with condition numbers";
    const EXAMPLES: &'static [&'static str] = &["roots 1 -3 2", "roots 1 -6 11 -6"];
    const READS: Reads = Reads::Nothing;

    fn files(&self) -> Files<'_> {
        Files::default()
    }

    fn answer(&self, _: &Session) -> Result<Answer<RootsResult>, Failure> {
        match self.coefficients[..] {
            [b, c] => quadratic([0.0, b, c]),
            [a, b, c] => quadratic([a, b, c]),
            _ => self.polynomial(),
        }
    }
}

const CONJUGATE: &str = "a conjugate pair: real part, modulus of the imaginary part";

fn quadratic([a, b, c]: [f64; 3]) -> Result<Answer<RootsResult>, Failure> {
    let (kind, values) = match quadratic_roots(a, b, c)? {
        QuadraticRoots::Everything => ("every number is a root", vec![]),
        QuadraticRoots::Nothing => ("no number is a root", vec![]),
        QuadraticRoots::One(x) => ("one root, as a = 0", vec![x]),
        QuadraticRoots::Real(x, y) => ("two real roots", vec![x, y]),
        QuadraticRoots::Conjugate(re, im) => (CONJUGATE, vec![re, im]),
    };
    let mut explanation =
        Explanation::plan("the root of larger modulus without cancellation, the other one from the product of both");
    for x in &values {
        explanation = explanation.bounds(x);
    }
    let explanation =
        explanation.reference("Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 1.8");
    let text = match values[..] {
        [re, im] if kind == CONJUGATE => {
            let (re, im) = (re.short(DIGITS), im.short(DIGITS));
            format!("{re} + {im}i\n{re} - {im}i\n")
        }
        _ => list(&values),
    };
    Ok(Answer::new(RootsResult::Quadratic { kind, values }, text).note(kind).explained(explanation))
}

impl RootsArguments {
    fn polynomial(&self) -> Result<Answer<RootsResult>, Failure> {
        let n = self.coefficients.len();
        let rising = AnyMatrix::Real(Matrix::from_fn(n, 1, |i, _| self.coefficients[n - 1 - i]));
        let roots = rising.polynomial_roots()?;
        let mut lines = vec![titles(["root", "error", "condition", "backward error", "distance to a double root"])];
        lines.extend(roots.iter().map(|r| {
            vec![
                complex_within(r.value, r.radius),
                at_most(r.radius),
                scientific(r.condition, 2),
                scientific(r.backward_error, 1),
                scientific(r.distance, 1),
            ]
        }));
        let explanation = Explanation::plan("all roots at once by Aberth's iteration in twice the precision")
            .line(
                "evidence",
                "rounding: discs around the roots that contain the exact ones, every rounding error counted",
            )
            .reference("Bini, Numer. Algorithms 13 (1996) 179–200; Smith, J. ACM 17 (1970) 661–674");
        let result = RootsResult::Polynomial { roots: roots.iter().map(RootResult::from).collect() };
        Ok(Answer::new(result, aligned(&lines, &[false, true, true, true, true])).explained(explanation))
    }
}
