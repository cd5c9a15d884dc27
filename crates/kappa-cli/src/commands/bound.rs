//! `kappa bound`: theorems with numbers.

use clap::Args;
use kappa::Enclosure;
use kappa::perturb::{TheoremInfo, theorem, theorems};
use kappa_report::aligned;
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files, Reads};
use crate::failure::Failure;
use crate::parse::number;
use crate::session::Session;
use crate::text::{DIGITS, short};

#[derive(Args, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct BoundArguments {
    /// The theorem, such as davis-kahan; all are listed without one.
    #[arg(value_name = "THEOREM")]
    #[serde(skip_serializing_if = "Option::is_none")]
    theorem: Option<String>,
    /// The norm of the change.
    #[arg(long, allow_hyphen_values = true, value_parser = number)]
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<f64>,
    /// The gap in the spectrum.
    #[arg(long, allow_hyphen_values = true, value_parser = number)]
    #[serde(skip_serializing_if = "Option::is_none")]
    gap: Option<f64>,
    /// A condition number.
    #[arg(long, allow_hyphen_values = true, value_parser = number)]
    #[serde(skip_serializing_if = "Option::is_none")]
    cond: Option<f64>,
    /// The relative error of the matrix.
    #[arg(long, allow_hyphen_values = true, value_parser = number)]
    #[serde(skip_serializing_if = "Option::is_none")]
    matrix_error: Option<f64>,
    /// The relative error of the right-hand side.
    #[arg(long, allow_hyphen_values = true, value_parser = number)]
    #[serde(skip_serializing_if = "Option::is_none")]
    rhs_error: Option<f64>,
    /// The relative residual.
    #[arg(long, allow_hyphen_values = true, value_parser = number)]
    #[serde(skip_serializing_if = "Option::is_none")]
    residual: Option<f64>,
    /// A sum of norms.
    #[arg(long, allow_hyphen_values = true, value_parser = number)]
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<f64>,
    /// The order of the matrix.
    #[arg(long, allow_hyphen_values = true, value_parser = number)]
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<f64>,
    /// The defect of the left factor.
    #[arg(long, allow_hyphen_values = true, value_parser = number)]
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<f64>,
    /// The defect of the right factor.
    #[arg(long, allow_hyphen_values = true, value_parser = number)]
    #[serde(skip_serializing_if = "Option::is_none")]
    right: Option<f64>,
}

/// A theorem with its bound, or the list of all theorems.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum BoundResult {
    One { theorem: &'static str, statement: &'static str, reference: &'static str, bound: Enclosure },
    All { theorems: Vec<TheoremResult> },
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TheoremResult {
    name: &'static str,
    statement: &'static str,
    parameters: Vec<Parameter>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Parameter {
    name: &'static str,
    meaning: &'static str,
}

impl Ask for BoundArguments {
    type Result = BoundResult;
    const ABOUT: &'static str = "Evaluate the bound of a perturbation theorem, or list the theorems";
    const EXAMPLES: &'static [&'static str] = &["bound", "bound weyl --change 0.5"];
    const READS: Reads = Reads::Nothing;

    fn files(&self) -> Files<'_> {
        Files::default()
    }

    fn answer(&self, _: &Session) -> Result<Answer<BoundResult>, Failure> {
        let Some(name) = &self.theorem else { return Ok(all()) };
        let plain = name.trim().to_lowercase().replace('_', "-");
        let Some(info) = theorems().iter().find(|t| t.name == plain) else {
            let known: Vec<&str> = theorems().iter().map(|t| t.name).collect();
            return Err(
                Failure::new(format!("unknown theorem `{plain}`")).with_hint(format!("known: {}", known.join(", ")))
            );
        };
        let t = theorem(&plain, &self.numbers(info)?)?;
        let bound = t.bound();
        let explanation = Explanation::plan(t.statement()).bounds(&bound).reference(t.reference());
        let result = BoundResult::One { theorem: t.name(), statement: t.statement(), reference: t.reference(), bound };
        Ok(Answer::new(result, short(bound.upper(), DIGITS) + "\n").explained(explanation))
    }
}

impl BoundArguments {
    fn given(&self, parameter: &str) -> Option<f64> {
        match parameter {
            "change" => self.change,
            "gap" => self.gap,
            "cond" => self.cond,
            "matrix-error" => self.matrix_error,
            "rhs-error" => self.rhs_error,
            "residual" => self.residual,
            "size" => self.size,
            "order" => self.order,
            "left" => self.left,
            "right" => self.right,
            _ => None,
        }
    }

    fn numbers(&self, info: &TheoremInfo) -> Result<Vec<f64>, Failure> {
        let is_known = |name: &str| info.parameters.iter().any(|p| p.0 == name);
        let all = theorems().iter().flat_map(|t| t.parameters).map(|p| p.0);
        if let Some(other) = all.into_iter().find(|name| !is_known(name) && self.given(name).is_some()) {
            return Err(Failure::new(format!("{} has no number --{other}", info.name))
                .with_hint("`kappa bound` lists the theorems and their numbers"));
        }
        let number = |&(parameter, meaning): &(&str, &str)| {
            self.given(parameter).ok_or_else(|| {
                let all: Vec<String> = info.parameters.iter().map(|p| format!("--{} …", p.0)).collect();
                Failure::new(format!("{} needs --{parameter}: {meaning}", info.name)).with_hint(format!(
                    "kappa bound {} {}",
                    info.name,
                    all.join(" ")
                ))
            })
        };
        info.parameters.iter().map(number).collect()
    }
}

fn all() -> Answer<BoundResult> {
    let line = |t: &TheoremInfo| {
        let parameters: Vec<String> = t.parameters.iter().map(|p| format!("--{}", p.0)).collect();
        vec![t.name.to_owned(), parameters.join(" "), t.statement.to_owned()]
    };
    let one = |t: &TheoremInfo| TheoremResult {
        name: t.name,
        statement: t.statement,
        parameters: t.parameters.iter().map(|&(name, meaning)| Parameter { name, meaning }).collect(),
    };
    let text = aligned(&theorems().iter().map(line).collect::<Vec<_>>(), &[false; 3]);
    let explanation = Explanation::plan("a list; `kappa bound THEOREM` with its options gives a number")
        .reference("Stewart and Sun, Matrix Perturbation Theory (1990); each theorem names its own");
    Answer::new(BoundResult::All { theorems: theorems().iter().map(one).collect() }, text).explained(explanation)
}
