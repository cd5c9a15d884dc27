//! Ask a **question** about an **operator** in a **norm**; receive an **enclosure**.
//!
//! kappa measures matrices and says how far each answer can be trusted: how large they are, how sensitive, what they
//! hide. Every answer is an [`Enclosure`]: two ends, the best guess between them, and the [`Evidence`] that the truth
//! is inside.
//!
//! ```
//! use kappa::{Matrix, Norm, Tolerance, cond, norm, rank, singular_values, svd};
//!
//! let a = Matrix::from_row_major(3, 2, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])?;
//!
//! // How large: every rounding error of the Frobenius norm is counted.
//! let f = norm(&a, Norm::frobenius())?;
//! assert!(f.contains(91f64.sqrt()) && f.width() < 1e-13);
//! assert_eq!(f.evidence().to_string(), "rounding");
//!
//! // How sensitive, which values, how many directions.
//! assert_eq!(cond(&a)?.short(6), "18.5213");
//! assert_eq!(singular_values(&a)?.first().short(6), "9.52552");
//! assert_eq!(rank(&a, Tolerance::default())?.to_string(), "2");
//!
//! // Factor once, ask many.
//! let f = svd(&a)?;
//! assert_eq!(f.norm(Norm::nuclear())?.short(6), "10.0398");
//! # Ok::<(), kappa::Error>(())
//! ```
//!
//! | question | verb |
//! |---|---|
//! | how large | [`norm`] in a [`Norm`] |
//! | how sensitive | [`cond`], [`certified_cond`] in any norm, [`skeel_cond`], [`least_squares_cond`], [`eigenvalue_cond`] |
//! | how far from singular | [`distance_to_singularity`], [`is_regular_within`], [`exact_rank`] |
//! | how many digits survive | [`digits`] |
//! | what may a change do | [`perturb`], with theorems as values, and backward errors |
//! | where are the eigenvalues | [`eig`], [`eigh`], and [`regions`] |
//! | how many directions | [`rank`] at a [`Tolerance`] |
//! | which values | [`singular_values`] |
//! | factor once, ask many | [`svd`], which gives an [`Svd`] |
//! | several at once | [`measure`] with [`Question`]s, or a [`Profile`] |
//! | how large, for certain | [`certified_norm`], [`certified_singular_values`], [`certified_measure`] |
//! | how large, quickly | [`spectral_norm`] with [`Lanczos`] |
//! | what does a change do to a norm | [`Norm::subgradient`], [`Norm::prox`], [`Norm::project`], [`Norm::constant`] |
//! | is one larger than the other in every such norm | [`fan_dominance`] |
//! | how large is a vector | [`VectorNorm`] |
//! | can a stranger check it | [`proof`] |
//! | what do the computer's numbers do | [`arithmetic`], and [`lab`] for algorithms |
//!
//! Anything that can multiply is a [`LinearOperator`]; any operator can be asked anything. Which algorithm answers is a
//! [`Plan`] that can be printed.

/// Answers about an [`AnyOperator`]: of a real matrix or of a complex one.
pub mod any {
    pub use crate::ask::AnySubgradient;
    pub use crate::condition::AnyDistance;
    pub use crate::equations::{
        AnyCertifiedSolution, AnyCholeskyUpdate, AnyConstrainedSolution, AnyGeneralizedSolution, AnyLstsqSolution,
        AnyPseudoinverse, AnyRidge, AnyRidgeSolution, AnySolution, AnySolver, AnyTotalSolution, AnyWoodbury,
    };
    pub use crate::factor::{
        AnyCompleteOrthogonal, AnyEigh, AnyLdlt, AnyLu, AnyPartialSvd, AnyPivotedQr, AnyPolar, AnyQr, AnyRowSketch,
        AnySvd, AnyTopRight, RowImage,
    };
    pub use crate::krylov::AnyIterated;
    pub use crate::nearest::AnyNearest;
}
pub mod arithmetic;
mod ask;
mod certificate;
mod condition;
/// Plain numbers for many matrices in a row: the decompositions under the questions, in double precision and without bounds.
pub mod dense {
    pub use kappa_dense::{
        EigParts, LuParts, Precision, QrParts, RealSchurParts, Reflections, SchurParts, Shape, SvdParts, cholesky,
        eig_right, eigh, eigvals, eigvalsh, length, lu, lu_parts, multiply, qr, real_schur, reflections, schur,
        singular_values_in, svd,
    };
}
/// Why it is so, as questions and answers.
pub mod design {
    #![doc = include_str!("../../../DESIGN.md")]
}
pub mod enclosure;
mod equations;
mod error;
mod factor;
pub mod gallery;
mod krylov;
pub mod lab;
pub mod laws;
pub mod nearest;
mod norm;
mod operator;
/// What answers are made of, so that they can be stored and restored without loss.
pub mod parts {
    pub use crate::ask::{LanczosDensityParts, Probe};
    pub use crate::values::{Doubt, Residual, SingularValuesParts, TailParts};
}
pub mod perturb;
mod plan;
pub mod proof;
mod random;
pub mod regions;
mod tolerance;
mod values;

pub use ask::{
    Check, Comparison, Constant, Hutchinson, Induced, LanczosDensity, LogDeterminant, Profile, Question,
    StochasticLanczos, Subgradient, certified_measure, certified_norm, certified_singular_values,
    certified_spectral_norm, certified_spectral_norm_by, exact_rank, fan_dominance, frobenius_by_sampling,
    induced_norm, log_norm, logdet, logdet_by, measure, norm, norm_by_gauge, nuclear_norm_of_factors, numerical_radius,
    rank, spectral_norm,
};
pub use certificate::{SpectralCertificate, SpectralMethod};
pub use condition::{
    Condition, DataType, Digits, Distance, EigenvalueCondition, Extended, LeastSquaresCondition, Scaling, SmallSample,
    SolveAlgorithm, StatisticalCondition, bauer_cond, best_scaling, certified_cond, certified_inverse_norm, cond,
    cond_by, cond_estimate, cond_in, digits, distance_to_singularity, eigenvalue_cond, inverse_norm_estimate,
    is_regular_within, least_squares_cond, one_norm_estimate, separation, skeel_cond, skeel_cond_at, statistical_cond,
};
pub use enclosure::{Enclosure, Evidence, Guarantee};
pub use equations::regression;
pub use equations::{
    CertifiedSolution, Choice, CholeskyUpdate, Constrained, ConstrainedSolution, Errors, GeneralizedSolution, Lstsq,
    LstsqMethod, LstsqSolution, Method, PolynomialRoot, Pseudoinverse, Refinement, Ridge, RidgePoint, RidgeSolution,
    Solution, Solve, SolvePlan, Solver, TotalSolution, Woodbury, certified_lstsq, certified_solve, constrained_lstsq,
    generalized_lstsq, lstsq, lstsq_by, pinv, polynomial_roots, solve, solve_by, total_lstsq, weighted_lstsq,
};
pub use error::{Error, ErrorKind, Result};
pub use factor::{
    CompleteOrthogonal, Eig, Eigh, GuEisenstat, Ldlt, Lu, PartialSvd, PivotedQr, Polar, Qr, RandomizedSvd, RowSketch,
    Schur, SingularTriplets, SketchParts, Svd, ThickRestart, TopRight, cholesky, complete_orthogonal, eig, eigh,
    jordan, ldlt, lu, partial_svd, pivoted_qr, polar, qr, randomized_svd, randomized_svd_within, rank_revealing_qr,
    schur, singular_values, singular_values_above, svd, svd_full, truncated_svd,
};
pub use kappa_dense::{Leading, Matrix, MatrixRef, Precision, Real, Scalar, c32, c64};
pub use krylov::{End, Iterate, Iterated, Iteration, Lanczos, OneNorm, solve_iteratively};
pub use norm::{Equivalence, Inequality, Norm, VectorNorm, bessel, holder, inner_product, parallelogram};
pub use operator::{
    Adjoint, AnyMatrix, AnyOperator, DENSE_LIMIT, Diagonal, Form, LinearOperator, LowRank, Operand, Product,
    RealOrComplex, Scaled, Sparse, Sum,
};
pub use plan::{Algorithm, Plan};
pub use random::Sketch;
pub use tolerance::Tolerance;
pub use values::{
    Bins, Bulk, Clauset, Eigenvalues, Histogram, LikelihoodRatio, Majorization, MarchenkoPastur, SingularValues, Steps,
    Tail, TailLaw, TailLaws, majorization,
};
