//! Claims with independent proofs: a witness is found in floating point, and checked in exact integer arithmetic only.
//!
//! ```
//! use kappa::{Matrix, proof};
//!
//! let a = Matrix::from_row_major(2, 2, vec![2.0, 1.0, 0.0, 2.0])?;
//! let claim = "norm:spectral <= 2.6".parse()?;
//! let witness = proof::prove(&a, &claim)?;
//! proof::verify(&a, &claim, &witness)?;
//! // The same witness does not prove a stronger claim.
//! assert!(proof::verify(&a, &"norm:spectral <= 2.5".parse()?, &witness).is_err());
//! # Ok::<(), kappa::Error>(())
//! ```

mod claim;
mod prove;
mod verify;
mod witness;

pub use claim::{Claim, Quantity};
pub use prove::prove;
pub use verify::verify;
pub use witness::{Dyadic, Witness};
