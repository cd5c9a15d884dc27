//! `kappa dominance`.

use std::path::{Path, PathBuf};

use clap::Args;
use kappa_model::{Model, Opening};
use serde_json::json;

use crate::failure::Failure;
use crate::input::Style;
use crate::one::about;
use crate::{ANSWERED, FALSE, output};

#[derive(Args, Debug)]
pub(crate) struct DominanceArguments {
    /// The matrix that is to be the smaller one.
    pub(crate) file: PathBuf,
    /// The matrix that is to be the larger one.
    pub(crate) other: PathBuf,
    /// The tensor, where a file holds more than one matrix.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) tensor: Option<String>,
    /// Count every rounding error: the bounds hold for certain.
    #[arg(long)]
    pub(crate) certify: bool,
    #[command(flatten)]
    pub(crate) style: Style,
}

pub(crate) fn run(a: &DominanceArguments) -> Result<u8, Failure> {
    let values = |path: &Path| -> Result<_, Failure> {
        let model = Model::open_with(path, &Opening { map: !a.style.no_mmap })?;
        let (name, matrix) = model.matrix(a.tensor.as_deref())?;
        let view = matrix.view()?;
        let values = if a.certify { view.certified_singular_values() } else { view.singular_values() };
        values.map_err(about(&name))
    };
    let (small, large) = (values(&a.file)?, values(&a.other)?);
    let found = small.dominated_by(&large);
    let (code, words) = match (found.weak, found.fails_at) {
        (Some(true), _) => (ANSWERED, "true: smaller in every unitarily invariant norm".to_owned()),
        (_, Some(k)) => (FALSE, format!("false: larger in the norm ky-fan:{k}, the first of the Ky Fan norms to fail")),
        _ => {
            return Err(Failure::new("the bounds of the singular values overlap, so it cannot be told")
                .with_hint("`--certify` gives narrower bounds; matrices with equal singular values stay undecided"));
        }
    };
    if a.style.json {
        let result = json!({ "holds": found.weak, "fails_at": found.fails_at });
        output::json("dominance", json!({ "file": a.file, "other": a.other }), result)?;
    } else {
        output::data(&(words + "\n"))?;
    }
    Ok(code)
}
