//! What the README and the tour of the commands show is what the command prints.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What a line for the shell prints, with `kappa` on the path, in the folder of the repository.
fn printed(line: &str) -> String {
    let folder = Path::new(env!("CARGO_BIN_EXE_kappa")).parent().unwrap().to_owned();
    let path = std::env::var("PATH").unwrap_or_default();
    let out = Command::new("sh")
        .args(["-c", line])
        .current_dir(root())
        .env("PATH", format!("{}:{path}", folder.display()))
        .output()
        .unwrap();
    assert!(out.status.code().is_some_and(|code| code < 2), "{line}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// The text with each ```` ```console ```` block made anew: commands after `$ `, and what they print.
fn renewed(text: &str) -> String {
    let mut new = String::new();
    let mut is_inside = false;
    for line in text.lines() {
        if line.starts_with("```") {
            is_inside = line == "```console";
        }
        if !is_inside || line.starts_with("```") || line.starts_with("$ ") {
            new += line;
            new.push('\n');
        }
        if let Some(command) = line.strip_prefix("$ ").filter(|_| is_inside) {
            new += &printed(command);
        }
    }
    new
}

#[test]
fn the_tour_of_the_commands_prints_what_it_shows() {
    let path = root().join("docs/commands.md");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.matches("\n$ kappa").count() >= 10);
    let new = renewed(&text);
    if std::env::var_os("KAPPA_UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, new).unwrap();
        return;
    }
    assert_eq!(text, new, "docs/commands.md is not what the command prints; KAPPA_UPDATE_SNAPSHOTS=1 writes it anew");
}

#[test]
fn the_table_of_the_readme_is_what_a_survey_prints() {
    let text = std::fs::read_to_string(root().join("README.md")).unwrap();
    let table = printed("kappa survey examples/digits/digits.safetensors");
    let shown: Vec<&str> = table.lines().map(str::trim_end).filter(|line| line.contains("weight")).collect();
    assert_eq!(shown.len(), 3, "{table}");
    for line in shown {
        assert!(text.contains(line), "the README does not show `{line}`");
    }
}
