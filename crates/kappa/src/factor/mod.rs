//! What one keeps to ask again.

mod eig;
mod partial;
mod polar;
mod qr;
mod row_sketch;
mod schur;
mod sparse;
mod svd;
mod triangular;

pub use eig::{Eig, Eigh, eig, eigh, jordan};
pub use partial::PartialSvd;
pub(crate) use partial::{Known, Work};
pub use polar::{Polar, polar};
pub use qr::{CompleteOrthogonal, GuEisenstat, PivotedQr, Qr, complete_orthogonal, pivoted_qr, qr, rank_revealing_qr};
pub use row_sketch::{RowSketch, SketchParts, TopRight};
pub use schur::{Schur, schur};
pub(crate) use sparse::SparseFactor;
pub use svd::Svd;
pub use triangular::{Ldlt, Lu, cholesky, ldlt, lu};
