//! All integration tests of kappa-tensors in one program.

automod::dir!("tests/all");

#[path = "../shared/compiled.rs"]
mod compiled;
