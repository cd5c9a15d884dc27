//! `kappa ball` and `kappa about-norm`.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use kappa::Norm;
use kappa_model::BallAction;
use kappa_report::{aligned, enclosure_json};
use serde_json::json;

use crate::failure::Failure;
use crate::input::{Input, Style};
use crate::one::{about, inputs, with_matrix};
use crate::parse::shape;
use crate::{ANSWERED, array, output};

#[derive(Args, Debug)]
pub(crate) struct AboutNormArguments {
    /// The norm, such as nuclear or induced:1,2.
    #[arg(value_name = "NORM")]
    pub(crate) norm: String,
    /// Compare with this norm: the largest ratio over all matrices of the shape and rank.
    #[arg(long, value_name = "NORM", requires = "shape")]
    pub(crate) against: Option<String>,
    /// Rows and columns, such as 9x4.
    #[arg(long, value_name = "MxN", value_parser = shape, requires = "against")]
    pub(crate) shape: Option<(usize, usize)>,
    /// The largest rank; min(M, N) by default.
    #[arg(long, value_name = "R")]
    pub(crate) rank: Option<usize>,
    #[command(flatten)]
    pub(crate) style: Style,
}

#[derive(Args, Debug)]
pub(crate) struct BallArguments {
    /// What to do.
    #[arg(value_enum)]
    pub(crate) action: Action,
    #[command(flatten)]
    pub(crate) input: Input,
    /// The norm.
    #[arg(long, short, value_name = "NORM")]
    pub(crate) norm: String,
    /// The radius of the ball, or the weight λ of the norm for prox.
    #[arg(long, short, value_name = "NUMBER", default_value_t = 1.0, allow_hyphen_values = true)]
    pub(crate) radius: f64,
    /// The file to write.
    #[arg(long, short, value_name = "FILE.npy")]
    pub(crate) output: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum Action {
    /// A subgradient: the slope of the norm.
    Subgradient,
    /// argmin ½‖X − A‖² + λ‖X‖.
    Prox,
    /// The nearest matrix in the ball.
    Project,
    /// argmin ⟨A, X⟩ over the ball.
    LinearMinimum,
}

pub(crate) fn run(a: &BallArguments) -> Result<u8, Failure> {
    array::check(Some(&a.output), [a.input.file.as_path()])?;
    let norm: Norm = a.norm.parse()?;
    let action = match a.action {
        Action::Subgradient => BallAction::Subgradient,
        Action::Prox => BallAction::Prox(a.radius),
        Action::Project => BallAction::Project(a.radius),
        Action::LinearMinimum => BallAction::LinearMinimum(a.radius),
    };
    with_matrix(&a.input, |name, matrix| {
        let view = matrix.view()?;
        let changed = view.under(norm, action).map_err(about(name))?;
        let bytes = array::encode(&changed.matrix);
        output::file(&a.output, |file| file.write_all(&bytes))?;
        if a.input.style.json {
            let (m, n) = view.shape();
            let result = json!({
                "tensor": name, "shape": [m, n], "norm": norm.to_string(), "output": a.output, "is_unique": changed.is_unique,
            });
            return output::json("ball", inputs(&a.input), result);
        }
        let unique = match changed.is_unique {
            Some(true) => "; it is the only one: the gradient",
            Some(false) => "; it is not for certain the only one",
            None => "",
        };
        output::words(&format!("wrote {}{unique}", a.output.display()));
        Ok(ANSWERED)
    })
}

pub(crate) fn about_norm(a: &AboutNormArguments) -> Result<u8, Failure> {
    let norm: Norm = a.norm.parse()?;
    let yes = |x: bool| if x { "yes" } else { "no" };
    let facts = [
        ("induced", norm.is_induced()),
        ("submultiplicative", norm.is_submultiplicative()),
        ("consistent", norm.is_consistent()),
        ("unitarily_invariant", norm.is_unitarily_invariant()),
        ("absolute", norm.is_absolute()),
    ];
    let mut lines = vec![vec!["norm".to_owned(), norm.to_string()], vec!["dual".into(), norm.dual().to_string()]];
    lines.extend(facts.iter().map(|(name, holds)| vec![name.replace('_', " "), yes(*holds).into()]));
    let mut result = json!({ "norm": norm.to_string(), "dual": norm.dual().to_string() });
    facts.iter().for_each(|(name, holds)| result[name] = (*holds).into());
    if let (Some(other), Some((m, n))) = (&a.against, a.shape) {
        let other: Norm = other.parse()?;
        let rank = a.rank.unwrap_or(m.min(n));
        let constant = norm.constant(&other, m, n, rank)?;
        let attained = if constant.attained_by.is_some() { "attained" } else { "a bound" };
        let what = format!("largest {norm}/{other}");
        lines.push(vec![what, format!("{} ({attained}, {m}×{n}, rank ≤ {rank})", constant.value.short(17))]);
        result["constant"] = json!({
            "against": other.to_string(), "shape": [m, n], "rank": rank,
            "value": enclosure_json(&constant.value), "is_attained": constant.attained_by.is_some(),
        });
    }
    if a.style.json {
        return output::json("about-norm", json!({ "norm": a.norm, "against": a.against }), result);
    }
    output::data(&aligned(&lines, &[false, false]))
}
