//! Ask a **question** about an **operator** in a **norm**; receive an **enclosure**.
//!
//! kappa measures matrices: norms, condition numbers, ranks, eigenvalues, solutions of systems. Every answer comes with
//! its error bounds as an [`Enclosure`]: a lower bound, an estimate, an upper bound, and the [`Evidence`] that the true
//! value lies between the bounds.
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
//! // Condition number, singular values, rank.
//! assert_eq!(cond(&a)?.short(6), "18.5213");
//! assert_eq!(singular_values(&a)?.first().short(6), "9.52552");
//! assert_eq!(rank(&a, Tolerance::default())?.to_string(), "2");
//!
//! // Factor once, ask several questions.
//! let f = svd(&a)?;
//! assert_eq!(f.norm(Norm::nuclear())?.short(6), "10.0398");
//! # Ok::<(), kappa::Error>(())
//! ```
//!
//! | question | function |
//! |---|---|
//! | norm | [`norm`](fn@norm) in a [`Norm`] |
//! | condition number | [`cond`], [`cond_in`] any norm, [`skeel_cond`]; more in [`condition`] |
//! | distance to singularity | [`distance_to_singularity`], [`condition::is_regular_within`], [`exact_rank`] |
//! | number of correct digits | [`digits`] |
//! | sign and logarithm of the determinant | [`ask::logdet`] |
//! | effect of a perturbation | [`perturb`]: theorems as values, and backward errors |
//! | eigenvalues | [`eig`], [`eigh`], and [`regions`] that contain them |
//! | numerical rank | [`rank`] at a [`Tolerance`] |
//! | singular values | [`singular_values`] |
//! | one factorization, several questions | [`svd`], which gives an [`Svd`]; more in [`factor`] |
//! | several questions at once | [`measure`] with [`Question`]s, or a [`Profile`] |
//! | linear systems, least squares, regression | [`solve`], [`lstsq`], [`pinv`]; more in [`equations`] |
//! | nearest matrix of a kind | [`nearest`] |
//! | spectral norm, quickly | [`spectral_norm`] with [`Lanczos`] |
//! | calculus of a norm | [`Norm::subgradient`], [`Norm::prox`], [`Norm::project`], [`Norm::constant`] |
//! | comparison in all unitarily invariant norms | [`ask::fan_dominance`] |
//! | norm of a vector | [`VectorNorm`] |
//! | independently checkable proof | [`proof`] |
//! | floating-point arithmetic | [`arithmetic`], and [`lab`] for algorithms |
//!
//! A function that ends in `_by` takes options last: a struct with a default, or a [`Guarantee`]. With
//! [`Guarantee::Certified`] the answer is proved, every rounding error counted:
//!
//! ```
//! # use kappa::{Guarantee, Norm, gallery, norm_by};
//! let x = norm_by(&gallery::hilbert(5), Norm::nuclear(), Guarantee::Certified)?;
//! // The trace, since the matrix is positive definite.
//! assert!(x.evidence().is_certified() && x.contains(1.0 + 1.0 / 3.0 + 1.0 / 5.0 + 1.0 / 7.0 + 1.0 / 9.0));
//! # Ok::<(), kappa::Error>(())
//! ```
//!
//! Anything that can multiply is a [`LinearOperator`], and every question takes every operator. The choice of the
//! algorithm is a [`Plan`] that can be printed. The modules are the rooms of the crate, and hold everything; the names
//! here are those that nearly every program uses.

pub mod arithmetic;
pub mod ask;
pub mod certificate;
pub mod condition;
/// The decompositions themselves, in double precision and without error bounds, for many matrices in a row.
pub mod dense {
    pub use kappa_dense::{
        EigParts, Leading, LuParts, Precision, QrParts, RealSchurParts, Reflections, SchurParts, Shape, SvdParts,
        cholesky, eig_right, eigh, eigvals, eigvalsh, length, lu, lu_parts, multiply, qr, real_schur, reflections,
        schur, singular_values_in, svd,
    };
}
/// The design of kappa, as questions and answers.
pub mod design {
    #![doc = include_str!("../../../DESIGN.md")]
    // The program of the README is compiled and run with the other examples.
    #![cfg_attr(doctest, doc = include_str!("../../../README.md"))]
}
pub mod enclosure;
pub mod equations;
mod error;
pub mod factor;
pub mod gallery;
pub mod krylov;
pub mod lab;
pub mod laws;
pub mod nearest;
pub mod norm;
pub mod operator;
pub mod perturb;
pub mod plan;
pub mod proof;
pub mod random;
pub mod regions;
#[cfg(feature = "serde")]
pub mod serialize;
mod tolerance;
pub mod values;

pub use ask::{
    Check, Profile, Question, exact_rank, measure, measure_by, norm, norm_by, numerical_radius, rank,
    singular_values_by, spectral_norm,
};
pub use condition::{cond, cond_by, cond_in, digits, distance_to_singularity, skeel_cond};
pub use enclosure::{Enclosure, Evidence, Guarantee};
pub use equations::{Lstsq, LstsqSolution, Solution, Solve, Solver, lstsq, lstsq_by, pinv, solve, solve_by};
pub use error::{Error, ErrorKind, Result};
pub use factor::{
    Svd, cholesky, eig, eigh, lu, partial_svd, polar, qr, randomized_svd, schur, singular_values, svd, truncated_svd,
};
pub use kappa_dense::{Matrix, MatrixRef, Real, Scalar, c32, c64};
pub use krylov::Lanczos;
pub use norm::{Norm, VectorNorm};
pub use operator::{AnyMatrix, AnyOperator, Form, LinearOperator, LowRank, Sparse};
pub use plan::Plan;
pub use tolerance::Tolerance;
pub use values::SingularValues;
