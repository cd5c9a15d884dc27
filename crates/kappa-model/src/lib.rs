//! What a checkpoint means: layers, their roles, and a survey of their weights.
//!
//! ```no_run
//! use kappa_model::{Model, Survey};
//!
//! let model = Model::open("model.safetensors".as_ref())?;
//! for layer in model.survey(&Survey::default())?.layers {
//!     println!("{} is a {} of shape {:?}", layer.name, layer.role, layer.shape);
//! }
//! # Ok::<(), kappa_model::Error>(())
//! ```

mod convert;
mod error;
mod layer;
mod lipschitz;
mod listing;
mod model;
mod order;
mod role;
mod rounded;
mod saved_sketch;
mod schedule;
mod stream;
mod survey;
mod verdict;
mod views;

pub use convert::{Conversion, Convert, Converted};
pub use error::{Error, ErrorKind, Result};
pub use kappa_tensors::{DType, Dialect, Encoding, Opening, Rounded, Skipped, printable};
pub use layer::LayerMatrix;
pub use lipschitz::LipschitzProduct;
pub use listing::{Listed, Pattern};
pub use model::Model;
pub use role::Role;
pub use rounded::{measure_rounded, nearest, widened, widened_by, widened_cond};
pub use saved_sketch::SavedSketch;
pub use stream::{Streamed, Streaming};
pub use survey::{Layer, Progress, Report, Survey};
pub use verdict::Verdict;
pub use views::{Axis, Reading, View};
