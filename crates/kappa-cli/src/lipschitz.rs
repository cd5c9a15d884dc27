//! `kappa lipschitz`.

use std::path::PathBuf;

use clap::Args;
use kappa_model::{Model, Opening, printable};
use kappa_report::{aligned, enclosure_json};
use serde_json::json;

use crate::failure::Failure;
use crate::input::Style;
use crate::output;

#[derive(Args, Debug)]
pub(crate) struct LipschitzArguments {
    /// The file, folder, or index of a sharded checkpoint.
    pub(crate) model: PathBuf,
    /// Only tensors whose name matches: a part of it, or `*` and `?`. May be given more than once.
    #[arg(long, value_name = "GLOB")]
    pub(crate) layers: Vec<String>,
    #[command(flatten)]
    pub(crate) style: Style,
}

pub(crate) fn run(a: &LipschitzArguments) -> Result<u8, Failure> {
    let model = Model::open_with(&a.model, &Opening { map: !a.style.no_mmap })?;
    let found = model.lipschitz_product(&a.layers)?;
    if a.style.explain {
        output::words(
            "each factor: the certified spectral norm, every rounding error counted; a convolution enters from above\n\
             the product bounds the chain of these layers with activations of slope at most 1, in the 2-norm",
        );
    }
    if a.style.json {
        let layer = |(name, x): &(String, _)| json!({ "name": name, "factor": enclosure_json(x) });
        let layers: Vec<_> = found.layers.iter().map(layer).collect();
        let result = json!({ "layers": layers, "product": enclosure_json(&found.product) });
        return output::json("lipschitz", json!({ "model": a.model, "layers": a.layers }), result);
    }
    let mut lines: Vec<Vec<String>> = found.layers.iter().map(|(name, x)| vec![printable(name), x.short(6)]).collect();
    lines.push(vec!["product".into(), found.product.short(12)]);
    output::data(&aligned(&lines, &[false, false]))
}
