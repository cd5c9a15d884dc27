//! A Lipschitz bound of a chain of layers: the product of their certified spectral norms.

use kappa::Enclosure;
use kappa::certificate::SpectralCertificate;

use crate::layer::kernel_positions;
use crate::rounded::widened_by;
use crate::survey::pattern;
use crate::{Error, Model, Result};

/// The factors of a Lipschitz bound, and their product.
#[derive(Clone, Debug)]
pub struct LipschitzProduct {
    /// Each layer with an enclosure of its factor, in file order.
    pub layers: Vec<(String, Enclosure)>,
    /// Their product: its upper end is a Lipschitz constant of the chain of these layers with 1-Lipschitz activations.
    /// `None` for several layers that were not chosen: a checkpoint does not say how its layers are connected, and what
    /// lies between them, such as a normalization with large factors, may be missing.
    pub product: Option<Enclosure>,
}

impl Model {
    /// The certified spectral norms of the layers whose names match, or of all layers without a pattern, and their
    /// product where the layers were chosen by a pattern or the file is a single matrix.
    ///
    /// ∏ ‖Wₖ‖₂. Its upper end bounds the Lipschitz constant, in the 2-norm, of the layers applied one after the other
    /// with activations of slope at most 1 between them; all rounding errors are counted. A convolution contributes an
    /// upper bound, the norm of its reshaped matrix times the square root of the number of kernel positions (Tsuzuku,
    /// Sato, Sugiyama, NeurIPS 2018), and 0 as lower bound. Branches, attention and normalization layers do not form
    /// such a chain: select the layers. The cost is that of one certified spectral norm a layer; memory for the largest
    /// layer.
    ///
    /// # Errors
    ///
    /// When no layer matches or a pattern is invalid, when a tensor cannot be read, and when an entry is not finite.
    pub fn lipschitz_product(&self, layers: &[String]) -> Result<LipschitzProduct> {
        let mut found = Vec::new();
        let mut product = Enclosure::exact(1.0);
        for name in self.matching(layers)? {
            let (name, matrix) = self.matrix(Some(&name))?;
            let norm = matrix.operator()?.spectral_certificate(&SpectralCertificate::default());
            let norm = norm.map_err(|e| Error::about(&name, &e))?.0;
            let norm = self.rounded(&name)?.map_or(norm, |rounded| widened_by(norm, rounded.length(), false));
            let shape = self.info(&name).map_or(&[][..], |t| &t.shape);
            let positions = kernel_positions(&name, shape);
            let factor = if positions > 1 {
                let most = norm.times(Enclosure::exact(positions as f64).sqrt());
                Enclosure::new(0.0, most.estimate(), most.upper(), most.evidence())
            } else {
                norm
            };
            self.source().forget(&name);
            product = product.times(factor);
            found.push((name, factor));
        }
        let is_chain = !layers.is_empty() || self.is_data() || self.tensors().len() == 1;
        Ok(LipschitzProduct { layers: found, product: is_chain.then_some(product) })
    }

    /// The weights whose names match one of the patterns.
    fn matching(&self, layers: &[String]) -> Result<Vec<String>> {
        let patterns = layers.iter().map(|text| pattern(text)).collect::<Result<Vec<_>>>()?;
        let mut names = self.weights();
        names.retain(|name| patterns.is_empty() || patterns.iter().any(|p| p.matches(name)));
        if names.is_empty() {
            return Err(Error::filter(format!("`{}` contains no matching weight matrix", self.path().display()))
                .with_hint(
                    "`kappa survey` lists the weight matrices; a pattern is a part of a name, or contains `*`",
                ));
        }
        Ok(names)
    }
}
