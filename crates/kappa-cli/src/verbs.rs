//! The table of commands: names, groups, and the types behind them.
//!
//! A new command is a file in `commands` and a line in [`VERBS`]. Its help, its examples and the schema of its result
//! come from its type; `KAPPA_UPDATE_SNAPSHOTS=1 cargo test` updates the documents.

use clap::{ArgMatches, Command};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::answer::{Ask, Reads};
use crate::failure::Failure;
use crate::{commands, driver};

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
    /// Command lines without `kappa `.
    pub(crate) examples: &'static [&'static str],
    arguments: fn(Command) -> Command,
    reads: Reads,
    run: fn(&str, &ArgMatches) -> Result<u8, Failure>,
    schema: fn(&mut SchemaGenerator) -> Schema,
}

impl Verb {
    /// The command with its options and the common ones.
    pub(crate) fn command(&self) -> Command {
        let command = (self.arguments)(Command::new(self.name)).about(self.about).after_help(self.examples());
        let command = driver::with_common_options(command, self.reads);
        self.alias.into_iter().fold(command, Command::visible_alias)
    }

    /// Its examples as the help shows them.
    fn examples(&self) -> String {
        let lines = self.examples.iter().map(|example| format!("\n  kappa {example}"));
        format!("Examples:{}", lines.collect::<String>())
    }

    pub(crate) fn run(&self, matches: &ArgMatches) -> Result<u8, Failure> {
        (self.run)(self.name, matches)
    }

    /// The schema of its result.
    pub(crate) fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.schema)(generator)
    }
}

const fn verb<A: Ask>(name: &'static str, group: Group) -> Verb {
    assert!(!A::EXAMPLES.is_empty(), "a command without an example");
    Verb {
        name,
        alias: None,
        group,
        about: A::ABOUT,
        examples: A::EXAMPLES,
        arguments: A::augment_args,
        reads: A::READS,
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
    verb::<commands::norm::NormArguments>("norm", Measure),
    verb::<commands::condition::CondArguments>("cond", Measure),
    verb::<commands::condition::DistanceArguments>("distance", Measure),
    verb::<commands::condition::DigitsArguments>("digits", Measure),
    verb::<commands::logdet::LogdetArguments>("logdet", Measure),
    verb::<commands::rank::RankArguments>("rank", Measure),
    also(verb::<commands::singular_values::SingularValuesArguments>("singular-values", Measure), "svdvals"),
    verb::<commands::measure::MeasureArguments>("measure", Measure),
    verb::<commands::density::DensityArguments>("density", Measure),
    verb::<commands::vector::VectorArguments>("vector", Measure),
    verb::<commands::vector::InnerArguments>("inner", Measure),
    verb::<commands::vector::SumArguments>("sum", Measure),
    verb::<commands::vector::NuclearOfProductArguments>("nuclear-of-product", Measure),
    verb::<commands::svd::SvdArguments>("svd", Factor),
    also(verb::<commands::eig::EigArguments>("eig", Factor), "eigvals"),
    verb::<commands::factor::FactorArguments>("factor", Factor),
    verb::<commands::pinv::PinvArguments>("pinv", Factor),
    verb::<commands::sketch::SketchArguments>("sketch", Factor),
    verb::<commands::solve::SolveArguments>("solve", Solve),
    verb::<commands::lstsq::LstsqArguments>("lstsq", Solve),
    verb::<commands::ridge::RidgeArguments>("ridge", Solve),
    verb::<commands::regress::RegressArguments>("regress", Solve),
    verb::<commands::nearest::NearestArguments>("nearest", Solve),
    verb::<commands::align::AlignArguments>("align", Solve),
    verb::<commands::perturb::PerturbArguments>("perturb", Compare),
    verb::<commands::perturb::BackwardErrorArguments>("backward-error", Compare),
    verb::<commands::dominance::DominanceArguments>("dominance", Compare),
    verb::<commands::bound::BoundArguments>("bound", Compare),
    verb::<commands::check::CheckArguments>("check", Prove),
    verb::<commands::proof::ProveArguments>("prove", Prove),
    verb::<commands::proof::VerifyArguments>("verify", Prove),
    verb::<commands::list::ListArguments>("list", Models),
    verb::<commands::convert::ConvertArguments>("convert", Models),
    verb::<commands::survey::SurveyArguments>("survey", Models),
    verb::<commands::lipschitz::LipschitzArguments>("lipschitz", Models),
    verb::<commands::draw::DrawArguments>("draw", DrawAndLearn),
    verb::<commands::ball::BallArguments>("ball", DrawAndLearn),
    verb::<commands::ball::AboutNormArguments>("about-norm", DrawAndLearn),
    verb::<commands::lab::LabArguments>("lab", DrawAndLearn),
    verb::<commands::numbers::FormatsArguments>("formats", DrawAndLearn),
    verb::<commands::numbers::RootsArguments>("roots", DrawAndLearn),
];
