//! How much a chain of layers can stretch: the product of their certified spectral norms.

use kappa::{Enclosure, SpectralCertificate};

use crate::layer::kernel_positions;
use crate::survey::pattern;
use crate::{Error, Model, Result};

/// The factors of a Lipschitz bound, and their product.
#[derive(Clone, Debug)]
pub struct LipschitzProduct {
    /// Each layer with an enclosure of its factor, in file order.
    pub layers: Vec<(String, Enclosure)>,
    /// Their product: from above a Lipschitz constant of the chain of these layers with activations that stretch by at most 1.
    pub product: Enclosure,
}

impl Model {
    /// The product of the certified spectral norms of the layers whose names match (all without a pattern).
    ///
    /// An upper bound of the Lipschitz constant, in the 2-norm, of the layers applied one after the other with activations of
    /// slope at most 1 between them, every rounding counted. A convolution enters from above: the norm of its reshaped matrix
    /// times the square root of the number of kernel positions (Tsuzuku, Sato, Sugiyama, NeurIPS 2018), and from below by 0.
    /// Branches, attention and normalisation layers are no such chain: choose the layers. Fails where no layer matches and
    /// when an entry is not finite.
    pub fn lipschitz_product(&self, layers: &[String]) -> Result<LipschitzProduct> {
        let mut found = Vec::new();
        let mut product = Enclosure::exact(1.0);
        for name in self.chosen(layers)? {
            let (name, matrix) = self.matrix(Some(&name))?;
            let norm = matrix.operator()?.certified_spectral_norm_by(&SpectralCertificate::default());
            let norm = norm.map_err(|e| Error::about(&name, &e))?.0;
            let shape = self.tensors().iter().find(|t| t.name == name).map_or(&[][..], |t| &t.shape);
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
        Ok(LipschitzProduct { layers: found, product })
    }

    /// The weights whose names match one of the patterns.
    fn chosen(&self, layers: &[String]) -> Result<Vec<String>> {
        let patterns = layers.iter().map(|text| pattern(text)).collect::<Result<Vec<_>>>()?;
        let mut names = self.weights();
        names.retain(|name| patterns.is_empty() || patterns.iter().any(|p| p.matches(name)));
        if names.is_empty() {
            return Err(Error::filter(format!("no weight matrix of `{}` matches", self.path().display()))
                .with_hint("`kappa survey` lists them; a pattern is a part of the name, or has `*` for anything"));
        }
        Ok(names)
    }
}
