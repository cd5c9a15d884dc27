//! `kappa lipschitz`.

use std::path::PathBuf;

use clap::Args;
use kappa::Enclosure;
use kappa_model::printable;
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::session::{Rounding, Session, file_name, in_file};
use crate::text::{line, table};

#[derive(Args, Debug, Serialize)]
pub(crate) struct LipschitzArguments {
    /// The file, folder, or index of a sharded checkpoint.
    model: PathBuf,
    /// Only tensors whose name matches: a part of it, or `*` and `?`. May be given more than once.
    #[arg(long, value_name = "GLOB")]
    layers: Vec<String>,
}

/// The factors of a Lipschitz bound, and their product.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LipschitzResult {
    layers: Vec<LayerFactor>,
    /// `null` where the layers of a checkpoint were not chosen, because nothing says how they are connected.
    product: Option<Enclosure>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct LayerFactor {
    name: String,
    factor: Enclosure,
}

impl Ask for LipschitzArguments {
    type Result = LipschitzResult;
    const ABOUT: &'static str = "A Lipschitz bound of a chain of layers";
    const EXAMPLES: &'static [&'static str] = &["lipschitz w.npy"];

    fn files(&self) -> Files<'_> {
        Files::reads([&self.model])
    }

    fn answer(&self, session: &Session) -> Result<Answer<LipschitzResult>, Failure> {
        let model = session.open(&self.model)?;
        let found = model.lipschitz_product(&self.layers).map_err(in_file(&self.model))?;
        for (name, _) in &found.layers {
            session.say_reading(&model, name, Rounding::OneOfMany)?;
        }
        let mut lines: Vec<Vec<String>> =
            found.layers.iter().map(|(name, x)| line(&printable(name), x.short(6))).collect();
        lines.extend(found.product.map(|product| line("product", product.short(12))));
        let mut explanation = Explanation::plan(
            "the certified spectral norm of each layer; of a convolution an upper bound from its reshaped kernel",
        )
        .line(
            "bound",
            "a Lipschitz constant in the 2-norm of the chain of these layers with activations of slope at most 1",
        )
        .reference("Tsuzuku, Sato and Sugiyama, NeurIPS 2018; Rump, Acta Numerica 19 (2010) 287–449");
        if let Some(product) = &found.product {
            explanation = explanation.bounds(product);
        }
        // Exit 2, after the constants of the layers: there is no chain to multiply.
        let failure = found.product.is_none().then(|| {
            let file = file_name(&self.model);
            Failure::new(format!(
                "`{file}` has no graph: it does not say how its layers are connected, so that there is no product"
            ))
            .with_hint(
                "`--layers` chooses layers that follow one another, with activations of slope at most 1 between them",
            )
        });
        let layers = found.layers.into_iter().map(|(name, factor)| LayerFactor { name, factor }).collect();
        let answer = Answer::new(LipschitzResult { layers, product: found.product }, table(&lines));
        Ok(Answer { failure, ..answer.explained(explanation) })
    }
}
