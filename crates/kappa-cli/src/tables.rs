//! The options that say how a table as text is written.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use kappa_model::{Dialect, Encoding};

use crate::answer::Reads;

/// The heading of these options.
const HEADING: &str = "Tables as text";

/// Adds the options, which `--help` shows and `-h` does not.
pub(crate) fn with_options(command: Command, reads: Reads) -> Command {
    let option = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help).help_heading(HEADING).hide_short_help(true)
    };
    let sign = |text: &str| -> Result<char, String> {
        let mut letters = text.chars();
        match (letters.next(), letters.next()) {
            (Some(sign), None) if !sign.is_ascii_alphanumeric() => Ok(sign),
            _ => Err("one sign is needed, such as , or .".into()),
        }
    };
    let header = option("header", "WHETHER", "Whether the first line holds titles; by default where it has words only")
        .value_parser(PossibleValuesParser::new(["yes", "no"]));
    let columns = option("columns", "LIST", "The columns, by title, number or range: city,2,5-9")
        .value_delimiter(',')
        .action(ArgAction::Append);
    let decimal = option("decimal", "SIGN", "The sign before decimals: , or .")
        .value_parser(PossibleValuesParser::new([",", "."]))
        .default_value(".")
        .hide_default_value(true)
        .hide_possible_values(true);
    let thousands = option("thousands", "SIGN", "The sign between groups of three digits").value_parser(sign);
    let missing = match reads {
        Reads::Table => "The number that stands for a missing one, whose row is left out without it",
        _ => "The number that stands for a missing one, which is refused without it",
    };
    let missing =
        option("missing", "NUMBER", missing).value_parser(clap::value_parser!(f64)).allow_negative_numbers(true);
    let encoding = option("encoding", "NAME", "The encoding; UTF-16 is recognised by its mark")
        .value_parser(PossibleValuesParser::new(["utf-8", "latin-1"]))
        .default_value("utf-8")
        .hide_default_value(true);
    command.args([header, columns, decimal, thousands, missing, encoding])
}

/// What the options say.
pub(crate) fn dialect(matches: &ArgMatches) -> Dialect {
    let word = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    Dialect {
        header: word("header").map(|whether| whether == "yes"),
        columns: matches.get_many::<String>("columns").into_iter().flatten().cloned().collect(),
        decimal: word("decimal").and_then(|sign| sign.chars().next()).unwrap_or('.'),
        thousands: matches.get_one::<char>("thousands").copied(),
        missing: matches.get_one::<f64>("missing").copied(),
        encoding: if word("encoding") == Some("latin-1") { Encoding::Latin1 } else { Encoding::Utf8 },
    }
}
