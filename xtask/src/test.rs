//! Everything that must hold, and a count at the end.

use std::path::Path;

use crate::build::{self, Built, PROFILE, TestProgram, WORKSPACE};
use crate::phases::{self, Phases, Timed};
use crate::run::{captured, cargo, cargo_path, root};
use crate::{format, house, python};

/// Passed and failed tests, and how long each took.
#[derive(Default)]
struct Count {
    passed: usize,
    failed: usize,
    /// Failures that no test program counts, such as those of the lints.
    messages: Vec<String>,
    rust: Vec<Timed>,
    python: Vec<Timed>,
}

/// Format, clippy and the rules of the house. All are tried before an error is returned.
pub(crate) fn lint(show_all: bool) -> Result<(), String> {
    let clippy = |packages: &[&str], profile: &str| {
        let mut arguments = vec!["clippy", "--profile", profile, "--all-targets", "--quiet"];
        arguments.extend(packages);
        arguments.extend(["--", "--deny", "warnings"]);
        cargo(&arguments)
    };
    let outcomes = [
        house::check(show_all),
        format::run(true),
        clippy(&WORKSPACE, PROFILE),
        clippy(&["--package", "xtask"], "dev"),
    ];
    let errors: Vec<String> = outcomes.into_iter().filter_map(Result::err).collect();
    if errors.is_empty() { Ok(()) } else { Err(errors.join("\n\n")) }
}

/// Runs everything; `false` when a test failed. Prints `N passed, N failed` last.
pub(crate) fn run(may_install: bool) -> Result<bool, String> {
    let (mut count, mut phases) = (Count::default(), Phases::default());
    let linted = phases.time("lints", || lint(false));
    count.check(linted);
    phases.time("tests of xtask", || cargo_tests(&mut count, &["test", "--package", "xtask"]))?;
    let built = phases.time("build of all tests and the module", build::tests)?;
    count.failed += usize::from(!built.is_complete);
    phases.time("Rust tests", || rust(&mut count, &built))?;
    phases.time("documentation tests", || documentation(&mut count))?;
    phases.time("kernels with narrow registers", || kernels(&mut count, &built))?;
    let python = phases.time("Python environment", || environment(&built, may_install));
    match python {
        Ok(python) => phases.time("Python tests", || python_tests(&mut count, &python, &built))?,
        Err(message) => count.check(Err(message)),
    }
    println!("\n{}\n{}", phases.table(), phases::slowest("Slowest tests of Rust", count.rust));
    println!("{}", phases::slowest("Slowest tests of Python", count.python));
    // Once more at the end, where a failure among thousands of lines is looked for.
    count.messages.iter().for_each(|message| println!("FAILED: {message}\n"));
    println!("{} passed, {} failed", count.passed, count.failed);
    Ok(count.failed == 0)
}

impl Count {
    /// Counts an outcome as one test.
    fn check(&mut self, outcome: Result<(), String>) {
        match outcome {
            Ok(()) => self.passed += 1,
            Err(message) => {
                eprintln!("xtask: {message}");
                self.messages.push(message);
                self.failed += 1;
            }
        }
    }

    /// Counts the results that test programs of Rust printed. A program that ends without them is one failure.
    fn add(&mut self, succeeded: bool, text: &str) {
        let before = self.failed;
        for line in text.lines().filter_map(|line| line.strip_prefix("test result: ")) {
            self.passed += number_before(line, " passed");
            self.failed += number_before(line, " failed");
        }
        self.failed += usize::from(!succeeded && self.failed == before);
    }
}

/// Modules of `kappa-dense` with kernels that take the widest registers there are.
const KERNELS: [&str; 13] = [
    "bisect::",
    "blocked_qr::",
    "dqds::",
    "gram::",
    "length::",
    "narrow_qr::",
    "normal::",
    "pair::",
    "product::",
    "reduce::",
    "row_panels::",
    "scan::",
    "small_qr::",
];

/// The flags with which a test program prints the time of each test. They are for nightly compilers only, except with
/// [`BOOTSTRAP`], which is set for the test programs alone and changes nothing that is compiled.
const TIMES: [&str; 2] = ["-Zunstable-options", "--report-time"];
const BOOTSTRAP: (&str, &str) = ("RUSTC_BOOTSTRAP", "1");

/// Each test program in turn, in the folder of its package, as `cargo test` does it.
fn rust(count: &mut Count, built: &Built) -> Result<(), String> {
    for program in &built.tests {
        run_program(count, program, &[], &[])?;
    }
    Ok(())
}

/// The kernels once more, with narrower registers than this machine has.
fn kernels(count: &mut Count, built: &Built) -> Result<(), String> {
    for program in built.tests.iter().filter(|program| program.name == "kappa-dense (lib)") {
        for instructions in ["v3", "scalar"] {
            run_program(count, program, &KERNELS, &[("KAPPA_INSTRUCTIONS", instructions)])?;
        }
    }
    Ok(())
}

fn run_program(
    count: &mut Count,
    program: &TestProgram,
    filters: &[&str],
    variables: &[(&str, &str)],
) -> Result<(), String> {
    let folder = program.folder.display().to_string();
    let mut variables = variables.to_vec();
    variables.push(("CARGO_MANIFEST_DIR", &folder));
    let mut arguments = filters.to_vec();
    if prints_times(&program.path) {
        variables.push(BOOTSTRAP);
        arguments.extend(TIMES);
    }
    let printed = captured(&program.path, &arguments, &variables, &program.folder)?;
    count.add(printed.succeeded, &printed.text);
    count.rust.extend(phases::of_rust(&program.name, &printed.text));
    Ok(())
}

/// Whether this toolchain's test programs know [`TIMES`]; if not, their tests are not in the list of the slowest.
fn prints_times(program: &Path) -> bool {
    let mut command = std::process::Command::new(program);
    command.arg("--list").args(TIMES).env(BOOTSTRAP.0, BOOTSTRAP.1);
    command.output().is_ok_and(|out| out.status.success())
}

/// The examples in the documentation, against the libraries that are already built.
fn documentation(count: &mut Count) -> Result<(), String> {
    let mut arguments = vec!["test", "--doc", "--profile", PROFILE, "--no-fail-fast"];
    arguments.extend(WORKSPACE);
    cargo_tests(count, &arguments)
}

fn cargo_tests(count: &mut Count, arguments: &[&str]) -> Result<(), String> {
    let printed = captured(&cargo_path(), arguments, &[], &root())?;
    count.add(printed.succeeded, &printed.text);
    Ok(())
}

/// A Python in which `import kappa` gives what was built.
fn environment(built: &Built, may_install: bool) -> Result<std::path::PathBuf, String> {
    let module = built.python_module()?;
    let python = python::environment()?;
    python::lay_out(&python, &module)?;
    if let Some(message) = may_install.then(python::install_chromium).and_then(Result::err) {
        eprintln!("xtask: Chromium cannot be installed: {message}");
    }
    Ok(python)
}

fn python_tests(count: &mut Count, python: &Path, built: &Built) -> Result<(), String> {
    let command = built.command()?.display().to_string();
    let arguments = ["-m", "pytest", "-q", "-rs", "-n", "2", "--dist", "worksteal", "--durations", "10"];
    let arguments: Vec<&str> = arguments.into_iter().chain(["bindings/python/tests"]).collect();
    let printed = captured(python, &arguments, &[("KAPPA_COMMAND", &command)], &root())?;
    let before = count.failed;
    let is_summary = |line: &&str| line.contains(" passed") || line.contains(" failed") || line.contains(" error");
    let summary = printed.text.lines().rev().find(is_summary).unwrap_or("");
    count.passed += number_before(summary, " passed");
    count.failed += number_before(summary, " failed") + number_before(summary, " error");
    count.failed += usize::from(!printed.succeeded && count.failed == before);
    count.python.extend(phases::of_python(&printed.text));
    if python::chromium().is_none() {
        println!(
            "\nSKIPPED: the browser tests, because there is no Chromium; `cargo xtask test --install` installs it"
        );
    }
    Ok(())
}

/// The number in front of a word: 12 in "ok. 12 passed; 0 failed".
fn number_before(text: &str, word: &str) -> usize {
    let before = text.split_once(word).map_or("", |(before, _)| before);
    before.rsplit(|c: char| !c.is_ascii_digit()).next().and_then(|n| n.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{Count, number_before};

    #[test]
    fn results_are_counted() {
        let mut count = Count::default();
        let text = "test result: ok. 12 passed; 0 failed; 1 ignored; finished in 1.00s\n\
                    test result: FAILED. 3 passed; 2 failed; 0 ignored; finished in 0.10s\n";
        count.add(false, text);
        assert_eq!((count.passed, count.failed), (15, 2));
        count.add(false, "error: signal 11");
        assert_eq!((count.passed, count.failed), (15, 3));
        count.check(Ok(()));
        assert_eq!((count.passed, count.failed), (16, 3));
    }

    #[test]
    fn numbers_of_a_summary_are_read() {
        let summary = "2 failed, 310 passed, 4 skipped, 1 error in 61.20s (0:01:01)";
        let numbers = [" passed", " failed", " error", " xfailed"].map(|word| number_before(summary, word));
        assert_eq!(numbers, [310, 2, 1, 0]);
    }
}
