//! The questions, one file each; also the questions about a norm that need a decomposition.

mod ball;
mod certified;
mod constants;
mod dominance;
mod exact_rank;
mod factored;
mod field;
mod hard;
mod lanczos_density;
mod logdet;
mod mahalanobis;
mod measure;
mod norm;
mod profile;
mod question;
mod rank;
mod sampling;
pub(crate) mod sparse;
mod sparse_cond;
mod sparse_rank;
mod subgradient;
mod symmetric;
mod vectors;

pub use certified::{
    certified_measure, certified_norm, certified_singular_values, certified_spectral_norm, certified_spectral_norm_by,
};
pub use constants::Constant;
pub use dominance::fan_dominance;
pub use exact_rank::exact_rank;
pub(crate) use exact_rank::is_exactly_singular;
pub use factored::nuclear_norm_of_factors;
pub use field::{log_norm, numerical_radius};
pub use hard::Induced;
pub(crate) use hard::{grothendieck_weights, induced_maximiser};
pub use lanczos_density::{LanczosDensity, LanczosDensityParts, Probe, StochasticLanczos};
pub use logdet::{LogDeterminant, logdet, logdet_by};
pub use measure::measure;
pub use norm::{induced_norm, norm, spectral_norm};
pub use profile::Profile;
pub use question::{Check, Comparison, Question};
pub use rank::rank;
pub use sampling::{Hutchinson, frobenius_by_sampling};
pub(crate) use sparse_cond::sparse_cond;
pub use subgradient::AnySubgradient;
pub use subgradient::Subgradient;
pub use symmetric::norm_by_gauge;
