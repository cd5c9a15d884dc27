//! The developer's commands: `cargo xtask test | lint | peers | compare | bench`.

mod compare;
mod house;
mod peers;
mod python;
mod run;
mod test;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask test      everything that must hold: lints, Rust, documentation, laws, attacks, Python, browser
cargo xtask lint      format, clippy and the rules of the house only
cargo xtask peers     the own tests of numpy, scipy or sklearn, with kappa.linalg in the place of their functions
cargo xtask compare   kappa beside NumPy, in one run, on the same data and threads; or only survey, norms, certificates, conditioning, equations, regression, linalg
cargo xtask bench     the micro-benchmarks
";

fn main() -> ExitCode {
    let outcome = match std::env::args().nth(1).as_deref() {
        Some("test") => test::run(),
        Some("lint") => test::lint().map(|()| true),
        Some("peers") => peers::run(&std::env::args().skip(2).collect::<Vec<_>>()).map(|()| true),
        Some("compare") => compare::run(&std::env::args().skip(2).collect::<Vec<_>>()).map(|()| true),
        Some("bench") => run::cargo(&["bench", "--package", "kappa-benches"]).map(|()| true),
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
