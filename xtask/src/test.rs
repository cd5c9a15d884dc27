//! Everything that must hold, and a count at the end.

use crate::run::{captured, cargo, cargo_path};
use crate::{house, python};

/// The one profile of all tests; see Cargo.toml.
const PROFILE: &str = "checked";

/// Passed and failed tests.
#[derive(Default)]
struct Count {
    passed: usize,
    failed: usize,
}

/// Format, clippy and the rules of the house.
pub(crate) fn lint() -> Result<(), String> {
    house::check()?;
    cargo(&["fmt", "--all", "--check"])?;
    cargo(&["clippy", "--profile", PROFILE, "--workspace", "--all-targets", "--quiet", "--", "--deny", "warnings"])
}

/// Runs everything; `false` when a test failed. Prints `N passed, N failed` last.
pub(crate) fn run() -> Result<bool, String> {
    let mut count = Count::default();
    match lint() {
        Ok(()) => count.passed += 1,
        Err(message) => {
            eprintln!("xtask: {message}");
            count.failed += 1;
        }
    }
    rust(&mut count)?;
    python_tests(&mut count)?;
    println!("{} passed, {} failed", count.passed, count.failed);
    Ok(count.failed == 0)
}

/// What every run of cargo's tests is told; with the packages of one command, so that nothing is built twice.
const TESTS: [&str; 9] = [
    "test",
    "--profile",
    PROFILE,
    "--workspace",
    "--exclude",
    "kappa-python",
    "--exclude",
    "kappa-benches",
    "--no-fail-fast",
];

/// Modules of `kappa-dense` with kernels that take the widest registers there are.
const KERNELS: [&str; 13] = [
    "bisect::",
    "dqds::",
    "engine::",
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

/// Rust and documentation tests, laws and attacks among them; then the kernels once more with narrower registers than this machine has.
fn rust(count: &mut Count) -> Result<(), String> {
    rust_tests(count, &TESTS, &[])?;
    for instructions in ["v3", "scalar"] {
        let arguments: Vec<&str> = TESTS.into_iter().chain(["--lib", "--"]).chain(KERNELS).collect();
        rust_tests(count, &arguments, &[("KAPPA_INSTRUCTIONS", instructions)])?;
    }
    Ok(())
}

fn rust_tests(count: &mut Count, arguments: &[&str], variables: &[(&str, &str)]) -> Result<(), String> {
    let (succeeded, text) = captured(&cargo_path(), arguments, variables)?;
    let before = count.failed;
    for line in text.lines().filter_map(|line| line.strip_prefix("test result: ")) {
        count.passed += number_before(line, " passed");
        count.failed += number_before(line, " failed");
    }
    // A test that does not compile is not counted by anyone else.
    count.failed += usize::from(!succeeded && count.failed == before);
    Ok(())
}

fn python_tests(count: &mut Count) -> Result<(), String> {
    let python = match python::environment(PROFILE) {
        Ok(python) => python,
        Err(message) => {
            eprintln!("xtask: {message}");
            count.failed += 1;
            return Ok(());
        }
    };
    if python::chromium().is_none() {
        eprintln!(
            "\nSKIPPED: the browser tests of the HTML report, because there is no Chromium and it cannot be installed\n"
        );
    }
    let (succeeded, text) = captured(&python, &["-m", "pytest", "-q", "-rs", "bindings/python/tests"], &[])?;
    let before = count.failed;
    let summary = text.lines().rev().find(|line| line.contains(" passed") || line.contains(" failed")).unwrap_or("");
    count.passed += number_before(summary, " passed");
    count.failed += number_before(summary, " failed") + number_before(summary, " error");
    count.failed += usize::from(!succeeded && count.failed == before);
    Ok(())
}

/// The number in front of a word: 12 in "ok. 12 passed; 0 failed".
fn number_before(text: &str, word: &str) -> usize {
    let before = text.split_once(word).map_or("", |(before, _)| before);
    before.rsplit(|c: char| !c.is_ascii_digit()).next().and_then(|n| n.parse().ok()).unwrap_or(0)
}
