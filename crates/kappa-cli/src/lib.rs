//! The command kappa
