//! The table of commands: names, groups, help, and the functions behind them.

use clap::{ArgMatches, Command};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::answer::Ask;
use crate::commands::{
    align, ball, bound, check, condition, density, dominance, draw, eig, factor, lab, lipschitz, logdet, lstsq,
    measure, nearest, norm, numbers, perturb, pinv, proof, rank, regress, ridge, singular_values, sketch, solve,
    survey, svd, vector,
};
use crate::driver;
use crate::failure::Failure;

/// The groups of `kappa --help`, in their order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Group {
    Measure,
    Factor,
    Solve,
    Compare,
    Prove,
    Models,
    DrawAndLearn,
}

impl Group {
    pub(crate) const ALL: [Self; 7] =
        [Self::Measure, Self::Factor, Self::Solve, Self::Compare, Self::Prove, Self::Models, Self::DrawAndLearn];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Measure => "Measure",
            Self::Factor => "Factor",
            Self::Solve => "Solve",
            Self::Compare => "Compare",
            Self::Prove => "Prove",
            Self::Models => "Models",
            Self::DrawAndLearn => "Draw and learn",
        }
    }
}

/// A command.
pub(crate) struct Verb {
    pub(crate) name: &'static str,
    /// Another name that people know.
    pub(crate) alias: Option<&'static str>,
    pub(crate) group: Group,
    /// One line of help.
    pub(crate) about: &'static str,
    arguments: fn(Command) -> Command,
    reads_tensors: bool,
    run: fn(&str, &ArgMatches) -> Result<u8, Failure>,
    schema: fn(&mut SchemaGenerator) -> Schema,
}

impl Verb {
    /// The command with its options and the common ones.
    pub(crate) fn command(&self) -> Command {
        let command = (self.arguments)(Command::new(self.name)).about(self.about);
        let command = driver::with_common_options(command, self.reads_tensors);
        self.alias.into_iter().fold(command, Command::visible_alias)
    }

    pub(crate) fn run(&self, matches: &ArgMatches) -> Result<u8, Failure> {
        (self.run)(self.name, matches)
    }

    /// The schema of its result.
    pub(crate) fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.schema)(generator)
    }
}

const fn verb<A: Ask>(name: &'static str, group: Group, about: &'static str) -> Verb {
    Verb {
        name,
        alias: None,
        group,
        about,
        arguments: A::augment_args,
        reads_tensors: A::READS_TENSORS,
        run: driver::run::<A>,
        schema: schema_of::<A::Result>,
    }
}

const fn also(verb: Verb, alias: &'static str) -> Verb {
    Verb { alias: Some(alias), ..verb }
}

fn schema_of<R: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<R>()
}

use Group::{Compare, DrawAndLearn, Factor, Measure, Models, Prove, Solve};

/// Every command that answers a question.
pub(crate) const VERBS: &[Verb] = &[
    verb::<norm::NormArguments>("norm", Measure, "A norm of a matrix"),
    verb::<condition::CondArguments>(
        "cond",
        Measure,
        "The condition number, in any norm, of the matrix or of a solution",
    ),
    verb::<condition::DistanceArguments>("distance", Measure, "The distance to the nearest singular matrix"),
    verb::<condition::DigitsArguments>("digits", Measure, "How many digits of a solution survive, in a sentence"),
    verb::<logdet::LogdetArguments>("logdet", Measure, "Sign and logarithm of the determinant"),
    verb::<rank::RankArguments>("rank", Measure, "The numerical rank, or the exact one"),
    also(
        verb::<singular_values::SingularValuesArguments>("singular-values", Measure, "Singular values, largest first"),
        "svdvals",
    ),
    verb::<measure::MeasureArguments>("measure", Measure, "Several questions at once"),
    verb::<density::DensityArguments>(
        "density",
        Measure,
        "Distribution of the eigenvalues of AᵀA: histogram, noise, power-law tail",
    ),
    verb::<vector::VectorArguments>("vector", Measure, "p-norms, weighted norms and Mahalanobis distance of a vector"),
    verb::<vector::InnerArguments>("inner", Measure, "The inner product of two vectors, and its inequalities"),
    verb::<vector::SumArguments>(
        "sum",
        Measure,
        "Sum with an error bound, digits lost to cancellation, mean and variance",
    ),
    verb::<vector::NuclearOfProductArguments>(
        "nuclear-of-product",
        Measure,
        "The nuclear norm of a product from its factors, without multiplying them",
    ),
    verb::<svd::SvdArguments>("svd", Factor, "Singular value decomposition, or some triplets, written as .npz"),
    also(
        verb::<eig::EigArguments>("eig", Factor, "Eigenvalues with discs that contain them, and their conditions"),
        "eigvals",
    ),
    verb::<factor::FactorArguments>(
        "factor",
        Factor,
        "QR, LU, Cholesky, LDLᴴ, polar or Schur factors, written as .npz",
    ),
    verb::<pinv::PinvArguments>("pinv", Factor, "The pseudoinverse, with its four Penrose residuals"),
    verb::<sketch::SketchArguments>("sketch", Factor, "One-pass sketch of a tall matrix, written and merged"),
    verb::<solve::SolveArguments>("solve", Solve, "Solve Ax = b with an error bound"),
    verb::<lstsq::LstsqArguments>("lstsq", Solve, "Least squares: plain, weighted, constrained, total"),
    verb::<ridge::RidgeArguments>("ridge", Solve, "Ridge and Tikhonov regularization, with λ by a rule"),
    verb::<regress::RegressArguments>(
        "regress",
        Solve,
        "Linear regression of a table, with proved digits and diagnostics",
    ),
    verb::<nearest::NearestArguments>("nearest", Solve, "The nearest matrix of a kind, and its distance"),
    verb::<align::AlignArguments>("align", Solve, "Align two point sets (Procrustes)"),
    verb::<perturb::PerturbArguments>(
        "perturb",
        Compare,
        "Every perturbation theorem for two matrices, with the actual change",
    ),
    verb::<perturb::BackwardErrorArguments>("backward-error", Compare, "The backward error of a computed answer"),
    verb::<dominance::DominanceArguments>(
        "dominance",
        Compare,
        "Check whether a matrix is smaller in every unitarily invariant norm",
    ),
    verb::<bound::BoundArguments>(
        "bound",
        Compare,
        "Evaluate the bound of a perturbation theorem, or list the theorems",
    ),
    verb::<check::CheckArguments>("check", Prove, "Check claims about a matrix: exit 0 true, 1 false, 2 undecided"),
    verb::<proof::ProveArguments>("prove", Prove, "Prove a claim, and write a witness that anyone can check"),
    verb::<proof::VerifyArguments>(
        "verify",
        Prove,
        "Check a proof with exact arithmetic: exit 0 if it holds, 1 if not",
    ),
    verb::<survey::SurveyArguments>("survey", Models, "Measure every weight matrix of a checkpoint"),
    verb::<lipschitz::LipschitzArguments>("lipschitz", Models, "A Lipschitz bound of a chain of layers"),
    verb::<draw::DrawArguments>("draw", DrawAndLearn, "Gershgorin discs, numerical range, pseudospectra, unit circle"),
    verb::<ball::BallArguments>(
        "ball",
        DrawAndLearn,
        "Subgradient, prox, projection and linear minimization for a norm",
    ),
    verb::<ball::AboutNormArguments>(
        "about-norm",
        DrawAndLearn,
        "Properties and dual of a norm, and its ratio to another one",
    ),
    verb::<lab::LabArguments>("lab", DrawAndLearn, "Measured stability of textbook algorithms"),
    verb::<numbers::FormatsArguments>("formats", DrawAndLearn, "Number formats, and what a number becomes in each"),
    verb::<numbers::RootsArguments>("roots", DrawAndLearn, "Roots of a polynomial, with condition numbers"),
];
