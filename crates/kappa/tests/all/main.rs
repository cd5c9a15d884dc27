//! All integration tests of kappa in one program, so that each algorithm is compiled once for them.

automod::dir!("tests/all");

#[path = "../../../kappa-tensors/tests/shared/compiled.rs"]
mod compiled;
