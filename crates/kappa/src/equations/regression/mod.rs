//! Linear regression from a table of data, with an enclosure of every number of the fit.
//!
//! ```
//! use kappa::equations::regression::{Cell, Column, Design, Regression};
//!
//! let cells = |x: &[f64]| x.iter().map(|&x| Cell::from(x)).collect();
//! let column = |name: &str, x: &[f64]| Column { name: name.into(), cells: cells(x) };
//! let table = [column("x", &[0.0, 1.0, 2.0, 3.0]), column("y", &[1.0, 3.0, 5.0, 8.0])];
//! let fit = Regression::new(Design::new(&table, &"y ~ x".parse()?, None)?)?;
//! // The slope is 23/10 exactly, its standard error √(3/100), R² = 529/535.
//! let slope = &fit.coefficients()[1];
//! assert!(slope.estimate.contains(2.3) && slope.estimate.width() < 1e-15);
//! assert!((slope.standard_error.estimate() - 0.03f64.sqrt()).abs() < 1e-15);
//! assert!(fit.r_squared().contains(529.0 / 535.0) && fit.r_squared().width() < 1e-14);
//! # Ok::<(), kappa::Error>(())
//! ```

mod build;
mod cell;
mod coding;
mod coefficient;
mod collinearity;
mod design;
mod elimination;
mod exactness;
mod fit;
mod formula;
mod influence;
mod levels;
mod rank;
mod statistics;
mod whole;

pub use cell::{Cell, Column};
pub use coefficient::{Coefficient, normal_quantile};
pub use collinearity::{Collinearity, Dependency};
pub use design::{Design, Undetermined};
pub use fit::{Regression, confidence_level};
pub use formula::{Factor, Formula, Function, Term};
pub use influence::Influence;
