//! All integration tests of kappa in one program, so that each algorithm is compiled once for them.

mod certificates;
mod conditioning;
mod draws;
mod edges;
mod equations;
mod equations_edges;
mod exact;
mod laws;
mod logdet;
mod partial;
mod parts;
mod perturbation;
mod proofs;
mod regularized;
mod sparse;
mod strd;
