//! What can be asked on the command line.

use clap::{Parser, Subcommand};

use crate::align::AlignArguments;
use crate::ball::{AboutNormArguments, BallArguments};
use crate::check::CheckArguments;
use crate::condition::{CondArguments, DigitsArguments, DistanceArguments};
use crate::density::DensityArguments;
use crate::dominance::DominanceArguments;
use crate::draw::DrawArguments;
use crate::lipschitz::LipschitzArguments;
use crate::lstsq::LstsqArguments;
use crate::nearest::NearestArguments;
use crate::numbers::{FormatsArguments, RootsArguments};
use crate::one::{MeasureArguments, NormArguments, RankArguments, SingularValuesArguments};
use crate::pinv::PinvArguments;
use crate::proof::{ProveArguments, VerifyArguments};
use crate::regress::RegressArguments;
use crate::ridge::RidgeArguments;
use crate::sketch::SketchArguments;
use crate::solve::SolveArguments;
use crate::spectra::{EigArguments, FactorArguments};
use crate::survey::SurveyArguments;
use crate::svd::SvdArguments;
use crate::theory::{BackwardErrorArguments, BoundArguments, LabArguments, PerturbArguments};
use crate::vector::{FactorsArguments, InnerArguments, SumArguments, VectorArguments};

/// Measures matrices, from a 3×3 in a paper to every weight of a large model, and says how far each answer can be trusted.
#[derive(Debug, Parser)]
#[command(name = "kappa", version, max_term_width = 100, after_help = AFTER)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER: &str = "\
Reads safetensors (also sharded, or a folder), .npy, .npz, Matrix Market and tables of numbers, by content.

Exit 0: answered. Exit 1: a requested check is false. Exit 2: could not answer.

Examples:
  kappa survey model.safetensors --html report.html
  kappa norm w.npy --norm nuclear
  kappa measure w.npy rank cond norm:nuclear
  kappa check w.npy \"cond < 1e8\"";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure every weight matrix of a checkpoint.
    Survey(SurveyArguments),
    /// How large: one norm of one matrix.
    Norm(NormArguments),
    /// How sensitive: the condition number.
    Cond(CondArguments),
    /// How far the nearest singular matrix is, and which it is.
    Distance(DistanceArguments),
    /// How many digits of a solution survive, in a sentence.
    Digits(DigitsArguments),
    /// How many directions: the numerical rank, or the exact one.
    Rank(RankArguments),
    /// Which values: the singular values, largest first.
    SingularValues(SingularValuesArguments),
    /// Several questions at once.
    Measure(MeasureArguments),
    /// How the eigenvalues of AᵀA are spread: a histogram, the noise and what rises above it, power laws of the largest.
    Density(DensityArguments),
    /// Factor once, ask many: writes U, σ and Vᴴ as .npz; `--top K` reads a large file block by block.
    Svd(SvdArguments),
    /// What is kept of rows that are seen once: written, merged with others, and asked for the largest singular values.
    Sketch(SketchArguments),
    /// Eigenvalues with discs that hold them, and how sensitive each is.
    Eig(EigArguments),
    /// Factor a matrix: writes the factors as .npz.
    Factor(FactorArguments),
    /// Solve Ax = b, with a bound of the error; `--certify` proves every digit.
    Solve(SolveArguments),
    /// Least squares: min ‖Ax − b‖, plain, weighted, with equations, with errors in the matrix.
    Lstsq(LstsqArguments),
    /// Regularized least squares: ridge and Tikhonov, λ by a rule, the path, the L-curve.
    Ridge(RidgeArguments),
    /// Linear regression from a table to a table, with certain digits, collinearity in words, and the rows to look at.
    Regress(RegressArguments),
    /// The nearest matrix of a kind, and how far it is.
    Nearest(NearestArguments),
    /// Turn one set of points onto another (Procrustes), with scaling, translation and weights.
    Align(AlignArguments),
    /// The pseudoinverse, and how well it meets Penrose's four conditions.
    Pinv(PinvArguments),
    /// What a change may do: a theorem with numbers; without a name, all of them.
    Bound(BoundArguments),
    /// Every theorem about the change from one matrix to another, beside what actually happened.
    Perturb(PerturbArguments),
    /// How little the data must change for a computed answer to be exact.
    BackwardError(BackwardErrorArguments),
    /// Put textbook algorithms to the test: backward stable, mixed stable or unstable, from measured errors.
    Lab(LabArguments),
    /// Draw what a matrix does: Gershgorin discs, numerical range, pseudospectra, the image of the unit circle.
    Draw(DrawArguments),
    /// Is it so? Exit 0 when true, 1 when false, 2 when it cannot be told.
    Check(CheckArguments),
    /// Prove a claim, and print a witness that anyone can check.
    Prove(ProveArguments),
    /// Check a proof with exact arithmetic. Exit 0 when it holds, 1 when it does not.
    Verify(VerifyArguments),
    /// What a norm is: its dual, what it promises, how it compares with another one.
    AboutNorm(AboutNormArguments),
    /// The slope of a norm at a matrix, its proximal point, the nearest and the lowest point of its ball.
    Ball(BallArguments),
    /// Is one matrix smaller than another in every unitarily invariant norm? Exit 0 when true, 1 when false.
    Dominance(DominanceArguments),
    /// How large a vector is: p-norms, weighted norms, the distance of Mahalanobis.
    Vector(VectorArguments),
    /// The inner product of two vectors, and the inequalities it obeys, with their slack.
    Inner(InnerArguments),
    /// Add numbers up: the sum with its error bound, what plain addition makes of it, how much cancels; mean and variance.
    Sum(SumArguments),
    /// How much a chain of layers can stretch: the product of their certified spectral norms.
    Lipschitz(LipschitzArguments),
    /// The nuclear norm of a product from its two factors, without multiplying them out.
    Factors(FactorsArguments),
    /// Number formats, and what a number becomes in each.
    Formats(FormatsArguments),
    /// The roots of a polynomial: a·x² + b·x + c without cancellation, higher degrees with each root's condition number.
    Roots(RootsArguments),
    /// Print the completions of a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}
