//! The command `kappa` as a function, so that the Python package can install it too.
//!
//! Data goes to standard output, words and progress to standard error. Exit 0: answered. Exit 1: a requested check is
//! false. Exit 2: could not answer; the message names the file, the tensor and the numbers, and ends with a hint.

mod answer;
mod commands;
mod driver;
mod failure;
mod help;
mod interrupt;
mod output;
mod parse;
mod plans;
mod progress;
mod schema;
mod session;
mod tables;
mod text;
mod verbs;

use std::ffi::OsString;

use answer::{ANSWERED, NO_ANSWER};

/// Runs the command with these arguments, the first being its own name, and returns its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let matches = match help::parsed(arguments) {
        Ok(matches) => matches,
        Err(error) => {
            // Where printing fails there is no way left to say so.
            drop(error.print());
            return if error.use_stderr() { NO_ANSWER } else { ANSWERED };
        }
    };
    interrupt::install();
    help::dispatch(&matches).unwrap_or_else(|failure| driver::report(&failure))
}
