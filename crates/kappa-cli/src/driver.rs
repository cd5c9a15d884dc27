//! What every command has in common: `--json`, `--explain`, `--no-mmap`, `--strict`, output files, and exit codes.

use clap::{Arg, ArgAction, ArgMatches, Command};
use kappa_model::{Dialect, Opening};
use kappa_report::{Envelope, Remark};

use crate::answer::{Answer, Ask, NO_ANSWER, Reads};
use crate::failure::Failure;
use crate::output;
use crate::output::Kind;
use crate::session::Session;
use crate::tables;

/// The heading of the options that are the same for every command.
const COMMON: &str = "Common options";

/// Adds the common options, after those of the command.
pub(crate) fn with_common_options(command: Command, reads: Reads) -> Command {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).help(help).action(ArgAction::SetTrue).help_heading(COMMON)
    };
    let json = flag("json", "Print one JSON object (see docs/json.md)");
    let explain = flag("explain", "Print how the answer was found, its evidence and the reference, to standard error");
    let command = command.disable_help_flag(true).arg(json).arg(explain);
    let no_mmap = "Read files instead of mapping them into memory: safe if another process truncates them meanwhile";
    let strict = "Refuse a PyTorch file that names classes other than those of tensors, instead of leaving them out";
    let files = (reads == Reads::Tensors).then(|| [flag("no-mmap", no_mmap), flag("strict", strict)]);
    let command = command.args(files.into_iter().flatten());
    let command = if reads == Reads::Nothing { command } else { tables::with_options(command, reads) };
    let help = Arg::new("help").short('h').long("help").help("Print help").action(ArgAction::Help);
    command.arg(help.help_heading(COMMON))
}

/// Runs a command with its parsed arguments and gives the exit code.
pub(crate) fn run<A: Ask>(name: &str, matches: &ArgMatches) -> Result<u8, Failure> {
    let ask = A::from_arg_matches(matches).map_err(|error| Failure::new(error.to_string()))?;
    let is_set = |flag: &str| matches.get_flag(flag);
    check_files(&ask)?;
    // Not every command has the option.
    let certify = A::CERTIFIES || matches!(matches.try_get_one::<bool>("certify"), Ok(Some(true)));
    let is_asked = |flag: &str| A::READS == Reads::Tensors && is_set(flag);
    let table = if A::READS == Reads::Nothing { Dialect::default() } else { tables::dialect(matches) };
    let opening = Opening { map: !is_asked("no-mmap"), strict: is_asked("strict"), table };
    let session = Session::new(opening, certify);
    let answer = ask.answer(&session);
    if answer.is_err() {
        // What is no part of the matrix may be why there is no answer.
        session.remarks().iter().filter(|remark| !remark.is_quiet()).for_each(say);
    }
    let answer = answer?;
    deliver(name, &ask, answer, session.remarks(), Form { is_json: is_set("json"), is_explained: is_set("explain") })
}

/// The form in which an answer is printed.
#[derive(Clone, Copy)]
struct Form {
    is_json: bool,
    is_explained: bool,
}

/// Fails before anything is computed where an output file cannot be written or an input would be lost.
fn check_files(ask: &impl Ask) -> Result<(), Failure> {
    let files = ask.files();
    for (k, (path, kind)) in files.writes.iter().enumerate() {
        output::check_ending(path, *kind)?;
        output::check_place(path)?;
        files.reads.iter().try_for_each(|read| output::check_not_lost(path, read))?;
        if files.writes[..k].iter().any(|(other, _)| other == path) {
            return Err(Failure::new(format!("two outputs name the same file `{}`", path.display()))
                .with_hint("one of them would be lost: name two files"));
        }
    }
    if files.reads.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(Failure::new("standard input (`-`) is given for two files").with_hint("it can be read once"));
    }
    Ok(())
}

/// Writes the files, then prints the explanation and the notes to standard error, then the answer to standard output.
fn deliver<A: Ask>(
    name: &str,
    ask: &A,
    answer: Answer<A::Result>,
    remarks: Vec<Remark>,
    Form { is_json, is_explained }: Form,
) -> Result<u8, Failure> {
    for (path, contents) in &answer.files {
        output::file(path, contents)?;
    }
    if is_explained {
        output::words(&answer.explanation.to_string());
    }
    let is_said = |remark: &&Remark| is_explained || (!is_json && !remark.is_quiet());
    remarks.iter().filter(is_said).for_each(say);
    if is_json {
        let object = Envelope::new(name, ask, &answer.result).with_remarks(remarks);
        let text =
            serde_json::to_string_pretty(&object).map_err(|e| Failure::new(format!("cannot write JSON: {e}")))?;
        output::data(&(text + "\n"))?;
    } else {
        answer.files.iter().for_each(|(path, _)| output::words(&format!("wrote {}", path.display())));
        answer.notes.iter().for_each(|note| output::words(note));
        output::data(&answer.text)?;
    }
    match answer.failure {
        Some(failure) => Err(failure),
        None => Ok(answer.code),
    }
}

fn say(remark: &Remark) {
    output::words(&format!("note: {remark}"));
}

/// The exit code of a failure, after its message was printed.
pub(crate) fn report(failure: &Failure) -> u8 {
    failure.print();
    NO_ANSWER
}

/// Endings of the kinds of output files.
impl Kind {
    pub(crate) fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Array => &["npy"],
            Self::Picture => &["svg", "png"],
            Self::Any => &[],
        }
    }
}
