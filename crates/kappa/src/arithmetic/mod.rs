//! Floating-point arithmetic: formats, sums with error bounds, powers with proved bounds, formulas without
//! cancellation.
//!
//! ```
//! use kappa::arithmetic::{BF16, sum};
//!
//! // 0.1 rounded to a 16-bit format.
//! assert_eq!(BF16.round(0.1), 0.10009765625);
//! // A sum whose rounding errors exceed its value, and the result of adding from left to right.
//! let s = sum(&[1e16, 1.0, -1e16])?;
//! assert_eq!((s.value.lower(), s.naive), (1.0, 0.0));
//! # Ok::<(), kappa::Error>(())
//! ```

pub mod complex;
mod decimal;
pub(crate) mod environment;
pub(crate) mod fixed_point;
mod format;
pub(crate) mod modular;
pub(crate) mod power;
mod roots;
mod sum;
mod variance;
pub(crate) mod whole_matrix;

pub use decimal::Decimal;
pub(crate) use decimal::{is_printed, pair_whole, printed};
pub use environment::check_environment;
pub use format::{BF16, F8_E4M3, F8_E5M2, F16, F32, F64, Format};
pub use kappa_dense::pair::{Pair, two_product, two_sum};
pub use power::{power, root};
pub use roots::{QuadraticRoots, difference_of_squares, hypot, quadratic_roots};
pub use sum::{Summed, dot, sum};
pub use variance::{Moments, Welford, mean_and_variance};
