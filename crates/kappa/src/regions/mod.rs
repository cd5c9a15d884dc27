//! Regions of the complex plane that contain the eigenvalues.

mod ellipse;
mod gershgorin;
mod normality;
mod numerical_range;
mod pseudospectrum;
mod resolvent;

pub use ellipse::{Ellipse, ellipse};
pub use gershgorin::{Disc, Gershgorin, gershgorin};
pub use normality::{Normality, gelfand, normality};
pub use numerical_range::{NumericalRange, Outline, numerical_range};
pub use pseudospectrum::{Cell, Cells, Grid, Pseudospectrum, Region, pseudospectrum, pseudospectrum_cells};
