//! The command `kappa`.

fn main() {
    std::process::exit(kappa_cli::run(std::env::args_os()).into());
}
