//! What the README and docs/commands.md show is what the command prints.
//!
//! The page begins with a tour that is written by hand. Below the heading [`EACH`] every command has a section: its
//! heading, its first line and its first block come from the command itself. All else in it is written by hand and
//! stays.

use std::path::Path;
use std::process::Command;

use super::help::{self, Listed};
use super::{Folder, assert_same, root};

/// The heading below which each command has a section.
const EACH: &str = "\n## Each command\n";

/// What a line for the shell prints in this folder, with `kappa` on the path.
fn printed(line: &str, folder: &Path) -> String {
    let programs = Path::new(env!("CARGO_BIN_EXE_kappa")).parent().unwrap().to_owned();
    let path = std::env::var("PATH").unwrap_or_default();
    let out = Command::new("sh")
        .args(["-c", line])
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", programs.display()))
        .output()
        .unwrap();
    assert!(out.status.code().is_some_and(|code| code < 2), "{line}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// The text with each ```` ```console ```` block made anew: commands after `$ `, and what they print.
fn renewed(text: &str, folder: &Path) -> String {
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
            new += &printed(command, folder);
        }
    }
    new
}

/// The sections of all commands, in the order of the help.
fn sections(text: &str, commands: &[Listed], folder: &Path) -> String {
    let mut parts = text.split("\n### ");
    let mut new = parts.next().unwrap().trim_end().to_owned() + "\n";
    let old: Vec<(&str, &str)> = parts.map(|part| part.split_once('\n').unwrap_or((part, ""))).collect();
    for (heading, _) in &old {
        assert!(
            commands.iter().any(|c| c.names == *heading),
            "`{heading}` is no command: delete or rename its section"
        );
    }
    for command in commands {
        let body = old.iter().find(|(heading, _)| *heading == command.names).map_or("", |(_, body)| *body);
        new += &section(command, body, folder);
    }
    new
}

/// The section of a command, with what is written by hand in the old one.
fn section(command: &Listed, old: &str, folder: &Path) -> String {
    let by_hand = old.trim_start().split_once("\n\n").map_or("", |(_, rest)| rest);
    let (before, rest) = by_hand.split_once("```console\n").unwrap_or((by_hand, ""));
    let after = rest.split_once("```\n").map_or(rest, |(_, after)| after);
    let examples: String = command.examples.iter().map(|example| format!("$ kappa {example}\n")).collect();
    let text = format!("\n{}.\n\n{before}```console\n{examples}```\n{after}", command.about);
    let new = renewed(&text, folder).trim_end().to_owned();
    let body = if is_same_but_for_rounding(old, &new) { old.trim_end() } else { &new };
    format!("\n### {}\n{body}\n", command.names)
}

/// Whether two texts are the same word by word, but for spaces and for digits that the rounding of a machine decides.
fn is_same_but_for_rounding(one: &str, other: &str) -> bool {
    let (one, other) = (pieces(one), pieces(other));
    one.len() == other.len() && one.iter().zip(&other).all(|(a, b)| a == b || are_near(a, b))
}

/// Words, cut in front of signs: `1.5-2e-9i` is two numbers.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    for word in text.split_whitespace() {
        let is_cut = |k: &usize| word[*k..].starts_with(['+', '-']) && !word[..*k].ends_with('e');
        let mut start = 0;
        for cut in (1..word.len()).filter(|k| word.is_char_boundary(*k)).filter(is_cut) {
            pieces.push(&word[start..cut]);
            start = cut;
        }
        pieces.push(&word[start..]);
    }
    pieces
}

/// Numbers are near with six digits in common. Below 1e-7 all are taken for zero: backward errors are what rounding is.
fn are_near(one: &str, other: &str) -> bool {
    let number = |text: &str| text.trim_end_matches(['i', ',', '%']).parse::<f64>().ok();
    let near = |(x, y): (f64, f64)| (x - y).abs() <= 1e-6 * x.abs() + 1e-7;
    number(one).zip(number(other)).is_some_and(near)
}

#[test]
fn numbers_may_differ_by_rounding_and_nothing_else() {
    assert!(is_same_but_for_rounding("x  1.00000000001-2e-9i  6.2e-16", "x 1.0-3e-9i 5e-16"));
    for other in ["x 1.1-2e-9i 6.2e-16", "y 1.0-2e-9i 6.2e-16", "x 1.0-2e-9i", "x 1.0+2i 6.2e-16"] {
        assert!(!is_same_but_for_rounding("x 1.0-2e-9i 6.2e-16", other), "{other}");
    }
}

#[test]
fn a_new_command_gets_a_section_and_what_is_written_by_hand_stays() {
    let command = |name: &str, examples: &[&str]| Listed {
        name: name.to_owned(),
        names: name.to_owned(),
        about: "What it does".to_owned(),
        examples: examples.iter().map(|&example| example.to_owned()).collect(),
    };
    let commands = [command("formats", &["roots 1 -3 2"]), command("roots", &["bound weyl --change 0.5"])];
    let old = "Intro.\n\n### roots\n\nOld.\n\nBefore.\n\n```console\n$ kappa old\n```\n\nAfter.\n";
    let new = sections(old, &commands, &root());
    let first =
        "### formats\n\nWhat it does.\n\n```console\n$ kappa roots 1 -3 2\n1.00000000000000\n2.00000000000000\n```\n";
    let block = "```console\n$ kappa bound weyl --change 0.5\n0.5\n```\n";
    assert_eq!(new, format!("Intro.\n\n{first}\n### roots\n\nWhat it does.\n\nBefore.\n\n{block}\nAfter.\n"));
    assert_eq!(sections(&new, &commands, &root()), new);
}

#[test]
fn the_tour_and_the_sections_print_what_they_show() {
    let path = root().join("docs/commands.md");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.matches("\n$ kappa").count() >= 10);
    let folder = Folder::with_examples();
    let (tour, each) = text.split_once(EACH).expect("the heading of the sections");
    let sections = sections(each, &help::verbs(&folder), folder.0.path());
    let new = format!("{}{EACH}{sections}", renewed(tour, &root()));
    if std::env::var_os("KAPPA_UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, new).unwrap();
        return;
    }
    assert_same(&text, &new, &path);
}

#[test]
fn the_table_of_the_readme_is_what_a_survey_prints() {
    let text = std::fs::read_to_string(root().join("README.md")).unwrap();
    let table = printed("kappa survey examples/digits/digits.safetensors", &root());
    let shown: Vec<&str> = table.lines().map(str::trim_end).filter(|line| line.contains("linear")).collect();
    assert_eq!(shown.len(), 3, "{table}");
    for line in shown {
        assert!(text.contains(line), "the README does not show `{line}`");
    }
}
