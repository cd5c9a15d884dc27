//! The command line as a whole: its commands in groups, and commands for shells.

use std::ffi::OsString;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use clap_mangen::roff::{Roff, roman};

use crate::answer::ANSWERED;
use crate::failure::Failure;
use crate::verbs::{Group, VERBS};
use crate::{output, schema};

const ABOUT: &str =
    "Measures matrices, from a 3×3 to every weight of a large model, and bounds the error of each answer";

const TEMPLATE: &str = "\
{about-with-newline}
{usage-heading} {usage}{after-help}

Options:
{options}
";

const AFTER: &str = "\
Reads safetensors (also sharded, or a folder), .npy, .npz, Matrix Market and tables, by content;
`-` is standard input.
Exit 0: answered. Exit 1: a requested check is false. Exit 2: could not answer.

Examples:
  kappa survey model.safetensors --html report.html
  kappa norm w.npy --norm nuclear
  kappa measure w.npy rank cond norm:nuclear
  kappa check w.npy \"cond < 1e8\"
";

/// The commands for shells: name, help.
const SHELL: [(&str, &str); 2] = [("completions", "Generate shell completions"), ("man", "Print the manual page")];

/// The command line with every command.
pub(crate) fn command() -> Command {
    let shell = Arg::new("shell").help("The shell").required(true).value_parser(value_parser!(clap_complete::Shell));
    let completions = Command::new(SHELL[0].0).about(SHELL[0].1).arg(shell);
    let man = Command::new(SHELL[1].0).about(SHELL[1].1);
    let schema = Command::new("json-schema").about("Print the JSON schema of all answers").hide(true);
    let version = Arg::new("version").short('V').long("version").help("Print the version").action(ArgAction::Version);
    Command::new("kappa")
        .about(ABOUT)
        .version(env!("CARGO_PKG_VERSION"))
        .disable_version_flag(true)
        .arg(version)
        .max_term_width(100)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .help_template(TEMPLATE)
        .after_help(groups() + AFTER)
        .subcommands(VERBS.iter().map(|verb| verb.command()))
        .subcommands([completions, man, schema])
}

/// The commands in their groups, one a line.
fn groups() -> String {
    let named = |name: &str, alias: Option<&str>| match alias {
        Some(alias) => format!("{name}, {alias}"),
        None => name.to_owned(),
    };
    let width = VERBS.iter().map(|verb| named(verb.name, verb.alias).len()).max().unwrap_or(0);
    let mut text = String::new();
    for group in Group::ALL {
        text += &format!("\n{}:\n", group.title());
        for verb in VERBS.iter().filter(|verb| verb.group == group) {
            text += &format!("  {:width$}  {}\n", named(verb.name, verb.alias), verb.about);
        }
    }
    text += "\nShell:\n";
    for (name, about) in SHELL.into_iter().chain([("help", "Print this message, or the help of a command")]) {
        text += &format!("  {name:width$}  {about}\n");
    }
    format!("{}\n", text.trim_start())
}

/// Runs the command that the arguments name.
pub(crate) fn dispatch(matches: &ArgMatches) -> Result<u8, Failure> {
    let (name, matches) = matches.subcommand().ok_or_else(|| Failure::new("no command is given"))?;
    if let Some(verb) = VERBS.iter().find(|verb| verb.name == name) {
        return verb.run(matches);
    }
    let text = match name {
        "completions" => completions(matches)?,
        "man" => manual()?,
        _ => schema::text()?,
    };
    output::data(&text)?;
    Ok(ANSWERED)
}

fn completions(matches: &ArgMatches) -> Result<String, Failure> {
    let shell = matches.get_one::<clap_complete::Shell>("shell").copied();
    let shell = shell.ok_or_else(|| Failure::new("no shell is given"))?;
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "kappa", &mut script);
    Ok(String::from_utf8_lossy(&script).into_owned())
}

fn manual() -> Result<String, Failure> {
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(command()).render(&mut page);
    rendered.map_err(|e| Failure::new(format!("cannot write the manual: {e}")))?;
    page.extend(manual_of_examples().into_bytes());
    Ok(String::from_utf8_lossy(&page).into_owned())
}

/// The examples of all commands, one a line.
fn manual_of_examples() -> String {
    let mut page = Roff::new();
    page.control("SH", ["EXAMPLES"]).control("nf", []);
    for example in VERBS.iter().flat_map(|verb| verb.examples) {
        page.text([roman(format!("kappa {example}"))]);
    }
    page.control("fi", []).render()
}

/// The parsed arguments, or what clap prints instead.
pub(crate) fn parsed(arguments: impl IntoIterator<Item = OsString>) -> Result<ArgMatches, clap::Error> {
    command().try_get_matches_from(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        command().debug_assert();
    }

    #[test]
    fn every_group_has_a_command() {
        assert!(Group::ALL.iter().all(|group| VERBS.iter().any(|verb| verb.group == *group)));
    }
}
