//! The command `kappa` as a function, so that the Python package can install it too.
//!
//! Data goes to standard output, words and progress to standard error. Exit 0: answered. Exit 1: a requested check is
//! false. Exit 2: could not answer; the message names the file, the tensor and the numbers, and ends with a hint.

mod align;
mod arguments;
mod array;
mod ball;
mod check;
mod condition;
mod density;
mod dominance;
mod draw;
mod failure;
mod input;
mod interrupt;
mod lipschitz;
mod lstsq;
mod nearest;
mod numbers;
mod one;
mod output;
mod parse;
mod pinv;
mod problem;
mod progress;
mod proof;
mod regress;
mod ridge;
mod sketch;
mod solve;
mod spectra;
mod survey;
mod svd;
mod theory;
mod triplets;
mod vector;

use std::ffi::OsString;

use clap::{CommandFactory, Parser};

use arguments::{Arguments, Command};
use failure::Failure;

/// The exit code of an answer.
const ANSWERED: u8 = 0;
/// The exit code of a check that is false.
const FALSE: u8 = 1;
/// The exit code of a question without an answer.
const NO_ANSWER: u8 = 2;

/// Runs the command with these arguments, the first being its own name, and returns its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // A failure to print leaves nobody to tell.
            drop(error.print());
            return if error.use_stderr() { NO_ANSWER } else { ANSWERED };
        }
    };
    interrupt::install();
    match dispatch(&arguments.command) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

fn dispatch(command: &Command) -> Result<u8, Failure> {
    match command {
        Command::Survey(a) => survey::run(a),
        Command::Norm(a) => one::norm(a),
        Command::Cond(a) => condition::cond(a),
        Command::Distance(a) => condition::distance(a),
        Command::Digits(a) => condition::digits(a),
        Command::Rank(a) => one::rank(a),
        Command::SingularValues(a) => one::singular_values(a),
        Command::Measure(a) => one::measure(a),
        Command::Density(a) => density::run(a),
        Command::Svd(a) => svd::run(a),
        Command::Sketch(a) => sketch::run(a),
        Command::Eig(a) => spectra::eig(a),
        Command::Factor(a) => spectra::factor(a),
        Command::Solve(a) => solve::run(a),
        Command::Lstsq(a) => lstsq::run(a),
        Command::Ridge(a) => ridge::run(a),
        Command::Regress(a) => regress::run(a),
        Command::Nearest(a) => nearest::run(a),
        Command::Align(a) => align::run(a),
        Command::Pinv(a) => pinv::run(a),
        Command::Bound(a) => theory::bound(a),
        Command::Perturb(a) => theory::perturb(a),
        Command::BackwardError(a) => theory::backward_error(a),
        Command::Lab(a) => theory::lab(a),
        Command::Draw(a) => draw::run(a),
        Command::Check(a) => check::run(a),
        Command::Prove(a) => proof::prove(a),
        Command::Verify(a) => proof::verify(a),
        Command::AboutNorm(a) => ball::about_norm(a),
        Command::Ball(a) => ball::run(a),
        Command::Dominance(a) => dominance::run(a),
        Command::Vector(a) => vector::run(a),
        Command::Inner(a) => vector::inner(a),
        Command::Sum(a) => vector::total(a),
        Command::Lipschitz(a) => lipschitz::run(a),
        Command::Factors(a) => vector::factors(a),
        Command::Formats(a) => numbers::formats(a),
        Command::Roots(a) => numbers::roots(a),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "kappa", &mut script);
            output::data(&String::from_utf8_lossy(&script))
        }
        Command::Man => {
            let mut page = Vec::new();
            let rendered = clap_mangen::Man::new(Arguments::command()).render(&mut page);
            rendered.map_err(|e| Failure::new(format!("cannot write the manual: {e}")))?;
            output::data(&String::from_utf8_lossy(&page))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }
}
