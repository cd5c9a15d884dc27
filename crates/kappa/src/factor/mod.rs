//! What one keeps to ask again.

mod decompose;
mod eig;
mod partial;
mod polar;
mod qr;
mod randomized;
mod row_sketch;
mod schur;
mod singular_values;
mod sparse;
mod svd;
mod thick_restart;
mod triangular;

pub use decompose::{svd, svd_full, truncated_svd};
pub use eig::{Eig, Eigh, eig, eigh, jordan};
pub use partial::PartialSvd;
pub use polar::{Polar, polar};
pub use qr::{CompleteOrthogonal, GuEisenstat, PivotedQr, Qr, complete_orthogonal, pivoted_qr, qr, rank_revealing_qr};
pub use randomized::{RandomizedSvd, randomized_svd, randomized_svd_within};
pub use row_sketch::{RowSketch, SketchParts, TopRight};
pub use schur::{Schur, schur};
pub(crate) use singular_values::values_of;
pub use singular_values::{singular_values, singular_values_above};
pub(crate) use sparse::SparseFactor;
pub use svd::Svd;
pub use thick_restart::{ThickRestart, partial_svd};
pub use triangular::{Ldlt, Lu, cholesky, ldlt, lu};
