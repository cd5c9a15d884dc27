//! The developer's commands: `cargo xtask test | lint | fmt | stubs | wheel | peers | compare | bench`.

mod build;
mod compare;
mod format;
mod house;
mod peers;
mod phases;
mod python;
mod run;
mod test;

use std::process::ExitCode;

/// A command, the arguments it knows, and what it does.
struct Command {
    name: &'static str,
    arguments: &'static [&'static str],
    help: &'static str,
    run: fn(&[String]) -> Result<bool, String>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "test",
        arguments: &["--install"],
        help: "everything that must hold: lints, Rust, documentation, laws, attacks, Python, browser",
        run: |arguments| test::run(arguments.iter().any(|a| a == "--install")),
    },
    Command {
        name: "lint",
        arguments: &["--all"],
        help: "format, clippy and the rules of the house only; --all lists every finding",
        run: |arguments| test::lint(arguments.iter().any(|a| a == "--all")).map(|()| true),
    },
    Command {
        name: "fmt",
        arguments: &[],
        help: "rustfmt on every file; `cargo fmt` does not see the modules that are found in their folder",
        run: |_| format::run(false).map(|()| true),
    },
    Command {
        name: "stubs",
        arguments: &[],
        help: "writes the stubs of the Python package, which are made of the sources of its native module",
        run: |_| house::write_stubs().map(|()| true),
    },
    Command {
        name: "wheel",
        arguments: &[],
        help: "the Python wheel, in target/wheels",
        run: |_| python::wheel().map(|()| true),
    },
    Command {
        name: "peers",
        arguments: &peers::PEERS,
        help: "the peers' own tests, with kappa.linalg in place of their functions",
        run: |arguments| peers::run(arguments).map(|()| true),
    },
    Command {
        name: "compare",
        arguments: &compare::PARTS,
        help: "kappa beside NumPy, in one run, on the same data and threads; all parts or the named ones",
        run: |arguments| compare::run(arguments).map(|()| true),
    },
    Command { name: "bench", arguments: &[], help: "the micro-benchmarks", run: |_| build::bench().map(|()| true) },
];

fn help() -> String {
    let line = |c: &Command| {
        let arguments = if c.arguments.is_empty() { String::new() } else { format!("[{}] ", c.arguments.join(" | ")) };
        format!("cargo xtask {} {arguments}\n    {}\n", c.name, c.help)
    };
    COMMANDS.iter().map(line).collect()
}

/// The command and its arguments, or why they are refused.
fn parse(arguments: &[String]) -> Result<(&'static Command, &[String]), String> {
    let Some((name, rest)) = arguments.split_first() else { return Err(help()) };
    let command = COMMANDS.iter().find(|command| command.name == name);
    let names: Vec<&str> = COMMANDS.iter().map(|command| command.name).collect();
    let command = command.ok_or_else(|| unknown("command", name, &names))?;
    match rest.iter().find(|argument| !command.arguments.contains(&argument.as_str())) {
        None => Ok((command, rest)),
        Some(argument) => Err(unknown(&format!("argument of `{}`", command.name), argument, command.arguments)),
    }
}

fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    format!("xtask: unknown {what}: `{name}`; known: {known}\n")
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match parse(&arguments) {
        Ok(parsed) => parsed,
        Err(message) => {
            eprint!("{message}");
            return ExitCode::from(2);
        }
    };
    match (command.run)(rest) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn refused(arguments: &[&str]) -> String {
        let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
        parse(&arguments).map(|_| ()).unwrap_err()
    }

    #[test]
    fn unknown_arguments_are_refused_with_those_that_are_known() {
        assert_eq!(refused(&["tset"]).lines().count(), 1);
        assert!(refused(&["tset"]).contains("`tset`; known: test, lint, fmt, stubs, wheel, peers, compare, bench"));
        assert!(refused(&["test", "--fast"]).contains("`--fast`; known: --install"));
        assert!(refused(&["peers", "numpy", "torch"]).contains("`torch`; known: numpy, scipy, sklearn"));
        assert!(refused(&["wheel", "x"]).contains("known: none"));
        assert!(refused(&[]).contains("cargo xtask test [--install]"));
    }

    #[test]
    fn known_arguments_are_passed_on() {
        let arguments = ["compare", "norms", "survey"].map(str::to_owned);
        let (command, rest) = parse(&arguments).expect("all are known");
        assert_eq!((command.name, rest), ("compare", &arguments[1..]));
    }
}
