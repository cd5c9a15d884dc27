//! Running programs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_path_buf()
}

/// Runs a program in the workspace and fails when it fails.
pub(crate) fn program(name: &Path, arguments: &[&str]) -> Result<(), String> {
    program_with(name, arguments, &[])
}

/// [`program`] with some variables of the environment.
pub(crate) fn program_with(name: &Path, arguments: &[&str], variables: &[(&str, String)]) -> Result<(), String> {
    eprintln!("\n$ {} {}", name.display(), arguments.join(" "));
    let variables = variables.iter().map(|(name, value)| (name, value));
    let status = Command::new(name).args(arguments).envs(variables).current_dir(root()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{} {}` failed: {status}", name.display(), arguments.join(" "))),
        Err(e) => Err(format!("cannot run `{}`: {e}", name.display())),
    }
}

/// As [`program_with`], and also returns what it printed, which is shown as well. Whether it succeeded comes with it.
pub(crate) fn captured(name: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Result<(bool, String), String> {
    use std::io::{BufRead, BufReader};
    let set: String = variables.iter().map(|(name, value)| format!("{name}={value} ")).collect();
    eprintln!("\n$ {set}{} {}", name.display(), arguments.join(" "));
    let mut child = Command::new(name)
        .args(arguments)
        .envs(variables.iter().copied())
        .current_dir(root())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| format!("cannot run `{}`: {e}", name.display()))?;
    let mut text = String::new();
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            println!("{line}");
            text += &line;
            text.push('\n');
        }
    }
    let status = child.wait().map_err(|e| e.to_string())?;
    Ok((status.success(), text))
}

/// Cargo, the one that runs us.
pub(crate) fn cargo_path() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from)
}

/// Runs cargo.
pub(crate) fn cargo(arguments: &[&str]) -> Result<(), String> {
    program(&cargo_path(), arguments)
}
