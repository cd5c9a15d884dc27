//! Singular values and eigenvalues, and the quantities that follow from them alone.

mod density;
mod eigenvalues;
mod majorization;
mod marchenko_pastur;
mod singular_values;
mod stored_rank;
mod tail;

pub use density::{Bins, Histogram};
pub use eigenvalues::Eigenvalues;
pub(crate) use eigenvalues::connected;
pub use majorization::{Majorization, majorization};
pub use marchenko_pastur::{Bulk, MarchenkoPastur};
pub use singular_values::{Doubt, Residual, SingularValues, SingularValuesParts};
pub use tail::{Clauset, LikelihoodRatio, Steps, Tail, TailLaw, TailLaws, TailParts};
