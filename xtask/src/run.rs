//! Running programs.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_path_buf()
}

/// Runs a program in the workspace; an error if it fails.
pub(crate) fn program(name: &Path, arguments: &[&str]) -> Result<(), String> {
    program_with(name, arguments, &[])
}

/// [`program`] for a command line that is too long to be shown.
pub(crate) fn program_quietly(name: &Path, arguments: &[&str]) -> Result<(), String> {
    let status = Command::new(name).args(arguments).current_dir(root()).status().map_err(|e| cannot_run(name, &e))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` failed: {status}", name.display())) }
}

/// [`program`] with some variables of the environment.
pub(crate) fn program_with(name: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Result<(), String> {
    let status = command(name, arguments, variables).status().map_err(|e| cannot_run(name, &e))?;
    if status.success() {
        return Ok(());
    }
    Err(format!("`{} {}` failed: {status}", name.display(), arguments.join(" ")))
}

/// What a program printed, which was shown as well, and whether it succeeded.
pub(crate) struct Printed {
    pub(crate) succeeded: bool,
    pub(crate) text: String,
}

/// Runs a program in `folder`, shows its output line by line and returns it.
pub(crate) fn captured(
    name: &Path,
    arguments: &[&str],
    variables: &[(&str, &str)],
    folder: &Path,
) -> Result<Printed, String> {
    let child = command(name, arguments, variables).current_dir(folder).stdout(Stdio::piped()).spawn();
    let mut child = child.map_err(|e| cannot_run(name, &e))?;
    let mut text = String::new();
    for line in lines(&mut child) {
        println!("{line}");
        text += &line;
        text.push('\n');
    }
    let status = child.wait().map_err(|e| e.to_string())?;
    Ok(Printed { succeeded: status.success(), text })
}

/// Runs a program in the workspace and hands each line of its output to `each`; whether it succeeded.
pub(crate) fn each_line(name: &Path, arguments: &[&str], mut each: impl FnMut(&str)) -> Result<bool, String> {
    let child = command(name, arguments, &[]).stdout(Stdio::piped()).spawn();
    let mut child = child.map_err(|e| cannot_run(name, &e))?;
    for line in lines(&mut child) {
        each(&line);
    }
    Ok(child.wait().map_err(|e| e.to_string())?.success())
}

/// What a program prints, which is not shown; an error if it fails.
pub(crate) fn output(name: &Path, arguments: &[&str]) -> Result<String, String> {
    let out = Command::new(name).args(arguments).current_dir(root()).output().map_err(|e| cannot_run(name, &e))?;
    if out.status.success() {
        return Ok(String::from_utf8_lossy(&out.stdout).into_owned());
    }
    let errors = String::from_utf8_lossy(&out.stderr);
    Err(format!("`{} {}` failed: {}", name.display(), arguments.join(" "), errors.trim()))
}

fn command(name: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let set: String = variables.iter().map(|(name, value)| format!("{name}={value} ")).collect();
    eprintln!("\n$ {set}{} {}", name.display(), arguments.join(" "));
    let mut command = Command::new(name);
    command.args(arguments).envs(variables.iter().copied()).current_dir(root());
    command
}

fn lines(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let out = child.stdout.take().map(BufReader::new);
    out.into_iter().flat_map(BufRead::lines).map_while(Result::ok)
}

fn cannot_run(name: &Path, error: &std::io::Error) -> String {
    format!("cannot run `{}`: {error}", name.display())
}

/// Whether a program of this name can be started.
pub(crate) fn exists(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|out| out.status.success())
}

/// Cargo, the one that runs us.
pub(crate) fn cargo_path() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from)
}

/// Runs cargo.
pub(crate) fn cargo(arguments: &[&str]) -> Result<(), String> {
    program(&cargo_path(), arguments)
}
